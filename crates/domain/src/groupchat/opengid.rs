use qun_protocol::{
    GroupChatId, Refusal as R,
    groupchat::{ChatIdOf, OpengidToChatId},
};
use qun_store::table::customer_group;

use super::sees;
use crate::{Outcome, Query, ReadCx, Use};

impl Query<OpengidToChatId> for Use {
    fn run(cx: &mut ReadCx, request: &OpengidToChatId) -> Outcome<ChatIdOf> {
        let caller = cx.who.caller()?.clone();
        let opengid = request.opengid.as_deref().ok_or(R::OpengidUnknown)?;
        let chat =
            customer_group::by_opengid(cx.read, caller.corp, opengid)?.ok_or(R::OpengidUnknown)?;
        let group = customer_group::by_key(cx.read, caller.corp, chat)?
            .filter(|group| group.dismissed.is_none())
            .ok_or(R::OpengidUnknown)?;
        sees(cx.read, &caller, group.owner)?;
        Ok(ChatIdOf {
            chat_id: GroupChatId(group.chat_id),
        })
    }
}
