//! SQLite behind the seam.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, ffi, params_from_iter};

use crate::batch::{Held, Own};
use crate::db::{Append, Error, Read, Result, Row, Val};
use crate::dialect::{Dialect, translate};
use crate::migrate;
use crate::planner;
use crate::writer::{Engine, Head};

/// Above the number of statements that we have.
const STATEMENTS: usize = 1024;
const BUSY: Duration = Duration::from_secs(10);
/// How many rows are added by one statement: as many as possible of the largest size, then of the next.
const AT_ONCE: [usize; 3] = [64, 8, 1];
/// SQLite has one writer.
const LANE: i64 = 0;
/// How much of the file a reader keeps in memory at most, in KiB: the upper levels of the indexes of a million groups.
const READER_CACHE: i64 = 24 * 1024;

/// One connection with its translated and prepared statements.
pub(crate) struct Sqlite {
    conn: Connection,
    /// By address and length: a `&'static str` never changes nor goes away.
    texts: HashMap<(usize, usize), Arc<str>>,
    /// By table and number of rows.
    inserts: HashMap<(usize, usize), Arc<str>>,
    file: bool,
    /// Between `begin` and its end, as we see it.
    begun: bool,
}

impl Sqlite {
    /// A database of its own that lives as long as the connection.
    pub(crate) fn memory() -> Result<Self> {
        Self::set_up(
            Connection::open_in_memory().map_err(|e| failure(e, "open"))?,
            false,
        )
    }

    /// The connection that writes; makes the file when there is none.
    pub(crate) fn file(path: &Path) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(|e| failure(e, "open"))?;
        let this = Self::set_up(conn, true)?;
        let mode: String = this
            .conn
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(|e| failure(e, "PRAGMA journal_mode"))?;
        if mode != "wal" {
            return Err(Error::Unavailable(format!(
                "{} cannot have a write-ahead log here",
                path.display()
            )));
        }
        this.conn
            .execute_batch(
                "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 200; PRAGMA journal_size_limit = 4194304",
            )
            .map_err(|e| failure(e, "PRAGMA synchronous"))?;
        Ok(this)
    }

    /// One more connection that only reads.
    pub(crate) fn reader(path: &Path) -> Result<Self> {
        // Not read-only as a flag: the log's index must stay writable for a reader.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags).map_err(|e| failure(e, "open"))?;
        // Below 0 the unit is KiB, above it pages.
        conn.pragma_update(None, "cache_size", -READER_CACHE)
            .map_err(|e| failure(e, "PRAGMA cache_size"))?;
        Self::set_up(conn, true)
    }

    fn set_up(conn: Connection, file: bool) -> Result<Self> {
        conn.busy_timeout(BUSY)
            .map_err(|e| failure(e, "busy_timeout"))?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        // Otherwise a statement whose plan could depend on a value, such as one beside a partial index, is prepared anew
        // for every value.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|e| failure(e, "SQLITE_DBCONFIG_ENABLE_QPSG"))?;
        conn.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY")
            .map_err(|e| failure(e, "PRAGMA foreign_keys"))?;
        Ok(Self {
            conn,
            texts: HashMap::new(),
            inserts: HashMap::new(),
            file,
            begun: false,
        })
    }

    /// Tells the planner what it must know, once the tables are there.
    pub(crate) fn inform(&mut self) -> Result<()> {
        planner::inform(&self.conn).map_err(|e| failure(e, "sqlite_stat1"))
    }

    /// Runs `f` on one consistent state of the database; what would write is refused.
    pub(crate) fn snapshot<T>(&mut self, f: impl FnOnce(&mut dyn Read) -> Result<T>) -> Result<T> {
        self.exec("BEGIN", &[])?;
        f(&mut Snapshot(self))
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.conn
    }

    /// The steps in which `sql` would be run.
    #[cfg(test)]
    pub(crate) fn plan(&mut self, sql: &'static str) -> Vec<String> {
        let text = format!("EXPLAIN QUERY PLAN {}", self.text(sql).unwrap());
        let mut statement = self.conn.prepare(&text).unwrap();
        let steps = statement.raw_query().mapped(|row| row.get("detail"));
        steps.collect::<rusqlite::Result<_>>().unwrap()
    }

    /// Prepares `sql` without running it.
    pub(crate) fn prepare(&mut self, sql: &'static str) -> Result<()> {
        let text = self.text(sql)?;
        self.conn
            .prepare(&text)
            .map(drop)
            .map_err(|e| failure(e, sql))
    }

    /// Some failures make SQLite end the transaction: what follows would be committed by itself.
    fn alive(&self) -> Result<()> {
        if self.begun && !self.in_transaction() {
            return Err(Error::Unavailable(
                "the database gave the transaction up".into(),
            ));
        }
        Ok(())
    }

    fn text(&mut self, sql: &'static str) -> Result<Arc<str>> {
        let key = (sql.as_ptr() as usize, sql.len());
        if let Some(text) = self.texts.get(&key) {
            return Ok(Arc::clone(text));
        }
        let text: Arc<str> = translate(sql, Dialect::Sqlite)?.into();
        self.texts.insert(key, Arc::clone(&text));
        Ok(text)
    }

    fn walk(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
        may_write: bool,
    ) -> Result<()> {
        self.alive()?;
        let text = self.text(sql)?;
        let mut statement = self
            .conn
            .prepare_cached(&text)
            .map_err(|e| failure(e, sql))?;
        if !may_write && !statement.readonly() {
            return Err(Error::Other(format!("a reader may not run: {sql}")));
        }
        let mut rows = statement
            .query(params_from_iter(vals))
            .map_err(|e| failure(e, sql))?;
        while let Some(found) = rows.next().map_err(|e| failure(e, sql))? {
            row(&Found(found))?;
        }
        Ok(())
    }
}

