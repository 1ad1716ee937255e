//! What SQLite's planner is told of the tables.
//!
//! Without figures it takes a company for ten rows, and reads all of it where an index by group or by person would do.
//! Measured figures would make a plan depend on what a database held when it was measured. So all databases get the same
//! ones: of a company that is large in everything.

use rusqlite::{Connection, Result};

/// So many rows has every table.
const ROWS: u64 = 1_000_000;
/// What an index says that is on one kind of groups only, of which there may be few.
const ONE_KIND: &str = " kind = ";
/// Among how many rows is one with the same value of a column.
const ONE_IN: u64 = 1_000;
/// The same for columns that narrow little. A company has half of all: the planner ignores an index whose first column
/// narrows nothing.
const ONE_IN_FEW: [(&str, u64); 4] = [("corp", 2), ("lane", 1), ("kind", 10), ("status", 10)];

/// Table, index and figures, as `sqlite_stat1` has them.
type Figures = (String, String, String);

/// Gives a database its figures, unless it has them.
pub(crate) fn inform(conn: &Connection) -> Result<()> {
    let figures = figures(conn)?;
    if known(conn)? == figures {
        return Ok(());
    }
    let tx = conn.unchecked_transaction()?;
    // Makes the table of figures; measuring this small table costs nothing.
    tx.execute_batch("ANALYZE meta; DELETE FROM sqlite_stat1")?;
    if tx.table_exists(None, "sqlite_stat4")? {
        tx.execute("DELETE FROM sqlite_stat4", [])?;
    }
    let mut insert = tx.prepare("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (?1, ?2, ?3)")?;
    for figure in &figures {
        insert.execute(rusqlite::params![figure.0, figure.1, figure.2])?;
    }
    drop(insert);
    tx.commit()?;
    // Reads the figures again, and measures nothing.
    conn.execute_batch("ANALYZE sqlite_schema")
}

