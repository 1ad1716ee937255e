//! 客户群: what customer groups have beyond what every group has.

use std::collections::HashMap;

use super::chat::int_list;
use super::directory;
use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    // Only internal groups are searched for.
    BY_CHAT_ID = "SELECT c.chat, c.chatid, c.kind, c.name, c.owner, c.member_count, c.created, c.dissolved, c.status, c.notice, c.version, g.opengid, g.handed, g.handed_before, g.heir, g.due, g.transfer_app FROM chat c LEFT JOIN customer_group g ON g.corp = c.corp AND g.chat = c.chat WHERE c.corp = $1 AND c.chatid = $2 AND c.kind = 1";
    BY_KEY = "SELECT c.chat, c.chatid, c.kind, c.name, c.owner, c.member_count, c.created, c.dissolved, c.status, c.notice, c.version, g.opengid, g.handed, g.handed_before, g.heir, g.due, g.transfer_app FROM chat c LEFT JOIN customer_group g ON g.corp = c.corp AND g.chat = c.chat WHERE c.corp = $1 AND c.chat = $2 AND c.kind <> 0";
    BY_OPENGID = "SELECT chat FROM customer_group WHERE corp = $1 AND opengid = $2";
    INSERT = "INSERT INTO chat (corp, chat, chatid, app, name, search, owner, member_count, created, first_message, dissolved, kind, status, notice, version) VALUES ($1, $2, $3, 0, $4, '', $5, $6, $7, NULL, NULL, $8, $9, $10, $11)";
    UPDATE = "UPDATE chat SET name = $3, owner = $4, member_count = $5, status = $6, notice = $7, version = $8 WHERE corp = $1 AND chat = $2";
    ADD_MORE = "INSERT INTO customer_group (corp, chat, opengid, handed, handed_before, heir, due, transfer_app) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (corp, chat) DO UPDATE SET opengid = excluded.opengid, handed = excluded.handed, handed_before = excluded.handed_before, heir = excluded.heir, due = excluded.due, transfer_app = excluded.transfer_app";
    NO_MORE = "UPDATE customer_group SET opengid = NULL, handed = NULL, handed_before = NULL, heir = NULL, due = NULL, transfer_app = NULL WHERE corp = $1 AND chat = $2";
    ALL = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND kind = 1 AND dissolved IS NULL AND chat > $2 ORDER BY chat LIMIT $3";
    ALL_FROM = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND kind = 1 AND dissolved IS NULL ORDER BY chat LIMIT $3 OFFSET $2";
    OF_OWNER = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND owner = $2 AND dissolved IS NULL AND kind = 1 AND chat > $3 ORDER BY chat LIMIT $4";
    OF_OWNER_AT = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND status = $2 AND owner = $3 AND dissolved IS NULL AND kind = 1 AND status > 0 AND chat > $4 ORDER BY chat LIMIT $5";
    OF_OWNER_BUT = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND owner = $2 AND dissolved IS NULL AND kind = 1 AND chat > $3 AND status <> $5 ORDER BY chat LIMIT $4";
    COUNT_OF_OWNER = "SELECT COUNT(*) FROM chat WHERE corp = $1 AND owner = $2 AND dissolved IS NULL AND kind = 1";
    // Nothing is looked for among employees with a customer's key, and the other way round. Who let a member in is a key:
    // nearly always it is one of the members.
    MEMBERS = "SELECT m.person, m.joined, m.scene, m.state, m.nickname, m.admin, m.invitor, p.userid, p.name, p.alias, k.external_userid, k.name, k.kind, k.unionid FROM chat_member m LEFT JOIN person p ON p.corp = m.corp AND p.person = CASE WHEN m.person > 0 THEN m.person END LEFT JOIN customer k ON k.corp = m.corp AND k.customer = CASE WHEN m.person < 0 THEN m.person END WHERE m.corp = $1 AND m.chat = $2 AND m.to_id IS NULL ORDER BY m.from_id";
    PRESENT = "SELECT person FROM chat_member WHERE corp = $1 AND chat = $2 AND to_id IS NULL ORDER BY from_id";
    JOIN = "INSERT INTO chat_member (corp, chat, from_id, person, joined, to_id, scene, invitor, state) SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS BIGINT) + l.n, l.v, CAST($4 AS BIGINT), NULL, CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS TEXT) FROM {ints $5} AS l";
    NICKNAME = "UPDATE chat_member SET nickname = $4 WHERE corp = $1 AND chat = $2 AND person = $3 AND to_id IS NULL";
    ADMINS = "UPDATE chat_member SET admin = CASE WHEN person IN (SELECT l.v FROM {ints $3} AS l) THEN 1 END WHERE corp = $1 AND chat = $2 AND to_id IS NULL";
    NO_ADMIN = "UPDATE chat_member SET admin = NULL WHERE corp = $1 AND chat = $2 AND person = $3 AND to_id IS NULL AND admin = 1";
    ADMIN = "SELECT 1 FROM chat_member WHERE corp = $1 AND chat = $2 AND person = $3 AND to_id IS NULL AND admin = 1";
    DUE = "SELECT corp, chat FROM customer_group WHERE due IS NOT NULL AND due <= $1 ORDER BY due, corp, chat LIMIT $2";
    ADD_CODE = "INSERT INTO group_code (corp, code, chat, invitor, scene, expires) VALUES ($1, $2, $3, $4, $5, $6)";
    CODE = "SELECT chat, invitor, scene, expires FROM group_code WHERE corp = $1 AND code = $2";
    ENDED_CODES = "SELECT corp, code FROM group_code WHERE expires < $1 ORDER BY expires LIMIT $2";
    REMOVE_CODE = "DELETE FROM group_code WHERE corp = $1 AND code = $2";
    ADD_CURSOR = "INSERT INTO list_cursor (corp, cursor) VALUES ($1, $2) ON CONFLICT (corp, cursor) DO NOTHING";
    CURSOR = "SELECT 1 FROM list_cursor WHERE corp = $1 AND cursor = $2";
}

