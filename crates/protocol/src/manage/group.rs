use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ChatId, CorpId, Refusal as R, UserId, appchat::Member, endpoint, people::Arrived};

/// Lists or searches the live groups of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Groups {
    /// 企业ID
    pub corpid: CorpId,
    /// Part of a name or chatid, ignoring ASCII case; absent: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only those that this app made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// What `next` of the page before said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupsPage {
    /// In the order in which they were made.
    pub groups: Vec<GroupShown>,
    /// What `after` takes for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A group as the operator sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GroupShown {
    /// Its id.
    pub chatid: ChatId,
    /// The app that made it.
    pub agentid: i64,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: UserId,
    /// How many people are in it.
    pub member_count: i64,
    /// When it was made, seconds UTC.
    pub create_time: i64,
    /// Whether its members see it: it has had a message.
    pub visible: bool,
    /// Its members; in lists absent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<Member>,
}

/// Reads a live group with its members.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetGroup {
    /// 企业ID
    pub corpid: CorpId,
    /// The group.
    pub chatid: ChatId,
}

/// Reads what was said in a live group, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct History {
    /// 企业ID
    pub corpid: CorpId,
    /// The group.
    pub chatid: ChatId,
    /// The `cursor` of the page before; absent: from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many messages, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of a group's history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct HistoryPage {
    /// The messages, oldest first.
    pub messages: Vec<Arrived>,
    /// Where the next page begins; opaque.
    pub cursor: String,
    /// Whether more is there already.
    pub more: bool,
}

endpoint! { Get "/_qun/companies/{corpid}/groups", Groups => GroupsPage {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List or search the groups of a company", refuses: &[R::AppUnknown],
} }
endpoint! { Get "/_qun/companies/{corpid}/groups/{chatid}", GetGroup => GroupShown {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read a group with its members", refuses: &[R::GroupUnknown],
} }
endpoint! { Get "/_qun/companies/{corpid}/groups/{chatid}/history", History => HistoryPage {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read what was said in a group", refuses: &[R::GroupUnknown],
} }
