//! Figures of customer groups, by owner and day.

use std::ops::{AddAssign, Neg, SubAssign};

use super::chat::int_list;
use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    LATEST = "SELECT owner, day, new_chats, chats, spoken_chats, new_members, members, speakers, messages, migrated FROM group_day WHERE corp = $1 AND owner = $2 AND day <= $3 ORDER BY day DESC LIMIT 1";
    INSERT = "INSERT INTO group_day (corp, owner, day, new_chats, chats, spoken_chats, new_members, members, speakers, messages, migrated) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    ADD = "UPDATE group_day SET new_chats = new_chats + $4, chats = chats + $5, spoken_chats = spoken_chats + $6, new_members = new_members + $7, members = members + $8, speakers = speakers + $9, messages = messages + $10, migrated = migrated + $11 WHERE corp = $1 AND owner = $2 AND day >= $3";
    AT = "SELECT g.owner, g.day, g.new_chats, g.chats, g.spoken_chats, g.new_members, g.members, g.speakers, g.messages, g.migrated FROM {ints $2} AS l CROSS JOIN group_day g WHERE g.corp = $1 AND g.owner = l.v AND g.day = (SELECT MAX(d.day) FROM group_day d WHERE d.corp = $1 AND d.owner = l.v AND d.day <= $3)";
    SPAN = "SELECT g.owner, g.day, g.new_chats, g.chats, g.spoken_chats, g.new_members, g.members, g.speakers, g.messages, g.migrated FROM {ints $2} AS l JOIN group_day g ON g.corp = $1 AND g.owner = l.v AND g.day > $3 AND g.day <= $4 ORDER BY l.n, g.day";
    COMPANIES = "SELECT c.corp FROM company c WHERE EXISTS (SELECT 1 FROM group_day g WHERE g.corp = c.corp)";
    OLD = "SELECT g.owner, g.day FROM group_day g WHERE g.corp = $1 AND g.day < $2 AND EXISTS (SELECT 1 FROM group_day l WHERE l.corp = g.corp AND l.owner = g.owner AND l.day > g.day AND l.day <= $2) ORDER BY g.day, g.owner LIMIT $3";
    REMOVE = "DELETE FROM group_day WHERE corp = $1 AND owner = $2 AND day = $3";
    COUNTERS = "SELECT messages, speakers, migrated FROM customer_group WHERE corp = $1 AND chat = $2";
    SET_COUNTERS = "INSERT INTO customer_group (corp, chat, messages, speakers, migrated) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corp, chat) DO UPDATE SET messages = excluded.messages, speakers = excluded.speakers, migrated = excluded.migrated";
    ADD_SPEAKER = "INSERT INTO group_speaker (corp, chat, person) VALUES ($1, $2, $3) ON CONFLICT (corp, chat, person) DO NOTHING";
    SPEAKERS = "SELECT COUNT(*) FROM {ints $3} AS l JOIN group_speaker s ON s.corp = $1 AND s.chat = $2 AND s.person = l.v";
}

/// An owner's figures. All of them only count on: those of a span are a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Groups that were made.
    pub new_chats: i64,
    /// Groups that there are.
    pub chats: i64,
    /// Those in which something was said.
    pub spoken_chats: i64,
    /// People who came in later than at the founding.
    pub new_members: i64,
    /// People in the groups, counted in each.
    pub members: i64,
    /// Those who have said something there.
    pub speakers: i64,
    /// What was said.
    pub messages: i64,
    /// Groups that were marked as migrated, dismissed ones too.
    pub migrated: i64,
}

impl Totals {
    fn fields(self) -> [i64; 8] {
        let Totals {
            new_chats,
            chats,
            spoken_chats,
            new_members,
            members,
            speakers,
            messages,
            migrated,
        } = self;
        [
            new_chats,
            chats,
            spoken_chats,
            new_members,
            members,
            speakers,
            messages,
            migrated,
        ]
    }

    fn of(fields: [i64; 8]) -> Self {
        let [
            new_chats,
            chats,
            spoken_chats,
            new_members,
            members,
            speakers,
            messages,
            migrated,
        ] = fields;
        Totals {
            new_chats,
            chats,
            spoken_chats,
            new_members,
            members,
            speakers,
            messages,
            migrated,
        }
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        let (mut fields, others) = (self.fields(), other.fields());
        for (field, other) in fields.iter_mut().zip(others) {
            *field += other;
        }
        *self = Totals::of(fields);
    }
}