fn known(conn: &Connection) -> Result<Vec<Figures>> {
    if !conn.table_exists(None, "sqlite_stat1")? {
        return Ok(Vec::new());
    }
    let mut known =
        conn.prepare("SELECT tbl, COALESCE(idx, ''), stat FROM sqlite_stat1 ORDER BY tbl, idx")?;
    let rows = known.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn figures(conn: &Connection) -> Result<Vec<Figures>> {
    let mut indexes = conn.prepare(
        "SELECT t.name, i.name, i.\"unique\", i.origin, t.wr, COALESCE(s.sql, '') \
         FROM pragma_table_list AS t, pragma_index_list(t.name) AS i LEFT JOIN sqlite_schema s ON s.name = i.name \
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )?;
    let mut columns = conn.prepare("SELECT name FROM pragma_index_info(?1) ORDER BY seqno")?;
    let mut figures = Vec::new();
    let mut rows = indexes.query([])?;
    while let Some(row) = rows.next()? {
        let (table, index): (String, String) = (row.get(0)?, row.get(1)?);
        let (unique, origin): (bool, String) = (row.get(2)?, row.get(3)?);
        let (without_rowid, sql): (bool, String) = (row.get(4)?, row.get(5)?);
        let columns = columns.query_map([&index], |row| row.get::<_, Option<String>>(0))?;
        let columns = columns.collect::<Result<Vec<_>>>()?;
        // A table that is its own primary key stands under its name.
        let name = if origin == "pk" && without_rowid {
            table.clone()
        } else {
            index
        };
        let rows = if sql.contains(ONE_KIND) {
            ROWS / 10
        } else {
            ROWS
        };
        figures.push((table, name, stat(rows, &columns, unique)));
    }
    figures.sort();
    Ok(figures)
}

/// The number of rows, and how many of them share a value of the first column, of the first two, and so on.
fn stat(mut rows: u64, columns: &[Option<String>], unique: bool) -> String {
    let mut text = rows.to_string();
    for (place, column) in columns.iter().enumerate() {
        let column = column.as_deref().unwrap_or_default();
        let few = ONE_IN_FEW.iter().find(|(name, _)| *name == column);
        rows /= few.map_or(ONE_IN, |(_, one_in)| *one_in);
        if unique && place + 1 == columns.len() {
            rows = 1;
        }
        text.push_str(&format!(" {}", rows.max(1)));
    }
    // Otherwise it would go from company to company where one is asked for.
    text + " noskipscan"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{migrate, sqlite::Sqlite};

    fn columns(names: &str) -> Vec<Option<String>> {
        names.split(' ').map(|name| Some(name.to_owned())).collect()
    }

    #[test]
    fn a_company_and_a_lane_narrow_little() {
        let whole = stat(ROWS, &columns("corp lane id"), true);
        assert_eq!(whole, "1000000 500000 500000 1 noskipscan");
        let by_chat = stat(ROWS, &columns("corp chat lane id app"), false);
        assert_eq!(by_chat, "1000000 500000 500 500 1 1 noskipscan");
        let by_kind = stat(ROWS / 10, &columns("corp kind chat"), false);
        assert_eq!(by_kind, "100000 50000 5000 5 noskipscan");
    }

    /// Steps that read all rows, all that a company has, or all after a key: because all of it is wanted, a page of it, or
    /// its first or last row.
    const WHOLE: &[&str] = &[
        "SCAN address",
        "SCAN b USING INDEX sqlite_autoindex_blob_chunk_1",
        "SCAN blob_chunk USING COVERING INDEX sqlite_autoindex_blob_chunk_1",
        "SCAN c",
        "SCAN callback_event USING COVERING INDEX callback_event_waiting",
        "SCAN callback_queue",
        "SCAN company",
        "SCAN lane",
        "SCAN media",
        "SCAN media USING COVERING INDEX media_by_blob",
        "SCAN message_once",
        "SCAN n",
        "SCAN quota",
        "SEARCH app USING PRIMARY KEY (corp=? AND app>?)",
        "SEARCH app USING PRIMARY KEY (corp=?)",
        "SEARCH app_range USING PRIMARY KEY (corp=?)",
        "SEARCH b USING PRIMARY KEY (corp=?)",
        "SEARCH bot USING PRIMARY KEY (corp=?)",
        "SEARCH callback_event USING PRIMARY KEY (corp=? AND id<?)",
        "SEARCH chat USING COVERING INDEX chat_listed (corp=? AND chat>?)",
        "SEARCH chat USING COVERING INDEX chat_listed (corp=?)",
        "SEARCH chat USING INDEX chat_internal (corp=? AND chat>?)",
        "SEARCH company USING PRIMARY KEY (corp=?)",
        "SEARCH customer USING PRIMARY KEY (corp=? AND customer<?)",
        "SEARCH customer USING PRIMARY KEY (corp=?)",
        "SEARCH d USING PRIMARY KEY (corp=? AND (person,department)>(?,?))",
        "SEARCH department USING COVERING INDEX department_by_parent (corp=?)",
        "SEARCH department USING PRIMARY KEY (corp=?)",
        "SEARCH g USING COVERING INDEX group_day_by_day (corp=? AND day<?)",
        "SEARCH g USING COVERING INDEX group_day_by_day (corp=?)",
        "SEARCH hosting USING PRIMARY KEY (corp=?)",
        "SEARCH join_way USING PRIMARY KEY (corp=? AND way>?)",
        "SEARCH join_way_count USING PRIMARY KEY (corp=?)",
        "SEARCH person USING PRIMARY KEY (corp=? AND person>?)",
        "SEARCH person USING PRIMARY KEY (corp=?)",
        "SEARCH room_label USING PRIMARY KEY (corp=?)",
        "SEARCH rule USING PRIMARY KEY (corp=?)",
        "SEARCH tag USING COVERING INDEX tag_by_name (corp=?)",
        "SEARCH tag USING PRIMARY KEY (corp=?)",
    ];

    fn plans() -> Vec<(&'static str, Vec<String>)> {
        let mut db = Sqlite::memory().unwrap();
        migrate::run(&mut db, migrate::FILES).unwrap();
        db.inform().unwrap();
        let statements = crate::table::statements().into_iter();
        statements.map(|sql| (sql, db.plan(sql))).collect()
    }

    #[test]
    fn nothing_reads_more_of_a_company_than_it_needs() {
        let mut seen = BTreeSet::new();
        for (sql, steps) in plans() {
            for step in steps {
                let after = step.rsplit_once("(corp=?").map(|(_, after)| after);
                let ranges = after.is_some_and(|after| {
                    let next = after.strip_prefix(" AND ").unwrap_or(after);
                    !next.split(" AND ").next().unwrap_or_default().contains('=')
                });
                let scans = step.starts_with("SCAN") && !step.contains("VIRTUAL TABLE");
                if !ranges && !scans {
                    continue;
                }
                assert!(WHOLE.contains(&step.as_str()), "{step}: {sql}");
                seen.insert(step);
            }
        }
        for step in WHOLE {
            assert!(
                seen.contains(*step),
                "nothing has this step any more: {step}"
            );
        }
    }

    #[test]
    fn what_a_list_names_is_found_one_by_one() {
        let lists = plans().into_iter().filter(|(sql, _)| {
            // Only the answer for one company is meant: these ask for companies by a list.
            (sql.contains("{ints") || sql.contains("{texts")) && !sql.contains("corp IN (")
        });
        let mut seen = 0;
        for (sql, steps) in lists {
            for step in steps {
                let whole = step.starts_with("SEARCH") && step.ends_with("(corp=?)");
                assert!(!whole, "{step}: {sql}");
            }
            seen += 1;
        }
        assert!(seen > 10, "{seen}");
    }

    #[test]
    fn figures_are_given_once() {
        let mut db = Sqlite::memory().unwrap();
        migrate::run(&mut db, migrate::FILES).unwrap();
        assert_eq!(known(db.connection()).unwrap(), []);
        db.inform().unwrap();
        let told = known(db.connection()).unwrap();
        assert_eq!(told, figures(db.connection()).unwrap());
        assert!(
            told.iter()
                .any(|(table, index, _)| table == "chat" && index == "chat")
        );
        // Somebody measured: the same figures are there again.
        db.connection().execute_batch("ANALYZE").unwrap();
        assert_ne!(known(db.connection()).unwrap(), told);
        db.inform().unwrap();
        assert_eq!(known(db.connection()).unwrap(), told);
        let changes = db.connection().total_changes();
        db.inform().unwrap();
        assert_eq!(db.connection().total_changes(), changes);
    }
}
