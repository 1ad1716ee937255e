use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Done, Refusal as R, UserId, endpoint};

/// 删除成员 Removes a person; what the person said stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Delete {
    /// 成员UserID
    pub userid: UserId,
}

/// 批量删除成员 Removes people, all or none.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BatchDelete {
    /// 成员UserID列表 at most 200
    pub useridlist: Vec<UserId>,
}

endpoint! { Get "/cgi-bin/user/delete", Delete => Done {
    auth: AccessToken, callers: Callers::ContactsSync, done: "deleted",
    title: "删除成员 Remove a person", page: 90198,
    required: &[("userid", R::UseridMissing)],
    refuses: &[R::UseridUnknown],
} }

endpoint! { Post "/cgi-bin/user/batchdelete", BatchDelete => Done {
    auth: AccessToken, callers: Callers::ContactsSync, body: crate::Body::Json, done: "deleted",
    title: "批量删除成员 Remove people, all or none", page: 90199,
    required: &[("useridlist", R::UseridListInvalid)],
    refuses: &[R::UsersTooMany],
} }
