use std::collections::BTreeMap;

use qun_protocol::{
    ChatId, Limit, Refusal as R, Refused, Rules,
    check::To,
    people::{Arrived, Drop, Inbox, InboxPage},
};
use qun_store::{
    Read,
    table::{
        audience,
        card::{self, Change, Place},
        chat::{self, Interval},
        company, lane, message,
        message::Message,
    },
};

use serde_json::json;

use super::feed::{Cursor, page_size};
use crate::{
    Outcome, Query, ReadCx, Use,
    message::card::KIND,
    participant::{self, Participant},
    rule,
};

/// The longest wait, seconds.
const WAIT: i64 = 60;
/// The cursor that stands after everything so far.
const LATEST: &str = "latest";

impl Query<Inbox> for Use {
    fn wait(request: &Inbox) -> i64 {
        match request.after.as_deref() {
            // Each look would begin later than the one before, and what was said in between were lost.
            Some(LATEST) => 0,
            _ => request.wait.unwrap_or(0).clamp(0, WAIT),
        }
    }

    fn is_something(page: &InboxPage) -> bool {
        !page.messages.is_empty()
    }

    fn run(cx: &mut ReadCx, request: &Inbox) -> Outcome<InboxPage> {
        if !(0..=WAIT).contains(&request.wait.unwrap_or(0)) {
            return Err(Refused::because(R::BadRequest, "wait is 0 to 60 seconds").into());
        }
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let person = cx.participant(corp, &request.userid)?;
        let limit = page_size(request.limit)?;
        let mut cursor = match request.after.as_deref().filter(|after| !after.is_empty()) {
            None => Cursor::default(),
            Some(LATEST) => {
                let cursor = Cursor::at(lane::all(cx.read)?).write();
                return Ok(InboxPage {
                    cursor,
                    ..Default::default()
                });
            }
            Some(after) => Cursor::read(after)?,
        };
        let intervals = chat::intervals(cx.read, corp, person.key())?;
        let (found, more) = page(cx, corp, person.key(), &intervals, &mut cursor, limit)?;
        let recalled = recalled(cx.read, corp, &found)?;
        let changes = changes(cx.read, corp, person.key(), &found)?;
        let mut view = View {
            cx,
            corp,
            person: &person,
            intervals: &intervals,
            recalled,
            changes,
            drops: BTreeMap::new(),
        };
        let mut messages = Vec::with_capacity(found.len());
        for (lane, message) in found {
            messages.push(view.arrived(lane, message)?);
        }
        Ok(InboxPage {
            messages,
            cursor: cursor.write(),
            more,
        })
    }
}

/// The next messages of all groups and apps, a lane at a time within the page, and whether there are more.
fn page(
    cx: &mut ReadCx,
    corp: i64,
    person: i64,
    intervals: &[Interval],
    cursor: &mut Cursor,
    limit: i64,
) -> Outcome<(Vec<(i64, Message)>, bool)> {
    let lanes = lane::all(cx.read)?;
    let mut found: Vec<(i64, Message)> = Vec::new();
    for (lane, _) in &lanes {
        let start = cursor.after(*lane);
        let mut of_lane = audience::messages(cx.read, corp, person, *lane, start, limit + 1)?;
        for interval in intervals {
            let after = start.max(interval.from_id);
            let before = interval.to_id.unwrap_or(i64::MAX);
            if after < before {
                of_lane.extend(message::of_chat(
                    cx.read,
                    corp,
                    interval.chat,
                    *lane,
                    after,
                    before,
                    limit + 1,
                )?);
            }
        }
        of_lane.sort_unstable_by_key(|message| message.id);
        // What does not fit waits for the next page, whose cursor then still stands before it.
        of_lane.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
        found.extend(of_lane.into_iter().map(|message| (*lane, message)));
    }
    found.sort_by_key(|(_, message)| message.id);
    let more = found.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    for (lane, message) in &found {
        cursor.advance(*lane, message.id);
    }
    if !more {
        // Nothing older can come: ids of a lane only grow.
        for (lane, last_id) in lanes {
            cursor.advance(lane, last_id);
        }
    }
    Ok((found, more))
}

