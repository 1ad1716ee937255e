//! What becomes of the groups of a transfer.

use qun_protocol::GroupChatId;

/// A group of a transfer, and what becomes of it.
///
/// ```
/// use qun_client::{GroupTransfer, TransferState};
///
/// fn line(group: &GroupTransfer) -> String {
///     match &group.state {
///         TransferState::Refused { code, message } => format!("{} {code} {message}", group.chat_id),
///         state => format!("{} {state:?}", group.chat_id),
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupTransfer {
    /// 客户群ID
    pub chat_id: GroupChatId,
    /// 客户群跟进状态 as it was listed, see
    /// [`FollowStatus`](qun_protocol::groupchat::FollowStatus); absent of a group that only the [record](crate::TransferAll::record) knows.
    pub status: Option<i64>,
    /// How far it is.
    pub state: TransferState,
}

/// How far the transfer of a group is.
///
/// ```
/// use qun_client::TransferState;
/// let left = |state: &TransferState| matches!(state, TransferState::Waits { .. });
/// assert!(!left(&TransferState::Done));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// This run gave it: its inheritance is under way, or done where the owner is on the job.
    Accepted,
    /// Its inheritance is under way since before.
    Pending,
    /// It is no longer its old owner's.
    Done,
    /// The server will not.
    Refused {
        /// 错误码
        code: i32,
        /// 错误描述
        message: String,
    },
    /// Its turn comes then, in seconds UTC. In a plan that can be now.
    Waits {
        /// When, in seconds UTC.
        until: i64,
    },
}

/// What became of all groups, in the order of the list; before them those that only the record knows.
///
/// ```
/// use qun_client::{TransferReport, TransferState};
/// let report = TransferReport::default();
/// assert!(report.go_on.is_none() && report.count(|state| *state == TransferState::Accepted) == 0);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransferReport {
    /// The groups.
    pub groups: Vec<GroupTransfer>,
    /// When to run it again, in seconds UTC: the day's groups are spent and some are left. Absent where none is.
    pub go_on: Option<i64>,
}

impl TransferReport {
    /// How many groups are in a state.
    ///
    /// ```
    /// use qun_client::{TransferReport, TransferState};
    /// let given = TransferReport::default().count(|state| *state == TransferState::Accepted);
    /// assert_eq!(given, 0);
    /// ```
    pub fn count(&self, is: impl Fn(&TransferState) -> bool) -> usize {
        self.groups.iter().filter(|group| is(&group.state)).count()
    }
}

impl TransferState {
    pub(super) fn waits(&self) -> bool {
        matches!(self, TransferState::Waits { .. })
    }
}
