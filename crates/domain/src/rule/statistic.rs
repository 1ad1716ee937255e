//! Figures of customer groups: what each change adds, which days may be asked, and what rows of totals come to.

use std::collections::BTreeMap;

use qun_protocol::{
    Limit, Refusal, Rules,
    groupchat::{Figures, OrderBy, day_of},
};
use qun_store::table::group_day::{Counters, Day, Totals};

/// What figures depend on of a customer group at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The owner.
    pub owner: i64,
    /// How many people are in it.
    pub members: i64,
    /// What was said in it, and by how many of them.
    pub counters: Counters,
    /// Whether it is dismissed.
    pub dismissed: bool,
}

impl State {
    /// What it brings to its owner's figures. Of a dismissed group only remains that it was once migrated.
    fn share(&self) -> Totals {
        let migrated = Totals {
            migrated: self.counters.migrated.into(),
            ..Totals::default()
        };
        if self.dismissed {
            return migrated;
        }
        Totals {
            chats: 1,
            spoken_chats: (self.counters.messages > 0).into(),
            members: self.members,
            speakers: self.counters.speakers,
            messages: self.counters.messages,
            ..migrated
        }
    }
}

/// What a change adds to which owners' figures of its day. A group without a state before is new, and those in it founded
/// it; `newcomers` came in later.
pub fn change(before: Option<&State>, after: &State, newcomers: i64) -> Vec<(i64, Totals)> {
    let mut gained = after.share();
    gained.new_members = newcomers;
    let Some(before) = before else {
        gained.new_chats = 1;
        return vec![(after.owner, gained)];
    };
    let lost = -before.share();
    let changes = if before.owner == after.owner {
        gained += lost;
        vec![(after.owner, gained)]
    } else {
        vec![(before.owner, lost), (after.owner, gained)]
    };
    changes
        .into_iter()
        .filter(|(_, totals)| *totals != Totals::default())
        .collect()
}

/// Days, both counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first day's number.
    pub first: i64,
    /// The last day's number.
    pub last: i64,
}

/// The first day whose figures are kept. `now` is ms UTC.
pub fn first_kept(rules: &Rules, now: i64) -> i64 {
    day_of(now.div_euclid(1000)).saturating_sub(rules.limit(Limit::StatisticDaysKept))
}

/// The days that are asked, times in seconds UTC; without an end, or with 0, the day of the beginning. `now` is ms UTC.
pub fn span(
    rules: &Rules,
    now: i64,
    begin: Option<i64>,
    end: Option<i64>,
) -> Result<Span, Refusal> {
    let begin = begin.ok_or(Refusal::StatisticSpan)?;
    let end = end.filter(|end| *end != 0).unwrap_or(begin);
    let (first, last) = (day_of(begin), day_of(end));
    let today = day_of(now.div_euclid(1000));
    let most = rules.limit(Limit::StatisticDays);
    if first > last || last >= today || first < first_kept(rules, now) || last - first >= most {
        return Err(Refusal::StatisticSpan);
    }
    Ok(Span { first, last })
}

fn figures(totals: Totals, new: Totals, migrations: bool) -> Figures {
    Figures {
        new_chat_cnt: new.new_chats,
        chat_total: totals.chats,
        chat_has_msg: totals.spoken_chats,
        new_member_cnt: new.new_members,
        member_total: totals.members,
        member_has_msg: totals.speakers,
        msg_total: totals.messages,
        migrate_trainee_chat_cnt: migrations.then_some(totals.migrated),
    }
}

fn difference(mut totals: Totals, before: Totals) -> Totals {
    totals -= before;
    totals
}

/// The figures of a span by owner, of rows as of its last day and as of the day before its first; owners who had nothing
/// in it are left out. `migrations` shows how many groups were migrated.
pub fn by_owner(before: &[Day], end: &[Day], migrations: bool) -> Vec<(i64, Figures)> {
    let before: BTreeMap<i64, Totals> = before.iter().map(|row| (row.owner, row.totals)).collect();
    let end: BTreeMap<i64, Totals> = end.iter().map(|row| (row.owner, row.totals)).collect();
    let nothing = figures(Totals::default(), Totals::default(), migrations);
    end.into_iter()
        .map(|(owner, totals)| {
            let before = before.get(&owner).copied().unwrap_or_default();
            let new = difference(totals, before);
            (owner, figures(totals, new, migrations))
        })
        .filter(|(_, figures)| *figures != nothing)
        .collect()
}

/// Sorts owners by a figure; who has the same stays in the order of the owners' keys.
pub fn sort(records: &mut [(i64, Figures)], by: OrderBy, ascending: bool) {
    let key = |figures: &Figures| match by {
        OrderBy::NewChats => figures.new_chat_cnt,
        OrderBy::Chats => figures.chat_total,
        OrderBy::NewMembers => figures.new_member_cnt,
        OrderBy::Members => figures.member_total,
    };
    records.sort_by(|(_, a), (_, b)| {
        if ascending {
            key(a).cmp(&key(b))
        } else {
            key(b).cmp(&key(a))
        }
    });
}

