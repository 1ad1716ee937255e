use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Instant;

use rusqlite::params;
use tempfile::TempDir;

use super::*;
use crate::{Place, Store};

/// A data directory with an empty database of the newest schema.
fn directory() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Directory(directory.path().into());
    Store::open(&place, Arc::new(|| 1_000_000)).unwrap().close();
    directory
}

/// A connection such as a server has.
fn connection(directory: &TempDir) -> Connection {
    let conn = Connection::open(directory.path().join(FILE)).unwrap();
    conn.busy_timeout(BUSY).unwrap();
    conn
}

fn with_files(count: i64) -> TempDir {
    let directory = directory();
    let conn = connection(&directory);
    let rows = conn.unchecked_transaction().unwrap();
    for n in 0..count {
        rows.execute(
            "INSERT INTO media (corp, media_id, kind, name, content_type, size, blob, created) VALUES (?1, ?2, 'file', '', '', ?1, ?3, 0)",
            params![n / 3, format!("m{n}"), format!("b{n}")],
        )
        .unwrap();
    }
    rows.commit().unwrap();
    directory
}

fn all(database: &Database, limit: usize) -> Vec<String> {
    let mut found: Vec<Blob> = Vec::new();
    loop {
        let page = database.files_after(found.last(), limit).unwrap();
        assert!(page.len() <= limit);
        if page.is_empty() {
            return found.into_iter().map(|file| file.media_id).collect();
        }
        found.extend(page);
    }
}

