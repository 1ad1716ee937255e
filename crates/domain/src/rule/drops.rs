//! Which of an app's messages never reached a person: what is beyond the number a minute, then beyond the number of a longer window.

use std::collections::BTreeMap;

use qun_protocol::{Limit, Rules, check::To};

/// How much of an app one person receives, over the groups together (90248) or from the app itself (90236): a minute, and
/// in a longer window.
pub const fn limits(to: To) -> [Limit; 2] {
    match to {
        To::Group => [
            Limit::ChatReceivesPerMemberMinute,
            Limit::ChatReceivesPerMemberDay,
        ],
        To::People => [
            Limit::MessageReceivesPerMemberMinute,
            Limit::MessageReceivesPerMemberHour,
        ],
    }
}

/// Of the ids of all messages that an app sent one person in one of the longer windows, ascending: which were dropped, by which limit and its value.
///
/// `rules` holds the times from which on rules were in force, ms UTC and ascending; each message is judged by those of its time.
/// An id is its time in microseconds. A message that the minute's limit drops is not received, so it does not count for the longer window.
pub fn dropped(
    rules: &[(i64, Rules)],
    [short, long]: [Limit; 2],
    ids: &[i64],
) -> BTreeMap<i64, (Limit, i64)> {
    let mut dropped = BTreeMap::new();
    let (mut minute, mut in_minute, mut in_all) = (i64::MIN, 0, 0);
    for id in ids {
        let now = id / 1000;
        let in_force = rules.iter().rev().find(|(since, _)| *since <= now);
        let Some((_, rules)) = in_force else { continue };
        let (per_minute, in_window) = (rules.limit(short), rules.limit(long));
        let start = short.window().start(now);
        if start != minute {
            (minute, in_minute) = (start, 0);
        }
        if in_minute >= per_minute {
            dropped.insert(*id, (short, per_minute));
        } else if in_all >= in_window {
            dropped.insert(*id, (long, in_window));
        } else {
            in_minute += 1;
            in_all += 1;
        }
    }
    dropped
}

#[cfg(test)]
mod tests {
    use proptest::{collection::btree_set, prelude::*};
    use qun_protocol::Rulebook;

    use super::*;

    const GROUP: [Limit; 2] = limits(To::Group);
    const MINUTE: i64 = 60_000_000;
    /// 2023-11-01 00:00:00 in UTC+8, microseconds UTC.
    const DAY: i64 = 1_698_768_000_000_000;

    fn rules(per_minute: i64, per_day: i64) -> [(i64, Rules); 1] {
        let mut rules = Rules::of(Rulebook::Documented);
        rules.set(Limit::ChatReceivesPerMemberMinute, per_minute);
        rules.set(Limit::ChatReceivesPerMemberDay, per_day);
        [(DAY / 1000, rules)]
    }

    /// The same by counting anew, for each message, what was delivered before it.
    fn recount(per_minute: usize, per_day: usize, ids: &[i64]) -> BTreeMap<i64, (Limit, i64)> {
        let (mut delivered, mut dropped) = (Vec::<i64>::new(), BTreeMap::new());
        for id in ids {
            let beside = delivered
                .iter()
                .filter(|other| *other / MINUTE == id / MINUTE);
            if beside.count() >= per_minute {
                dropped.insert(*id, (Limit::ChatReceivesPerMemberMinute, per_minute as i64));
            } else if delivered.len() >= per_day {
                dropped.insert(*id, (Limit::ChatReceivesPerMemberDay, per_day as i64));
            } else {
                delivered.push(*id);
            }
        }
        dropped
    }

