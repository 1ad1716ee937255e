//! 「加入群聊」: codes and buttons with which people join customer groups.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    BY_CONFIG_ID = "SELECT way, config_id, code, app, scene, remark, auto_create, base_name, base_id, made, state, mark_source FROM join_way WHERE corp = $1 AND config_id = $2";
    BY_CODE = "SELECT way, config_id, code, app, scene, remark, auto_create, base_name, base_id, made, state, mark_source FROM join_way WHERE corp = $1 AND code = $2";
    PAGE = "SELECT way, config_id, code, app, scene, remark, auto_create, base_name, base_id, made, state, mark_source FROM join_way WHERE corp = $1 AND way > $2 ORDER BY way LIMIT $3";
    PAGE_OF_APP = "SELECT way, config_id, code, app, scene, remark, auto_create, base_name, base_id, made, state, mark_source FROM join_way WHERE corp = $1 AND app = $4 AND way > $2 ORDER BY way LIMIT $3";
    INSERT = "INSERT INTO join_way (corp, way, config_id, code, app, scene, remark, auto_create, base_name, base_id, made, state, mark_source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    UPDATE = "UPDATE join_way SET scene = $3, remark = $4, auto_create = $5, base_name = $6, base_id = $7, made = $8, state = $9, mark_source = $10 WHERE corp = $1 AND way = $2";
    DELETE = "DELETE FROM join_way WHERE corp = $1 AND way = $2";
    COUNT = "SELECT ways FROM join_way_count WHERE corp = $1";
    STEP = "INSERT INTO join_way_count (corp, ways) VALUES ($1, $2) ON CONFLICT (corp) DO UPDATE SET ways = join_way_count.ways + excluded.ways";
    CHATS = "SELECT w.chat, c.chatid, w.made FROM join_way_chat w JOIN chat c ON c.corp = w.corp AND c.chat = w.chat WHERE w.corp = $1 AND w.way = $2 AND c.dissolved IS NULL ORDER BY w.place";
    ADD_CHAT = "INSERT INTO join_way_chat (corp, way, place, chat, made) VALUES ($1, $2, $3, $4, $5)";
    NEXT_PLACE = "SELECT COALESCE(MAX(place), 0) + 1 FROM join_way_chat WHERE corp = $1 AND way = $2";
    CLEAR = "DELETE FROM join_way_chat WHERE corp = $1 AND way = $2";
    WITH_ROOM = "SELECT w.chat FROM join_way_chat w JOIN chat c ON c.corp = w.corp AND c.chat = w.chat WHERE w.corp = $1 AND w.way = $2 AND c.dissolved IS NULL AND c.member_count < $3 ORDER BY w.place LIMIT 1";
    WITH_MEMBER = "SELECT w.chat FROM join_way_chat w JOIN chat c ON c.corp = w.corp AND c.chat = w.chat JOIN chat_member m ON m.corp = w.corp AND m.chat = w.chat AND m.person = $3 AND m.to_id IS NULL WHERE w.corp = $1 AND w.way = $2 AND c.dissolved IS NULL ORDER BY w.place LIMIT 1";
    OWNER = "SELECT c.owner, c.name FROM join_way_chat w JOIN chat c ON c.corp = w.corp AND c.chat = w.chat JOIN person p ON p.corp = c.corp AND p.person = c.owner WHERE w.corp = $1 AND w.way = $2 AND c.dissolved IS NULL AND p.status <> 5 AND p.customer_contact = 1 ORDER BY w.place LIMIT 1";
}

/// A join way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JoinWay {
    /// Its key; a newer one's is higher.
    pub way: i64,
    /// 配置id
    pub config_id: String,
    /// What its QR picture says.
    pub code: String,
    /// The app that made it.
    pub app: i64,
    /// 1 a button in a mini-program, 2 a QR code.
    pub scene: i64,
    /// 备注
    pub remark: String,
    /// Whether a group is made when all are full.
    pub auto_create: bool,
    /// 自动建群的群名前缀
    pub base_name: Option<String>,
    /// 自动建群的群起始序号
    pub base_id: Option<i64>,
    /// How many groups it has made of its base name.
    pub made: i64,
    /// What its members are told apart by.
    pub state: Option<String>,
    /// Whether the source of customers is marked.
    pub mark_source: bool,
}

/// A group that a join way fills.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chat {
    /// Its key.
    pub chat: i64,
    /// Its id on the wire.
    pub chat_id: String,
    /// Whether the join way has made it.
    pub made: bool,
}

fn join_way(row: &dyn Row) -> JoinWay {
    JoinWay {
        way: row.int(0),
        config_id: row.text(1).to_owned(),
        code: row.text(2).to_owned(),
        app: row.int(3),
        scene: row.int(4),
        remark: row.text(5).to_owned(),
        auto_create: row.flag(6),
        base_name: row.opt_text(7).map(str::to_owned),
        base_id: row.opt_int(8),
        made: row.int(9),
        state: row.opt_text(10).map(str::to_owned),
        mark_source: row.flag(11),
    }
}

