use qun_protocol::{
    Refusal as R,
    room::{Exit, Exited},
};
use qun_store::table::{
    chat::{self, kind},
    company, customer_group as groups,
};

use super::{Among, has_loaded, known_room, named, perform};
use crate::{Command, Cx, Outcome, Use, customer_group, people::go};

impl Command<Exit> for Use {
    fn run(cx: &mut Cx, request: &Exit) -> Outcome<Exited> {
        let hosted = cx.who.hosted()?.clone();
        let corp = hosted.corp;
        let read = cx.tx.as_read();
        let user_id = request.wecom_user_id.as_deref();
        let bot = named(read, &hosted, user_id, Among::Group)?;
        if !bot.logged_in {
            return Err(R::BotNotLoggedIn.into());
        }
        if !bot.is_wecom() {
            return Err(R::BotNotWecom.into());
        }
        if !bot.online {
            return Err(R::BotOffline.into());
        }
        let room = known_room(read, corp, request.room_wxid.as_deref())?.ok_or(R::RoomUnknown)?;
        if !has_loaded(read, corp, &bot, &room)? {
            return Err(R::RoomNotLoaded.into());
        }
        if !chat::is_member(read, corp, room.chat, bot.person)? {
            return Err(R::BotNotInRoom.into());
        }
        if room.owner == bot.person {
            return Err(R::BotIsOwner.into());
        }
        perform(corp, &bot, "exit")?;
        cx.touched = Some(corp);
        if room.kind == kind::INTERNAL {
            let chat = chat::by_chatid(cx.tx.as_read(), corp, &room.chatid)?;
            let mut chat = chat.ok_or(R::RoomUnknown)?;
            let members = chat::members(cx.tx.as_read(), corp, chat.chat)?;
            go(cx, corp, &mut chat, &members, &[bot.person])?;
            return Ok(Exited::default());
        }
        let company = company::by_corp(cx.tx.as_read(), corp)?.unwrap_or_default();
        let group = groups::by_key(cx.tx.as_read(), corp, room.chat)?;
        let mut group = group.ok_or(R::RoomUnknown)?;
        let quit = customer_group::Quit::Left;
        customer_group::leave(cx, &company, &mut group, &[bot.person], quit)?;
        Ok(Exited::default())
    }
}