impl Read for Sqlite {
    fn each(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        self.walk(sql, vals, row, true)
    }
}

impl Sqlite {
    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
        self.alive()?;
        let text = self.text(sql)?;
        let mut statement = self
            .conn
            .prepare_cached(&text)
            .map_err(|e| failure(e, sql))?;
        let rows = statement
            .execute(params_from_iter(vals))
            .map_err(|e| failure(e, sql))?;
        Ok(rows as u64)
    }

    /// The statement that adds so many rows.
    fn adding(&mut self, table: &'static Append, rows: usize) -> Arc<str> {
        let key = (std::ptr::from_ref(table) as usize, rows);
        let text = self.inserts.entry(key).or_insert_with(|| {
            let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
            let rows = vec![row; rows].join(", ");
            format!(
                "INSERT INTO {} ({}) VALUES {rows}",
                table.table,
                table.names()
            )
            .into()
        });
        Arc::clone(text)
    }

    fn end(&mut self) {
        self.begun = false;
        if self.in_transaction()
            && let Err(error) = self.exec("ROLLBACK", &[])
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
}

impl Engine for Sqlite {
    const SHARED: bool = false;

    fn connect(&mut self) -> Result<bool> {
        Ok(false)
    }

    fn find_lane(&mut self, _: Option<i64>) -> Result<i64> {
        Ok(LANE)
    }

    fn begin(&mut self, _: &[Held]) -> Result<Head> {
        self.exec("BEGIN IMMEDIATE", &[])?;
        self.begun = true;
        Ok(Head::default())
    }

    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
        Sqlite::exec(self, sql, vals)
    }

    fn insert(&mut self, table: &'static Append, mut values: &[Own]) -> Result<()> {
        self.alive()?;
        let width = table.columns.len();
        for rows in AT_ONCE {
            while values.len() >= rows * width {
                let (these, rest) = values.split_at(rows * width);
                let text = self.adding(table, rows);
                let mut statement = self
                    .conn
                    .prepare_cached(&text)
                    .map_err(|e| failure(e, table.table))?;
                statement
                    .execute(params_from_iter(these.iter().map(Own::as_val)))
                    .map_err(|e| failure(e, table.table))?;
                values = rest;
            }
        }
        Ok(())
    }

    fn changed(&mut self, _: &[i64], _: i64) -> Result<()> {
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.exec("COMMIT", &[])?;
        self.begun = false;
        Ok(())
    }

    fn rollback(&mut self) {
        self.end();
    }

    fn in_transaction(&self) -> bool {
        !self.conn.is_autocommit()
    }

    fn is_aborted(&self) -> bool {
        false
    }

    fn lose(&mut self) {}

    fn idle(&mut self) {
        if !self.file {
            return;
        }
        // Passive: waits for no reader. Closing the last connection does the rest.
        if let Err(error) = self
            .conn
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
        {
            tracing::warn!(%error, "the write-ahead log could not be folded in");
        }
    }
}

