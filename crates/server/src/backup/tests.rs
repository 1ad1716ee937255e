use std::{collections::BTreeMap, fs::File, sync::Arc, thread};

use qun_store::{Place, Store};
use rusqlite::{Connection, params};
use tempfile::TempDir;

use super::*;

const SECRETS: &str = r#"{"manage_token":"m","corpid":"ww1","agents":[]}"#;

/// A directory with a data directory `data` in it: two companies' files, and what no row names.
fn data() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let place = Place::Directory(data.clone());
    Store::open(&place, Arc::new(|| 1_000_000)).unwrap().close();
    for (corp, digit, size) in [(1, 'a', 3), (1, 'b', 0), (2, 'a', 2_500_000)] {
        add_file(&data, corp, digit, size);
        write(&blob_path(&data, corp, digit), &vec![b'x'; size as usize]);
    }
    write(&blob_path(&data, 1, 'f'), b"no row names this");
    write(&data.join("media/unfinished").join(id('e')), b"half");
    let secrets = data.join(CREDENTIALS);
    write(&secrets, SECRETS.as_bytes());
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o600)).unwrap();
    home
}

fn id(digit: char) -> String {
    digit.to_string().repeat(32)
}

fn blob_path(data: &Path, corp: i64, digit: char) -> PathBuf {
    copy::path(&data.join(MEDIA), corp, &id(digit)).unwrap()
}

fn write(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn sql(data: &Path, sql: &str, vals: impl rusqlite::Params) {
    let conn = Connection::open(data.join(store::FILE)).unwrap();
    conn.execute(sql, vals).unwrap();
}

fn add_file(data: &Path, corp: i64, digit: char, size: i64) {
    let row = params![corp, digit.to_string(), size, id(digit)];
    let insert = "INSERT INTO media (corp, media_id, kind, name, content_type, size, blob, created) VALUES (?1, ?2, 'file', '', '', ?3, ?4, 0)";
    sql(data, insert, row);
}

/// Every file below a directory, with its mode and size.
fn tree(dir: &Path) -> BTreeMap<String, (u32, u64)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let metadata = entry.metadata().unwrap();
        if metadata.is_dir() {
            let below = tree(&entry.path()).into_iter();
            found.extend(below.map(|(path, is)| (format!("{name}/{path}"), is)));
        } else {
            let mode = metadata.permissions().mode() & 0o777;
            found.insert(name, (mode, metadata.len()));
        }
    }
    found
}

