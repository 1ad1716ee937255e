use qun_protocol::{
    ConfigId, Done, Refusal as R,
    groupchat::{AddJoinWay, DelJoinWay, JoinWayAdded, UpdateJoinWay},
    world::UserStatus,
};
use qun_store::{
    Read,
    table::{customer_group::Group, directory, join_way},
};

use super::sees;
use crate::{
    Caller, Command, Cx, Outcome, Use,
    join_way::{Wanted, add, groups, own, settle},
};

/// A group whose owner the app sees, and who has customer contact.
fn usable(read: &mut dyn Read, caller: &Caller, group: &Group) -> Outcome<()> {
    sees(read, caller, group.owner)?;
    let owner = directory::person_by_key(read, caller.corp, group.owner)?;
    let able = owner.is_some_and(|owner| {
        owner.customer_contact && UserStatus::numbered(owner.status) != UserStatus::Left
    });
    if able {
        Ok(())
    } else {
        Err(R::ApiForbidden.into())
    }
}

impl Command<AddJoinWay> for Use {
    fn run(cx: &mut Cx, request: &AddJoinWay) -> Outcome<JoinWayAdded> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let wanted = Wanted::from(request);
        let mut row = join_way::JoinWay {
            app: caller.agentid,
            ..Default::default()
        };
        cx.lints.extend(settle(rules, &wanted, &mut row)?);
        let may = &mut |read: &mut dyn Read, group: &Group| usable(read, &caller, group);
        let list = wanted.chat_id_list;
        let groups = groups(cx.tx.as_read(), corp, rules, list, &[], may)?;
        row.way = cx.ids.next();
        row.config_id = cx.hex(16);
        row.code = cx.letters(32);
        add(cx, corp, rules, &row, &groups)?;
        cx.touched = Some(corp);
        Ok(JoinWayAdded {
            config_id: ConfigId(row.config_id),
        })
    }
}

impl Command<UpdateJoinWay> for Use {
    fn run(cx: &mut Cx, request: &UpdateJoinWay) -> Outcome<Done> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let wanted = Wanted::from(request);
        let mut row = own(cx.tx.as_read(), &caller, request.config_id.as_ref())?;
        cx.lints.extend(settle(rules, &wanted, &mut row)?);
        let before = join_way::chats(cx.tx.as_read(), corp, row.way)?;
        let may = &mut |read: &mut dyn Read, group: &Group| usable(read, &caller, group);
        let list = wanted.chat_id_list;
        let groups = groups(cx.tx.as_read(), corp, rules, list, &before, may)?;
        join_way::update(cx.tx, corp, &row)?;
        join_way::set_chats(cx.tx, corp, row.way, &groups)?;
        cx.touched = Some(corp);
        Ok(Done {})
    }
}

impl Command<DelJoinWay> for Use {
    fn run(cx: &mut Cx, request: &DelJoinWay) -> Outcome<Done> {
        let caller = cx.caller()?;
        let way = own(cx.tx.as_read(), &caller, request.config_id.as_ref())?;
        join_way::delete(cx.tx, caller.corp, way.way)?;
        cx.touched = Some(caller.corp);
        Ok(Done {})
    }
}
