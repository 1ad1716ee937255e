//! A room as an account sees it.

use qun_protocol::room::{BotInfo, ContactType, Label, Member, Room, Synced};
use qun_store::{
    Read,
    table::{
        chat::kind,
        room::{self, bot::Bot, label},
    },
};

use super::id;
use crate::Outcome;

/// What lists and callbacks share.
pub(super) struct View {
    chat_id: String,
    bot_info: BotInfo,
    wxid: String,
    owner_id: String,
    members: Vec<Member>,
    room: room::Room,
}

/// A live room as an account sees it; none where it is gone.
pub(super) fn of(read: &mut dyn Read, corp: i64, bot: &Bot, chat: i64) -> Outcome<Option<View>> {
    let Some(room) = room::by_key(read, corp, chat)? else {
        return Ok(None);
    };
    let given = room::bot::room(read, corp, bot.bot, chat)?.and_then(|(given, _)| given);
    let members = room::members(read, corp, chat, bot.bot)?;
    let members = members.into_iter().map(|member| {
        let coworker = member.person > 0 && bot.is_wecom();
        let contact_type = match (member.person > 0, member.customer_kind) {
            (true, _) | (_, 2) => ContactType::Wecom,
            (false, 1) => ContactType::Wechat,
            (false, _) => ContactType::Unknown,
        };
        Member {
            wxid: id::shown(member.person, member.wxid),
            nick_name: member.name,
            // Nobody here has a picture.
            avatar_url: String::new(),
            room_alias: member.nickname.filter(|name| !name.is_empty()),
            is_friend: member.friend || coworker || member.person == bot.person,
            contact_type,
            coworker,
            corporation: member.corp_name,
        }
    });
    Ok(Some(View {
        chat_id: id::conversation(bot.bot, chat, given),
        bot_info: BotInfo {
            wxid: id::of_person(read, corp, bot.person)?,
            weixin: bot.user_id.clone(),
            nick_name: bot.nick_name.clone(),
        },
        wxid: id::of_room(read, corp, &room)?,
        owner_id: id::of_person(read, corp, room.owner)?,
        members: members.collect(),
        room,
    }))
}

impl View {
    /// As lists show it; `official` is whether the caller may see the customer group's id.
    pub(super) fn listed(self, labels: Vec<label::Label>, official: bool) -> Room {
        let labels = labels.into_iter().map(|label| Label {
            id: label.label_id,
            name: label.name,
        });
        Room {
            chat_id: self.chat_id,
            bot_info: self.bot_info,
            wxid: self.wxid,
            topic: self.room.name,
            avatar_url: String::new(),
            owner_id: self.owner_id,
            member_count: self.members.len() as i64,
            members: self.members,
            labels: labels.collect(),
            external: self.room.kind != kind::INTERNAL,
            wecom_chat_id: (official && self.room.kind == kind::CUSTOMER)
                .then_some(self.room.chatid),
        }
    }

    /// As callbacks tell it at a time, ms UTC, to a group of accounts.
    pub(super) fn synced(self, group: String, now: i64) -> Synced {
        let members = self.members.into_iter().map(|member| Member {
            // The callbacks' page does not have it.
            corporation: None,
            ..member
        });
        Synced {
            chat_id: self.chat_id,
            bot_info: self.bot_info,
            wxid: self.wxid,
            topic: self.room.name,
            avatar_url: String::new(),
            owner_id: self.owner_id,
            members: members.collect(),
            group,
            synced_time: now,
        }
    }
}
