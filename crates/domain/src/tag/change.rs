use qun_protocol::{
    Done, Limit, Refusal as R,
    tag::{Create, Created, Delete, Update},
};
use qun_store::table::directory::{self, Tag};

use super::own;
use crate::{
    Command, Cx, Outcome, Use,
    directory::{changed, is_over, tag},
};

impl Command<Create> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Create) -> Outcome<Created> {
        let caller = cx.caller()?;
        let corp = caller.corp;
        let name = request.tagname.clone().ok_or(R::TagnameMissing)?;
        let id = match request.tagid {
            None | Some(0) => directory::next_tag(cx.tx.as_read(), corp)?,
            Some(id) if directory::tag(cx.tx.as_read(), corp, id)?.is_some() => {
                return Err(R::TagidInvalid.into());
            }
            Some(id) => id,
        };
        let wanted = Tag {
            tag: id,
            name,
            app: Some(caller.agentid),
        };
        tag::save(cx, corp, &wanted)?;
        let all = directory::tag_count(cx.tx.as_read(), corp)?;
        if is_over(&caller.rules, Limit::TagsMax, all) {
            return Err(R::TagsFull.into());
        }
        changed(cx, corp)?;
        Ok(Created { tagid: id })
    }
}

impl Command<Update> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Update) -> Outcome<Done> {
        let caller = cx.caller()?;
        let mut wanted = own(cx.tx.as_read(), &caller, request.tagid)?;
        wanted.name = request.tagname.clone().ok_or(R::TagnameMissing)?;
        tag::save(cx, caller.corp, &wanted)?;
        changed(cx, caller.corp)?;
        Ok(Done {})
    }
}

impl Command<Delete> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Delete) -> Outcome<Done> {
        let caller = cx.caller()?;
        let tag = own(cx.tx.as_read(), &caller, request.tagid)?;
        directory::delete_tag(cx.tx, caller.corp, tag.tag)?;
        changed(cx, caller.corp)?;
        Ok(Done {})
    }
}