/// When messages of a page were taken back, seconds UTC, by lane and id.
fn recalled(
    read: &mut dyn Read,
    corp: i64,
    found: &[(i64, Message)],
) -> Outcome<BTreeMap<(i64, i64), i64>> {
    let mut of_lanes = BTreeMap::<i64, Vec<i64>>::new();
    for (lane, message) in found {
        of_lanes.entry(*lane).or_default().push(message.id);
    }
    let mut times = BTreeMap::new();
    for (lane, ids) in of_lanes {
        for (id, time) in message::recalled(read, corp, lane, &ids)? {
            times.insert((lane, id), time / 1000);
        }
    }
    Ok(times)
}

/// What became of the cards of a page for a person.
fn changes(
    read: &mut dyn Read,
    corp: i64,
    person: i64,
    found: &[(i64, Message)],
) -> Outcome<BTreeMap<Place, Vec<Change>>> {
    let mut of_lanes = BTreeMap::<i64, Vec<i64>>::new();
    for (lane, message) in found.iter().filter(|(_, message)| message.kind == KIND) {
        of_lanes.entry(*lane).or_default().push(message.id);
    }
    let mut changes = BTreeMap::<Place, Vec<Change>>::new();
    for (lane, ids) in of_lanes {
        for (id, change) in card::changes(read, corp, lane, &ids, person)? {
            changes.entry((lane, id)).or_default().push(change);
        }
    }
    Ok(changes)
}

/// Whether a message that an app sent to people was dropped for one of them.
pub(super) fn dropped(
    cx: &mut ReadCx,
    corp: i64,
    person: &Participant,
    message: &Message,
) -> Outcome<bool> {
    let mut view = View {
        cx,
        corp,
        person,
        intervals: &[],
        recalled: BTreeMap::new(),
        changes: BTreeMap::new(),
        drops: BTreeMap::new(),
    };
    Ok(view.dropped(message, To::People)?.is_some())
}

/// What was dropped of some messages, by their ids: the limit and its value.
type Drops = BTreeMap<i64, (Limit, i64)>;

/// What one person sees.
struct View<'a, 'cx> {
    cx: &'a mut ReadCx<'cx>,
    corp: i64,
    person: &'a Participant,
    intervals: &'a [Interval],
    recalled: BTreeMap<(i64, i64), i64>,
    changes: BTreeMap<Place, Vec<Change>>,
    /// What was dropped of an app's messages in a window, to groups and to people apart.
    drops: BTreeMap<(i64, To, i64), Drops>,
}

impl View<'_, '_> {
    fn arrived(&mut self, lane: i64, message: Message) -> Outcome<Arrived> {
        let group = self
            .intervals
            .iter()
            .find(|interval| interval.chat == message.chat);
        let to = if group.is_some() {
            To::Group
        } else {
            To::People
        };
        let chatid = group.map(|interval| ChatId(interval.chatid.clone()));
        let recalled = self.recalled.remove(&(lane, message.id));
        let changes = self.changes.remove(&(lane, message.id));
        // People may say what they like, and an app's answers are not counted.
        let dropped = if message.app == 0 || message.sender != 0 {
            None
        } else {
            self.dropped(&message, to)?
        };
        let mut arrived = arrived(
            self.cx.read,
            self.corp,
            lane,
            chatid.unwrap_or_default(),
            message,
        )?;
        arrived.mentioned = to == To::Group
            && rule::message::mentions(&arrived.msgtype, &arrived.content, self.person.id());
        arrived.dropped = dropped;
        if let Some(changes) = changes {
            arrived.content = rule::card::now(arrived.content, &changes);
            arrived.updated = changes.last().map(|change| change.changed / 1000);
        }
        if recalled.is_some() {
            // A phone shows no more of it than that it was there.
            arrived.content = json!({});
            arrived.recalled = recalled;
        }
        Ok(arrived)
    }

    /// Why a message of an app was dropped for this person, if it was. Derived from what the app sent in the longest window.
    fn dropped(&mut self, message: &Message, to: To) -> Outcome<Option<Drop>> {
        let [_, longest] = rule::drops::limits(to);
        let start = longest.window().start(message.id / 1000);
        let key = (message.app, to, start);
        if !self.drops.contains_key(&key) {
            let drops = self.drops_of(message.app, to, start)?;
            self.drops.insert(key, drops);
        }
        let drop = self
            .drops
            .get(&key)
            .and_then(|drops| drops.get(&message.id));
        Ok(drop.map(|(limit, value)| Drop {
            limit: limit.key().into(),
            value: *value,
        }))
    }

