//! One SQL for SQLite and PostgreSQL behind a group-commit writer.

pub mod backup;
mod db;
mod dialect;
mod migrate;
mod postgres;
mod reader;
mod sqlite;
mod store;
pub mod table;
mod writer;

use std::sync::Arc;

pub use self::postgres::prepare_all;
pub use db::{Append, Error, Read, ReadExt, Result, Row, Tx, Val};
pub use sqlite::prepare_all_sqlite;
pub use store::{Place, Stats, Store};
pub use writer::{Effect, End, Ids, Job, Verdict};

/// The server's one clock: microseconds since 1970, UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
