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
}

/// A message. Its time is its id, in microseconds UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its id, unique in its lane.
    pub id: i64,
    /// The group.
    pub chat: i64,
    /// The app that sent it, 0 where a person did.
    pub app: i64,
    /// The person who said it, 0 where an app did.
    pub sender: i64,
    /// Its kind.
    pub kind: String,
    /// 1 where it is confidential.
    pub safe: i64,
    /// The object of its kind, JSON.
    pub body: String,
}

fn message(row: &dyn Row) -> Message {
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
    read.all(OF_CHAT, &vals, message)
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
