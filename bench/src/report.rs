//! The Markdown report.

use std::fmt::{self, Display, Write};

use crate::deliveries::Deliveries;
use crate::flush::Flushes;
use crate::footprint::Footprint;
use crate::goals::{self, Verdict};
use crate::groups;
use crate::load::Outcome;
use crate::postgres;

/// What is wanted of the server too and this benchmark does not measure.
const NOT_MEASURED: &str = "Not measured here: other servers.";

/// One measurement.
#[derive(Clone)]
pub(crate) struct Measured {
    pub(crate) load: Outcome,
    /// The servers' processor time per request.
    pub(crate) cpu_micros: Option<f64>,
    /// The most that was seen.
    pub(crate) resident_kib: Option<u64>,
}

/// One kind of request to one subject, round by round beside the bare server.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) subject: String,
    pub(crate) connections: usize,
    pub(crate) bare: Vec<Measured>,
    pub(crate) qun: Vec<Measured>,
}

/// What is measured once.
pub(crate) struct Facts {
    pub(crate) machine: String,
    pub(crate) day: String,
    pub(crate) commit: Option<String>,
    pub(crate) pinned: bool,
    /// The load average before the run.
    pub(crate) busy: Option<f64>,
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
    pub(crate) flushes: Flushes,
    pub(crate) postgres: Option<postgres::Facts>,
}

/// All of it.
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    /// The SDK's processor time a call over that of bare hyper connections.
    pub(crate) sdk: Option<Spread>,
    pub(crate) deliveries: Option<Deliveries>,
    pub(crate) footprint: Footprint,
    pub(crate) groups: groups::Found,
    pub(crate) facts: Facts,
}

/// What several rounds gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// Nothing of nothing.
    pub(crate) fn of(values: &[f64]) -> Option<Spread> {
        (!values.is_empty()).then(|| Spread::among(values))
    }

    pub(crate) fn only(value: f64) -> Spread {
        Spread::among(&[value])
    }

    pub(crate) fn times(self, factor: f64) -> Spread {
        Spread {
            median: self.median * factor,
            least: self.least * factor,
            greatest: self.greatest * factor,
        }
    }

    fn among(values: &[f64]) -> Spread {
        Spread {
            median: median(values),
            least: values.iter().copied().fold(f64::INFINITY, f64::min),
            greatest: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// The median, and in brackets the least and the greatest where they differ.
impl Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = match self.median.abs() {
            large if large >= 100.0 => 0,
            middle if middle >= 10.0 => 1,
            small if small > 0.0 && small < 0.095 => 3,
            _ => 2,
        };
        write!(f, "{:.digits$}", self.median)?;
        if self.least < self.greatest {
            let (least, greatest) = (self.least, self.greatest);
            write!(f, " [{least:.digits$}..{greatest:.digits$}]")?;
        }
        Ok(())
    }
}

impl Row {
    fn rounds(&self, ratio: impl Fn(&Measured, &Measured) -> Option<f64>) -> Vec<f64> {
        let rounds = self.bare.iter().zip(&self.qun);
        rounds.filter_map(|(bare, qun)| ratio(bare, qun)).collect()
    }

    /// Requests a second, of the bare server's in the same round.
    pub(crate) fn ratio(&self) -> Spread {
        Spread::among(&self.rounds(|bare, qun| Some(qun.load.per_second / bare.load.per_second)))
    }

    /// Processor time a request, over the bare server's in the same round.
    pub(crate) fn cpu_ratio(&self) -> Option<Spread> {
        Spread::of(&self.rounds(|bare, qun| Some(qun.cpu_micros? / bare.cpu_micros?)))
    }

    /// Requests a second, over another row's in the same round.
    pub(crate) fn against(&self, other: &Row) -> Spread {
        let rounds = self.qun.iter().zip(&other.qun);
        let ratio =
            |(own, other): (&Measured, &Measured)| own.load.per_second / other.load.per_second;
        Spread::among(&rounds.map(ratio).collect::<Vec<f64>>())
    }

    pub(crate) fn latency(&self, pick: impl Fn(&Outcome) -> f64) -> Spread {
        spread(&self.qun, pick)
    }

    pub(crate) fn bare_latency(&self, pick: impl Fn(&Outcome) -> f64) -> Spread {
        spread(&self.bare, pick)
    }

    pub(crate) fn most_resident_kib(&self) -> Option<u64> {
        self.qun.iter().filter_map(|one| one.resident_kib).max()
    }

