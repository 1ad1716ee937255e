//! All groups of one owner for another, over as many calls and days as that takes.

mod record;
mod report;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
    time::Duration,
};

use futures_util::TryStreamExt;
use qun_protocol::{
    Endpoint, GroupChatId, Limit, UserId, Window,
    groupchat::{FollowStatus, List, ListedGroup, OnjobTransfer, OwnerFilter, Transfer},
};

pub use self::report::{GroupTransfer, TransferReport, TransferState};

use self::record::{Of, Record};
use super::{CustomerGroups, TRANSFERRED};
use crate::Error;

/// So many calls in a row may end without anybody knowing what became of them.
const UNKNOWN: usize = 3;
/// Clocks need not agree to the second: so much later than midnight the next day's begin, in milliseconds.
const MARGIN: i64 = 2_000;

/// The day's groups are spent, of one group in an answer.
const SPENT: i32 = 45009;
/// The owner is the new owner already.
const UNCHANGED: i32 = 90504;
/// The inheritance is under way.
const UNDER_WAY: i32 = 90507;
/// The inheritance is done.
const DONE: i32 = 90508;

/// A transfer of all groups of one owner to another, from [`CustomerGroups::transfer_all`]. Nothing is sent before it is run.
///
/// ```no_run
/// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
/// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan").record("transfers.jsonl").waiting();
/// let report = transfer.run(|group| println!("{}: {:?}", group.chat_id, group.state)).await?;
/// assert!(report.go_on.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before it is run"]
pub struct TransferAll {
    groups: CustomerGroups,
    owner: UserId,
    new_owner: UserId,
    on_job: bool,
    per_day: usize,
    waits: bool,
    record: Option<PathBuf>,
}

/// The groups that can still be given in a day of UTC+8, which began then.
struct Day {
    start: i64,
    left: usize,
}

impl Day {
    fn of(now: i64, left: usize) -> Self {
        let start = Window::Day.start(now);
        Day { start, left }
    }

    /// When the next begins, in milliseconds UTC.
    fn end(&self) -> i64 {
        self.start + Window::Day.length()
    }
}

impl TransferAll {
    pub(super) fn new(groups: CustomerGroups, owner: UserId, new_owner: UserId) -> Self {
        let per_day = groups.0.0.rules.limit(Limit::TransfersPerOwnersDay);
        TransferAll {
            groups,
            owner,
            new_owner,
            on_job: false,
            per_day: usize::try_from(per_day).unwrap_or(usize::MAX).max(1),
            waits: false,
            record: None,
        }
    }

    /// The owner is an employee (分配在职成员的客户群): groups are given at once. The server takes each twice in 90 days.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan").on_job();
    /// ```
    pub fn on_job(mut self) -> Self {
        self.on_job = true;
        self
    }

    /// With another number of groups a day than the rulebook's, 300; at least one. A server that takes fewer says so.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan").per_day(50);
    /// ```
    pub fn per_day(mut self, groups: usize) -> Self {
        self.per_day = groups.max(1);
        self
    }

    /// Waits for the next day when the day's groups are spent, as often as that takes. Otherwise the run ends then.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan").waiting();
    /// ```
    pub fn waiting(mut self) -> Self {
        self.waits = true;
        self
    }

    /// Notes in a file what is given: a line of JSON for each group, with its time. Another run with the same file knows then
    /// how many of today's are spent, and tells of groups that are their new owner's by now as well. It goes on from what the
    /// server says in any case; several transfers can share a file.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan").record("transfers.jsonl");
    /// ```
    pub fn record(mut self, file: impl Into<PathBuf>) -> Self {
        self.record = Some(file.into());
        self
    }

