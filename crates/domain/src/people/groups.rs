use qun_protocol::{
    ChatId, UserId,
    people::{Group, Groups, GroupsOf},
};
use qun_store::table::chat;

use crate::{Outcome, Query, ReadCx, Use};

impl Query<Groups> for Use {
    fn run(cx: &mut ReadCx, request: &Groups) -> Outcome<GroupsOf> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let person = cx.participant(corp, &request.userid)?;
        let groups = chat::of_person(cx.read, corp, person.key())?;
        let groups = groups
            .into_iter()
            .filter(|group| group.visible)
            .map(|group| Group {
                chatid: ChatId(group.chatid),
                name: group.name,
                owner: UserId(group.owner),
                member_count: group.member_count,
                join_time: group.joined / 1000,
            });
        Ok(GroupsOf {
            groups: groups.collect(),
        })
    }
}
