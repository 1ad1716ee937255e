use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, Done, Limit, Refusal as R, endpoint};

/// 解散群聊 Dissolves a group that the same app made; its chatid is free again. Document 000 alone has it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Quit {
    /// 群聊id
    pub chatid: Option<ChatId>,
}

endpoint! { Post "/cgi-bin/appchat/quit", Quit => Done {
    auth: AccessToken, callers: crate::Callers::RootApp, body: crate::Body::Json,
    title: "解散群聊 Dissolve an internal group (document 000)",
    required: &[("chatid", R::ChatIdMissing)],
    refuses: &[R::ApiUnknown, R::ChatIdMalformed, R::ChatIdTooLong, R::ChatNotFound, R::OtherAppsChat],
    spends: &[Limit::ChatUpdatesPerCorpHour],
} }
