//! Rooms: groups as hosted accounts of Juzi see them.

pub mod bot;
pub mod hosting;
pub mod invitation;
pub mod label;
pub mod wxid;

use crate::{Read, ReadExt, Result, Row};

statements! {
    ROOM = "SELECT chat, chatid, kind, name, owner, member_count FROM chat WHERE corp = $1 AND chat = $2 AND dissolved IS NULL AND (kind <> 0 OR first_message IS NOT NULL)";
    MEMBERS = "SELECT m.person, m.nickname, COALESCE(p.name, k.name, ''), k.kind, k.corp_name, w.wxid, f.loaded FROM chat_member m LEFT JOIN person p ON p.corp = m.corp AND p.person = m.person LEFT JOIN customer k ON k.corp = m.corp AND k.customer = m.person LEFT JOIN person_wxid w ON w.corp = m.corp AND w.person = m.person LEFT JOIN bot_friend f ON f.corp = m.corp AND f.bot = $3 AND f.person = m.person WHERE m.corp = $1 AND m.chat = $2 AND m.to_id IS NULL ORDER BY m.from_id";
    EXISTS = "SELECT 1 FROM chat WHERE corp = $1 AND chat = $2";
    OF_ACCOUNT = "SELECT m.chat FROM chat_member m JOIN chat c ON c.corp = m.corp AND c.chat = m.chat WHERE m.corp = $1 AND m.person = $2 AND m.to_id IS NULL AND c.dissolved IS NULL AND (c.kind <> 0 OR c.first_message IS NOT NULL) ORDER BY m.chat";
    WITH_LABEL = "SELECT l.chat, MIN(b.bot) FROM room_labelled l JOIN chat c ON c.corp = l.corp AND c.chat = l.chat JOIN chat_member m ON m.corp = l.corp AND m.chat = l.chat AND m.to_id IS NULL JOIN bot b ON b.corp = m.corp AND b.person = m.person LEFT JOIN bot_room r ON r.corp = b.corp AND r.bot = b.bot AND r.chat = l.chat WHERE l.corp = $1 AND l.label = $2 AND b.hosting = $3 AND c.dissolved IS NULL AND (c.kind <> 0 OR c.first_message IS NOT NULL) AND COALESCE(r.loaded, 1) = 1 GROUP BY l.chat ORDER BY l.chat LIMIT $4 OFFSET $5";
    COUNT_WITH_LABEL = "SELECT COUNT(DISTINCT l.chat) FROM room_labelled l JOIN chat c ON c.corp = l.corp AND c.chat = l.chat JOIN chat_member m ON m.corp = l.corp AND m.chat = l.chat AND m.to_id IS NULL JOIN bot b ON b.corp = m.corp AND b.person = m.person LEFT JOIN bot_room r ON r.corp = b.corp AND r.bot = b.bot AND r.chat = l.chat WHERE l.corp = $1 AND l.label = $2 AND b.hosting = $3 AND c.dissolved IS NULL AND (c.kind <> 0 OR c.first_message IS NOT NULL) AND COALESCE(r.loaded, 1) = 1";
    WITH_MEMBER = "SELECT t.chat, b.bot FROM chat_member t JOIN chat c ON c.corp = t.corp AND c.chat = t.chat JOIN chat_member m ON m.corp = t.corp AND m.chat = t.chat AND m.to_id IS NULL JOIN bot b ON b.corp = m.corp AND b.person = m.person LEFT JOIN bot_room r ON r.corp = b.corp AND r.bot = b.bot AND r.chat = t.chat WHERE t.corp = $1 AND t.person = $2 AND t.to_id IS NULL AND b.hosting = $3 AND c.dissolved IS NULL AND (c.kind <> 0 OR c.first_message IS NOT NULL) AND COALESCE(r.loaded, 1) = 1 ORDER BY t.chat, b.bot";
}

