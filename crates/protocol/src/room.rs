//! 群聊接口 Rooms: groups as the hosted accounts (bots) of Juzi see them. Document 002.
//!
//! Each endpoint has its own envelope and its own numbers and texts: the same number means different things.

mod add_member;
mod create;
mod exit;
mod list;
mod read;
mod synced;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use add_member::{AddMember, Added};
pub use create::{Create, Created, CreatedRoom};
pub use exit::{Exit, Exited};
pub use list::{Label, ListByLabel, ListByMember, Page, Room, Rooms, RoomsPage};
pub use synced::{JOINED, LOADED, Synced};

use crate::{Refusal, endpoint::OwnCode};

/// Every endpoint but addMember lists it; it answers the same.
const TOKEN_INVALID: OwnCode = (Refusal::RoomTokenInvalid, -1, "无效token");

/// 秒回token: selects a group of hosted accounts. A secret, which `Debug` does not show.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Token(pub String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Token(text.to_owned())
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Token(text)
    }
}

/// 所属微信信息 The hosted account that sees a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct BotInfo {
    /// imBotId: the account's system id.
    pub wxid: String,
    /// wxUserId: the employee's userid.
    pub weixin: String,
    /// Its nickname.
    pub nick_name: String,
}

/// 联系人类型
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "i64", into = "i64")]
#[schemars(with = "i64")]
pub enum ContactType {
    /// 0 未知
    #[default]
    Unknown,
    /// 1 微信
    Wechat,
    /// 2 公众号
    OfficialAccount,
    /// 3 企业微信
    Wecom,
    /// A number that no page names.
    Other(i64),
}

impl From<i64> for ContactType {
    fn from(number: i64) -> Self {
        match number {
            0 => ContactType::Unknown,
            1 => ContactType::Wechat,
            2 => ContactType::OfficialAccount,
            3 => ContactType::Wecom,
            other => ContactType::Other(other),
        }
    }
}

impl From<ContactType> for i64 {
    fn from(kind: ContactType) -> Self {
        match kind {
            ContactType::Unknown => 0,
            ContactType::Wechat => 1,
            ContactType::OfficialAccount => 2,
            ContactType::Wecom => 3,
            ContactType::Other(other) => other,
        }
    }
}

/// 群成员
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Member {
    /// contactWxid: the person's system id.
    pub wxid: String,
    /// 昵称
    pub nick_name: String,
    /// 头像; empty where there is none.
    pub avatar_url: String,
    /// 群成员在群中的昵称
    pub room_alias: Option<String>,
    /// 是否为好友 of the hosted account. Colleagues count as friends.
    #[serde(deserialize_with = "read::flag")]
    pub is_friend: bool,
    /// 联系人类型: 0 unknown, 1 WeChat, 2 official account, 3 WeCom.
    #[serde(deserialize_with = "read::contact_type")]
    pub contact_type: ContactType,
    /// 是否为同事 of the same company.
    #[serde(deserialize_with = "read::flag")]
    pub coworker: bool,
    /// 该客户所属企业名; in lists alone, and only where the customer has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corporation: Option<String>,
}