    /// What was dropped of an app's messages in the window that starts at a time, ms UTC.
    fn drops_of(&mut self, app: i64, to: To, start: i64) -> Outcome<Drops> {
        let limits = rule::drops::limits(to);
        let end = start + limits[1].window().length();
        let stretches = self.stretches(start, end)?;
        let least = |(_, rules): &(i64, Rules)| limits.map(|limit| rules.limit(limit));
        let few = stretches.iter().flat_map(least).min().unwrap_or(0);
        if !self.cx.default_rules.enforced {
            return Ok(Drops::new());
        }
        let mut ids = match to {
            To::Group => self.ids_of_groups(app, start * 1000, end * 1000, few)?,
            To::People => self.ids_of_person(app, start * 1000, end * 1000)?,
        };
        if ids.len() as i64 <= few {
            return Ok(Drops::new());
        }
        ids.sort_unstable();
        Ok(rule::drops::dropped(&stretches, limits, &ids))
    }

    /// The ids of what an app sent to this person's groups from an id until before another; none where there are only a few.
    fn ids_of_groups(&mut self, app: i64, from: i64, before: i64, few: i64) -> Outcome<Vec<i64>> {
        let spans: Vec<(i64, i64, i64)> = self
            .intervals
            .iter()
            .map(|i| {
                (
                    i.chat,
                    from.max(i.from_id + 1),
                    before.min(i.to_id.unwrap_or(i64::MAX)),
                )
            })
            .filter(|(_, from, before)| from < before)
            .collect();
        let (read, corp) = (&mut *self.cx.read, self.corp);
        let lanes = lane::all(read)?;
        let mut total = 0;
        for (chat, from, before) in &spans {
            for (lane, _) in &lanes {
                total += message::count(read, corp, *chat, *lane, *from, *before, app)?;
            }
        }
        let mut ids = Vec::new();
        if total > few {
            for (chat, from, before) in &spans {
                for (lane, _) in &lanes {
                    ids.extend(message::ids(read, corp, *chat, *lane, *from, *before, app)?);
                }
            }
        }
        Ok(ids)
    }

    /// The same of what it sent to this person.
    fn ids_of_person(&mut self, app: i64, from: i64, before: i64) -> Outcome<Vec<i64>> {
        let (read, person) = (&mut *self.cx.read, self.person.key());
        let mut ids = Vec::new();
        for (lane, _) in lane::all(read)? {
            ids.extend(audience::ids(
                read, self.corp, person, lane, from, before, app,
            )?);
        }
        Ok(ids)
    }

    /// The rules from a time until another, each with the time from which they were in force, ms UTC.
    fn stretches(&mut self, start: i64, end: i64) -> Outcome<Vec<(i64, Rules)>> {
        let rows = company::rules(self.cx.read, self.corp)?;
        let within = rows.iter().map(|row| row.since);
        let mut times: Vec<i64> = within
            .filter(|since| (start + 1..end).contains(since))
            .collect();
        times.push(start);
        times.sort_unstable();
        times.dedup();
        let at = |time| {
            (
                time,
                rule::rules::resolve(
                    &rows,
                    &company::Company::default(),
                    time,
                    self.cx.default_rules,
                ),
            )
        };
        Ok(times.into_iter().map(at).collect())
    }
}

/// A message without what depends on who reads it.
pub(crate) fn arrived(
    read: &mut dyn Read,
    corp: i64,
    lane: i64,
    chatid: ChatId,
    message: Message,
) -> Outcome<Arrived> {
    let from = match message.sender {
        0 | message::REPLY => None,
        sender => Some(participant::id_of(read, corp, sender)?),
    };
    Ok(Arrived {
        id: id_text(lane, message.id),
        chatid,
        agentid: (message.app != 0).then_some(message.app),
        from,
        time: message.id / 1_000_000,
        msgtype: message.kind,
        content: serde_json::from_str(&message.body).unwrap_or_default(),
        safe: message.safe,
        updated: None,
        mentioned: false,
        dropped: None,
        recalled: None,
    })
}

/// Lane and id of a message's id for readers.
pub(crate) fn id_parts(text: &str) -> Option<(i64, i64)> {
    let (id, lane) = text.split_once('-')?;
    Some((lane.parse().ok()?, id.parse().ok()?))
}

/// A message's id for readers.
pub(crate) fn id_text(lane: i64, id: i64) -> String {
    format!("{id}-{lane}")
}
