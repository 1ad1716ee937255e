use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, Limit, Name, Refusal as R, UserId, endpoint};

/// 创建群聊会话 Creates an internal group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Create {
    /// 群聊名 at most 50 characters, the rest is cut
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// 群主 the owner; absent: the first of `userlist`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// 群成员 2 to 500 (`documented`) or 2000 (`live-2026`) people; one named twice counts once
    pub userlist: Vec<UserId>,
    /// 群聊的唯一标志 at most 32 characters of `0-9a-zA-Z` (`documented`: and `_`); absent: made by the server
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatid: Option<ChatId>,
}

/// The new group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Created {
    /// 群聊的唯一标志
    pub chatid: ChatId,
}

endpoint! { Post "/cgi-bin/appchat/create", Create => Created {
    auth: AccessToken, callers: crate::Callers::RootApp, body: crate::Body::Json,
    title: "创建群聊会话 Create an internal group", page: 90245,
    required: &[("userlist", R::MemberCount)],
    refuses: &[R::ChatIdMalformed, R::ChatIdTooLong, R::ChatIdTaken, R::ChatName, R::UnknownMember, R::OwnerNotMember, R::ChatsPerDay, R::ChatsAlive],
    spends: &[Limit::ChatsPerCorpDay],
} }