/// The figures of each day of a span over all owners, of the owners' rows as of the day before the first, and of those
/// within.
pub fn by_day(span: Span, before: &[Day], rows: &[Day], migrations: bool) -> Vec<(i64, Figures)> {
    let mut last: BTreeMap<i64, Totals> =
        before.iter().map(|row| (row.owner, row.totals)).collect();
    let mut gained: BTreeMap<i64, Totals> = BTreeMap::new();
    for row in rows {
        let last = last.entry(row.owner).or_default();
        *gained.entry(row.day).or_default() += difference(row.totals, *last);
        *last = row.totals;
    }
    let mut totals = Totals::default();
    for row in before {
        totals += row.totals;
    }
    (span.first..=span.last)
        .map(|day| {
            let new = gained.remove(&day).unwrap_or_default();
            totals += new;
            (day, figures(totals, new, migrations))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use qun_protocol::{Rulebook, groupchat::day_start};

    /// 2020-09-20 09:00 in UTC+8, after the documents' samples.
    const NOW: i64 = 1_600_563_600_000;
    const TODAY: i64 = day_of(NOW / 1000);

    #[test]
    fn a_span_ends_yesterday_begins_180_days_ago_and_has_30_days() {
        for book in Rulebook::ALL {
            let rules = Rules::of(book);
            let ask = |first: i64, last: i64| {
                span(&rules, NOW, Some(day_start(first)), Some(day_start(last)))
            };
            let refused = Err(Refusal::StatisticSpan);
            let good = |first, last| Ok(Span { first, last });
            assert_eq!(ask(TODAY - 1, TODAY - 1), good(TODAY - 1, TODAY - 1));
            assert_eq!(ask(TODAY - 1, TODAY), refused);
            assert_eq!(
                ask(TODAY - 180, TODAY - 180),
                good(TODAY - 180, TODAY - 180)
            );
            assert_eq!(ask(TODAY - 181, TODAY - 180), refused);
            assert_eq!(ask(TODAY - 30, TODAY - 1), good(TODAY - 30, TODAY - 1));
            assert_eq!(ask(TODAY - 31, TODAY - 1), refused);
            assert_eq!(ask(TODAY - 1, TODAY - 2), refused);
            // Milliseconds instead of seconds.
            assert_eq!(span(&rules, NOW, Some(NOW - 86_400_000), None), refused);
            assert_eq!(span(&rules, NOW, Some(i64::MAX), Some(i64::MIN)), refused);
            assert_eq!(span(&rules, NOW, Some(i64::MIN), Some(i64::MAX)), refused);
            assert_eq!(span(&rules, NOW, None, Some(day_start(TODAY - 1))), refused);
        }
    }

    #[test]
    fn a_time_within_a_day_stands_for_its_beginning_and_no_end_for_one_day() {
        let rules = Rules::of(Rulebook::Documented);
        let yesterday = day_start(TODAY - 1);
        for (begin, end) in [
            (yesterday, None),
            (yesterday, Some(0)),
            (yesterday + 86_399, None),
            (yesterday, Some(yesterday + 86_399)),
        ] {
            let one = Span {
                first: TODAY - 1,
                last: TODAY - 1,
            };
            assert_eq!(span(&rules, NOW, Some(begin), end), Ok(one));
        }
    }

    #[test]
    fn owners_are_sorted_by_any_figure_and_otherwise_by_key() {
        let record = |owner: i64, new_chat_cnt: i64, chat_total: i64| {
            let figures = Figures {
                new_chat_cnt,
                chat_total,
                new_member_cnt: -chat_total,
                member_total: 10 - new_chat_cnt,
                ..Figures::default()
            };
            (owner, figures)
        };
        let records = [record(1, 5, 2), record(2, 7, 2), record(3, 5, 9)];
        let sorted = |by, ascending| {
            let mut records = records;
            sort(&mut records, by, ascending);
            records.map(|(owner, _)| owner)
        };
        assert_eq!(sorted(OrderBy::NewChats, false), [2, 1, 3]);
        assert_eq!(sorted(OrderBy::NewChats, true), [1, 3, 2]);
        assert_eq!(sorted(OrderBy::Chats, false), [3, 1, 2]);
        assert_eq!(sorted(OrderBy::NewMembers, false), [1, 2, 3]);
        assert_eq!(sorted(OrderBy::NewMembers, true), [3, 1, 2]);
        assert_eq!(sorted(OrderBy::Members, true), [2, 1, 3]);
    }
}
