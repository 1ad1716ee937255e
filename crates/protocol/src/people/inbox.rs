use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, Refusal as R, UserId, endpoint};

/// Reads what arrived on a person's phone, oldest first; waits for more where there is nothing yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Inbox {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
    /// The `cursor` of the page before; absent: from the beginning; `latest`: at once, only a cursor for what comes from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many seconds to wait where nothing is there, 0 (default) to 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait: Option<i64>,
    /// At most so many messages, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InboxPage {
    /// What arrived, oldest first.
    pub messages: Vec<Arrived>,
    /// Where the next page begins; opaque.
    pub cursor: String,
    /// Whether more is there already.
    pub more: bool,
}

/// A message on a phone.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Arrived {
    /// Its id, unique in the company.
    pub id: String,
    /// The group it was said in; empty where an app says it to this person.
    pub chatid: ChatId,
    /// The app that sent it; absent where a person did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// The person who said it; absent where an app did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// When, seconds UTC.
    pub time: i64,
    /// Its kind, as in appchat/send or message/send.
    pub msgtype: String,
    /// The object of its kind as it is drawn: cut where the rules cut, media with name and size.
    pub content: serde_json::Value,
    /// 1 where it is confidential, 2 where it may be shared inside the company.
    pub safe: i64,
    /// When an app last changed the card, seconds UTC, and the content is what it is since then; absent where it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<i64>,
    /// Whether it mentions this person.
    pub mentioned: bool,
    /// Why the phone never showed it, where it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropped: Option<Drop>,
    /// When the app took it back, seconds UTC; its content is gone then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recalled: Option<i64>,
}

/// Why a message was dropped for one person, though the API said ok.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Drop {
    /// The limit's public name.
    pub limit: String,
    /// Its value.
    pub value: i64,
}

endpoint! { Get "/_qun/people/{userid}/inbox", Inbox => InboxPage {
    auth: Manage, envelope: crate::Envelope::Manage,
    title: "Read what arrived on a person's phone", refuses: &[R::PersonUnknown],
} }
