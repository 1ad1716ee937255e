use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GroupChatId, Refusal as R, UserId, endpoint};

/// 获取客户群列表 Lists the customer groups whose owners are in the app's visible range, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct List {
    /// 客户群跟进状态过滤 0 (default) all, 1 离职待继承, 2 离职继承中, 3 离职继承完成
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_filter: Option<i64>,
    /// 群主过滤 absent: all owners in range, unless those are more than 1000 people (81017)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_filter: Option<OwnerFilter>,
    /// 用于分页查询的游标 the `next_cursor` of the page before; absent: the first page
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// 分页 how many, 1 to 1000; must be there
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Of the old form: how many to leave out. With `limit` at most 50 000; use `cursor` instead
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
}

/// 群主过滤 Owners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OwnerFilter {
    /// 用户ID列表 at most 100
    pub userid_list: Vec<UserId>,
}

/// A page of customer groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Listed {
    /// 客户群列表 in the order in which they were made
    pub group_chat_list: Vec<ListedGroup>,
    /// 分页游标 what `cursor` takes for the next page; empty at the end
    pub next_cursor: String,
}

/// A customer group in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ListedGroup {
    /// 客户群ID
    pub chat_id: GroupChatId,
    /// 客户群跟进状态 0 跟进人正常, 1 跟进人离职, 2 离职继承中, 3 离职继承完成; see [`FollowStatus`]
    pub status: i64,
}

/// 客户群跟进状态 How a customer group is looked after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FollowStatus {
    /// 0 跟进人正常
    #[default]
    Normal,
    /// 1 跟进人离职: waits for somebody to inherit it
    Resigned,
    /// 2 离职继承中
    UnderWay,
    /// 3 离职继承完成
    Done,
}

impl FollowStatus {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            FollowStatus::Normal => 0,
            FollowStatus::Resigned => 1,
            FollowStatus::UnderWay => 2,
            FollowStatus::Done => 3,
        }
    }

    /// The status with a number.
    pub const fn numbered(number: i64) -> Option<Self> {
        match number {
            0 => Some(FollowStatus::Normal),
            1 => Some(FollowStatus::Resigned),
            2 => Some(FollowStatus::UnderWay),
            3 => Some(FollowStatus::Done),
            _ => None,
        }
    }
}

endpoint! { Post "/cgi-bin/externalcontact/groupchat/list", List => Listed {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "获取客户群列表 List customer groups", page: 92120,
    required: &[("limit", R::InvalidParameter)],
    refuses: &[R::TooLong, R::InvalidUserid, R::CursorInvalid, R::RangeTooLarge],
} }
