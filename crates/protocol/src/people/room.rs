use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Told;
use crate::{CorpId, Done, Refusal as R, UserId, endpoint};

/// Loads a room anew, as a hosted account: 成员同步群信息.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SyncRoom {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The account: its userid where no other has it, its imBotId or its botId.
    pub userid: UserId,
    /// A roomWxid, a customer group's chat_id or an internal group's chatid.
    pub room: String,
}

/// Lists the invitation cards that somebody got.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Invitations {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person: a userid, an external_userid or a contactWxid.
    pub userid: UserId,
}

/// The cards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct InvitationsOf {
    /// Oldest first.
    pub invitations: Vec<Invitation>,
}

/// An invitation card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Invitation {
    /// Its id.
    pub id: i64,
    /// The room's system id.
    pub room: String,
    /// The room's name.
    pub name: String,
    /// Who invites: a userid.
    pub from: UserId,
    /// When it was sent, seconds UTC.
    pub time: i64,
    /// How far it is.
    pub state: InvitationState,
}

/// How far a card is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    /// Not answered yet.
    #[default]
    Open,
    /// Accepted.
    Accepted,
    /// Ignored.
    Ignored,
}

/// Accepts an invitation card: the person is in the room then.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AcceptInvitation {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person: a userid, an external_userid or a contactWxid.
    pub userid: UserId,
    /// The card's id.
    pub id: i64,
}

/// Ignores an invitation card for good.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct IgnoreInvitation {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person: a userid, an external_userid or a contactWxid.
    pub userid: UserId,
    /// The card's id.
    pub id: i64,
}

endpoint! { Post "/_qun/people/{userid}/rooms/{room}/sync", SyncRoom => Told {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Load a room anew as a hosted account",
    refuses: &[R::BotUnknown, R::BotAmbiguous, R::BotOffline, R::RoomUnknown, R::BotNotInRoom],
} }
endpoint! { Get "/_qun/people/{userid}/invitations", Invitations => InvitationsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the invitation cards that somebody got", refuses: &[R::PersonUnknown],
} }
endpoint! { Post "/_qun/people/{userid}/invitations/{id}/accept", AcceptInvitation => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Accept an invitation card",
    refuses: &[R::PersonUnknown, R::InvitationUnknown, R::GroupUnknown, R::GroupFull, R::AlreadyInRoom],
} }
endpoint! { Post "/_qun/people/{userid}/invitations/{id}/ignore", IgnoreInvitation => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Ignore an invitation card",
    refuses: &[R::PersonUnknown, R::InvitationUnknown],
} }
