use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Joined;
use crate::{ConfigId, CorpId, Refusal as R, UserId, endpoint};

/// Scans the QR code of a join way: comes into its first group that has room. Who is in one of its groups stays there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Scan {
    /// The company; may be absent where the URL names it or there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The customer or employee.
    pub userid: UserId,
    /// What a reader finds in the picture, or the URL of the picture itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Instead of it the code alone, the last part of that URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// Taps the button of a join way (scene 1) in a mini-program: comes into its first group that has room. Who is in one of its
/// groups stays there.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TapJoinWay {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The customer or employee.
    pub userid: UserId,
    /// 配置id
    pub config_id: ConfigId,
}

endpoint! { Post "/_qun/people/{userid}/scan", Scan => Joined {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Scan the QR code of a join way", refuses: &[R::PersonUnknown, R::CodeUnknown, R::GroupFull],
} }
endpoint! { Post "/_qun/people/{userid}/tap", TapJoinWay => Joined {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Tap the button of a join way", refuses: &[R::PersonUnknown, R::ConfigIdUnknown, R::GroupFull],
} }
