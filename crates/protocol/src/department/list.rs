use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Refusal as R, UserId, endpoint};

/// 获取部门列表 Lists a department with all below it, or all that the app sees.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct List {
    /// 部门id absent: all that the app sees
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
}

/// The departments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Listed {
    /// 部门列表数据 by id
    pub department: Vec<Department>,
}

/// A department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Department {
    /// 部门id
    pub id: i64,
    /// 部门名称
    pub name: String,
    /// 英文名称
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_en: Option<String>,
    /// 部门负责人的UserID
    pub department_leader: Vec<UserId>,
    /// 父部门id 0 for the root
    pub parentid: i64,
    /// 在父部门中的次序值 higher first
    pub order: i64,
}

/// 获取子部门ID列表 The same as [`List`] without names.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimpleList {
    /// 部门id absent: all that the app sees
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
}

/// The departments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimpleListed {
    /// 部门列表数据 by id
    pub department_id: Vec<Node>,
}

/// A department without its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Node {
    /// 部门id
    pub id: i64,
    /// 父部门id 0 for the root
    pub parentid: i64,
    /// 在父部门中的次序值 higher first
    pub order: i64,
}

/// 获取单个部门详情 Reads a department.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Get {
    /// 部门id
    pub id: Option<i64>,
}

/// The department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Got {
    /// 部门详情
    pub department: Department,
}

endpoint! { Get "/cgi-bin/department/list", List => Listed {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取部门列表 List departments", page: 90208,
    refuses: &[R::DepartmentNotFound, R::DepartmentIdInvalid, R::SyncReads],
} }

endpoint! { Get "/cgi-bin/department/simplelist", SimpleList => SimpleListed {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取子部门ID列表 List the ids of departments", page: 95350,
    refuses: &[R::DepartmentNotFound, R::DepartmentIdInvalid],
} }

endpoint! { Get "/cgi-bin/department/get", Get => Got {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取单个部门详情 Read a department", page: 95351,
    required: &[("id", R::DepartmentIdInvalid)],
    refuses: &[R::DepartmentNotFound, R::SyncReads],
} }
