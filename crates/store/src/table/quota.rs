//! What was spent of limits. One row per limit, scope and node; it holds its newest window only.

use crate::db::Counter;
use crate::{Read, ReadExt, Result, Tx};

statements! {
    GET = "SELECT CAST(SUM(CASE WHEN start = $4 THEN amount ELSE 0 END) AS BIGINT), MAX(blocked) FROM quota WHERE corp = $1 AND key = $2 AND scope = $3";
    LOAD = "SELECT node, start, amount, blocked FROM quota WHERE corp = $1 AND key = $2 AND scope = $3";
    KEEP = "INSERT INTO quota (corp, key, scope, node, start, amount, blocked) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (corp, key, scope, node) DO UPDATE SET start = excluded.start, amount = excluded.amount, blocked = excluded.blocked";
    SWEEP = "DELETE FROM quota WHERE start < $1 AND blocked < $1";
}

/// What a node has spent of a counter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// The start of the window, ms UTC.
    pub(crate) start: i64,
    /// What was spent in it.
    pub(crate) amount: i64,
    /// Until when the counter is blocked, ms UTC; 0: not.
    pub(crate) blocked: i64,
}

/// What was spent in the window that starts at `start`, and until when it is blocked (ms UTC, 0: not).
pub fn get(read: &mut dyn Read, counter: &Counter<'_>, start: i64) -> Result<(i64, i64)> {
    let vals = [
        counter.corp.into(),
        counter.key.into(),
        counter.scope.into(),
        start.into(),
    ];
    let row = read.one(GET, &vals, |row| {
        (row.opt_int(0).unwrap_or(0), row.opt_int(1).unwrap_or(0))
    })?;
    Ok(row.unwrap_or_default())
}

/// What each node has spent.
pub(crate) fn load(read: &mut dyn Read, counter: &Counter<'_>) -> Result<Vec<(i64, Tally)>> {
    let vals = [
        counter.corp.into(),
        counter.key.into(),
        counter.scope.into(),
    ];
    read.all(LOAD, &vals, |row| {
        let tally = Tally {
            start: row.int(1),
            amount: row.int(2),
            blocked: row.int(3),
        };
        (row.int(0), tally)
    })
}

/// Writes what a node has spent: the statement and its values.
pub(crate) fn keep<T>(
    counter: &Counter<'_>,
    node: i64,
    tally: Tally,
    run: impl FnOnce(&'static str, &[crate::Val<'_>]) -> T,
) -> T {
    let vals = [
        counter.corp.into(),
        counter.key.into(),
        counter.scope.into(),
        node.into(),
        tally.start.into(),
        tally.amount.into(),
        tally.blocked.into(),
    ];
    run(KEEP, &vals)
}

/// Drops rows of windows and blocks that ended before a time, ms UTC.
pub fn sweep(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.exec(SWEEP, &[before.into()])
}
