use qun_protocol::{
    Done, Name, Refusal as R, Refused, Rules, UserId,
    people::{HandOver, Leave, Remove, Rename},
};
use qun_store::table::{
    chat,
    company::Company,
    customer_group::{self, Group},
};

use super::{
    Seen,
    customer_group::{manager_only, member as member_of},
    owner_only, seen,
};
use crate::{Command, Cx, Outcome, Use, customer_group as core, rule};

impl Command<Leave> for Use {
    fn run(cx: &mut Cx, request: &Leave) -> Outcome<Done> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let person = cx.participant(corp, &request.userid)?.key();
        match seen(cx.tx.as_read(), corp, person, &request.chatid)? {
            Seen::Internal(mut chat, members) => go(cx, corp, &mut chat, &members, &[person])?,
            Seen::Customer(mut group) => {
                core::leave(cx, &company, &mut group, &[person], core::Quit::Left)?;
            }
        }
        Ok(Done {})
    }
}

impl Command<Rename> for Use {
    fn run(cx: &mut Cx, request: &Rename) -> Outcome<Done> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let rules: Rules = cx.rules(corp)?;
        let person = cx.participant(corp, &request.userid)?.key();
        let seen = seen(cx.tx.as_read(), corp, person, &request.chatid)?;
        let name = rule::chat::name(&rules, &Name::Text(request.name.clone()))?;
        match seen {
            Seen::Internal(mut chat, _) => {
                chat.name = name;
                chat::update(cx.tx, corp, &chat)?;
            }
            Seen::Customer(mut group) => core::rename(cx, &company, &mut group, name)?,
        }
        Ok(Done {})
    }
}

impl Command<HandOver> for Use {
    fn run(cx: &mut Cx, request: &HandOver) -> Outcome<Done> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let person = cx.participant(corp, &request.userid)?.key();
        match seen(cx.tx.as_read(), corp, person, &request.chatid)? {
            Seen::Internal(mut chat, members) => {
                owner_only(chat.owner, person)?;
                chat.owner = member(&members, &request.owner)?;
                chat::update(cx.tx, corp, &chat)?;
            }
            Seen::Customer(mut group) => {
                owner_only(group.owner, person)?;
                let owner = member_of(cx, corp, &group, &request.owner)?;
                let detail = || Refused::because(R::NoCustomerContact, request.owner.to_string());
                if owner < 0 || !cx.person(corp, &request.owner)?.customer_contact {
                    return Err(detail().into());
                }
                core::set_owner(cx, &company, &mut group, owner, None)?;
            }
        }
        Ok(Done {})
    }
}

impl Command<Remove> for Use {
    fn run(cx: &mut Cx, request: &Remove) -> Outcome<Done> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let person = cx.participant(corp, &request.userid)?.key();
        let seen = seen(cx.tx.as_read(), corp, person, &request.chatid)?;
        match seen {
            Seen::Internal(mut chat, members) => {
                owner_only(chat.owner, person)?;
                let mut going = Vec::new();
                for userid in named(&request.userlist)? {
                    going.push(member(&members, userid)?);
                }
                not_oneself(person, &going)?;
                go(cx, corp, &mut chat, &members, &rule::chat::distinct(&going))?;
            }
            Seen::Customer(group) => remove(cx, &company, person, group, &request.userlist)?,
        }
        Ok(Done {})
    }
}

/// Removes members of a customer group: its owner may remove all others, an admin those who are neither owner nor admins.
fn remove(
    cx: &mut Cx,
    company: &Company,
    person: i64,
    mut group: Group,
    userlist: &[UserId],
) -> Outcome<()> {
    let corp = company.corp;
    manager_only(cx, corp, &group, person)?;
    let mut going = Vec::new();
    for id in named(userlist)? {
        let key = member_of(cx, corp, &group, id)?;
        if person != group.owner
            && (key == group.owner
                || customer_group::is_admin(cx.tx.as_read(), corp, group.chat, key)?)
        {
            return Err(R::NotOwner.into());
        }
        going.push(key);
    }
    not_oneself(person, &going)?;
    let going = rule::chat::distinct(&going);
    core::leave(cx, company, &mut group, &going, core::Quit::Removed)
}

fn named(userlist: &[UserId]) -> Outcome<&[UserId]> {
    if userlist.is_empty() {
        return Err(Refused::because(R::BadRequest, "userlist is empty").into());
    }
    Ok(userlist)
}

fn not_oneself(person: i64, going: &[i64]) -> Outcome<()> {
    if going.contains(&person) {
        let detail = "an owner leaves, and does not remove himself";
        return Err(Refused::because(R::BadRequest, detail).into());
    }
    Ok(())
}

fn member(members: &[chat::Member], userid: &UserId) -> Outcome<i64> {
    let found = members
        .iter()
        .find(|member| UserId(member.userid.clone()) == *userid);
    found
        .map(|member| member.person)
        .ok_or_else(|| Refused::because(R::NotMember, userid.to_string()).into())
}

/// Lets members go. On phones a group may become smaller than an app may make it; when the last one goes it ends.
fn go(
    cx: &mut Cx,
    corp: i64,
    chat: &mut chat::Chat,
    members: &[chat::Member],
    going: &[i64],
) -> Outcome<()> {
    let until = cx.ids.next();
    let Some(eldest) = members
        .iter()
        .find(|member| !going.contains(&member.person))
    else {
        return Ok(chat::dissolve(cx.tx, corp, chat.chat, until)?);
    };
    chat::leave(cx.tx, corp, chat.chat, until, going)?;
    chat.member_count -= going.len() as i64;
    if going.contains(&chat.owner) {
        chat.owner = eldest.person;
    }
    Ok(chat::update(cx.tx, corp, chat)?)
}
