use qun_protocol::{
    UserId, fold,
    manage::{ExplainId, Explained, Meaning, Sibling},
};
use qun_store::{
    Read,
    table::{
        app,
        chat::{self, kind},
        customer, customer_group, directory, join_way,
        room::{self, bot, hosting, label},
    },
};

use super::id;
use crate::{Outcome, Query, ReadCx, Use, participant};

impl Query<ExplainId> for Use {
    fn run(cx: &mut ReadCx, request: &ExplainId) -> Outcome<Explained> {
        let company = cx.company(Some(&request.corpid))?;
        let (read, corp) = (&mut *cx.read, company.corp);
        let mut meanings = Vec::new();
        if company.corpid == request.id {
            let what = format!("the company {}", company.name);
            meanings.push(meaning("corpid", what, Vec::new()));
        }
        meanings.extend(numbered(read, corp, &request.id)?);
        meanings.extend(join_way(read, corp, &request.id)?);
        meanings.extend(people(read, corp, &request.id)?);
        meanings.extend(accounts(read, corp, &request.id)?);
        meanings.extend(rooms(read, corp, &request.id)?);
        Ok(Explained {
            id: request.id.clone(),
            meanings,
        })
    }
}

fn meaning(kind: &str, what: String, mut siblings: Vec<Sibling>) -> Meaning {
    // What is explained is no sibling of itself.
    siblings.retain(|sibling| sibling.kind != kind || sibling.of.is_some());
    Meaning {
        kind: kind.to_owned(),
        what,
        siblings,
    }
}

fn sibling(kind: &str, id: impl Into<String>) -> Sibling {
    Sibling {
        kind: kind.to_owned(),
        id: id.into(),
        of: None,
    }
}