/// How far an inheritance is, as `chat.status` holds it. Whether the owner has left the company is the owner's to say.
pub mod status {
    /// None has begun.
    pub const NORMAL: i64 = 0;
    /// It is under way.
    pub const UNDER_WAY: i64 = 2;
    /// It is done.
    pub const DONE: i64 = 3;
}

/// A customer group, live or dismissed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Its key.
    pub chat: i64,
    /// Its id on the wire.
    pub chat_id: String,
    /// What it is, see [`super::chat::kind`].
    pub kind: i64,
    /// Its name, empty where it has none.
    pub name: String,
    /// Its owner.
    pub owner: i64,
    /// How many people are in it.
    pub member_count: i64,
    /// When it was made, ms UTC.
    pub created: i64,
    /// The id at which it was dismissed, if it was.
    pub dismissed: Option<i64>,
    /// How far its inheritance is, see [`status`].
    pub status: i64,
    /// 群公告
    pub notice: String,
    /// The id of the last change of its members.
    pub version: i64,
    /// What a mini-program calls it, once one was opened in it.
    pub opengid: Option<String>,
    /// When it was last handed on by onjob_transfer, ms UTC.
    pub handed: Option<i64>,
    /// When it was the time before.
    pub handed_before: Option<i64>,
    /// An inheritance under way.
    pub transfer: Option<Transfer>,
}

impl Group {
    /// Whether it has anything that stands in a row of its own.
    fn has_more(&self) -> bool {
        self.opengid.is_some()
            || self.handed.is_some()
            || self.handed_before.is_some()
            || self.transfer.is_some()
    }
}

/// An inheritance under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who inherits.
    pub heir: i64,
    /// When, ms UTC.
    pub due: i64,
    /// The app that asked for it.
    pub app: i64,
}

fn group(row: &dyn Row) -> Group {
    let transfer = match (row.opt_int(14), row.opt_int(15), row.opt_int(16)) {
        (Some(heir), Some(due), Some(app)) => Some(Transfer { heir, due, app }),
        _ => None,
    };
    Group {
        chat: row.int(0),
        chat_id: row.text(1).to_owned(),
        kind: row.int(2),
        name: row.text(3).to_owned(),
        owner: row.int(4),
        member_count: row.int(5),
        created: row.int(6),
        dismissed: row.opt_int(7),
        status: row.int(8),
        notice: row.text(9).to_owned(),
        version: row.int(10),
        opengid: row.opt_text(11).map(str::to_owned),
        handed: row.opt_int(12),
        handed_before: row.opt_int(13),
        transfer,
    }
}

