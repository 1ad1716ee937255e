//! The seam: values, rows, reading and writing, whichever engine is behind it.

/// What every function of the store answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the store could not do what it was asked.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The database cannot be reached, is closed, or its file cannot be read or written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row with the same key exists already; the text names the columns.
    #[error("a row with this key exists already: {0}")]
    Unique(String),
    /// No room is left where the database lives.
    #[error("no space is left for the database")]
    Full,
    /// Another process has the directory open.
    #[error(
        "the data directory {0} is in use by another process; stop it or name another directory"
    )]
    Locked(String),
    /// A newer program has written this database.
    #[error(
        "the database has schema {found}, but this program knows schemas up to {known}; start the newer program that wrote it"
    )]
    NewerSchema {
        /// The schema number found in the database.
        found: i64,
        /// The newest schema number this program knows.
        known: i64,
    },
    /// The file is damaged, or no database at all.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// Anything else; mostly a mistake in a statement.
    #[error("{0}")]
    Other(String),
}

/// A value bound to a parameter. Times and counts are `Int`, JSON is `Text`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Val<'a> {
    /// SQL's NULL.
    Null,
    /// A 64-bit number, a time, or 0 and 1 for a boolean.
    Int(i64),
    /// Text without NUL.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl From<i64> for Val<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Val<'_> {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u32> for Val<'_> {
    fn from(value: u32) -> Self {
        Self::Int(value.into())
    }
}

impl From<bool> for Val<'_> {
    fn from(value: bool) -> Self {
        Self::Int(value.into())
    }
}

impl<'a> From<&'a str> for Val<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Val<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Val<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(value)
    }
}

impl<'a, T> From<Option<T>> for Val<'a>
where
    Val<'a>: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// One row of an answer; columns are counted from 0.
///
/// A column of another type than asked for is a mistake in our own SQL and panics.
pub trait Row {
    /// The number in column `i`.
    fn int(&self, i: usize) -> i64;
    /// The text in column `i`.
    fn text(&self, i: usize) -> &str;
    /// The bytes in column `i`.
    fn bytes(&self, i: usize) -> &[u8];
    /// Whether column `i` is NULL.
    fn is_null(&self, i: usize) -> bool;

    /// The boolean in column `i`.
    fn flag(&self, i: usize) -> bool {
        self.int(i) != 0
    }
    /// The number in column `i`, or `None` for NULL.
    fn opt_int(&self, i: usize) -> Option<i64> {
        (!self.is_null(i)).then(|| self.int(i))
    }
    /// The text in column `i`, or `None` for NULL.
    fn opt_text(&self, i: usize) -> Option<&str> {
        (!self.is_null(i)).then(|| self.text(i))
    }
}

/// Reading: from a snapshot, or inside a transaction with its own changes.
pub trait Read {
    /// Calls `row` for each row of the answer; its first error ends the walk and is returned.
    ///
    /// In a transaction the statement may be one with `RETURNING`.
    fn each(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()>;
}

/// Reading and writing inside the writer's transaction.
pub trait Tx: Read {
    /// Runs a statement without an answer and tells how many rows it touched.
    ///
    /// Whoever means to go on after an error runs this in a [`savepoint`](Tx::savepoint).
    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64>;
    /// Adds one row, `row` in the order of the table's columns.
    ///
    /// Only for tables whose ids come from [`Ids`](crate::Ids) and whose constraints cannot fail:
    /// the row may reach the engine as late as at the end of the batch.
    fn append(&mut self, table: &'static Append, row: &[Val<'_>]) -> Result<()>;
    /// Runs `f`; if it fails, what it wrote is taken back and its error returned.
    fn savepoint(&mut self, f: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()>;
    /// The reading half, for functions that only read.
    fn as_read(&mut self) -> &mut dyn Read;
}

/// Shapes of answers that are asked for often.
pub trait ReadExt: Read {
    /// The first row, if there is one.
    fn one<T>(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        mut map: impl FnMut(&dyn Row) -> T,
    ) -> Result<Option<T>> {
        let mut found = None;
        let walk = self.each(sql, vals, &mut |row| {
            found = Some(map(row));
            // The row is here: this only ends the walk.
            Err(Error::Other(String::new()))
        });
        match (found, walk) {
            (Some(value), _) => Ok(Some(value)),
            (None, walk) => walk.map(|()| None),
        }
    }

    /// Every row.
    fn all<T>(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        mut map: impl FnMut(&dyn Row) -> T,
    ) -> Result<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, vals, &mut |row| {
            rows.push(map(row));
            Ok(())
        })?;
        Ok(rows)
    }

    /// The first `limit` rows that `pick` takes; the walk ends with the last of them.
    fn first<T>(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        limit: usize,
        mut pick: impl FnMut(&dyn Row) -> Option<T>,
    ) -> Result<Vec<T>> {
        let mut picked = Vec::new();
        let walk = self.each(sql, vals, &mut |row| {
            picked.extend(pick(row));
            if picked.len() < limit {
                Ok(())
            } else {
                Err(Error::Other(String::new()))
            }
        });
        if picked.len() < limit {
            walk?;
        }
        Ok(picked)
    }

    /// The number in the first row's first column; `None` without a row and for NULL.
    fn int(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<Option<i64>> {
        Ok(self.one(sql, vals, |row| row.opt_int(0))?.flatten())
    }

    /// Whether there is a row.
    fn exists(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<bool> {
        Ok(self.one(sql, vals, |_| ())?.is_some())
    }
}

impl<R: Read + ?Sized> ReadExt for R {}

/// A table that is only ever added to. Made once, as a constant.
#[derive(Debug)]
pub struct Append {
    /// The table's name.
    pub table: &'static str,
    /// The columns that each row gives, in this order.
    pub columns: &'static [&'static str],
}

impl Append {
    /// The statement that adds one row, still to be translated.
    pub(crate) fn insert(&self) -> String {
        let values: Vec<String> = (1..=self.columns.len()).map(|n| format!("${n}")).collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            self.columns.join(", "),
            values.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_from_what_code_has() {
        assert_eq!(Val::from(true), Val::Int(1));
        assert_eq!(Val::from(7_u32), Val::Int(7));
        assert_eq!(Val::from(-7_i32), Val::Int(-7));
        assert_eq!(Val::from(&String::from("a")), Val::Text("a"));
        assert_eq!(Val::from(Some("a")), Val::Text("a"));
        assert_eq!(Val::from(None::<i64>), Val::Null);
        assert_eq!(Val::from(Some(&b"a"[..])), Val::Bytes(b"a"));
    }

    #[test]
    fn append_names_each_column_and_parameter() {
        let table = Append {
            table: "note",
            columns: &["corp", "id", "body"],
        };
        assert_eq!(
            table.insert(),
            "INSERT INTO note (corp, id, body) VALUES ($1, $2, $3)"
        );
    }
}
