//! PostgreSQL behind the seam: connecting, migrating, checking statements.

mod address;
mod client;
mod connection;
mod pool;
mod value;

use std::time::Duration;

use tokio_postgres::error::SqlState;

use crate::db::{Error, Result};
use crate::dialect::{Dialect, translate};
use crate::migrate;

pub(crate) use address::Address;
pub(crate) use client::Client;
pub(crate) use connection::{Connection, WRITING};
pub(crate) use pool::Pool;

/// Any number, as long as every node uses the same.
const MIGRATING: &str = "SELECT pg_advisory_xact_lock(7800)";
/// For what is done once, and may have to wait for another node that does it.
const PATIENT: Duration = Duration::from_secs(60);

/// Brings the database to the newest schema; of several nodes one does it and the others wait.
pub(crate) fn migrate(address: &Address) -> Result<()> {
    let mut client = address.connect(PATIENT)?;
    make_schema(&mut client)?;
    migrate::run(&mut client, migrate::FILES)
}

/// An error and why it came to that: the driver's own text often stops before the cause.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

/// Makes the schema that the connection's search path names first, if there is none on it yet.
fn make_schema(client: &mut Client) -> Result<()> {
    let row =
        client.query_one("SELECT current_schema() IS NULL, current_setting('search_path')")?;
    if row.get(0) {
        // The setting is a list of identifiers, quoted where they need it.
        let path: String = row.get(1);
        let first = path.split(',').next().unwrap_or_default();
        // In one transaction with the lock: two nodes may start at once.
        client.batch_execute(&format!(
            "BEGIN; {MIGRATING}; CREATE SCHEMA IF NOT EXISTS {first}; COMMIT"
        ))?;
    }
    Ok(())
}