/// The customer group with a chat_id, live or dismissed.
pub fn by_chat_id(read: &mut dyn Read, corp: i64, chat_id: &str) -> Result<Option<Group>> {
    read.one(BY_CHAT_ID, &[corp.into(), chat_id.into()], group)
}

/// The customer group or room with a key, live or dismissed.
pub fn by_key(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Option<Group>> {
    read.one(BY_KEY, &[corp.into(), chat.into()], group)
}

/// The key of the group that a mini-program calls so.
pub fn by_opengid(read: &mut dyn Read, corp: i64, opengid: &str) -> Result<Option<i64>> {
    read.int(BY_OPENGID, &[corp.into(), opengid.into()])
}

/// Adds a group; its members are added by [`join`].
pub fn insert(tx: &mut dyn Tx, corp: i64, g: &Group) -> Result<()> {
    let vals = [
        corp.into(),
        g.chat.into(),
        (&g.chat_id).into(),
        (&g.name).into(),
        g.owner.into(),
        g.member_count.into(),
        g.created.into(),
        g.kind.into(),
        g.status.into(),
        (&g.notice).into(),
        g.version.into(),
    ];
    tx.exec(INSERT, &vals)?;
    if g.has_more() {
        put_more(tx, corp, g)?;
    }
    Ok(())
}

/// Saves all of a group that can change, but who is in it.
pub fn update(tx: &mut dyn Tx, corp: i64, g: &Group) -> Result<()> {
    let vals = [
        corp.into(),
        g.chat.into(),
        (&g.name).into(),
        g.owner.into(),
        g.member_count.into(),
        g.status.into(),
        (&g.notice).into(),
        g.version.into(),
    ];
    tx.exec(UPDATE, &vals)?;
    if g.has_more() {
        put_more(tx, corp, g)
    } else {
        // A row may be there, for its counters or from before.
        tx.exec(NO_MORE, &[corp.into(), g.chat.into()]).map(drop)
    }
}

/// Saves what stands in a row of its own.
fn put_more(tx: &mut dyn Tx, corp: i64, g: &Group) -> Result<()> {
    let vals = [
        corp.into(),
        g.chat.into(),
        g.opengid.as_ref().into(),
        g.handed.into(),
        g.handed_before.into(),
        g.transfer.map(|transfer| transfer.heir).into(),
        g.transfer.map(|transfer| transfer.due).into(),
        g.transfer.map(|transfer| transfer.app).into(),
    ];
    tx.exec(ADD_MORE, &vals).map(drop)
}

/// A live customer group in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub chat: i64,
    /// Its id on the wire.
    pub chat_id: String,
    /// Its owner.
    pub owner: i64,
    /// How far its inheritance is, see [`status`].
    pub status: i64,
}

fn listed(row: &dyn Row) -> Listed {
    Listed {
        chat: row.int(0),
        chat_id: row.text(1).to_owned(),
        owner: row.int(2),
        status: row.int(3),
    }
}

/// A page of a company's live customer groups after a key, by key.
pub fn all(read: &mut dyn Read, corp: i64, after: i64, limit: i64) -> Result<Vec<Listed>> {
    read.all(ALL, &[corp.into(), after.into(), limit.into()], listed)
}

/// The same after so many groups, which are all read.
pub fn all_from(read: &mut dyn Read, corp: i64, offset: i64, limit: i64) -> Result<Vec<Listed>> {
    read.all(
        ALL_FROM,
        &[corp.into(), offset.into(), limit.into()],
        listed,
    )
}

/// Which of an owner's groups are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    All,
    /// Those with a [`status`] above 0.
    With(i64),
    /// Those without a [`status`].
    Without(i64),
}

