use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Done, Refusal as R, endpoint};

/// 创建部门 Makes a department below another.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Create {
    /// 部门名称 1 to 64 characters without `\:*?"<>|`, unique among its siblings
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 英文名称 1 to 64 characters without `\:*?"<>|`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// 父部门id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parentid: Option<i64>,
    /// 在父部门中的次序值 0 to 4294967295, higher first
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
    /// 部门id above 1; absent: the next one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
}

/// The new department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Created {
    /// 创建的部门id
    pub id: i64,
}

/// 更新部门 Changes what is given of a department; the rest stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Update {
    /// 部门id
    pub id: Option<i64>,
    /// 部门名称 1 to 64 characters without `\:*?"<>|`, unique among its siblings
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// 英文名称 1 to 64 characters without `\:*?"<>|`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// 父部门id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parentid: Option<i64>,
    /// 在父部门中的次序值 0 to 4294967295, higher first
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<i64>,
}

/// 删除部门 Removes a department without people and departments below it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Delete {
    /// 部门id
    pub id: Option<i64>,
}

endpoint! { Post "/cgi-bin/department/create", Create => Created {
    auth: AccessToken, callers: Callers::ContactsSync, body: crate::Body::Json, done: "created",
    title: "创建部门 Make a department", page: 90205,
    required: &[("name", R::DepartmentNameLength), ("parentid", R::ParentNotFound)],
    refuses: &[R::DepartmentNameCharacters, R::DepartmentExists, R::DepartmentIdInvalid, R::InvalidParameter, R::DepartmentFull, R::DepartmentDepth],
} }

endpoint! { Post "/cgi-bin/department/update", Update => Done {
    auth: AccessToken, callers: Callers::ContactsSync, body: crate::Body::Json, done: "updated",
    title: "更新部门 Change a department", page: 90206,
    required: &[("id", R::DepartmentIdInvalid)],
    refuses: &[
        R::DepartmentNotFound, R::ParentNotFound, R::DepartmentNameLength, R::DepartmentNameCharacters, R::DepartmentExists,
        R::DepartmentCycle, R::InvalidParameter, R::DepartmentFull, R::DepartmentDepth,
    ],
} }

endpoint! { Get "/cgi-bin/department/delete", Delete => Done {
    auth: AccessToken, callers: Callers::ContactsSync, done: "deleted",
    title: "删除部门 Remove a department", page: 90207,
    required: &[("id", R::DepartmentIdInvalid)],
    refuses: &[R::DepartmentNotFound, R::DepartmentHasMembers, R::DepartmentHasChildren, R::RootStays],
} }
