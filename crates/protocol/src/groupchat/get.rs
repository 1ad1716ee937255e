use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GroupChatId, Refusal as R, UserId, endpoint};

/// 获取客户群详情 Reads a customer group whose owner is in the app's visible range.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Get {
    /// 客户群ID
    pub chat_id: Option<GroupChatId>,
    /// 是否需要返回群成员的名字 0 (default) no, 1 yes
    #[serde(skip_serializing_if = "Option::is_none")]
    pub need_name: Option<i64>,
}

/// The group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Got {
    /// 客户群详情
    pub group_chat: GroupChat,
}

/// 客户群详情 What is known of a customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupChat {
    /// 客户群ID
    pub chat_id: GroupChatId,
    /// 群名 empty where it has none
    pub name: String,
    /// 群主ID
    pub owner: UserId,
    /// 群的创建时间 seconds UTC
    pub create_time: i64,
    /// 群公告
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notice: String,
    /// 群成员列表 in the order in which they joined
    pub member_list: Vec<GroupMember>,
    /// 群管理员列表 without the owner
    pub admin_list: Vec<Named>,
    /// 当前群成员版本号 32 hex digits that change whenever members do; newer than the documents
    #[serde(skip_serializing_if = "String::is_empty")]
    pub member_version: String,
}

/// 群成员 A member of a customer group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupMember {
    /// 群成员id a userid or an external_userid
    pub userid: UserId,
    /// 成员类型 1 企业成员, 2 外部联系人
    #[serde(rename = "type")]
    pub kind: i64,
    /// 微信unionid of WeChat users alone, and only where the company has bound a developer id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unionid: Option<String>,
    /// 入群时间 seconds UTC
    pub join_time: i64,
    /// 入群方式 1 直接邀请, 2 邀请链接, 3 扫描群二维码; see [`JoinScene`](super::JoinScene)
    pub join_scene: i64,
    /// 邀请者 where an employee of the company invited
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invitor: Option<Named>,
    /// 在群里的昵称 empty where there is none
    pub group_nickname: String,
    /// 名字 only with `need_name` 1: of an employee the alias or the name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 入群渠道 of the join way that was used, if it has one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// Somebody by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Named {
    /// userid
    pub userid: UserId,
}

endpoint! { Post "/cgi-bin/externalcontact/groupchat/get", Get => Got {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "获取客户群详情 Read a customer group", page: 92122,
    required: &[("chat_id", R::GroupChatUnknown)],
    refuses: &[R::InvalidParameter, R::GroupChatDismissed],
} }
