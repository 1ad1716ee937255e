//! Rooms: groups as the hosted accounts that a Juzi token selects see them.

mod add_member;
mod bot;
mod create;
pub(crate) mod event;
mod exit;
mod explain;
mod hosting;
pub(crate) mod id;
mod invitation;
mod label;
mod list;
mod view;
pub(crate) mod world;

use qun_protocol::{Refusal as R, Rules, fold};
use qun_store::{
    Read, Result,
    table::{
        chat::kind,
        room::{self, bot as bots, hosting as hostings},
    },
};

use crate::{Failure, Hosted, Outcome, Trace, rule, token};

/// What a Juzi token selects; times are ms UTC.
pub fn hosted(
    read: &mut dyn Read,
    text: &str,
    now: i64,
    default: &Rules,
) -> Result<Option<Hosted>> {
    let Some(found) = hostings::by_hash(read, &token::hash(text))? else {
        return Ok(None);
    };
    Ok(Some(Hosted {
        corp: found.corp,
        hosting: found.hosting,
        group_id: found.group_id,
        wecom_chat_id: found.wecom_chat_id,
        rules: rule::rules::in_force(read, found.corp, now, default)?,
    }))
}

/// Among which accounts a userid must stand for one alone.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Among {
    /// 当前微信组: those that the token selects.
    Group,
    /// 当前企业: all of the company.
    Company,
}

/// The account that a call names.
fn named(
    read: &mut dyn Read,
    hosted: &Hosted,
    user_id: Option<&str>,
    among: Among,
) -> Outcome<bots::Bot> {
    let user_id = user_id.filter(|id| !id.is_empty()).ok_or(R::BotUnknown)?;
    let all = bots::by_user(read, hosted.corp, &fold(user_id))?;
    let everywhere = all.len();
    let mut mine = all.into_iter().filter(|bot| bot.hosting == hosted.hosting);
    let bot = mine.next().ok_or(R::BotUnknown)?;
    let alone = match among {
        Among::Group => mine.next().is_none(),
        Among::Company => everywhere == 1,
    };
    if alone {
        Ok(bot)
    } else {
        Err(R::BotAmbiguous.into())
    }
}

/// What an account does, and can be told to fail at.
fn perform(corp: i64, bot: &bots::Bot, operation: &str) -> Outcome<()> {
    let mut left = to_fail(bot);
    let Some(place) = left.iter().position(|name| name == operation) else {
        return Ok(());
    };
    left.remove(place);
    let trace = Trace::Failed {
        corp,
        bot: bot.bot,
        left: failing(&left),
    };
    Err(Failure::Traced(R::RoomFailed.into(), Box::new(trace)))
}

/// The operations whose next try fails.
fn to_fail(bot: &bots::Bot) -> Vec<String> {
    serde_json::from_str(&bot.fail_next).unwrap_or_default()
}

/// The same as the account's row has it.
fn failing(operations: &[String]) -> String {
    serde_json::to_string(operations).unwrap_or_default()
}

/// A room that an account is in or knows, by its system id.
fn known_room(read: &mut dyn Read, corp: i64, wxid: Option<&str>) -> Outcome<Option<room::Room>> {
    let Some(wxid) = wxid.filter(|wxid| !wxid.is_empty()) else {
        return Ok(None);
    };
    match id::chat(read, corp, wxid)? {
        Some(chat) => Ok(room::by_key(read, corp, chat)?),
        None => Ok(None),
    }
}

/// Whether an account has loaded a room. What it is not in and was never told to have loaded, it has loaded where it could
/// see it: in WeCom rooms for accounts of WeCom, and others for others.
fn has_loaded(read: &mut dyn Read, corp: i64, bot: &bots::Bot, room: &room::Room) -> Outcome<bool> {
    if bot.is_wecom() != (room.kind != kind::ROOM) {
        return Ok(false);
    }
    let kept = bots::room(read, corp, bot.bot, room.chat)?;
    Ok(kept.is_none_or(|(_, loaded)| loaded))
}
