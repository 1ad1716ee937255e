use qun_protocol::{
    CorpId, Done, Refusal as R, Refused, UserId, fold,
    manage::{
        Befriend, BotShown, BotWhole, Bots, BotsOf, ChangeBot, CreatePersonalRoom, DeleteBot,
        FailNext, GetBot, PersonalRoomMade, PutBotRoom, Unfriend,
    },
    people::{SyncRoom, Told},
    world::{BotFriend, BotRoom},
};
use qun_store::{
    Read,
    table::{
        chat, customer,
        room::{
            self,
            bot::{self, Bot},
            hosting,
        },
    },
};

use super::{event, failing, hosting as hostings, id, to_fail, world};
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, manage::bad};

/// The account that a call of the own API names by its botId, its imBotId, or a userid that no other has.
pub(super) fn known(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<Bot> {
    if let Some(bot) = bot::by_id(read, corp, text)? {
        return Ok(bot);
    }
    let mut found = match id::person(read, corp, text)? {
        Some(person) => bot::by_person(read, corp, person)?,
        None => Vec::new(),
    };
    if found.is_empty() {
        found = bot::by_user(read, corp, &fold(text))?;
    }
    let mut found = found.into_iter();
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err(Refused::because(R::BotUnknown, text).into()),
        (Some(_), Some(_)) => {
            let detail = format!("{text}: name one by its botId");
            Err(Refused::because(R::BotAmbiguous, detail).into())
        }
    }
}

/// The live or ended group that a call of the own API names, by whichever id.
pub(super) fn any_room(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<i64> {
    if let Some(chat) = id::chat(read, corp, text)? {
        return Ok(chat);
    }
    if let Some(group) = qun_store::table::customer_group::by_chat_id(read, corp, text)? {
        return Ok(group.chat);
    }
    match chat::by_chatid(read, corp, text)? {
        Some(chat) => Ok(chat.chat),
        None => Err(Refused::because(R::RoomUnknown, text).into()),
    }
}

/// The contact that a call of the own API names.
pub(super) fn contact(read: &mut dyn Read, corp: i64, text: &str) -> Outcome<i64> {
    id::contact(read, corp, text)?.ok_or_else(|| Refused::because(R::ContactUnknown, text).into())
}

pub(super) fn shown(read: &mut dyn Read, corp: i64, bot: Bot) -> Outcome<BotShown> {
    let group = hosting::by_key(read, corp, bot.hosting)?.unwrap_or_default();
    Ok(BotShown {
        fail_next: to_fail(&bot),
        personal: !bot.is_wecom(),
        wxid: id::of_person(read, corp, bot.person)?,
        bot_id: bot.bot_id,
        group: group.group_id,
        userid: UserId(bot.user_id),
        nick_name: bot.nick_name,
        online: bot.online,
        logged_in: bot.logged_in,
    })
}

impl Query<Bots> for Use {
    fn run(cx: &mut ReadCx, request: &Bots) -> Outcome<BotsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut bots = Vec::new();
        for bot in bot::all(cx.read, corp)? {
            bots.push(shown(cx.read, corp, bot)?);
        }
        Ok(BotsOf { bots })
    }
}

impl Query<GetBot> for Use {
    fn run(cx: &mut ReadCx, request: &GetBot) -> Outcome<BotWhole> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let bot = known(cx.read, corp, &request.id)?;
        let mut friends = Vec::new();
        for (person, loaded) in bot::friends(cx.read, corp, bot.bot)? {
            let wxid = id::of_person(cx.read, corp, person)?;
            let customer = customer::by_key(cx.read, corp, person)?;
            friends.push(BotFriend {
                contact: customer.map_or_else(|| wxid.clone(), |known| known.external_userid),
                wxid: Some(wxid),
                loaded: Some(loaded),
            });
        }
        let mut rooms = Vec::new();
        for chat in room::of_account(cx.read, corp, bot.person)? {
            let Some(room) = room::by_key(cx.read, corp, chat)? else {
                continue;
            };
            let (given, loaded) = bot::room(cx.read, corp, bot.bot, chat)?.unwrap_or((None, true));
            rooms.push(BotRoom {
                wxid: Some(id::of_room(cx.read, corp, &room)?),
                room: room.chatid,
                chat_id: Some(id::conversation(bot.bot, chat, given)),
                loaded: Some(loaded),
            });
        }
        Ok(BotWhole {
            bot: shown(cx.read, corp, bot)?,
            friends,
            rooms,
        })
    }
}

/// The account of a call, and its company.
fn of(cx: &mut Cx, corpid: &Option<CorpId>, text: &str) -> Outcome<(i64, Bot)> {
    let corp = cx.company(corpid.as_ref())?.corp;
    Ok((corp, known(cx.tx.as_read(), corp, text)?))
}

