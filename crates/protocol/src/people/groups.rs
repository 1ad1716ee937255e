use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, Refusal as R, UserId, endpoint};

/// Lists the groups that a person sees. A group without a message is not seen by its members yet.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Groups {
    /// The company; may be absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<CorpId>,
    /// The person.
    pub userid: UserId,
}

/// The groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupsOf {
    /// In the order in which the person joined.
    pub groups: Vec<Group>,
}

/// A group as a member sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Group {
    /// The group's id.
    pub chatid: ChatId,
    /// Its name, empty where it has none.
    pub name: String,
    /// Its owner.
    pub owner: UserId,
    /// How many people are in it.
    pub member_count: i64,
    /// When this person joined, seconds UTC.
    pub join_time: i64,
}

endpoint! { Get "/_qun/people/{userid}/groups", Groups => GroupsOf {
    auth: Manage, envelope: crate::Envelope::Manage,
    title: "List the groups that a person sees", refuses: &[R::PersonUnknown],
} }