/// Every statement of rooms.
pub(super) fn statements() -> Vec<&'static str> {
    [
        STATEMENTS,
        bot::STATEMENTS,
        hosting::STATEMENTS,
        invitation::STATEMENTS,
        label::STATEMENTS,
        wxid::STATEMENTS,
    ]
    .concat()
}

/// A live group of any kind that its members see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Its key.
    pub chat: i64,
    /// Its id on the wire of its own family.
    pub chatid: String,
    /// What it is, see [`super::chat::kind`].
    pub kind: i64,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: i64,
    /// How many people are in it.
    pub member_count: i64,
}

/// The live group with a key.
pub fn by_key(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Option<Room>> {
    read.one(ROOM, &[corp.into(), chat.into()], |row| Room {
        chat: row.int(0),
        chatid: row.text(1).to_owned(),
        kind: row.int(2),
        name: row.text(3).to_owned(),
        owner: row.int(4),
        member_count: row.int(5),
    })
}

/// A present member, as one account sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The employee, or below 0 somebody outside.
    pub person: i64,
    /// 群昵称
    pub nickname: Option<String>,
    /// The name.
    pub name: String,
    /// What kind of customer, 0 of an employee.
    pub customer_kind: i64,
    /// The company that a customer works for.
    pub corp_name: Option<String>,
    /// The system id, where one was given.
    pub wxid: Option<String>,
    /// Whether the account knows the person as a friend.
    pub friend: bool,
}

/// The present members of a group as an account sees them, in the order in which they joined.
pub fn members(read: &mut dyn Read, corp: i64, chat: i64, bot: i64) -> Result<Vec<Member>> {
    let vals = [corp.into(), chat.into(), bot.into()];
    read.all(MEMBERS, &vals, |row| Member {
        person: row.int(0),
        nickname: row.opt_text(1).map(str::to_owned),
        name: row.text(2).to_owned(),
        customer_kind: row.opt_int(3).unwrap_or(0),
        corp_name: row.opt_text(4).map(str::to_owned),
        wxid: row.opt_text(5).map(str::to_owned),
        friend: !row.is_null(6),
    })
}

/// Whether a key is or was that of a group.
pub fn is_there(read: &mut dyn Read, corp: i64, chat: i64) -> Result<bool> {
    read.exists(EXISTS, &[corp.into(), chat.into()])
}

/// The live groups that an account is in.
pub fn of_account(read: &mut dyn Read, corp: i64, person: i64) -> Result<Vec<i64>> {
    read.all(OF_ACCOUNT, &[corp.into(), person.into()], |row| row.int(0))
}

fn pair(row: &dyn Row) -> (i64, i64) {
    (row.int(0), row.int(1))
}

/// A page of the live groups with a label that a bot of a group of accounts is in and has loaded: group, and the first such bot.
pub fn with_label(
    read: &mut dyn Read,
    corp: i64,
    label: i64,
    hosting: i64,
    limit: i64,
    offset: i64,
) -> Result<Vec<(i64, i64)>> {
    let vals = [
        corp.into(),
        label.into(),
        hosting.into(),
        limit.into(),
        offset.into(),
    ];
    read.all(WITH_LABEL, &vals, pair)
}

/// How many there are on all pages.
pub fn count_with_label(read: &mut dyn Read, corp: i64, label: i64, hosting: i64) -> Result<i64> {
    let vals = [corp.into(), label.into(), hosting.into()];
    Ok(read.int(COUNT_WITH_LABEL, &vals)?.unwrap_or(0))
}

/// The live groups that someone is in together with bots of a group of accounts that have loaded them: group and bot.
pub fn with_member(
    read: &mut dyn Read,
    corp: i64,
    person: i64,
    hosting: i64,
) -> Result<Vec<(i64, i64)>> {
    let vals = [corp.into(), person.into(), hosting.into()];
    read.all(WITH_MEMBER, &vals, pair)
}
