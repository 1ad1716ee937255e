use qun_protocol::{
    Limit, Refusal as R, Refused, Rules,
    message::{Send, Sent},
};
use qun_store::{
    Effect,
    table::{app, message},
};

use super::{card, msgid, recipients, translate::translate};
use crate::{
    Caller, Command, Cx, Outcome, Use, media, rule,
    rule::{message::Message, recipients::Address},
    token,
};

/// For how long the same message is not delivered again where a request does not say, seconds.
const DUPLICATE_CHECK: i64 = 1800;

impl Command<Send> for Use {
    const EFFECT: Effect = Effect::Append;
    const WAKES: bool = true;

    fn run(cx: &mut Cx, request: &Send) -> Outcome<Sent> {
        let caller = cx.caller()?;
        let rules = &*caller.rules;
        // A notice of a mini program need not name its app (90236).
        if request.agentid.is_some() || request.msgtype.as_deref() != Some("miniprogram_notice") {
            own_app(cx, &caller, request.agentid)?;
        }
        let address = Address::read(rules, request)?;
        let mut draft = draft(cx, &caller, request, &address)?;
        let once = Once::of(rules, request)?;
        let (reached, mut sent) = recipients::reach(cx, &caller, &address)?;
        if let Some(once) = &once
            && let Some((lane, id)) = once.first(cx, &caller)?
        {
            sent.msgid = msgid::write(caller.corp, caller.agentid, lane, id);
            return Ok(sent);
        }
        let card = request.template_card.as_ref();
        let card = card.filter(|_| draft.kind == card::KIND);
        if let Some(card) = card {
            card::admit(cx, &caller, card)?;
        }
        rule::quota::spend_within(
            cx,
            rules,
            caller.corp,
            &scope(caller.agentid),
            Limit::MessageSendsPerAppDay,
            reached.people,
            R::Frequency,
        )?;
        let place = (cx.ids.lane(), cx.ids.next());
        deliver(cx, &caller, place, reached.audience, &mut draft)?;
        if let Some(once) = &once {
            message::keep_once(cx.tx, caller.corp, caller.agentid, &once.hash, place)?;
        }
        if let Some(card) = card {
            sent.response_code = card::keep(cx, &caller, place, card)?;
        }
        sent.msgid = msgid::write(caller.corp, caller.agentid, place.0, place.1);
        cx.touched = Some(caller.corp);
        Ok(sent)
    }
}

/// What an app's own limits are counted for.
pub(crate) fn scope(agentid: i64) -> String {
    format!("app {agentid}")
}

/// Only an app itself speaks in its name.
pub(super) fn own_app(cx: &mut Cx, caller: &Caller, agentid: Option<i64>) -> Outcome<()> {
    match agentid {
        Some(agentid) if agentid == caller.agentid => Ok(()),
        Some(agentid) => match app::by_agentid(cx.tx.as_read(), caller.corp, agentid)? {
            Some(_) => Err(R::OtherAgent.into()),
            None => Err(R::AgentUnknown.into()),
        },
        None => Err(R::AgentMissing.into()),
    }
}

/// The message as it is to be drawn.
fn draft(cx: &mut Cx, caller: &Caller, request: &Send, address: &Address) -> Outcome<Message> {
    let mut draft = rule::message::check(&caller.rules, request)?;
    if draft.kind == "miniprogram_notice" && address.everybody {
        return Err(Refused::invalid("touser").into());
    }
    media::fill(cx, caller.corp, &mut draft)?;
    if draft.kind == card::KIND {
        card::fill(cx, caller.corp, &mut draft.body)?;
    }
    if flag("enable_id_trans", request.enable_id_trans)? {
        translate(cx, caller, draft.kind, &mut draft.body)?;
    }
    Ok(draft)
}

/// Stores the message, once for all who get it.
fn deliver(
    cx: &mut Cx,
    caller: &Caller,
    (lane, id): (i64, i64),
    audience: i64,
    draft: &mut Message,
) -> Outcome<()> {
    cx.lints.append(&mut draft.lints);
    let message = message::Message {
        id,
        chat: audience,
        app: caller.agentid,
        sender: 0,
        kind: draft.kind.into(),
        safe: draft.safe,
        body: draft.body.to_string(),
    };
    Ok(message::append(cx.tx, caller.corp, lane, &message)?)
}

pub(super) fn flag(field: &'static str, value: Option<i64>) -> Result<bool, Refused> {
    match value {
        None | Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) => Err(Refused::invalid(field)),
    }
}

/// A request that is not to be delivered twice.
struct Once {
    hash: String,
    /// For how long, ms.
    interval: i64,
}

impl Once {
    fn of(rules: &Rules, request: &Send) -> Result<Option<Self>, Refused> {
        const INTERVAL: &str = "duplicate_check_interval";
        if !flag("enable_duplicate_check", request.enable_duplicate_check)? {
            return Ok(None);
        }
        let seconds = match request.duplicate_check_interval {
            None | Some(0) => DUPLICATE_CHECK,
            Some(seconds) if seconds < 0 => return Err(Refused::invalid(INTERVAL)),
            Some(seconds) => seconds,
        };
        let most = rules.size(Limit::DuplicateCheckSeconds);
        if usize::try_from(seconds).unwrap_or(usize::MAX) > most {
            return Err(Refused::too_long(INTERVAL, most));
        }
        // A request that was read always is JSON.
        let text = serde_json::to_string(request).unwrap_or_default();
        Ok(Some(Once {
            hash: token::hash(&text),
            interval: seconds.saturating_mul(1000),
        }))
    }

    /// The message that the same request was delivered as within the interval.
    fn first(&self, cx: &mut Cx, caller: &Caller) -> Outcome<Option<(i64, i64)>> {
        // Of two at the same time one has to see the other.
        cx.tx.enter(caller.corp, Effect::Change)?;
        let newest = message::once(cx.tx.as_read(), caller.corp, caller.agentid, &self.hash)?;
        Ok(newest.filter(|(_, id)| cx.now - id / 1000 < self.interval))
    }
}
