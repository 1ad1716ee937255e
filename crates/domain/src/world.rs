//! Loading worlds: all of a document or nothing, companies that are there left alone.

mod customer;
mod join_way;

use std::collections::{BTreeMap, BTreeSet};

use qun_protocol::{
    ChatId, CorpId, Limit, Name, Rules, UserId,
    manage::{AppSecret, Loaded, LoadedCompany},
    media::MediaType,
    world::{Chat, Company, Department, Media, Message, World},
};
use qun_store::{
    Effect,
    table::{app, chat, company, customer_group, directory, media, message, meta},
};
use serde_json::json;

use crate::{
    Cx, Failure, Outcome,
    manage::{
        app as apps, bad,
        company::{check, set_limit, set_rulebook},
        customer::put as put_customer,
        directory::{put_department, put_new_user, put_tag},
    },
    media::Stored,
    room::world::put_hosting,
    rule,
};

/// The stored bytes of a world's files: by the places of company and file in the document.
pub type Files = BTreeMap<(usize, usize), Stored>;

/// Which companies of a world are absent, by their places. Bytes of files are stored for these alone.
pub fn absent(read: &mut dyn qun_store::Read, world: &World) -> Outcome<Vec<usize>> {
    let mut absent = Vec::new();
    for (place, company) in world.companies.iter().enumerate() {
        let known = match &company.corpid {
            Some(corpid) => company::by_corpid(read, corpid)?.is_some(),
            None => false,
        };
        if !known {
            absent.push(place);
        }
    }
    Ok(absent)
}

/// What belongs to no company; new companies come one after another.
pub const EVERYBODY: i64 = 0;

/// The key under which the next company's number is kept.
const NEXT_CORP: &str = "next_corp";

/// Takes numbers for companies that are to come: the first of `count`. Files are stored under them before they are loaded.
pub fn reserve(cx: &mut Cx, count: i64) -> Outcome<i64> {
    cx.tx.enter(EVERYBODY, Effect::Change)?;
    let kept = meta::get(cx.tx.as_read(), NEXT_CORP)?
        .and_then(|text| text.parse().ok())
        .unwrap_or(1);
    let first = company::next_corp(cx.tx.as_read())?.max(kept);
    meta::set(cx.tx, NEXT_CORP, &(first + count).to_string())?;
    Ok(first)
}

/// Loads a world; `corps` are the reserved numbers of its absent companies, by their places.
pub fn load(
    cx: &mut Cx,
    world: &World,
    corps: &BTreeMap<usize, i64>,
    files: &Files,
) -> Outcome<Loaded> {
    cx.tx.enter(EVERYBODY, Effect::Change)?;
    if world.version != 1 {
        return Err(bad(format!(
            "version: this server reads worlds of version 1, not {}",
            world.version
        )));
    }
    let mut loaded = Loaded::default();
    for (place, wanted) in world.companies.iter().enumerate() {
        let before = &world.companies[..place];
        if wanted.corpid.is_some() && before.iter().any(|other| other.corpid == wanted.corpid) {
            return Err(bad(format!(
                "companies[{place}]: its corpid is there twice"
            )));
        }
        let one = create(cx, wanted, place, corps.get(&place).copied(), files)
            .map_err(|failure| at(failure, format!("companies[{place}]")))?;
        loaded.companies.push(one);
    }
    Ok(loaded)
}

/// Puts the place into a refusal's text.
pub(crate) fn at(failure: Failure, place: String) -> Failure {
    match failure {
        Failure::Refused(mut refused) => {
            refused.detail = Some(match refused.detail {
                Some(detail) if detail.starts_with(['.', '[']) => format!("{place}{detail}"),
                Some(detail) => format!("{place}: {detail}"),
                None => place,
            });
            Failure::Refused(refused)
        }
        other => other,
    }
}

