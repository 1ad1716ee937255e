use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Refusal as R, UserId, endpoint};

/// 增加标签成员 Gives people and departments a tag that the same app made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AddTagUsers {
    /// 标签ID
    pub tagid: Option<i64>,
    /// 企业成员ID列表 at most 1000
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userlist: Vec<UserId>,
    /// 企业部门ID列表 at most 100
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partylist: Vec<i64>,
}

/// 删除标签成员 Takes a tag that the same app made from people and departments.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DelTagUsers {
    /// 标签ID
    pub tagid: Option<i64>,
    /// 企业成员ID列表 at most 1000
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub userlist: Vec<UserId>,
    /// 企业部门ID列表 at most 100
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partylist: Vec<i64>,
}

/// Who of a list was left out; everybody else was done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Invalid {
    /// 非法的成员帐号列表 userids with `|` between them; absent where there are none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalidlist: Option<String>,
    /// 非法的部门id列表 absent where there are none
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invalidparty: Option<Vec<i64>>,
}

endpoint! { Post "/cgi-bin/tag/addtagusers", AddTagUsers => Invalid {
    auth: AccessToken, callers: Callers::DirectoryReader, body: crate::Body::Json,
    title: "增加标签成员 Give people and departments a tag", page: 90214,
    required: &[("tagid", R::TagidMissing)],
    refuses: &[R::ParametersEmpty, R::TagidInvalid, R::NotTagsMaker, R::TooManyAtOnce, R::AllListInvalid, R::TagFull],
} }

endpoint! { Post "/cgi-bin/tag/deltagusers", DelTagUsers => Invalid {
    auth: AccessToken, callers: Callers::DirectoryReader, body: crate::Body::Json, done: "deleted",
    title: "删除标签成员 Take a tag from people and departments", page: 90215,
    required: &[("tagid", R::TagidMissing)],
    refuses: &[R::ParametersEmpty, R::TagidInvalid, R::NotTagsMaker, R::TooManyAtOnce, R::AllListInvalid],
} }
