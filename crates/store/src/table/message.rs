//! Messages. Each is stored once; who sees it follows from membership.

use crate::{Append, Kind, Read, ReadExt, Result, Row, Tx};

/// What is added for a message.
pub const MESSAGE: Append = Append {
    table: "message",
    columns: &[
        ("corp", Kind::Int),
        ("lane", Kind::Int),
        ("id", Kind::Int),
        ("chat", Kind::Int),
        ("app", Kind::Int),
        ("sender", Kind::Int),
        ("kind", Kind::Text),
        ("safe", Kind::Int),
        ("body", Kind::Text),
    ],
};

statements! {
    OF_CHAT = "SELECT id, chat, app, sender, kind, safe, body FROM message WHERE corp = $1 AND chat = $2 AND lane = $3 AND id > $4 AND id < $5 ORDER BY id LIMIT $6";
    COUNT = "SELECT COUNT(*) FROM message WHERE corp = $1 AND chat = $2 AND lane = $3 AND id >= $4 AND id < $5 AND app = $6 AND sender = 0";
    IDS = "SELECT id FROM message WHERE corp = $1 AND chat = $2 AND lane = $3 AND id >= $4 AND id < $5 AND app = $6 AND sender = 0 ORDER BY id";
    BY_ID = "SELECT id, chat, app, sender, kind, safe, body FROM message WHERE corp = $1 AND lane = $2 AND id = $3";
    RECALL = "INSERT INTO message_recall (corp, lane, id, recalled) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, lane, id) DO NOTHING";
    RECALLED = "SELECT id, recalled FROM message_recall WHERE corp = $1 AND lane = $2 AND id IN (SELECT l.v FROM {ints $3} AS l)";
    ONCE = "SELECT lane, id FROM message_once WHERE corp = $1 AND app = $2 AND hash = $3";
    KEEP_ONCE = "INSERT INTO message_once (corp, app, hash, lane, id) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corp, app, hash) DO UPDATE SET lane = excluded.lane, id = excluded.id";
    SWEEP_ONCE = "DELETE FROM message_once WHERE id < $1";
}

/// The sender of an app's answer to a person's callback: what an app says unasked is limited, its answers are not.
/// Below every customer's key.
pub const REPLY: i64 = i64::MIN;

/// A message. Its time is its id, in microseconds UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id, unique in its lane.
    pub id: i64,
    /// The group or the audience.
    pub chat: i64,
    /// The app that sent it, 0 where a person did.
    pub app: i64,
    /// The person who said it, 0 where an app did, [`REPLY`] where it answers a person.
    pub sender: i64,
    /// Its kind.
    pub kind: String,
    /// 1 where it is confidential.
    pub safe: i64,
    /// The object of its kind, JSON.
    pub body: String,
}

pub(super) fn row(row: &dyn Row) -> Message {
    Message {
        id: row.int(0),
        chat: row.int(1),
        app: row.int(2),
        sender: row.int(3),
        kind: row.text(4).to_owned(),
        safe: row.int(5),
        body: row.text(6).to_owned(),
    }
}

/// Adds a message.
pub fn append(tx: &mut dyn Tx, corp: i64, lane: i64, m: &Message) -> Result<()> {
    let row = [
        corp.into(),
        lane.into(),
        m.id.into(),
        m.chat.into(),
        m.app.into(),
        m.sender.into(),
        (&m.kind).into(),
        m.safe.into(),
        (&m.body).into(),
    ];
    tx.append(&MESSAGE, &row)
}

/// Messages of a group in one lane, strictly between two ids, oldest first.
pub fn of_chat(
    read: &mut dyn Read,
    corp: i64,
    chat: i64,
    lane: i64,
    after: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<Message>> {
    let vals = [
        corp.into(),
        chat.into(),
        lane.into(),
        after.into(),
        before.into(),
        limit.into(),
    ];
    read.all(OF_CHAT, &vals, row)
}

/// How many messages an app sent to a group in one lane, from an id until before another.
pub fn count(
    read: &mut dyn Read,
    corp: i64,
    chat: i64,
    lane: i64,
    from: i64,
    before: i64,
    app: i64,
) -> Result<i64> {
    let vals = [
        corp.into(),
        chat.into(),
        lane.into(),
        from.into(),
        before.into(),
        app.into(),
    ];
    Ok(read.int(COUNT, &vals)?.unwrap_or(0))
}

/// Their ids, ascending.
pub fn ids(
    read: &mut dyn Read,
    corp: i64,
    chat: i64,
    lane: i64,
    from: i64,
    before: i64,
    app: i64,
) -> Result<Vec<i64>> {
    let vals = [
        corp.into(),
        chat.into(),
        lane.into(),
        from.into(),
        before.into(),
        app.into(),
    ];
    read.all(IDS, &vals, |row| row.int(0))
}

/// The message with an id.
pub fn by_id(read: &mut dyn Read, corp: i64, lane: i64, id: i64) -> Result<Option<Message>> {
    read.one(BY_ID, &[corp.into(), lane.into(), id.into()], row)
}

/// Notes that a message is taken back, at a time in ms UTC; the first time stays.
pub fn recall(tx: &mut dyn Tx, corp: i64, lane: i64, id: i64, now: i64) -> Result<()> {
    tx.exec(RECALL, &[corp.into(), lane.into(), id.into(), now.into()])
        .map(drop)
}

/// Which of a lane's messages were taken back, and when, ms UTC.
pub fn recalled(read: &mut dyn Read, corp: i64, lane: i64, ids: &[i64]) -> Result<Vec<(i64, i64)>> {
    let list = super::chat::int_list(ids);
    read.all(
        RECALLED,
        &[corp.into(), lane.into(), (&list).into()],
        |row| (row.int(0), row.int(1)),
    )
}

/// Lane and id of the newest message of a request that was not to be delivered twice.
pub fn once(read: &mut dyn Read, corp: i64, app: i64, hash: &str) -> Result<Option<(i64, i64)>> {
    read.one(ONCE, &[corp.into(), app.into(), hash.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// Notes the newest message of such a request.
pub fn keep_once(
    tx: &mut dyn Tx,
    corp: i64,
    app: i64,
    hash: &str,
    (lane, id): (i64, i64),
) -> Result<()> {
    let vals = [corp.into(), app.into(), hash.into(), lane.into(), id.into()];
    tx.exec(KEEP_ONCE, &vals).map(drop)
}

/// Forgets such requests whose newest message is before an id.
pub fn sweep_once(tx: &mut dyn Tx, before: i64) -> Result<u64> {
    tx.exec(SWEEP_ONCE, &[before.into()])
}
