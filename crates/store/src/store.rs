//! The store: where it lives, its writer and its readers.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::Clock;
use crate::db::{Error, Read, Result};
use crate::postgres::{self, Address, Connection, Pool, WRITING};
use crate::reader::Readers;
use crate::sqlite::Sqlite;
use crate::writer::{Engine, Job, Progress, QUEUE, Writer};
use crate::{backup, migrate};

/// How many writers a node has on PostgreSQL: while one waits for the disk the other fills its batch.
const WRITERS: usize = 2;

/// Where a store lives.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// In this process, gone with it.
    Memory,
    /// In `qun.db` in this directory, which is made (for its owner only) if absent. One process at a time.
    Directory(PathBuf),
    /// In a PostgreSQL database, which other processes may share.
    Postgres {
        /// Its `postgres://` address.
        url: String,
        /// The password, where it is not in the address.
        password: Option<String>,
    },
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Directory(path) => f.debug_tuple("Directory").field(path).finish(),
            // The address may hold a password.
            Self::Postgres { .. } => f.write_str("Postgres(…)"),
        }
    }
}

/// What the writer has done since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait now.
    pub queue: usize,
    /// Transactions, also those that failed.
    pub batches: u64,
    /// Jobs that were told their end.
    pub jobs: u64,
    /// Microseconds spent in COMMIT altogether.
    pub commit_us: u64,
}

/// An open database. Closing or dropping it finishes what waits.
pub struct Store {
    queue: RwLock<Option<Sender<Box<dyn Job>>>>,
    writers: Mutex<Vec<JoinHandle<()>>>,
    readers: Readers,
    shared: bool,
    progress: Arc<Progress>,
    lock: Mutex<Option<File>>,
}

impl Store {
    /// Opens the store, brings its schema up to date and starts the writer.
    ///
    /// Fails with `Locked` when another process has the directory, with `NewerSchema` when a newer program wrote it.
    pub fn open(place: &Place, clock: Clock) -> Result<Self> {
        Self::open_with(place, clock, WRITERS)
    }

    fn open_with(place: &Place, clock: Clock, writers_on_postgres: usize) -> Result<Self> {
        let (queue, inbox) = bounded(QUEUE);
        let progress = Arc::<Progress>::default();
        let mut writers = Vec::new();
        let (readers, lock) = match place {
            Place::Memory => {
                let connection = migrated(Sqlite::memory()?)?;
                let readers = Readers::shared(Arc::clone(&connection));
                writers.push(start(connection, &clock, &progress, &inbox)?);
                (readers, None)
            }
            Place::Directory(directory) => {
                let lock = take_directory(directory)?;
                let path = directory.join(backup::FILE);
                // Made here so that it, and the log beside it, are the owner's alone.
                touch(&path)?;
                let connection = migrated(Sqlite::file(&path)?)?;
                writers.push(start(connection, &clock, &progress, &inbox)?);
                (Readers::file(path), Some(lock))
            }
            Place::Postgres { url, password } => {
                let address = Address::new(url, password.as_deref())?;
                postgres::migrate(&address)?;
                for _ in 0..writers_on_postgres {
                    let connection =
                        Arc::new(Mutex::new(Connection::new(address.clone(), WRITING)));
                    writers.push(start(connection, &clock, &progress, &inbox)?);
                }
                (Readers::postgres(Pool::new(address)), None)
            }
        };
        Ok(Self {
            queue: RwLock::new(Some(queue)),
            writers: Mutex::new(writers),
            readers,
            shared: matches!(place, Place::Postgres { .. }),
            progress,
            lock: Mutex::new(lock),
        })
    }

    /// Whether other processes may write to the same database, and an answer may have to come over a network.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Runs `f` on one consistent state of what is committed. It blocks: keep it cheap, and do not nest it.
    pub fn read<T>(&self, f: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        self.readers.read(f)
    }

    /// Hands a job to the writer without waiting. Gives it back when 4096 wait already, or none is accepted any more.
    pub fn write(&self, job: Box<dyn Job>) -> Result<(), Box<dyn Job>> {
        if self.progress.stopped.load(Relaxed) {
            return Err(job);
        }
        match &*self.queue.read().unwrap_or_else(PoisonError::into_inner) {
            Some(queue) => queue.try_send(job).map_err(|refused| refused.into_inner()),
            None => Err(job),
        }
    }

    /// The last id of what is committed, in microseconds: the clock must not go back behind it.
    pub fn last_id(&self) -> i64 {
        self.progress.last_id.load(Relaxed)
    }

    /// How busy the writer is and was.
    pub fn stats(&self) -> Stats {
        let queue = self.queue.read().unwrap_or_else(PoisonError::into_inner);
        Stats {
            queue: queue.as_ref().map_or(0, Sender::len),
            batches: self.progress.batches.load(Relaxed),
            jobs: self.progress.jobs.load(Relaxed),
            commit_us: self.progress.commit_us.load(Relaxed),
        }
    }

    /// Finishes what waits, then closes the database. Later reads and writes are refused.
    pub fn close(&self) {
        self.queue
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
        for writer in writers.drain(..) {
            // A job's end may be what drops the last handle: a writer cannot wait for itself.
            if writer.thread().id() != thread::current().id() && writer.join().is_err() {
                tracing::error!("a writer's thread has panicked");
            }
        }
        drop(writers);
        self.readers.close();
        self.lock
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

fn migrated(mut connection: Sqlite) -> Result<Arc<Mutex<Sqlite>>> {
    migrate::run(&mut connection, migrate::FILES)?;
    connection.inform()?;
    Ok(Arc::new(Mutex::new(connection)))
}

/// Starts a writer on its own thread.
fn start<E: Engine>(
    engine: Arc<Mutex<E>>,
    clock: &Clock,
    progress: &Arc<Progress>,
    inbox: &Receiver<Box<dyn Job>>,
) -> Result<JoinHandle<()>> {
    let writer = Writer::new(engine, Arc::clone(clock), Arc::clone(progress))?;
    let inbox = inbox.clone();
    thread::Builder::new()
        .name("qun-writer".into())
        .spawn(move || writer.run(&inbox))
        .map_err(|error| Error::Other(format!("a writer's thread cannot start: {error}")))
}

fn take_directory(directory: &Path) -> Result<File> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|error| unusable(directory, &error))?;
    let path = directory.join("lock");
    let file = touch(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked(directory.display().to_string())),
        Err(TryLockError::Error(error)) => Err(unusable(&path, &error)),
    }
}

/// Opens a file for writing; a new one is its owner's alone.
fn touch(path: &Path) -> Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| unusable(path, &error))
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    Error::Unavailable(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests;
