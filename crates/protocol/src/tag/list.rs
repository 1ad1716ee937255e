use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Callers, Refusal as R, UserId, endpoint};

/// 获取标签成员 Reads who has a tag, as far as the app sees them.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Get {
    /// 标签ID
    pub tagid: Option<i64>,
}

/// The tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Got {
    /// 标签名
    pub tagname: String,
    /// 标签中包含的成员列表
    pub userlist: Vec<Tagged>,
    /// 标签中包含的部门id列表
    pub partylist: Vec<i64>,
}

/// A person with a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Tagged {
    /// 成员UserID
    pub userid: UserId,
    /// 成员名
    pub name: String,
}

/// 获取标签列表 Lists the tags of the company.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct List {}

/// The tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Listed {
    /// 标签列表 by id
    pub taglist: Vec<Tag>,
}

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Tag {
    /// 标签id
    pub tagid: i64,
    /// 标签名
    pub tagname: String,
}

endpoint! { Get "/cgi-bin/tag/get", Get => Got {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取标签成员 Read who has a tag", page: 90213,
    required: &[("tagid", R::TagidMissing)],
    refuses: &[R::TagidInvalid],
} }

endpoint! { Get "/cgi-bin/tag/list", List => Listed {
    auth: AccessToken, callers: Callers::DirectoryReader,
    title: "获取标签列表 List the tags", page: 90216,
} }
