use qun_protocol::{
    Done, Name, Refusal as R, Refused, Rules, UserId,
    people::{HandOver, Leave, Remove, Rename},
};
use qun_store::table::chat;

use super::seen;
use crate::{Command, Cx, Outcome, Use, rule};

impl Command<Leave> for Use {
    fn run(cx: &mut Cx, request: &Leave) -> Outcome<Done> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let person = cx.person(corp, &request.userid)?;
        let (mut chat, members) = seen(cx.tx.as_read(), corp, person.person, &request.chatid)?;
        go(cx, corp, &mut chat, &members, &[person.person])?;
        Ok(Done {})
    }
}

impl Command<Rename> for Use {
    fn run(cx: &mut Cx, request: &Rename) -> Outcome<Done> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let rules: Rules = cx.rules(corp)?;
        let person = cx.person(corp, &request.userid)?;
        let (mut chat, _) = seen(cx.tx.as_read(), corp, person.person, &request.chatid)?;
        chat.name = rule::chat::name(&rules, &Name::Text(request.name.clone()))?;
        chat::update(cx.tx, corp, &chat)?;
        Ok(Done {})
    }
}

impl Command<HandOver> for Use {
    fn run(cx: &mut Cx, request: &HandOver) -> Outcome<Done> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let person = cx.person(corp, &request.userid)?;
        let (mut chat, members) = seen(cx.tx.as_read(), corp, person.person, &request.chatid)?;
        owner_only(&chat, person.person)?;
        chat.owner = member(&members, &request.owner)?;
        chat::update(cx.tx, corp, &chat)?;
        Ok(Done {})
    }
}

impl Command<Remove> for Use {
    fn run(cx: &mut Cx, request: &Remove) -> Outcome<Done> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let person = cx.person(corp, &request.userid)?;
        let (mut chat, members) = seen(cx.tx.as_read(), corp, person.person, &request.chatid)?;
        owner_only(&chat, person.person)?;
        if request.userlist.is_empty() {
            return Err(Refused::because(R::BadRequest, "userlist is empty").into());
        }
        let mut going = Vec::new();
        for userid in &request.userlist {
            going.push(member(&members, userid)?);
        }
        if going.contains(&person.person) {
            return Err(Refused::because(
                R::BadRequest,
                "an owner leaves, and does not remove himself",
            )
            .into());
        }
        go(cx, corp, &mut chat, &members, &rule::chat::distinct(&going))?;
        Ok(Done {})
    }
}

fn owner_only(chat: &chat::Chat, person: i64) -> Outcome<()> {
    if chat.owner == person {
        Ok(())
    } else {
        Err(R::NotOwner.into())
    }
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
pub(crate) fn go(
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
