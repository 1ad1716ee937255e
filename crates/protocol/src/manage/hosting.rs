use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CorpId, Done, Refusal as R, endpoint,
    room::Token,
    world::{Bot, Hosting, HostingToken, RoomLabel},
};

/// Lists the groups of hosted accounts of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Hostings {
    /// 企业ID
    pub corpid: CorpId,
}

/// The groups of hosted accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HostingsOf {
    /// In the order in which they were made.
    pub hostings: Vec<HostingShown>,
}

/// A group of hosted accounts, without its tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HostingShown {
    /// Its id.
    pub group: String,
    /// Its name.
    pub name: String,
    /// How many tokens select it.
    pub tokens: i64,
    /// How many accounts are in it.
    pub bots: i64,
    /// Where it is told what happens; absent where nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
    /// Until when it is told nothing because ten callbacks in three minutes were given up, seconds UTC; absent where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silent_until: Option<i64>,
}

/// Makes a group of hosted accounts, with all that is in it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreateHosting {
    /// 企业ID
    pub corpid: CorpId,
    /// The group.
    pub hosting: Hosting,
}

/// What was made; the tokens are shown this once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HostingMade {
    /// The group's id.
    pub group: String,
    /// Its tokens, one at least.
    pub tokens: Vec<HostingToken>,
}

/// Changes a group of hosted accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ChangeHosting {
    /// 企业ID
    pub corpid: CorpId,
    /// The group's id.
    pub group: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 回调地址; empty takes it away. Set again, it is told at once what waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_url: Option<String>,
}

/// Gives a group of hosted accounts one more token.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddHostingToken {
    /// 企业ID
    pub corpid: CorpId,
    /// The group's id.
    pub group: String,
    /// The token.
    pub token: HostingToken,
}

/// Takes a token away: it selects nothing any more.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RevokeHostingToken {
    /// 企业ID
    pub corpid: CorpId,
    /// The group's id.
    pub group: String,
    /// The token.
    pub token: Token,
}

/// Hosts one more account.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreateBot {
    /// 企业ID
    pub corpid: CorpId,
    /// The id of the group of accounts.
    pub group: String,
    /// The account.
    pub bot: Bot,
}

/// Lists the labels of a group of hosted accounts.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RoomLabels {
    /// 企业ID
    pub corpid: CorpId,
    /// The group's id.
    pub group: String,
}

/// The labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RoomLabelsOf {
    /// In the order in which they were made, with the roomWxids of their rooms.
    pub labels: Vec<RoomLabel>,
}

/// Makes a label.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CreateRoomLabel {
    /// 企业ID
    pub corpid: CorpId,
    /// The group's id.
    pub group: String,
    /// The label.
    pub label: RoomLabel,
}

/// Gives a label another name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RenameRoomLabel {
    /// 企业ID
    pub corpid: CorpId,
    /// The label's id.
    pub id: String,
    /// Its name, 1 to 64 characters.
    pub name: String,
}

/// Removes a label, from all its rooms too.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeleteRoomLabel {
    /// 企业ID
    pub corpid: CorpId,
    /// The label's id.
    pub id: String,
}

/// Attaches a label to a room.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AttachRoomLabel {
    /// 企业ID
    pub corpid: CorpId,
    /// The label's id.
    pub id: String,
    /// A roomWxid, a customer group's chat_id or an internal group's chatid.
    pub room: String,
}

/// Takes a label from a room.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DetachRoomLabel {
    /// 企业ID
    pub corpid: CorpId,
    /// The label's id.
    pub id: String,
    /// A roomWxid, a customer group's chat_id or an internal group's chatid.
    pub room: String,
}

/// Says what an id is, whose it is, and what else it is called.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ExplainId {
    /// 企业ID
    pub corpid: CorpId,
    /// Any id: of people, contacts, accounts, groups, rooms, conversations, labels, join ways, apps, departments, tags.
    pub id: String,
}

/// What an id can be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Explained {
    /// The id.
    pub id: String,
    /// Everything that it stands for; empty where nothing has it.
    pub meanings: Vec<Meaning>,
}

/// What an id stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Meaning {
    /// Its kind, by the name that the APIs have for it: `userid`, `external_userid`, `contactWxid`, `roomWxid` and the like.
    pub kind: String,
    /// What has it, in a sentence.
    pub what: String,
    /// The other ids of the same thing, and those of what it belongs to or leads to.
    pub siblings: Vec<Sibling>,
}

/// Another id of the same thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Sibling {
    /// Its kind.
    pub kind: String,
    /// The id.
    pub id: String,
    /// For whom, where it is not the same for everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

endpoint! { Get "/_qun/companies/{corpid}/hostings", Hostings => HostingsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the groups of hosted accounts of a company",
} }
endpoint! { Post "/_qun/companies/{corpid}/hostings", CreateHosting => HostingMade {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("hosting"), title: "Make a group of hosted accounts",
    refuses: &[R::IdTaken, R::TokenTaken, R::PersonUnknown, R::ContactUnknown, R::RoomUnknown],
} }
endpoint! { Patch "/_qun/companies/{corpid}/hostings/{group}", ChangeHosting => HostingShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Change a group of hosted accounts",
    refuses: &[R::HostingUnknown],
} }
endpoint! { Post "/_qun/companies/{corpid}/hostings/{group}/tokens", AddHostingToken => HostingMade {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("token"), title: "Give a group of hosted accounts a token",
    refuses: &[R::HostingUnknown, R::TokenTaken],
} }
endpoint! { Post "/_qun/companies/{corpid}/hostings/{group}/revoke", RevokeHostingToken => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Take a token from a group of hosted accounts",
    refuses: &[R::HostingUnknown, R::RoomTokenInvalid],
} }
endpoint! { Post "/_qun/companies/{corpid}/hostings/{group}/bots", CreateBot => super::BotShown {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("bot"), title: "Host one more account",
    refuses: &[R::HostingUnknown, R::IdTaken, R::PersonUnknown, R::ContactUnknown, R::RoomUnknown],
} }
endpoint! { Get "/_qun/companies/{corpid}/hostings/{group}/labels", RoomLabels => RoomLabelsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the labels of rooms", refuses: &[R::HostingUnknown],
} }
endpoint! { Post "/_qun/companies/{corpid}/hostings/{group}/labels", CreateRoomLabel => RoomLabel {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("label"), title: "Make a label of rooms",
    refuses: &[R::HostingUnknown, R::IdTaken, R::RoomUnknown],
} }
endpoint! { Patch "/_qun/companies/{corpid}/labels/{id}", RenameRoomLabel => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Rename a label of rooms",
    refuses: &[R::RoomLabelUnknown],
} }
endpoint! { Delete "/_qun/companies/{corpid}/labels/{id}", DeleteRoomLabel => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Remove a label of rooms", refuses: &[R::RoomLabelUnknown],
} }
endpoint! { Put "/_qun/companies/{corpid}/labels/{id}/rooms/{room}", AttachRoomLabel => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json, title: "Attach a label to a room",
    refuses: &[R::RoomLabelUnknown, R::RoomUnknown],
} }
endpoint! { Delete "/_qun/companies/{corpid}/labels/{id}/rooms/{room}", DetachRoomLabel => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Take a label from a room",
    refuses: &[R::RoomLabelUnknown, R::RoomUnknown],
} }
endpoint! { Get "/_qun/companies/{corpid}/ids/{id}", ExplainId => Explained {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Say what an id is",
} }
