//! 「加入群聊」: what a join way may be, where its QR code leads, and how people come in with it.

use qun_protocol::{
    ConfigId, GroupChatId, Limit, Refusal as R, Refused, Rules,
    groupchat::{
        AddJoinWay, GetJoinWay, JoinScene, JoinWay, JoinWayGot, JoinWayScene, UpdateJoinWay,
    },
    manage::{JoinWayShown, JoinWays, JoinWaysPage},
    text, world,
};
use qun_store::{
    Read,
    table::{
        app, chat,
        company::{self, Company},
        customer_group::{self, Way},
        join_way,
    },
};

use crate::{
    Caller, Cx, Outcome, ReadCx, customer_group as core, manage::directory::after_key,
    people::feed::page_size,
};

/// Where the QR codes of all companies lead, below the server's URL: a corpid and a code follow.
pub const PATH: &str = "/_qun/join/";

/// A number that a group's name ends with, and its base name of 40 characters, fit into a name.
const BASE_ID_MAX: i64 = u32::MAX as i64;

/// What a join way is to be.
pub(crate) struct Wanted<'a> {
    scene: Option<i64>,
    remark: Option<&'a str>,
    auto_create_room: Option<i64>,
    room_base_name: Option<&'a str>,
    room_base_id: Option<i64>,
    pub(crate) chat_id_list: &'a [GroupChatId],
    state: Option<&'a str>,
    mark_source: Option<bool>,
}

macro_rules! wanted {
    ($($request:ty),*) => {$(
        impl<'a> From<&'a $request> for Wanted<'a> {
            fn from(request: &'a $request) -> Self {
                Wanted {
                    scene: request.scene,
                    remark: request.remark.as_deref(),
                    auto_create_room: request.auto_create_room,
                    room_base_name: request.room_base_name.as_deref(),
                    room_base_id: request.room_base_id,
                    chat_id_list: &request.chat_id_list,
                    state: request.state.as_deref(),
                    mark_source: request.mark_source,
                }
            }
        }
    )*};
}
wanted!(AddJoinWay, UpdateJoinWay);

impl<'a> From<&'a world::JoinWay> for Wanted<'a> {
    fn from(wanted: &'a world::JoinWay) -> Self {
        Wanted {
            scene: Some(wanted.scene),
            remark: Some(&wanted.remark),
            auto_create_room: wanted.auto_create_room.map(i64::from),
            room_base_name: wanted.room_base_name.as_deref(),
            room_base_id: wanted.room_base_id,
            chat_id_list: &wanted.chat_id_list,
            state: wanted.state.as_deref(),
            mark_source: None,
        }
    }
}

/// Checks everything but the groups and writes it into a row. Gives what the cloud would do otherwise.
pub(crate) fn settle(
    rules: &Rules,
    wanted: &Wanted<'_>,
    row: &mut join_way::JoinWay,
) -> Result<Option<String>, Refused> {
    let scene = JoinWayScene::numbered(wanted.scene.ok_or(R::SceneMissing)?);
    row.scene = scene.ok_or(R::SceneInvalid)?.number();
    row.auto_create = match wanted.auto_create_room {
        None | Some(1) => true,
        Some(0) => false,
        Some(_) => return Err(Refused::invalid("auto_create_room")),
    };
    let base_name = given(wanted.room_base_name);
    fits(rules, "room_base_name", base_name, Limit::RoomBaseNameChars)?;
    if base_name.is_some_and(|name| name.chars().any(char::is_control)) {
        return Err(Refused::invalid("room_base_name"));
    }
    let base_id = wanted.room_base_id;
    if base_id.is_some_and(|id| !(0..=BASE_ID_MAX).contains(&id)) {
        return Err(Refused::invalid("room_base_id"));
    }
    let state = given(wanted.state);
    fits(rules, "state", state, Limit::JoinWayStateChars)?;
    // A series goes on where an update leaves it as it was.
    if row.base_name.as_deref() != base_name || row.base_id != base_id {
        row.made = 0;
    }
    row.base_name = base_name.map(str::to_owned);
    row.base_id = base_id;
    row.state = state.map(str::to_owned);
    row.mark_source = wanted.mark_source.unwrap_or(true);
    let remark = wanted.remark.unwrap_or_default();
    let most = rules.size(Limit::JoinWayRemarkChars);
    row.remark = text::cut_chars(remark, most).to_owned();
    let cut = row.remark.len() < remark.len();
    Ok(cut.then(|| format!("remark is cut to {most} characters")))
}

