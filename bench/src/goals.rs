//! What is wanted of the server, and whether a run has shown it. Below the floor a change is not good enough.

use crate::load::Outcome;
use crate::report::{Report, Row, Spread};
use crate::{groups, postgres, sqlite};

/// One figure with its bounds.
pub(crate) struct Goal {
    pub(crate) what: String,
    /// Nothing where it was not measured.
    pub(crate) found: Option<Spread>,
    pub(crate) unit: &'static str,
    pub(crate) floor: f64,
    pub(crate) goal: f64,
    /// Otherwise less is.
    pub(crate) more_is_better: bool,
}

/// How a figure stands to its bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Goal,
    Floor,
    Below,
    Unknown,
}

impl Verdict {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Verdict::Goal => "goal met",
            Verdict::Floor => "floor met",
            Verdict::Below => "**below the floor**",
            Verdict::Unknown => "not measured",
        }
    }
}

impl Goal {
    /// The median counts.
    pub(crate) fn verdict(&self) -> Verdict {
        let Some(found) = &self.found else {
            return Verdict::Unknown;
        };
        let reaches = |bound: f64| {
            if self.more_is_better {
                found.median >= bound
            } else {
                found.median <= bound
            }
        };
        if reaches(self.goal) {
            Verdict::Goal
        } else if reaches(self.floor) {
            Verdict::Floor
        } else {
            Verdict::Below
        }
    }
}

fn most(what: impl Into<String>, found: Option<Spread>, floor: f64, goal: f64) -> Goal {
    Goal {
        what: what.into(),
        found,
        unit: "",
        floor,
        goal,
        more_is_better: true,
    }
}

fn least(
    what: impl Into<String>,
    found: Option<Spread>,
    unit: &'static str,
    floor: f64,
    goal: f64,
) -> Goal {
    Goal {
        unit,
        more_is_better: false,
        ..most(what, found, floor, goal)
    }
}

/// A latency of `appchat/send`. What the bare server needs says how much of it is the machine's.
fn latency(name: &str, row: Option<&Row>, ms: fn(&Outcome) -> f64, floor: f64, goal: f64) -> Goal {
    let bare = row.map(|row| format!(" (bare {} ms)", row.bare_latency(ms)));
    let what = format!("send, 64 connections, {name}{}", bare.unwrap_or_default());
    least(what, row.map(|row| row.latency(ms)), " ms", floor, goal)
}

/// All of them, with what this run found.
pub(crate) fn of(report: &Report) -> Vec<Goal> {
    let row = |what: &str, subject: &str| -> Option<&Row> { report.row(what, subject) };
    let ratio = |what: &str| row(what, sqlite::NAME).map(Row::ratio);
    let (alone, busy) = (sqlite::send(1), sqlite::send(64));
    let busy = row(&busy, sqlite::NAME);
    let crowd = row(&sqlite::send(64), sqlite::CROWD);
    let to_one = row(sqlite::MESSAGE, sqlite::NAME);
    let to_all = row(sqlite::MESSAGE, sqlite::EVERYBODY);
    let footprint = &report.footprint;
    let mib = |kib: u64| Spread::only(kib as f64 / 1024.0);
    let flush = report.facts.flushes.median;
    let loaded = report.rows.iter().filter(|row| row.subject == sqlite::NAME);
    let loaded = loaded.filter_map(Row::most_resident_kib).max();
    let mut goals = vec![
        most(
            "send, 64 connections, of bare",
            ratio(&sqlite::send(64)),
            0.25,
            0.50,
        ),
        most(
            "send, 256 connections, of bare",
            ratio(&sqlite::send(256)),
            0.30,
            0.70,
        ),
        least(
            "server CPU of a send, times bare",
            busy.and_then(Row::cpu_ratio),
            "×",
            3.0,
            1.7,
        ),
        latency("p99", busy, |load| load.p99 / 1e3, 8.0, 2.5),
        latency("p99.9", busy, |load| load.p999 / 1e3, 20.0, 5.0),
        least(
            "send, 1 connection, p50 in flushes of the disk",
            row(&alone, sqlite::NAME).map(|row| row.latency(|load| load.p50 / flush)),
            "×",
            5.0,
            2.5,
        ),
        most("gettoken, of bare", ratio(sqlite::GETTOKEN), 0.70, 0.95),
        most(
            "appchat/get, 20 members, of bare",
            ratio(sqlite::GET_20),
            0.70,
            0.95,
        ),
        most(
            "appchat/get, 500 members, of bare",
            ratio(sqlite::GET_500),
            0.50,
            0.75,
        ),
        least(
            "message to 2 members against 500",
            busy.zip(crowd).map(|(few, many)| few.against(many)),
            "×",
            1.5,
            1.05,
        ),
        most(
            "message/send to 1 person, 64 connections, of bare",
            to_one.map(Row::ratio),
            0.25,
            0.50,
        ),
        least(
            "time for each of 1000 named people, of that for 1",
            to_one
                .zip(row(sqlite::NAMED, sqlite::NAME))
                .map(|(one, many)| one.against(many).times(1e-3)),
            "×",
            1.0,
            0.05,
        ),
        least(
            "message to 1 person against @all of 10000",
            to_one.zip(to_all).map(|(one, all)| one.against(all)),
            "×",
            1.5,
            1.05,
        ),
        least(
            "memory, empty",
            Spread::of(&footprint.empty),
            " MiB",
            25.0,
            12.0,
        ),
        least("memory, under load", loaded.map(mib), " MiB", 80.0, 40.0),
        least(
            "start to first answer, empty",
            Spread::of(&footprint.start),
            " ms",
            100.0,
            15.0,
        ),
        least(
            "start to first answer, after a kill under load",
            Spread::of(&footprint.start_after_kill),
            " ms",
            1000.0,
            100.0,
        ),
        least(
            "bytes of a member",
            Some(Spread::only(footprint.member)),
            "",
            120.0,
            64.0,
        ),
        least(
            "bytes of a group",
            Some(Spread::only(footprint.group)),
            "",
            400.0,
            220.0,
        ),
        least(
            "bytes of a message over its body",
            Some(Spread::only(footprint.message)),
            "",
            120.0,
            50.0,
        ),
        least(
            "bytes of a message to 10000 people over its body",
            Some(Spread::only(footprint.message_to_all)),
            "",
            120.0,
            50.0,
        ),
        least(
            "SDK, processor time a call at 64 in flight, of bare hyper connections",
            report.sdk,
            "×",
            2.0,
            1.2,
        ),
        most(
            "PostgreSQL, 1 node, 64 connections, of bare",
            row(&postgres::send(64), &postgres::nodes(1)).map(Row::ratio),
            0.15,
            0.33,
        ),
    ];
    goals.extend(of_groups(report));
    for (count, floor, goal) in [(2, 1.3, 1.9), (4, 1.6, 3.6)] {
        let (what, nodes) = (postgres::SLOW_ROW, postgres::nodes(count));
        let pair = row(what, &nodes).zip(row(what, &postgres::nodes(1)));
        let found = pair.map(|(many, one)| many.against(one));
        goals.push(most(
            format!("PostgreSQL, {nodes} against 1, flush of 3 ms"),
            found,
            floor,
            goal,
        ));
    }
    goals
}