    /// What a run would do now, if nothing of today's was spent but what the record knows: groups that are under way already, and when the turn of
    /// each other one comes. It only reads.
    ///
    /// # Errors
    /// As [`CustomerGroups::list`]; [`Error::is_not_found`] where nobody is the owner; [`Error::Invalid`] where the record cannot be
    /// read and written.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan");
    /// for group in transfer.plan().await? {
    ///     println!("{}: {:?}", group.chat_id, group.state);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn plan(&self) -> Result<Vec<GroupTransfer>, Error> {
        Ok(self.begin().await?.groups)
    }

    /// Gives the groups, a hundred in a call and no more a day than the server takes, and tells of each as soon as it is known:
    /// of one that has to wait first that, and later what became of it.
    ///
    /// It can be stopped at any moment by dropping the future, and be run again at any time: what is under way or done by then
    /// is told by the server and not given twice. A call whose answer is lost is not believed to have failed: the groups are
    /// read again.
    ///
    /// # Errors
    /// [`Error::Invalid`] where both owners are the same; [`Error::is_not_found`] where nobody is one of them; else as
    /// [`CustomerGroups::transfer`]. What was told before holds.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let transfer = wecom.customer_groups().transfer_all("lisi", "zhangsan");
    /// let report = transfer.run(|group| println!("{}: {:?}", group.chat_id, group.state)).await?;
    /// if let Some(time) = report.go_on {
    ///     println!("the rest from {time} on");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run(self, mut told: impl FnMut(&GroupTransfer)) -> Result<TransferReport, Error> {
        let Run {
            mut groups,
            mut queue,
            mut day,
            mut record,
        } = self.begin().await?;
        for group in groups.iter().filter(|group| !group.state.waits()) {
            told(group);
        }
        let mut unknown = 0;
        while !queue.is_empty() {
            if Window::Day.start(self.now()) != day.start {
                day = Day::of(self.now(), self.per_day);
            }
            if day.left == 0 {
                self.schedule(&mut groups, &queue, &day);
                for at in &queue {
                    told(&groups[*at]);
                }
                if !self.waits {
                    break;
                }
                let wait = (day.end() - self.now() + MARGIN).max(0).unsigned_abs();
                tokio::time::sleep(Duration::from_millis(wait)).await;
                continue;
            }
            let size = queue.len().min(TRANSFERRED).min(day.left);
            let slice: Vec<usize> = queue.drain(..size).collect();
            let states = match self.give(&groups, &slice).await {
                Ok(states) => {
                    unknown = 0;
                    states
                }
                Err(error) if error.may_have_been_done() && unknown < UNKNOWN => {
                    unknown += 1;
                    self.look(&mut groups, &slice).await?
                }
                Err(error) => return Err(error),
            };
            let (mut again, mut given) = (Vec::new(), Vec::new());
            for (at, state) in slice.into_iter().zip(states) {
                match state {
                    Next::Is(state) => {
                        if matches!(state, TransferState::Accepted | TransferState::Pending) {
                            day.left = day.left.saturating_sub(1);
                            given.push(groups[at].chat_id.clone());
                        }
                        groups[at].state = state;
                        told(&groups[at]);
                    }
                    Next::Again => again.push(at),
                    Next::Tomorrow => {
                        day.left = 0;
                        again.push(at);
                    }
                }
            }
            for at in again.into_iter().rev() {
                queue.push_front(at);
            }
            let noted = record.as_mut().map(|it| it.add(self.now() / 1000, &given));
            if let Some(Err(error)) = noted {
                // They are given all the same, and the server knows it.
                tracing::warn!(%error, "what was given could not be noted");
            }
        }
        let go_on = (!queue.is_empty()).then(|| day.end() / 1000);
        Ok(TransferReport { groups, go_on })
    }

    /// Now by the server's clock, in milliseconds UTC.
    fn now(&self) -> i64 {
        self.groups.0.now_ms()
    }

    /// Reads what there is to do.
    async fn begin(&self) -> Result<Run, Error> {
        if self.owner.folded() == self.new_owner.folded() {
            return Err(Error::invalid(format!(
                "{} owns these groups already",
                self.new_owner
            )));
        }
        let record = self.open()?;
        let earlier = record.as_ref().map_or(&[][..], |record| &record.earlier);
        let listed: Vec<ListedGroup> = match self.listed().await {
            // Nothing of a resigned owner's is left, and the cloud does not know him any more.
            Err(unknown) if unknown.code() == Some(40003) && !earlier.is_empty() => Vec::new(),
            listed => listed?.collect(),
        };
        let mut known: BTreeSet<GroupChatId> =
            listed.iter().map(|group| group.chat_id.clone()).collect();
        // What the owner has no more, each once.
        let gone = earlier
            .iter()
            .filter(|(_, chat_id)| known.insert(chat_id.clone()));
        let gone = gone.map(|(_, chat_id)| GroupTransfer {
            chat_id: chat_id.clone(),
            status: None,
            state: TransferState::Done,
        });
        let mut groups: Vec<GroupTransfer> = gone.chain(listed.into_iter().map(planned)).collect();
        let mut day = Day::of(self.now(), self.per_day);
        let today = |time: i64| Window::Day.start(time.saturating_mul(1000)) == day.start;
        let spent = earlier.iter().filter(|(time, _)| today(*time)).count();
        day.left = day.left.saturating_sub(spent);
        let queue = queue(&groups);
        self.schedule(&mut groups, &queue, &day);
        Ok(Run {
            groups,
            queue,
            day,
            record,
        })
    }

    fn open(&self) -> Result<Option<Record>, Error> {
        let Some(path) = &self.record else {
            return Ok(None);
        };
        let of = Of {
            corpid: self.groups.0.corpid().clone(),
            owner: self.owner.folded().into_owned().as_str().into(),
            new_owner: self.new_owner.folded().into_owned().as_str().into(),
            on_job: self.on_job,
        };
        let opened = Record::open(path, of);
        let opened = opened
            .map_err(|error| Error::invalid(format!("{} cannot be used: {error}", path.display())));
        opened.map(Some)
    }

    /// Sets when the turn of each waiting group comes.
    fn schedule(&self, groups: &mut [GroupTransfer], queue: &VecDeque<usize>, day: &Day) {
        let now = self.now();
        for (place, at) in queue.iter().enumerate() {
            let until = match place.checked_sub(day.left) {
                None => now,
                Some(behind) => {
                    let days = i64::try_from(behind / self.per_day).unwrap_or(i64::MAX);
                    let later = days.saturating_mul(Window::Day.length());
                    day.end().saturating_add(later)
                }
            };
            groups[*at].state = TransferState::Waits {
                until: until / 1000,
            };
        }
    }

    /// The owner's groups.
    async fn listed(&self) -> Result<impl Iterator<Item = ListedGroup>, Error> {
        let filter = List {
            owner_filter: Some(OwnerFilter {
                userid_list: vec![self.owner.clone()],
            }),
            ..Default::default()
        };
        let listed: Result<Vec<_>, _> = self.groups.list(filter).try_collect().await;
        match listed {
            // The cloud has been seen not to know people any more who have resigned.
            Err(unknown) if !self.on_job && unknown.code() == Some(40003) => {
                let found = self.found().await?;
                match found.is_empty() {
                    true => Err(unknown),
                    false => Ok(found.into_iter()),
                }
            }
            listed => Ok(listed?.into_iter()),
        }
    }

    /// The owner's among all groups that wait for an heir or have one.
    async fn found(&self) -> Result<Vec<ListedGroup>, Error> {
        let mut found = Vec::new();
        for status in [FollowStatus::Resigned, FollowStatus::UnderWay] {
            let filter = List {
                status_filter: Some(status.number()),
                ..Default::default()
            };
            let mut listed = std::pin::pin!(self.groups.list(filter));
            while let Some(group) = listed.try_next().await? {
                match self.groups.get(&group.chat_id).await {
                    Ok(read) if read.owner.folded() == self.owner.folded() => found.push(group),
                    Ok(_) => {}
                    Err(error) if error.is_unknown_chat() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    /// Gives the groups at these places.
    async fn give(&self, groups: &[GroupTransfer], slice: &[usize]) -> Result<Vec<Next>, Error> {
        let chats = slice.iter().map(|at| groups[*at].chat_id.clone());
        let new_owner = self.new_owner.clone();
        let given = match self.on_job {
            true => self.groups.onjob_transfer(chats, new_owner).await?,
            false => self.groups.transfer(chats, new_owner).await?,
        };
        let failed = given.failed_chat_list.into_iter();
        let mut failed: BTreeMap<_, _> = failed
            .map(|failed| (failed.chat_id.clone(), failed))
            .collect();
        let next = |at: &usize| {
            let group = &groups[*at];
            let Some(failed) = failed.remove(&group.chat_id) else {
                return Next::Is(TransferState::Accepted);
            };
            let waited = group.status == Some(FollowStatus::Resigned.number());
            Next::Is(match failed.errcode {
                SPENT => return Next::Tomorrow,
                UNDER_WAY => TransferState::Pending,
                // It was to be given when it was listed: an earlier call was slow.
                UNCHANGED if self.on_job => TransferState::Done,
                DONE if waited => TransferState::Done,
                code => TransferState::Refused {
                    code,
                    message: failed.errmsg,
                },
            })
        };
        Ok(slice.iter().map(next).collect())
    }

    /// What became of groups at these places when nobody has said it.
    async fn look(
        &self,
        groups: &mut [GroupTransfer],
        slice: &[usize],
    ) -> Result<Vec<Next>, Error> {
        let path = match self.on_job {
            true => OnjobTransfer::META.path,
            false => Transfer::META.path,
        };
        tracing::debug!(path, "no answer, reading the groups again");
        let listed = match self.listed().await {
            Ok(listed) => listed
                .map(|group| (group.chat_id, group.status))
                .collect::<BTreeMap<_, _>>(),
            // The last of a resigned owner's groups is gone.
            Err(unknown) if unknown.code() == Some(40003) => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let next = |at: &usize| {
            let group = &mut groups[*at];
            let Some(status) = listed.get(&group.chat_id) else {
                return Next::Is(TransferState::Done);
            };
            group.status = Some(*status);
            match FollowStatus::numbered(*status) {
                Some(FollowStatus::UnderWay) => Next::Is(TransferState::Pending),
                _ => Next::Again,
            }
        };
        Ok(slice.iter().map(next).collect())
    }
}

/// A run as it begins.
struct Run {
    groups: Vec<GroupTransfer>,
    /// Places of those that are still to be given.
    queue: VecDeque<usize>,
    day: Day,
    record: Option<Record>,
}

/// What comes next for a group that was asked for.
enum Next {
    Is(TransferState),
    Again,
    Tomorrow,
}

/// A group before anything was tried. When its turn comes is not known yet.
fn planned(group: ListedGroup) -> GroupTransfer {
    let state = match FollowStatus::numbered(group.status) {
        Some(FollowStatus::UnderWay) => TransferState::Pending,
        _ => TransferState::Waits { until: 0 },
    };
    GroupTransfer {
        chat_id: group.chat_id,
        status: Some(group.status),
        state,
    }
}

/// The places of groups that are still to be given.
fn queue(groups: &[GroupTransfer]) -> VecDeque<usize> {
    let waiting = groups.iter().enumerate();
    let waiting = waiting.filter(|(_, group)| group.state.waits());
    waiting.map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests;