    fn write(&self, out: &mut String, one_node: Option<&Row>) -> fmt::Result {
        let dash = || "–".to_owned();
        writeln!(
            out,
            "| {} | {} | {} | {:.0} | {:.0} | {} | {} | {} | {} | {} |",
            self.what,
            self.subject,
            self.connections,
            of(&self.bare, |one| one.load.per_second),
            of(&self.qun, |one| one.load.per_second),
            self.ratio(),
            one_node.map_or_else(dash, |one| self.against(one).to_string()),
            self.cpu_ratio().map_or_else(dash, |cpu| cpu.to_string()),
            latencies(&self.bare),
            latencies(&self.qun),
        )
    }
}

impl Report {
    /// The row of a request and a subject.
    pub(crate) fn row(&self, what: &str, subject: &str) -> Option<&Row> {
        let found = |row: &&Row| row.what == what && row.subject == subject;
        self.rows.iter().find(found)
    }

    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        writeln!(out, "# Benchmarks\n")?;
        writeln!(
            out,
            "Made by `cargo xtask bench`. The bare server reads the same requests, parses a message's JSON and always \
             answers `ok`;\nall take turns, and only ratios of the same round are compared: absolute figures are this \
             machine's. A message is answered\nonly after the flush of the disk returned. The limits of the companies are \
             raised: everything is counted, nothing refused.\nFigures are medians, in brackets the least and the greatest \
             round."
        )?;
        self.write_machine(out)?;
        let goals = goals::of(self);
        writeln!(
            out,
            "\n## Goals\n\n| What | Found | Floor | Goal | |\n|---|---|---|---|---|"
        )?;
        for goal in &goals {
            let found = goal
                .found
                .map_or_else(|| "–".to_owned(), |found| found.to_string());
            let (unit, verdict) = (goal.unit, goal.verdict());
            let sign = if goal.more_is_better { "≥" } else { "≤" };
            writeln!(
                out,
                "| {} | {found}{unit} | {sign} {}{unit} | {sign} {}{unit} | {} |",
                goal.what,
                goal.floor,
                goal.goal,
                verdict.text()
            )?;
        }
        writeln!(out, "\n## What falls short\n")?;
        for (verdict, text) in [
            (Verdict::Below, "Below the floor"),
            (Verdict::Floor, "Above the floor, short of the goal"),
            (Verdict::Unknown, "Not measured in this run"),
        ] {
            let these = goals.iter().filter(|goal| goal.verdict() == verdict);
            let these: Vec<&str> = these.map(|goal| goal.what.as_str()).collect();
            if !these.is_empty() {
                writeln!(out, "- {text}: {}.", these.join("; "))?;
            } else if verdict == Verdict::Below {
                writeln!(out, "- {text}: nothing.")?;
            }
        }
        writeln!(out, "- {NOT_MEASURED}")?;
        self.write_rows(out)?;
        self.write_deliveries(out)?;
        self.write_footprint(out)?;
        self.write_groups(out)
    }

    fn write_machine(&self, out: &mut String) -> fmt::Result {
        let facts = &self.facts;
        writeln!(out, "\n## The run\n")?;
        writeln!(out, "- {}, {}.", facts.day, facts.machine)?;
        if let Some(commit) = &facts.commit {
            writeln!(out, "- Commit {commit}.")?;
        }
        writeln!(
            out,
            "- {} rounds of {} s a row.",
            facts.rounds, facts.seconds
        )?;
        let pinned = if facts.pinned {
            "Servers on one core, the load on another; PostgreSQL shares both. In the rows of gettoken, appchat/get and groupchat the load never sleeps: waking it would be counted as the server's work."
        } else {
            "Nothing was pinned to a core, so the figures vary more."
        };
        writeln!(out, "- {pinned}")?;
        let flushes = |flushes: &Flushes| {
            format!(
                "{:.0} flushes/s one after another (4 KiB each), median {:.0} µs",
                flushes.per_second, flushes.median
            )
        };
        writeln!(out, "- Disk: {}.", flushes(&facts.flushes))?;
        match &facts.postgres {
            Some(facts) => {
                writeln!(
                    out,
                    "- PostgreSQL {}, fsync on, on a disk with {}. \
                     A flush of 3 ms is `commit_delay`: whoever flushes waits so long first.",
                    facts.version,
                    flushes(&facts.flushes)
                )?;
                if facts.hour_ended {
                    writeln!(
                        out,
                        "- **The hour ended during the rows with a limit near, and with it what was spent: part of them shows no contention.**"
                    )?;
                }
            }
            None => writeln!(out, "- Without PostgreSQL.")?,
        }
        match facts.busy {
            Some(busy) if busy > 1.0 => writeln!(
                out,
                "- **Other programs were running (load average {busy:.1} before the start): absolute figures and latencies \
                 are worse than this machine's best, and ratios vary more.**"
            )?,
            Some(busy) => writeln!(
                out,
                "- The machine was quiet (load average {busy:.1} before the start)."
            )?,
            None => {}
        }
        if let Some(noise) = self.noise() {
            writeln!(
                out,
                "- Noise: one measurement of the bare server over the one of the round before was {noise}."
            )?;
        }
        Ok(())
    }

    /// The bare server against itself, over all rows.
    fn noise(&self) -> Option<Spread> {
        let mut ratios = Vec::new();
        for row in &self.rows {
            for two in row.bare.windows(2) {
                ratios.push(two[1].load.per_second / two[0].load.per_second);
            }
        }
        Spread::of(&ratios)
    }

    fn write_rows(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "\n## Requests\n\n| Request | Who | Connections | bare req/s | req/s | of bare | of 1 node | CPU over bare | \
             p50 / p99 / p99.9 µs bare | p50 / p99 / p99.9 µs |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            let one_node = self.row(&row.what, &postgres::nodes(1));
            row.write(out, one_node.filter(|one| one.subject != row.subject))?;
        }
        writeln!(
            out,
            "\nThe rows of PostgreSQL send to a group of two. CPU is that of qun's nodes, without PostgreSQL's. \
             With a limit near, half of\nthe company's person-times of the hour are spent, so the nodes agree on every \
             batch: one after another,\nwhich is exact and does not scale. Otherwise each counts on its own share."
        )
    }

    fn write_deliveries(&self, out: &mut String) -> fmt::Result {
        let Some(found) = &self.deliveries else {
            return Ok(());
        };
        let cpu = found.cpu_of_bare.as_ref();
        writeln!(
            out,
            "\n## Callbacks\n\n| Under way at once | events/s | of bare | CPU over bare |\n|---|---|---|---|\n\
             | {} | {} | {} | {} |\n\n\
             What people say to four apps is gathered while their receiver refuses it. Then the receiver answers `success` at once; \
             counted is from the first event\nto the last, each sealed, posted and settled durably. Bare is `appchat/send` with \
             64 connections; CPU is qun's for an event, over the bare server's for a request.",
            found.at_once,
            found.per_second,
            found.of_bare,
            cpu.map_or_else(|| "–".to_owned(), Spread::to_string),
        )
    }

    fn write_footprint(&self, out: &mut String) -> fmt::Result {
        let found = &self.footprint;
        let spread = |values: &[f64]| {
            Spread::of(values).map_or_else(|| "–".to_owned(), |spread| format!("{spread} ms"))
        };
        let mib = |kib: Option<u64>| {
            kib.map_or_else(
                || "–".to_owned(),
                |kib| format!("{:.1} MiB", kib as f64 / 1024.0),
            )
        };
        let most = |pick: fn(&Measured) -> Option<u64>, of: fn(&Row) -> &[Measured]| {
            let rows = self
                .rows
                .iter()
                .filter(|row| row.subject == crate::sqlite::NAME);
            rows.flat_map(|row| of(row).iter().filter_map(pick)).max()
        };
        let empty = |all: &[f64]| {
            Spread::of(all).map_or_else(|| "–".to_owned(), |one| format!("{one} MiB"))
        };
        let loaded = |of| most(|one| one.resident_kib, of);
        writeln!(
            out,
            "\n## Start, memory, disk\n\n| | bare | qun |\n|---|---|---|"
        )?;
        writeln!(
            out,
            "| Start to first answer, empty | {} | {} |",
            spread(&found.bare_start),
            spread(&found.start)
        )?;
        writeln!(
            out,
            "| Start to first answer, after a kill under load | – | {} |",
            spread(&found.start_after_kill)
        )?;
        writeln!(
            out,
            "| Memory, empty / most under load | {} / {} | {} / {} |",
            empty(&found.bare_empty),
            mib(loaded(|row| &row.bare)),
            empty(&found.empty),
            mib(loaded(|row| &row.qun))
        )?;
        writeln!(
            out,
            "| Bytes on disk: group / member / message over its body / the same to 10000 people | – | {:.0} / {:.0} / {:.0} / {:.0} |",
            found.group, found.member, found.message, found.message_to_all
        )?;
        if let Some(facts) = &self.facts.postgres {
            writeln!(
                out,
                "| The same in PostgreSQL: message over its body, with its index | – | {:.0} |",
                facts.message_bytes
            )?;
        }
        Ok(())
    }
}

