//! Groups of hosted accounts and the tokens that select them.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_HASH = "SELECT t.corp, t.hosting, h.group_id, t.wecom_chat_id FROM hosting_token t JOIN hosting h ON h.corp = t.corp AND h.hosting = t.hosting WHERE t.hash = $1";
    BY_ID = "SELECT hosting, group_id, name, exhausted, silent_until FROM hosting WHERE corp = $1 AND group_id = $2";
    BY_KEY = "SELECT hosting, group_id, name, exhausted, silent_until FROM hosting WHERE corp = $1 AND hosting = $2";
    ALL = "SELECT hosting, group_id, name, exhausted, silent_until FROM hosting WHERE corp = $1 ORDER BY hosting";
    NEXT = "SELECT COALESCE(MAX(hosting), 0) + 1 FROM hosting WHERE corp = $1";
    INSERT = "INSERT INTO hosting (corp, hosting, group_id, name, exhausted, silent_until) VALUES ($1, $2, $3, $4, '', 0)";
    RENAME = "UPDATE hosting SET name = $3 WHERE corp = $1 AND hosting = $2";
    SILENCE = "UPDATE hosting SET exhausted = $3, silent_until = $4 WHERE corp = $1 AND hosting = $2";
    ADD_TOKEN = "INSERT INTO hosting_token (corp, hosting, hash, wecom_chat_id) VALUES ($1, $2, $3, $4)";
    REMOVE_TOKEN = "DELETE FROM hosting_token WHERE corp = $1 AND hosting = $2 AND hash = $3";
    COUNT_TOKENS = "SELECT COUNT(*) FROM hosting_token WHERE corp = $1 AND hosting = $2";
}

/// What a token selects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The company.
    pub corp: i64,
    /// The group of accounts.
    pub hosting: i64,
    /// The group's id on the wire.
    pub group_id: String,
    /// Whether it may see the official ids of customer groups.
    pub wecom_chat_id: bool,
}

/// A group of accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosting {
    /// Its number, above 0; below 0 it stands where an app's does.
    pub hosting: i64,
    /// Its id on the wire.
    pub group_id: String,
    /// Its name.
    pub name: String,
    /// When its last callbacks were given up: a JSON list, ms UTC.
    pub exhausted: String,
    /// Until when it is told nothing, ms UTC.
    pub silent_until: i64,
}

fn hosting(row: &dyn Row) -> Hosting {
    Hosting {
        hosting: row.int(0),
        group_id: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        exhausted: row.text(3).to_owned(),
        silent_until: row.int(4),
    }
}

/// The token with a hash, whosever it is.
pub fn by_hash(read: &mut dyn Read, hash: &str) -> Result<Option<Token>> {
    read.one(BY_HASH, &[hash.into()], |row| Token {
        corp: row.int(0),
        hosting: row.int(1),
        group_id: row.text(2).to_owned(),
        wecom_chat_id: row.flag(3),
    })
}

/// The group with an id.
pub fn by_id(read: &mut dyn Read, corp: i64, group_id: &str) -> Result<Option<Hosting>> {
    read.one(BY_ID, &[corp.into(), group_id.into()], hosting)
}

/// The group with a number.
pub fn by_key(read: &mut dyn Read, corp: i64, key: i64) -> Result<Option<Hosting>> {
    read.one(BY_KEY, &[corp.into(), key.into()], hosting)
}

/// All groups of a company, by number.
pub fn all(read: &mut dyn Read, corp: i64) -> Result<Vec<Hosting>> {
    read.all(ALL, &[corp.into()], hosting)
}

/// The number for one more group.
pub fn next(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT, &[corp.into()])?.unwrap_or(1))
}

/// Adds a group.
pub fn insert(tx: &mut dyn Tx, corp: i64, h: &Hosting) -> Result<()> {
    let vals = [
        corp.into(),
        h.hosting.into(),
        (&h.group_id).into(),
        (&h.name).into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Gives a group a name.
pub fn rename(tx: &mut dyn Tx, corp: i64, key: i64, name: &str) -> Result<()> {
    tx.exec(RENAME, &[corp.into(), key.into(), name.into()])
        .map(drop)
}

/// Notes callbacks that were given up, and until when the group is told nothing.
pub fn silence(
    tx: &mut dyn Tx,
    corp: i64,
    key: i64,
    exhausted: &str,
    silent_until: i64,
) -> Result<()> {
    let vals = [
        corp.into(),
        key.into(),
        exhausted.into(),
        silent_until.into(),
    ];
    tx.exec(SILENCE, &vals).map(drop)
}

/// Adds a token to a group.
pub fn add_token(
    tx: &mut dyn Tx,
    corp: i64,
    key: i64,
    hash: &str,
    wecom_chat_id: bool,
) -> Result<()> {
    let vals = [corp.into(), key.into(), hash.into(), wecom_chat_id.into()];
    tx.exec(ADD_TOKEN, &vals).map(drop)
}

/// Takes a token from a group; false where it has none with this hash.
pub fn remove_token(tx: &mut dyn Tx, corp: i64, key: i64, hash: &str) -> Result<bool> {
    let vals = [corp.into(), key.into(), hash.into()];
    Ok(tx.exec(REMOVE_TOKEN, &vals)? == 1)
}

/// How many tokens a group has.
pub fn count_tokens(read: &mut dyn Read, corp: i64, key: i64) -> Result<i64> {
    Ok(read
        .int(COUNT_TOKENS, &[corp.into(), key.into()])?
        .unwrap_or(0))
}
