//! Which of an app's messages never reached a member: what is beyond the number a minute, then beyond the number a day.

use std::collections::BTreeMap;

use qun_protocol::{Limit, Rules, Window};

/// Of the ids of all messages that an app sent one member on one day (UTC+8), ascending: which were dropped, by which limit.
///
/// An id is its time in microseconds. A message that the minute's limit drops is not received, so it does not count for the day.
pub fn dropped(rules: &Rules, ids: &[i64]) -> BTreeMap<i64, Limit> {
    let (per_minute, per_day) = (
        rules.limit(Limit::ChatReceivesPerMemberMinute),
        rules.limit(Limit::ChatReceivesPerMemberDay),
    );
    let mut dropped = BTreeMap::new();
    let (mut minute, mut in_minute, mut in_day) = (i64::MIN, 0, 0);
    for id in ids {
        let start = Window::Minute.start(id / 1000);
        if start != minute {
            (minute, in_minute) = (start, 0);
        }
        if in_minute >= per_minute {
            dropped.insert(*id, Limit::ChatReceivesPerMemberMinute);
        } else if in_day >= per_day {
            dropped.insert(*id, Limit::ChatReceivesPerMemberDay);
        } else {
            in_minute += 1;
            in_day += 1;
        }
    }
    dropped
}
