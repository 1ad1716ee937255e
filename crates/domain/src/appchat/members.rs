use qun_protocol::{
    Refusal as R, UserId,
    appchat::{Member, Members, MembersOf},
};
use qun_store::table::chat;

use super::own_chat;
use crate::{Outcome, Query, ReadCx, Use};

impl Query<Members> for Use {
    fn run(cx: &mut ReadCx, request: &Members) -> Outcome<MembersOf> {
        let caller = cx.who.caller()?.clone();
        if !caller.rules.choices().quit_and_members {
            return Err(R::ApiUnknown.into());
        }
        let chat = own_chat(cx.read, &caller, request.chatid.as_ref())?;
        cx.lints
            .push("appchat/members does not exist in the cloud".into());
        let members = chat::members(cx.read, caller.corp, chat.chat)?;
        Ok(MembersOf {
            userlist: members.into_iter().map(shown).collect(),
        })
    }
}

/// A member as it is shown.
pub(crate) fn shown(member: chat::Member) -> Member {
    Member {
        userid: UserId(member.userid),
        status: member.status,
        join_time: member.joined / 1000,
    }
}
