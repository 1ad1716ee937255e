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

/// Something that has happened in a group.
enum Event<'a> {
    Came(&'a Comer<'a>),
    Said(usize, &'a Message),
    OwnedBy(i64),
    Gone(i64),
    Migrated,
    Dismissed,
}

/// Puts a customer group there with all that has happened in it.
pub(super) fn put(
    cx: &mut Cx,
    rules: &Rules,
    corp: i64,
    wanted: &CustomerGroup,
    taken: &mut Taken,
) -> Outcome<()> {
    let owners = owners(cx, corp, wanted)?;
    let owner = owners.first().copied().unwrap_or_default();
    let owner_member = GroupMember {
        userid: wanted.owner.clone(),
        ..Default::default()
    };
    let comers = comers(cx, corp, wanted, owner, &owner_member)?;
    let mut past = Past {
        taken,
        last: 0,
        now: cx.now,
    };
    let created = past.at(cx, wanted.create_time)?;
    let group = Group {
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
    let mut story = Story {
        corp,
        group,
        present: Vec::new(),
        most: rules
            .enforced
            .then(|| rules.size(Limit::CustomerGroupMembersMax)),
    };
    let events = events(cx, wanted, &owners, &comers)?;
    let founded = founders(wanted, &events);
    for (time, event) in &events[..founded] {
        story.tell(cx, &mut past, *time, event, false)?;
    }
    record(cx, corp, &story.group, created / 1000, What::Created)?;
    for (time, event) in &events[founded..] {
        story.tell(cx, &mut past, *time, event, true)?;
    }
    if story.group.dismissed.is_some() {
        return Ok(());
    }
    customer_group::update(cx.tx, corp, &story.group)?;
    let admins = member_keys(cx, corp, &wanted.admins, &story.present)?;
    let owner = story.group.owner;
    if admins.iter().any(|admin| *admin < 0 || *admin == owner) {
        return Err(bad("an admin is an employee and not the owner"));
    }
    Ok(customer_group::set_admins(
        cx.tx,
        corp,
        story.group.chat,
        &admins,
    )?)
}

/// Who has owned the group, the last of whom owns it now.
fn owners(cx: &mut Cx, corp: i64, wanted: &CustomerGroup) -> Outcome<Vec<i64>> {
    let former = wanted.former_owners.iter().map(|former| &former.userid);
    let mut owners = Vec::new();
    for userid in former.chain([&wanted.owner]) {
        match participant::named(cx.tx.as_read(), corp, userid)? {
            Participant::Employee(person) => owners.push(person.person),
            Participant::Customer(_) => {
                return Err(bad(format!("owner {userid} is no employee")));
            }
        }
    }
    Ok(owners)
}

/// What has happened, oldest first; what has no time happens now. At one time members come before anything is said.
fn events<'a>(
    cx: &Cx,
    wanted: &'a CustomerGroup,
    owners: &[i64],
    comers: &'a [Comer<'a>],
) -> Outcome<Vec<(Option<i64>, Event<'a>)>> {
    let mut events = Vec::new();
    let mut time = wanted.create_time;
    for (n, comer) in comers.iter().enumerate() {
        let joined = comer.member.join_time.or(time);
        if joined < time {
            return Err(at(
                bad("join_time is before that of the member before"),
                format!(".members[{n}]"),
            ));
        }
        time = joined;
        events.push((time, Event::Came(comer)));
    }
    let mut last = None;
    for (n, said) in wanted.messages.iter().enumerate() {
        if said.time.is_some() && said.time < last {
            return Err(at(
                bad("messages are oldest first"),
                format!(".messages[{n}]"),
            ));
        }
        last = said.time.or(last);
        events.push((said.time, Event::Said(n, said)));
    }
    for (former, next) in wanted.former_owners.iter().zip(&owners[1..]) {
        events.push((Some(former.until), Event::OwnedBy(*next)));
    }
    for comer in comers {
        if let Some(time) = comer.member.leave_time {
            events.push((Some(time), Event::Gone(comer.key)));
        }
    }
    let ends = [
        (wanted.migrate_time, Event::Migrated),
        (wanted.dismiss_time, Event::Dismissed),
    ];
    events.extend(ends.into_iter().filter(|(time, _)| time.is_some()));
    let now = cx.now.div_euclid(1000);
    events.sort_by_key(|(time, _)| time.unwrap_or(now));
    Ok(events)
}

