//! What a world says of hosted accounts.

use qun_protocol::{
    Refusal as R, Refused,
    manage::HostingMade,
    world::{Bot, BotFriend, BotRoom, Hosting, PersonalRoom, RoomLabel, UserStatus},
};
use qun_store::table::{
    chat::kind,
    customer::{self, Customer},
    customer_group::{self, Group, Way},
    room::{self, bot, hosting, label},
};

use super::{
    bot::{any_room, contact},
    hosting::{add_token, check_name, set_url},
    id,
    label::check_name as check_label,
};
use crate::{Cx, Outcome, manage::bad, rule, world::at};

/// Makes a group of accounts with all that is in it.
pub(crate) fn put_hosting(cx: &mut Cx, corp: i64, wanted: &Hosting) -> Outcome<HostingMade> {
    check_name(&wanted.name)?;
    let group = id::hex(cx, wanted.group.as_deref(), "group")?;
    if hosting::by_id(cx.tx.as_read(), corp, &group)?.is_some() {
        return Err(id::taken(&group));
    }
    let key = hosting::next(cx.tx.as_read(), corp)?;
    let row = hosting::Hosting {
        hosting: key,
        group_id: group.clone(),
        name: wanted.name.clone(),
        ..Default::default()
    };
    hosting::insert(cx.tx, corp, &row)?;
    let mut tokens = Vec::new();
    for (n, token) in wanted.tokens.iter().enumerate() {
        let token = add_token(cx, corp, key, token);
        tokens.push(token.map_err(|failure| at(failure, format!(".tokens[{n}]")))?);
    }
    if tokens.is_empty() {
        tokens.push(add_token(cx, corp, key, &Default::default())?);
    }
    let mut bots = Vec::new();
    for (n, bot) in wanted.bots.iter().enumerate() {
        let place = |failure| at(failure, format!(".bots[{n}]"));
        bots.push(put_bot(cx, corp, key, bot).map_err(place)?);
    }
    for (n, room) in wanted.rooms.iter().enumerate() {
        let place = |failure| at(failure, format!(".rooms[{n}]"));
        put_personal_room(cx, corp, room).map_err(place)?;
    }
    for (n, bot) in bots.iter().enumerate() {
        let place = |failure| at(failure, format!(".bots[{n}]"));
        put_bot_rooms(cx, corp, bot, &wanted.bots[n].rooms).map_err(place)?;
    }
    for (n, label) in wanted.labels.iter().enumerate() {
        let place = |failure| at(failure, format!(".labels[{n}]"));
        put_label(cx, corp, key, label).map_err(place)?;
    }
    // Last, so that nobody is told of what was there before.
    if let Some(url) = &wanted.callback_url {
        set_url(cx, corp, key, url)?;
    }
    Ok(HostingMade { group, tokens })
}

/// Hosts an account with its friends. Its rooms come later, once all rooms are there.
pub(super) fn put_bot(cx: &mut Cx, corp: i64, key: i64, wanted: &Bot) -> Outcome<bot::Bot> {
    let bot_id = id::hex(cx, wanted.bot_id.as_deref(), "bot_id")?;
    if bot::by_id(cx.tx.as_read(), corp, &bot_id)?.is_some() {
        return Err(id::taken(&bot_id));
    }
    let mut there = true;
    let (person, name, user_id) = if wanted.personal {
        let userid = wanted.userid.0.clone();
        if !(1..=64).contains(&userid.len()) {
            return Err(bad("userid has 1 to 64 bytes"));
        }
        let name = wanted.nick_name.clone().unwrap_or_else(|| userid.clone());
        (outsider(cx, corp, wanted, &name)?, name, userid)
    } else {
        let person = cx.person(corp, &wanted.userid)?;
        if let Some(wxid) = &wanted.wxid {
            id::give_person(cx.tx, corp, person.person, wxid)?;
        }
        there = UserStatus::numbered(person.status) != UserStatus::Left;
        let name = wanted.nick_name.clone().unwrap_or(person.name);
        (person.person, name, person.userid)
    };
    check_name(&name)?;
    let row = bot::Bot {
        bot: bot::next(cx.tx.as_read(), corp)?,
        hosting: key,
        person,
        user_id,
        bot_id,
        nick_name: name,
        online: wanted.online.unwrap_or(there),
        logged_in: wanted.logged_in.unwrap_or(there),
        fail_next: String::new(),
    };
    bot::insert(cx.tx, corp, &row)?;
    for (n, friend) in wanted.friends.iter().enumerate() {
        let place = |failure| at(failure, format!(".friends[{n}]"));
        put_friend(cx, corp, &row, friend).map_err(place)?;
    }
    Ok(row)
}

