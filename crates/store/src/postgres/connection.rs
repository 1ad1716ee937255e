//! One connection: a writer's or a reader's.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::Statement;
use tokio_postgres::types::ToSql;

use super::value::Found;
use super::{Address, Client};
use crate::batch::{Held, Own};
use crate::db::{Append, Effect, Error, Kind, Read, Result, Row, Val};
use crate::dialect::{Dialect, translate};
use crate::table::{company, lane};
use crate::writer::{Engine, Head};

/// How long a writer waits for one statement: a little longer than the server lets it wait for a lock.
pub(crate) const WRITING: Duration = Duration::from_secs(12);
/// How long a reader waits for one statement.
pub(crate) const READING: Duration = Duration::from_secs(5);

/// A connection with its prepared statements; made again when it is lost.
pub(crate) struct Connection {
    address: Address,
    patience: Duration,
    session: Option<Session>,
}

struct Session {
    client: Client,
    /// By address and length: a `&'static str` never changes nor goes away.
    statements: HashMap<(usize, usize), Statement>,
    inserts: HashMap<usize, Statement>,
    /// What sets this schema's locks apart from those of others in the same database.
    class: i32,
    begun: bool,
    aborted: bool,
}

impl Connection {
    pub(crate) fn new(address: Address, patience: Duration) -> Self {
        Self {
            address,
            patience,
            session: None,
        }
    }

    /// Whether there is a connection that is not known to be broken.
    pub(crate) fn is_open(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| !session.client.is_closed())
    }

    fn open(&mut self) -> Result<bool> {
        if self.is_open() {
            return Ok(false);
        }
        self.session = None;
        let mut client = self.address.connect(self.patience)?;
        let class = client.query_one("SELECT CAST(CAST(current_schema AS regnamespace) AS oid)")?;
        // Gone while the server runs, or the search path names none that is there.
        let class: Option<u32> = class.get(0);
        let class = class
            .ok_or_else(|| Error::Unavailable("the database's schema is not there".into()))?
            // Bits count, not the sign.
            .cast_signed();
        self.session = Some(Session {
            client,
            statements: HashMap::new(),
            inserts: HashMap::new(),
            class,
            begun: false,
            aborted: false,
        });
        Ok(true)
    }

    fn session(&mut self) -> Result<&mut Session> {
        self.session
            .as_mut()
            .ok_or_else(|| Error::Unavailable("there is no connection to the database".into()))
    }

    /// Runs `f` on one consistent state of the database.
    pub(crate) fn snapshot<T>(&mut self, f: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.open()?;
        if let Err(error) = self.session()?.simple(BEGIN) {
            // It may have broken unnoticed while it was idle; nothing was read yet.
            self.session = None;
            if !matches!(error, Error::Unavailable(_)) {
                return Err(error);
            }
            self.open()?;
            self.session()?.simple(BEGIN)?;
        }
        f(&mut Snapshot(self))
    }
}

impl Session {
    /// Notes what an error does to the connection and its transaction.
    fn failed(&mut self, error: Error) -> Error {
        self.aborted = self.begun;
        error
    }

    fn simple(&mut self, sql: &str) -> Result<()> {
        self.client
            .batch_execute(sql)
            .map_err(|error| self.failed(error))
    }

    fn statement(&mut self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr() as usize, sql.len());
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        let text = translate(sql, Dialect::Postgres)?;
        let statement = self
            .client
            .prepare(&text)
            .map_err(|error| self.failed(error))?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }

    fn each(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let statement = self.statement(sql)?;
        let walk = self
            .client
            .each(&statement, vals.iter().copied(), |found| row(&Found(found)));
        walk.map_err(|error| self.failed(error))?
    }

    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
        let statement = self.statement(sql)?;
        let vals: Vec<&(dyn ToSql + Sync)> = vals.iter().map(|val| val as _).collect();
        let rows = self
            .client
            .execute(&statement, &vals)
            .map_err(|error| self.failed(error))?;
        if sql.starts_with("ROLLBACK TO") {
            self.aborted = false;
        }
        Ok(rows)
    }

    /// The statement that adds any number of rows, a list for each column.
    fn adding(&mut self, table: &'static Append) -> Result<Statement> {
        let key = std::ptr::from_ref(table) as usize;
        if let Some(statement) = self.inserts.get(&key) {
            return Ok(statement.clone());
        }
        let lists: Vec<String> = table
            .columns
            .iter()
            .enumerate()
            .map(|(at, (_, kind))| {
                let kind = match kind {
                    Kind::Int => "BIGINT",
                    Kind::Text => "TEXT",
                };
                format!("CAST(${} AS {kind}[])", at + 1)
            })
            .collect();
        let text = format!(
            "INSERT INTO {} ({}) SELECT * FROM unnest({})",
            table.table,
            table.names(),
            lists.join(", ")
        );
        let statement = self
            .client
            .prepare(&text)
            .map_err(|error| self.failed(error))?;
        self.inserts.insert(key, statement.clone());
        Ok(statement)
    }

    fn insert(&mut self, table: &'static Append, values: &[Own]) -> Result<()> {
        let statement = self.adding(table)?;
        let width = table.columns.len();
        let lists: Vec<Box<dyn ToSql + Sync + '_>> = (0..width)
            .map(|at| -> Box<dyn ToSql + Sync + '_> {
                let column = values.iter().skip(at).step_by(width);
                match table.columns[at].1 {
                    Kind::Int => Box::new(
                        column
                            .map(|value| match value {
                                Own::Int(value) => Some(*value),
                                _ => None,
                            })
                            .collect::<Vec<Option<i64>>>(),
                    ),
                    Kind::Text => Box::new(
                        column
                            .map(|value| match value {
                                Own::Text(value) => Some(&**value),
                                _ => None,
                            })
                            .collect::<Vec<Option<&str>>>(),
                    ),
                }
            })
            .collect();
        let lists: Vec<&(dyn ToSql + Sync)> = lists.iter().map(|list| &**list as _).collect();
        self.client
            .execute(&statement, &lists)
            .map_err(|error| self.failed(error))
            .map(drop)
    }
}

