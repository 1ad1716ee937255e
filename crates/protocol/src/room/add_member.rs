use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TOKEN_INVALID, Token};
use crate::{Body, Envelope, Refusal as R, endpoint, endpoint::OwnCode};

/// Adds a contact to a room. Below 40 members the contact is in at once; from 40 on an invitation card is sent, which the
/// person must accept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct AddMember {
    /// 秒回token
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// 需要执行添加的托管微信的userId
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_user_id: Option<String>,
    /// 需要被添加的群成员的wxid; an external_userid is understood too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_wxid: Option<String>,
    /// 需要被添加的群的wxid, `R:` and digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_wxid: Option<String>,
}

/// Done: the contact is in, or has an invitation card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Added {
    /// Empty.
    pub message: String,
}

const CODES: &[OwnCode] = &[
    TOKEN_INVALID,
    (R::BotUnknown, -2, "botUserId的bot不存在"),
    (R::BotAmbiguous, -3, "botUserId存在多个机器人"),
    (R::BotNotWecom, -4, "不是企业微信"),
    (R::BotOffline, -5, "bot不在线"),
    (R::RoomNotLoaded, -6, "群聊加载失败"),
    (R::RoomFailed, -7, "拉入群聊失败"),
    (R::NotFriend, -8, "和bot不是好友关系"),
    (R::AlreadyInRoom, -9, "群聊中已经存在此好友"),
    (R::GroupFull, -10, "群人数达到上限(500)"),
    (R::BotNotInRoom, -11, "bot不在群内"),
    (R::RoomInternal, -12, "该群是内部群,不执行此操作"),
];

endpoint! { Post "/room/addMember", AddMember => Added {
    auth: Juzi, envelope: Envelope::Room, body: Body::Json, title: "加入群聊 Add a contact to a room",
    codes: CODES,
} }
