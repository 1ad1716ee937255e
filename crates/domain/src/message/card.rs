//! Template cards: what sending one keeps, and how they are changed.

use std::collections::BTreeSet;

use qun_protocol::{
    Limit, Refusal as R, Rules, UserId,
    event::{Event, PassiveReply, Received, What},
    message::{CardMoment, ResponseCode, TemplateCard, UpdateTemplateCard, UpdatedCard},
    text::given,
};
use qun_store::{
    Effect,
    table::{
        audience, callback,
        card::{self, Change, Code, Place},
        directory, message,
    },
};
use serde_json::Value;

use super::{
    recipients,
    send::{flag, own_app},
    translate::translate,
};
use crate::{
    Caller, Command, Cx, Outcome, Use, audience as people, media,
    rule::{self, recipients::Address},
    token,
};

/// The kind of message that is a card.
pub(crate) const KIND: &str = "template_card";

/// Characters of a response_code: more chance than anybody can try.
const CODE_CHARS: usize = 64;

/// What a card may not be sent without: a task that the app has not used, and a callback where the app is to be told of taps.
pub(super) fn admit(cx: &mut Cx, caller: &Caller, sent: &TemplateCard) -> Outcome<()> {
    let sent = sent.own();
    let Some(task) = given(&sent.task_id) else {
        return Ok(());
    };
    // Of two who use a task at the same time, one sees the other's.
    cx.tx.enter(caller.corp, Effect::Change)?;
    let read = cx.tx.as_read();
    if sent.is_interactive() && !callback::is_set(read, caller.corp, caller.agentid)? {
        return Err(R::CallbackNeeded.into());
    }
    if card::by_task(read, caller.corp, caller.agentid, task)?.is_some() {
        return Err(R::CardTask.into());
    }
    Ok(())
}

/// Notes the task of a card that is sent; gives the code that allows to change it, where the sender gets one.
pub(super) fn keep(
    cx: &mut Cx,
    caller: &Caller,
    place: Place,
    card: &TemplateCard,
) -> Outcome<Option<ResponseCode>> {
    let card = card.own();
    if let Some(task) = given(&card.task_id) {
        card::insert(cx.tx, caller.corp, caller.agentid, task, place)?;
    }
    let menus = caller.rules.choices().response_code_for_menus;
    let changeable = card.has_buttons() || (menus && card.is_interactive());
    if !changeable {
        return Ok(None);
    }
    let code = code(cx);
    let of = Code {
        app: caller.agentid,
        place,
    };
    allow(cx, caller.corp, &caller.rules, &code, of)?;
    Ok(Some(code))
}

/// A new response_code.
pub(crate) fn code(cx: &mut Cx) -> ResponseCode {
    cx.letters(CODE_CHARS).into()
}

/// Makes a code good for one change of a card.
pub(crate) fn allow(cx: &mut Cx, corp: i64, rules: &Rules, code: &str, of: Code) -> Outcome<()> {
    let ends = rules.limit(Limit::ResponseCodeSeconds).saturating_mul(1000);
    let ends = cx.now.saturating_add(ends);
    Ok(card::add_code(cx.tx, corp, &token::hash(code), &of, ends)?)
}

/// A card as it was stored.
fn stored(body: &str) -> Outcome<TemplateCard> {
    Ok(read(serde_json::from_str(body))?)
}

/// Whatever was written can be read.
pub(crate) fn read<T>(read: serde_json::Result<T>) -> qun_store::Result<T> {
    read.map_err(|error| {
        qun_store::Error::Corrupt(format!("a card is stored that is none: {error}"))
    })
}

