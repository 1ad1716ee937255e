//! Copies of a data directory, made and restored by the program itself.

mod served;

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use qun_protocol::media::Upload;
use served::{Sent, Server, history, terminate};
use tempfile::TempDir;

const CONTENT: &[u8] = "本周进展顺利".as_bytes();

/// `qun backup --data DIR TARGET` or `qun restore --data DIR SOURCE`.
fn qun(verb: &str, data: &Path, copy: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qun"));
    command.arg(verb).arg("--data").arg(data).arg(copy);
    command.stdin(Stdio::null());
    command
}

async fn run(verb: &str, data: &Path, copy: &Path) -> Output {
    let mut command = qun(verb, data, copy);
    let ran = tokio::task::spawn_blocking(move || command.output());
    ran.await.expect("a thread").expect("the binary starts")
}

async fn done(verb: &str, data: &Path, copy: &Path) -> String {
    let ran = run(verb, data, copy).await;
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert_eq!(ran.status.code(), Some(0), "{errors}");
    String::from_utf8(ran.stdout).expect("text")
}

/// Runs what must fail, and gives what it says.
async fn refused(verb: &str, data: &Path, copy: &Path) -> String {
    let ran = run(verb, data, copy).await;
    assert_eq!(ran.status.code(), Some(1), "{ran:?}");
    assert!(ran.stdout.is_empty());
    String::from_utf8(ran.stderr).expect("text")
}

async fn upload(server: &Server) -> String {
    let upload = Upload {
        kind: Some("file".into()),
    };
    let uploaded = server.client().upload(upload, "报告.txt", CONTENT).await;
    uploaded.expect("an upload").media_id.to_string()
}

/// A stopped server's data with one file, and its sound copy.
async fn stopped() -> (TempDir, PathBuf, PathBuf) {
    let home = tempfile::tempdir().expect("a directory");
    let (data, copy) = (home.path().join("data"), home.path().join("copy"));
    let mut server = Server::start(&data);
    upload(&server).await;
    terminate(&server.child);
    server.child.wait().expect("it ends");
    done("backup", &data, &copy).await;
    (home, data, copy)
}

/// The uploaded file below a directory; the demo company has files of its own there.
fn find(dir: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(dir).expect("a directory");
    entries
        .map(|entry| entry.expect("an entry").path())
        .find_map(|path| match path.is_dir() {
            true => find(&path),
            false => (fs::read(&path).expect("a file") == CONTENT).then_some(path),
        })
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).into_string().expect("text"))
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_under_load_has_every_message_acknowledged_before() {
    let home = tempfile::tempdir().expect("a directory");
    let place = |name: &str| home.path().join(name);
    let mut server = Server::start(&place("data"));
    server.prepare().await;
    let media_id = upload(&server).await;
    let sent = Sent::default();
    let senders = sent.flood(&server, "load");
    let mut copies = Vec::new();
    for name in ["one", "two", "three"] {
        sent.more(400).await;
        let before = sent.acknowledged();
        let said = done("backup", &place("data"), &place(name)).await;
        assert!(said.contains("verified"), "{said}");
        copies.push((name, before));
    }
    // The server did not stop for the copies.
    sent.more(100).await;
    server.kill();
    for sender in senders {
        sender
            .await
            .expect("a sender ends with an error of its own");
    }

    for (name, before) in copies {
        let copy = place(name);
        assert_eq!(names(&copy), ["credentials.json", "media", "qun.db"]);
        let mode = |path: PathBuf| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(copy.clone()), 0o700);
        assert_eq!(mode(copy.join("credentials.json")), 0o600);
        let restored = place(&format!("{name}-restored"));
        done("restore", &restored, &copy).await;
        for data in [copy, restored] {
            let again = Server::start(&data);
            let texts = history(&again).await;
            sent.check(&texts, &before);
            assert!(texts.len() >= 400);
            // The secrets of the first server are good for its copies too.
            assert_eq!(again.ready["agents"], server.ready["agents"]);
            let file = again
                .client()
                .download(media_id.as_str())
                .await
                .expect("the file");
            assert_eq!(file.bytes, CONTENT);
        }
    }
}

#[tokio::test]
async fn a_damaged_copy_is_refused_with_the_place_named() {
    for damage in ["page", "missing", "short"] {
        let (home, _, copy) = stopped().await;
        let database = copy.join("qun.db");
        let blob = find(&copy.join("media")).expect("the file");
        let (at, why) = match damage {
            "page" => {
                let bytes = fs::read(&database).expect("a database");
                let half = bytes.len() / 2 / 4096 * 4096;
                let (head, tail) = (&bytes[..half], &bytes[half + 4096..]);
                fs::write(&database, [head, &[0xa5; 4096], tail].concat()).expect("written");
                (&database, "damaged")
            }
            "missing" => {
                fs::remove_file(&blob).expect("removed");
                (&blob, "the file is missing")
            }
            _ => {
                fs::write(&blob, "four").expect("written");
                (&blob, "has 4 bytes, and the database says 18")
            }
        };
        let said = refused("restore", &home.path().join("new"), &copy).await;
        let at = at.display().to_string();
        assert!(said.contains(&at) && said.contains(why), "{said}");
        assert_eq!(names(home.path()), ["copy", "data"]);
    }
}

#[tokio::test]
async fn a_restore_keeps_away_from_a_server_and_from_data() {
    let (home, data, copy) = stopped().await;
    let said = refused("restore", &data, &copy).await;
    assert!(said.contains("not empty"), "{said}");
    let said = refused("backup", &data, &copy).await;
    assert!(said.contains("exists already"), "{said}");
    let said = refused(
        "backup",
        &home.path().join("nowhere"),
        &home.path().join("new"),
    )
    .await;
    assert!(said.contains("holds no data"), "{said}");
    let _server = Server::start(&data);
    let said = refused("restore", &data, &copy).await;
    assert!(said.contains("in use by another process"), "{said}");
    assert_eq!(names(home.path()), ["copy", "data"]);
}

#[tokio::test]
async fn an_interrupted_copy_leaves_nothing() {
    /// On the source it takes no room, and of the copy only the beginning is written.
    const LONG: u64 = 1 << 33;
    struct Running(Child);
    impl Drop for Running {
        fn drop(&mut self) {
            let _ = self.0.kill();
        }
    }
    let (home, data, copy) = stopped().await;
    fs::remove_dir_all(&copy).expect("removed");
    let blob = find(&data.join("media")).expect("the file");
    let file = File::options().write(true).open(&blob).expect("a file");
    file.set_len(LONG).expect("a hole");
    let sql = "UPDATE media SET size = ?1 WHERE size = ?2";
    rusqlite::Connection::open(data.join("qun.db"))
        .and_then(|conn| conn.execute(sql, [LONG as i64, CONTENT.len() as i64]))
        .expect("a row");
    let mut child = Running(
        qun("backup", &data, &copy)
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts"),
    );
    let below = blob.strip_prefix(&data).expect("below");
    let begun = || {
        let halves = names(home.path()).into_iter().filter(|name| name != "data");
        let mut copies = halves.map(|half| home.path().join(half).join(below));
        copies.any(|path| fs::metadata(path).is_ok_and(|file| file.len() > 0))
    };
    while !begun() {
        assert!(child.0.try_wait().expect("a child").is_none(), "too early");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    terminate(&child.0);
    let ended = tokio::task::spawn_blocking(move || child.0.wait());
    let ended = ended.await.expect("a thread").expect("it ends");
    assert_eq!(ended.code(), Some(130));
    assert_eq!(names(home.path()), ["data"]);
}
