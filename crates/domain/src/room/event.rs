//! What groups of accounts are told of their rooms.

use qun_protocol::room::{JOINED, LOADED};
use qun_store::table::room::{
    bot::{self, Bot},
    hosting,
};

use super::view;
use crate::{Cx, Outcome, callback};

/// Tells every running account in a room that somebody has joined.
pub(crate) fn joined(cx: &mut Cx, corp: i64, chat: i64) -> Outcome<()> {
    for bot in bot::in_chat(cx.tx.as_read(), corp, chat)? {
        if bot.online {
            tell(cx, corp, &bot, chat, JOINED)?;
        }
    }
    Ok(())
}

/// Tells that an account has loaded a room; gives the callback's id, none where there is no callback.
pub(super) fn loaded(cx: &mut Cx, corp: i64, bot: &Bot, chat: i64) -> Outcome<Option<String>> {
    tell(cx, corp, bot, chat, LOADED)
}

fn tell(
    cx: &mut Cx,
    corp: i64,
    bot: &Bot,
    chat: i64,
    path: &'static str,
) -> Outcome<Option<String>> {
    if !callback::is_told(cx.tx.as_read(), corp, bot.hosting)? {
        return Ok(None);
    }
    let read = cx.tx.as_read();
    let Some(view) = view::of(read, corp, bot, chat)? else {
        return Ok(None);
    };
    let hosting = hosting::by_key(read, corp, bot.hosting)?.unwrap_or_default();
    let synced = view.synced(hosting.group_id, cx.now);
    let body = serde_json::to_string(&synced).unwrap_or_default();
    let queue = format!("bot {} room {chat}", bot.bot);
    let id = callback::raise_room(cx, corp, bot.hosting, queue, bot.person, path, body)?;
    Ok(Some(id))
}
