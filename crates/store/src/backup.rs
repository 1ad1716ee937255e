//! Copies of a SQLite database: made while a server goes on writing, and checked.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row};

use crate::db::{Error, Result};
use crate::migrate;

/// The database's file in a data directory.
pub const FILE: &str = "qun.db";

const BUSY: Duration = Duration::from_secs(10);
/// Copied at a time: with pages of 4 KiB, 4 MiB.
const PAGES: i32 = 1024;
/// Instructions of SQLite between two looks at whether to stop.
const INSTRUCTIONS: i32 = 100_000;

/// A part of the work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// The database is copied.
    #[default]
    Database,
    /// The files are copied.
    Files,
    /// Something is checked from end to end.
    Check,
}

/// How far a copy is, for whoever shows it, and the wish to stop it. Clones share both.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    now: Mutex<(Step, u64, u64)>,
}

impl Progress {
    /// Asks whoever copies to stop soon.
    pub fn stop(&self) {
        self.0.stopped.store(true, Relaxed);
    }

    /// Whether it was asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Relaxed)
    }

    /// Begins a step that handles so many bytes; 0 where nobody knows.
    pub fn begin(&self, step: Step, total: u64) {
        *self.lock() = (step, 0, total);
    }

    /// Says how many bytes of this step are done.
    pub fn reach(&self, done: u64) {
        self.lock().1 = done;
    }

    /// Says that so many more bytes of this step are done.
    pub fn add(&self, bytes: u64) {
        self.lock().1 += bytes;
    }

    /// The step, its bytes that are done, and all of them (0 where nobody knows).
    pub fn now(&self) -> (Step, u64, u64) {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, (Step, u64, u64)> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the content of a file is, as its row has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// The company's number.
    pub corp: i64,
    /// The file's id.
    pub media_id: String,
    /// The content's id.
    pub blob: String,
    /// Its size in bytes.
    pub size: i64,
}

/// The database of a data directory, beside the server that may have it open.
pub struct Database {
    conn: Connection,
    path: PathBuf,
}

impl Database {
    /// Opens the database of a directory, beside a server or without one. Fails with `Unavailable` when there is none.
    pub fn open(directory: &Path) -> Result<Database> {
        // Not read-only as a flag: beside a server, the log's index must stay writable for a reader.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let path = directory.join(FILE);
        let conn = Connection::open_with_flags(&path, flags)
            .and_then(|conn| conn.busy_timeout(BUSY).map(|()| conn))
            .map_err(|error| failed(&path, &error))?;
        Ok(Database { conn, path })
    }

    /// Copies what is committed at this moment into another directory, in one file of the owner's alone that needs no log beside it.
    ///
    /// A server goes on writing meanwhile; its log grows until the copy is done. Fails when the other directory has a database.
    pub fn copy_to(&self, directory: &Path, progress: &Progress) -> Result<Database> {
        let path = directory.join(FILE);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options
            .open(&path)
            .map_err(|error| Error::Unavailable(format!("{}: {error}", path.display())))?;
        let mut copy = Database::open(directory)?;
        // Held over all steps: otherwise each write of the server would make the copy begin anew.
        let snapshot = self.conn.unchecked_transaction();
        let snapshot = snapshot.map_err(|error| self.failed(&error))?;
        let count = "SELECT COUNT(*) FROM sqlite_master";
        snapshot
            .query_row(count, [], |_| Ok(()))
            .map_err(|error| self.failed(&error))?;
        let page: u64 = self.ask("PRAGMA page_size", |row| row.get(0))?;
        {
            let steps = Backup::new(&snapshot, &mut copy.conn);
            let steps = steps.map_err(|error| failed(&path, &error))?;
            loop {
                if progress.is_stopped() {
                    return Err(stopped());
                }
                let step = steps.step(PAGES).map_err(|error| self.failed(&error))?;
                let at = steps.progress();
                let bytes = |pages: i32| u64::try_from(pages).unwrap_or(0) * page;
                progress.begin(Step::Database, bytes(at.pagecount));
                progress.reach(bytes(at.pagecount - at.remaining));
                match step {
                    StepResult::More => {}
                    StepResult::Done => break,
                    // Nobody else knows the copy, and a snapshot waits for nobody.
                    other => {
                        let text = format!("{}: {other:?}", self.path.display());
                        return Err(Error::Unavailable(text));
                    }
                }
            }
        }
        // What was copied says that there is a log.
        copy.ask("PRAGMA journal_mode = DELETE", |_| Ok(()))?;
        Ok(copy)
    }