/// A lane's lock, apart from those of companies.
fn lane_key(lane: i64) -> i64 {
    -(lane + 1)
}

impl Read for Connection {
    fn each(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.session()?.each(sql, vals, row)
    }
}

impl Engine for Connection {
    const SHARED: bool = true;

    fn connect(&mut self) -> Result<bool> {
        // It may have ended while nobody used it: that need not cost a batch.
        if let Some(session) = &self.session {
            session.client.look();
        }
        self.open()
    }

    fn find_lane(&mut self, preferred: Option<i64>) -> Result<i64> {
        let known = lane::all(self)?;
        let highest = known.iter().map(|(lane, _)| *lane).max().unwrap_or(0);
        let session = self.session()?;
        // Lane 0 is SQLite's: a database that was moved over keeps it as it is.
        let free = known
            .into_iter()
            .map(|(lane, _)| lane)
            .filter(|lane| *lane > 0);
        for lane in preferred
            .filter(|lane| *lane > 0)
            .into_iter()
            .chain(free)
            .chain(highest + 1..)
        {
            // The lock goes with the session: of a node that is gone nothing stays behind.
            let sql = format!(
                "SELECT pg_try_advisory_lock({}, {})",
                session.class,
                lane_key(lane)
            );
            let row = session.client.query_one(&sql);
            if row.map_err(|error| session.failed(error))?.get(0) {
                return Ok(lane);
            }
        }
        Err(Error::Other("there is no free lane".into()))
    }

    fn begin(&mut self, held: &[Held]) -> Result<Head> {
        let session = self.session()?;
        let mut sql = String::from("BEGIN");
        for held in held {
            let shared = match held.effect {
                Effect::Append => "_shared",
                Effect::Change => "",
            };
            // Two numbers that meet here only wait for each other for nothing.
            let key = held.corp & i64::from(i32::MAX);
            sql.push_str(&format!(
                "; SELECT pg_advisory_xact_lock{shared}({}, {key})",
                session.class
            ));
        }
        session.begun = true;
        session.aborted = false;
        session.simple(&sql)?;
        let companies: Vec<i64> = held.iter().map(|held| held.corp).collect();
        lane::head(self, &companies)
    }

    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
        self.session()?.exec(sql, vals)
    }

    fn insert(&mut self, table: &'static Append, values: &[Own]) -> Result<()> {
        self.session()?.insert(table, values)
    }

    fn changed(&mut self, companies: &[i64], id: i64) -> Result<()> {
        company::last_change(companies, id, |sql, vals| self.exec(sql, vals)).map(drop)
    }

    fn commit(&mut self) -> Result<()> {
        let session = self.session()?;
        if session.aborted {
            // The server would answer COMMIT with a quiet rollback.
            return Err(Error::Other("the transaction is spoilt".into()));
        }
        session.simple("COMMIT")?;
        session.begun = false;
        Ok(())
    }

    fn rollback(&mut self) {
        let Some(session) = &mut self.session else {
            return;
        };
        if session.begun {
            session.begun = false;
            if let Err(error) = session.simple("ROLLBACK") {
                tracing::warn!(%error, "a transaction could not be rolled back; the connection is given up");
                self.session = None;
                return;
            }
        }
        session.aborted = false;
    }

    fn in_transaction(&self) -> bool {
        self.session
            .as_ref()
            .is_some_and(|session| session.begun && !session.client.is_closed())
    }

    fn is_aborted(&self) -> bool {
        self.session.as_ref().is_none_or(|session| session.aborted)
    }

    fn lose(&mut self) {
        self.session = None;
    }

    fn idle(&mut self) {}
}

/// A reader's view. Ends its transaction even when a reader panics.
struct Snapshot<'c>(&'c mut Connection);

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Some(session) = &mut self.0.session
            && session.simple("COMMIT").is_err()
        {
            self.0.session = None;
        }
    }
}

impl Read for Snapshot<'_> {
    fn each(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.0.session()?.each(sql, vals, row)
    }
}
