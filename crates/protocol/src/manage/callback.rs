use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CorpId, Done, Refusal as R, UserId, endpoint, world::Callback};

/// Sets where an app is told what happens (接收消息服务器配置). The URL is verified first: it must decrypt `echostr` and answer it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SetCallback {
    /// 企业ID
    pub corpid: CorpId,
    /// 应用id
    pub agentid: i64,
    /// Where, and with which token and key.
    pub callback: Callback,
}

/// Shows where an app is told what happens.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetCallback {
    /// 企业ID
    pub corpid: CorpId,
    /// 应用id
    pub agentid: i64,
}

/// Where an app is told what happens; the token and the key are never shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CallbackSet {
    /// Whether it is told.
    pub set: bool,
    /// Where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Tells an app nothing any more. What waits goes on waiting until there is a callback again.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeleteCallback {
    /// 企业ID
    pub corpid: CorpId,
    /// 应用id
    pub agentid: i64,
}

/// How far a callback is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackState {
    /// To be delivered, or to be tried again.
    #[default]
    Waiting,
    /// The app has accepted it.
    Delivered,
    /// It was tried as often as the settings say.
    Exhausted,
}

/// Lists what a company's apps were told and are to be told, newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Callbacks {
    /// 企业ID
    pub corpid: CorpId,
    /// Of this app alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// Of this group of hosted accounts alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// In this state alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<CallbackState>,
    /// With this text somewhere in the decrypted body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// The `cursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CallbacksPage {
    /// Newest first.
    pub callbacks: Vec<CallbackShown>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Something that an app was told, or is to be told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CallbackShown {
    /// Its id.
    pub id: String,
    /// The app; 0 where a group of hosted accounts was told.
    pub agentid: i64,
    /// The group of hosted accounts that was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What is delivered in order with it: what one person does to one app, or what one account sees of one room.
    pub queue: String,
    /// `text`, `image` and the like, the event's name, or the path below a group's URL.
    pub kind: String,
    /// Who did it.
    pub from: UserId,
    /// When, seconds UTC.
    pub time: i64,
    /// How far it is.
    pub state: CallbackState,
    /// How often it was sent.
    pub attempts: i64,
}

/// Shows one with its decrypted body and what became of each attempt.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetCallbackEvent {
    /// 企业ID
    pub corpid: CorpId,
    /// Its id.
    pub id: String,
}

/// One with its attempts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CallbackWhole {
    /// What stands in the list.
    pub callback: CallbackShown,
    /// The decrypted body: XML, or JSON for a group of hosted accounts.
    pub body: String,
    /// Every attempt, oldest first.
    pub attempts: Vec<Attempt>,
}

/// One attempt to deliver.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Attempt {
    /// When it began, ms UTC.
    pub time_ms: i64,
    /// Whether the app has accepted.
    pub accepted: bool,
    /// What was sent: the request line with its query, and the headers.
    pub request_head: String,
    /// What was sent: the encrypted envelope.
    pub request_body: String,
    /// The answer's HTTP status; absent where there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i64>,
    /// The answer's body, its first 64 KiB; an encrypted one is decrypted.
    pub answer: String,
    /// What was wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How long it took, ms.
    pub milliseconds: i64,
}

/// Sends one again, after what waits before it; one that waits itself is tried at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ResendCallback {
    /// 企业ID
    pub corpid: CorpId,
    /// Its id.
    pub id: String,
}

endpoint! { Put "/_qun/companies/{corpid}/apps/{agentid}/callback", SetCallback => CallbackSet {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("callback"), title: "Set an app's callback",
    refuses: &[R::AppUnknown, R::CallbackRefused],
} }
endpoint! { Get "/_qun/companies/{corpid}/apps/{agentid}/callback", GetCallback => CallbackSet {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Show an app's callback", refuses: &[R::AppUnknown],
} }
endpoint! { Delete "/_qun/companies/{corpid}/apps/{agentid}/callback", DeleteCallback => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Remove an app's callback", refuses: &[R::AppUnknown],
} }
endpoint! { Get "/_qun/companies/{corpid}/callbacks", Callbacks => CallbacksPage {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List what apps were told",
} }
endpoint! { Get "/_qun/companies/{corpid}/callbacks/{id}", GetCallbackEvent => CallbackWhole {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Show what an app was told, with every attempt", refuses: &[R::CallbackUnknown],
} }
endpoint! { Post "/_qun/companies/{corpid}/callbacks/{id}/resend", ResendCallback => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Tell an app again", refuses: &[R::CallbackUnknown],
} }
