use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{TOKEN_INVALID, Token};
use crate::{Body, Envelope, Refusal as R, endpoint, endpoint::OwnCode};

/// Leaves a room with a hosted account. An owner cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase")]
pub struct Exit {
    /// 秒回token
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// 需要执行的托管微信的userId
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wecom_user_id: Option<String>,
    /// 群的wxid, `R:` and digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room_wxid: Option<String>,
}

/// Done: the account is out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Exited {
    /// `ok`
    pub message: String,
}

impl Default for Exited {
    fn default() -> Self {
        Exited {
            message: "ok".into(),
        }
    }
}

const CODES: &[OwnCode] = &[
    TOKEN_INVALID,
    (R::BotUnknown, -2, "wecomUserId的bot不存在"),
    (R::BotAmbiguous, -3, "wecomUserId存在多个机器人"),
    (R::BotNotLoggedIn, -4, "托管账号未正确登录"),
    (R::BotNotWecom, -5, "不是企业微信"),
    (R::BotOffline, -6, "bot不在线"),
    (R::BotNotInRoom, -7, "托管账号不在群内"),
    (R::RoomUnknown, -8, "群聊不存在"),
    (R::RoomNotLoaded, -9, "群聊加载失败"),
    (R::RoomFailed, -10, "退出群聊失败"),
    (
        R::BotIsOwner,
        -11,
        "因托管账号是群主,退出群聊失败,请在手机端退出",
    ),
];

endpoint! { Post "/room/exit", Exit => Exited {
    auth: Juzi, envelope: Envelope::Room, body: Body::Json, title: "退出群聊 Leave a room",
    codes: CODES,
} }
