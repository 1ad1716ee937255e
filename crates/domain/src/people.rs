//! What the people of the groups do on their phones.

mod app;
mod card;
mod customer_group;
pub(crate) mod feed;
mod groups;
pub(crate) mod inbox;
mod join_way;
mod say;
mod steps;

use qun_protocol::{ChatId, Refusal as R};
use qun_store::{
    Read,
    table::{
        chat,
        customer_group::{Group, by_chat_id},
    },
};

use crate::Outcome;

/// A live group that somebody is in and sees.
pub(crate) enum Seen {
    /// An internal group, with its members.
    Internal(chat::Chat, Vec<chat::Member>),
    /// A customer group.
    Customer(Group),
}

/// The live group of an id that somebody is in and sees.
pub(crate) fn seen(read: &mut dyn Read, corp: i64, person: i64, chatid: &ChatId) -> Outcome<Seen> {
    let chat = chat::by_chatid(read, corp, chatid)?.filter(|chat| chat.first_message.is_some());
    if let Some(chat) = chat {
        let members = chat::members(read, corp, chat.chat)?;
        if members.iter().any(|member| member.person == person) {
            return Ok(Seen::Internal(chat, members));
        }
    }
    seen_customer_group(read, corp, person, chatid).map(Seen::Customer)
}

/// Refuses whoever does not own a group.
fn owner_only(owner: i64, person: i64) -> Outcome<()> {
    if owner == person {
        Ok(())
    } else {
        Err(R::NotOwner.into())
    }
}

/// The live customer group of an id that somebody is in.
pub(crate) fn seen_customer_group(
    read: &mut dyn Read,
    corp: i64,
    person: i64,
    chatid: &ChatId,
) -> Outcome<Group> {
    let group = by_chat_id(read, corp, chatid)?
        .filter(|group| group.dismissed.is_none())
        .ok_or(R::GroupUnknown)?;
    if chat::is_member(read, corp, group.chat, person)? {
        Ok(group)
    } else {
        Err(R::GroupUnknown.into())
    }
}
