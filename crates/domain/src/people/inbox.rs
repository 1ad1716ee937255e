use std::collections::BTreeMap;

use qun_protocol::{
    ChatId, Limit, Refusal as R, Refused, Rules, Window,
    people::{Arrived, Drop, Inbox, InboxPage},
};
use qun_store::{
    Read,
    table::{
        audience,
        chat::{self, Interval},
        company, lane, message,
        message::Message,
    },
};

use super::feed::{Cursor, page_size};
use crate::{
    Outcome, Query, ReadCx, Use,
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
        let audiences = audience::of_person(cx.read, corp, person.key())?;
        let channels = intervals
            .iter()
            .map(|interval| (interval.chat, interval.from_id, interval.to_id))
            .chain(audiences.into_iter().map(|audience| (audience, 0, None)));
        let channels: Vec<Channel> = channels.collect();
        let (found, more) = page(cx, corp, &channels, &mut cursor, limit)?;
        let mut view = View {
            cx,
            corp,
            person: &person,
            intervals: &intervals,
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

/// A group or an audience, and between which ids this person sees what is said there.
type Channel = (i64, i64, Option<i64>);

/// The next messages of all channels, a lane at a time within the page, and whether there are more.
fn page(
    cx: &mut ReadCx,
    corp: i64,
    channels: &[Channel],
    cursor: &mut Cursor,
    limit: i64,
) -> Outcome<(Vec<(i64, Message)>, bool)> {
    let lanes = lane::all(cx.read)?;
    let mut found: Vec<(i64, Message)> = Vec::new();
    for (lane, _) in &lanes {
        let mut of_lane = Vec::new();
        for (chat, from_id, to_id) in channels {
            let after = cursor.after(*lane).max(*from_id);
            let before = to_id.unwrap_or(i64::MAX);
            if after < before {
                of_lane.extend(message::of_chat(
                    cx.read,
                    corp,
                    *chat,
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

/// What one person sees.
struct View<'a, 'cx> {
    cx: &'a mut ReadCx<'cx>,
    corp: i64,
    person: &'a Participant,
    intervals: &'a [Interval],
    /// Per app and day: what was dropped.
    drops: BTreeMap<(i64, i64), BTreeMap<i64, (Limit, i64)>>,
}

impl View<'_, '_> {
    fn arrived(&mut self, lane: i64, message: Message) -> Outcome<Arrived> {
        let group = self
            .intervals
            .iter()
            .find(|interval| interval.chat == message.chat);
        let chatid = group.map(|interval| ChatId(interval.chatid.clone()));
        // What is dropped is counted for groups alone.
        let dropped = if message.app == 0 || chatid.is_none() {
            None
        } else {
            self.dropped(&message)?
        };
        let mut arrived = arrived(
            self.cx.read,
            self.corp,
            lane,
            chatid.unwrap_or_default(),
            message,
        )?;
        arrived.mentioned =
            rule::message::mentions(&arrived.msgtype, &arrived.content, self.person.id());
        arrived.dropped = dropped;
        Ok(arrived)
    }

    /// Why a message of an app was dropped for this person, if it was. Derived from what the app sent that day.
    fn dropped(&mut self, message: &Message) -> Outcome<Option<Drop>> {
        let day = Window::Day.start(message.id / 1000);
        if !self.drops.contains_key(&(message.app, day)) {
            let drops = self.drops_of(message.app, day)?;
            self.drops.insert((message.app, day), drops);
        }
        let drop = self
            .drops
            .get(&(message.app, day))
            .and_then(|drops| drops.get(&message.id));
        Ok(drop.map(|(limit, value)| Drop {
            limit: limit.key().into(),
            value: *value,
        }))
    }

    fn drops_of(&mut self, app: i64, day: i64) -> Outcome<BTreeMap<i64, (Limit, i64)>> {
        let (from, before) = (day * 1000, (day + Window::Day.length()) * 1000);
        let stretches = self.stretches(day)?;
        let few = stretches
            .iter()
            .map(|(_, rules)| {
                rules
                    .limit(Limit::ChatReceivesPerMemberMinute)
                    .min(rules.limit(Limit::ChatReceivesPerMemberDay))
            })
            .min()
            .unwrap_or(0);
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
        let lanes = lane::all(self.cx.read)?;
        let mut total = 0;
        for (chat, from, before) in &spans {
            for (lane, _) in &lanes {
                total +=
                    message::count(self.cx.read, self.corp, *chat, *lane, *from, *before, app)?;
            }
        }
        if !self.cx.default_rules.enforced || total <= few {
            return Ok(BTreeMap::new());
        }
        let mut ids = Vec::new();
        for (chat, from, before) in &spans {
            for (lane, _) in &lanes {
                ids.extend(message::ids(
                    self.cx.read,
                    self.corp,
                    *chat,
                    *lane,
                    *from,
                    *before,
                    app,
                )?);
            }
        }
        ids.sort_unstable();
        Ok(rule::drops::dropped(&stretches, &ids))
    }

    /// The rules of a day, each with the time from which they were in force, ms UTC.
    fn stretches(&mut self, day: i64) -> Outcome<Vec<(i64, Rules)>> {
        let rows = company::rules(self.cx.read, self.corp)?;
        let within = rows.iter().map(|row| row.since);
        let mut times: Vec<i64> = within
            .filter(|since| (day + 1..day + Window::Day.length()).contains(since))
            .collect();
        times.push(day);
        times.sort_unstable();
        times.dedup();
        let at = |time| {
            (
                time,
                rule::rules::resolve(&rows, None, time, self.cx.default_rules),
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
        0 => None,
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
        mentioned: false,
        dropped: None,
    })
}

/// A message's id for readers.
pub(crate) fn id_text(lane: i64, id: i64) -> String {
    format!("{id}-{lane}")
}
