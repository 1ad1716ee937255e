use std::collections::BTreeSet;

use qun_protocol::{
    Done, Limit, Refusal as R,
    user::{BatchDelete, Delete},
};

use super::named;
use crate::{
    Command, Cx, Outcome, Use,
    directory::{changed, is_over, person},
};

impl Command<Delete> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Delete) -> Outcome<Done> {
        let corp = cx.caller()?.corp;
        let one = named(cx.tx.as_read(), corp, &request.userid)?;
        person::remove(cx, corp, &one)?;
        changed(cx, corp)?;
        Ok(Done {})
    }
}

impl Command<BatchDelete> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &BatchDelete) -> Outcome<Done> {
        let caller = cx.caller()?;
        let corp = caller.corp;
        let count = request.useridlist.len() as i64;
        if is_over(&caller.rules, Limit::UserDeletesMax, count) {
            return Err(R::UsersTooMany.into());
        }
        if count == 0 {
            return Err(R::UseridListInvalid.into());
        }
        let mut seen = BTreeSet::new();
        for userid in &request.useridlist {
            if !seen.insert(userid.folded()) {
                continue;
            }
            let one = person::known(cx.tx.as_read(), corp, userid)?.ok_or(R::UseridListInvalid)?;
            person::remove(cx, corp, &one)?;
        }
        changed(cx, corp)?;
        Ok(Done {})
    }
}
