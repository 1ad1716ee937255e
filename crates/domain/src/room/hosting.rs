use qun_protocol::{
    Done, Refusal as R, Refused,
    manage::{
        AddHostingToken, ChangeHosting, CreateBot, CreateHosting, HostingMade, HostingShown,
        Hostings, HostingsOf, RevokeHostingToken,
    },
    room::Token,
    world::HostingToken,
};
use qun_store::{
    Read,
    table::{
        callback as told,
        room::{bot, hosting},
    },
};

use super::{bot as bots, world};
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, callback, manage::bad, token};

/// The group of accounts that a call of the own API names.
pub(super) fn known(read: &mut dyn Read, corp: i64, group: &str) -> Outcome<hosting::Hosting> {
    hosting::by_id(read, corp, group)?
        .ok_or_else(|| Refused::because(R::HostingUnknown, group).into())
}

fn shown(
    read: &mut dyn Read,
    corp: i64,
    known: hosting::Hosting,
    now: i64,
) -> Outcome<HostingShown> {
    let key = known.hosting;
    let bots = bot::all(read, corp)?;
    let callback = told::get(read, corp, callback::of_hosting(key))?;
    Ok(HostingShown {
        tokens: hosting::count_tokens(read, corp, key)?,
        bots: bots.iter().filter(|bot| bot.hosting == key).count() as i64,
        callback_url: callback.map(|callback| callback.url),
        silent_until: (known.silent_until > now).then_some(known.silent_until / 1000),
        group: known.group_id,
        name: known.name,
    })
}

/// Sets where a group of accounts is told what happens; empty takes it away.
pub(super) fn set_url(cx: &mut Cx, corp: i64, key: i64, url: &str) -> Outcome<()> {
    let place = callback::of_hosting(key);
    if url.is_empty() {
        return Ok(told::remove(cx.tx, corp, place)?);
    }
    callback::checked_url(url)?;
    let callback = told::Callback {
        url: url.to_owned(),
        ..Default::default()
    };
    hosting::silence(cx.tx, corp, key, "", 0)?;
    told::set(cx.tx, corp, place, &callback, cx.now)?;
    cx.raised = true;
    Ok(())
}

/// Adds a token to a group of accounts, the given one or a new one.
pub(super) fn add_token(
    cx: &mut Cx,
    corp: i64,
    key: i64,
    wanted: &HostingToken,
) -> Outcome<HostingToken> {
    let token = match &wanted.token {
        Some(Token(token)) => {
            let good =
                (1..=128).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
            if !good {
                return Err(bad("a token has 1 to 128 printable ASCII characters"));
            }
            Token(token.clone())
        }
        None => Token(cx.hex(12)),
    };
    let hash = token::hash(&token.0);
    if hosting::by_hash(cx.tx.as_read(), &hash)?.is_some() {
        return Err(R::TokenTaken.into());
    }
    let official = wanted.wecom_chat_id.unwrap_or(true);
    hosting::add_token(cx.tx, corp, key, &hash, official)?;
    Ok(HostingToken {
        token: Some(token),
        wecom_chat_id: Some(official),
    })
}

pub(super) fn check_name(name: &str) -> Outcome<()> {
    if name.chars().count() > 64 {
        return Err(bad("a name has at most 64 characters"));
    }
    Ok(())
}

impl Query<Hostings> for Use {
    fn run(cx: &mut ReadCx, request: &Hostings) -> Outcome<HostingsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut hostings = Vec::new();
        for known in hosting::all(cx.read, corp)? {
            hostings.push(shown(cx.read, corp, known, cx.now)?);
        }
        Ok(HostingsOf { hostings })
    }
}

impl Command<CreateHosting> for Use {
    fn run(cx: &mut Cx, request: &CreateHosting) -> Outcome<HostingMade> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        world::put_hosting(cx, corp, &request.hosting)
    }
}

impl Command<ChangeHosting> for Use {
    fn run(cx: &mut Cx, request: &ChangeHosting) -> Outcome<HostingShown> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let key = known(cx.tx.as_read(), corp, &request.group)?.hosting;
        if let Some(name) = &request.name {
            check_name(name)?;
            hosting::rename(cx.tx, corp, key, name)?;
        }
        if let Some(url) = &request.callback_url {
            set_url(cx, corp, key, url)?;
        }
        let known = known(cx.tx.as_read(), corp, &request.group)?;
        shown(cx.tx.as_read(), corp, known, cx.now)
    }
}

impl Command<AddHostingToken> for Use {
    fn run(cx: &mut Cx, request: &AddHostingToken) -> Outcome<HostingMade> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let known = known(cx.tx.as_read(), corp, &request.group)?;
        let token = add_token(cx, corp, known.hosting, &request.token)?;
        Ok(HostingMade {
            group: known.group_id,
            tokens: vec![token],
        })
    }
}

impl Command<RevokeHostingToken> for Use {
    fn run(cx: &mut Cx, request: &RevokeHostingToken) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let known = known(cx.tx.as_read(), corp, &request.group)?;
        let hash = token::hash(&request.token.0);
        if hosting::remove_token(cx.tx, corp, known.hosting, &hash)? {
            Ok(Done {})
        } else {
            Err(R::RoomTokenInvalid.into())
        }
    }
}

impl Command<CreateBot> for Use {
    fn run(cx: &mut Cx, request: &CreateBot) -> Outcome<qun_protocol::manage::BotShown> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let known = known(cx.tx.as_read(), corp, &request.group)?;
        let bot = world::put_bot(cx, corp, known.hosting, &request.bot)?;
        world::put_bot_rooms(cx, corp, &bot, &request.bot.rooms)?;
        bots::shown(cx.tx.as_read(), corp, bot)
    }
}
