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

/// A callback's parts as they are kept, if they are well formed.
pub(crate) fn checked(wanted: &world::Callback) -> Outcome<callback::Callback> {
    let url = &wanted.url;
    let there = ["http://", "https://"]
        .iter()
        .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
    if !there || url.len() > 2048 || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad(
            "url begins with http:// or https:// and has at most 2048 printable ASCII characters",
        ));
    }
    let token = &wanted.token;
    if !(1..=32).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(bad("token has 1 to 32 letters and digits"));
    }
    if let Err(error) = wanted.encoding_aes_key.parse::<EncodingAesKey>() {
        return Err(bad(format!("encoding_aes_key: {error}")));
    }
    Ok(callback::Callback {
        url: url.clone(),
        token: token.clone(),
        aes_key: wanted.encoding_aes_key.clone(),
    })
}