fn given(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

fn fits(
    rules: &Rules,
    field: &'static str,
    text: Option<&str>,
    limit: Limit,
) -> Result<(), Refused> {
    let most = rules.size(limit);
    if text.is_some_and(|text| text.chars().count() > most) {
        return Err(Refused::too_long(field, most));
    }
    Ok(())
}

/// The groups of a list, each once, with whether the join way has made them. Those do not count for how many it may be given.
pub(crate) fn groups(
    read: &mut dyn Read,
    corp: i64,
    rules: &Rules,
    list: &[GroupChatId],
    made: &[join_way::Chat],
    may: &mut dyn FnMut(&mut dyn Read, &customer_group::Group) -> Outcome<()>,
) -> Outcome<Vec<(i64, bool)>> {
    if list.is_empty() {
        return Err(Refused::invalid("chat_id_list").into());
    }
    let mut distinct: Vec<&GroupChatId> = Vec::new();
    for chat_id in list {
        if !distinct.contains(&chat_id) {
            distinct.push(chat_id);
        }
    }
    let has_made = |chat_id: &GroupChatId| {
        let mut made = made.iter();
        made.any(|chat| chat.made && chat.chat_id == **chat_id)
    };
    let named = distinct.iter().filter(|chat_id| !has_made(chat_id));
    if rules.enforced && named.count() > rules.size(Limit::JoinWayChatsMax) {
        return Err(R::JoinWayChats.into());
    }
    let mut groups = Vec::new();
    for chat_id in distinct {
        let group = core::named(read, corp, Some(chat_id))?;
        may(read, &group)?;
        groups.push((group.chat, has_made(chat_id)));
    }
    Ok(groups)
}

/// Adds a join way that is checked, unless the company has as many as it may.
pub(crate) fn add(
    cx: &mut Cx,
    corp: i64,
    rules: &Rules,
    row: &join_way::JoinWay,
    groups: &[(i64, bool)],
) -> Outcome<()> {
    if rules.enforced && join_way::count(cx.tx.as_read(), corp)? >= rules.limit(Limit::JoinWaysMax)
    {
        return Err(R::JoinWayCount.into());
    }
    join_way::insert(cx.tx, corp, row)?;
    Ok(join_way::set_chats(cx.tx, corp, row.way, groups)?)
}

/// The join way that a call names, which the calling app must have made.
pub(crate) fn own(
    read: &mut dyn Read,
    caller: &Caller,
    config_id: Option<&ConfigId>,
) -> Outcome<join_way::JoinWay> {
    let config_id = config_id
        .filter(|config_id| !config_id.is_empty())
        .ok_or(R::ConfigIdMissing)?;
    let way = join_way::by_config_id(read, caller.corp, config_id)?;
    let way = way.filter(|way| way.app == caller.agentid);
    way.ok_or_else(|| R::ConfigIdUnknown.into())
}

/// What the QR code of a join way says, at a server with this URL.
fn url_of(server: &str, corpid: &str, way: &join_way::JoinWay) -> Option<String> {
    let has_code = way.scene == JoinWayScene::QrCode.number();
    has_code.then(|| format!("{server}{PATH}{corpid}/{}", way.code))
}

fn picture_of(url: &Option<String>) -> Option<String> {
    url.as_ref().map(|url| format!("{url}.png"))
}

fn chat_ids(read: &mut dyn Read, corp: i64, way: i64) -> Outcome<Vec<GroupChatId>> {
    let chats = join_way::chats(read, corp, way)?.into_iter();
    Ok(chats.map(|chat| GroupChatId(chat.chat_id)).collect())
}

/// Reads a join way of the calling app; `server` is the URL that the server gives out.
pub fn get(cx: &mut ReadCx, request: &GetJoinWay, server: &str) -> Outcome<JoinWayGot> {
    let caller = cx.who.caller()?.clone();
    let corp = caller.corp;
    let way = own(cx.read, &caller, request.config_id.as_ref())?;
    let company = company::by_corp(cx.read, corp)?.unwrap_or_default();
    let choices = caller.rules.choices();
    Ok(JoinWayGot {
        join_way: JoinWay {
            kind: choices.join_way_type.then_some(3),
            mark_source: (!choices.join_way_type).then_some(way.mark_source),
            scene: way.scene,
            auto_create_room: way.auto_create.into(),
            chat_id_list: chat_ids(cx.read, corp, way.way)?,
            qr_code: picture_of(&url_of(server, &company.corpid, &way)),
            config_id: ConfigId(way.config_id),
            remark: way.remark,
            room_base_name: way.base_name.unwrap_or_default(),
            room_base_id: way.base_id,
            state: way.state.unwrap_or_default(),
        },
    })
}

/// A page of a company's join ways; `server` is the URL that the server gives out.
pub fn list(cx: &mut ReadCx, request: &JoinWays, server: &str) -> Outcome<JoinWaysPage> {
    let company = cx.company(Some(&request.corpid))?;
    let corp = company.corp;
    let limit = page_size(request.limit)?;
    let after = after_key(request.after.as_deref())?;
    if let Some(agentid) = request.agentid
        && app::by_agentid(cx.read, corp, agentid)?.is_none()
    {
        return Err(R::AppUnknown.into());
    }
    let mut found = join_way::page(cx.read, corp, request.agentid, after, limit + 1)?;
    let more = found.len() as i64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next = found.last().filter(|_| more).map(|way| way.way.to_string());
    let mut join_ways = Vec::new();
    for way in found {
        let url = url_of(server, &company.corpid, &way);
        join_ways.push(JoinWayShown {
            chat_id_list: chat_ids(cx.read, corp, way.way)?,
            config_id: ConfigId(way.config_id),
            agentid: way.app,
            scene: way.scene,
            remark: way.remark,
            auto_create_room: way.auto_create,
            room_base_name: way.base_name,
            room_base_id: way.base_id,
            state: way.state,
            qr_code: picture_of(&url),
            url,
        });
    }
    Ok(JoinWaysPage { join_ways, next })
}

/// Whether a company has a join way whose QR code says this.
pub fn has_code(read: &mut dyn Read, corpid: &str, code: &str) -> Outcome<bool> {
    let Some(company) = company::by_corpid(read, corpid)? else {
        return Ok(false);
    };
    let way = join_way::by_code(read, company.corp, code)?;
    Ok(way.is_some_and(|way| way.scene == JoinWayScene::QrCode.number()))
}

/// The corpid and the code in what a QR code says, or in the URL of its picture.
pub(crate) fn code_in(url: &str) -> Option<(&str, &str)> {
    let (_, rest) = url.rsplit_once(PATH)?;
    let rest = rest.split(['?', '#']).next()?;
    let (corpid, name) = rest.split_once('/')?;
    Some((corpid, name.split('.').next()?))
}

/// Lets somebody in: into the first group that has room, or into a new one where all are full. Who is in one of the groups stays
/// there.
pub(crate) fn come_in(
    cx: &mut Cx,
    company: &Company,
    mut way: join_way::JoinWay,
    comer: i64,
) -> Outcome<GroupChatId> {
    let corp = company.corp;
    let rules = cx.rules(corp)?;
    let most = match rules.enforced {
        true => rules.limit(Limit::CustomerGroupMembersMax),
        false => i64::MAX,
    };
    let read = cx.tx.as_read();
    if let Some(chat) = join_way::with_member(read, corp, way.way, comer)? {
        return chat_id(cx.tx.as_read(), corp, chat);
    }
    let mut group = match join_way::with_room(read, corp, way.way, most)? {
        Some(chat) => customer_group::by_key(read, corp, chat)?.ok_or(R::GroupFull)?,
        None => make(cx, company, &rules, &mut way)?,
    };
    let state = way.state.as_deref();
    let way = Way {
        scene: JoinScene::QrCode.number(),
        invitor: None,
        state,
    };
    core::join(cx, company, &rules, &mut group, &[comer], way)?;
    Ok(GroupChatId(group.chat_id))
}

fn chat_id(read: &mut dyn Read, corp: i64, chat: i64) -> Outcome<GroupChatId> {
    let group = customer_group::by_key(read, corp, chat)?.ok_or(R::GroupUnknown)?;
    Ok(GroupChatId(group.chat_id))
}

/// Makes one more group for a join way whose groups are full.
fn make(
    cx: &mut Cx,
    company: &Company,
    rules: &Rules,
    way: &mut join_way::JoinWay,
) -> Outcome<customer_group::Group> {
    let corp = company.corp;
    let full = || Refused::because(R::GroupFull, "and so are all others of the join way");
    if !way.auto_create {
        return Err(full().into());
    }
    let first = join_way::owner(cx.tx.as_read(), corp, way.way)?;
    let (owner, first_name) = first.ok_or_else(full)?;
    let base = way.base_name.as_deref().unwrap_or(&first_name);
    let name = numbered(base, way.base_id.unwrap_or(1) + way.made, rules);
    let new = core::New {
        kind: chat::kind::CUSTOMER,
        name: &name,
        owner,
        others: &[],
    };
    let group = core::create(cx, company, rules, new)?;
    way.made += 1;
    join_way::update(cx.tx, corp, way)?;
    join_way::add_made(cx.tx, corp, way.way, group.chat)?;
    Ok(group)
}

/// A base name with a number, which is never cut.
fn numbered(base: &str, number: i64, rules: &Rules) -> String {
    let number = number.to_string();
    let room = rules
        .size(Limit::ChatNameChars)
        .saturating_sub(number.len());
    format!("{}{number}", text::cut_chars(base, room))
}

#[cfg(test)]
mod tests {
    use qun_protocol::Rulebook;

    use super::*;

    #[test]
    fn a_code_is_found_in_what_the_picture_says_and_in_the_pictures_url() {
        for url in [
            "http://127.0.0.1:7800/_qun/join/ww1/abc",
            "http://127.0.0.1:7800/_qun/join/ww1/abc.png",
            "https://example.com/qun/_qun/join/ww1/abc.svg?size=2#top",
            "/_qun/join/ww1/abc",
        ] {
            assert_eq!(code_in(url), Some(("ww1", "abc")), "{url}");
        }
        for url in [
            "abc",
            "http://127.0.0.1:7800/_qun/join/ww1",
            "/_qun/pictures/ww1/abc",
        ] {
            assert_eq!(code_in(url), None, "{url}");
        }
    }

    #[test]
    fn a_number_is_never_cut() {
        let rules = Rules::of(Rulebook::Documented);
        assert_eq!(numbered("销售客服群", 10, &rules), "销售客服群10");
        assert_eq!(numbered("", 1, &rules), "1");
        let long = numbered(&"长".repeat(50), BASE_ID_MAX, &rules);
        assert_eq!(long, format!("{}4294967295", "长".repeat(40)));
    }
}