impl migrate::Target for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    fn begin(&mut self) -> Result<()> {
        Engine::begin(self, &[]).map(drop)
    }

    fn commit(&mut self) -> Result<()> {
        Engine::commit(self)
    }

    fn rollback(&mut self) {
        Engine::rollback(self);
    }

    fn schema(&mut self) -> Result<i64> {
        let sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
        if self
            .conn
            .query_row(sql, [], |_| Ok(()))
            .optional()
            .map_err(|e| failure(e, sql))?
            .is_none()
        {
            return Ok(0);
        }
        let sql = "SELECT value FROM meta WHERE key = 'schema'";
        let text: Option<String> = self
            .conn
            .query_row(sql, [], |row| row.get(0))
            .optional()
            .map_err(|e| failure(e, sql))?;
        migrate::number(text.as_deref().unwrap_or("absent"))
    }

    fn statement(&mut self, sql: &str) -> Result<()> {
        self.conn
            .execute(sql, [])
            .map(drop)
            .map_err(|e| failure(e, sql))
    }
}

/// A reader's view: the same connection, but nothing that writes. Ends its transaction even when a reader panics.
struct Snapshot<'c>(&'c mut Sqlite);

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.exec("COMMIT", &[]) {
            tracing::warn!(%error, "a snapshot did not end");
            self.0.end();
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
        self.0.walk(sql, vals, row, false)
    }
}

struct Found<'a, 's>(&'a rusqlite::Row<'s>);

impl Row for Found<'_, '_> {
    fn width(&self) -> usize {
        self.0.as_ref().column_count()
    }

    fn val(&self, i: usize) -> Val<'_> {
        match self.0.get_ref(i) {
            Ok(ValueRef::Null) => Val::Null,
            Ok(ValueRef::Integer(value)) => Val::Int(value),
            Ok(ValueRef::Text(value)) => match std::str::from_utf8(value) {
                Ok(text) => Val::Text(text),
                Err(_) => panic!("column {i} is not UTF-8"),
            },
            Ok(ValueRef::Blob(value)) => Val::Bytes(value),
            Ok(ValueRef::Real(_)) => panic!("column {i} is a fraction"),
            Err(_) => panic!("the answer has no column {i}"),
        }
    }
}

impl ToSql for Val<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Val::Null => ValueRef::Null,
            Val::Int(value) => ValueRef::Integer(value),
            Val::Text(value) => ValueRef::Text(value.as_bytes()),
            Val::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}

fn failure(error: rusqlite::Error, sql: &str) -> Error {
    let rusqlite::Error::SqliteFailure(code, ref message) = error else {
        return Error::Other(format!("{error} in: {sql}"));
    };
    let text = || message.clone().unwrap_or_else(|| code.to_string());
    match code.code {
        ErrorCode::ConstraintViolation => match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE
            | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
            | ffi::SQLITE_CONSTRAINT_ROWID => Error::Unique(text()),
            _ => Error::Other(format!("{} in: {sql}", text())),
        },
        ErrorCode::DiskFull => Error::Full,
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OutOfMemory
        | ErrorCode::ReadOnly
        | ErrorCode::OperationInterrupted
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::PermissionDenied
        | ErrorCode::FileLockingProtocolFailed => Error::Unavailable(text()),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Error::Corrupt(text()),
        _ => Error::Other(format!("{} in: {sql}", text())),
    }
}