impl Report {
    fn write_groups(&self, out: &mut String) -> fmt::Result {
        let found = &self.groups;
        let store = &found.store;
        let mib = |kib: u64| format!("{:.1} MiB", kib as f64 / 1024.0);
        let or_dash = |kib: Option<u64>| kib.map_or_else(|| "–".to_owned(), mib);
        writeln!(
            out,
            "\n## {} customer groups of {} members\n\nPut there within {:.0} s; {:.2} GiB on disk, {:.0} bytes a member with all else. \
             Every request asks for another page or group,\nso that no answer is one that was kept; the file was read before each row, so that it is in the machine's memory.\n\n| | |\n|---|---|",
            found.size.groups,
            found.size.members,
            found.seconds,
            found.bytes as f64 / (1 << 30) as f64,
            found.bytes as f64 / (found.size.groups * found.size.members) as f64,
        )?;
        let start = Spread::of(&found.start).map_or_else(|| "–".to_owned(), |it| it.to_string());
        writeln!(out, "| Start to first answer | {start} ms |")?;
        writeln!(
            out,
            "| Memory, nothing asked / most under load | {} / {} |",
            or_dash(found.idle),
            or_dash(self.groups_resident()),
        )?;
        for (what, spread) in [
            ("List of 100, page 1", store.first_page),
            ("List of 100, page 900", store.far_page),
            ("List of 100, the last page", store.last_page),
            ("Statistic of 30 days by owner, 1 owner", store.one_owner),
            ("Statistic of 30 days by owner, 100 owners", store.owners),
            ("Statistic of 30 days by day, 1 owner", store.days_of_one),
            ("Statistic of 30 days by day, 100 owners", store.days),
        ] {
            writeln!(out, "| {what}, in the store | {spread} µs |")?;
        }
        writeln!(
            out,
            "| Bytes on disk: customer group / member | {:.0} / {:.0} |",
            self.footprint.customer_group, self.footprint.customer_member
        )
    }