/// Migrates the database at `url` and prepares each statement there.
///
/// The schema is the first of the address's `search_path` (`?options=-c%20search_path%3Dname`) and made if absent.
/// Fails with the first statement that does not prepare, and says which.
pub fn prepare_all(url: &str, statements: &[&'static str]) -> Result<()> {
    let address = Address::new(url, None)?;
    migrate(&address)?;
    let mut client = address.connect(PATIENT)?;
    for sql in statements {
        client
            .prepare(&translate(sql, Dialect::Postgres)?)
            .map_err(|e| {
                Error::Other(format!(
                    "PostgreSQL cannot prepare a statement: {e} in: {sql}"
                ))
            })?;
    }
    Ok(())
}

impl migrate::Target for Client {
    const DIALECT: Dialect = Dialect::Postgres;

    fn begin(&mut self) -> Result<()> {
        self.batch_execute("BEGIN")
            .and_then(|()| self.batch_execute(MIGRATING))
    }

    fn commit(&mut self) -> Result<()> {
        self.batch_execute("COMMIT")
    }

    fn rollback(&mut self) {
        if let Err(error) = self.batch_execute("ROLLBACK") {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }

    fn schema(&mut self) -> Result<i64> {
        let here = "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'meta')";
        let there: bool = self.query_one(here)?.get(0);
        if !there {
            return Ok(0);
        }
        let row = self.query_opt("SELECT value FROM meta WHERE key = 'schema'")?;
        migrate::number(row.as_ref().map_or("absent", |row| row.get(0)))
    }

    fn statement(&mut self, sql: &str) -> Result<()> {
        self.batch_execute(sql)
    }
}

fn failure(error: &tokio_postgres::Error) -> Error {
    let Some(told) = error.as_db_error() else {
        return Error::Unavailable(with_causes(error));
    };
    let text = [Some(told.message()), told.detail(), told.hint()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ");
    let code = told.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        Error::Unique(text)
    } else if *code == SqlState::DISK_FULL {
        Error::Full
    } else if [
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::T_R_SERIALIZATION_FAILURE,
    ]
    .contains(code)
    {
        Error::Conflict(text)
    } else if ["08", "25P03", "28", "53", "55P03", "57"]
        .iter()
        .any(|class| code.code().starts_with(class))
    {
        Error::Unavailable(text)
    } else {
        Error::Other(text)
    }
}

/// A schema of their own for tests.
#[cfg(test)]
pub(crate) mod testing {
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::{Address, Client, PATIENT};

    pub(crate) fn connect(url: &str) -> Client {
        Address::new(url, None).unwrap().connect(PATIENT).unwrap()
    }

    /// Calls `f` with the address of an empty schema of the server that `QUN_TEST_POSTGRES` names, and drops it.
    ///
    /// Without the variable there is nothing to test on: that fails under `CI` and is told otherwise.
    pub(crate) fn with_schema(f: impl FnOnce(&str)) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var("QUN_TEST_POSTGRES") else {
            assert!(
                std::env::var_os("CI").is_none(),
                "QUN_TEST_POSTGRES must name a PostgreSQL server"
            );
            eprintln!("not tested on PostgreSQL: QUN_TEST_POSTGRES is not set");
            return;
        };
        let time = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_nanos();
        let schema = format!(
            "qun_{}_{time}_{}",
            std::process::id(),
            COUNT.fetch_add(1, Relaxed)
        );
        let mark = if url.contains('?') { '&' } else { '?' };
        f(&format!("{url}{mark}options=-c%20search_path%3D{schema}"));
        let mut client = connect(&url);
        client
            .batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))
            .unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{connect, with_schema};
    use super::*;
    use crate::migrate::Target;

    #[test]
    fn statements_of_every_usual_shape_prepare() {
        const STATEMENTS: &[&str] = &[
            "INSERT INTO lane (lane, boot, last_id, before) VALUES ($1, 1, 0, 0) \
             ON CONFLICT (lane) DO UPDATE SET boot = lane.boot + 1 RETURNING boot",
            "UPDATE lane SET last_id = $1 WHERE lane = $2 AND boot = $3",
            "SELECT lane FROM lane WHERE lane > $1 ORDER BY lane LIMIT $2",
            "INSERT INTO lane (lane, boot, last_id, before) SELECT CAST($1 AS BIGINT) + l.n, 0, 0, l.v FROM {ints $2} AS l",
            "DELETE FROM lane WHERE lane IN (SELECT v FROM {ints $1} AS l)",
            "SELECT m.key FROM meta AS m JOIN {texts $1} AS l ON l.v = m.key ORDER BY m.key",
        ];
        crate::prepare_all_sqlite(STATEMENTS).unwrap();
        with_schema(|url| {
            prepare_all(url, STATEMENTS).unwrap();
            let failed = prepare_all(url, &["SELECT 1", "SELECT missing FROM lane"]);
            assert!(
                matches!(failed, Err(Error::Other(text)) if text.contains("SELECT missing FROM lane"))
            );
        });
    }

    #[test]
    fn the_tables_statements_prepare_on_both_engines() {
        let statements = crate::table::statements();
        crate::prepare_all_sqlite(&statements).unwrap();
        with_schema(|url| prepare_all(url, &statements).unwrap());
    }

    #[test]
    fn lists_mean_what_they_mean_on_sqlite() {
        with_schema(|url| {
            let mut client = connect(url);
            let sql = translate(
                "SELECT v, n FROM {ints $1} AS l ORDER BY n",
                Dialect::Postgres,
            )
            .unwrap();
            let rows = client.query(&sql, &[&"[7,5,7]"]).unwrap();
            let rows: Vec<(i64, i64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            assert_eq!(rows, [(7, 0), (5, 1), (7, 2)]);
            // In byte order, whatever the server's language.
            let sql = translate(
                "SELECT v FROM {texts $1} AS l ORDER BY v",
                Dialect::Postgres,
            )
            .unwrap();
            let rows = client.query(&sql, &[&r#"["b","群","B","a"]"#]).unwrap();
            let rows: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
            assert_eq!(rows, ["B", "a", "b", "群"]);
        });
    }

    #[test]
    fn groups_of_an_older_schema_are_kept() {
        with_schema(|url| {
            let mut client = connect(url);
            make_schema(&mut client).unwrap();
            migrate::story::tell(&mut client);
            let rows: i64 = client.query_one(migrate::story::AFTER).unwrap().get(0);
            assert_eq!(rows, 4);
        });
    }

    #[test]
    fn migrations_run_once_and_a_newer_schema_is_refused() {
        const FILES: &[&str] = &[migrate::FILES[0], "INSERT INTO lane VALUES (9, 0, 0, 0);"];
        with_schema(|url| {
            let mut client = connect(url);
            make_schema(&mut client).unwrap();
            migrate::run(&mut client, FILES).unwrap();
            migrate::run(&mut client, FILES).unwrap();
            assert_eq!(client.schema(), Ok(2));
            let rows: i64 = client
                .query_one("SELECT COUNT(*) FROM lane")
                .unwrap()
                .get(0);
            assert_eq!(rows, 1);
            let newer = migrate::run(&mut client, &FILES[..1]);
            assert_eq!(newer, Err(Error::NewerSchema { found: 2, known: 1 }));
            let failed = migrate::run(
                &mut client,
                &[FILES[0], FILES[1], "DELETE FROM lane;\nSELECT nothing;"],
            );
            assert!(matches!(failed, Err(Error::Other(text)) if text.contains("migration 3")));
            let rows: i64 = client
                .query_one("SELECT COUNT(*) FROM lane")
                .unwrap()
                .get(0);
            assert_eq!(rows, 1);
        });
    }

    #[test]
    fn an_address_that_is_none() {
        assert!(matches!(
            prepare_all("postgres://[", &[]),
            Err(Error::Other(_))
        ));
    }
}