/// How many of the first events are those of its founders.
fn founders(wanted: &CustomerGroup, events: &[(Option<i64>, Event<'_>)]) -> usize {
    let founding = |time: &Option<i64>| match (time, wanted.create_time) {
        (Some(time), Some(created)) => *time <= created + 1,
        (time, created) => *time == created,
    };
    // Somebody must have made it.
    let first = |(n, (time, event)): &(usize, &(Option<i64>, Event<'_>))| {
        matches!(event, Event::Came(_)) && (*n == 0 || founding(time))
    };
    events.iter().enumerate().take_while(first).count()
}

/// A group while its history is told.
struct Story {
    corp: i64,
    group: Group,
    present: Vec<i64>,
    most: Option<usize>,
}

impl Story {
    /// Lets an event happen, and with `counts` tells the statistics of it.
    fn tell(
        &mut self,
        cx: &mut Cx,
        past: &mut Past<'_>,
        time: Option<i64>,
        event: &Event<'_>,
        counts: bool,
    ) -> Outcome<()> {
        if self.group.dismissed.is_some() {
            return Err(bad("nothing happens after dismiss_time"));
        }
        let (corp, chat) = (self.corp, self.group.chat);
        if let Event::Said(n, said) = event {
            let place = |failure| at(failure, format!(".messages[{n}]"));
            let id = past.of_message(cx, said.time).map_err(place)?;
            return say(cx, corp, &self.group, id, said, &self.present).map_err(place);
        }
        let id = past.at(cx, time)?;
        let what = match event {
            Event::Said(..) => return Ok(()),
            Event::Came(comer) => {
                self.let_in(cx, id, comer)?;
                What::Joined(std::slice::from_ref(&comer.key))
            }
            Event::OwnedBy(owner) => {
                if !self.present.contains(owner) {
                    return Err(bad("each owner is a member when he comes to own it"));
                }
                let before = std::mem::replace(&mut self.group.owner, *owner);
                What::Owner { before }
            }
            Event::Gone(person) => {
                if !self.present.contains(person) {
                    return Err(bad("leave_time is after join_time"));
                }
                if *person == self.group.owner {
                    return Err(bad("an owner leaves after another owns it"));
                }
                chat::leave(cx.tx, corp, chat, id, &[*person])?;
                self.present.retain(|present| present != person);
                self.group.member_count -= 1;
                self.group.version = id;
                What::Gone(std::slice::from_ref(person))
            }
            Event::Migrated => What::Migrated,
            Event::Dismissed => {
                // Saved before: a dismissed group is never saved again.
                customer_group::update(cx.tx, corp, &self.group)?;
                chat::dissolve(cx.tx, corp, chat, id)?;
                self.group.dismissed = Some(id);
                let members = std::mem::take(&mut self.group.member_count);
                What::Dismissed { members }
            }
        };
        if counts {
            record(cx, corp, &self.group, id / 1000, what)?;
        }
        Ok(())
    }

    fn let_in(&mut self, cx: &mut Cx, id: i64, comer: &Comer<'_>) -> Outcome<()> {
        let member = comer.member;
        let place = |failure| at(failure, format!(".members: {}", member.userid));
        if self.present.contains(&comer.key) {
            return Err(place(bad("is in it already")));
        }
        if let Some(most) = self.most.filter(|most| self.present.len() >= *most) {
            return Err(bad(format!("at most {most} members")));
        }
        let (corp, chat) = (self.corp, self.group.chat);
        let way = Way {
            scene: comer.scene.number(),
            invitor: comer.invitor,
            state: member.state.as_deref(),
        };
        customer_group::join(cx.tx, corp, chat, (id, id / 1000), &[comer.key], way)?;
        if let Some(nickname) = &member.group_nickname {
            customer_group::set_nickname(cx.tx, corp, chat, comer.key, Some(nickname))?;
        }
        self.present.push(comer.key);
        self.group.member_count += 1;
        self.group.version = id;
        Ok(())
    }
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
        let before = comers.iter().rfind(|comer| comer.key == key);
        if before.is_some_and(|before| before.member.leave_time.is_none()) {
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
        if !wanted.former_owners.is_empty() {
            return Err(bad("members names every former owner"));
        }
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
