use qun_protocol::{
    UserId,
    tag::{Get, Got, List, Listed, Tag, Tagged},
};
use qun_store::table::{app::range, directory};

use super::named;
use crate::{Outcome, Query, ReadCx, Use, directory::View};

impl Query<Get> for Use {
    fn run(cx: &mut ReadCx, request: &Get) -> Outcome<Got> {
        let caller = cx.who.caller()?.clone();
        let tag = named(cx.read, caller.corp, request.tagid)?;
        let mut view = View::of(cx.read, &caller)?;
        let mut keys = Vec::new();
        let mut partylist = Vec::new();
        for (kind, id) in directory::tag_members(cx.read, caller.corp, tag.tag)? {
            if kind == range::PERSON {
                let departments = directory::departments_of(cx.read, caller.corp, id)?;
                if view.sees_person(cx.read, id, departments)? {
                    keys.push(id);
                }
            } else if view.sees_department(cx.read, id)? {
                partylist.push(id);
            }
        }
        let userlist = directory::people(cx.read, caller.corp, &keys)?
            .into_iter()
            .map(|(person, _)| Tagged {
                userid: UserId(person.userid),
                name: person.name,
            })
            .collect();
        Ok(Got {
            tagname: tag.name,
            userlist,
            partylist,
        })
    }
}

impl Query<List> for Use {
    fn run(cx: &mut ReadCx, _: &List) -> Outcome<Listed> {
        let corp = cx.who.caller()?.corp;
        let taglist = directory::tags(cx.read, corp)?
            .into_iter()
            .map(|tag| Tag {
                tagid: tag.tag,
                tagname: tag.name,
            })
            .collect();
        Ok(Listed { taglist })
    }
}