fn create(
    cx: &mut Cx,
    wanted: &Company,
    place: usize,
    corp: Option<i64>,
    files: &Files,
) -> Outcome<LoadedCompany> {
    let corpid = match &wanted.corpid {
        Some(corpid) if company::by_corpid(cx.tx.as_read(), corpid)?.is_some() => {
            return Ok(LoadedCompany {
                corpid: corpid.clone(),
                ..Default::default()
            });
        }
        Some(corpid) => corpid.clone(),
        None => CorpId(format!("ww{}", cx.hex(8))),
    };
    if corpid.is_empty()
        || corpid.len() > 64
        || !corpid
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    {
        return Err(bad("corpid has 1 to 64 characters of 0-9A-Za-z_-"));
    }
    let row = company::Company {
        corp: match corp {
            Some(corp) => corp,
            None => reserve(cx, 1)?,
        },
        corpid: corpid.0.clone(),
        name: wanted.name.clone(),
        industry: wanted.industry.clone(),
        account_cap: wanted.account_cap.unwrap_or(1000),
        chat_member_cap: wanted.chat_member_cap,
        developer_id: wanted.developer_id.clone(),
        version: 1,
    };
    check(&row)?;
    let corp = row.corp;
    company::insert(cx.tx, &row, cx.now)?;
    let book = wanted.rulebook.unwrap_or(cx.default_rules.book);
    set_rulebook(cx, corp, book)?;
    for (key, value) in &wanted.limits {
        set_limit(cx, corp, key, Some(*value))?;
    }
    let root = Department {
        id: directory::ROOT,
        name: root_name(&wanted.name),
        ..Default::default()
    };
    let rules = cx.rules(corp)?;
    put_department(cx, corp, &rules, &root)?;
    for (n, department) in wanted.departments.iter().enumerate() {
        put_department(cx, corp, &rules, department)
            .map_err(|failure| at(failure, format!(".departments[{n}]")))?;
    }
    // The company is new: its people are those of the world alone.
    let mut userids = BTreeSet::new();
    for (n, user) in wanted.users.iter().enumerate() {
        if !userids.insert(user.userid.folded()) {
            return Err(bad(format!(".users[{n}]: {} is there twice", user.userid)));
        }
        put_new_user(cx, corp, user, n as i64 + 1)
            .map_err(|failure| at(failure, format!(".users[{n}]")))?;
    }
    for (n, tag) in wanted.tags.iter().enumerate() {
        put_tag(cx, corp, tag).map_err(|failure| at(failure, format!(".tags[{n}]")))?;
    }
    let mut agents: Vec<AppSecret> = Vec::new();
    for (n, app) in wanted.apps.iter().enumerate() {
        agents.push(
            apps::create(cx, &row, app).map_err(|failure| at(failure, format!(".apps[{n}]")))?,
        );
    }
    for (n, file) in wanted.media.iter().enumerate() {
        let stored = files.get(&(place, n)).cloned().unwrap_or_default();
        put_file(cx, corp, file, stored).map_err(|failure| at(failure, format!(".media[{n}]")))?;
    }
    let mut taken = Taken::new();
    for (n, chat) in wanted.chats.iter().enumerate() {
        put_chat(cx, &rules, corp, chat, &mut taken)
            .map_err(|failure| at(failure, format!(".chats[{n}]")))?;
    }
    for (n, customer) in wanted.customers.iter().enumerate() {
        put_customer(cx, corp, customer)
            .map_err(|failure| at(failure, format!(".customers[{n}]")))?;
    }
    for (n, group) in wanted.customer_groups.iter().enumerate() {
        customer::put(cx, &rules, corp, group, &mut taken)
            .map_err(|failure| at(failure, format!(".customer_groups[{n}]")))?;
    }
    for (n, way) in wanted.join_ways.iter().enumerate() {
        join_way::put(cx, &rules, corp, way)
            .map_err(|failure| at(failure, format!(".join_ways[{n}]")))?;
    }
    for cursor in &wanted.cursors {
        customer_group::add_cursor(cx.tx, corp, cursor)?;
    }
    let mut hostings = Vec::new();
    for (n, hosting) in wanted.hostings.iter().enumerate() {
        let made = put_hosting(cx, corp, hosting);
        hostings.push(made.map_err(|failure| at(failure, format!(".hostings[{n}]")))?);
    }
    company::changed(cx.tx, corp)?;
    // What comes to its groups comes after this, whoever writes it.
    let last = cx.ids.next();
    company::last_change(&[corp], last, |sql, vals| cx.tx.exec(sql, vals))?;
    cx.touched = Some(corp);
    Ok(LoadedCompany {
        corpid,
        created: true,
        agents,
        hostings,
    })
}

fn root_name(company: &str) -> String {
    let name: String = company
        .chars()
        .filter(|c| !"\\:*?\"<>|".contains(*c))
        .take(64)
        .collect();
    if name.is_empty() { "root".into() } else { name }
}

fn put_file(cx: &mut Cx, corp: i64, wanted: &Media, stored: Stored) -> Outcome<()> {
    if wanted.media_id.is_empty() || wanted.media_id.len() > 256 {
        return Err(bad("media_id has 1 to 256 bytes"));
    }
    wanted.kind.parse::<MediaType>().map_err(|()| {
        bad(format!(
            "type {:?}: image, voice, video or file",
            wanted.kind
        ))
    })?;
    if media::get(cx.tx.as_read(), corp, &wanted.media_id)?.is_some() {
        return Err(bad(format!("{} is there twice", wanted.media_id)));
    }
    let row = media::Media {
        media_id: wanted.media_id.0.clone(),
        kind: wanted.kind.clone(),
        name: stored.name,
        content_type: stored.content_type,
        size: stored.size,
        blob: stored.blob,
        created: cx.now,
        expires: wanted.expires.map(|seconds| seconds.saturating_mul(1000)),
    };
    Ok(media::insert(cx.tx, corp, &row)?)
}

/// The ids of a company's messages that are taken: by second, the next one that is free.
type Taken = BTreeMap<i64, i64>;

/// Ids of what happened in one group before now: the given time in microseconds, each after the one before.
struct Past<'a> {
    taken: &'a mut Taken,
    last: i64,
    now: i64,
}

