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
    /// Another transaction stood in the way; done again by itself it may go through.
    #[error("another transaction stood in the way: {0}")]
    Conflict(String),
    /// The job goes on only where its batch holds this company in this way. The writer sees to it and runs the job again.
    #[error("the job must hold company {0} first ({1:?})")]
    Elsewhere(i64, Effect),
    /// Anything else; mostly a mistake in a statement.
    #[error("{0}")]
    Other(String),
}

/// What a job does to its company's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Only adds rows: may run beside others of the company.
    Append,
    /// Anything else: runs alone in its company.
    Change,
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

impl Val<'_> {
    fn is_not(self, column: usize, wanted: &str) -> ! {
        let kind = match self {
            Val::Null => "NULL",
            Val::Int(_) => "a number",
            Val::Text(_) => "text",
            Val::Bytes(_) => "bytes",
        };
        panic!("column {column} is {kind}, not {wanted}")
    }
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
    /// How many columns there are.
    fn width(&self) -> usize;
    /// What is in column `i`.
    fn val(&self, i: usize) -> Val<'_>;

    /// The number in column `i`.
    fn int(&self, i: usize) -> i64 {
        match self.val(i) {
            Val::Int(value) => value,
            other => other.is_not(i, "a number"),
        }
    }
    /// The text in column `i`.
    fn text(&self, i: usize) -> &str {
        match self.val(i) {
            Val::Text(value) => value,
            other => other.is_not(i, "text"),
        }
    }
    /// The bytes in column `i`.
    fn bytes(&self, i: usize) -> &[u8] {
        match self.val(i) {
            Val::Bytes(value) => value,
            other => other.is_not(i, "bytes"),
        }
    }
    /// Whether column `i` is NULL.
    fn is_null(&self, i: usize) -> bool {
        self.val(i) == Val::Null
    }
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
    /// Says whose rows the job goes on to read and change, and how, before it does; 0 stands for what belongs to no company.
    ///
    /// Where other writers share the database and the batch does not hold the company so, this fails with
    /// [`Error::Elsewhere`]: give that back, and the job is run again in a batch that does.
    fn enter(&mut self, corp: i64, effect: Effect) -> Result<()>;
    /// Runs a statement without an answer and tells how many rows it touched.
    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64>;
    /// Adds one row, `row` in the order of the table's columns.
    ///
    /// Only for tables whose ids come from [`Ids`](crate::Ids) and whose constraints cannot fail:
    /// the row may reach the engine as late as at the end of the batch.
    fn append(&mut self, table: &'static Append, row: &[Val<'_>]) -> Result<()>;
    /// What was spent of a counter in the window that starts at `start`, ms UTC.
    fn spent(&mut self, counter: &Counter<'_>, start: i64) -> Result<Spent>;
    /// Adds to what was spent in a window. May reach the engine as late as at the end of the batch.
    fn spend(&mut self, counter: &Counter<'_>, start: i64, amount: i64) -> Result<()>;
    /// Blocks a counter until a time, ms UTC.
    fn block(&mut self, counter: &Counter<'_>, start: i64, until: i64) -> Result<()>;
    /// The reading half, for functions that only read.
    fn as_read(&mut self) -> &mut dyn Read;
}

/// What something is counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter<'a> {
    /// The company, 0 for none.
    pub corp: i64,
    /// The limit's public name.
    pub key: &'a str,
    /// For what within the company; empty for all of it.
    pub scope: &'a str,
}

/// What was spent of a counter in one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// As far as it is committed, by every writer, and what this batch has added.
    pub amount: i64,
    /// What this batch has added of that.
    pub here: i64,
    /// Until when the counter is blocked, ms UTC; 0: not.
    pub blocked: i64,
    /// How many writers may be adding at this moment; 1 where the batch holds the company alone.
    pub writers: i64,
}

impl Spent {
    /// Whether `amount` more stays within `most` whatever other writers are adding at the same time.
    ///
    /// Up to half of a limit every writer may add its share of a quarter in one batch: all shares together fit into the
    /// other half, also if writers have joined since they were counted. Beyond, [`Tx::enter`] alone, and the amount is exact.
    pub fn is_certain(&self, amount: i64, most: i64) -> bool {
        self.writers <= 1
            || (self.amount - self.here <= most / 2
                && self.here.saturating_add(amount) <= most / (4 * self.writers.max(4)))
    }
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
    pub columns: &'static [(&'static str, Kind)],
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Int,
    /// Text.
    Text,
}

impl Append {
    /// The columns' names, with commas between.
    pub(crate) fn names(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        names.join(", ")
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
    fn shares_of_all_writers_never_exceed_a_limit() {
        for most in [0, 1, 9, 63, 64, 1000, 20_000, i64::MAX] {
            for writers in 2..20 {
                // Every writer has seen half the limit spent, and each adds as much as it may.
                let seen = Spent {
                    amount: most / 2,
                    writers,
                    ..Spent::default()
                };
                let share = most / (4 * writers.max(4));
                assert!(seen.is_certain(share, most));
                assert!(share == i64::MAX || !seen.is_certain(share + 1, most));
                let all = i128::from(share) * i128::from(writers) + i128::from(most / 2);
                assert!(all <= i128::from(most), "{most} {writers}");
                let later = Spent {
                    amount: most / 2 + 1,
                    writers,
                    ..Spent::default()
                };
                assert!(!later.is_certain(1, most));
            }
        }
        let alone = Spent {
            amount: 9,
            writers: 1,
            ..Spent::default()
        };
        assert!(
            alone.is_certain(100, 10),
            "alone, the amount is exact and the caller compares"
        );
    }
}
