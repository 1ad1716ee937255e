use qun_protocol::{Done, Limit, Refusal as R, Refused, message::Recall};
use qun_store::{
    Effect,
    table::{audience, message},
};

use super::msgid;
use crate::{Command, Cx, Outcome, Use};

impl Command<Recall> for Use {
    fn run(cx: &mut Cx, request: &Recall) -> Outcome<Done> {
        let caller = cx.caller()?;
        let corp = caller.corp;
        cx.tx.enter(corp, Effect::Change)?;
        let unknown = || Refused::invalid("msgid");
        let msgid = request.msgid.as_deref().unwrap_or_default();
        let (lane, id) = msgid::read(corp, caller.agentid, msgid).ok_or_else(unknown)?;
        let read = cx.tx.as_read();
        let message = message::by_id(read, corp, lane, id)?
            .filter(|message| message.app == caller.agentid && message.sender == 0)
            .ok_or_else(unknown)?;
        if !audience::exists(read, corp, message.chat)? {
            return Err(unknown().into());
        }
        let seconds = caller.rules.limit(Limit::MessageRecallSeconds);
        if cx.now - id / 1000 > seconds.saturating_mul(1000) {
            return Err(R::MessageTooOld.into());
        }
        message::recall(cx.tx, corp, lane, id, cx.now)?;
        cx.touched = Some(corp);
        Ok(Done {})
    }
}
