//! Audiences: sets of people to whom apps say things, each set once.

use super::message::{self, Message};
use crate::{Read, ReadExt, Result, Tx};

statements! {
    BY_HASH = "SELECT audience FROM audience WHERE corp = $1 AND hash = $2";
    INSERT = "INSERT INTO audience (corp, audience, hash, people) VALUES ($1, $2, $3, $4)";
    ADD_MEMBERS = "INSERT INTO audience_member (corp, audience, person) SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), l.v FROM {ints $3} AS l";
    EXISTS = "SELECT 1 FROM audience WHERE corp = $1 AND audience = $2";
    AMONG = "SELECT person FROM audience_member WHERE corp = $1 AND audience = $2 AND person IN (SELECT l.v FROM {ints $3} AS l)";
    EVER = "SELECT 1 FROM audience_member WHERE corp = $1 AND person = $2 LIMIT 1";
    MESSAGES = "SELECT id, chat, app, sender, kind, safe, body FROM message WHERE corp = $1 AND lane = $3 AND id IN (SELECT m.id FROM audience_member a JOIN message m ON m.corp = a.corp AND m.chat = a.audience WHERE a.corp = $1 AND a.person = $2 AND m.lane = $3 AND m.id > $4 ORDER BY m.id LIMIT $5) ORDER BY id";
    IDS = "SELECT m.id FROM audience_member a JOIN message m ON m.corp = a.corp AND m.chat = a.audience WHERE a.corp = $1 AND a.person = $2 AND m.lane = $3 AND m.id >= $4 AND m.id < $5 AND m.app = $6 AND m.sender = 0 ORDER BY m.id";
}

/// The audience with a hash.
pub fn by_hash(read: &mut dyn Read, corp: i64, hash: &str) -> Result<Option<i64>> {
    read.int(BY_HASH, &[corp.into(), hash.into()])
}

/// Adds an audience; its people are distinct.
pub fn insert(tx: &mut dyn Tx, corp: i64, audience: i64, hash: &str, people: &[i64]) -> Result<()> {
    let count = people.len() as i64;
    tx.exec(
        INSERT,
        &[corp.into(), audience.into(), hash.into(), count.into()],
    )?;
    let list = super::chat::int_list(people);
    tx.exec(ADD_MEMBERS, &[corp.into(), audience.into(), (&list).into()])
        .map(drop)
}

/// Whether a number is an audience's, and not a group's.
pub fn exists(read: &mut dyn Read, corp: i64, audience: i64) -> Result<bool> {
    read.exists(EXISTS, &[corp.into(), audience.into()])
}

/// Those of some people who are in an audience.
pub fn among(read: &mut dyn Read, corp: i64, audience: i64, people: &[i64]) -> Result<Vec<i64>> {
    let list = super::chat::int_list(people);
    let vals = [corp.into(), audience.into(), (&list).into()];
    read.all(AMONG, &vals, |row| row.int(0))
}

/// Whether an app has ever said something to a person.
pub fn ever_addressed(read: &mut dyn Read, corp: i64, person: i64) -> Result<bool> {
    read.exists(EVER, &[corp.into(), person.into()])
}

/// What apps said to a person in one lane after an id, oldest first.
pub fn messages(
    read: &mut dyn Read,
    corp: i64,
    person: i64,
    lane: i64,
    after: i64,
    limit: i64,
) -> Result<Vec<Message>> {
    let vals = [
        corp.into(),
        person.into(),
        lane.into(),
        after.into(),
        limit.into(),
    ];
    read.all(MESSAGES, &vals, message::row)
}

/// The ids of what an app sent a person in one lane, from an id until before another, ascending. Replies are not among them.
pub fn ids(
    read: &mut dyn Read,
    corp: i64,
    person: i64,
    lane: i64,
    from: i64,
    before: i64,
    app: i64,
) -> Result<Vec<i64>> {
    let vals = [
        corp.into(),
        person.into(),
        lane.into(),
        from.into(),
        before.into(),
        app.into(),
    ];
    read.all(IDS, &vals, |row| row.int(0))
}