impl SubAssign for Totals {
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

impl Neg for Totals {
    type Output = Self;
    fn neg(self) -> Self {
        Totals::of(self.fields().map(Neg::neg))
    }
}

/// An owner's figures as of a day's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// The owner.
    pub owner: i64,
    /// The day's number, in UTC+8.
    pub day: i64,
    /// The figures.
    pub totals: Totals,
}

fn day(row: &dyn Row) -> Day {
    Day {
        owner: row.int(0),
        day: row.int(1),
        totals: Totals::of(std::array::from_fn(|field| row.int(field + 2))),
    }
}

fn vals(corp: i64, owner: i64, day: i64, totals: Totals) -> [crate::Val<'static>; 11] {
    let mut vals = [crate::Val::Null; 11];
    let fields = [corp, owner, day].into_iter().chain(totals.fields());
    for (val, field) in vals.iter_mut().zip(fields) {
        *val = field.into();
    }
    vals
}

/// Adds to an owner's figures of a day and of all later ones. For the newest day, as usual, that is one row.
pub fn add(tx: &mut dyn Tx, corp: i64, owner: i64, on: i64, more: Totals) -> Result<()> {
    let latest = tx.one(LATEST, &[corp.into(), owner.into(), on.into()], day)?;
    if latest.is_none_or(|latest| latest.day < on) {
        let before = latest.map(|latest| latest.totals).unwrap_or_default();
        tx.exec(INSERT, &vals(corp, owner, on, before))?;
    }
    tx.exec(ADD, &vals(corp, owner, on, more)).map(drop)
}

/// The figures as of a day's end of those owners who have any, in no order.
pub fn at(read: &mut dyn Read, corp: i64, owners: &[i64], on: i64) -> Result<Vec<Day>> {
    let list = int_list(owners);
    read.all(AT, &[corp.into(), (&list).into(), on.into()], day)
}

/// The rows of owners after one day up to and with another; each owner's together, oldest first.
pub fn span(
    read: &mut dyn Read,
    corp: i64,
    owners: &[i64],
    after: i64,
    to: i64,
) -> Result<Vec<Day>> {
    let list = int_list(owners);
    let vals = [corp.into(), (&list).into(), after.into(), to.into()];
    read.all(SPAN, &vals, day)
}

/// The companies that have figures.
pub fn companies(read: &mut dyn Read) -> Result<Vec<i64>> {
    read.all(COMPANIES, &[], |row| row.int(0))
}

/// Rows of a company before a day that no later one needs: owner and day. An owner's newest row up to the day is needed.
pub fn old(read: &mut dyn Read, corp: i64, before: i64, limit: i64) -> Result<Vec<(i64, i64)>> {
    read.all(OLD, &[corp.into(), before.into(), limit.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// Removes a row.
pub fn remove(tx: &mut dyn Tx, corp: i64, owner: i64, day: i64) -> Result<()> {
    tx.exec(REMOVE, &[corp.into(), owner.into(), day.into()])
        .map(drop)
}

/// What a group brings to its owner's figures beside its members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// What was said in it.
    pub messages: i64,
    /// How many of its present members have said something in it.
    pub speakers: i64,
    /// Whether it is marked as migrated.
    pub migrated: bool,
}

/// The counters of a group.
pub fn counters(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Counters> {
    let found = read.one(COUNTERS, &[corp.into(), chat.into()], |row| Counters {
        messages: row.int(0),
        speakers: row.int(1),
        migrated: row.flag(2),
    })?;
    Ok(found.unwrap_or_default())
}

/// Saves the counters of a group.
pub fn set_counters(tx: &mut dyn Tx, corp: i64, chat: i64, counters: Counters) -> Result<()> {
    let vals = [
        corp.into(),
        chat.into(),
        counters.messages.into(),
        counters.speakers.into(),
        counters.migrated.into(),
    ];
    tx.exec(SET_COUNTERS, &vals).map(drop)
}

/// Notes that somebody has said something in a group; tells whether it is the first time.
pub fn add_speaker(tx: &mut dyn Tx, corp: i64, chat: i64, person: i64) -> Result<bool> {
    let added = tx.exec(ADD_SPEAKER, &[corp.into(), chat.into(), person.into()])?;
    Ok(added > 0)
}

/// How many of these people have ever said something in a group.
pub fn speakers(read: &mut dyn Read, corp: i64, chat: i64, people: &[i64]) -> Result<i64> {
    let list = int_list(people);
    let count = read.int(SPEAKERS, &[corp.into(), chat.into(), (&list).into()])?;
    Ok(count.unwrap_or(0))
}
