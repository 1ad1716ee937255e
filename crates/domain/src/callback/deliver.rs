use qun_protocol::{
    UserId,
    event::{PassiveReply, Received, Reply},
    text::cut_bytes,
};
use qun_store::{
    Effect,
    table::{
        callback,
        callback::{Attempt, Callback, Event, Queue, state},
        company, message,
        message::Message,
        room::hosting,
    },
};
use serde_json::{Value, json};

use super::hosting_of;
use crate::{Cx, Outcome, audience, media, message::card};

/// After so many milliseconds the cloud tries again, three times.
pub const CLOUD_RETRIES: [i64; 3] = [5000; 3];
/// After so many milliseconds Juzi tries again, five times.
pub const ROOM_RETRIES: [i64; 5] = [5000; 5];
/// So many given up in a row of so many milliseconds silence a group of hosted accounts for so many.
const SILENCE: (usize, i64, i64) = (10, 180_000, 1_800_000);
/// A passive text is shown this far, bytes.
const SHOWN: usize = 2048;

/// Something to be delivered by whoever has claimed its queue.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its queue.
    pub queue: Queue,
    /// What is to be told.
    pub event: Event,
    /// To which URL, and how it is sealed.
    pub callback: Callback,
    /// 企业ID
    pub corpid: String,
    /// The app, where the envelope names it.
    pub agent_id: Option<i64>,
    /// The claim.
    pub claim: String,
    /// When the claim ends, ms of the machine's clock.
    pub until: i64,
    failures: i64,
}

/// What an app has answered, where it has accepted.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its answer to the person, decrypted.
    pub reply: Option<Reply>,
}

/// What settling an attempt needs beside it.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// The attempt.
    pub attempt: &'a Attempt,
    /// What the app has answered; none where it failed.
    pub accepted: Option<&'a Accepted>,
    /// After so many milliseconds each it is tried again, once the cloud's retries are over.
    pub retries: &'a [i64],
    /// Whether the next event of the queue is taken on, and until when, ms of the machine's clock.
    pub go_on: Option<i64>,
}

/// Claims a queue that is due, as the machine's clock says now, until a time of that clock. None where another was faster.
pub fn claim(
    cx: &mut Cx,
    queue: &Queue,
    (machine, until): (i64, i64),
) -> Outcome<Option<Delivery>> {
    cx.tx.enter(queue.corp, cx.effect)?;
    let claim = cx.hex(16);
    if !callback::claim(cx.tx, queue, &claim, cx.now, (machine, until))? {
        return Ok(None);
    }
    let failures = callback::failures(cx.tx.as_read(), queue)?;
    let next = next(cx, queue, &claim, until, failures)?;
    if let Err(due) = next {
        callback::leave(cx.tx, queue, due, due.map_or(0, |_| failures))?;
    }
    Ok(next.ok())
}

/// The queue's first event that waits, if it has one and its app a callback; otherwise when to look again, if ever.
fn next(
    cx: &mut Cx,
    queue: &Queue,
    claim: &str,
    until: i64,
    failures: i64,
) -> Outcome<Result<Delivery, Option<i64>>> {
    let read = cx.tx.as_read();
    let Some(event) = callback::head(read, queue)? else {
        return Ok(Err(None));
    };
    // Set again, it makes the queue due.
    let Some(callback) = callback::get(read, queue.corp, queue.app)? else {
        return Ok(Err(None));
    };
    if let Some(hosting) = hosting_of(queue) {
        let until = hosting::by_key(read, queue.corp, hosting)?.map_or(0, |it| it.silent_until);
        if until > cx.now {
            return Ok(Err(Some(until)));
        }
    }
    let corpid = company::by_corp(read, queue.corp)?
        .unwrap_or_default()
        .corpid;
    let agent_id = match hosting_of(queue) {
        Some(_) => None,
        None => Received::read(&event.body)
            .ok()
            .and_then(|received| received.agent_id),
    };
    Ok(Ok(Delivery {
        queue: queue.clone(),
        event,
        callback,
        corpid,
        agent_id,
        claim: claim.to_owned(),
        until,
        failures,
    }))
}

