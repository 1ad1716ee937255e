use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, Done, Refusal as R, UserId, endpoint};

/// Leaves a group. Where the owner leaves, the longest-standing member owns it; of a customer group the longest-standing employee.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Leave {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
}

/// Gives a group a new name.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Rename {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The member.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// The name, at most 50 characters, the rest is cut.
    pub name: String,
}

/// Hands a group over to another member; its owner alone may.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HandOver {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The owner.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// The new owner, a member.
    pub owner: UserId,
}

/// Removes members from a group; its owner alone may.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Remove {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The owner.
    pub userid: UserId,
    /// The group.
    pub chatid: ChatId,
    /// The members who go.
    pub userlist: Vec<UserId>,
}

endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/leave", Leave => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Leave a group", refuses: &[R::PersonUnknown, R::GroupUnknown],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/rename", Rename => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Rename a group as a member", refuses: &[R::PersonUnknown, R::GroupUnknown, R::ChatName],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/owner", HandOver => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Hand a group over to another member", refuses: &[R::PersonUnknown, R::GroupUnknown, R::NotOwner, R::NotMember, R::NoCustomerContact],
} }
endpoint! { Post "/_qun/people/{userid}/groups/{chatid}/remove", Remove => Done {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Json,
    title: "Remove members from a group as its owner", refuses: &[R::PersonUnknown, R::GroupUnknown, R::NotOwner, R::NotMember],
} }