/// An app, a department and a tag may have the same number.
fn numbered(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Vec<Meaning>> {
    let Ok(number) = text.parse() else {
        return Ok(Vec::new());
    };
    let app = app::by_agentid(read, corp, number)?.map(|it| ("agentid", "app", it.name));
    let department = directory::department(read, corp, number)?;
    let department = department.map(|it| ("partyid", "department", it.name));
    let tag = directory::tag(read, corp, number)?.map(|it| ("tagid", "tag", it.name));
    let found = [app, department, tag].into_iter().flatten();
    let found =
        found.map(|(kind, what, name)| meaning(kind, format!("the {what} {name}"), Vec::new()));
    Ok(found.collect())
}

fn join_way(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Option<Meaning>> {
    let Some(way) = join_way::by_config_id(read, corp, text)? else {
        return Ok(None);
    };
    let chats = join_way::chats(read, corp, way.way)?;
    let what = format!(
        "a join way into {} customer groups: {}",
        chats.len(),
        way.remark
    );
    let chats = chats
        .into_iter()
        .map(|chat| sibling("chat_id", chat.chat_id));
    Ok(Some(meaning("config_id", what, chats.collect())))
}

fn people(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Vec<Meaning>> {
    let mut found = Vec::new();
    if let Some(person) = directory::person_by_userid(read, corp, &fold(text))? {
        found.push(("userid", person.person));
    }
    if let Some(customer) = customer::by_external_userid(read, corp, text)? {
        found.push(("external_userid", customer.customer));
    }
    if let Some(customer) = customer::by_unionid(read, corp, text)? {
        found.push(("unionid", customer.customer));
    }
    if let Some(person) = id::person(read, corp, text)? {
        let hosted = !bot::by_person(read, corp, person)?.is_empty();
        found.push((if hosted { "imBotId" } else { "contactWxid" }, person));
    }
    let mut meanings = Vec::new();
    for (kind, person) in found {
        let (what, siblings) = person_of(read, corp, person)?;
        meanings.push(meaning(kind, what, siblings));
    }
    Ok(meanings)
}

/// What somebody is, and all the ids.
fn person_of(read: &mut dyn Read, corp: i64, key: i64) -> Outcome<(String, Vec<Sibling>)> {
    let bots = bot::by_person(read, corp, key)?;
    let wxid = id::of_person(read, corp, key)?;
    let mut siblings = Vec::new();
    let what = if let Some(person) = directory::person_by_key(read, corp, key)? {
        siblings.push(sibling("userid", person.userid));
        format!("the employee {}", person.name)
    } else if let Some(customer) = customer::by_key(read, corp, key)? {
        siblings.push(sibling("external_userid", customer.external_userid));
        siblings.extend(customer.unionid.map(|unionid| sibling("unionid", unionid)));
        format!("the customer {}", customer.name)
    } else {
        String::new()
    };
    siblings.push(sibling("contactWxid", wxid.clone()));
    if !bots.is_empty() {
        siblings.push(sibling("imBotId", wxid));
    }
    for bot in bots {
        if !bot.is_wecom() {
            siblings.push(sibling("wxUserId", bot.user_id));
        }
        let group = hosting::by_key(read, corp, bot.hosting)?.unwrap_or_default();
        siblings.push(Sibling {
            of: Some(format!("group {}", group.group_id)),
            ..sibling("botId", bot.bot_id)
        });
    }
    Ok((what, siblings))
}

fn accounts(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Vec<Meaning>> {
    let mut meanings = Vec::new();
    if let Some(bot) = bot::by_id(read, corp, text)? {
        let (_, siblings) = person_of(read, corp, bot.person)?;
        let siblings = siblings.into_iter().filter(|known| known.id != text);
        let group =
            hosting::by_key(read, corp, bot.hosting)?.map(|it| sibling("group", it.group_id));
        let what = format!("the hosted account {}", bot.nick_name);
        meanings.push(meaning("botId", what, siblings.chain(group).collect()));
    } else {
        for bot in bot::by_user(read, corp, &fold(text))? {
            // An employee's userid is explained as such.
            if !bot.is_wecom() {
                let (_, siblings) = person_of(read, corp, bot.person)?;
                let what = format!("the hosted account {} of personal WeChat", bot.nick_name);
                meanings.push(meaning("wxUserId", what, siblings));
            }
        }
    }
    if let Some(hosting) = hosting::by_id(read, corp, text)? {
        let what = format!("the group of hosted accounts {}", hosting.name);
        let bots = bot::all(read, corp)?.into_iter();
        let bots = bots.filter(|bot| bot.hosting == hosting.hosting);
        let bots = bots.map(|bot| Sibling {
            of: Some(bot.nick_name),
            ..sibling("botId", bot.bot_id)
        });
        meanings.push(meaning("group", what, bots.collect()));
    }
    if let Some(label) = label::by_id(read, corp, text)? {
        let what = format!("the label of rooms {}", label.name);
        let group = hosting::by_key(read, corp, label.hosting)?;
        let group = group.map(|group| sibling("group", group.group_id));
        meanings.push(meaning("mhTagId", what, group.into_iter().collect()));
    }
    Ok(meanings)
}

fn rooms(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Vec<Meaning>> {
    let mut found = Vec::new();
    if let Some(chat) = id::chat(read, corp, text)? {
        found.push(("roomWxid", chat));
    }
    if let Some(group) = customer_group::by_chat_id(read, corp, text)? {
        found.push(("chat_id", group.chat));
    }
    if let Some(chat) = chat::by_chatid(read, corp, text)? {
        found.push(("chatid", chat.chat));
    }
    let mut meanings = Vec::new();
    for (kind, chat) in found {
        let (what, siblings) = room_of(read, corp, chat)?;
        meanings.push(meaning(kind, what, siblings));
    }
    if let Some((bot, chat)) = id::read_conversation(read, corp, text)? {
        let (what, mut siblings) = room_of(read, corp, chat)?;
        siblings.retain(|known| known.id != text);
        siblings.insert(0, sibling("botId", bot.bot_id));
        let what = format!("the conversation of {} in {what}", bot.nick_name);
        meanings.push(meaning("chatId", what, siblings));
    }
    Ok(meanings)
}

/// What a room is, and all its ids.
fn room_of(read: &mut dyn Read, corp: i64, chat: i64) -> Outcome<(String, Vec<Sibling>)> {
    let Some(room) = room::by_key(read, corp, chat)? else {
        return Ok((
            "a group that has ended or was never spoken in".into(),
            Vec::new(),
        ));
    };
    let UserId(owner) = participant::id_of(read, corp, room.owner)?;
    let mut siblings = vec![sibling("roomWxid", id::of_room(read, corp, &room)?)];
    let sort = match room.kind {
        kind::CUSTOMER => {
            siblings.push(sibling("chat_id", room.chatid.clone()));
            siblings.push(sibling("wecomChatId", room.chatid));
            "the customer group"
        }
        kind::INTERNAL => {
            siblings.push(sibling("chatid", room.chatid));
            "the internal group"
        }
        _ => "the room of personal WeChat",
    };
    for bot in bot::in_chat(read, corp, chat)? {
        let given = bot::room(read, corp, bot.bot, chat)?.and_then(|(given, _)| given);
        siblings.push(Sibling {
            of: Some(format!("bot {}", bot.bot_id)),
            ..sibling("chatId", id::conversation(bot.bot, chat, given))
        });
    }
    let what = format!(
        "{sort} {}, owned by {owner}, with {} members",
        room.name, room.member_count
    );
    Ok((what, siblings))
}
