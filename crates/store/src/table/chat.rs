//! Groups and who is in them. What customer groups have beyond that is in [`super::customer_group`].

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_CHATID = "SELECT chat, chatid, app, name, owner, member_count, created, first_message FROM chat WHERE corp = $1 AND chatid = $2 AND dissolved IS NULL AND kind = 0";
    PAGE = "SELECT chat, chatid, app, name, owner, member_count, created, first_message FROM chat WHERE corp = $1 AND kind = 0 AND dissolved IS NULL AND chat > $2 ORDER BY chat LIMIT $3";
    SEARCHED = "SELECT chat, chatid, app, name, owner, member_count, created, first_message, search FROM chat WHERE corp = $1 AND kind = 0 AND dissolved IS NULL AND chat > $2 ORDER BY chat";
    INSERT = "INSERT INTO chat (corp, chat, chatid, app, name, search, owner, member_count, created, first_message, dissolved) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL)";
    UPDATE = "UPDATE chat SET name = $3, search = $4, owner = $5, member_count = $6 WHERE corp = $1 AND chat = $2";
    SPOKEN = "UPDATE chat SET first_message = $3 WHERE corp = $1 AND chat = $2 AND first_message IS NULL";
    DISSOLVE = "UPDATE chat SET dissolved = $3, member_count = 0 WHERE corp = $1 AND chat = $2";
    ALIVE = "SELECT COUNT(*) FROM chat WHERE corp = $1 AND app = $2 AND dissolved IS NULL AND kind = 0";
    MEMBERS = "SELECT m.person, m.joined, m.from_id, p.userid, p.status FROM chat_member m JOIN person p ON p.corp = m.corp AND p.person = m.person WHERE m.corp = $1 AND m.chat = $2 AND m.to_id IS NULL ORDER BY m.from_id";
    JOIN = "INSERT INTO chat_member (corp, chat, from_id, person, joined, to_id) SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT) + l.n, l.v, CAST($4 AS BIGINT), NULL FROM {ints $5} AS l";
    LEAVE = "UPDATE chat_member SET to_id = $3 WHERE corp = $1 AND chat = $2 AND to_id IS NULL AND person IN (SELECT l.v FROM {ints $4} AS l)";
    CLOSE = "UPDATE chat_member SET to_id = $3 WHERE corp = $1 AND chat = $2 AND to_id IS NULL";
    OF_PERSON = "SELECT m.chat, m.from_id, m.joined, c.chatid, c.name, c.kind, c.member_count, c.first_message, COALESCE(p.userid, k.external_userid, '') FROM chat_member m JOIN chat c ON c.corp = m.corp AND c.chat = m.chat LEFT JOIN person p ON p.corp = c.corp AND p.person = c.owner LEFT JOIN customer k ON k.corp = c.corp AND k.customer = c.owner WHERE m.corp = $1 AND m.person = $2 AND m.to_id IS NULL AND c.dissolved IS NULL ORDER BY m.from_id";
    IS_MEMBER = "SELECT 1 FROM chat_member WHERE corp = $1 AND chat = $2 AND person = $3 AND to_id IS NULL";
    INTERVALS = "SELECT m.chat, m.from_id, m.to_id, c.chatid FROM chat_member m JOIN chat c ON c.corp = m.corp AND c.chat = m.chat WHERE m.corp = $1 AND m.person = $2";
    IN_GROUPS = "SELECT 1 FROM chat_member WHERE corp = $1 AND person = $2 LIMIT 1";
}

pub(super) const KEPT: &[&str] = &[BY_CHATID];

/// What a group is.
pub mod kind {
    /// An internal group that an app made.
    pub const INTERNAL: i64 = 0;
    /// A customer group.
    pub const CUSTOMER: i64 = 1;
    /// A room of personal WeChat.
    pub const ROOM: i64 = 2;
}

/// A live internal group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chat {
    /// Its key.
    pub chat: i64,
    /// Its id on the wire.
    pub chatid: String,
    /// The app that made it.
    pub app: i64,
    /// Its name, empty where it has none.
    pub name: String,
    /// Its owner.
    pub owner: i64,
    /// How many people are in it.
    pub member_count: i64,
    /// When it was made, ms UTC.
    pub created: i64,
    /// Its first message; a group without one is not visible to its members.
    pub first_message: Option<i64>,
}

fn chat(row: &dyn Row) -> Chat {
    Chat {
        chat: row.int(0),
        chatid: row.text(1).to_owned(),
        app: row.int(2),
        name: row.text(3).to_owned(),
        owner: row.int(4),
        member_count: row.int(5),
        created: row.int(6),
        first_message: row.opt_int(7),
    }
}

fn search_text(chatid: &str, name: &str) -> String {
    format!("{chatid}\n{name}").to_ascii_lowercase()
}

/// The live group with a chatid.
pub fn by_chatid(read: &mut dyn Read, corp: i64, chatid: &str) -> Result<Option<Chat>> {
    read.one(BY_CHATID, &[corp.into(), chatid.into()], chat)
}

/// A page of live groups after a key, by key.
pub fn page(read: &mut dyn Read, corp: i64, after: i64, limit: i64) -> Result<Vec<Chat>> {
    read.all(PAGE, &[corp.into(), after.into(), limit.into()], chat)
}

/// The first `limit` live groups after a key whose chatid or name holds a text (already without case) and which an app made, if one is named.
pub fn search(
    read: &mut dyn Read,
    corp: i64,
    after: i64,
    limit: usize,
    text: &str,
    app: Option<i64>,
) -> Result<Vec<Chat>> {
    read.first(SEARCHED, &[corp.into(), after.into()], limit, |row| {
        let wanted = row.text(8).contains(text) && app.is_none_or(|app| app == row.int(2));
        wanted.then(|| chat(row))
    })
}

