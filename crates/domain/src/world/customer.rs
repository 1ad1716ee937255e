use std::cmp::Ordering;

use qun_protocol::{
    GroupChatId, Limit, Name, Rules, UserId,
    groupchat::JoinScene,
    world::{CustomerGroup, GroupMember, Message},
};
use qun_store::table::{
    chat,
    customer_group::{self, Group, Way},
    message,
};
use serde_json::json;

use super::{Past, Taken, at};
use crate::{
    Cx, Outcome,
    customer_group::{What, record},
    manage::{bad, customer::is_id},
    participant::{self, Participant},
    rule,
};

/// A member, and how he came in.
struct Comer<'a> {
    key: i64,
    member: &'a GroupMember,
    scene: JoinScene,
    invitor: Option<i64>,
}

/// Puts a customer group there with all that has happened in it.
pub(super) fn put(
    cx: &mut Cx,
    rules: &Rules,
    corp: i64,
    wanted: &CustomerGroup,
    taken: &mut Taken,
) -> Outcome<()> {
    let owner = match participant::named(cx.tx.as_read(), corp, &wanted.owner)? {
        Participant::Employee(person) => person.person,
        Participant::Customer(_) => {
            return Err(bad(format!("owner {} is no employee", wanted.owner)));
        }
    };
    let owner_member = GroupMember {
        userid: wanted.owner.clone(),
        ..Default::default()
    };
    let comers = comers(cx, corp, wanted, owner, &owner_member)?;
    let most = rules.size(Limit::CustomerGroupMembersMax);
    if rules.enforced && comers.len() > most {
        return Err(bad(format!("at most {most} members")));
    }
    let mut past = Past {
        taken,
        last: 0,
        now: cx.now,
    };
    let created = past.at(cx, wanted.create_time)?;
    let mut group = Group {
        chat: cx.ids.next(),
        chat_id: chat_id(cx, corp, wanted)?.0,
        kind: chat::kind::CUSTOMER,
        name: match wanted.name.as_str() {
            "" => String::new(),
            name => rule::chat::name(rules, &Name::Text(name.to_owned()))?,
        },
        owner,
        created: created / 1000,
        notice: wanted.notice.clone(),
        opengid: opengid(cx, corp, wanted)?,
        ..Group::default()
    };
    customer_group::insert(cx.tx, corp, &group)?;
    // Whoever came with the group itself is no new member.
    let began = |comer: &&Comer| match comer.member.join_time {
        None => true,
        time => time == wanted.create_time,
    };
    let founders = comers.iter().take_while(began).count().max(1);
    let mut time = wanted.create_time;
    for (n, comer) in comers.iter().enumerate() {
        time = comer.member.join_time.or(time);
        let id = past
            .at(cx, time)
            .map_err(|failure| at(failure, format!(".members[{n}]")))?;
        let way = Way {
            scene: comer.scene.number(),
            invitor: comer.invitor,
            state: comer.member.state.as_deref(),
        };
        let joined = id / 1000;
        customer_group::join(cx.tx, corp, group.chat, (id, joined), &[comer.key], way)?;
        if let Some(nickname) = &comer.member.group_nickname {
            let nickname = Some(nickname.as_str());
            customer_group::set_nickname(cx.tx, corp, group.chat, comer.key, nickname)?;
        }
        group.version = id;
        group.member_count += 1;
        let members = group.member_count;
        match (n + 1).cmp(&founders) {
            Ordering::Less => {}
            Ordering::Equal => record(cx, corp, &group, group.created, What::Created { members })?,
            Ordering::Greater => record(cx, corp, &group, joined, What::Joined { count: 1 })?,
        }
    }
    customer_group::update(cx.tx, corp, &group)?;
    let members: Vec<i64> = comers.iter().map(|comer| comer.key).collect();
    let admins = member_keys(cx, corp, &wanted.admins, &members)?;
    if admins.iter().any(|admin| *admin < 0 || *admin == owner) {
        return Err(bad("an admin is an employee and not the owner"));
    }
    customer_group::set_admins(cx.tx, corp, group.chat, &admins)?;
    for (n, said) in wanted.messages.iter().enumerate() {
        let place = |failure| at(failure, format!(".messages[{n}]"));
        let id = past.of_message(cx, said.time).map_err(place)?;
        say(cx, corp, &group, id, said, &members).map_err(place)?;
    }
    Ok(())
}

