//! What apps are told: where, in which order, and what became of each attempt.

use std::fmt;

use crate::{Append, Error, Kind, Read, ReadExt, Result, Row, Tx};

/// What is added for an event.
pub const EVENT: Append = Append {
    table: "callback_event",
    columns: &[
        ("corp", Kind::Int),
        ("id", Kind::Int),
        ("lane", Kind::Int),
        ("app", Kind::Int),
        ("queue", Kind::Text),
        ("seq", Kind::Int),
        ("person", Kind::Int),
        ("kind", Kind::Text),
        ("state", Kind::Int),
        ("body", Kind::Text),
    ],
};

/// What is added for an attempt.
pub const ATTEMPT: Append = Append {
    table: "callback_attempt",
    columns: &[
        ("corp", Kind::Int),
        ("event", Kind::Int),
        ("event_lane", Kind::Int),
        ("id", Kind::Int),
        ("lane", Kind::Int),
        ("began", Kind::Int),
        ("took", Kind::Int),
        ("accepted", Kind::Int),
        ("request_head", Kind::Text),
        ("request_body", Kind::Text),
        ("status", Kind::Int),
        ("answer", Kind::Text),
        ("error", Kind::Text),
    ],
};

/// The states of an event.
pub mod state {
    /// To be delivered.
    pub const WAITING: i64 = 0;
    /// The app has accepted it.
    pub const DELIVERED: i64 = 1;
    /// It was tried often enough.
    pub const EXHAUSTED: i64 = 2;
}

statements! {
    GET = "SELECT url, token, aes_key FROM callback WHERE corp = $1 AND app = $2";
    EXISTS = "SELECT 1 FROM callback WHERE corp = $1 AND app = $2";
    SET = "INSERT INTO callback (corp, app, url, token, aes_key) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corp, app) DO UPDATE SET url = excluded.url, token = excluded.token, aes_key = excluded.aes_key";
    REMOVE = "DELETE FROM callback WHERE corp = $1 AND app = $2";
    REVIVE = "UPDATE callback_queue SET due = $3, failures = 0 WHERE corp = $1 AND app = $2 AND EXISTS (SELECT 1 FROM callback_event e WHERE e.corp = $1 AND e.app = $2 AND e.queue = callback_queue.queue AND e.state = 0)";
    NUMBER = "INSERT INTO callback_queue (corp, app, queue, next, due, failures, claim, claimed_until) VALUES ($1, $2, $3, 2, $4, 0, '', 0) ON CONFLICT (corp, app, queue) DO UPDATE SET next = callback_queue.next + 1, due = COALESCE(callback_queue.due, excluded.due) RETURNING next - 1";
    DUE = "SELECT corp, app, queue FROM callback_queue WHERE due IS NOT NULL AND due <= $1 AND claimed_until <= $2 ORDER BY due";
    NEXT_DUE = "SELECT MIN(due) FROM callback_queue WHERE due IS NOT NULL AND due > $1";
    CLAIM = "UPDATE callback_queue SET claim = $4, claimed_until = $5 WHERE corp = $1 AND app = $2 AND queue = $3 AND due IS NOT NULL AND due <= $6 AND claimed_until <= $7";
    HOLD = "UPDATE callback_queue SET claimed_until = $5, failures = $6 WHERE corp = $1 AND app = $2 AND queue = $3 AND claim = $4";
    LEAVE = "UPDATE callback_queue SET due = $4, failures = $5, claim = '', claimed_until = 0 WHERE corp = $1 AND app = $2 AND queue = $3";
    FAILURES = "SELECT failures FROM callback_queue WHERE corp = $1 AND app = $2 AND queue = $3";
    FREE_ALL = "UPDATE callback_queue SET claim = '', claimed_until = 0 WHERE due IS NOT NULL AND claimed_until > 0";
    HASTEN = "UPDATE callback_queue SET due = $4 WHERE corp = $1 AND app = $2 AND queue = $3 AND due IS NOT NULL";
    HEAD = "SELECT id, lane, app, queue, seq, person, kind, state, body FROM callback_event WHERE corp = $1 AND app = $2 AND queue = $3 AND state = 0 ORDER BY seq LIMIT 1";
    ONE = "SELECT id, lane, app, queue, seq, person, kind, state, body FROM callback_event WHERE corp = $1 AND id = $2 AND lane = $3";
    PAGE = "SELECT id, lane, app, queue, seq, person, kind, state, body FROM callback_event WHERE corp = $1 AND (id < $2 OR (id = $2 AND lane < $3)) ORDER BY id DESC, lane DESC";
    END = "UPDATE callback_event SET state = $4 WHERE corp = $1 AND id = $2 AND lane = $3";
    AGAIN = "UPDATE callback_event SET state = 0, seq = $4 WHERE corp = $1 AND id = $2 AND lane = $3";
    ATTEMPTS = "SELECT began, took, accepted, request_head, request_body, status, answer, error FROM callback_attempt WHERE corp = $1 AND event = $2 AND event_lane = $3 ORDER BY id, lane";
    COUNT = "SELECT COUNT(*) FROM callback_attempt WHERE corp = $1 AND event = $2 AND event_lane = $3";
    WAITING = "SELECT COUNT(*) FROM callback_event WHERE state = 0";
    OLD = "SELECT corp, id, lane FROM callback_event WHERE corp = $1 AND id < $2 AND state <> 0 ORDER BY id LIMIT $3";
    COMPANIES = "SELECT DISTINCT corp FROM callback_queue";
    DELETE_ATTEMPTS = "DELETE FROM callback_attempt WHERE corp = $1 AND event = $2 AND event_lane = $3";
    DELETE_EVENT = "DELETE FROM callback_event WHERE corp = $1 AND id = $2 AND lane = $3 AND state <> 0";
}

