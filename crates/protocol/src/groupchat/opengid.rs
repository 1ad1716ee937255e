use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GroupChatId, Refusal as R, endpoint};

/// 客户群opengid转换 Tells which customer group a mini-program was opened in.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OpengidToChatId {
    /// 小程序在微信获取到的群ID
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opengid: Option<String>,
}

/// The group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ChatIdOf {
    /// 客户群ID
    pub chat_id: GroupChatId,
}

endpoint! { Post "/cgi-bin/externalcontact/opengid_to_chatid", OpengidToChatId => ChatIdOf {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "客户群opengid转换 Find a customer group by a mini-program's opengid", page: 94822,
    required: &[("opengid", R::OpengidUnknown)],
} }