/// What stands directly in a directory.
fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_copy_has_everything_that_rows_name_and_no_more() {
    let home = data();
    let place = |name: &str| home.path().join(name);
    let progress = Progress::default();
    let copied = backup(&place("data"), &place("copy"), &progress).unwrap();
    assert_eq!((copied.files, copied.bytes), (3, 2_500_003));
    let mut expected: Vec<String> = [(1, 'a'), (1, 'b'), (2, 'a')]
        .map(|(corp, digit)| format!("media/{corp}/{digit}{digit}/{}", id(digit)))
        .into();
    expected.extend([CREDENTIALS.into(), store::FILE.into()]);
    expected.sort();
    let copy = tree(&place("copy"));
    assert_eq!(copy.keys().cloned().collect::<Vec<_>>(), expected);
    assert!(copy.values().all(|(mode, _)| *mode == 0o600), "{copy:?}");
    assert_eq!(copy[store::FILE].1, copied.database);
    let mode = fs::metadata(place("copy")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    assert_eq!(fs::read(blob_path(&place("copy"), 1, 'a')).unwrap(), b"xxx");
    let known = Credentials::load(&place("copy").join(CREDENTIALS)).unwrap();
    assert_eq!(known.unwrap().manage_token, "m");

    fs::create_dir(place("empty")).unwrap();
    for target in ["empty", "new", "not/yet/there"] {
        let restored = restore(&place("copy"), &place(target), &progress).unwrap();
        assert_eq!(restored, copied);
        assert_eq!(tree(&place(target)), copy);
    }
    assert_eq!(
        names(home.path()),
        ["copy", "data", "empty", "new", "not"],
        "nothing else is left"
    );
}

#[test]
fn nothing_is_overwritten() {
    let home = data();
    let place = |name: &str| home.path().join(name);
    let progress = Progress::default();
    fs::create_dir(place("empty")).unwrap();
    fs::write(place("file"), "").unwrap();
    for target in ["empty", "file", "data"] {
        let refused = backup(&place("data"), &place(target), &progress);
        assert!(matches!(refused, Err(BackupError::Exists(_))), "{target}");
    }
    backup(&place("data"), &place("copy"), &progress).unwrap();
    let refused = restore(&place("copy"), &place("data"), &progress);
    assert!(matches!(refused, Err(BackupError::NotEmpty(_))));
    let refused = restore(&place("copy"), &place("file"), &progress);
    assert!(matches!(refused, Err(BackupError::File(..))));
    let refused = backup(&place("empty"), &place("new"), &progress);
    assert!(matches!(refused, Err(BackupError::NoData(_))));
    let refused = restore(&place("empty"), &place("new"), &progress);
    assert!(matches!(refused, Err(BackupError::NoData(_))));
    let refused = backup(&place("data"), &place("no/where"), &progress);
    assert!(matches!(refused, Err(BackupError::File(..))));
    assert_eq!(names(home.path()), ["copy", "data", "empty", "file"]);
}

#[test]
fn a_directory_in_use_is_not_restored_to_or_from() {
    let home = data();
    let place = |name: &str| home.path().join(name);
    let progress = Progress::default();
    let held = Place::Directory(place("data"));
    let server = Store::open(&held, Arc::new(|| 1_000_000)).unwrap();
    backup(&place("data"), &place("copy"), &progress).unwrap();
    for (source, target) in [("copy", "data"), ("data", "new")] {
        let refused = restore(&place(source), &place(target), &progress);
        let locked = qun_store::Error::Locked(place("data").display().to_string());
        assert!(matches!(refused, Err(BackupError::Store(error)) if error == locked));
    }
    server.close();
    restore(&place("data"), &place("new"), &progress).unwrap();
}

#[test]
fn damage_is_refused_with_its_place() {
    type Harm = fn(&Path);
    let harms: [(Harm, &str, &str); 6] = [
        (
            |data| fs::remove_file(blob_path(data, 2, 'a')).unwrap(),
            "media/2/aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "the file is missing",
        ),
        (
            |data| fs::write(blob_path(data, 1, 'a'), "xx").unwrap(),
            "media/1/aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "has 2 bytes, and the database says 3",
        ),
        (
            |data| sql(data, "UPDATE media SET blob = '../../../etc'", []),
            "media",
            "not the id of a blob",
        ),
        (
            |data| fs::write(data.join(CREDENTIALS), "{").unwrap(),
            CREDENTIALS,
            "EOF",
        ),
        (
            |data| {
                let everybody = fs::Permissions::from_mode(0o644);
                fs::set_permissions(data.join(CREDENTIALS), everybody).unwrap();
            },
            CREDENTIALS,
            "others may read it",
        ),
        (
            |data| {
                let path = data.join(store::FILE);
                let bytes = fs::read(&path).unwrap();
                let sound = bytes.len() - 4096;
                fs::write(path, [&bytes[..sound], &[0xa5; 4096]].concat()).unwrap();
            },
            store::FILE,
            "damaged",
        ),
    ];
    for (harm, at, why) in harms {
        let home = data();
        let place = |name: &str| home.path().join(name);
        let progress = Progress::default();
        backup(&place("data"), &place("copy"), &progress).unwrap();
        for source in ["data", "copy"] {
            harm(&place(source));
        }
        for (refused, source) in [
            (backup(&place("data"), &place("new"), &progress), "data"),
            (restore(&place("copy"), &place("new"), &progress), "copy"),
        ] {
            let text = refused.unwrap_err().to_string();
            assert!(text.contains(why), "{text}");
            // The copied page of a damaged database is found in the copy.
            let named = place(source).join(at).display().to_string();
            assert!(
                text.contains(&named) || source == "data" && at == store::FILE,
                "{text}"
            );
        }
        assert_eq!(names(home.path()), ["copy", "data"]);
    }
}

#[test]
fn a_file_that_is_swept_during_the_copy_loses_its_row_there_too() {
    let home = data();
    let (source, target) = (home.path().join("data"), home.path().join("half"));
    fs::create_dir(&target).unwrap();
    let progress = Progress::default();
    let database = open(&source).unwrap();
    let copy = database.copy_to(&target, &progress).unwrap();
    sql(
        &source,
        "DELETE FROM media WHERE corp = 1 AND media_id = 'a'",
        [],
    );
    fs::remove_file(blob_path(&source, 1, 'a')).unwrap();
    copy_files(&database, &copy, &source, &target, &progress).unwrap();
    drop(copy);
    assert_eq!(verify(&target, &progress).unwrap().files, 2);
}

#[test]
fn a_stop_in_the_middle_leaves_nothing() {
    // On the source it takes no room, and of the copy only the beginning is written.
    const LONG: i64 = 1 << 33;
    let home = data();
    let source = home.path().join("data");
    add_file(&source, 3, 'c', LONG);
    write(&blob_path(&source, 3, 'c'), b"");
    let hole = File::options().write(true).open(blob_path(&source, 3, 'c'));
    hole.unwrap().set_len(LONG as u64).unwrap();
    let progress = Progress::default();
    let refused = thread::scope(|scope| {
        let copying = scope.spawn(|| backup(&source, &home.path().join("copy"), &progress));
        while !copying.is_finished() && !begun(&progress) {
            thread::yield_now();
        }
        assert_eq!(names(home.path()).len(), 2, "the half is there");
        progress.stop();
        copying.join().unwrap()
    });
    assert!(matches!(refused, Err(BackupError::Stopped)), "{refused:?}");
    assert_eq!(names(home.path()), ["data"]);
}

/// Whether the long file is being copied.
fn begun(progress: &Progress) -> bool {
    let (step, bytes, _) = progress.now();
    step == Step::Files && bytes > 3_000_000
}