/// Those of reading among many customer groups.
fn of_groups(report: &Report) -> Vec<Goal> {
    let found = &report.groups;
    let many = format!("{} groups", found.size.groups);
    let ratio = |what: &str| report.row(what, groups::NAME).map(Row::ratio);
    let memory = report.groups_resident().max(found.idle);
    let memory = memory.map(|kib| Spread::only(kib as f64 / 1024.0));
    vec![
        most(
            format!("{}, of bare", groups::LIST),
            ratio(groups::LIST),
            0.12,
            0.22,
        ),
        most(
            format!("{}, of bare", groups::GET),
            ratio(groups::GET),
            0.12,
            0.22,
        ),
        least(
            "list, page 900 against page 1",
            Some(found.store.far),
            "×",
            1.2,
            1.05,
        ),
        least(
            "statistic over 30 days, 1 owner, in the store",
            Some(found.store.one_owner),
            " µs",
            50.0,
            10.0,
        ),
        least(
            "statistic over 30 days, 100 owners, in the store",
            Some(found.store.owners),
            " µs",
            5_000.0,
            800.0,
        ),
        least(
            "the same by day, 1 owner",
            Some(found.store.days_of_one),
            " µs",
            50.0,
            10.0,
        ),
        least(
            "the same by day, 100 owners",
            Some(found.store.days),
            " µs",
            5_000.0,
            800.0,
        ),
        least(format!("memory, {many}"), memory, " MiB", 100.0, 24.0),
        least(
            format!("start to first answer, {many}"),
            Spread::of(&found.start),
            " ms",
            200.0,
            20.0,
        ),
        least(
            "bytes of a member of a customer group",
            Some(Spread::only(report.footprint.customer_member)),
            "",
            120.0,
            64.0,
        ),
        least(
            "bytes of a customer group",
            Some(Spread::only(report.footprint.customer_group)),
            "",
            400.0,
            220.0,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let judge = |found: f64, more: bool| {
            let found = Some(Spread::only(found));
            let (floor, goal) = if more { (1.0, 2.0) } else { (2.0, 1.0) };
            let goal = Goal {
                more_is_better: more,
                ..most("x", found, floor, goal)
            };
            goal.verdict()
        };
        use Verdict::{Below, Floor, Goal as Met};
        assert_eq!([0.9, 1.0, 2.0].map(|x| judge(x, true)), [Below, Floor, Met]);
        assert_eq!(
            [2.1, 2.0, 1.0].map(|x| judge(x, false)),
            [Below, Floor, Met]
        );
        assert_eq!(most("x", None, 1.0, 2.0).verdict(), Verdict::Unknown);
    }
}
