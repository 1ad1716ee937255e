use qun_protocol::{
    Limit, Refusal as R, Rules,
    groupchat::JoinScene,
    room::{AddMember, Added},
    world::UserStatus,
};
use qun_store::{
    Counter, Read,
    table::{
        chat::{self, kind},
        company,
        customer_group::{self as groups, Way},
        directory,
        room::bot::{self, Bot},
    },
};

use super::{Among, has_loaded, id, invitation, known_room, named, perform};
use crate::{Command, Cx, Outcome, Use, customer_group};

impl Command<AddMember> for Use {
    const WAKES: bool = true;

    fn run(cx: &mut Cx, request: &AddMember) -> Outcome<Added> {
        let hosted = cx.who.hosted()?.clone();
        let (corp, rules) = (hosted.corp, &hosted.rules);
        let read = cx.tx.as_read();
        let user_id = request.bot_user_id.as_deref();
        let bot = named(read, &hosted, user_id, Among::Group)?;
        if !bot.is_wecom() {
            return Err(R::BotNotWecom.into());
        }
        if !bot.online {
            return Err(R::BotOffline.into());
        }
        let room = known_room(read, corp, request.room_wxid.as_deref())?.ok_or(R::RoomNotLoaded)?;
        if !has_loaded(read, corp, &bot, &room)? {
            return Err(R::RoomNotLoaded.into());
        }
        if !chat::is_member(read, corp, room.chat, bot.person)? {
            return Err(R::BotNotInRoom.into());
        }
        if room.kind == kind::INTERNAL {
            return Err(R::RoomInternal.into());
        }
        let wanted = request.contact_wxid.as_deref().unwrap_or_default();
        let contact = id::contact(read, corp, wanted)?;
        if let Some(contact) = contact
            && chat::is_member(read, corp, room.chat, contact)?
        {
            return Err(R::AlreadyInRoom.into());
        }
        let present = usize::try_from(room.member_count).unwrap_or(0);
        customer_group::room_for(rules, present, 1)?;
        let contact = contact.ok_or(R::NotFriend)?;
        if !may_invite(read, corp, &bot, contact)? {
            return Err(R::NotFriend.into());
        }
        perform(corp, &bot, "add")?;
        cx.touched = Some(corp);
        advise(cx, rules, corp, &bot)?;
        if room.member_count >= rules.limit(Limit::RoomDirectMembers) {
            invitation::send(cx, corp, &bot, &room, contact)?;
            return Ok(Added::default());
        }
        let company = company::by_corp(cx.tx.as_read(), corp)?.unwrap_or_default();
        let group = groups::by_key(cx.tx.as_read(), corp, room.chat)?;
        let mut group = group.ok_or(R::RoomNotLoaded)?;
        let way = Way {
            scene: JoinScene::Invited.number(),
            invitor: Some(bot.person),
            state: None,
        };
        customer_group::join(cx, &company, rules, &mut group, &[contact], way)?;
        Ok(Added::default())
    }
}

/// 建议拉人进群时,每分钟不超过50次: counts what an account adds, and says when it is more than is advised.
fn advise(cx: &mut Cx, rules: &Rules, corp: i64, bot: &Bot) -> Outcome<()> {
    let limit = Limit::RoomAddsPerBotMinute;
    let counter = Counter {
        corp,
        key: limit.key(),
        scope: &format!("bot {}", bot.bot),
    };
    let (start, most) = (limit.window().start(cx.now), rules.limit(limit));
    let added = cx.tx.spent(&counter, start)?.amount + 1;
    cx.tx.spend(&counter, start, 1)?;
    if added > most {
        cx.lint(format!(
            "{} adds the {added}th person in this minute: at most {most} are advised",
            bot.user_id
        ));
    }
    Ok(())
}

/// Whether an account may bring somebody into a room: its friends and its colleagues.
fn may_invite(read: &mut dyn Read, corp: i64, bot: &Bot, contact: i64) -> Outcome<bool> {
    if contact < 0 {
        return Ok(bot::friend(read, corp, bot.bot, contact)?.is_some());
    }
    let person = directory::person_by_key(read, corp, contact)?;
    Ok(person.is_some_and(|person| UserStatus::numbered(person.status) != UserStatus::Left))
}