/// Where an app is told. Not shown by `Debug`, but for the URL.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Callback {
    /// Where.
    pub url: String,
    /// With this deliveries are signed.
    pub token: String,
    /// With this they are encrypted.
    pub aes_key: String,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// The callback of an app.
pub fn get(read: &mut dyn Read, corp: i64, app: i64) -> Result<Option<Callback>> {
    read.one(GET, &[corp.into(), app.into()], |row| Callback {
        url: row.text(0).to_owned(),
        token: row.text(1).to_owned(),
        aes_key: row.text(2).to_owned(),
    })
}

/// Whether an app has a callback.
pub fn is_set(read: &mut dyn Read, corp: i64, app: i64) -> Result<bool> {
    read.exists(EXISTS, &[corp.into(), app.into()])
}

/// Sets an app's callback; what waits for it is due now, ms UTC, and its failures are forgotten.
pub fn set(tx: &mut dyn Tx, corp: i64, app: i64, callback: &Callback, now: i64) -> Result<()> {
    let vals = [
        corp.into(),
        app.into(),
        (&callback.url).into(),
        (&callback.token).into(),
        (&callback.aes_key).into(),
    ];
    tx.exec(SET, &vals)?;
    tx.exec(REVIVE, &[corp.into(), app.into(), now.into()])
        .map(drop)
}

/// Removes an app's callback.
pub fn remove(tx: &mut dyn Tx, corp: i64, app: i64) -> Result<()> {
    tx.exec(REMOVE, &[corp.into(), app.into()]).map(drop)
}

/// A queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Queue {
    /// The company.
    pub corp: i64,
    /// The app.
    pub app: i64,
    /// What it is called within the app.
    pub queue: String,
}

/// Something that happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its id; its time in microseconds UTC.
    pub id: i64,
    /// The lane of its id.
    pub lane: i64,
    /// The app.
    pub app: i64,
    /// The queue within the app.
    pub queue: String,
    /// Its place in the queue.
    pub seq: i64,
    /// Who did it, 0 for nobody.
    pub person: i64,
    /// What it is.
    pub kind: String,
    /// How far it is, see [`state`].
    pub state: i64,
    /// The plain XML.
    pub body: String,
}

fn event(row: &dyn Row) -> Event {
    Event {
        id: row.int(0),
        lane: row.int(1),
        app: row.int(2),
        queue: row.text(3).to_owned(),
        seq: row.int(4),
        person: row.int(5),
        kind: row.text(6).to_owned(),
        state: row.int(7),
        body: row.text(8).to_owned(),
    }
}