/// Who an account of personal WeChat is: somebody outside, known already or new.
fn outsider(cx: &mut Cx, corp: i64, wanted: &Bot, name: &str) -> Outcome<i64> {
    let wxid = match &wanted.wxid {
        Some(wxid) => wxid.clone(),
        None => format!("wxid_{}", cx.hex(7)),
    };
    match id::person(cx.tx.as_read(), corp, &wxid)? {
        Some(person) if person < 0 => return Ok(person),
        Some(_) => return Err(id::taken(&wxid)),
        None => {}
    }
    let key = customer::next_key(cx.tx.as_read(), corp)?;
    let row = Customer {
        customer: key,
        external_userid: format!("wm{}", cx.letters(30)),
        name: name.to_owned(),
        kind: 1,
        ..Default::default()
    };
    customer::put(cx.tx, corp, &row, true)?;
    id::give_person(cx.tx, corp, key, &wxid)?;
    Ok(key)
}

/// Makes somebody a friend of an account.
pub(super) fn put_friend(
    cx: &mut Cx,
    corp: i64,
    bot: &bot::Bot,
    wanted: &BotFriend,
) -> Outcome<()> {
    let person = contact(cx.tx.as_read(), corp, &wanted.contact)?;
    if let Some(wxid) = &wanted.wxid {
        id::give_person(cx.tx, corp, person, wxid)?;
    }
    let loaded = wanted.loaded.unwrap_or(true);
    Ok(bot::befriend(cx.tx, corp, bot.bot, person, loaded)?)
}

/// What is to be said of an account's rooms.
pub(super) fn put_bot_rooms(
    cx: &mut Cx,
    corp: i64,
    bot: &bot::Bot,
    wanted: &[BotRoom],
) -> Outcome<()> {
    for wanted in wanted {
        let chat = any_room(cx.tx.as_read(), corp, &wanted.room)?;
        if let Some(wxid) = &wanted.wxid {
            let room = room::by_key(cx.tx.as_read(), corp, chat)?;
            match room {
                Some(room) if room.kind == kind::ROOM && room.chatid != *wxid => {
                    return Err(bad("a room of personal WeChat keeps its id"));
                }
                Some(room) if room.kind == kind::ROOM => {}
                _ => id::give_room(cx.tx, corp, chat, wxid)?,
            }
        }
        if let Some(conversation) = &wanted.chat_id {
            id::give_conversation(cx.tx, corp, bot.bot, chat, conversation)?;
        }
        if let Some(loaded) = wanted.loaded {
            bot::load(cx.tx, corp, bot.bot, chat, loaded)?;
        }
    }
    Ok(())
}

/// Makes a room of personal WeChat: its key and its system id.
pub(super) fn put_personal_room(
    cx: &mut Cx,
    corp: i64,
    wanted: &PersonalRoom,
) -> Outcome<(i64, String)> {
    let mut members = Vec::new();
    for text in &wanted.members {
        let person = contact(cx.tx.as_read(), corp, text)?;
        if person > 0 {
            let detail = format!("{text} is an employee, who is not in personal WeChat");
            return Err(Refused::because(R::ContactUnknown, detail).into());
        }
        members.push(person);
    }
    let members = rule::chat::distinct(&members);
    let Some(owner) = members.first().filter(|_| members.len() <= 500) else {
        return Err(bad("a room has 1 to 500 members"));
    };
    if wanted.name.chars().count() > 50 {
        return Err(bad("a room's name has at most 50 characters"));
    }
    let chat = cx.ids.next();
    let wxid = wanted.wxid.clone().unwrap_or_else(|| id::chatroom(chat));
    id::give_chatroom(cx.tx, corp, chat, &wxid)?;
    let from = cx.ids.take(members.len() as i64);
    let group = Group {
        chat,
        chat_id: wxid.clone(),
        kind: kind::ROOM,
        name: wanted.name.clone(),
        owner: *owner,
        member_count: members.len() as i64,
        created: cx.now,
        version: from,
        ..Default::default()
    };
    customer_group::insert(cx.tx, corp, &group)?;
    let way = Way {
        scene: 1,
        ..Default::default()
    };
    customer_group::join(cx.tx, corp, chat, (from, cx.now), &members, way)?;
    Ok((chat, wxid))
}

/// Makes a label and attaches it.
pub(super) fn put_label(
    cx: &mut Cx,
    corp: i64,
    key: i64,
    wanted: &RoomLabel,
) -> Outcome<label::Label> {
    check_label(&wanted.name)?;
    let label_id = id::hex(cx, wanted.id.as_deref(), "id")?;
    if label::by_id(cx.tx.as_read(), corp, &label_id)?.is_some() {
        return Err(id::taken(&label_id));
    }
    let row = label::Label {
        label: label::next(cx.tx.as_read(), corp)?,
        hosting: key,
        label_id,
        name: wanted.name.clone(),
    };
    label::insert(cx.tx, corp, &row)?;
    for text in &wanted.rooms {
        let chat = any_room(cx.tx.as_read(), corp, text)?;
        label::attach(cx.tx, corp, row.label, chat)?;
    }
    Ok(row)
}