/// The join way with a config_id.
pub fn by_config_id(read: &mut dyn Read, corp: i64, config_id: &str) -> Result<Option<JoinWay>> {
    read.one(BY_CONFIG_ID, &[corp.into(), config_id.into()], join_way)
}

/// The join way with a code.
pub fn by_code(read: &mut dyn Read, corp: i64, code: &str) -> Result<Option<JoinWay>> {
    read.one(BY_CODE, &[corp.into(), code.into()], join_way)
}

/// A page of join ways after a key, oldest first; with an app those alone that it made.
pub fn page(
    read: &mut dyn Read,
    corp: i64,
    app: Option<i64>,
    after: i64,
    limit: i64,
) -> Result<Vec<JoinWay>> {
    match app {
        None => read.all(PAGE, &[corp.into(), after.into(), limit.into()], join_way),
        Some(app) => {
            let vals = [corp.into(), after.into(), limit.into(), app.into()];
            read.all(PAGE_OF_APP, &vals, join_way)
        }
    }
}

/// How many a company has.
pub fn count(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(COUNT, &[corp.into()])?.unwrap_or(0))
}

/// Adds a join way; its groups are set by [`set_chats`].
pub fn insert(tx: &mut dyn Tx, corp: i64, w: &JoinWay) -> Result<()> {
    let vals = [
        corp.into(),
        w.way.into(),
        (&w.config_id).into(),
        (&w.code).into(),
        w.app.into(),
        w.scene.into(),
        (&w.remark).into(),
        w.auto_create.into(),
        w.base_name.as_ref().into(),
        w.base_id.into(),
        w.made.into(),
        w.state.as_ref().into(),
        w.mark_source.into(),
    ];
    tx.exec(INSERT, &vals)?;
    tx.exec(STEP, &[corp.into(), 1.into()]).map(drop)
}

/// Saves all of a join way that can change, but its groups.
pub fn update(tx: &mut dyn Tx, corp: i64, w: &JoinWay) -> Result<()> {
    let vals = [
        corp.into(),
        w.way.into(),
        w.scene.into(),
        (&w.remark).into(),
        w.auto_create.into(),
        w.base_name.as_ref().into(),
        w.base_id.into(),
        w.made.into(),
        w.state.as_ref().into(),
        w.mark_source.into(),
    ];
    tx.exec(UPDATE, &vals).map(drop)
}

/// Removes a join way; its groups stay.
pub fn delete(tx: &mut dyn Tx, corp: i64, way: i64) -> Result<()> {
    tx.exec(CLEAR, &[corp.into(), way.into()])?;
    tx.exec(DELETE, &[corp.into(), way.into()])?;
    tx.exec(STEP, &[corp.into(), (-1).into()]).map(drop)
}

/// The live groups that it fills, in their order.
pub fn chats(read: &mut dyn Read, corp: i64, way: i64) -> Result<Vec<Chat>> {
    read.all(CHATS, &[corp.into(), way.into()], |row| Chat {
        chat: row.int(0),
        chat_id: row.text(1).to_owned(),
        made: row.flag(2),
    })
}

/// Replaces the groups that it fills: keys, and whether it has made them.
pub fn set_chats(tx: &mut dyn Tx, corp: i64, way: i64, chats: &[(i64, bool)]) -> Result<()> {
    tx.exec(CLEAR, &[corp.into(), way.into()])?;
    for (place, (chat, made)) in (1_i64..).zip(chats) {
        let vals = [
            corp.into(),
            way.into(),
            place.into(),
            (*chat).into(),
            (*made).into(),
        ];
        tx.exec(ADD_CHAT, &vals)?;
    }
    Ok(())
}

/// Adds a group that it has made, as the last.
pub fn add_made(tx: &mut dyn Tx, corp: i64, way: i64, chat: i64) -> Result<()> {
    let place = tx.as_read().int(NEXT_PLACE, &[corp.into(), way.into()])?;
    let vals = [
        corp.into(),
        way.into(),
        place.unwrap_or(1).into(),
        chat.into(),
        true.into(),
    ];
    tx.exec(ADD_CHAT, &vals).map(drop)
}

/// The first of its live groups that has fewer members than `most`.
pub fn with_room(read: &mut dyn Read, corp: i64, way: i64, most: i64) -> Result<Option<i64>> {
    read.int(WITH_ROOM, &[corp.into(), way.into(), most.into()])
}

/// The first of its live groups that a person is in.
pub fn with_member(read: &mut dyn Read, corp: i64, way: i64, person: i64) -> Result<Option<i64>> {
    read.int(WITH_MEMBER, &[corp.into(), way.into(), person.into()])
}

/// The owner and the name of the first of its live groups whose owner is of the company and has customer contact.
pub fn owner(read: &mut dyn Read, corp: i64, way: i64) -> Result<Option<(i64, String)>> {
    read.one(OWNER, &[corp.into(), way.into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}
