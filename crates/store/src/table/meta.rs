//! Facts of the database as a whole.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    GET = "SELECT value FROM meta WHERE key = $1";
    SET = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
}

/// The value of a key.
pub fn get(read: &mut dyn Read, key: &str) -> Result<Option<String>> {
    read.one(GET, &[key.into()], |row| row.text(0).to_owned())
}

/// Sets a key.
pub fn set(tx: &mut dyn Tx, key: &str, value: &str) -> Result<()> {
    tx.exec(SET, &[key.into(), value.into()]).map(drop)
}