impl Command<ChangeBot> for Use {
    fn run(cx: &mut Cx, request: &ChangeBot) -> Outcome<BotShown> {
        let (corp, mut bot) = of(cx, &request.corpid, &request.id)?;
        if let Some(name) = &request.nick_name {
            hostings::check_name(name)?;
            bot.nick_name.clone_from(name);
        }
        let starts = request.online == Some(true) && !bot.online;
        bot.online = request.online.unwrap_or(bot.online);
        bot.logged_in = request.logged_in.unwrap_or(bot.logged_in);
        bot::update(cx.tx, corp, &bot)?;
        if starts {
            bot::load_all(cx.tx, corp, bot.bot)?;
            for chat in room::of_account(cx.tx.as_read(), corp, bot.person)? {
                event::loaded(cx, corp, &bot, chat)?;
            }
        }
        shown(cx.tx.as_read(), corp, bot)
    }
}

impl Command<FailNext> for Use {
    fn run(cx: &mut Cx, request: &FailNext) -> Outcome<BotShown> {
        let (corp, mut bot) = of(cx, &request.corpid, &request.id)?;
        let mut operations = to_fail(&bot);
        if operations.len() >= 100 {
            return Err(bad("a hundred operations are to fail already"));
        }
        operations.push(request.op.as_str().to_owned());
        bot.fail_next = failing(&operations);
        bot::update(cx.tx, corp, &bot)?;
        shown(cx.tx.as_read(), corp, bot)
    }
}

impl Command<Befriend> for Use {
    fn run(cx: &mut Cx, request: &Befriend) -> Outcome<Done> {
        let (corp, bot) = of(cx, &request.corpid, &request.id)?;
        let friend = BotFriend {
            contact: request.contact.clone(),
            wxid: request.wxid.clone(),
            loaded: request.loaded,
        };
        world::put_friend(cx, corp, &bot, &friend)?;
        Ok(Done {})
    }
}

impl Command<DeleteBot> for Use {
    fn run(cx: &mut Cx, request: &DeleteBot) -> Outcome<Done> {
        let (corp, bot) = of(cx, &request.corpid, &request.id)?;
        bot::remove(cx.tx, corp, bot.bot)?;
        Ok(Done {})
    }
}

impl Command<Unfriend> for Use {
    fn run(cx: &mut Cx, request: &Unfriend) -> Outcome<Done> {
        let (corp, bot) = of(cx, &request.corpid, &request.id)?;
        let person = contact(cx.tx.as_read(), corp, &request.contact)?;
        bot::unfriend(cx.tx, corp, bot.bot, person)?;
        Ok(Done {})
    }
}

impl Command<PutBotRoom> for Use {
    fn run(cx: &mut Cx, request: &PutBotRoom) -> Outcome<Done> {
        let (corp, bot) = of(cx, &request.corpid, &request.id)?;
        let room = BotRoom {
            room: request.room.clone(),
            wxid: request.wxid.clone(),
            chat_id: request.chat_id.clone(),
            loaded: request.loaded,
        };
        world::put_bot_rooms(cx, corp, &bot, &[room])?;
        Ok(Done {})
    }
}

impl Command<CreatePersonalRoom> for Use {
    fn run(cx: &mut Cx, request: &CreatePersonalRoom) -> Outcome<PersonalRoomMade> {
        let (corp, bot) = of(cx, &request.corpid, &request.id)?;
        if bot.is_wecom() {
            return Err(bad(
                "an account of WeCom makes customer groups: POST /_qun/people/{userid}/groups",
            ));
        }
        let mut wanted = request.room.clone();
        let owner = id::of_person(cx.tx.as_read(), corp, bot.person)?;
        wanted.members.retain(|member| *member != owner);
        wanted.members.insert(0, owner);
        let (chat, wxid) = world::put_personal_room(cx, corp, &wanted)?;
        event::joined(cx, corp, chat)?;
        Ok(PersonalRoomMade { wxid })
    }
}

impl Command<SyncRoom> for Use {
    fn run(cx: &mut Cx, request: &SyncRoom) -> Outcome<Told> {
        let (corp, bot) = of(cx, &request.corpid, &request.userid)?;
        if !bot.online {
            return Err(R::BotOffline.into());
        }
        let read = cx.tx.as_read();
        let chat = any_room(read, corp, &request.room)?;
        if room::by_key(read, corp, chat)?.is_none() {
            return Err(Refused::because(R::RoomUnknown, request.room.clone()).into());
        }
        if !chat::is_member(read, corp, chat, bot.person)? {
            return Err(R::BotNotInRoom.into());
        }
        bot::load(cx.tx, corp, bot.bot, chat, true)?;
        let callback = event::loaded(cx, corp, &bot, chat)?;
        Ok(Told { callback })
    }
}