    proptest! {
        #[test]
        fn no_minute_and_no_day_delivers_more_than_its_number(
            per_minute in 0usize..5,
            per_day in 0usize..12,
            // Six minutes in steps of a quarter minute and a bit: several messages to a minute, and some on its edge.
            times in btree_set((0i64..24, 0i64..3), 0..40),
        ) {
            let ids: Vec<i64> = times.iter().map(|(quarter, bit)| DAY + quarter * MINUTE / 4 + bit).collect();
            let dropped = dropped(&rules(per_minute as i64, per_day as i64), GROUP, &ids);
            prop_assert_eq!(&dropped, &recount(per_minute, per_day, &ids));
            let mut of_minute = BTreeMap::<i64, usize>::new();
            for id in ids.iter().filter(|id| !dropped.contains_key(id)) {
                *of_minute.entry(id / MINUTE).or_default() += 1;
            }
            prop_assert!(of_minute.values().all(|delivered| *delivered <= per_minute));
            prop_assert!(of_minute.values().sum::<usize>() <= per_day);
        }

        #[test]
        fn what_comes_later_changes_nothing_before(times in btree_set(0i64..400, 1..60), known in 0usize..60) {
            let ids: Vec<i64> = times.iter().map(|second| DAY + second * 1_000_000).collect();
            let known = &ids[..known.min(ids.len())];
            let rules = rules(3, 9);
            let mut of_all = dropped(&rules, GROUP, &ids);
            of_all.retain(|id, _| known.contains(id));
            prop_assert_eq!(of_all, dropped(&rules, GROUP, known));
        }
    }

    #[test]
    fn the_published_numbers_are_exact() {
        let rules = [(i64::MIN, Rules::of(Rulebook::Documented))];
        let of_minute = |minute: i64, n: i64| (0..n).map(move |k| DAY + minute * MINUTE + k);
        let ids: Vec<i64> = of_minute(0, 200).collect();
        assert_eq!(dropped(&rules, GROUP, &ids), BTreeMap::new());
        let ids: Vec<i64> = of_minute(0, 201).chain(of_minute(1, 1)).collect();
        assert_eq!(
            dropped(&rules, GROUP, &ids),
            BTreeMap::from([(DAY + 200, (Limit::ChatReceivesPerMemberMinute, 200))])
        );
        // Fifty full minutes make the day's ten thousand; what the minute dropped was not received.
        let mut ids: Vec<i64> = (0..50).flat_map(|minute| of_minute(minute, 201)).collect();
        assert_eq!(dropped(&rules, GROUP, &ids).len(), 50);
        ids.push(DAY + 60 * MINUTE);
        assert_eq!(
            dropped(&rules, GROUP, &ids).last_key_value(),
            Some((
                &(DAY + 60 * MINUTE),
                &(Limit::ChatReceivesPerMemberDay, 10_000)
            ))
        );
    }

    #[test]
    fn what_an_app_says_to_a_person_has_its_own_numbers() {
        let rules = [(i64::MIN, Rules::of(Rulebook::Documented))];
        // Thirty of 31 a minute; the 34th minute brings the thousandth.
        let ids = (0..34).flat_map(|minute| (0..31).map(move |k| DAY + minute * MINUTE + k));
        let ids: Vec<i64> = ids.collect();
        let dropped = dropped(&rules, limits(To::People), &ids);
        let by = |limit| dropped.values().filter(|drop| drop.0 == limit).count();
        assert_eq!(by(Limit::MessageReceivesPerMemberMinute), 33);
        assert_eq!(by(Limit::MessageReceivesPerMemberHour), 21);
        assert_eq!(ids.len() - dropped.len(), 1000);
    }

    #[test]
    fn each_message_is_judged_by_the_rules_of_its_time() {
        let [(_, few)] = rules(1, 9);
        let [(_, many)] = rules(3, 9);
        let later = DAY / 1000 + 10;
        let ids = [0, 1, 10_000, 10_001, 10_002].map(|id| DAY + id);
        let dropped = dropped(&[(DAY / 1000, few), (later, many)], GROUP, &ids);
        let minute = Limit::ChatReceivesPerMemberMinute;
        assert_eq!(
            dropped,
            BTreeMap::from([(DAY + 1, (minute, 1)), (DAY + 10_002, (minute, 3))])
        );
    }
}