impl Past<'_> {
    fn at(&mut self, cx: &mut Cx, time: Option<i64>) -> Outcome<i64> {
        let wanted = match time {
            None => cx.ids.next(),
            Some(time) if time < 0 || time > self.now / 1000 => {
                return Err(bad(format!(
                    "time {time} is not in the past; times are seconds UTC"
                )));
            }
            Some(time) if time < self.last / 1_000_000 => {
                return Err(bad(format!(
                    "time {time} is before what stands before it; messages are oldest first and not older than their group"
                )));
            }
            Some(time) => time * 1_000_000,
        };
        self.last = wanted.max(self.last + 1);
        Ok(self.last)
    }

    /// The same for a message, whose id no other group of the company may have.
    fn of_message(&mut self, cx: &mut Cx, time: Option<i64>) -> Outcome<i64> {
        let mut id = self.at(cx, time)?;
        while let Some(free) = self.taken.get(&(id / 1_000_000)).filter(|free| **free > id) {
            id = *free;
        }
        self.taken.insert(id / 1_000_000, id + 1);
        self.last = id;
        Ok(id)
    }
}

fn put_chat(
    cx: &mut Cx,
    rules: &Rules,
    corp: i64,
    wanted: &Chat,
    taken: &mut Taken,
) -> Outcome<()> {
    let chatid = match &wanted.chatid {
        Some(chatid) => chatid.clone(),
        None => ChatId(cx.letters(32)),
    };
    rule::chat::chatid(rules, &chatid)?;
    if chat::by_chatid(cx.tx.as_read(), corp, &chatid)?.is_some() {
        return Err(bad(format!("chatid {chatid} is there twice")));
    }
    let agentid = match wanted.agentid {
        Some(agentid) => app::by_agentid(cx.tx.as_read(), corp, agentid)?.map(|app| app.app),
        None => app::all(cx.tx.as_read(), corp)?.first().map(|app| app.app),
    };
    let agentid = agentid.ok_or_else(|| bad("the app that made it is not there"))?;
    let name = if wanted.name.is_empty() {
        String::new()
    } else {
        rule::chat::name(rules, &Name::Text(wanted.name.clone()))?
    };
    let members = person_keys(cx, corp, &wanted.members)?;
    let owner = match &wanted.owner {
        Some(owner) => Some(cx.person(corp, owner)?.person),
        None => None,
    };
    let (members, owner) = rule::chat::found(rules, &members, owner).map_err(|_| {
        let (min, max) = (
            rules.limit(Limit::ChatMembersMin),
            rules.limit(Limit::ChatMembersMax),
        );
        bad(format!(
            "{min} to {max} members, and under live-2026 the owner among them"
        ))
    })?;
    let mut past = Past {
        taken,
        last: 0,
        now: cx.now,
    };
    let created = past.at(cx, wanted.create_time)?;
    let key = cx.ids.next();
    let row = chat::Chat {
        chat: key,
        chatid: chatid.0,
        app: agentid,
        name,
        owner,
        member_count: members.len() as i64,
        created: created / 1000,
        first_message: None,
    };
    chat::insert(cx.tx, corp, &row)?;
    let from = match wanted.create_time {
        Some(_) => created + 1,
        None => cx.ids.take(members.len() as i64),
    };
    chat::join(cx.tx, corp, key, from, created / 1000, &members)?;
    past.last = from + members.len() as i64;
    for (n, said) in wanted.messages.iter().enumerate() {
        let place = |failure| at(failure, format!(".messages[{n}]"));
        let id = past.of_message(cx, said.time).map_err(place)?;
        put_message(cx, corp, key, agentid, id, said, &members).map_err(place)?;
        chat::spoken(cx.tx, corp, key, id)?;
    }
    Ok(())
}

fn person_keys(cx: &mut Cx, corp: i64, users: &[UserId]) -> Outcome<Vec<i64>> {
    // All in one look; where somebody is missing, one by one, to say who.
    let folded: Vec<_> = users.iter().map(UserId::folded).collect();
    let folded = serde_json::to_string(&folded).unwrap_or_default();
    let known = directory::keys(cx.tx.as_read(), corp, &folded)?;
    if known.len() == users.len() {
        return Ok(known.into_iter().map(|(_, key, _)| key).collect());
    }
    users
        .iter()
        .map(|userid| Ok(cx.person(corp, userid)?.person))
        .collect()
}

fn put_message(
    cx: &mut Cx,
    corp: i64,
    chat: i64,
    agentid: i64,
    id: i64,
    said: &Message,
    members: &[i64],
) -> Outcome<()> {
    if said.text.is_empty() || said.text.len() > 2048 {
        return Err(bad("text has 1 to 2048 bytes"));
    }
    let (app, sender) = match &said.from {
        None => (agentid, 0),
        Some(userid) => {
            let sender = cx.person(corp, userid)?.person;
            if !members.contains(&sender) {
                return Err(bad(format!("{userid} is no member")));
            }
            (0, sender)
        }
    };
    let body = json!({ "content": said.text }).to_string();
    let row = message::Message {
        id,
        chat,
        app,
        sender,
        kind: "text".into(),
        safe: 0,
        body,
    };
    Ok(message::append(cx.tx, corp, cx.ids.lane(), &row)?)
}
