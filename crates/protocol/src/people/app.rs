use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CorpId, MediaId, Refusal as R, UserId, endpoint};

/// Says something to an app: exactly one of text, media_id, location and link.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SayToApp {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
    /// 应用id
    pub agentid: i64,
    /// A text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A picture, recording or film that is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_id: Option<MediaId>,
    /// A place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// A link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<SharedLink>,
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How near the map is; 16 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<i64>,
    /// What the place is called.
    pub label: String,
}

/// A link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SharedLink {
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Where it leads.
    pub url: String,
    /// Its picture.
    pub pic_url: String,
}

/// What the app is told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Told {
    /// The callback's id; absent where the app has no callback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<String>,
}

/// Opens an app.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnterApp {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
    /// 应用id
    pub agentid: i64,
}

/// Follows an app.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SubscribeApp {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
    /// 应用id
    pub agentid: i64,
}

/// Follows an app no longer.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnsubscribeApp {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
    /// 应用id
    pub agentid: i64,
}

endpoint! { Post "/_qun/people/{userid}/apps/{agentid}/say", SayToApp => Told {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Say something to an app",
    refuses: &[R::PersonUnknown, R::AppUnknown, R::AppDisabled, R::AppNotVisible, R::EmptyContent, R::TooLong, R::MediaId],
} }
endpoint! { Post "/_qun/people/{userid}/apps/{agentid}/enter", EnterApp => Told {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Open an app",
    refuses: &[R::PersonUnknown, R::AppUnknown, R::AppDisabled, R::AppNotVisible],
} }
endpoint! { Post "/_qun/people/{userid}/apps/{agentid}/subscribe", SubscribeApp => Told {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Follow an app",
    refuses: &[R::PersonUnknown, R::AppUnknown, R::AppDisabled, R::AppNotVisible],
} }
endpoint! { Post "/_qun/people/{userid}/apps/{agentid}/unsubscribe", UnsubscribeApp => Told {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Follow an app no longer",
    refuses: &[R::PersonUnknown, R::AppUnknown, R::AppDisabled],
} }