/// The members, the owner among them.
fn comers<'a>(
    cx: &mut Cx,
    corp: i64,
    wanted: &'a CustomerGroup,
    owner: i64,
    owner_member: &'a GroupMember,
) -> Outcome<Vec<Comer<'a>>> {
    let mut comers: Vec<Comer<'a>> = Vec::new();
    for (n, member) in wanted.members.iter().enumerate() {
        let place = |failure| at(failure, format!(".members[{n}]"));
        let key = cx.participant(corp, &member.userid).map_err(place)?.key();
        if comers.iter().any(|comer| comer.key == key) {
            return Err(place(bad(format!("{} is there twice", member.userid))));
        }
        let scene = JoinScene::numbered(member.join_scene.unwrap_or(1))
            .ok_or_else(|| place(bad("join_scene is 1, 2 or 3")))?;
        let invitor = match &member.invitor {
            Some(invitor) => Some(cx.participant(corp, invitor).map_err(place)?.key()),
            None => None,
        };
        comers.push(Comer {
            key,
            member,
            scene,
            invitor,
        });
    }
    if !comers.iter().any(|comer| comer.key == owner) {
        let comer = Comer {
            key: owner,
            member: owner_member,
            scene: JoinScene::Invited,
            invitor: None,
        };
        comers.insert(0, comer);
    }
    Ok(comers)
}

fn chat_id(cx: &mut Cx, corp: i64, wanted: &CustomerGroup) -> Outcome<GroupChatId> {
    let Some(chat_id) = &wanted.chat_id else {
        return Ok(GroupChatId(format!("wr{}", cx.letters(30))));
    };
    if !is_id(chat_id) {
        return Err(bad(format!(
            "chat_id {chat_id:?}: 1 to 64 of 0-9 A-Z a-z _ -"
        )));
    }
    if customer_group::by_chat_id(cx.tx.as_read(), corp, chat_id)?.is_some() {
        return Err(bad(format!("chat_id {chat_id} is there twice")));
    }
    Ok(chat_id.clone())
}

fn opengid(cx: &mut Cx, corp: i64, wanted: &CustomerGroup) -> Outcome<Option<String>> {
    let Some(opengid) = &wanted.opengid else {
        return Ok(None);
    };
    if opengid.is_empty() || opengid.len() > 64 {
        return Err(bad("opengid has 1 to 64 bytes"));
    }
    if customer_group::by_opengid(cx.tx.as_read(), corp, opengid)?.is_some() {
        return Err(bad(format!("opengid {opengid} is there twice")));
    }
    Ok(Some(opengid.clone()))
}

fn member_keys(cx: &mut Cx, corp: i64, ids: &[UserId], members: &[i64]) -> Outcome<Vec<i64>> {
    let mut keys = Vec::new();
    for id in ids {
        let key = cx.participant(corp, id)?.key();
        if !members.contains(&key) {
            return Err(bad(format!("{id} is no member")));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn say(
    cx: &mut Cx,
    corp: i64,
    group: &Group,
    id: i64,
    said: &Message,
    members: &[i64],
) -> Outcome<()> {
    if said.text.is_empty() || said.text.len() > 2048 {
        return Err(bad("text has 1 to 2048 bytes"));
    }
    let Some(from) = &said.from else {
        return Err(bad(
            "from names a member: apps say nothing in customer groups",
        ));
    };
    let sender = member_keys(cx, corp, std::slice::from_ref(from), members)?;
    let sender = sender.first().copied().unwrap_or_default();
    let row = message::Message {
        id,
        chat: group.chat,
        app: 0,
        sender,
        kind: "text".into(),
        safe: 0,
        body: json!({ "content": said.text }).to_string(),
    };
    message::append(cx.tx, corp, cx.ids.lane(), &row)?;
    record(cx, corp, group, id / 1000, What::Spoken { person: sender })
}
