//! One SQL text for both engines.
//!
//! | Written | SQLite | PostgreSQL |
//! |---|---|---|
//! | `$1` | `?1` | `$1` |
//! | `{int}` | `INTEGER` | `BIGINT` |
//! | `{text}` | `TEXT` | `TEXT COLLATE "C"` |
//! | `{blob}` | `BLOB` | `BYTEA` |
//! | `{without_rowid}` | `WITHOUT ROWID` | nothing |
//! | `{ints $1}`, `{texts $1}` | a subselect over a JSON array: columns `v` (the value), `n` (its position from 0) | the same |
//!
//! Comments are dropped; text in single quotes is left alone.

use crate::db::{Error, Result};

/// Whose SQL is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

/// `sql` as `dialect` writes it. An unknown token is an error.
pub(crate) fn translate(sql: &str, dialect: Dialect) -> Result<String> {
    let wrong = |what: &str| Error::Other(format!("{what} in: {sql}"));
    let mut out = String::with_capacity(sql.len() + 64);
    let mut rest = sql;
    while let Some(at) = rest.find(['\'', '$', '{', '-']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let used = match rest.as_bytes()[0] {
            b'\'' => {
                let end = rest[1..]
                    .find('\'')
                    .ok_or_else(|| wrong("a quote is not closed"))?
                    + 2;
                out.push_str(&rest[..end]);
                end
            }
            b'-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            b'-' => {
                out.push('-');
                1
            }
            b'$' => {
                let digits = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                out.push_str(
                    &parameter(&rest[..=digits], dialect).ok_or_else(|| wrong("a bare $"))?,
                );
                digits + 1
            }
            _ => {
                let end = rest
                    .find('}')
                    .ok_or_else(|| wrong("a brace is not closed"))?;
                let token = &rest[1..end];
                let text =
                    expand(token, dialect).ok_or_else(|| wrong(&format!("unknown {{{token}}}")))?;
                out.push_str(&text);
                end + 1
            }
        };
        rest = &rest[used..];
    }
    out.push_str(rest);
    Ok(out)
}

fn parameter(written: &str, dialect: Dialect) -> Option<String> {
    let number: u16 = written.strip_prefix('$')?.parse().ok().filter(|n| *n > 0)?;
    Some(match dialect {
        Dialect::Sqlite => format!("?{number}"),
        Dialect::Postgres => format!("${number}"),
    })
}

fn expand(token: &str, dialect: Dialect) -> Option<String> {
    let (sqlite, postgres) = match token {
        "int" => ("INTEGER", "BIGINT"),
        "text" => ("TEXT", "TEXT COLLATE \"C\""),
        "blob" => ("BLOB", "BYTEA"),
        "without_rowid" => ("WITHOUT ROWID", ""),
        _ => return list(token, dialect),
    };
    Some(match dialect {
        Dialect::Sqlite => sqlite.into(),
        Dialect::Postgres => postgres.into(),
    })
}

fn list(token: &str, dialect: Dialect) -> Option<String> {
    let (kind, written) = token.split_once(' ')?;
    let value = match kind {
        "ints" => "CAST(e.v AS BIGINT)",
        "texts" => "e.v COLLATE \"C\"",
        _ => return None,
    };
    let parameter = parameter(written, dialect)?;
    Some(match dialect {
        Dialect::Sqlite => format!("(SELECT value AS v, key AS n FROM json_each({parameter}))"),
        // The inner cast makes the parameter text, which is what is bound.
        Dialect::Postgres => format!(
            "(SELECT {value} AS v, e.n - 1 AS n FROM jsonb_array_elements_text(CAST(CAST({parameter} AS TEXT) AS jsonb)) WITH ORDINALITY AS e(v, n))"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(sql: &str) -> (String, String) {
        (
            translate(sql, Dialect::Sqlite).unwrap(),
            translate(sql, Dialect::Postgres).unwrap(),
        )
    }

    #[test]
    fn types_of_a_table() {
        let (sqlite, postgres) =
            both("CREATE TABLE t (a {int}, b {text}, c {blob}) {without_rowid}");
        assert_eq!(
            sqlite,
            "CREATE TABLE t (a INTEGER, b TEXT, c BLOB) WITHOUT ROWID"
        );
        assert_eq!(
            postgres,
            "CREATE TABLE t (a BIGINT, b TEXT COLLATE \"C\", c BYTEA) "
        );
    }

    #[test]
    fn parameters_keep_their_numbers() {
        let (sqlite, postgres) = both("SELECT $2 - $1, $10, '$3'");
        assert_eq!(sqlite, "SELECT ?2 - ?1, ?10, '$3'");
        assert_eq!(postgres, "SELECT $2 - $1, $10, '$3'");
    }

    #[test]
    fn quotes_and_comments_are_not_looked_into() {
        let (sqlite, _) = both("SELECT 'it''s {here} -- $1', -1 -- the company's {odd} $\nFROM t");
        assert_eq!(sqlite, "SELECT 'it''s {here} -- $1', -1 \nFROM t");
    }

    #[test]
    fn lists() {
        let (sqlite, postgres) = both("SELECT v FROM {ints $3} AS l");
        assert_eq!(
            sqlite,
            "SELECT v FROM (SELECT value AS v, key AS n FROM json_each(?3)) AS l"
        );
        assert!(
            postgres.contains("CAST(e.v AS BIGINT) AS v, e.n - 1 AS n"),
            "{postgres}"
        );
        assert!(postgres.contains("CAST($3 AS TEXT)"), "{postgres}");
        assert!(both("{texts $1}").1.contains("e.v COLLATE \"C\" AS v"));
    }

    #[test]
    fn mistakes_are_told() {
        for wrong in [
            "{nope}",
            "{ints 3}",
            "{list $1}",
            "{int",
            "SELECT '",
            "SELECT $",
            "$x",
            "$0",
            "{ints $}",
        ] {
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                assert!(
                    matches!(translate(wrong, dialect), Err(Error::Other(_))),
                    "{wrong}"
                );
            }
        }
    }
}
