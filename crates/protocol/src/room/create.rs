use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TOKEN_INVALID, Token};
use crate::{Body, Envelope, Refusal as R, endpoint, endpoint::OwnCode};

/// Makes a room: a customer group whose owner is the hosted account's employee.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Create {
    /// 秒回token
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// 需要执行建群的托管微信的userId
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_user_id: Option<String>,
    /// 建群时需要拉入的企业成员的userId
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_ids: Vec<String>,
    /// 建群时需要拉取的外部联系人的unionId
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub union_ids: Vec<String>,
    /// 建群后新的群的名字
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 建群后的激活语: the first message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub greeting: Option<String>,
    /// 建群时需要拉取的联系人的wxid, or external_userids. With the unionIds 2 to 40 different people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wxids: Vec<String>,
}

/// The room that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Created {
    /// Its ids.
    pub data: CreatedRoom,
}

/// The ids of a room.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct CreatedRoom {
    /// The customer group's `chat_id`, `wr…`.
    pub chat_id: String,
    /// The room's system id, `R:` and digits.
    pub room_wxid: String,
}

const CODES: &[OwnCode] = &[
    TOKEN_INVALID,
    (R::BotUnknown, -2, "botUserId的bot不存在"),
    (R::BotAmbiguous, -3, "botUserId存在多个机器人"),
    (R::BotNotWecom, -4, "不是企业微信"),
    (R::BotOffline, -5, "bot不在线"),
    (R::ColleagueUnknown, -6, "同事不存在"),
    (R::ContactUnknown, -7, "contact不存在"),
    (R::ContactNotLoaded, -8, "contact加载失败"),
    (R::RoomFailed, -9, "创建群聊失败"),
    (R::TooFewContacts, -10, "创建群人数不足"),
];

endpoint! { Post "/room/create", Create => Created {
    auth: Juzi, envelope: Envelope::RoomErrcode, body: Body::Json, title: "创建群聊 Make a room",
    codes: CODES,
} }
