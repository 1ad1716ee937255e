//! Brings a database to the schema this program knows: numbered files, one transaction each.

use crate::db::{Error, Result};
use crate::dialect::{Dialect, translate};

/// Every migration in order; the schema's number is the position, from 1. Never edit a released one.
pub(crate) const FILES: &[&str] = &[
    include_str!("../migrations/0001_lane.sql"),
    include_str!("../migrations/0002_internal_groups.sql"),
    include_str!("../migrations/0003_callbacks.sql"),
    include_str!("../migrations/0004_customer_groups.sql"),
    include_str!("../migrations/0005_messages_to_people.sql"),
    include_str!("../migrations/0006_directory.sql"),
    include_str!("../migrations/0007_cards.sql"),
    include_str!("../migrations/0008_join_ways.sql"),
    include_str!("../migrations/0009_statistics.sql"),
    include_str!("../migrations/0010_rooms.sql"),
    include_str!("../migrations/0011_listing_customer_groups.sql"),
];

/// What a migration needs of an engine.
pub(crate) trait Target {
    const DIALECT: Dialect;
    /// Begins a transaction that keeps other programs from migrating meanwhile.
    fn begin(&mut self) -> Result<()>;
    fn commit(&mut self) -> Result<()>;
    fn rollback(&mut self);
    /// The schema's number; 0 for an empty database.
    fn schema(&mut self) -> Result<i64>;
    /// Runs one translated statement.
    fn statement(&mut self, sql: &str) -> Result<()>;
}

/// Applies those of `files` that the database has not seen.
pub(crate) fn run<T: Target>(target: &mut T, files: &[&str]) -> Result<()> {
    loop {
        target.begin()?;
        match step(target, files) {
            Ok(more) => {
                target.commit()?;
                if !more {
                    return Ok(());
                }
            }
            Err(error) => {
                target.rollback();
                return Err(error);
            }
        }
    }
}

/// Applies the next file, if there is one.
fn step<T: Target>(target: &mut T, files: &[&str]) -> Result<bool> {
    let known = files.len() as i64;
    let found = target.schema()?;
    if found > known {
        return Err(Error::NewerSchema { found, known });
    }
    let Some(file) = usize::try_from(found).ok().and_then(|at| files.get(at)) else {
        return Ok(false);
    };
    let number = found + 1;
    for statement in split(&translate(file, T::DIALECT)?) {
        target.statement(statement).map_err(|error| {
            Error::Other(format!(
                "migration {number} failed: {error} in: {statement}"
            ))
        })?;
    }
    target.statement("DELETE FROM meta WHERE key = 'schema'")?;
    target.statement(&format!(
        "INSERT INTO meta (key, value) VALUES ('schema', '{number}')"
    ))?;
    Ok(true)
}

/// The schema's number as `meta` writes it.
pub(crate) fn number(text: &str) -> Result<i64> {
    text.parse()
        .map_err(|_| Error::Corrupt(format!("the schema's number is {text:?}")))
}

/// Cuts where a line ends with a semicolon.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            end += line.len();
            if line.trim_end().ends_with(';') {
                break;
            }
        }
        let (statement, after) = rest.split_at(end);
        rest = after;
        Some(statement.trim().trim_end_matches(';'))
    })
    .filter(|statement| !statement.is_empty())
}

/// What groups were before they were listed from an index of their own, and a question that finds all four of them well
/// afterwards.
#[cfg(test)]
pub(crate) mod story {
    use super::{FILES, Target, run};

    pub(crate) const AFTER: &str = "SELECT COUNT(*) FROM chat c \
        LEFT JOIN customer_group g ON g.corp = c.corp AND g.chat = c.chat \
        WHERE c.chat = 1 AND c.notice IS NULL AND c.version IS NULL AND g.chat IS NULL \
        OR c.chat = 2 AND c.notice = 'n' AND c.version = 7 AND g.chat IS NULL \
        OR c.chat = 3 AND c.notice = 'm' AND c.version = 8 AND g.opengid = 'o' AND g.messages = 5 \
        OR c.chat = 4 AND c.notice = '' AND c.version = 9 AND g.chat IS NULL";

    pub(crate) fn tell<T: Target>(target: &mut T) {
        run(target, &FILES[..10]).unwrap();
        for statement in [
            "INSERT INTO chat (corp, chat, chatid, app, name, search, owner, member_count, created, kind) VALUES \
             (1, 1, 'a', 1, '', '', 1, 3, 0, 0), (1, 2, 'b', 0, '', '', 1, 3, 0, 1), \
             (1, 3, 'c', 0, '', '', 1, 3, 0, 1), (1, 4, 'd', 0, '', '', 1, 3, 0, 2)",
            "INSERT INTO customer_group (corp, chat, notice, version, opengid, messages) VALUES \
             (1, 2, 'n', 7, NULL, 0), (1, 3, 'm', 8, 'o', 5), (1, 4, '', 9, NULL, 0)",
        ] {
            target.statement(statement).unwrap();
        }
        run(target, FILES).unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_a_line_does() {
        let text =
            "\nCREATE TABLE a (\n  b INTEGER\n);\n\nINSERT INTO a VALUES ('x;y');  \nSELECT 1\n\n";
        let parts: Vec<&str> = split(text).collect();
        assert_eq!(
            parts,
            [
                "CREATE TABLE a (\n  b INTEGER\n)",
                "INSERT INTO a VALUES ('x;y')",
                "SELECT 1"
            ]
        );
        assert_eq!(split("\n \n").count(), 0);
    }
}
