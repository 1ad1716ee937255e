use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{BotInfo, Member, TOKEN_INVALID, Token};
use crate::{Envelope, endpoint};

/// Lists the rooms with a label, a page at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ListByLabel {
    /// 秒回token
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// 秒回标签id
    #[serde(rename = "mhTagId", skip_serializing_if = "Option::is_none")]
    pub mh_tag_id: Option<String>,
    /// 当前页数, from 1; 0 and nothing are 1 too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<i64>,
    /// 条数: 20 where absent, at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<i64>,
}

/// Lists the rooms that a contact is in with hosted accounts: one entry per account and room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct ListByMember {
    /// 秒回token
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// 联系人的wxid; an external_userid is understood too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_wxid: Option<String>,
}

/// A page of rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RoomsPage {
    /// The rooms, each as the first of the token's accounts in it sees it.
    pub data: Vec<Room>,
    /// Which page.
    pub page: Page,
}

/// Rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rooms {
    /// The rooms.
    pub data: Vec<Room>,
}

/// Which page it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Page {
    /// 当前页数, from 1.
    #[serde(deserialize_with = "super::read::number")]
    pub current: i64,
    /// 总数: of rooms, not of pages.
    #[serde(deserialize_with = "super::read::number")]
    pub total: i64,
}

/// 秒回标签 of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Label {
    /// 秒回标签id
    pub id: String,
    /// 秒回标签名称
    pub name: String,
}

/// A room as a hosted account sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Room {
    /// 对话id: of this account and this room, 24 hex digits. Not the customer group's id, which is `wecomChatId`.
    pub chat_id: String,
    /// 所属微信信息
    pub bot_info: BotInfo,
    /// roomWxid: `R:` and digits, or digits and `@chatroom` in personal WeChat.
    pub wxid: String,
    /// 群名称
    pub topic: String,
    /// 群头像; empty where there is none.
    pub avatar_url: String,
    /// 群主wxid
    pub owner_id: String,
    /// 群成员
    pub members: Vec<Member>,
    /// 秒回标签
    pub labels: Vec<Label>,
    /// 企业微信群官方id: the customer group's `chat_id`. Absent where it is none, and where the token may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wecom_chat_id: Option<String>,
    /// true外部群聊 false内部群聊
    #[serde(deserialize_with = "super::read::flag")]
    pub external: bool,
    /// 群成员人数
    #[serde(deserialize_with = "super::read::number")]
    pub member_count: i64,
}

endpoint! { Get "/room/listByMHTag", ListByLabel => RoomsPage {
    auth: Juzi, envelope: Envelope::Room, title: "通过秒回群聊标签查询群 List the rooms with a label",
    codes: &[TOKEN_INVALID],
} }
endpoint! { Get "/room/listByMember", ListByMember => Rooms {
    auth: Juzi, envelope: Envelope::Room, title: "通过联系人id获取联系人所在群聊 List the rooms of a contact",
    codes: &[TOKEN_INVALID],
} }
