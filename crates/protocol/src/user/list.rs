use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Detail;
use crate::{Callers, Refusal as R, UserId, endpoint};

/// 获取部门成员 Lists the people of a department of the app's visible range.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimpleList {
    /// 获取的部门id
    pub department_id: Option<i64>,
    /// 是否递归获取子部门下面的成员 1 with all departments below, 0 without
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch_child: Option<i64>,
}

/// The people, in the department's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SimpleListed {
    /// 成员列表
    pub userlist: Vec<Brief>,
}

/// A person in short.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Brief {
    /// 成员UserID
    pub userid: UserId,
    /// 成员名称
    pub name: String,
    /// 成员所属部门列表 those that the app sees
    pub department: Vec<i64>,
}

/// 获取部门成员详情 Lists the people of a department with what is known of them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct List {
    /// 获取的部门id
    pub department_id: Option<i64>,
    /// 是否递归获取子部门下面的成员 1 with all departments below, 0 without
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch_child: Option<i64>,
}

/// The people, in the department's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Listed {
    /// 成员列表
    pub userlist: Vec<Detail>,
}

endpoint! { Get "/cgi-bin/user/simplelist", SimpleList => SimpleListed {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取部门成员 List the people of a department", page: 90200,
    required: &[("department_id", R::DepartmentMissing)],
    refuses: &[R::DepartmentNotFound, R::DepartmentIdInvalid, R::SyncReads],
} }

endpoint! { Get "/cgi-bin/user/list", List => Listed {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取部门成员详情 List the people of a department in detail", page: 90201,
    required: &[("department_id", R::DepartmentMissing)],
    refuses: &[R::DepartmentNotFound, R::DepartmentIdInvalid, R::SyncReads],
} }
