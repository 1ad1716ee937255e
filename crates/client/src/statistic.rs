//! 群聊数据统计: figures of customer groups over any days and any number of owners.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    ops::RangeInclusive,
    time::{SystemTime, UNIX_EPOCH},
};

use qun_protocol::{
    UserId,
    groupchat::{
        DayFigures, Figures, OwnerFigures, OwnerFilter, Statistic, StatisticGroupByDay, day_of,
        day_start,
    },
};

use crate::{CustomerGroups, Error};

/// One call takes at most so many days.
const SPAN: i64 = 30;
/// And names at most so many owners.
const OWNERS: usize = 100;
/// And a page has at most so many owners.
const PAGE: i64 = 1000;

/// Days in UTC+8, both counted. The API keeps those of the last 180 up to yesterday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    first: i64,
    last: i64,
}

impl Days {
    /// The last so many days up to yesterday; at least one.
    pub fn until_yesterday(count: u16) -> Days {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let today = day_of(now.map_or(0, |now| now.as_secs() as i64));
        Days {
            first: today - i64::from(count.max(1)),
            last: today - 1,
        }
    }

    /// Spans that fit a call, oldest first: begin and end in seconds UTC.
    fn spans(self) -> Result<Vec<(i64, i64)>, Error> {
        if self.first > self.last {
            return Err(Error::invalid("the days end before they begin"));
        }
        let starts = (self.first..=self.last).step_by(SPAN as usize);
        let span = |first: i64| (day_start(first), day_start(self.last.min(first + SPAN - 1)));
        Ok(starts.map(span).collect())
    }
}

/// The days of two moments, in seconds UTC.
impl From<RangeInclusive<i64>> for Days {
    fn from(moments: RangeInclusive<i64>) -> Self {
        Days {
            first: day_of(*moments.start()),
            last: day_of(*moments.end()),
        }
    }
}

/// Whose groups figures are of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owners {
    /// Everybody in the app's visible range.
    Everybody,
    /// These people, any number.
    These(Vec<UserId>),
}

impl<T: AsRef<str>, const N: usize> From<[T; N]> for Owners {
    fn from(owners: [T; N]) -> Self {
        owners.as_slice().into()
    }
}

impl<T: AsRef<str>> From<&[T]> for Owners {
    fn from(owners: &[T]) -> Self {
        Owners::These(owners.iter().map(|owner| owner.as_ref().into()).collect())
    }
}

impl<T: AsRef<str>> From<&Vec<T>> for Owners {
    fn from(owners: &Vec<T>) -> Self {
        owners.as_slice().into()
    }
}

impl<T: AsRef<str>> From<Vec<T>> for Owners {
    fn from(owners: Vec<T>) -> Self {
        owners.as_slice().into()
    }
}

impl Owners {
    /// As many as one call names, each once.
    fn filters(self) -> Vec<Option<OwnerFilter>> {
        let Owners::These(owners) = self else {
            return vec![None];
        };
        let once: BTreeMap<String, UserId> = owners
            .into_iter()
            .map(|owner| (owner.folded().into_owned(), owner))
            .collect();
        let once: Vec<UserId> = once.into_values().collect();
        let named = |owners: &[UserId]| {
            let userid_list = owners.to_vec();
            Some(OwnerFilter { userid_list })
        };
        once.chunks(OWNERS).map(named).collect()
    }
}

