//! Template cards: their tasks, what became of them, and the codes that allow to change them.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    BY_TASK = "SELECT lane, id FROM card WHERE corp = $1 AND app = $2 AND task = $3";
    INSERT = "INSERT INTO card (corp, app, task, lane, id) VALUES ($1, $2, $3, $4, $5)";
    CHANGE = "INSERT INTO card_change (corp, lane, id, seq, audience, changed, whole, body) SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT), COALESCE(MAX(seq), 0) + 1, CAST($4 AS BIGINT), CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS TEXT) FROM card_change WHERE corp = $1 AND lane = $2 AND id = $3";
    CHANGES = "SELECT c.id, c.changed, c.whole, c.body FROM card_change c JOIN audience_member m ON m.corp = c.corp AND m.audience = c.audience AND m.person = $4 WHERE c.corp = $1 AND c.lane = $2 AND c.id IN (SELECT l.v FROM {ints $3} AS l) ORDER BY c.id, c.seq";
    ADD_CODE = "INSERT INTO response_code (corp, hash, app, lane, id, ends) VALUES ($1, $2, $3, $4, $5, $6)";
    CODE = "SELECT app, lane, id FROM response_code WHERE corp = $1 AND hash = $2 AND ends > $3";
    USE_CODE = "DELETE FROM response_code WHERE corp = $1 AND hash = $2";
    SWEEP_CODES = "DELETE FROM response_code WHERE ends <= $1";
}

/// Lane and id of a message.
pub type Place = (i64, i64);

/// The card with which an app used a task.
pub fn by_task(read: &mut dyn Read, corp: i64, app: i64, task: &str) -> Result<Option<Place>> {
    read.one(BY_TASK, &[corp.into(), app.into(), task.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// Notes that an app has used a task, whose company is held alone.
pub fn insert(tx: &mut dyn Tx, corp: i64, app: i64, task: &str, (lane, id): Place) -> Result<()> {
    let vals = [corp.into(), app.into(), task.into(), lane.into(), id.into()];
    tx.exec(INSERT, &vals).map(drop)
}

/// A change of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// When, ms UTC.
    pub changed: i64,
    /// Whether the body is a whole new card; otherwise it is the text of the button in place of its buttons.
    pub whole: bool,
    /// What it becomes.
    pub body: String,
}

/// Adds a change of a card for an audience, after all before. The company is held alone.
pub fn change(
    tx: &mut dyn Tx,
    corp: i64,
    (lane, id): Place,
    audience: i64,
    change: &Change,
) -> Result<()> {
    let vals = [
        corp.into(),
        lane.into(),
        id.into(),
        audience.into(),
        change.changed.into(),
        change.whole.into(),
        (&change.body).into(),
    ];
    tx.exec(CHANGE, &vals).map(drop)
}

/// The changes of some cards of a lane that a person sees, each with the card's id, a card's in their order.
pub fn changes(
    read: &mut dyn Read,
    corp: i64,
    lane: i64,
    ids: &[i64],
    person: i64,
) -> Result<Vec<(i64, Change)>> {
    let list = super::chat::int_list(ids);
    let vals = [corp.into(), lane.into(), (&list).into(), person.into()];
    read.all(CHANGES, &vals, |row| {
        let change = Change {
            changed: row.int(1),
            whole: row.flag(2),
            body: row.text(3).to_owned(),
        };
        (row.int(0), change)
    })
}

/// A code that allows one change of a card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The app that sent the card.
    pub app: i64,
    /// The card.
    pub place: Place,
}

/// Adds a code, by its hash, that is good until a time, ms UTC.
pub fn add_code(tx: &mut dyn Tx, corp: i64, hash: &str, code: &Code, ends: i64) -> Result<()> {
    let (lane, id) = code.place;
    let vals = [
        corp.into(),
        hash.into(),
        code.app.into(),
        lane.into(),
        id.into(),
        ends.into(),
    ];
    tx.exec(ADD_CODE, &vals).map(drop)
}

/// The code with a hash, if it is good now, ms UTC.
pub fn code(read: &mut dyn Read, corp: i64, hash: &str, now: i64) -> Result<Option<Code>> {
    read.one(CODE, &[corp.into(), hash.into(), now.into()], |row| Code {
        app: row.int(0),
        place: (row.int(1), row.int(2)),
    })
}

/// Uses a code up.
pub fn use_code(tx: &mut dyn Tx, corp: i64, hash: &str) -> Result<()> {
    tx.exec(USE_CODE, &[corp.into(), hash.into()]).map(drop)
}

/// Forgets the codes that ended, ms UTC.
pub fn sweep_codes(tx: &mut dyn Tx, now: i64) -> Result<u64> {
    tx.exec(SWEEP_CODES, &[now.into()])
}
