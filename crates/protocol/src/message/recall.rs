use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Done, Refusal as R, endpoint};

/// 撤回应用消息 Takes back a message that the same app sent in the last 24 hours.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Recall {
    /// 消息ID as message/send has answered it
    pub msgid: Option<String>,
}

endpoint! { Post "/cgi-bin/message/recall", Recall => Done {
    auth: AccessToken, callers: crate::Callers::SelfBuiltApp, body: crate::Body::Json,
    title: "撤回应用消息 Take back a message to people", page: 94867,
    required: &[("msgid", R::InvalidParameter)],
    refuses: &[R::InvalidParameter, R::MessageTooOld],
} }
