use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, Refusal as R, UserId, endpoint};

/// 获取群成员列表 Lists the members of a group that the same app made. Document 000 alone has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Members {
    /// 群聊id
    pub chatid: Option<ChatId>,
}

/// The members.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MembersOf {
    /// 群成员 in the order in which they joined
    pub userlist: Vec<Member>,
}

/// One member.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Member {
    /// 成员id
    pub userid: UserId,
    /// 状态 as in user/get: 1 active, 2 disabled, 4 not activated, 5 left
    pub status: i64,
    /// 入群时间 seconds UTC
    pub join_time: i64,
}

endpoint! { Get "/cgi-bin/appchat/members", Members => MembersOf {
    auth: AccessToken, callers: crate::Callers::RootApp,
    title: "获取群成员列表 List a group's members (document 000)",
    required: &[("chatid", R::ChatIdMissing)],
    refuses: &[R::ApiUnknown, R::ChatIdMalformed, R::ChatIdTooLong, R::ChatNotFound, R::OtherAppsChat],
} }
