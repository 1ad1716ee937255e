//! What apps are told: writing it down with the change that causes it, and keeping count of how it is delivered.

mod deliver;
mod manage;

pub use deliver::{Accepted, CLOUD_RETRIES, Delivery, Settled, claim, free_all, settle};
pub use manage::{Checked, forget, set, verifiable};

use qun_crypt::EncodingAesKey;
use qun_protocol::{
    Refusal as R, Refused,
    event::{Received, What},
    world,
};
use qun_store::{
    Read,
    table::{
        app, callback,
        callback::{Event, Queue},
        company::Company,
        directory::Person,
    },
};

use crate::{Cx, Outcome, Who, manage::bad, people::inbox::id_text};

/// The app that a call of the own API names.
pub(crate) fn known_app(read: &mut dyn Read, corp: i64, agentid: i64) -> Outcome<app::App> {
    app::by_agentid(read, corp, agentid)?
        .ok_or_else(|| Refused::because(R::AppUnknown, agentid.to_string()).into())
}

/// From whom something comes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender<'a> {
    /// An employee, who did it to this app.
    Person(&'a Person),
    /// `sys`: it happened in the company, and the app sees it.
    System,
}

/// Writes down what a person did to an app; see [`raise_from`].
pub(crate) fn raise(
    cx: &mut Cx,
    company: &Company,
    agentid: i64,
    queue: String,
    person: &Person,
    what: impl FnOnce(u64) -> What,
) -> Outcome<Option<String>> {
    raise_from(cx, company, agentid, queue, Sender::Person(person), what)
}

/// Writes down what an app is to be told, in the transaction of what happened; gives its id.
///
/// Nothing where the app has no callback, and nothing of what it has done itself through the API. `queue` is what it is
/// delivered in order with. `what` gets the message's number.
pub(crate) fn raise_from(
    cx: &mut Cx,
    company: &Company,
    agentid: i64,
    queue: String,
    sender: Sender<'_>,
    what: impl FnOnce(u64) -> What,
) -> Outcome<Option<String>> {
    let corp = company.corp;
    let itself =
        matches!(cx.who, Who::App(caller) if (caller.corp, caller.agentid) == (corp, agentid));
    if itself || !callback::is_set(cx.tx.as_read(), corp, agentid)? {
        return Ok(None);
    }
    let queue = Queue {
        corp,
        app: agentid,
        queue,
    };
    let seq = callback::number(cx.tx, &queue, cx.now)?;
    let (id, lane) = (cx.ids.next(), cx.ids.lane());
    // Unique among all lanes, and below 2^63 until the year 2255.
    let what = what(id.unsigned_abs() << 10 | lane.unsigned_abs() & 1023);
    let kind = match &what {
        What::Event(event) => event.name().to_owned(),
        message => message.name().to_owned(),
    };
    let (from, person) = match sender {
        Sender::Person(person) => (person.userid.as_str(), person.person),
        Sender::System => ("sys", 0),
    };
    let received = Received {
        to_user_name: company.corpid.clone(),
        from_user_name: from.to_owned(),
        create_time: cx.now / 1000,
        // What happens in the company names no app.
        agent_id: (person != 0).then_some(agentid),
        what,
    };
    let event = Event {
        id,
        lane,
        app: agentid,
        queue: queue.queue,
        seq,
        person,
        kind,
        state: callback::state::WAITING,
        body: received.write(),
    };
    callback::append(cx.tx, corp, &event)?;
    cx.raised = true;
    Ok(Some(id_text(lane, id)))
}

/// Where a group of hosted accounts stands among the apps.
pub(crate) const fn of_hosting(hosting: i64) -> i64 {
    -hosting
}

/// The group of hosted accounts that a queue belongs to; none where it is an app's.
fn hosting_of(queue: &Queue) -> Option<i64> {
    (queue.app < 0).then_some(-queue.app)
}

/// Whether a group of hosted accounts is told anything.
pub(crate) fn is_told(read: &mut dyn Read, corp: i64, hosting: i64) -> Outcome<bool> {
    Ok(callback::is_set(read, corp, of_hosting(hosting))?)
}

/// Writes down what a group of hosted accounts is to be told, in the transaction of what happened; gives its id.
///
/// `path` is where it goes below the group's URL, `body` plain JSON.
pub(crate) fn raise_room(
    cx: &mut Cx,
    corp: i64,
    hosting: i64,
    queue: String,
    person: i64,
    path: &'static str,
    body: String,
) -> Outcome<String> {
    let queue = Queue {
        corp,
        app: of_hosting(hosting),
        queue,
    };
    let seq = callback::number(cx.tx, &queue, cx.now)?;
    let (id, lane) = (cx.ids.next(), cx.ids.lane());
    let event = Event {
        id,
        lane,
        app: queue.app,
        queue: queue.queue,
        seq,
        person,
        kind: path.trim_start_matches('/').to_owned(),
        state: callback::state::WAITING,
        body,
    };
    callback::append(cx.tx, corp, &event)?;
    cx.raised = true;
    Ok(id_text(lane, id))
}

/// A URL that can be told something.
pub(crate) fn checked_url(url: &str) -> Outcome<()> {
    let there = ["http://", "https://"]
        .iter()
        .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    if !there || url.len() > 2048 || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad(
            "url begins with http:// or https:// and has at most 2048 printable ASCII characters",
        ));
    }
    Ok(())
}

/// A callback's parts as they are kept, if they are well formed.
pub(crate) fn checked(wanted: &world::Callback) -> Outcome<callback::Callback> {
    checked_url(&wanted.url)?;
    let token = &wanted.token;
    if !(1..=32).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(bad("token has 1 to 32 letters and digits"));
    }
    if let Err(error) = wanted.encoding_aes_key.parse::<EncodingAesKey>() {
        return Err(bad(format!("encoding_aes_key: {error}")));
    }
    Ok(callback::Callback {
        url: wanted.url.clone(),
        token: token.clone(),
        aes_key: wanted.encoding_aes_key.clone(),
    })
}
