//! System ids that were given to people and groups. All others are made of their keys.

use crate::{Read, ReadExt, Result, Tx};

statements! {
    OF_PERSON = "SELECT wxid FROM person_wxid WHERE corp = $1 AND person = $2";
    PERSON = "SELECT person FROM person_wxid WHERE corp = $1 AND wxid = $2";
    SET_PERSON = "INSERT INTO person_wxid (corp, person, wxid) VALUES ($1, $2, $3) ON CONFLICT (corp, person) DO UPDATE SET wxid = excluded.wxid";
    OF_CHAT = "SELECT wxid FROM chat_wxid WHERE corp = $1 AND chat = $2";
    CHAT = "SELECT chat FROM chat_wxid WHERE corp = $1 AND wxid = $2";
    SET_CHAT = "INSERT INTO chat_wxid (corp, chat, wxid) VALUES ($1, $2, $3) ON CONFLICT (corp, chat) DO UPDATE SET wxid = excluded.wxid";
}

/// The id that a person was given.
pub fn of_person(read: &mut dyn Read, corp: i64, person: i64) -> Result<Option<String>> {
    read.one(OF_PERSON, &[corp.into(), person.into()], |row| {
        row.text(0).to_owned()
    })
}

/// The person with a given id.
pub fn person(read: &mut dyn Read, corp: i64, wxid: &str) -> Result<Option<i64>> {
    read.int(PERSON, &[corp.into(), wxid.into()])
}

/// Gives a person an id.
pub fn set_person(tx: &mut dyn Tx, corp: i64, person: i64, wxid: &str) -> Result<()> {
    tx.exec(SET_PERSON, &[corp.into(), person.into(), wxid.into()])
        .map(drop)
}

/// The id that a group was given.
pub fn of_chat(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Option<String>> {
    read.one(OF_CHAT, &[corp.into(), chat.into()], |row| {
        row.text(0).to_owned()
    })
}

/// The group with a given id.
pub fn chat(read: &mut dyn Read, corp: i64, wxid: &str) -> Result<Option<i64>> {
    read.int(CHAT, &[corp.into(), wxid.into()])
}

/// Gives a group an id.
pub fn set_chat(tx: &mut dyn Tx, corp: i64, chat: i64, wxid: &str) -> Result<()> {
    tx.exec(SET_CHAT, &[corp.into(), chat.into(), wxid.into()])
        .map(drop)
}
