use qun_protocol::{
    GroupChatId, Refused, UserId,
    groupchat::{Get, Got, GroupChat, GroupMember, Named},
    world::CustomerKind,
};
use qun_store::table::customer_group;

use super::sees;
use crate::{Outcome, Query, ReadCx, Use, customer_group as core};

impl Query<Get> for Use {
    fn kept_as(request: &Get) -> Option<String> {
        let named = request.need_name.unwrap_or(0);
        request
            .chat_id
            .as_ref()
            .map(|chat_id| format!("{named} {chat_id}"))
    }

    fn run(cx: &mut ReadCx, request: &Get) -> Outcome<Got> {
        let caller = cx.who.caller()?.clone();
        let corp = caller.corp;
        let names = match request.need_name.unwrap_or(0) {
            0 => false,
            1 => true,
            _ => return Err(Refused::invalid("need_name").into()),
        };
        let group = core::named(cx.read, corp, request.chat_id.as_ref())?;
        sees(cx.read, &caller, group.owner)?;
        let members = customer_group::members(cx.read, corp, group.chat)?;
        let owner = members.iter().find(|member| member.person == group.owner);
        let owner = UserId(owner.map(|member| member.id.clone()).unwrap_or_default());
        let admins = members.iter().filter(|member| member.admin);
        let admin_list = admins.map(|member| Named {
            userid: UserId(member.id.clone()),
        });
        Ok(Got {
            group_chat: GroupChat {
                owner,
                admin_list: admin_list.collect(),
                member_version: core::member_version(&group),
                member_list: members
                    .into_iter()
                    .map(|member| shown(member, names, caller.developer))
                    .collect(),
                chat_id: GroupChatId(group.chat_id),
                name: group.name,
                create_time: group.created / 1000,
                notice: group.notice,
            },
        })
    }
}

/// A member; with the name where that is wanted, with the unionid where the company has bound a developer id.
fn shown(member: customer_group::Member, names: bool, bound: bool) -> GroupMember {
    let name = member.alias.filter(|alias| !alias.is_empty());
    let wechat = member.customer_kind == CustomerKind::Wechat.number();
    GroupMember {
        userid: UserId(member.id),
        kind: if member.person < 0 { 2 } else { 1 },
        unionid: member.unionid.filter(|_| bound && wechat),
        join_time: member.joined / 1000,
        join_scene: member.scene,
        invitor: member.invitor.map(|userid| Named {
            userid: UserId(userid),
        }),
        group_nickname: member.nickname.unwrap_or_default(),
        name: names.then(|| name.unwrap_or(member.name)),
        state: member.state,
    }
}
