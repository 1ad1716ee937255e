use qun_protocol::{
    Limit, Refusal as R, Refused, UserId,
    room::{Create, Created, CreatedRoom},
    text::{cut_bytes, cut_chars},
};
use qun_store::{
    Read,
    table::{
        chat::{self, kind},
        company, customer, directory, message,
        room::{self, bot::Bot},
    },
};
use serde_json::json;

use super::{Among, id, named, perform};
use crate::{Command, Cx, Outcome, Use, appchat, customer_group, rule};

impl Command<Create> for Use {
    const WAKES: bool = true;

    fn run(cx: &mut Cx, request: &Create) -> Outcome<Created> {
        let hosted = cx.who.hosted()?.clone();
        let (corp, rules) = (hosted.corp, &hosted.rules);
        let read = cx.tx.as_read();
        let bot = named(
            read,
            &hosted,
            request.bot_user_id.as_deref(),
            Among::Company,
        )?;
        if !bot.is_wecom() {
            return Err(R::BotNotWecom.into());
        }
        if !bot.online {
            return Err(R::BotOffline.into());
        }
        let colleagues: Vec<UserId> = request.user_ids.iter().cloned().map(UserId).collect();
        let mut others = appchat::people(read, corp, &colleagues)
            .map_err(|failure| failure.instead_of(R::UnknownMember, R::ColleagueUnknown))?;
        let contacts = contacts(read, corp, request)?;
        for contact in contacts.iter().filter(|contact| **contact < 0) {
            if room::bot::friend(read, corp, bot.bot, *contact)? != Some(true) {
                return Err(R::ContactNotLoaded.into());
            }
        }
        let outside = contacts.iter().filter(|contact| **contact < 0).count();
        let (min, max) = (
            rules.size(Limit::RoomContactsMin),
            rules.size(Limit::RoomContactsMax),
        );
        if outside < min {
            return Err(R::TooFewContacts.into());
        }
        if rules.enforced && outside > max {
            return Err(Refused::because(R::RoomFailed, format!("at most {max} contacts")).into());
        }
        let owner = directory::person_by_key(read, corp, bot.person)?.unwrap_or_default();
        if !owner.customer_contact {
            let detail = "the employee has no customer contact";
            return Err(Refused::because(R::RoomFailed, detail).into());
        }
        perform(corp, &bot, "create")?;
        others.extend(contacts);
        let company = company::by_corp(cx.tx.as_read(), corp)?.unwrap_or_default();
        let name = request.name.as_deref().unwrap_or_default();
        let new = customer_group::New {
            kind: kind::CUSTOMER,
            name: cut_chars(name, rules.size(Limit::ChatNameChars)),
            owner: bot.person,
            others: &others,
        };
        let group = customer_group::create(cx, &company, rules, new)
            .map_err(|failure| failure.instead_of(R::GroupFull, R::RoomFailed))?;
        if let Some(greeting) = request.greeting.as_deref().filter(|text| !text.is_empty()) {
            let text = cut_bytes(greeting, rules.size(Limit::TextBytes));
            let id = say(cx, corp, group.chat, &bot, text)?;
            customer_group::spoken(cx, corp, &group, bot.person, id)?;
        }
        cx.touched = Some(corp);
        let room = room::by_key(cx.tx.as_read(), corp, group.chat)?.unwrap_or_default();
        Ok(Created {
            data: CreatedRoom {
                room_wxid: id::of_room(cx.tx.as_read(), corp, &room)?,
                chat_id: group.chat_id,
            },
        })
    }
}

/// Everybody whom unionIds and wxids name, each once however often and however named.
fn contacts(read: &mut dyn Read, corp: i64, request: &Create) -> Outcome<Vec<i64>> {
    let mut contacts = Vec::new();
    for unionid in &request.union_ids {
        let customer = customer::by_unionid(read, corp, unionid)?;
        contacts.push(customer.ok_or(R::ContactUnknown)?.customer);
    }
    for wxid in &request.wxids {
        contacts.push(id::contact(read, corp, wxid)?.ok_or(R::ContactUnknown)?);
    }
    Ok(rule::chat::distinct(&contacts))
}

/// An account says a text; gives the message's id.
fn say(cx: &mut Cx, corp: i64, chat: i64, bot: &Bot, text: &str) -> Outcome<i64> {
    let id = cx.ids.next();
    let message = message::Message {
        id,
        chat,
        app: 0,
        sender: bot.person,
        kind: "text".into(),
        safe: 0,
        body: json!({ "content": text }).to_string(),
    };
    message::append(cx.tx, corp, cx.ids.lane(), &message)?;
    chat::spoken(cx.tx, corp, chat, id)?;
    Ok(id)
}
