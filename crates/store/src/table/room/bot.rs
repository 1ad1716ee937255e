//! Hosted accounts, their friends, and what they have loaded.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_KEY = "SELECT bot, hosting, person, user_id, bot_id, nick_name, online, logged_in, fail_next FROM bot WHERE corp = $1 AND bot = $2 AND hosting > 0";
    BY_ID = "SELECT bot, hosting, person, user_id, bot_id, nick_name, online, logged_in, fail_next FROM bot WHERE corp = $1 AND bot_id = $2";
    BY_USER = "SELECT bot, hosting, person, user_id, bot_id, nick_name, online, logged_in, fail_next FROM bot WHERE corp = $1 AND folded = $2 ORDER BY bot";
    BY_PERSON = "SELECT bot, hosting, person, user_id, bot_id, nick_name, online, logged_in, fail_next FROM bot WHERE corp = $1 AND person = $2 ORDER BY bot";
    ALL = "SELECT bot, hosting, person, user_id, bot_id, nick_name, online, logged_in, fail_next FROM bot WHERE corp = $1 AND hosting > 0 ORDER BY bot";
    IN_CHAT = "SELECT b.bot, b.hosting, b.person, b.user_id, b.bot_id, b.nick_name, b.online, b.logged_in, b.fail_next FROM bot b JOIN chat_member m ON m.corp = b.corp AND m.chat = $2 AND m.person = b.person AND m.to_id IS NULL WHERE b.corp = $1 ORDER BY b.bot";
    NEXT = "SELECT COALESCE(MAX(bot), 0) + 1 FROM bot WHERE corp = $1";
    INSERT = "INSERT INTO bot (corp, bot, hosting, person, user_id, folded, bot_id, nick_name, online, logged_in, fail_next) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "UPDATE bot SET nick_name = $3, online = $4, logged_in = $5, fail_next = $6 WHERE corp = $1 AND bot = $2";
    REMOVE = "UPDATE bot SET hosting = 0, person = 0, user_id = '', folded = '', bot_id = CAST(bot AS TEXT), nick_name = '', online = 0, logged_in = 0, fail_next = '' WHERE corp = $1 AND bot = $2";
    FORGET_FRIENDS = "DELETE FROM bot_friend WHERE corp = $1 AND bot = $2";
    FORGET_ROOMS = "DELETE FROM bot_room WHERE corp = $1 AND bot = $2";
    LOG_OUT = "UPDATE bot SET online = 0, logged_in = 0 WHERE corp = $1 AND person = $2";
    FAIL_NEXT = "UPDATE bot SET fail_next = $3 WHERE corp = $1 AND bot = $2";
    BEFRIEND = "INSERT INTO bot_friend (corp, bot, person, loaded) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, bot, person) DO UPDATE SET loaded = excluded.loaded";
    UNFRIEND = "DELETE FROM bot_friend WHERE corp = $1 AND bot = $2 AND person = $3";
    FRIEND = "SELECT loaded FROM bot_friend WHERE corp = $1 AND bot = $2 AND person = $3";
    FRIENDS = "SELECT person, loaded FROM bot_friend WHERE corp = $1 AND bot = $2 ORDER BY person DESC";
    ROOM = "SELECT conversation, loaded FROM bot_room WHERE corp = $1 AND bot = $2 AND chat = $3";
    LOAD = "INSERT INTO bot_room (corp, bot, chat, conversation, loaded) VALUES ($1, $2, $3, NULL, $4) ON CONFLICT (corp, bot, chat) DO UPDATE SET loaded = excluded.loaded";
    LOAD_ALL = "UPDATE bot_room SET loaded = 1 WHERE corp = $1 AND bot = $2";
    CONVERSE = "INSERT INTO bot_room (corp, bot, chat, conversation, loaded) VALUES ($1, $2, $3, $4, 1) ON CONFLICT (corp, bot, chat) DO UPDATE SET conversation = excluded.conversation";
    BY_CONVERSATION = "SELECT bot, chat FROM bot_room WHERE corp = $1 AND conversation = $2";
}

/// A hosted account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bot {
    /// Its key.
    pub bot: i64,
    /// The group of accounts that it is in.
    pub hosting: i64,
    /// Who it is: an employee, or below 0 somebody of personal WeChat.
    pub person: i64,
    /// wxUserId: the employee's userid.
    pub user_id: String,
    /// botId: 24 hex digits.
    pub bot_id: String,
    /// Its nickname.
    pub nick_name: String,
    /// Whether it runs and is on line.
    pub online: bool,
    /// Whether it is properly logged in.
    pub logged_in: bool,
    /// Operations whose next try fails: a JSON list of names.
    pub fail_next: String,
}

impl Bot {
    /// Whether it is an account of WeCom, and not of personal WeChat.
    pub const fn is_wecom(&self) -> bool {
        self.person > 0
    }
}

fn bot(row: &dyn Row) -> Bot {
    Bot {
        bot: row.int(0),
        hosting: row.int(1),
        person: row.int(2),
        user_id: row.text(3).to_owned(),
        bot_id: row.text(4).to_owned(),
        nick_name: row.text(5).to_owned(),
        online: row.flag(6),
        logged_in: row.flag(7),
        fail_next: row.text(8).to_owned(),
    }
}

/// The account with a key.
pub fn by_key(read: &mut dyn Read, corp: i64, key: i64) -> Result<Option<Bot>> {
    read.one(BY_KEY, &[corp.into(), key.into()], bot)
}

/// The account with a botId.
pub fn by_id(read: &mut dyn Read, corp: i64, bot_id: &str) -> Result<Option<Bot>> {
    read.one(BY_ID, &[corp.into(), bot_id.into()], bot)
}