/// Adds a group; its members are added by [`join`].
pub fn insert(tx: &mut dyn Tx, corp: i64, c: &Chat) -> Result<()> {
    let search = search_text(&c.chatid, &c.name);
    let vals = [
        corp.into(),
        c.chat.into(),
        (&c.chatid).into(),
        c.app.into(),
        (&c.name).into(),
        (&search).into(),
        c.owner.into(),
        c.member_count.into(),
        c.created.into(),
        c.first_message.into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Saves a group's name, owner and number of members.
pub fn update(tx: &mut dyn Tx, corp: i64, c: &Chat) -> Result<()> {
    let search = search_text(&c.chatid, &c.name);
    let vals = [
        corp.into(),
        c.chat.into(),
        (&c.name).into(),
        (&search).into(),
        c.owner.into(),
        c.member_count.into(),
    ];
    tx.exec(UPDATE, &vals).map(drop)
}

/// Notes a group's first message.
pub fn spoken(tx: &mut dyn Tx, corp: i64, chat: i64, id: i64) -> Result<()> {
    tx.exec(SPOKEN, &[corp.into(), chat.into(), id.into()])
        .map(drop)
}

/// Dissolves a group at an id; everybody is out of it.
pub fn dissolve(tx: &mut dyn Tx, corp: i64, chat: i64, id: i64) -> Result<()> {
    tx.exec(CLOSE, &[corp.into(), chat.into(), id.into()])?;
    tx.exec(DISSOLVE, &[corp.into(), chat.into(), id.into()])
        .map(drop)
}

/// How many live groups an app has made.
pub fn alive(read: &mut dyn Read, corp: i64, app: i64) -> Result<i64> {
    Ok(read.int(ALIVE, &[corp.into(), app.into()])?.unwrap_or(0))
}

/// A present member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub person: i64,
    /// When the person joined, ms UTC.
    pub joined: i64,
    /// From which id on the person sees messages.
    pub from_id: i64,
    /// The person's userid.
    pub userid: String,
    /// The person's status.
    pub status: i64,
}

/// The present members, in the order in which they joined.
pub fn members(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Vec<Member>> {
    read.all(MEMBERS, &[corp.into(), chat.into()], |row| Member {
        person: row.int(0),
        joined: row.int(1),
        from_id: row.int(2),
        userid: row.text(3).to_owned(),
        status: row.int(4),
    })
}

/// Lets people in, in this order: their intervals begin at consecutive ids from `from_id` on.
pub fn join(
    tx: &mut dyn Tx,
    corp: i64,
    chat: i64,
    from_id: i64,
    joined: i64,
    people: &[i64],
) -> Result<()> {
    let list = int_list(people);
    tx.exec(
        JOIN,
        &[
            corp.into(),
            chat.into(),
            from_id.into(),
            joined.into(),
            (&list).into(),
        ],
    )
    .map(drop)
}

/// Lets people go at an id.
pub fn leave(tx: &mut dyn Tx, corp: i64, chat: i64, to_id: i64, people: &[i64]) -> Result<()> {
    let list = int_list(people);
    tx.exec(
        LEAVE,
        &[corp.into(), chat.into(), to_id.into(), (&list).into()],
    )
    .map(drop)
}

/// Numbers as the JSON list that `{ints $n}` takes.
pub(crate) fn int_list(numbers: &[i64]) -> String {
    let items: Vec<String> = numbers.iter().map(i64::to_string).collect();
    format!("[{}]", items.join(","))
}

/// Whether a person is in a group now.
pub fn is_member(read: &mut dyn Read, corp: i64, chat: i64, person: i64) -> Result<bool> {
    read.exists(IS_MEMBER, &[corp.into(), chat.into(), person.into()])
}

/// A live group that a person is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The group.
    pub chat: i64,
    /// From which id on the person sees messages.
    pub from_id: i64,
    /// When the person joined, ms UTC.
    pub joined: i64,
    /// The group's id on the wire.
    pub chatid: String,
    /// Its name.
    pub name: String,
    /// Its owner's userid.
    pub owner: String,
    /// How many people are in it.
    pub member_count: i64,
    /// Whether its members see it: an internal group needs a message for that.
    pub visible: bool,
}

/// The live groups that a person is in, in the order of joining.
pub fn of_person(read: &mut dyn Read, corp: i64, person: i64) -> Result<Vec<Membership>> {
    read.all(OF_PERSON, &[corp.into(), person.into()], |row| Membership {
        chat: row.int(0),
        from_id: row.int(1),
        joined: row.int(2),
        chatid: row.text(3).to_owned(),
        name: row.text(4).to_owned(),
        owner: row.text(8).to_owned(),
        member_count: row.int(6),
        visible: row.int(5) != kind::INTERNAL || !row.is_null(7),
    })
}

/// A time in a group, as ids: messages strictly between them are seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The group.
    pub chat: i64,
    /// Its beginning.
    pub from_id: i64,
    /// Its end, where it has ended.
    pub to_id: Option<i64>,
    /// The group's id on the wire.
    pub chatid: String,
}

/// All times that a person has been in groups, dissolved ones included.
pub fn intervals(read: &mut dyn Read, corp: i64, person: i64) -> Result<Vec<Interval>> {
    read.all(INTERVALS, &[corp.into(), person.into()], |row| Interval {
        chat: row.int(0),
        from_id: row.int(1),
        to_id: row.opt_int(2),
        chatid: row.text(3).to_owned(),
    })
}

/// Whether a person is or was in any group.
pub fn ever_in_group(read: &mut dyn Read, corp: i64, person: i64) -> Result<bool> {
    read.exists(IN_GROUPS, &[corp.into(), person.into()])
}
