//! Whom addresses of messages to people reach, kept so that it is worked out once and not for each message.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    GET = "SELECT version, until, audience, people, flawed FROM address WHERE corp = $1 AND hash = $2";
    ANSWER = "SELECT answer FROM address WHERE corp = $1 AND hash = $2";
    PUT = "INSERT INTO address (corp, hash, version, until, audience, people, flawed, answer, made) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (corp, hash) DO UPDATE SET version = excluded.version, until = excluded.until, audience = excluded.audience, people = excluded.people, flawed = excluded.flawed, answer = excluded.answer, made = excluded.made";
    SWEEP = "DELETE FROM address WHERE made < $1";
}

// Not the answers: they may be long.
pub(super) const KEPT: &[&str] = &[GET];

/// Whom an address reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The company's version for which it holds.
    pub version: i64,
    /// Until when it holds, ms UTC.
    pub until: i64,
    /// The audience.
    pub audience: i64,
    /// How many people are in it.
    pub people: i64,
    /// Whether [`answer`] names somebody.
    pub flawed: bool,
}

/// Whom the address with a hash reached when it was last worked out.
pub fn get(read: &mut dyn Read, corp: i64, hash: &str) -> Result<Option<Address>> {
    read.one(GET, &[corp.into(), hash.into()], |row| Address {
        version: row.int(0),
        until: row.int(1),
        audience: row.int(2),
        people: row.int(3),
        flawed: row.flag(4),
    })
}

/// Who was named and is not reached, as [`put`] got it.
pub fn answer(read: &mut dyn Read, corp: i64, hash: &str) -> Result<Option<String>> {
    read.one(ANSWER, &[corp.into(), hash.into()], |row| {
        row.text(0).to_owned()
    })
}

/// Keeps whom an address reaches, found at a time in ms UTC.
pub fn put(
    tx: &mut dyn Tx,
    corp: i64,
    hash: &str,
    a: &Address,
    answer: &str,
    now: i64,
) -> Result<()> {
    let vals = [
        corp.into(),
        hash.into(),
        a.version.into(),
        a.until.into(),
        a.audience.into(),
        a.people.into(),
        a.flawed.into(),
        answer.into(),
        now.into(),
    ];
    tx.exec(PUT, &vals).map(drop)
}

/// Forgets what was found before a time, ms UTC.
pub fn sweep(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.exec(SWEEP, &[before.into()])
}