/// A page of one owner's live customer groups after a key, by key.
pub fn of_owner(
    read: &mut dyn Read,
    corp: i64,
    owner: i64,
    which: Which,
    after: i64,
    limit: i64,
) -> Result<Vec<Listed>> {
    match which {
        Which::All => {
            let vals = [corp.into(), owner.into(), after.into(), limit.into()];
            read.all(OF_OWNER, &vals, listed)
        }
        Which::Without(status) => {
            let vals = [
                corp.into(),
                owner.into(),
                after.into(),
                limit.into(),
                status.into(),
            ];
            read.all(OF_OWNER_BUT, &vals, listed)
        }
        Which::With(status) => {
            let vals = [
                corp.into(),
                status.into(),
                owner.into(),
                after.into(),
                limit.into(),
            ];
            read.all(OF_OWNER_AT, &vals, listed)
        }
    }
}

/// How many live customer groups someone owns.
pub fn count_of_owner(read: &mut dyn Read, corp: i64, owner: i64) -> Result<i64> {
    let count = read.int(COUNT_OF_OWNER, &[corp.into(), owner.into()])?;
    Ok(count.unwrap_or(0))
}

/// A present member of a customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Member {
    /// The person, or below 0 the customer.
    pub person: i64,
    /// When the member joined, ms UTC.
    pub joined: i64,
    /// 1 invited, 2 by a link, 3 by a QR code.
    pub scene: i64,
    /// The state of the join way, if it had one.
    pub state: Option<String>,
    /// 群昵称
    pub nickname: Option<String>,
    /// 群管理员
    pub admin: bool,
    /// The userid or external_userid.
    pub id: String,
    /// The name.
    pub name: String,
    /// An employee's alias.
    pub alias: Option<String>,
    /// What kind of customer, 0 of an employee.
    pub customer_kind: i64,
    /// A customer's unionid.
    pub unionid: Option<String>,
    /// The userid of the employee who let the member in.
    pub invitor: Option<String>,
}

/// Few groups have more members.
const USUAL: usize = 32;