/// Records an attempt and what follows from it; gives the next event of the queue where there is one to go on with.
pub fn settle(cx: &mut Cx, delivery: &Delivery, settled: Settled<'_>) -> Outcome<Option<Delivery>> {
    let Delivery { queue, event, .. } = delivery;
    let corp = queue.corp;
    cx.tx.enter(corp, cx.effect)?;
    let until = settled.go_on.unwrap_or(delivery.until);
    let failures = delivery.failures + 1;
    let again = match (settled.accepted, hosting_of(queue)) {
        (Some(_), _) => None,
        (None, None) => again_at(cx, settled.attempt, failures, settled.retries),
        (None, Some(_)) => {
            let retry = usize::try_from(failures - 1).unwrap_or(usize::MAX);
            let delay = ROOM_RETRIES.get(retry);
            delay.map(|delay| settled.attempt.began + delay)
        }
    };
    let counted = again.map_or(0, |_| failures);
    let mine = callback::hold(cx.tx, queue, &delivery.claim, until, counted)?;
    let mut attempt = settled.attempt.clone();
    if let (true, Some(Accepted { reply: Some(reply) })) = (mine, settled.accepted)
        && let Err(note) = show(cx, corp, event, reply)?
    {
        attempt.error = Some(note);
    }
    let id = (cx.ids.next(), cx.ids.lane());
    callback::attempted(cx.tx, corp, event, id, &attempt)?;
    if !mine {
        return Ok(None);
    }
    if let Some(due) = again {
        callback::leave(cx.tx, queue, Some(due), failures)?;
        return Ok(None);
    }
    let end = match (settled.accepted, hosting_of(queue)) {
        (Some(_), _) => state::DELIVERED,
        (None, hosting) => {
            if let Some(hosting) = hosting {
                give_up(cx, corp, hosting)?;
            }
            state::EXHAUSTED
        }
    };
    callback::end(cx.tx, corp, event, end)?;
    let next = next(cx, queue, &delivery.claim, until, 0)?;
    match (&next, settled.go_on) {
        (Err(due), _) => callback::leave(cx.tx, queue, *due, 0)?,
        (Ok(_), None) => callback::leave(cx.tx, queue, Some(cx.now), 0)?,
        // The claim stays.
        (Ok(_), Some(_)) => return Ok(next.ok()),
    }
    Ok(None)
}

/// Counts a callback that a group of hosted accounts never took; too many in a short time silence the group. What was under
/// way when the silence began does not make it longer.
fn give_up(cx: &mut Cx, corp: i64, hosting: i64) -> Outcome<()> {
    // All queues of the group count together.
    cx.tx.enter(corp, Effect::Change)?;
    let Some(known) = hosting::by_key(cx.tx.as_read(), corp, hosting)? else {
        return Ok(());
    };
    let (many, within, silence) = SILENCE;
    if known.silent_until > cx.now {
        return Ok(());
    }
    let mut times: Vec<i64> = serde_json::from_str(&known.exhausted).unwrap_or_default();
    times.push(cx.now);
    times.retain(|time| cx.now - time <= within);
    let mut until = known.silent_until;
    if times.len() >= many {
        times.clear();
        until = cx.now + silence;
    }
    let times = serde_json::to_string(&times).unwrap_or_default();
    Ok(hosting::silence(cx.tx, corp, hosting, &times, until)?)
}

