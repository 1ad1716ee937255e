use qun_protocol::{
    ChatId, Refusal as R, UserId,
    manage::{GetGroup, GroupShown, Groups, GroupsPage, History, HistoryPage},
};
use qun_store::{
    Read,
    table::{app, chat, directory, lane, message},
};

use super::directory::after_key;
use crate::{
    Outcome, Query, ReadCx, Use,
    appchat::members,
    people::{
        feed::{Cursor, page_size},
        inbox,
    },
};

fn shown(chat: chat::Chat, owner: String) -> GroupShown {
    GroupShown {
        chatid: ChatId(chat.chatid),
        agentid: chat.app,
        name: chat.name,
        owner: UserId(owner),
        member_count: chat.member_count,
        create_time: chat.created / 1000,
        visible: chat.first_message.is_some(),
        members: Vec::new(),
    }
}

fn owner(read: &mut dyn Read, corp: i64, chat: &chat::Chat) -> Outcome<String> {
    Ok(directory::person_by_key(read, corp, chat.owner)?
        .map(|person| person.userid)
        .unwrap_or_default())
}

impl Query<Groups> for Use {
    fn run(cx: &mut ReadCx, request: &Groups) -> Outcome<GroupsPage> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let limit = page_size(request.limit)?;
        let after = after_key(request.after.as_deref())?;
        if let Some(agentid) = request.agentid
            && app::by_agentid(cx.read, corp, agentid)?.is_none()
        {
            return Err(R::AppUnknown.into());
        }
        let search = request
            .search
            .as_deref()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let mut found = if search.is_empty() && request.agentid.is_none() {
            chat::page(cx.read, corp, after, limit + 1)?
        } else {
            let enough = usize::try_from(limit + 1).unwrap_or(usize::MAX);
            chat::search(cx.read, corp, after, enough, &search, request.agentid)?
        };
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next = found
            .last()
            .filter(|_| more)
            .map(|chat| chat.chat.to_string());
        let mut groups = Vec::new();
        for chat in found {
            let owner = owner(cx.read, corp, &chat)?;
            groups.push(shown(chat, owner));
        }
        Ok(GroupsPage { groups, next })
    }
}

impl Query<GetGroup> for Use {
    fn run(cx: &mut ReadCx, request: &GetGroup) -> Outcome<GroupShown> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let chat = chat::by_chatid(cx.read, corp, &request.chatid)?.ok_or(R::GroupUnknown)?;
        let owner = owner(cx.read, corp, &chat)?;
        let members = chat::members(cx.read, corp, chat.chat)?;
        let members = members.into_iter().map(members::shown).collect();
        Ok(GroupShown {
            members,
            ..shown(chat, owner)
        })
    }
}

impl Query<History> for Use {
    fn run(cx: &mut ReadCx, request: &History) -> Outcome<HistoryPage> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let limit = page_size(request.limit)?;
        let mut cursor = match request.after.as_deref().filter(|after| !after.is_empty()) {
            Some(after) => Cursor::read(after)?,
            None => Cursor::default(),
        };
        let chat = chat::by_chatid(cx.read, corp, &request.chatid)?.ok_or(R::GroupUnknown)?;
        let mut found = Vec::new();
        for (lane, _) in lane::all(cx.read)? {
            let of_lane = message::of_chat(
                cx.read,
                corp,
                chat.chat,
                lane,
                cursor.after(lane),
                i64::MAX,
                limit + 1,
            )?;
            found.extend(of_lane.into_iter().map(|message| (lane, message)));
        }
        found.sort_by_key(|(_, message)| message.id);
        let more = found.len() as i64 > limit;
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let mut messages = Vec::new();
        for (lane, message) in found {
            cursor.advance(lane, message.id);
            messages.push(inbox::arrived(
                cx.read,
                corp,
                lane,
                ChatId(chat.chatid.clone()),
                message,
            )?);
        }
        Ok(HistoryPage {
            messages,
            cursor: cursor.write(),
            more,
        })
    }
}