/// The present members, in the order in which they joined.
pub fn members(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Vec<Member>> {
    let mut members = Vec::with_capacity(USUAL);
    let mut invitors = Vec::with_capacity(USUAL);
    read.each(MEMBERS, &[corp.into(), chat.into()], &mut |row| {
        members.push(member(row));
        invitors.push(row.opt_int(6));
        Ok(())
    })?;
    name_invitors(read, corp, &mut members, &invitors)?;
    Ok(members)
}

/// A row of [`MEMBERS`].
fn member(row: &dyn Row) -> Member {
    let text = |place: usize| row.opt_text(place).map(str::to_owned);
    let member = Member {
        person: row.int(0),
        joined: row.int(1),
        scene: row.opt_int(2).unwrap_or(1),
        state: text(3),
        nickname: text(4),
        admin: row.opt_int(5) == Some(1),
        ..Member::default()
    };
    if member.person > 0 {
        Member {
            id: text(7).unwrap_or_default(),
            name: text(8).unwrap_or_default(),
            alias: text(9),
            ..member
        }
    } else {
        Member {
            id: text(10).unwrap_or_default(),
            name: text(11).unwrap_or_default(),
            customer_kind: row.opt_int(12).unwrap_or(0),
            unionid: text(13),
            ..member
        }
    }
}

/// Gives the members the userids of the employees who let them in.
fn name_invitors(
    read: &mut dyn Read,
    corp: i64,
    members: &mut [Member],
    invitors: &[Option<i64>],
) -> Result<()> {
    let mut userids = HashMap::new();
    let mut others = Vec::new();
    for key in invitors.iter().flatten().filter(|key| **key > 0) {
        if userids.contains_key(key) {
            continue;
        }
        let here = members.iter().find(|member| member.person == *key);
        others.extend(here.is_none().then_some(*key));
        userids.insert(*key, here.map(|member| member.id.clone()));
    }
    if !others.is_empty() {
        let found = directory::userids(read, corp, &others)?;
        userids.extend(found.into_iter().map(|(key, userid)| (key, Some(userid))));
    }
    for (member, invitor) in members.iter_mut().zip(invitors) {
        member.invitor = invitor.and_then(|key| userids.get(&key).cloned().flatten());
    }
    Ok(())
}

/// The keys of the present members, in the order in which they joined.
pub fn present(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Vec<i64>> {
    read.all(PRESENT, &[corp.into(), chat.into()], |row| row.int(0))
}

/// How people come in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Way<'a> {
    /// 1 invited, 2 by a link, 3 by a QR code.
    pub scene: i64,
    /// Who let them in, if anyone did.
    pub invitor: Option<i64>,
    /// The state of the join way, if it has one.
    pub state: Option<&'a str>,
}

/// Lets people in, in this order: their intervals begin at consecutive ids from `from_id` on.
pub fn join(
    tx: &mut dyn Tx,
    corp: i64,
    chat: i64,
    (from_id, joined): (i64, i64),
    people: &[i64],
    way: Way<'_>,
) -> Result<()> {
    let list = int_list(people);
    let vals = [
        corp.into(),
        chat.into(),
        from_id.into(),
        joined.into(),
        (&list).into(),
        way.scene.into(),
        way.invitor.into(),
        way.state.into(),
    ];
    tx.exec(JOIN, &vals).map(drop)
}

/// Sets a present member's name in the group.
pub fn set_nickname(
    tx: &mut dyn Tx,
    corp: i64,
    chat: i64,
    person: i64,
    nickname: Option<&str>,
) -> Result<()> {
    let vals = [corp.into(), chat.into(), person.into(), nickname.into()];
    tx.exec(NICKNAME, &vals).map(drop)
}

/// Makes these present members admins, and no others.
pub fn set_admins(tx: &mut dyn Tx, corp: i64, chat: i64, people: &[i64]) -> Result<()> {
    let list = int_list(people);
    tx.exec(ADMINS, &[corp.into(), chat.into(), (&list).into()])
        .map(drop)
}

/// Makes a member no admin.
pub fn unset_admin(tx: &mut dyn Tx, corp: i64, chat: i64, person: i64) -> Result<()> {
    tx.exec(NO_ADMIN, &[corp.into(), chat.into(), person.into()])
        .map(drop)
}

/// Whether a person is an admin of a group now.
pub fn is_admin(read: &mut dyn Read, corp: i64, chat: i64, person: i64) -> Result<bool> {
    read.exists(ADMIN, &[corp.into(), chat.into(), person.into()])
}

/// The first inheritances that are due, whosever they are: company and group.
pub fn due(read: &mut dyn Read, now: i64, limit: i64) -> Result<Vec<(i64, i64)>> {
    read.all(DUE, &[now.into(), limit.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// A code with which people come in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The group.
    pub chat: i64,
    /// The member who gave it away.
    pub invitor: i64,
    /// 2 for a link, 3 for the group's QR code.
    pub scene: i64,
    /// When it ends, ms UTC.
    pub expires: i64,
}

/// Adds a code.
pub fn add_code(tx: &mut dyn Tx, corp: i64, code: &str, c: &Code) -> Result<()> {
    let vals = [
        corp.into(),
        code.into(),
        c.chat.into(),
        c.invitor.into(),
        c.scene.into(),
        c.expires.into(),
    ];
    tx.exec(ADD_CODE, &vals).map(drop)
}

/// What a code stands for.
pub fn code(read: &mut dyn Read, corp: i64, code: &str) -> Result<Option<Code>> {
    read.one(CODE, &[corp.into(), code.into()], |row| Code {
        chat: row.int(0),
        invitor: row.int(1),
        scene: row.int(2),
        expires: row.int(3),
    })
}

/// Codes that ended before a time: company and code.
pub fn ended_codes(read: &mut dyn Read, before: i64, limit: i64) -> Result<Vec<(i64, String)>> {
    read.all(ENDED_CODES, &[before.into(), limit.into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}

/// Removes a code.
pub fn remove_code(tx: &mut dyn Tx, corp: i64, code: &str) -> Result<()> {
    tx.exec(REMOVE_CODE, &[corp.into(), code.into()]).map(drop)
}

/// Makes a text that no list gave a good cursor, which stands at the beginning.
pub fn add_cursor(tx: &mut dyn Tx, corp: i64, cursor: &str) -> Result<()> {
    tx.exec(ADD_CURSOR, &[corp.into(), cursor.into()]).map(drop)
}

/// Whether a text is such a cursor.
pub fn is_cursor(read: &mut dyn Read, corp: i64, cursor: &str) -> Result<bool> {
    read.exists(CURSOR, &[corp.into(), cursor.into()])
}
