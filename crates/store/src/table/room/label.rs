//! 秒回标签: labels of rooms.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_ID = "SELECT label, hosting, label_id, name FROM room_label WHERE corp = $1 AND label_id = $2";
    OF_HOSTING = "SELECT label, hosting, label_id, name FROM room_label WHERE corp = $1 AND hosting = $2 ORDER BY label";
    OF_CHAT = "SELECT r.label, r.hosting, r.label_id, r.name FROM room_labelled l JOIN room_label r ON r.corp = l.corp AND r.label = l.label WHERE l.corp = $1 AND l.chat = $2 AND r.hosting = $3 ORDER BY r.label";
    ROOMS = "SELECT chat FROM room_labelled WHERE corp = $1 AND label = $2 ORDER BY chat";
    NEXT = "SELECT COALESCE(MAX(label), 0) + 1 FROM room_label WHERE corp = $1";
    INSERT = "INSERT INTO room_label (corp, label, hosting, label_id, name) VALUES ($1, $2, $3, $4, $5)";
    RENAME = "UPDATE room_label SET name = $3 WHERE corp = $1 AND label = $2";
    CLEAR = "DELETE FROM room_labelled WHERE corp = $1 AND label = $2";
    REMOVE = "DELETE FROM room_label WHERE corp = $1 AND label = $2";
    ATTACH = "INSERT INTO room_labelled (corp, label, chat) VALUES ($1, $2, $3) ON CONFLICT (corp, label, chat) DO NOTHING";
    DETACH = "DELETE FROM room_labelled WHERE corp = $1 AND label = $2 AND chat = $3";
}

/// A label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Its key.
    pub label: i64,
    /// The group of accounts that it belongs to.
    pub hosting: i64,
    /// Its id on the wire.
    pub label_id: String,
    /// Its name.
    pub name: String,
}

fn label(row: &dyn Row) -> Label {
    Label {
        label: row.int(0),
        hosting: row.int(1),
        label_id: row.text(2).to_owned(),
        name: row.text(3).to_owned(),
    }
}

/// The label with an id.
pub fn by_id(read: &mut dyn Read, corp: i64, id: &str) -> Result<Option<Label>> {
    read.one(BY_ID, &[corp.into(), id.into()], label)
}

/// The labels of a group of accounts.
pub fn of_hosting(read: &mut dyn Read, corp: i64, hosting: i64) -> Result<Vec<Label>> {
    read.all(OF_HOSTING, &[corp.into(), hosting.into()], label)
}

/// The labels of a group of accounts that a room has.
pub fn of_chat(read: &mut dyn Read, corp: i64, chat: i64, hosting: i64) -> Result<Vec<Label>> {
    let vals = [corp.into(), chat.into(), hosting.into()];
    read.all(OF_CHAT, &vals, label)
}

/// The rooms that a label is attached to.
pub fn rooms(read: &mut dyn Read, corp: i64, key: i64) -> Result<Vec<i64>> {
    read.all(ROOMS, &[corp.into(), key.into()], |row| row.int(0))
}

/// The key for one more label.
pub fn next(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT, &[corp.into()])?.unwrap_or(1))
}

/// Adds a label.
pub fn insert(tx: &mut dyn Tx, corp: i64, l: &Label) -> Result<()> {
    let vals = [
        corp.into(),
        l.label.into(),
        l.hosting.into(),
        (&l.label_id).into(),
        (&l.name).into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Gives a label a name.
pub fn rename(tx: &mut dyn Tx, corp: i64, key: i64, name: &str) -> Result<()> {
    tx.exec(RENAME, &[corp.into(), key.into(), name.into()])
        .map(drop)
}

/// Removes a label from all rooms, and then itself.
pub fn remove(tx: &mut dyn Tx, corp: i64, key: i64) -> Result<()> {
    tx.exec(CLEAR, &[corp.into(), key.into()])?;
    tx.exec(REMOVE, &[corp.into(), key.into()]).map(drop)
}

/// Attaches a label to a room.
pub fn attach(tx: &mut dyn Tx, corp: i64, key: i64, chat: i64) -> Result<()> {
    tx.exec(ATTACH, &[corp.into(), key.into(), chat.into()])
        .map(drop)
}

/// Takes a label from a room.
pub fn detach(tx: &mut dyn Tx, corp: i64, key: i64, chat: i64) -> Result<()> {
    tx.exec(DETACH, &[corp.into(), key.into(), chat.into()])
        .map(drop)
}
