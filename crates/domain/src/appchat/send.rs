use qun_protocol::{Done, Limit, Refusal as R, appchat::Send};
use qun_store::{
    Effect,
    table::{chat, message},
};

use super::own_chat;
use crate::{Command, Cx, Outcome, Use, media, rule};

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
        media::fill(cx, caller.corp, &mut draft)?;
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
        }
        cx.touched = Some(caller.corp);
        Ok(Done {})
    }
}
