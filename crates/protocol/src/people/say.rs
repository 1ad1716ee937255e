use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, MediaId, Refusal as R, UserId, endpoint};

/// Says something in a group, as a member.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Say {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Instead of a text, a file that is there; it is shown as its own kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
}

/// What was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Said {
    /// The message's id.
    pub id: String,
}

endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/say", Say => Said {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Say something in a group as a member", refuses: &[R::PersonUnknown, R::GroupUnknown, R::EmptyContent, R::TooLong, R::MediaId],
} }
