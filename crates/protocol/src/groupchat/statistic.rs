use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::OwnerFilter;
use crate::{Refusal as R, UserId, endpoint, rulebook::UTC8};

/// 获取「群聊数据统计」数据 按群主聚合的方式 Reads the figures of customer groups, a record for each owner in the app's visible range.
///
/// A span is closed, of at most 30 days counting both ends, from 180 days ago to yesterday; days are those of UTC+8.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Statistic {
    /// 起始日期的时间戳 seconds UTC; rounded down to the day's beginning
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_begin_time: Option<i64>,
    /// 结束日期的时间戳 seconds UTC, the whole day counts; absent: the same day
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_end_time: Option<i64>,
    /// 群主过滤 absent: all owners in range, unless those are more than 1000 people (81017)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_filter: Option<OwnerFilter>,
    /// 排序方式 1 (default) 新增群的数量, 2 群总数, 3 新增群人数, 4 群总人数; see [`OrderBy`]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_by: Option<i64>,
    /// 是否升序 0 (default) the greatest first, 1 the least first
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_asc: Option<i64>,
    /// 分页 the `next_offset` of the page before; 0 where absent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// 分页 how many, 1 to 1000; 500 where absent
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
}

/// A page of owners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Statistics {
    /// 命中过滤条件的记录总个数 owners who have figures at all
    pub total: i64,
    /// 当前分页的下一个offset the end is reached where it equals `total`
    pub next_offset: i64,
    /// 记录列表
    pub items: Vec<OwnerFigures>,
}

/// The figures of one owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OwnerFigures {
    /// 群主ID
    pub owner: UserId,
    /// 详情
    pub data: Figures,
}

/// 获取「群聊数据统计」数据 按自然日聚合的方式 Reads the figures of customer groups, a record for each day, over all owners asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct StatisticGroupByDay {
    /// 起始日期的时间戳 seconds UTC; rounded down to the day's beginning
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_begin_time: Option<i64>,
    /// 结束日期的时间戳 seconds UTC, the whole day counts; absent: the same day
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_end_time: Option<i64>,
    /// 群主过滤 absent: all owners in range, unless those are more than 1000 people (81017)
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner_filter: Option<OwnerFilter>,
}

/// Every day of the span.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DailyStatistics {
    /// 记录列表 oldest first
    pub items: Vec<DayFigures>,
}

/// The figures of one day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DayFigures {
    /// 数据日期 the day's beginning in UTC+8, seconds UTC
    pub stat_time: i64,
    /// 详情
    pub data: Figures,
}

/// 详情 What happened in customer groups. `new_*` is what the days asked brought, all else stands as of the last day's end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Figures {
    /// 新增客户群数量
    pub new_chat_cnt: i64,
    /// 截至当天客户群总数量
    pub chat_total: i64,
    /// 截至当天有发过消息的客户群数量
    pub chat_has_msg: i64,
    /// 客户群新增群人数 without those who founded a group
    pub new_member_cnt: i64,
    /// 截至当天客户群总人数 whoever is in several groups counts in each
    pub member_total: i64,
    /// 截至当天有发过消息的群成员数
    pub member_has_msg: i64,
    /// 截至当天客户群消息总数
    pub msg_total: i64,
    /// 截至当天新增迁移群数 of companies in education alone
    #[serde(skip_serializing_if = "Option::is_none")]
    pub migrate_trainee_chat_cnt: Option<i64>,
}

/// 排序方式 What a statistic by owner is sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderBy {
    /// 1 新增群的数量
    #[default]
    NewChats,
    /// 2 群总数
    Chats,
    /// 3 新增群人数
    NewMembers,
    /// 4 群总人数
    Members,
}

impl OrderBy {
    /// The number on the wire.
    pub const fn number(self) -> i64 {
        match self {
            OrderBy::NewChats => 1,
            OrderBy::Chats => 2,
            OrderBy::NewMembers => 3,
            OrderBy::Members => 4,
        }
    }

    /// The order with a number.
    pub const fn numbered(number: i64) -> Option<Self> {
        match number {
            1 => Some(OrderBy::NewChats),
            2 => Some(OrderBy::Chats),
            3 => Some(OrderBy::NewMembers),
            4 => Some(OrderBy::Members),
            _ => None,
        }
    }
}

/// The number of the day in UTC+8 that holds a moment, seconds UTC; counted from 1970-01-01.
pub const fn day_of(seconds: i64) -> i64 {
    seconds.saturating_add(UTC8 / 1000).div_euclid(86_400)
}

/// The beginning of a day in UTC+8, seconds UTC.
pub const fn day_start(day: i64) -> i64 {
    day.saturating_mul(86_400).saturating_sub(UTC8 / 1000)
}

endpoint! { Post "/cgi-bin/externalcontact/groupchat/statistic", Statistic => Statistics {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "获取「群聊数据统计」数据 按群主聚合 Statistics of customer groups by owner", page: 92133,
    required: &[("day_begin_time", R::StatisticSpan)],
    refuses: &[R::TooLong, R::InvalidParameter, R::InvalidUserid, R::RangeTooLarge],
    empty: &["items"],
} }
endpoint! { Post "/cgi-bin/externalcontact/groupchat/statistic_group_by_day", StatisticGroupByDay => DailyStatistics {
    auth: AccessToken, callers: crate::Callers::CustomerContact, body: crate::Body::Json,
    title: "获取「群聊数据统计」数据 按自然日聚合 Statistics of customer groups by day", page: 92133,
    required: &[("day_begin_time", R::StatisticSpan)],
    refuses: &[R::TooLong, R::InvalidUserid, R::RangeTooLarge],
    empty: &["items"],
} }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_midnight_in_utc8() {
        // The page's own example: 21:00 of a day is that day.
        assert_eq!(day_start(day_of(1_554_296_400)), 1_554_220_800);
        assert_eq!(day_of(1_554_220_800), day_of(1_554_220_799) + 1);
        assert_eq!(day_of(i64::MAX).signum(), 1);
        assert_eq!(day_start(i64::MIN), i64::MIN);
        for order in 0..6 {
            let known = OrderBy::numbered(order);
            assert_eq!(
                known.map(OrderBy::number),
                (1..=4).contains(&order).then_some(order)
            );
        }
    }
}
