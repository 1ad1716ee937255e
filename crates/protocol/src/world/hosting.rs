use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{UserId, room::Token};

/// 微信组 A group of accounts that Juzi hosts, with what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hosting {
    /// Its id, 24 hex digits; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its name, at most 64 characters.
    pub name: String,
    /// Its tokens, each of which selects it.
    pub tokens: Vec<HostingToken>,
    /// 回调地址: events go to fixed paths below it. Not verified; at most 2048 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Its accounts.
    pub bots: Vec<Bot>,
    /// Rooms of personal WeChat that they are in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<PersonalRoom>,
    /// 秒回标签
    pub labels: Vec<RoomLabel>,
}

/// 秒回token
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HostingToken {
    /// The token, 1 to 128 printable ASCII characters; 24 hex digits are made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// Whether lists show the official ids of customer groups to it (企业微信群官方id); yes where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wecom_chat_id: Option<bool>,
}

/// 托管账号 A hosted account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bot {
    /// wxUserId: the userid of the employee, or of an account of personal WeChat.
    pub userid: UserId,
    /// Of personal WeChat: no employee, and its rooms are no customer groups.
    pub personal: bool,
    /// imBotId: the account's system id; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wxid: Option<String>,
    /// botId: 24 hex digits; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot_id: Option<String>,
    /// Its nickname; the employee's name or the userid where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nick_name: Option<String>,
    /// Whether it runs and is on line; where absent, yes unless its employee has left the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub online: Option<bool>,
    /// Whether it is properly logged in; the same where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logged_in: Option<bool>,
    /// Its friends.
    pub friends: Vec<BotFriend>,
    /// Its rooms, where something of them is to be said. It is in those that it is a member of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rooms: Vec<BotRoom>,
}

/// A friend of a hosted account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BotFriend {
    /// A customer's external_userid, or a contact's wxid.
    pub contact: String,
    /// contactWxid: a system id for the contact, 1 to 64 of `0-9A-Za-z_-`; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wxid: Option<String>,
    /// Whether the account has loaded the contact; yes where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
}

/// A room of a hosted account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BotRoom {
    /// A customer group's chat_id, an internal group's chatid, or a roomWxid.
    pub room: String,
    /// roomWxid: a system id for the room, `R:` and digits; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wxid: Option<String>,
    /// chatId: an id for the conversation of this account in this room, 24 hex digits; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<String>,
    /// Whether the account has loaded the room; yes where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loaded: Option<bool>,
}

/// A room of personal WeChat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PersonalRoom {
    /// Its system id, digits and `@chatroom`; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wxid: Option<String>,
    /// Its name, at most 50 characters.
    pub name: String,
    /// Who is in it, at most 500: wxids or external_userids. The first owns it.
    pub members: Vec<String>,
}

/// 秒回标签 A label of rooms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoomLabel {
    /// Its id, 24 hex digits; made where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name, 1 to 64 characters.
    pub name: String,
    /// The rooms with it: roomWxids, chat_ids or chatids.
    pub rooms: Vec<String>,
}
