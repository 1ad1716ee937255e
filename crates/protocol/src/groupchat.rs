//! 客户群: groups of employees and customers. Their `chat_id` is never an internal group's chatid.

mod get;
mod join_way;
mod list;
mod opengid;
mod statistic;
mod transfer;

pub use get::{Get, Got, GroupChat, GroupMember, Named};
pub use join_way::{
    AddJoinWay, DelJoinWay, GetJoinWay, JoinWay, JoinWayAdded, JoinWayGot, JoinWayScene,
    UpdateJoinWay,
};
pub use list::{FollowStatus, List, Listed, ListedGroup, OwnerFilter};
pub use opengid::{ChatIdOf, OpengidToChatId};
pub use statistic::{
    DailyStatistics, DayFigures, Figures, OrderBy, OwnerFigures, Statistic, StatisticGroupByDay,
    Statistics, day_of, day_start,
};
pub use transfer::{FailedChat, OnjobTransfer, Transfer, Transferred};

/// How a member of a customer group came in, in the numbers of `join_scene`. An event's `JoinScene` counts otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JoinScene {
    /// 1 由群成员邀请入群(直接邀请入群)
    #[default]
    Invited,
    /// 2 由群成员邀请入群(通过邀请链接入群)
    Link,
    /// 3 通过扫描群二维码入群
    QrCode,
}

impl JoinScene {
    /// The number on the wire of groupchat/get.
    pub const fn number(self) -> i64 {
        match self {
            JoinScene::Invited => 1,
            JoinScene::Link => 2,
            JoinScene::QrCode => 3,
        }
    }

    /// The scene with a number.
    pub const fn numbered(number: i64) -> Option<Self> {
        match number {
            1 => Some(JoinScene::Invited),
            2 => Some(JoinScene::Link),
            3 => Some(JoinScene::QrCode),
            _ => None,
        }
    }

    /// The number in an event: 0 invited, directly or by a link, 3 by a QR code (92130).
    pub const fn in_event(self) -> i64 {
        match self {
            JoinScene::Invited | JoinScene::Link => 0,
            JoinScene::QrCode => 3,
        }
    }
}