    /// The most that the server with many customer groups needed, KiB.
    pub(crate) fn groups_resident(&self) -> Option<u64> {
        let of_groups = self.rows.iter().filter(|row| row.subject == groups::NAME);
        of_groups.filter_map(Row::most_resident_kib).max()
    }
}

fn spread(all: &[Measured], pick: impl Fn(&Outcome) -> f64) -> Spread {
    Spread::among(&all.iter().map(|one| pick(&one.load)).collect::<Vec<f64>>())
}

fn of(all: &[Measured], pick: impl Fn(&Measured) -> f64) -> f64 {
    median(&all.iter().map(pick).collect::<Vec<f64>>())
}

fn latencies(all: &[Measured]) -> String {
    format!(
        "{:.0} / {:.0} / {:.0}",
        of(all, |one| one.load.p50),
        of(all, |one| one.load.p99),
        of(all, |one| one.load.p999)
    )
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(per_second: f64) -> Measured {
        let load = Outcome {
            per_second,
            requests: 1,
            p50: 1.0,
            p99: 2.0,
            p999: 3.0,
        };
        Measured {
            load,
            cpu_micros: Some(1e6 / per_second),
            resident_kib: None,
        }
    }

    fn row(subject: &str, rounds: [(f64, f64); 3]) -> Row {
        Row {
            what: "x".into(),
            subject: subject.into(),
            connections: 64,
            bare: rounds.iter().map(|round| measured(round.0)).collect(),
            qun: rounds.iter().map(|round| measured(round.1)).collect(),
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn spreads_show_what_they_hide() {
        assert_eq!(Spread::only(0.256).to_string(), "0.26");
        assert_eq!(Spread::only(9.2).times(1e-3).to_string(), "0.009");
        let spread = Spread::of(&[9.0, 12.0, 30.0]).unwrap();
        assert_eq!(spread.to_string(), "12.0 [9.0..30.0]");
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let one = row("1 node", [(100.0, 50.0), (1000.0, 900.0), (10.0, 2.0)]);
        let two = row("2 nodes", [(100.0, 75.0), (1000.0, 1800.0), (10.0, 2.0)]);
        let mut out = String::new();
        two.write(&mut out, Some(&one)).unwrap();
        let expected = "| x | 2 nodes | 64 | 100 | 75 | 0.75 [0.20..1.80] | 1.50 [1.00..2.00] | 1.33 [0.56..5.00] | 1 / 2 / 3 | 1 / 2 / 3 |\n";
        assert_eq!(out, expected);
    }
}