/// When an event that failed so often is tried again, if ever.
fn again_at(cx: &mut Cx, attempt: &Attempt, failures: i64, retries: &[i64]) -> Option<i64> {
    let retry = usize::try_from(failures - 1).ok()?;
    // The cloud's are counted from the beginning, so that what timed out is tried again at once.
    if let Some(delay) = CLOUD_RETRIES.get(retry) {
        return Some(attempt.began + delay);
    }
    let delay = *retries.get(retry - CLOUD_RETRIES.len())?;
    // A tenth less or more, so that what failed together does not come back together.
    let mut chance = [0; 2];
    (cx.random)(&mut chance);
    let tenth = delay / 10;
    let jitter = tenth * 2 * i64::from(u16::from_le_bytes(chance)) / i64::from(u16::MAX) - tenth;
    Some(cx.now + delay + jitter)
}

/// Puts a passive reply into the person's inbox; the inner error says why it is not shown.
fn show(cx: &mut Cx, corp: i64, event: &Event, reply: &Reply) -> Outcome<Result<(), String>> {
    let asked = Received::read(&event.body).map(|received| UserId(received.from_user_name));
    let to = UserId(reply.to_user_name.clone());
    if asked.as_ref().map(UserId::folded) != Ok(to.folded()) || event.person == 0 {
        return Ok(Err(format!("the reply is for {to:?}, who has not asked")));
    }
    if matches!(
        reply.what,
        PassiveReply::UpdateButton { .. } | PassiveReply::UpdateTemplateCard { .. }
    ) {
        return card::answered(cx, corp, event, &reply.what);
    }
    let (kind, body) = match drawn(cx, corp, &reply.what)? {
        Ok(drawn) => drawn,
        Err(note) => return Ok(Err(note)),
    };
    let message = Message {
        chat: audience::of(cx, corp, &[event.person])?,
        id: cx.ids.next(),
        app: event.app,
        sender: message::REPLY,
        kind: kind.to_owned(),
        safe: 0,
        body: body.to_string(),
    };
    message::append(cx.tx, corp, cx.ids.lane(), &message)?;
    cx.touched = Some(corp);
    Ok(Ok(()))
}

/// What a phone draws of a reply, by kind.
fn drawn(
    cx: &mut Cx,
    corp: i64,
    reply: &PassiveReply,
) -> Outcome<Result<(&'static str, Value), String>> {
    let (media_id, mut body) = match reply {
        PassiveReply::Text { content } if content.is_empty() => {
            return Ok(Err("the reply has no text".into()));
        }
        PassiveReply::Text { content } => {
            return Ok(Ok((
                "text",
                json!({ "content": cut_bytes(content, SHOWN) }),
            )));
        }
        PassiveReply::News { articles } => {
            if !(1..=8).contains(&articles.len()) {
                return Ok(Err("the reply has none or more than eight articles".into()));
            }
            let articles = articles.iter().map(|article| {
                json!({
                    "title": article.title,
                    "description": article.description,
                    "url": article.url,
                    "picurl": article.pic_url,
                })
            });
            let articles: Vec<Value> = articles.collect();
            return Ok(Ok(("news", json!({ "articles": articles }))));
        }
        PassiveReply::Image { media_id } | PassiveReply::Voice { media_id } => {
            (media_id, json!({}))
        }
        PassiveReply::Video {
            media_id,
            title,
            description,
        } => (
            media_id,
            json!({ "title": title, "description": description }),
        ),
        _ => return Ok(Err("the reply shows nothing".into())),
    };
    let kind = reply.msg_type();
    match media::usable(cx.tx.as_read(), corp, &media_id.as_str().into(), cx.now) {
        Ok(file) if file.kind == kind => {
            media::draw(&mut body, &file);
            Ok(Ok((kind, body)))
        }
        Ok(file) => Ok(Err(format!(
            "the reply's media_id is a {}, no {kind}",
            file.kind
        ))),
        Err(crate::Failure::Store(error)) => Err(error.into()),
        Err(_) => Ok(Err("the reply's media_id is unknown or has ended".into())),
    }
}

/// Ends every claim, where no other process can have one.
pub fn free_all(cx: &mut Cx) -> Outcome<()> {
    cx.tx.enter(crate::world::EVERYBODY, Effect::Change)?;
    callback::free_all(cx.tx)?;
    Ok(())
}
