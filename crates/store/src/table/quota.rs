//! What was spent of limits. One row per limit, scope and node; it holds its newest window only.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    GET = "SELECT CAST(SUM(CASE WHEN start = $4 THEN amount ELSE 0 END) AS BIGINT), MAX(blocked) FROM quota WHERE corp = $1 AND key = $2 AND scope = $3";
    ADD = "INSERT INTO quota (corp, key, scope, node, start, amount, blocked) VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT (corp, key, scope, node) DO UPDATE SET amount = CASE WHEN quota.start = excluded.start THEN quota.amount + excluded.amount ELSE excluded.amount END, start = excluded.start";
    BLOCK = "INSERT INTO quota (corp, key, scope, node, start, amount, blocked) VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (corp, key, scope, node) DO UPDATE SET blocked = excluded.blocked";
    SWEEP = "DELETE FROM quota WHERE start < $1 AND blocked < $1";
}

/// What was spent in the window that starts at `start`, and until when it is blocked (ms UTC, 0: not).
pub fn get(
    read: &mut dyn Read,
    corp: i64,
    key: &str,
    scope: &str,
    start: i64,
) -> Result<(i64, i64)> {
    let row = read.one(
        GET,
        &[corp.into(), key.into(), scope.into(), start.into()],
        |row| (row.opt_int(0).unwrap_or(0), row.opt_int(1).unwrap_or(0)),
    )?;
    Ok(row.unwrap_or_default())
}

/// Adds to what was spent.
pub fn add(
    tx: &mut dyn Tx,
    corp: i64,
    key: &str,
    scope: &str,
    node: i64,
    start: i64,
    amount: i64,
) -> Result<()> {
    let vals = [
        corp.into(),
        key.into(),
        scope.into(),
        node.into(),
        start.into(),
        amount.into(),
    ];
    tx.exec(ADD, &vals).map(drop)
}

/// Blocks until a time, ms UTC.
pub fn block(
    tx: &mut dyn Tx,
    corp: i64,
    key: &str,
    scope: &str,
    node: i64,
    start: i64,
    until: i64,
) -> Result<()> {
    let vals = [
        corp.into(),
        key.into(),
        scope.into(),
        node.into(),
        start.into(),
        until.into(),
    ];
    tx.exec(BLOCK, &vals).map(drop)
}

/// Drops rows of windows and blocks that ended before a time, ms UTC.
pub fn sweep(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.exec(SWEEP, &[before.into()])
}
