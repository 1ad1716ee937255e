//! Internal groups that an app makes and speaks in.

mod create;
mod get;
pub(crate) mod members;
mod quit;
mod send;
pub(crate) mod update;

use qun_protocol::{ChatId, Refusal as R, UserId, world::UserStatus};
use qun_store::{
    Read,
    table::{chat, directory},
};

use crate::{Caller, Failure, Outcome, rule};

/// The group that a call names, which the calling app must have made.
pub(crate) fn own_chat(
    read: &mut dyn Read,
    caller: &Caller,
    chatid: Option<&ChatId>,
) -> Outcome<chat::Chat> {
    let chatid = chatid
        .filter(|chatid| !chatid.is_empty())
        .ok_or(R::ChatIdMissing)?;
    rule::chat::chatid(&caller.rules, chatid)?;
    let chat = chat::by_chatid(read, caller.corp, chatid)?.ok_or(R::ChatNotFound)?;
    if chat.app == caller.agentid {
        Ok(chat)
    } else {
        Err(R::OtherAppsChat.into())
    }
}

/// The keys of people, in the order of a list. Who is unknown or has left the company is refused.
pub(crate) fn people(read: &mut dyn Read, corp: i64, users: &[UserId]) -> Outcome<Vec<i64>> {
    listed(read, corp, users, |status| status != UserStatus::Left)
}

/// The keys of people who are to go: who has left the company can still be taken out of its groups.
pub(crate) fn goers(read: &mut dyn Read, corp: i64, users: &[UserId]) -> Outcome<Vec<i64>> {
    listed(read, corp, users, |_| true)
}

fn listed(
    read: &mut dyn Read,
    corp: i64,
    users: &[UserId],
    may: impl Fn(UserStatus) -> bool,
) -> Outcome<Vec<i64>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let folded: Vec<_> = users.iter().map(UserId::folded).collect();
    // A list of strings always is JSON.
    let list = serde_json::to_string(&folded).unwrap_or_default();
    let known = directory::keys(read, corp, &list)?;
    let mut keys = vec![None; users.len()];
    for (place, key, status) in known {
        if may(UserStatus::numbered(status))
            && let Some(slot) = keys.get_mut(place)
        {
            *slot = Some(key);
        }
    }
    keys.into_iter()
        .collect::<Option<Vec<i64>>>()
        .ok_or_else(|| R::UnknownMember.into())
}

/// The key of an owner whom a call names. Where only a member can be owner, a stranger is refused as no member.
pub(crate) fn owner(
    read: &mut dyn Read,
    caller: &Caller,
    named: Option<&UserId>,
) -> Outcome<Option<i64>> {
    let Some(named) = named else { return Ok(None) };
    match people(read, caller.corp, std::slice::from_ref(named)) {
        Ok(keys) => Ok(keys.first().copied()),
        Err(Failure::Refused(refused))
            if refused.refusal == R::UnknownMember
                && !caller.rules.choices().outside_owner_joins =>
        {
            Err(R::OwnerNotMember.into())
        }
        Err(failure) => Err(failure),
    }
}
