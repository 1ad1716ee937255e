use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CorpId, Done, Refusal as R, UserId, endpoint,
    world::{Department, Tag, User},
};

/// Lists or searches the people of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Users {
    /// 企业ID
    pub corpid: CorpId,
    /// Part of a userid or name, ignoring ASCII case; absent: everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// What `next` of the page before said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// At most so many, 1 to 1000; 100 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of people.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UsersOf {
    /// In the order in which they were made.
    pub users: Vec<User>,
    /// What `after` takes for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Reads a person.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct GetUser {
    /// 企业ID
    pub corpid: CorpId,
    /// The person.
    pub userid: UserId,
}

/// Makes or replaces a person.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PutUser {
    /// 企业ID
    pub corpid: CorpId,
    /// The person.
    pub userid: UserId,
    /// All of the person; a `userid` in it must be the same.
    pub user: User,
}

/// Removes a person who is in no group.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeleteUser {
    /// 企业ID
    pub corpid: CorpId,
    /// The person.
    pub userid: UserId,
}

/// Lists the departments of a company, the root first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Departments {
    /// 企业ID
    pub corpid: CorpId,
}

/// The departments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DepartmentsOf {
    /// By id.
    pub departments: Vec<Department>,
}

/// Makes or replaces a department.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PutDepartment {
    /// 企业ID
    pub corpid: CorpId,
    /// The department.
    pub id: i64,
    /// All of it; an `id` in it must be the same.
    pub department: Department,
}

/// Removes a department that has neither members nor children.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeleteDepartment {
    /// 企业ID
    pub corpid: CorpId,
    /// The department.
    pub id: i64,
}

/// Lists the tags of a company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Tags {
    /// 企业ID
    pub corpid: CorpId,
}

/// The tags.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TagsOf {
    /// By id.
    pub tags: Vec<Tag>,
}

/// Makes or replaces a tag.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PutTag {
    /// 企业ID
    pub corpid: CorpId,
    /// The tag.
    pub tagid: i64,
    /// All of it; a `tagid` in it must be the same.
    pub tag: Tag,
}

/// Removes a tag.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeleteTag {
    /// 企业ID
    pub corpid: CorpId,
    /// The tag.
    pub tagid: i64,
}

endpoint! { Get "/_qun/companies/{corpid}/users", Users => UsersOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List or search the people of a company",
} }
endpoint! { Get "/_qun/companies/{corpid}/users/{userid}", GetUser => User {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Read a person", refuses: &[R::PersonUnknown],
} }
endpoint! { Put "/_qun/companies/{corpid}/users/{userid}", PutUser => User {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("user"), title: "Make or replace a person",
    refuses: &[R::DepartmentUnknown, R::DetailTaken],
} }
endpoint! { Delete "/_qun/companies/{corpid}/users/{userid}", DeleteUser => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Remove a person", refuses: &[R::PersonUnknown, R::PersonInUse],
} }
endpoint! { Get "/_qun/companies/{corpid}/departments", Departments => DepartmentsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the departments of a company",
} }
endpoint! { Put "/_qun/companies/{corpid}/departments/{id}", PutDepartment => Department {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("department"), title: "Make or replace a department",
    refuses: &[R::DepartmentUnknown],
} }
endpoint! { Delete "/_qun/companies/{corpid}/departments/{id}", DeleteDepartment => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Remove a department", refuses: &[R::DepartmentUnknown, R::DepartmentInUse],
} }
endpoint! { Get "/_qun/companies/{corpid}/tags", Tags => TagsOf {
    auth: Manage, envelope: crate::Envelope::Manage, title: "List the tags of a company",
} }
endpoint! { Put "/_qun/companies/{corpid}/tags/{tagid}", PutTag => Tag {
    auth: Manage, envelope: crate::Envelope::Manage, body: crate::Body::Item("tag"), title: "Make or replace a tag",
    refuses: &[R::PersonUnknown, R::DepartmentUnknown],
} }
endpoint! { Delete "/_qun/companies/{corpid}/tags/{tagid}", DeleteTag => Done {
    auth: Manage, envelope: crate::Envelope::Manage, title: "Remove a tag", refuses: &[R::TagUnknown],
} }