/// The accounts with a userid, which must already be without case.
pub fn by_user(read: &mut dyn Read, corp: i64, folded: &str) -> Result<Vec<Bot>> {
    read.all(BY_USER, &[corp.into(), folded.into()], bot)
}

/// The accounts of one person.
pub fn by_person(read: &mut dyn Read, corp: i64, person: i64) -> Result<Vec<Bot>> {
    read.all(BY_PERSON, &[corp.into(), person.into()], bot)
}

/// All accounts of a company.
pub fn all(read: &mut dyn Read, corp: i64) -> Result<Vec<Bot>> {
    read.all(ALL, &[corp.into()], bot)
}

/// The accounts that are in a group now.
pub fn in_chat(read: &mut dyn Read, corp: i64, chat: i64) -> Result<Vec<Bot>> {
    read.all(IN_CHAT, &[corp.into(), chat.into()], bot)
}

/// The key for one more account.
pub fn next(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT, &[corp.into()])?.unwrap_or(1))
}

/// Adds an account.
pub fn insert(tx: &mut dyn Tx, corp: i64, b: &Bot) -> Result<()> {
    let folded = b.user_id.to_ascii_lowercase();
    let vals = [
        corp.into(),
        b.bot.into(),
        b.hosting.into(),
        b.person.into(),
        (&b.user_id).into(),
        (&folded).into(),
        (&b.bot_id).into(),
        (&b.nick_name).into(),
        b.online.into(),
        b.logged_in.into(),
        (&b.fail_next).into(),
    ];
    tx.exec(INSERT, &vals).map(drop)
}

/// Saves nickname, states and what is to fail.
pub fn update(tx: &mut dyn Tx, corp: i64, b: &Bot) -> Result<()> {
    let vals = [
        corp.into(),
        b.bot.into(),
        (&b.nick_name).into(),
        b.online.into(),
        b.logged_in.into(),
        (&b.fail_next).into(),
    ];
    tx.exec(UPDATE, &vals).map(drop)
}

/// Hosts an account no longer. Its key stays taken, for conversations are named by it.
pub fn remove(tx: &mut dyn Tx, corp: i64, key: i64) -> Result<()> {
    for sql in [REMOVE, FORGET_FRIENDS, FORGET_ROOMS] {
        tx.exec(sql, &[corp.into(), key.into()])?;
    }
    Ok(())
}

/// Logs the accounts of a person out.
pub fn log_out(tx: &mut dyn Tx, corp: i64, person: i64) -> Result<()> {
    tx.exec(LOG_OUT, &[corp.into(), person.into()]).map(drop)
}

/// Saves what is to fail.
pub fn fail_next(tx: &mut dyn Tx, corp: i64, key: i64, operations: &str) -> Result<()> {
    tx.exec(FAIL_NEXT, &[corp.into(), key.into(), operations.into()])
        .map(drop)
}

/// Makes someone a friend of an account, loaded or not.
pub fn befriend(tx: &mut dyn Tx, corp: i64, key: i64, person: i64, loaded: bool) -> Result<()> {
    let vals = [corp.into(), key.into(), person.into(), loaded.into()];
    tx.exec(BEFRIEND, &vals).map(drop)
}

/// Ends a friendship.
pub fn unfriend(tx: &mut dyn Tx, corp: i64, key: i64, person: i64) -> Result<()> {
    tx.exec(UNFRIEND, &[corp.into(), key.into(), person.into()])
        .map(drop)
}

/// Whether someone is a friend of an account, and if so whether it has loaded the friend.
pub fn friend(read: &mut dyn Read, corp: i64, key: i64, person: i64) -> Result<Option<bool>> {
    read.one(FRIEND, &[corp.into(), key.into(), person.into()], |row| {
        row.flag(0)
    })
}

/// The friends of an account, and whether each is loaded, in the order in which they were made.
pub fn friends(read: &mut dyn Read, corp: i64, key: i64) -> Result<Vec<(i64, bool)>> {
    read.all(FRIENDS, &[corp.into(), key.into()], |row| {
        (row.int(0), row.flag(1))
    })
}

/// What is kept of an account and a group: the conversation's id where one was given, and whether it is loaded.
pub fn room(
    read: &mut dyn Read,
    corp: i64,
    key: i64,
    chat: i64,
) -> Result<Option<(Option<String>, bool)>> {
    read.one(ROOM, &[corp.into(), key.into(), chat.into()], |row| {
        (row.opt_text(0).map(str::to_owned), row.flag(1))
    })
}

/// Says whether an account has loaded a group.
pub fn load(tx: &mut dyn Tx, corp: i64, key: i64, chat: i64, loaded: bool) -> Result<()> {
    let vals = [corp.into(), key.into(), chat.into(), loaded.into()];
    tx.exec(LOAD, &vals).map(drop)
}

/// Says that an account has loaded all its groups.
pub fn load_all(tx: &mut dyn Tx, corp: i64, key: i64) -> Result<()> {
    tx.exec(LOAD_ALL, &[corp.into(), key.into()]).map(drop)
}

/// Gives the conversation of an account in a group an id.
pub fn converse(tx: &mut dyn Tx, corp: i64, key: i64, chat: i64, id: &str) -> Result<()> {
    let vals = [corp.into(), key.into(), chat.into(), id.into()];
    tx.exec(CONVERSE, &vals).map(drop)
}

/// The account and the group of a conversation whose id was given.
pub fn by_conversation(read: &mut dyn Read, corp: i64, id: &str) -> Result<Option<(i64, i64)>> {
    read.one(BY_CONVERSATION, &[corp.into(), id.into()], |row| {
        (row.int(0), row.int(1))
    })
}
