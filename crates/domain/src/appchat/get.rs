use qun_protocol::{
    ChatId, Rulebook, UserId,
    appchat::{ChatInfo, Get, Got},
};
use qun_store::table::chat;

use super::own_chat;
use crate::{Outcome, Query, ReadCx, Use};

impl Query<Get> for Use {
    fn kept_as(request: &Get) -> Option<String> {
        request.chatid.as_ref().map(|chatid| chatid.0.clone())
    }

    fn run(cx: &mut ReadCx, request: &Get) -> Outcome<Got> {
        let caller = cx.who.caller()?.clone();
        let chat = own_chat(cx.read, &caller, request.chatid.as_ref())?;
        let members = chat::members(cx.read, caller.corp, chat.chat)?;
        let owner = members.iter().find(|member| member.person == chat.owner);
        let chat_info = ChatInfo {
            owner: owner
                .map(|member| UserId(member.userid.clone()))
                .unwrap_or_default(),
            chatid: ChatId(chat.chatid),
            name: chat.name,
            userlist: members
                .into_iter()
                .map(|member| UserId(member.userid))
                .collect(),
            // The mission documents do not have it yet.
            chat_type: (caller.rules.book == Rulebook::Live2026).then_some(0),
        };
        Ok(Got { chat_info })
    }
}