/// Prepares each statement on an empty SQLite database of the newest schema.
///
/// Fails with the first statement that does not prepare, and says which.
pub fn prepare_all_sqlite(statements: &[&'static str]) -> Result<()> {
    let mut db = Sqlite::memory()?;
    migrate::run(&mut db, migrate::FILES)?;
    db.inform()?;
    for sql in statements {
        db.prepare(sql)
            .map_err(|error| Error::Other(format!("SQLite cannot prepare a statement: {error}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Kind, ReadExt};
    use crate::migrate::Target;

    const NOTE: Append = Append {
        table: "note",
        columns: &[("id", Kind::Int), ("body", Kind::Text)],
    };
    const COUNT: &str = "SELECT COUNT(*) FROM note";

    #[test]
    fn groups_of_an_older_schema_are_kept() {
        let mut db = Sqlite::memory().unwrap();
        migrate::story::tell(&mut db);
        assert_eq!(db.int(migrate::story::AFTER, &[]), Ok(Some(4)));
    }

    fn noted() -> Sqlite {
        let mut db = Sqlite::memory().unwrap();
        db.statement("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)")
            .unwrap();
        db
    }

    #[test]
    fn values_come_back_as_they_went() {
        let mut db = Sqlite::memory().unwrap();
        let vals = [
            Val::Int(i64::MIN),
            Val::Text("群"),
            Val::Bytes(&[0, 255]),
            Val::Null,
            Val::from(true),
        ];
        db.one("SELECT $1, $2, $3, $4, $5", &vals, |row| {
            assert_eq!(row.int(0), i64::MIN);
            assert_eq!(row.text(1), "群");
            assert_eq!(row.bytes(2), [0, 255]);
            assert!(row.is_null(3) && !row.is_null(0));
            assert_eq!((row.opt_int(3), row.opt_int(0)), (None, Some(i64::MIN)));
            assert_eq!((row.opt_text(3), row.opt_text(1)), (None, Some("群")));
            assert!(row.flag(4));
        })
        .unwrap()
        .unwrap();
    }

    #[test]
    #[should_panic(expected = "column 0 is text, not a number")]
    fn a_wrong_type_panics() {
        let _ = Sqlite::memory()
            .unwrap()
            .one("SELECT 'a'", &[], |row| row.int(0));
    }

    #[test]
    fn shapes_of_answers() {
        let mut db = noted();
        assert_eq!(
            db.one("SELECT body FROM note", &[], |row| row.text(0).to_owned()),
            Ok(None)
        );
        assert_eq!(db.int("SELECT MAX(id) FROM note", &[]), Ok(None));
        assert_eq!(db.exists("SELECT 1 FROM note", &[]), Ok(false));
        for id in [3, 1, 2] {
            db.insert(&NOTE, &[Own::Int(id), Own::Text("x".into())])
                .unwrap();
        }
        assert_eq!(
            db.all("SELECT id FROM note ORDER BY id", &[], |row| row.int(0)),
            Ok(vec![1, 2, 3])
        );
        assert_eq!(
            db.int("SELECT id FROM note ORDER BY id DESC", &[]),
            Ok(Some(3))
        );
        assert_eq!(db.exists("SELECT 1 FROM note", &[]), Ok(true));
        let stopped = db.each(
            "SELECT id FROM note ORDER BY id",
            &[],
            &mut |row| match row.int(0) {
                2 => Err(Error::Full),
                _ => Ok(()),
            },
        );
        assert_eq!(stopped, Err(Error::Full));
        assert!(
            matches!(db.int("SELECT nothing FROM note", &[]), Err(Error::Other(text)) if text.contains("nothing"))
        );
    }

    #[test]
    fn returning_is_done_wholly_though_only_one_row_is_read() {
        let mut db = noted();
        let first = db.int(
            "INSERT INTO note (id) VALUES (1), (2), (3) RETURNING id",
            &[],
        );
        assert_eq!(first, Ok(Some(1)));
        assert_eq!(db.int(COUNT, &[]), Ok(Some(3)));
    }

    #[test]
    fn lists_keep_values_and_positions() {
        let mut db = Sqlite::memory().unwrap();
        let ints = db.all(
            "SELECT v, n FROM {ints $1} AS l ORDER BY n",
            &[Val::Text("[7,5,7]")],
            |row| (row.int(0), row.int(1)),
        );
        assert_eq!(ints, Ok(vec![(7, 0), (5, 1), (7, 2)]));
        let texts = db.all(
            "SELECT v FROM {texts $2} AS l WHERE n >= $1",
            &[Val::Int(1), Val::Text(r#"["a","群"]"#)],
            |row| row.text(0).to_owned(),
        );
        assert_eq!(texts, Ok(vec!["群".to_owned()]));
    }

    #[test]
    fn a_second_row_of_the_same_key_is_named() {
        let mut db = noted();
        let row = [Own::Int(1), Own::Null];
        db.insert(&NOTE, &row).unwrap();
        assert_eq!(
            db.insert(&NOTE, &row),
            Err(Error::Unique("UNIQUE constraint failed: note.id".into()))
        );
    }

    #[test]
    fn rows_are_added_in_order_however_many() {
        for count in [0, 1, 7, 8, 63, 64, 65, 200] {
            let mut db = noted();
            let values: Vec<Own> = (0..count)
                .flat_map(|id| [Own::Int(id), Own::Text(id.to_string().into())])
                .collect();
            db.insert(&NOTE, &values).unwrap();
            let rows = db.all("SELECT id, body FROM note ORDER BY id", &[], |row| {
                assert_eq!(row.text(1), row.int(0).to_string());
                row.int(0)
            });
            assert_eq!(rows, Ok((0..count).collect::<Vec<_>>()));
        }
    }

    #[test]
    fn a_snapshot_refuses_to_write() {
        let mut db = noted();
        let refused =
            db.snapshot(|read| read.int("INSERT INTO note (id) VALUES (1) RETURNING id", &[]));
        assert!(matches!(refused, Err(Error::Other(_))));
        assert_eq!(db.snapshot(|read| read.int(COUNT, &[])), Ok(Some(0)));
        assert!(!db.in_transaction());
    }

    #[test]
    fn migrations_run_once_and_in_order() {
        const FIRST: &str = "CREATE TABLE meta (key {text} PRIMARY KEY, value {text} NOT NULL);\nCREATE TABLE a (n {int});";
        const SECOND: &str = "-- the first's row\nINSERT INTO a VALUES (1);";
        let mut db = Sqlite::memory().unwrap();
        migrate::run(&mut db, &[FIRST]).unwrap();
        migrate::run(&mut db, &[FIRST, SECOND]).unwrap();
        migrate::run(&mut db, &[FIRST, SECOND]).unwrap();
        assert_eq!(db.int("SELECT COUNT(*) FROM a", &[]), Ok(Some(1)));
        assert_eq!(db.schema(), Ok(2));

        let failed = migrate::run(
            &mut db,
            &[
                FIRST,
                SECOND,
                "INSERT INTO a VALUES (2);\nINSERT INTO nowhere VALUES (1);",
            ],
        );
        assert!(matches!(failed, Err(Error::Other(text)) if text.contains("migration 3")));
        assert_eq!(db.int("SELECT COUNT(*) FROM a", &[]), Ok(Some(1)));
        assert_eq!(db.schema(), Ok(2));
        assert_eq!(
            migrate::run(&mut db, &[FIRST]),
            Err(Error::NewerSchema { found: 2, known: 1 })
        );
    }

    #[test]
    fn preparing_names_what_fails() {
        prepare_all_sqlite(&["SELECT last_id FROM lane WHERE lane = $1"]).unwrap();
        let failed = prepare_all_sqlite(&["SELECT 1", "SELECT missing FROM lane"]);
        assert!(
            matches!(failed, Err(Error::Other(text)) if text.contains("SELECT missing FROM lane"))
        );
    }
}
