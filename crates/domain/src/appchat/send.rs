use qun_protocol::{Done, Limit, Refusal as R, Refused, appchat::Send, media::MediaType};
use qun_store::{
    Effect,
    table::{chat, message},
};
use serde_json::Value;

use super::own_chat;
use crate::{Caller, Command, Cx, Outcome, Use, media, room, rule};

impl Command<Send> for Use {
    const EFFECT: Effect = Effect::Append;
    const WAKES: bool = true;

    fn run(cx: &mut Cx, request: &Send) -> Outcome<Done> {
        let caller = cx.caller()?;
        let rules = &*caller.rules;
        let chat = own_chat(cx.tx.as_read(), &caller, request.chatid.as_ref())?;
        if chat.first_message.is_none() {
            // The first message changes the group itself.
            cx.tx.enter(caller.corp, Effect::Change)?;
        }
        let mut draft = rule::message::check(rules, request)?;
        fill_files(cx, &caller, &mut draft)?;
        cx.lints.append(&mut draft.lints);
        for limit in [Limit::ChatSendsPerCorpMinute, Limit::ChatSendsPerCorpHour] {
            rule::quota::spend(
                cx,
                rules,
                caller.corp,
                limit,
                chat.member_count,
                R::Frequency,
            )?;
        }
        let id = cx.ids.next();
        let message = message::Message {
            id,
            chat: chat.chat,
            app: caller.agentid,
            sender: 0,
            kind: draft.kind.into(),
            safe: draft.safe,
            body: draft.body.to_string(),
        };
        message::append(cx.tx, caller.corp, cx.ids.lane(), &message)?;
        if chat.first_message.is_none() {
            chat::spoken(cx.tx, caller.corp, chat.chat, id)?;
            // Only now do its members see it.
            room::event::joined(cx, caller.corp, chat.chat)?;
        }
        cx.touched = Some(caller.corp);
        Ok(Done {})
    }
}

/// Checks the files that a message needs, and puts what a phone draws of them into its body.
fn fill_files(cx: &mut Cx, caller: &Caller, draft: &mut rule::message::Message) -> Outcome<()> {
    for needed in std::mem::take(&mut draft.files) {
        let file = media::usable(cx.tx.as_read(), caller.corp, &needed.media_id, cx.now)?;
        if file.kind != needed.kind.as_str() {
            return Err(R::MediaId.into());
        }
        if draft.safe == 1
            && needed.kind == MediaType::File
            && !rule::message::may_be_safe(&file.name)
        {
            return Err(Refused::invalid("safe").into());
        }
        match needed.article {
            None => media::draw(&mut draft.body, &file),
            Some(index) => {
                let mut thumb = Value::Object(Default::default());
                media::draw(&mut thumb, &file);
                draft.body["articles"][index]["thumb"] = thumb;
            }
        }
    }
    Ok(())
}