/// Puts what a phone draws of a card's attachments into it, and looks whether its people are there.
pub(crate) fn fill(cx: &mut Cx, corp: i64, body: &mut Value) -> Outcome<()> {
    let lines = body.get_mut("horizontal_content_list");
    for line in lines.and_then(Value::as_array_mut).into_iter().flatten() {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        match line["type"].as_i64() {
            Some(2) => {
                let file = media::usable(cx.tx.as_read(), corp, &text("media_id").into(), cx.now)?;
                media::draw(line, &file);
            }
            Some(3) => {
                let userid = UserId(text("userid"));
                let found = directory::person_by_userid(cx.tx.as_read(), corp, &userid.folded())?;
                found.ok_or(R::CardUserId)?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Command<UpdateTemplateCard> for Use {
    const WAKES: bool = true;

    fn run(cx: &mut Cx, request: &UpdateTemplateCard) -> Outcome<UpdatedCard> {
        let caller = cx.caller()?;
        let corp = caller.corp;
        cx.tx.enter(corp, Effect::Change)?;
        own_app(cx, &caller, request.agentid)?;
        request.refused(&caller.rules)?;
        let hash = token::hash(request.response_code.as_deref().unwrap_or_default());
        let read = cx.tx.as_read();
        let Some(code) = card::code(read, corp, &hash, cx.now)? else {
            return Err(R::ResponseCode.into());
        };
        if code.app != caller.agentid {
            return Err(R::CardOfOtherApp.into());
        }
        let (lane, id) = code.place;
        let message = message::by_id(read, corp, lane, id)?.ok_or(R::ResponseCode)?;
        if !message::recalled(read, corp, lane, &[id])?.is_empty() {
            return Err(R::ResponseCode.into());
        }
        let original = stored(&message.body)?;
        let (whole, body) = match &request.template_card {
            Some(card) => (true, changed(cx, &caller, request, &original, card)?),
            None if !original.has_buttons() => return Err(R::CardButtonUnknown.into()),
            None => {
                let button = request.button.as_ref();
                let name = button.and_then(|button| given(&button.replace_name));
                (false, name.unwrap_or_default().to_owned())
            }
        };
        let (audience, invaliduser) = reach(cx, &caller, request, message.chat)?;
        let change = Change {
            changed: cx.now,
            whole,
            body,
        };
        card::change(cx.tx, corp, code.place, audience, &change)?;
        card::use_code(cx.tx, corp, &hash)?;
        cx.touched = Some(corp);
        Ok(UpdatedCard { invaliduser })
    }
}

/// The new card as it is drawn. It keeps its task.
fn changed(
    cx: &mut Cx,
    caller: &Caller,
    request: &UpdateTemplateCard,
    original: &TemplateCard,
    card: &TemplateCard,
) -> Outcome<String> {
    if given(&card.task_id).is_some() && card.task_id != original.task_id {
        return Err(R::CardTaskUnknown.into());
    }
    let mut body = drawn(cx, caller.corp, original, card)?;
    if flag("enable_id_trans", request.enable_id_trans)? {
        translate(cx, caller, KIND, &mut body)?;
    }
    Ok(body.to_string())
}

fn drawn(cx: &mut Cx, corp: i64, original: &TemplateCard, card: &TemplateCard) -> Outcome<Value> {
    let card = TemplateCard {
        task_id: original.task_id.clone(),
        ..card.clone()
    };
    let mut body = rule::card::drawn(&card);
    fill(cx, corp, &mut body)?;
    Ok(body)
}

/// Whose card a request changes, and whom it names in vain: people who are not there, whom the app does not see, or who have not
/// got the card.
fn reach(
    cx: &mut Cx,
    caller: &Caller,
    request: &UpdateTemplateCard,
    receivers: i64,
) -> Outcome<(i64, Vec<UserId>)> {
    if request.atall == Some(1) {
        return Ok((receivers, Vec::new()));
    }
    let corp = caller.corp;
    let address = Address::of_lists(&request.userids, &request.partyids, &request.tagids);
    let found = recipients::found(cx, caller, &address)?;
    let keys: Vec<i64> = found.iter().map(|(person, _)| *person).collect();
    let got = audience::among(cx.tx.as_read(), corp, receivers, &keys)?;
    let got: BTreeSet<i64> = got.into_iter().collect();
    if got.is_empty() {
        return Err(R::CardNotReceived.into());
    }
    let changed = found.iter().filter(|(person, _)| got.contains(person));
    let changed: BTreeSet<&str> = changed.map(|(_, userid)| userid.as_str()).collect();
    let invalid = address
        .users
        .iter()
        .filter(|user| !changed.contains(user.as_str()));
    let invalid = invalid.map(|user| UserId(user.clone())).collect();
    let got: Vec<i64> = got.into_iter().collect();
    Ok((people::of(cx, corp, &got)?, invalid))
}

/// Changes the card that a person has tapped, as the app has answered; the inner error says why it is not changed.
pub(crate) fn answered(
    cx: &mut Cx,
    corp: i64,
    event: &callback::Event,
    reply: &PassiveReply,
) -> Outcome<Result<(), String>> {
    let told = Received::read(&event.body).map(|received| received.what);
    let task = match &told {
        Ok(What::Event(Event::TemplateCard(tap))) => &tap.task_id,
        Ok(What::Event(Event::TemplateCardMenu(tap))) => &tap.task_id,
        _ => return Ok(Err("the reply changes a card, and none was tapped".into())),
    };
    let read = cx.tx.as_read();
    let Some(place @ (lane, id)) = card::by_task(read, corp, event.app, task)? else {
        return Ok(Err(format!("there is no card with the task {task:?}")));
    };
    let message = message::by_id(read, corp, lane, id)?.unwrap_or_default();
    let original = stored(&message.body)?;
    let (whole, body) = match reply {
        PassiveReply::UpdateButton { replace_name } if replace_name.is_empty() => {
            return Ok(Err("the reply has no ReplaceName".into()));
        }
        PassiveReply::UpdateButton { .. } if !original.has_buttons() => {
            return Ok(Err("the card has no buttons that could be replaced".into()));
        }
        PassiveReply::UpdateButton { replace_name } => (false, replace_name.clone()),
        PassiveReply::UpdateTemplateCard { template_card } => {
            let rules = cx.rules(corp)?;
            if let Err(refused) = template_card.check_in(CardMoment::Replied, &rules) {
                return Ok(Err(format!("the reply's card is none: {refused}")));
            }
            match drawn(cx, corp, &original, template_card) {
                Ok(body) => (true, body.to_string()),
                Err(crate::Failure::Refused(refused)) => {
                    return Ok(Err(format!("the reply's card is none: {refused}")));
                }
                Err(other) => return Err(other),
            }
        }
        _ => return Ok(Err("the reply changes no card".into())),
    };
    let audience = people::of(cx, corp, &[event.person])?;
    let change = Change {
        changed: cx.now,
        whole,
        body,
    };
    card::change(cx.tx, corp, place, audience, &change)?;
    cx.touched = Some(corp);
    Ok(Ok(()))
}
