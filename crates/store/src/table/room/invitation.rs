//! Invitation cards to rooms.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    INSERT = "INSERT INTO room_invitation (corp, card, chat, inviter, person, state) VALUES ($1, $2, $3, $4, $5, 0)";
    BY_KEY = "SELECT card, chat, inviter, person, state FROM room_invitation WHERE corp = $1 AND card = $2";
    OF_PERSON = "SELECT card, chat, inviter, person, state FROM room_invitation WHERE corp = $1 AND person = $2 ORDER BY card";
    ANSWER = "UPDATE room_invitation SET state = $3 WHERE corp = $1 AND card = $2";
}

/// The states of a card.
pub mod state {
    /// Not answered yet.
    pub const OPEN: i64 = 0;
    /// Accepted.
    pub const ACCEPTED: i64 = 1;
    /// Ignored.
    pub const IGNORED: i64 = 2;
}

/// A card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invitation {
    /// Its key; its time in microseconds UTC.
    pub card: i64,
    /// The group.
    pub chat: i64,
    /// Who invites.
    pub inviter: i64,
    /// Who is invited.
    pub person: i64,
    /// How far it is, see [`state`].
    pub state: i64,
}

fn invitation(row: &dyn Row) -> Invitation {
    Invitation {
        card: row.int(0),
        chat: row.int(1),
        inviter: row.int(2),
        person: row.int(3),
        state: row.int(4),
    }
}

/// Adds an open card.
pub fn insert(tx: &mut dyn Tx, corp: i64, i: &Invitation) -> Result<()> {
    let vals = [
        corp.into(),
        i.card.into(),
        i.chat.into(),
        i.inviter.into(),
        i.person.into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// The card with a key.
pub fn by_key(read: &mut dyn Read, corp: i64, key: i64) -> Result<Option<Invitation>> {
    read.one(BY_KEY, &[corp.into(), key.into()], invitation)
}

/// The cards that someone got, oldest first.
pub fn of_person(read: &mut dyn Read, corp: i64, person: i64) -> Result<Vec<Invitation>> {
    read.all(OF_PERSON, &[corp.into(), person.into()], invitation)
}

/// Says how a card was answered.
pub fn answer(tx: &mut dyn Tx, corp: i64, key: i64, state: i64) -> Result<()> {
    tx.exec(ANSWER, &[corp.into(), key.into(), state.into()])
        .map(drop)
}