/// The next place in a queue, which is due from now on unless it waits for something earlier. Holds the queue until the end of
/// the transaction, so that events of a queue are committed in their order.
pub fn number(tx: &mut dyn Tx, queue: &Queue, now: i64) -> Result<i64> {
    let vals = [
        queue.corp.into(),
        queue.app.into(),
        (&queue.queue).into(),
        now.into(),
    ];
    let number = tx.as_read().int(NUMBER, &vals)?;
    number.ok_or_else(|| Error::Other("a queue gave no number".into()))
}

/// Adds an event.
pub fn append(tx: &mut dyn Tx, corp: i64, e: &Event) -> Result<()> {
    let row = [
        corp.into(),
        e.id.into(),
        e.lane.into(),
        e.app.into(),
        (&e.queue).into(),
        e.seq.into(),
        e.person.into(),
        (&e.kind).into(),
        e.state.into(),
        (&e.body).into(),
    ];
    tx.append(&EVENT, &row)
}

/// The first queues that are due and that nobody has, longest due first, as far as `take` takes them.
pub fn due(
    read: &mut dyn Read,
    now: i64,
    machine: i64,
    limit: usize,
    mut take: impl FnMut(&Queue) -> bool,
) -> Result<Vec<Queue>> {
    read.first(DUE, &[now.into(), machine.into()], limit, |row| {
        let queue = Queue {
            corp: row.int(0),
            app: row.int(1),
            queue: row.text(2).to_owned(),
        };
        take(&queue).then_some(queue)
    })
}

/// When the next queue becomes due after now.
pub fn next_due(read: &mut dyn Read, now: i64) -> Result<Option<i64>> {
    read.int(NEXT_DUE, &[now.into()])
}

/// Claims a queue that is due until a time of the machine's clock; false where another was faster.
pub fn claim(
    tx: &mut dyn Tx,
    queue: &Queue,
    claim: &str,
    now: i64,
    (machine, until): (i64, i64),
) -> Result<bool> {
    let vals = [
        queue.corp.into(),
        queue.app.into(),
        (&queue.queue).into(),
        claim.into(),
        until.into(),
        now.into(),
        machine.into(),
    ];
    Ok(tx.exec(CLAIM, &vals)? == 1)
}

/// Keeps a claim until a later time, with how often the first event has failed; false where it is lost. Until the end of the
/// transaction nobody else changes the queue.
pub fn hold(
    tx: &mut dyn Tx,
    queue: &Queue,
    claim: &str,
    until: i64,
    failures: i64,
) -> Result<bool> {
    let vals = [
        queue.corp.into(),
        queue.app.into(),
        (&queue.queue).into(),
        claim.into(),
        until.into(),
        failures.into(),
    ];
    Ok(tx.exec(HOLD, &vals)? == 1)
}

/// Gives a claim up: the queue is due again at a time, or has nothing that waits.
pub fn leave(tx: &mut dyn Tx, queue: &Queue, due: Option<i64>, failures: i64) -> Result<()> {
    let vals = [
        queue.corp.into(),
        queue.app.into(),
        (&queue.queue).into(),
        due.into(),
        failures.into(),
    ];
    tx.exec(LEAVE, &vals).map(drop)
}

/// How often the first event of a queue was tried in vain.
pub fn failures(read: &mut dyn Read, queue: &Queue) -> Result<i64> {
    let vals = [queue.corp.into(), queue.app.into(), (&queue.queue).into()];
    Ok(read.int(FAILURES, &vals)?.unwrap_or(0))
}

/// Ends every claim: of a process that is gone, where there can be only one.
pub fn free_all(tx: &mut dyn Tx) -> Result<u64> {
    tx.exec(FREE_ALL, &[])
}

/// Makes a queue in which something waits due at a time.
pub fn hasten(tx: &mut dyn Tx, queue: &Queue, due: i64) -> Result<()> {
    let vals = [
        queue.corp.into(),
        queue.app.into(),
        (&queue.queue).into(),
        due.into(),
    ];
    tx.exec(HASTEN, &vals).map(drop)
}

/// The first event of a queue that waits.
pub fn head(read: &mut dyn Read, queue: &Queue) -> Result<Option<Event>> {
    let vals = [queue.corp.into(), queue.app.into(), (&queue.queue).into()];
    read.one(HEAD, &vals, event)
}

/// The event with an id.
pub fn one(read: &mut dyn Read, corp: i64, id: i64, lane: i64) -> Result<Option<Event>> {
    read.one(ONE, &[corp.into(), id.into(), lane.into()], event)
}