impl CustomerGroups {
    /// 群聊数据统计 按自然日聚合 The figures of each day, over all these owners. Longer times than 30 days and more owners
    /// than 100 take several calls.
    ///
    /// # Errors
    /// [`Error::Refused`] with 600018 for days that are not kept, with 81017 where more than 1000 people are in range and no owners are
    /// named; else as [`Client::send`](crate::Client::send).
    ///
    /// ```no_run
    /// use qun_client::{Client, Days};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let days = Days::until_yesterday(90);
    /// for day in wecom.customer_groups().statistics(days, ["zhangsan", "lisi"]).await? {
    ///     println!("{} {} {}", day.stat_time, day.data.new_member_cnt, day.data.member_total);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn statistics(
        &self,
        days: impl Into<Days>,
        owners: impl Into<Owners>,
    ) -> Result<Vec<DayFigures>, Error> {
        let spans = days.into().spans()?;
        let mut figures: BTreeMap<i64, Figures> = BTreeMap::new();
        for owner_filter in owners.into().filters() {
            for (begin, end) in &spans {
                let request = StatisticGroupByDay {
                    day_begin_time: Some(*begin),
                    day_end_time: Some(*end),
                    owner_filter: owner_filter.clone(),
                };
                for day in self.0.send(request).await?.items {
                    let sum = figures.entry(day.stat_time).or_default();
                    *sum = together(*sum, day.data);
                }
            }
        }
        let days = figures.into_iter();
        Ok(days
            .map(|(stat_time, data)| DayFigures { stat_time, data })
            .collect())
    }

    /// 群聊数据统计 按群主聚合 The figures of each of these owners over all the days, most new groups first. Who had nothing is
    /// left out.
    ///
    /// # Errors
    /// As [`CustomerGroups::statistics`].
    ///
    /// ```no_run
    /// use qun_client::{Client, Days, Owners};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let days = Days::until_yesterday(7);
    /// let groups = wecom.customer_groups();
    /// for owner in groups.statistics_by_owner(days, Owners::Everybody).await? {
    ///     println!("{} {}", owner.owner, owner.data.new_chat_cnt);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn statistics_by_owner(
        &self,
        days: impl Into<Days>,
        owners: impl Into<Owners>,
    ) -> Result<Vec<OwnerFigures>, Error> {
        let spans = days.into().spans()?;
        let mut figures: BTreeMap<String, OwnerFigures> = BTreeMap::new();
        for owner_filter in owners.into().filters() {
            // Each owner is asked for in one filter alone, span after span.
            let mut before: BTreeMap<String, OwnerFigures> = BTreeMap::new();
            for (begin, end) in &spans {
                let mut now = BTreeMap::new();
                for record in self.owners_of(*begin, *end, owner_filter.clone()).await? {
                    now.insert(record.owner.folded().into_owned(), record);
                }
                for (key, past) in before {
                    let record = now.entry(key).or_insert_with(|| OwnerFigures {
                        owner: past.owner,
                        data: none_left(past.data),
                    });
                    record.data.new_chat_cnt += past.data.new_chat_cnt;
                    record.data.new_member_cnt += past.data.new_member_cnt;
                }
                before = now;
            }
            figures.extend(before);
        }
        let mut owners: Vec<OwnerFigures> = figures.into_values().collect();
        owners.sort_by_key(|record| Reverse(record.data.new_chat_cnt));
        Ok(owners)
    }

    /// All owners of a span, page after page.
    async fn owners_of(
        &self,
        begin: i64,
        end: i64,
        owner_filter: Option<OwnerFilter>,
    ) -> Result<Vec<OwnerFigures>, Error> {
        let mut request = Statistic {
            day_begin_time: Some(begin),
            day_end_time: Some(end),
            owner_filter,
            offset: Some(0),
            limit: Some(PAGE),
            ..Default::default()
        };
        let mut owners = Vec::new();
        loop {
            let page = self.0.send(request.clone()).await?;
            owners.extend(page.items);
            if page.next_offset >= page.total || Some(page.next_offset) <= request.offset {
                return Ok(owners);
            }
            request.offset = Some(page.next_offset);
        }
    }
}

/// The figures of one day of different owners.
fn together(a: Figures, b: Figures) -> Figures {
    let migrated = (a.migrate_trainee_chat_cnt, b.migrate_trainee_chat_cnt);
    Figures {
        new_chat_cnt: a.new_chat_cnt + b.new_chat_cnt,
        chat_total: a.chat_total + b.chat_total,
        chat_has_msg: a.chat_has_msg + b.chat_has_msg,
        new_member_cnt: a.new_member_cnt + b.new_member_cnt,
        member_total: a.member_total + b.member_total,
        member_has_msg: a.member_has_msg + b.member_has_msg,
        msg_total: a.msg_total + b.msg_total,
        migrate_trainee_chat_cnt: match migrated {
            (None, None) => None,
            (a, b) => Some(a.unwrap_or(0) + b.unwrap_or(0)),
        },
    }
}

/// Nothing, with the fields that there were.
fn none_left(before: Figures) -> Figures {
    Figures {
        migrate_trainee_chat_cnt: before.migrate_trainee_chat_cnt.map(|_| 0),
        ..Figures::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_thirty_days_and_leave_none_out() {
        let day = 86_400;
        let begin = day_start(18_000);
        for (count, expected) in [(1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (180, 6)] {
            let spans = Days::from(begin..=begin + (count - 1) * day)
                .spans()
                .unwrap();
            assert_eq!(spans.len(), expected, "{count}");
            assert_eq!(spans[0].0, begin);
            assert_eq!(spans[expected - 1].1, begin + (count - 1) * day);
            for two in spans.windows(2) {
                assert_eq!(two[0].1 + day, two[1].0);
            }
            for (first, last) in spans {
                assert!(last - first < 30 * day && first <= last);
            }
        }
        let wrong = Days::from(begin + day..=begin);
        assert!(wrong.spans().is_err());
    }

    #[test]
    fn a_filter_names_a_hundred_owners_and_none_twice() {
        let names = |count: usize| (0..count).map(|n| format!("e{n}"));
        for (count, expected) in [(0, vec![]), (100, vec![100]), (101, vec![100, 1])] {
            let twice = names(count).chain(names(count).map(|it| it.to_uppercase()));
            let filters = Owners::from(twice.collect::<Vec<_>>()).filters();
            let sizes = filters.iter().flatten().map(|it| it.userid_list.len());
            assert_eq!(sizes.collect::<Vec<_>>(), expected, "{count}");
        }
        assert_eq!(Owners::Everybody.filters(), [None]);
    }
}
