use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, Done, Limit, Name, Refusal as R, UserId, endpoint};

/// 修改群聊会话 Changes a group that the same app made. Removals come first, then additions, then the owner.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Update {
    /// 群聊id
    pub chatid: Option<ChatId>,
    /// 新的群聊名 at most 50 characters, the rest is cut; absent: unchanged
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// 新群主 absent: unchanged
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<UserId>,
    /// 添加成员的id列表
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add_user_list: Vec<UserId>,
    /// 踢出成员的id列表
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub del_user_list: Vec<UserId>,
}

endpoint! { Post "/cgi-bin/appchat/update", Update => Done {
    auth: AccessToken, callers: crate::Callers::RootApp, body: crate::Body::Json,
    title: "修改群聊会话 Change an internal group", page: 98913,
    required: &[("chatid", R::ChatIdMissing)],
    refuses: &[R::ChatIdMalformed, R::ChatIdTooLong, R::ChatNotFound, R::OtherAppsChat, R::ChatName, R::MemberCount, R::UnknownMember, R::NotMember, R::OwnerNotMember],
    spends: &[Limit::ChatUpdatesPerCorpHour],
} }