/// Events of a company before an id, newest first, as far as `take` takes them.
pub fn page(
    read: &mut dyn Read,
    corp: i64,
    (id, lane): (i64, i64),
    limit: usize,
    mut take: impl FnMut(&Event) -> bool,
) -> Result<Vec<Event>> {
    read.first(PAGE, &[corp.into(), id.into(), lane.into()], limit, |row| {
        let event = event(row);
        take(&event).then_some(event)
    })
}

/// Sets how far an event is.
pub fn end(tx: &mut dyn Tx, corp: i64, e: &Event, state: i64) -> Result<()> {
    let vals = [corp.into(), e.id.into(), e.lane.into(), state.into()];
    tx.exec(END, &vals).map(drop)
}

/// Lets an event wait again, at another place of its queue.
pub fn again(tx: &mut dyn Tx, corp: i64, e: &Event, seq: i64) -> Result<()> {
    let vals = [corp.into(), e.id.into(), e.lane.into(), seq.into()];
    tx.exec(AGAIN, &vals).map(drop)
}

/// An attempt to deliver an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// When it began, ms UTC.
    pub began: i64,
    /// How long it took, ms.
    pub took: i64,
    /// Whether the app has accepted.
    pub accepted: bool,
    /// The request line and headers.
    pub request_head: String,
    /// What was sent.
    pub request_body: String,
    /// The answer's status, if there was one.
    pub status: Option<i64>,
    /// The answer's body as far as it was read; decrypted where it could be.
    pub answer: String,
    /// What was wrong.
    pub error: Option<String>,
}

/// Adds an attempt.
pub fn attempted(
    tx: &mut dyn Tx,
    corp: i64,
    e: &Event,
    (id, lane): (i64, i64),
    a: &Attempt,
) -> Result<()> {
    let row = [
        corp.into(),
        e.id.into(),
        e.lane.into(),
        id.into(),
        lane.into(),
        a.began.into(),
        a.took.into(),
        a.accepted.into(),
        (&a.request_head).into(),
        (&a.request_body).into(),
        a.status.into(),
        (&a.answer).into(),
        a.error.as_deref().into(),
    ];
    tx.append(&ATTEMPT, &row)
}

/// The attempts to deliver an event, oldest first.
pub fn attempts(read: &mut dyn Read, corp: i64, e: &Event) -> Result<Vec<Attempt>> {
    let vals = [corp.into(), e.id.into(), e.lane.into()];
    read.all(ATTEMPTS, &vals, |row| Attempt {
        began: row.int(0),
        took: row.int(1),
        accepted: row.flag(2),
        request_head: row.text(3).to_owned(),
        request_body: row.text(4).to_owned(),
        status: row.opt_int(5),
        answer: row.text(6).to_owned(),
        error: row.opt_text(7).map(str::to_owned),
    })
}

/// How many there were.
pub fn count(read: &mut dyn Read, corp: i64, e: &Event) -> Result<i64> {
    let vals = [corp.into(), e.id.into(), e.lane.into()];
    Ok(read.int(COUNT, &vals)?.unwrap_or(0))
}

/// How many events wait, in all companies.
pub fn waiting(read: &mut dyn Read) -> Result<i64> {
    Ok(read.int(WAITING, &[])?.unwrap_or(0))
}

/// Companies that have queues.
pub fn companies(read: &mut dyn Read) -> Result<Vec<i64>> {
    read.all(COMPANIES, &[], |row| row.int(0))
}

/// Events of a company that wait no longer and are older than an id: id and lane, the oldest first.
pub fn old(read: &mut dyn Read, corp: i64, before: i64, limit: i64) -> Result<Vec<(i64, i64)>> {
    read.all(OLD, &[corp.into(), before.into(), limit.into()], |row| {
        (row.int(1), row.int(2))
    })
}

/// Deletes an event with its attempts, unless it waits again.
pub fn delete(tx: &mut dyn Tx, corp: i64, id: i64, lane: i64) -> Result<()> {
    let vals = [corp.into(), id.into(), lane.into()];
    if tx.exec(DELETE_EVENT, &vals)? == 1 {
        tx.exec(DELETE_ATTEMPTS, &vals)?;
    }
    Ok(())
}
