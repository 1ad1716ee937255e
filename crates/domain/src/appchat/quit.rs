use qun_protocol::{Done, Limit, Refusal as R, appchat::Quit};
use qun_store::table::chat;

use super::own_chat;
use crate::{Command, Cx, Outcome, Use, rule};

impl Command<Quit> for Use {
    fn run(cx: &mut Cx, request: &Quit) -> Outcome<Done> {
        let caller = cx.caller()?;
        if !caller.rules.choices().quit_and_members {
            return Err(R::ApiUnknown.into());
        }
        let chat = own_chat(cx.tx.as_read(), &caller, request.chatid.as_ref())?;
        rule::quota::spend(
            cx,
            &caller.rules,
            caller.corp,
            Limit::ChatUpdatesPerCorpHour,
            1,
            R::Frequency,
        )?;
        let until = cx.ids.next();
        chat::dissolve(cx.tx, caller.corp, chat.chat, until)?;
        cx.lint("appchat/quit does not exist in the cloud");
        cx.touched = Some(caller.corp);
        Ok(Done {})
    }
}
