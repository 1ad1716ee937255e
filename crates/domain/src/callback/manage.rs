use qun_protocol::{
    Done, Refusal as R, Refused, UserId,
    manage::{
        Attempt, CallbackSet, CallbackShown, CallbackState, CallbackWhole, Callbacks,
        CallbacksPage, DeleteCallback, GetCallback, GetCallbackEvent, ResendCallback, SetCallback,
    },
};
use qun_store::{
    Effect, Read,
    table::{
        callback,
        callback::{Callback, Event, Queue, state},
        directory,
    },
};

use super::{checked, known_app};
use crate::{
    Command, Cx, Outcome, Query, ReadCx, Use,
    people::{
        feed::{Cursor, page_size},
        inbox::{id_parts, id_text},
    },
};

/// A callback that may be verified: whose it is, and its parts.
#[derive(Clone, Debug)]
pub struct Checked {
    /// 企业ID, which is what the URL must find inside.
    pub corpid: String,
    /// Its parts.
    pub callback: Callback,
}

/// Checks what can be checked without asking the URL.
pub fn verifiable(cx: &mut ReadCx, request: &SetCallback) -> Outcome<Checked> {
    let company = cx.company(Some(&request.corpid))?;
    known_app(cx.read, company.corp, request.agentid)?;
    Ok(Checked {
        corpid: company.corpid,
        callback: checked(&request.callback)?,
    })
}

/// Sets a callback whose URL is verified.
pub fn set(cx: &mut Cx, request: &SetCallback, callback: &Callback) -> Outcome<CallbackSet> {
    let corp = cx.company(Some(&request.corpid))?.corp;
    known_app(cx.tx.as_read(), corp, request.agentid)?;
    callback::set(cx.tx, corp, request.agentid, callback, cx.now)?;
    cx.raised = true;
    Ok(CallbackSet {
        set: true,
        url: Some(callback.url.clone()),
    })
}

impl Query<GetCallback> for Use {
    fn run(cx: &mut ReadCx, request: &GetCallback) -> Outcome<CallbackSet> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        known_app(cx.read, corp, request.agentid)?;
        let callback = callback::get(cx.read, corp, request.agentid)?;
        Ok(CallbackSet {
            set: callback.is_some(),
            url: callback.map(|callback| callback.url),
        })
    }
}

impl Command<DeleteCallback> for Use {
    fn run(cx: &mut Cx, request: &DeleteCallback) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        known_app(cx.tx.as_read(), corp, request.agentid)?;
        callback::remove(cx.tx, corp, request.agentid)?;
        Ok(Done {})
    }
}

impl Query<Callbacks> for Use {
    fn run(cx: &mut ReadCx, request: &Callbacks) -> Outcome<CallbacksPage> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let limit = usize::try_from(page_size(request.limit)?).unwrap_or(usize::MAX);
        let before = match request.after.as_deref().filter(|after| !after.is_empty()) {
            None => (i64::MAX, i64::MAX),
            Some(after) => Cursor::read(after)?.first(),
        };
        let wanted = |event: &Event| {
            request.agentid.is_none_or(|agentid| agentid == event.app)
                && request
                    .state
                    .is_none_or(|state| state == named(event.state))
                && request
                    .search
                    .as_deref()
                    .is_none_or(|text| event.body.contains(text))
        };
        let mut events = callback::page(cx.read, corp, before, limit + 1, wanted)?;
        let more = events.len() > limit;
        events.truncate(limit);
        let last = events.last().filter(|_| more);
        let cursor = last.map(|last| Cursor::at(vec![(last.lane, last.id)]).write());
        let mut callbacks = Vec::with_capacity(events.len());
        for event in events {
            callbacks.push(shown(cx.read, corp, &event)?);
        }
        Ok(CallbacksPage { callbacks, cursor })
    }
}

impl Query<GetCallbackEvent> for Use {
    fn run(cx: &mut ReadCx, request: &GetCallbackEvent) -> Outcome<CallbackWhole> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let event = found(cx.read, corp, &request.id)?;
        let attempts = callback::attempts(cx.read, corp, &event)?;
        let attempts = attempts.into_iter().map(|attempt| Attempt {
            time_ms: attempt.began,
            accepted: attempt.accepted,
            request_head: attempt.request_head,
            request_body: attempt.request_body,
            status: attempt.status,
            answer: attempt.answer,
            error: attempt.error,
            milliseconds: attempt.took,
        });
        let attempts = attempts.collect();
        Ok(CallbackWhole {
            callback: shown(cx.read, corp, &event)?,
            body: event.body,
            attempts,
        })
    }
}

impl Command<ResendCallback> for Use {
    fn run(cx: &mut Cx, request: &ResendCallback) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let event = found(cx.tx.as_read(), corp, &request.id)?;
        let queue = Queue {
            corp,
            app: event.app,
            queue: event.queue.clone(),
        };
        if event.state == state::WAITING {
            callback::hasten(cx.tx, &queue, cx.now)?;
        } else {
            let seq = callback::number(cx.tx, &queue, cx.now)?;
            callback::again(cx.tx, corp, &event, seq)?;
        }
        cx.raised = true;
        Ok(Done {})
    }
}

/// Forgets events that wait no longer: company, id and lane.
pub fn forget(cx: &mut Cx, corp: i64, events: &[(i64, i64)]) -> Outcome<()> {
    cx.tx.enter(corp, Effect::Change)?;
    for (id, lane) in events {
        callback::delete(cx.tx, corp, *id, *lane)?;
    }
    Ok(())
}

fn found(read: &mut dyn Read, corp: i64, id: &str) -> Outcome<Event> {
    let unknown = || Refused::because(R::CallbackUnknown, id);
    let (lane, id) = id_parts(id).ok_or_else(unknown)?;
    callback::one(read, corp, id, lane)?.ok_or_else(|| unknown().into())
}

fn named(state: i64) -> CallbackState {
    match state {
        state::DELIVERED => CallbackState::Delivered,
        state::EXHAUSTED => CallbackState::Exhausted,
        _ => CallbackState::Waiting,
    }
}

fn shown(read: &mut dyn Read, corp: i64, event: &Event) -> Outcome<CallbackShown> {
    let person = directory::person_by_key(read, corp, event.person)?;
    Ok(CallbackShown {
        id: id_text(event.lane, event.id),
        agentid: event.app,
        queue: event.queue.clone(),
        kind: event.kind.clone(),
        from: UserId(person.map(|person| person.userid).unwrap_or_default()),
        time: event.id / 1_000_000,
        state: named(event.state),
        attempts: callback::count(read, corp, event)?,
    })
}
