use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, Refusal as R, UserId, endpoint};

/// 获取群聊会话 Reads a group that the same app made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Get {
    /// 群聊id
    pub chatid: Option<ChatId>,
}

/// The group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Got {
    /// 群聊信息
    pub chat_info: ChatInfo,
}

/// 群聊信息 What is known of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChatInfo {
    /// 群聊唯一标志
    pub chatid: ChatId,
    /// 群聊名 empty where none was given
    pub name: String,
    /// 群主id
    pub owner: UserId,
    /// 群成员id列表 in the order in which they joined
    pub userlist: Vec<UserId>,
    /// 群类型 0 ordinary, 1 course group; newer than the mission documents
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_type: Option<i64>,
}

endpoint! { Get "/cgi-bin/appchat/get", Get => Got {
    auth: AccessToken, callers: crate::Callers::RootApp,
    title: "获取群聊会话 Read an internal group", page: 98914,
    required: &[("chatid", R::ChatIdMissing)],
    refuses: &[R::ChatIdMalformed, R::ChatIdTooLong, R::ChatNotFound, R::OtherAppsChat],
} }
