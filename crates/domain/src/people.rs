//! What the people of the groups do on their phones.

mod app;
mod card;
pub(crate) mod feed;
mod groups;
pub(crate) mod inbox;
mod say;
mod steps;

use qun_protocol::{ChatId, Refusal as R};
use qun_store::{Read, table::chat};

use crate::Outcome;

/// A live group that a person is in and sees, with its members.
pub(crate) fn seen(
    read: &mut dyn Read,
    corp: i64,
    person: i64,
    chatid: &ChatId,
) -> Outcome<(chat::Chat, Vec<chat::Member>)> {
    let chat = chat::by_chatid(read, corp, chatid)?
        .filter(|chat| chat.first_message.is_some())
        .ok_or(R::GroupUnknown)?;
    let members = chat::members(read, corp, chat.chat)?;
    if members.iter().any(|member| member.person == person) {
        Ok((chat, members))
    } else {
        Err(R::GroupUnknown.into())
    }
}
