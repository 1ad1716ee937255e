//! 客户群: what customer groups have beyond what every group has.

use super::chat::{int_list, search_text};
use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_CHAT_ID = "SELECT c.chat, c.chatid, c.kind, c.name, c.owner, c.member_count, c.created, c.dissolved, c.status, g.notice, g.version, g.opengid, g.handed, g.handed_before, g.heir, g.due, g.transfer_app FROM chat c JOIN customer_group g ON g.corp = c.corp AND g.chat = c.chat WHERE c.corp = $1 AND c.chatid = $2 AND c.kind = 1";
    BY_KEY = "SELECT c.chat, c.chatid, c.kind, c.name, c.owner, c.member_count, c.created, c.dissolved, c.status, g.notice, g.version, g.opengid, g.handed, g.handed_before, g.heir, g.due, g.transfer_app FROM chat c JOIN customer_group g ON g.corp = c.corp AND g.chat = c.chat WHERE c.corp = $1 AND c.chat = $2";
    BY_OPENGID = "SELECT chat FROM customer_group WHERE corp = $1 AND opengid = $2";
    INSERT_CHAT = "INSERT INTO chat (corp, chat, chatid, app, name, search, owner, member_count, created, first_message, dissolved, kind, status) VALUES ($1, $2, $3, 0, $4, $5, $6, $7, $8, NULL, NULL, $9, $10)";
    INSERT = "INSERT INTO customer_group (corp, chat, notice, version, opengid) VALUES ($1, $2, $3, $4, $5)";
    UPDATE_CHAT = "UPDATE chat SET name = $3, search = $4, owner = $5, member_count = $6, status = $7 WHERE corp = $1 AND chat = $2";
    UPDATE = "UPDATE customer_group SET notice = $3, version = $4, opengid = $5, handed = $6, handed_before = $7, heir = $8, due = $9, transfer_app = $10 WHERE corp = $1 AND chat = $2";
    ALL = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND kind = 1 AND dissolved IS NULL AND chat > $2 ORDER BY chat LIMIT $3";
    ALL_FROM = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND kind = 1 AND dissolved IS NULL ORDER BY chat LIMIT $3 OFFSET $2";
    OF_OWNER = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND owner = $2 AND dissolved IS NULL AND kind = 1 AND chat > $3 ORDER BY chat LIMIT $4";
    OF_OWNER_AT = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND status = $2 AND owner = $3 AND dissolved IS NULL AND kind = 1 AND status > 0 AND chat > $4 ORDER BY chat LIMIT $5";
    OF_OWNER_BUT = "SELECT chat, chatid, owner, status FROM chat WHERE corp = $1 AND owner = $2 AND dissolved IS NULL AND kind = 1 AND chat > $3 AND status <> $5 ORDER BY chat LIMIT $4";
    COUNT_OF_OWNER = "SELECT COUNT(*) FROM chat WHERE corp = $1 AND owner = $2 AND dissolved IS NULL AND kind = 1";
    // Nothing is looked for among employees with a customer's key, and the other way round.
    MEMBERS = "SELECT m.person, m.joined, m.from_id, m.scene, m.state, m.nickname, m.admin, p.userid, p.name, p.alias, p.status, k.external_userid, k.name, k.kind, k.unionid, i.userid FROM chat_member m LEFT JOIN person p ON p.corp = m.corp AND p.person = CASE WHEN m.person > 0 THEN m.person END LEFT JOIN customer k ON k.corp = m.corp AND k.customer = CASE WHEN m.person < 0 THEN m.person END LEFT JOIN person i ON i.corp = m.corp AND i.person = m.invitor WHERE m.corp = $1 AND m.chat = $2 AND m.to_id IS NULL ORDER BY m.from_id";
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
    let search = search_text(&g.chat_id, &g.name);
    let vals = [
        corp.into(),
        g.chat.into(),
        (&g.chat_id).into(),
        (&g.name).into(),
        (&search).into(),
        g.owner.into(),
        g.member_count.into(),
        g.created.into(),
        g.kind.into(),
        g.status.into(),
    ];
    tx.exec(INSERT_CHAT, &vals)?;
    let vals = [
        corp.into(),
        g.chat.into(),
        (&g.notice).into(),
        g.version.into(),
        g.opengid.as_ref().into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Saves all of a group that can change, but who is in it.
pub fn update(tx: &mut dyn Tx, corp: i64, g: &Group) -> Result<()> {
    let search = search_text(&g.chat_id, &g.name);
    let vals = [
        corp.into(),
        g.chat.into(),
        (&g.name).into(),
        (&search).into(),
        g.owner.into(),
        g.member_count.into(),
        g.status.into(),
    ];
    tx.exec(UPDATE_CHAT, &vals)?;
    let vals = [
        corp.into(),
        g.chat.into(),
        (&g.notice).into(),
        g.version.into(),
        g.opengid.as_ref().into(),
        g.handed.into(),
        g.handed_before.into(),
        g.transfer.map(|transfer| transfer.heir).into(),
        g.transfer.map(|transfer| transfer.due).into(),
        g.transfer.map(|transfer| transfer.app).into(),
    ];
    tx.exec(UPDATE, &vals).map(drop)
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
    /// From which id on the member sees messages.
    pub from_id: i64,
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
    /// An employee's status; 0 of a customer.
    pub status: i64,
    /// What kind of customer, 0 of an employee.
    pub customer_kind: i64,
    /// A customer's unionid.
    pub unionid: Option<String>,
    /// The userid of the employee who let the member in.
    pub invitor: Option<String>,
}

/// The present members, in the order in which they joined.
pub fn members(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Vec<Member>> {
    read.all(MEMBERS, &[corp.into(), chat.into()], |row| {
        let text = |place: usize| row.opt_text(place).map(str::to_owned);
        let employee = !row.is_null(7);
        let (id, name) = if employee { (7, 8) } else { (11, 12) };
        Member {
            person: row.int(0),
            joined: row.int(1),
            from_id: row.int(2),
            scene: row.opt_int(3).unwrap_or(1),
            state: text(4),
            nickname: text(5),
            admin: row.opt_int(6) == Some(1),
            id: text(id).unwrap_or_default(),
            name: text(name).unwrap_or_default(),
            alias: text(9),
            status: row.opt_int(10).unwrap_or(0),
            customer_kind: row.opt_int(13).unwrap_or(0),
            unionid: text(14),
            invitor: text(15),
        }
    })
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
