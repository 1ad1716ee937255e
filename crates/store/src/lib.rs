//! One SQL for SQLite and PostgreSQL behind a group-commit writer.

pub mod backup;
mod batch;
mod db;
mod dialect;
mod migrate;
mod planner;
mod postgres;
mod reader;
mod sqlite;
mod store;
pub mod table;
mod writer;

use std::sync::Arc;

pub use self::postgres::prepare_all;
pub use db::{Append, Counter, Effect, Error, Kind, Read, ReadExt, Result, Row, Spent, Tx, Val};
pub use sqlite::prepare_all_sqlite;
pub use store::{Place, Stats, Store};
pub use writer::{End, Ids, Job, Verdict};

/// The server's one clock: microseconds since 1970, UTC.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;