    /// Checks the file from end to end and gives its schema's number.
    ///
    /// Fails with `Corrupt`, which names the place, or with `NewerSchema`.
    pub fn check(&self, progress: &Progress) -> Result<i64> {
        progress.begin(Step::Check, 0);
        let wish = progress.clone();
        self.conn
            .progress_handler(INSTRUCTIONS, Some(move || wish.is_stopped()));
        let found = self.ask("PRAGMA integrity_check(1)", |row| row.get::<_, String>(0));
        self.conn.progress_handler(0, None::<fn() -> bool>);
        match found? {
            text if text == "ok" => {}
            text => return Err(self.corrupt(&text.replace('\n', " "))),
        }
        let known = migrate::FILES.len() as i64;
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
        if self.ask(tables, |row| row.get::<_, i64>(0))? == 0 {
            return Err(self.corrupt("it is no database of qun"));
        }
        let schema = "SELECT value FROM meta WHERE key = 'schema'";
        let found: Option<String> = self
            .conn
            .query_row(schema, [], |row| row.get(0))
            .optional()
            .map_err(|error| self.failed(&error))?;
        let found = migrate::number(found.as_deref().unwrap_or("absent"))?;
        if found > known {
            return Err(Error::NewerSchema { found, known });
        }
        Ok(found)
    }

    /// How many files the rows name, and their bytes together.
    pub fn files(&self) -> Result<(u64, u64)> {
        let sql = "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM media";
        let (count, bytes): (i64, i64) = self.ask(sql, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let number = |n| u64::try_from(n).unwrap_or(0);
        Ok((number(count), number(bytes)))
    }

    /// The next files after one, at most `limit`, in the order of their rows' key; none when all were given.
    pub fn files_after(&self, after: Option<&Blob>, limit: usize) -> Result<Vec<Blob>> {
        let (corp, media_id) =
            after.map_or((i64::MIN, ""), |last| (last.corp, last.media_id.as_str()));
        let sql = "SELECT corp, media_id, blob, size FROM media WHERE (corp, media_id) > (?1, ?2) ORDER BY corp, media_id LIMIT ?3";
        let blob = |row: &Row<'_>| {
            Ok(Blob {
                corp: row.get(0)?,
                media_id: row.get(1)?,
                blob: row.get(2)?,
                size: row.get(3)?,
            })
        };
        let rows = || -> rusqlite::Result<Vec<Blob>> {
            let mut statement = self.conn.prepare_cached(sql)?;
            let rows = statement.query_map((corp, media_id, limit as i64), blob)?;
            rows.collect()
        };
        rows().map_err(|error| self.failed(&error))
    }

    /// Whether a file's row is there now.
    pub fn has(&self, file: &Blob) -> Result<bool> {
        let sql = "SELECT 1 FROM media WHERE corp = ?1 AND media_id = ?2";
        self.conn
            .query_row(sql, (file.corp, &file.media_id), |_| Ok(()))
            .optional()
            .map(|found| found.is_some())
            .map_err(|error| self.failed(&error))
    }

    /// Removes files' rows. For a copy only: a server has a writer for that.
    pub fn forget(&self, files: &[Blob]) -> Result<()> {
        let forget = || -> rusqlite::Result<()> {
            let tx = self.conn.unchecked_transaction()?;
            for file in files {
                let sql = "DELETE FROM media WHERE corp = ?1 AND media_id = ?2";
                tx.execute(sql, (file.corp, &file.media_id))?;
            }
            tx.commit()
        };
        forget().map_err(|error| self.failed(&error))
    }

    fn ask<T>(&self, sql: &str, map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>) -> Result<T> {
        self.conn
            .query_row(sql, [], map)
            .map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &rusqlite::Error) -> Error {
        failed(&self.path, error)
    }

    fn corrupt(&self, text: &str) -> Error {
        Error::Corrupt(format!("{}: {text}", self.path.display()))
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Database").field(&self.path).finish()
    }
}

/// Whether a server has the directory now.
pub fn is_held(directory: &Path) -> Result<bool> {
    let path = directory.join("lock");
    let unusable = |error: &io::Error| Error::Unavailable(format!("{}: {error}", path.display()));
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => return Ok(false),
            _ => return Err(unusable(&error)),
        },
    };
    match file.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(unusable(&error)),
    }
}

fn stopped() -> Error {
    Error::Other("it was stopped".into())
}

fn failed(path: &Path, error: &rusqlite::Error) -> Error {
    let text = || format!("{}: {error}", path.display());
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::Full,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt(text()),
        Some(ErrorCode::OperationInterrupted) => stopped(),
        Some(_) => Error::Unavailable(text()),
        None => Error::Other(text()),
    }
}

#[cfg(test)]
mod tests;
