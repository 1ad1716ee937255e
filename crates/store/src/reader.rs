//! Connections for those who only read.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use crate::db::{Error, Read, Result};
use crate::postgres::Pool;
use crate::sqlite::Sqlite;

/// How many idle connections are kept.
const KEPT: usize = 8;

/// Hands out snapshots.
pub(crate) struct Readers {
    source: Source,
    closed: AtomicBool,
}

enum Source {
    /// The writer's own connection: the database lives in it.
    Shared(Arc<Mutex<Sqlite>>),
    File {
        path: PathBuf,
        idle: Mutex<Vec<Sqlite>>,
    },
    Postgres(Box<Pool>),
}

impl Readers {
    pub(crate) fn shared(connection: Arc<Mutex<Sqlite>>) -> Self {
        Self {
            source: Source::Shared(connection),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn file(path: PathBuf) -> Self {
        Self {
            source: Source::File {
                path,
                idle: Mutex::default(),
            },
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn postgres(pool: Pool) -> Self {
        Self {
            source: Source::Postgres(Box::new(pool)),
            closed: AtomicBool::new(false),
        }
    }

    pub(crate) fn read<T>(&self, f: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        if self.closed.load(Relaxed) {
            return Err(Error::Unavailable("the store is closed".into()));
        }
        match &self.source {
            Source::Shared(connection) => connection
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .snapshot(f),
            Source::File { path, idle } => {
                let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
                let mut connection = match kept {
                    Some(connection) => connection,
                    None => Sqlite::reader(path)?,
                };
                let answer = connection.snapshot(f);
                let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                if idle.len() < KEPT && !self.closed.load(Relaxed) {
                    idle.push(connection);
                }
                answer
            }
            Source::Postgres(pool) => pool.read(f),
        }
    }

    /// Refuses further snapshots and lets go of the idle connections.
    pub(crate) fn close(&self) {
        self.closed.store(true, Relaxed);
        match &self.source {
            Source::Shared(_) => {}
            Source::File { idle, .. } => {
                idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
            }
            Source::Postgres(pool) => pool.close(),
        }
    }
}
