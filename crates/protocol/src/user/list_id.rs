use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Refusal as R, UserId, endpoint};

/// 获取成员ID列表 Lists who is in which department, page by page.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListId {
    /// 用于分页查询的游标 the `next_cursor` of the page before; absent: the first page
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 分页，预期请求的数据量 1 to 10000; absent: 10000
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListedIds {
    /// 分页游标 what `cursor` takes for the next page; empty at the end
    pub next_cursor: String,
    /// 用户-部门关系列表
    pub dept_user: Vec<DeptUser>,
}

/// A person in a department; one who is in several comes several times.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DeptUser {
    /// 用户userid
    pub userid: UserId,
    /// 用户所属部门id
    pub department: i64,
}

endpoint! { Post "/cgi-bin/user/list_id", ListId => ListedIds {
    auth: AccessToken, callers: Callers::ContactsSync, body: crate::Body::Json,
    title: "获取成员ID列表 List who is in which department", page: 96067,
    refuses: &[R::InvalidParameter, R::CursorInvalid],
} }
