//! Apps, what they see, and their tokens.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_APP = "SELECT app, name, kind, customer_contact, disabled, trusted, secret_hash, token_generation, token_issued, token_hash FROM app WHERE corp = $1 AND app = $2";
    BY_SECRET = "SELECT app, name, kind, customer_contact, disabled, trusted, secret_hash, token_generation, token_issued, token_hash FROM app WHERE corp = $1 AND secret_hash = $2";
    ALL = "SELECT app, name, kind, customer_contact, disabled, trusted, secret_hash, token_generation, token_issued, token_hash FROM app WHERE corp = $1 ORDER BY app";
    NEXT = "SELECT COALESCE(MAX(app), 1000001) + 1 FROM app WHERE corp = $1 AND app > 1000001";
    INSERT = "INSERT INTO app (corp, app, name, kind, customer_contact, disabled, trusted, secret_hash, token_generation, token_issued, token_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')";
    UPDATE = "UPDATE app SET name = $3, customer_contact = $4, disabled = $5, trusted = $6, secret_hash = $7, token_generation = $8 WHERE corp = $1 AND app = $2";
    ISSUE = "UPDATE app SET token_issued = $3, token_hash = $4 WHERE corp = $1 AND app = $2 AND token_issued = $5 AND token_generation = $6";
    RANGE = "SELECT kind, id FROM app_range WHERE corp = $1 AND app = $2 ORDER BY kind, id";
    ADD_RANGE = "INSERT INTO app_range (corp, app, kind, id) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, app, kind, id) DO NOTHING";
    CLEAR_RANGE = "DELETE FROM app_range WHERE corp = $1 AND app = $2";
    FORGET = "DELETE FROM app_range WHERE corp = $1 AND kind = $2 AND id = $3";
}

/// An app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    /// 应用id
    pub app: i64,
    /// Its name.
    pub name: String,
    /// The name of its kind.
    pub kind: String,
    /// 可调用应用
    pub customer_contact: bool,
    /// Switched off.
    pub disabled: bool,
    /// Trusted addresses as a JSON list.
    pub trusted: String,
    /// The hash of its secret.
    pub secret_hash: String,
    /// Raised to make its tokens dead.
    pub token_generation: i64,
    /// When the newest token was issued, seconds UTC; 0: never.
    pub token_issued: i64,
    /// The hash of the newest token.
    pub token_hash: String,
}

fn app(row: &dyn Row) -> App {
    App {
        app: row.int(0),
        name: row.text(1).to_owned(),
        kind: row.text(2).to_owned(),
        customer_contact: row.flag(3),
        disabled: row.flag(4),
        trusted: row.text(5).to_owned(),
        secret_hash: row.text(6).to_owned(),
        token_generation: row.int(7),
        token_issued: row.int(8),
        token_hash: row.text(9).to_owned(),
    }
}

/// The app with an agentid.
pub fn by_agentid(read: &mut dyn Read, corp: i64, agentid: i64) -> Result<Option<App>> {
    read.one(BY_APP, &[corp.into(), agentid.into()], app)
}

/// The app with a secret's hash.
pub fn by_secret_hash(read: &mut dyn Read, corp: i64, hash: &str) -> Result<Option<App>> {
    read.one(BY_SECRET, &[corp.into(), hash.into()], app)
}

/// All apps of a company, by agentid.
pub fn all(read: &mut dyn Read, corp: i64) -> Result<Vec<App>> {
    read.all(ALL, &[corp.into()], app)
}

/// The agentid for one more app, from 1000002.
pub fn next_agentid(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT, &[corp.into()])?.unwrap_or(1_000_002))
}

/// Adds an app.
pub fn insert(tx: &mut dyn Tx, corp: i64, a: &App) -> Result<()> {
    let vals = [
        corp.into(),
        a.app.into(),
        (&a.name).into(),
        (&a.kind).into(),
        a.customer_contact.into(),
        a.disabled.into(),
        (&a.trusted).into(),
        (&a.secret_hash).into(),
        a.token_generation.into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Saves an app's settings, secret and generation; its newest token stays.
pub fn update(tx: &mut dyn Tx, corp: i64, a: &App) -> Result<()> {
    let vals = [
        corp.into(),
        a.app.into(),
        (&a.name).into(),
        a.customer_contact.into(),
        a.disabled.into(),
        (&a.trusted).into(),
        (&a.secret_hash).into(),
        a.token_generation.into(),
    ];
    tx.exec(UPDATE, &vals).map(drop)
}

/// Advances the newest token from the one that was read; false where another was faster.
pub fn issue(tx: &mut dyn Tx, corp: i64, read: &App, issued: i64, hash: &str) -> Result<bool> {
    let vals = [
        corp.into(),
        read.app.into(),
        issued.into(),
        hash.into(),
        read.token_issued.into(),
        read.token_generation.into(),
    ];
    Ok(tx.exec(ISSUE, &vals)? == 1)
}

/// What an entry of a visible range is.
pub mod range {
    /// A person.
    pub const PERSON: i64 = 1;
    /// A department with all below it.
    pub const DEPARTMENT: i64 = 2;
    /// A tag.
    pub const TAG: i64 = 3;
}

/// The visible range of an app: pairs of kind and id.
pub fn range(read: &mut dyn Read, corp: i64, agentid: i64) -> Result<Vec<(i64, i64)>> {
    read.all(RANGE, &[corp.into(), agentid.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// Replaces the visible range of an app.
pub fn set_range(tx: &mut dyn Tx, corp: i64, agentid: i64, entries: &[(i64, i64)]) -> Result<()> {
    tx.exec(CLEAR_RANGE, &[corp.into(), agentid.into()])?;
    for (kind, id) in entries {
        tx.exec(
            ADD_RANGE,
            &[corp.into(), agentid.into(), (*kind).into(), (*id).into()],
        )?;
    }
    Ok(())
}

/// Takes what is removed from the directory out of every range.
pub fn forget(tx: &mut dyn Tx, corp: i64, kind: i64, id: i64) -> Result<()> {
    tx.exec(FORGET, &[corp.into(), kind.into(), id.into()])
        .map(drop)
}
