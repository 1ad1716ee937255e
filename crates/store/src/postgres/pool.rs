//! Connections for those who only read.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::READING;
use super::{Address, Connection};
use crate::db::{Error, Read, Result};

/// How many connections there are at most.
const MOST: usize = 16;
/// How long a reader waits for one.
const WAIT: Duration = Duration::from_secs(5);

/// A few connections, made when they are needed.
pub(crate) struct Pool {
    address: Address,
    shelf: Mutex<Shelf>,
    returned: Condvar,
}

#[derive(Default)]
struct Shelf {
    idle: Vec<Connection>,
    /// Idle or in use.
    open: usize,
}

impl Pool {
    pub(crate) fn new(address: Address) -> Self {
        Self {
            address,
            shelf: Mutex::default(),
            returned: Condvar::new(),
        }
    }

    /// Runs `f` on one consistent state of what is committed.
    pub(crate) fn read<T>(&self, f: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        let mut lent = Lent {
            pool: self,
            connection: Some(self.take()?),
        };
        match &mut lent.connection {
            Some(connection) => connection.snapshot(f),
            None => Err(Error::Unavailable("there is no connection".into())),
        }
    }

    fn take(&self) -> Result<Connection> {
        let until = Instant::now() + WAIT;
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(connection) = shelf.idle.pop() {
                return Ok(connection);
            }
            if shelf.open < MOST {
                shelf.open += 1;
                return Ok(Connection::new(self.address.clone(), READING));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Error::Unavailable(
                    "all connections to the database are in use".into(),
                ));
            }
            shelf = self
                .returned
                .wait_timeout(shelf, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Lets go of the idle connections.
    pub(crate) fn close(&self) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.open -= shelf.idle.len();
        shelf.idle.clear();
    }
}

/// A connection on loan: it comes back even when a reader panics.
struct Lent<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut shelf = self
            .pool
            .shelf
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match self.connection.take().filter(Connection::is_open) {
            Some(connection) => shelf.idle.push(connection),
            None => shelf.open -= 1,
        }
        self.pool.returned.notify_one();
    }
}
