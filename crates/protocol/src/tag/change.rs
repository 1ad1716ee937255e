use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Done, Refusal as R, endpoint};

/// 创建标签 Makes a tag, which the same app alone may change.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Create {
    /// 标签名称 1 to 32 characters, unique in the company
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagname: Option<String>,
    /// 标签id absent: the next one
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tagid: Option<i64>,
}

/// The new tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Created {
    /// 标签id
    pub tagid: i64,
}

/// 更新标签名字 Renames a tag that the same app made.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Update {
    /// 标签ID
    pub tagid: Option<i64>,
    /// 标签名称 1 to 32 characters, unique in the company
    pub tagname: Option<String>,
}

/// 删除标签 Removes a tag that the same app made, with all who have it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Delete {
    /// 标签ID
    pub tagid: Option<i64>,
}

endpoint! { Post "/cgi-bin/tag/create", Create => Created {
    auth: AccessToken, callers: Callers::DirectoryReader, body: crate::Body::Json, done: "created",
    title: "创建标签 Make a tag", page: 90210,
    required: &[("tagname", R::TagnameMissing)],
    refuses: &[R::TagnameLength, R::TagnameTaken, R::TagidInvalid, R::TagsFull],
} }

endpoint! { Post "/cgi-bin/tag/update", Update => Done {
    auth: AccessToken, callers: Callers::DirectoryReader, body: crate::Body::Json, done: "updated",
    title: "更新标签名字 Rename a tag", page: 90211,
    required: &[("tagid", R::TagidMissing), ("tagname", R::TagnameMissing)],
    refuses: &[R::TagidInvalid, R::NotTagsMaker, R::TagnameLength, R::TagnameTaken],
} }

endpoint! { Get "/cgi-bin/tag/delete", Delete => Done {
    auth: AccessToken, callers: Callers::DirectoryReader, done: "deleted",
    title: "删除标签 Remove a tag", page: 90212,
    required: &[("tagid", R::TagidMissing)],
    refuses: &[R::TagidInvalid, R::NotTagsMaker],
} }