#[test]
fn a_copy_is_of_one_moment_while_a_server_writes_on() {
    let source = directory();
    let conn = connection(&source);
    conn.execute_batch(
        "CREATE TABLE first (n); CREATE TABLE filler (bytes); CREATE TABLE last (n);
         INSERT INTO first VALUES (0); INSERT INTO last VALUES (0);",
    )
    .unwrap();
    // Many steps long.
    for _ in 0..40 {
        conn.execute("INSERT INTO filler VALUES (randomblob(1000000))", [])
            .unwrap();
    }
    let done = AtomicBool::new(false);
    let target = tempfile::tempdir().unwrap();
    let progress = Progress::default();
    let (before, copy) = thread::scope(|scope| {
        scope.spawn(|| {
            let conn = connection(&source);
            conn.execute_batch("PRAGMA synchronous = OFF").unwrap();
            // Often enough to come between any two steps, and not for ever.
            let start = Instant::now();
            while !done.load(Relaxed) && start.elapsed() < Duration::from_secs(30) {
                thread::sleep(Duration::from_micros(200));
                conn.execute_batch("BEGIN IMMEDIATE; UPDATE first SET n = n + 1; UPDATE last SET n = n + 1; COMMIT")
                    .unwrap();
            }
        });
        let now = || -> i64 {
            conn.query_row("SELECT n FROM first", [], |row| row.get(0))
                .unwrap()
        };
        while now() == 0 {
            thread::yield_now();
        }
        let before = now();
        let database = Database::open(source.path()).unwrap();
        let copy = database.copy_to(target.path(), &progress);
        // Neither held the other up.
        let after = now();
        let waiting = Instant::now();
        while now() == after && waiting.elapsed() < Duration::from_secs(20) {
            thread::yield_now();
        }
        let later = now();
        done.store(true, Relaxed);
        assert!(after > before && later > after, "{before} {after} {later}");
        (before, copy.unwrap())
    });
    let (first, last): (i64, i64) = copy
        .ask("SELECT first.n, last.n FROM first, last", |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert!(first == last && first >= before, "{before} {first} {last}");
    let (step, bytes, total) = progress.now();
    assert!(step == Step::Database && bytes == total && total > 40_000_000);
    assert_eq!(copy.check(&progress), Ok(migrate::FILES.len() as i64));
    drop(copy);
    let names = fs::read_dir(target.path()).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, [FILE], "a copy needs no log beside it");
    let file = target.path().join(FILE);
    let header = fs::read(&file).unwrap();
    assert_eq!(header[18..20], [1, 1], "nor asks for one");
    let mode = fs::metadata(&file).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[test]
fn a_copy_never_overwrites_and_can_be_opened_as_a_store() {
    let (source, target) = (with_files(4), tempfile::tempdir().unwrap());
    let database = Database::open(source.path()).unwrap();
    let progress = Progress::default();
    drop(database.copy_to(target.path(), &progress).unwrap());
    let again = database.copy_to(target.path(), &progress);
    assert!(matches!(again, Err(Error::Unavailable(text)) if text.contains(FILE)));
    let place = Place::Directory(target.path().into());
    let store = Store::open(&place, Arc::new(|| 1_000_000)).unwrap();
    assert_eq!(store.read(crate::table::media::blobs).unwrap().len(), 4);
}

#[test]
fn files_are_walked_in_pages_and_forgotten_one_by_one() {
    let directory = with_files(10);
    let database = Database::open(directory.path()).unwrap();
    let names: Vec<String> = (0..10).map(|n| format!("m{n}")).collect();
    for limit in [1, 3, 10, 11] {
        assert_eq!(all(&database, limit), names);
    }
    assert_eq!(database.files(), Ok((10, 3 * (1 + 2) + 3)));
    let page = database.files_after(None, 2).unwrap();
    assert_eq!(page[1].blob, "b1");
    database.forget(&page).unwrap();
    assert_eq!(database.has(&page[0]), Ok(false));
    assert_eq!(all(&database, 100), names[2..]);
    let other = Blob {
        corp: 1,
        ..page[0].clone()
    };
    assert_eq!(database.has(&other), Ok(false));
}

#[test]
fn damage_is_named() {
    let check = |directory: &TempDir| {
        let database = Database::open(directory.path())?;
        database.check(&Progress::default())
    };
    let corrupt = |directory: &TempDir, word: &str| {
        let path = directory.path().join(FILE).display().to_string();
        match check(directory) {
            Err(Error::Corrupt(text)) => {
                assert!(text.starts_with(&path) && text.contains(word), "{text}");
            }
            other => panic!("{other:?}"),
        }
    };
    let sound = with_files(500);
    assert_eq!(check(&sound), Ok(migrate::FILES.len() as i64));
    let path = sound.path().join(FILE);
    let bytes = fs::read(&path).unwrap();
    let page = bytes.len() - 4096;
    fs::write(&path, [&bytes[..page], &[0xa5; 4096]].concat()).unwrap();
    corrupt(&sound, "age");
    fs::write(&path, &bytes[..page]).unwrap();
    corrupt(&sound, "");
    fs::write(
        &path,
        "no database, but long enough to be looked at".repeat(100),
    )
    .unwrap();
    corrupt(&sound, "not a database");

    let foreign = tempfile::tempdir().unwrap();
    connection(&foreign)
        .execute_batch("CREATE TABLE note (n)")
        .unwrap();
    corrupt(&foreign, "no database of qun");

    let newer = directory();
    connection(&newer)
        .execute("UPDATE meta SET value = '999' WHERE key = 'schema'", [])
        .unwrap();
    let known = migrate::FILES.len() as i64;
    let found = 999;
    assert_eq!(check(&newer), Err(Error::NewerSchema { found, known }));

    let nothing = tempfile::tempdir().unwrap();
    assert!(matches!(check(&nothing), Err(Error::Unavailable(_))));
}

#[test]
fn a_stop_ends_copy_and_check() {
    let (source, target) = (with_files(30_000), tempfile::tempdir().unwrap());
    let database = Database::open(source.path()).unwrap();
    let progress = Progress::default();
    database.check(&progress).unwrap();
    progress.stop();
    assert_eq!(database.check(&progress), Err(stopped()));
    let copy = database.copy_to(target.path(), &progress);
    assert_eq!(copy.err(), Some(stopped()));
}

#[test]
fn a_server_holds_its_directory() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(is_held(directory.path()), Ok(false));
    let place = Place::Directory(directory.path().into());
    let store = Store::open(&place, Arc::new(|| 1_000_000)).unwrap();
    assert_eq!(is_held(directory.path()), Ok(true));
    store.close();
    assert_eq!(is_held(directory.path()), Ok(false));
}
