//! The Markdown report.

use std::fmt::Write;
use std::time::Duration;

use crate::flush::Flushes;
use crate::load::Outcome;

/// One measurement.
pub(crate) struct Measured {
    pub(crate) load: Outcome,
    /// The server's processor time per request.
    pub(crate) cpu_micros: Option<f64>,
}

/// One kind of request at one number of connections, round by round.
pub(crate) struct Row {
    name: String,
    connections: usize,
    pub(crate) bare: Vec<Measured>,
    pub(crate) qun: Vec<Measured>,
}

impl Row {
    pub(crate) fn new(name: &str, connections: usize) -> Row {
        Row {
            name: name.to_owned(),
            connections,
            bare: Vec::new(),
            qun: Vec::new(),
        }
    }
}

/// What is measured once.
pub(crate) struct Facts {
    pub(crate) subject: &'static str,
    pub(crate) machine: String,
    pub(crate) commit: Option<String>,
    pub(crate) pinned: bool,
    pub(crate) rounds: usize,
    pub(crate) seconds: f64,
    pub(crate) flushes: Flushes,
    pub(crate) bare_start: Duration,
    pub(crate) qun_start: Duration,
    /// With an empty data directory.
    pub(crate) qun_first_start: Option<Duration>,
    /// KiB when empty and at most under load.
    pub(crate) bare_memory: (Option<u64>, Option<u64>),
    pub(crate) qun_memory: (Option<u64>, Option<u64>),
}

/// All of it.
pub(crate) struct Report {
    pub(crate) rows: Vec<Row>,
    pub(crate) facts: Facts,
}

impl Report {
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let facts = &self.facts;
        let subject = facts.subject;
        writeln!(out, "# Benchmarks\n")?;
        writeln!(
            out,
            "Made by `cargo xtask bench`. The bare server reads and parses the same requests and \
             always answers `ok`; the\ntwo run in turns, and only ratios of the same round are \
             compared. Absolute figures are this machine's.\n"
        )?;
        writeln!(
            out,
            "| Request | Connections | bare req/s | {subject} req/s | {subject}/bare | CPU µs bare | CPU µs {subject} | \
             p50 / p99 / p99.9 µs bare | p50 / p99 / p99.9 µs {subject} |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            row.write(out)?;
        }
        writeln!(out, "\n| Fact | bare | {subject} |\n|---|---|---|")?;
        let first = facts
            .qun_first_start
            .map_or_else(String::new, |first| format!(" (first start {})", ms(first)));
        writeln!(
            out,
            "| Start to first answer | {} | {}{first} |",
            ms(facts.bare_start),
            ms(facts.qun_start)
        )?;
        writeln!(
            out,
            "| Memory, empty / under load | {} | {} |",
            memory(facts.bare_memory),
            memory(facts.qun_memory)
        )?;
        writeln!(
            out,
            "\n- Disk: {:.0} flushes/s one after another (4 KiB each), median {:.0} µs.",
            facts.flushes.per_second, facts.flushes.median
        )?;
        writeln!(
            out,
            "- {} rounds of {} s per row; medians; ratios as median [least..greatest].",
            facts.rounds, facts.seconds
        )?;
        let pinned = if facts.pinned {
            "Servers on one core, the load on another."
        } else {
            "Nothing was pinned to a core, so the figures vary more."
        };
        writeln!(out, "- {pinned}")?;
        writeln!(out, "- Machine: {}.", facts.machine)?;
        if let Some(commit) = &facts.commit {
            writeln!(out, "- Commit: {commit}.")?;
        }
        Ok(())
    }
}

impl Row {
    fn write(&self, out: &mut String) -> std::fmt::Result {
        let ratios: Vec<f64> = (self.bare.iter())
            .zip(&self.qun)
            .map(|(bare, qun)| qun.load.per_second / bare.load.per_second)
            .collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        writeln!(
            out,
            "| {} | {} | {:.0} | {:.0} | {:.2} [{least:.2}..{greatest:.2}] | {} | {} | {} | {} |",
            self.name,
            self.connections,
            of(&self.bare, |one| one.load.per_second),
            of(&self.qun, |one| one.load.per_second),
            median(&ratios),
            cpu(&self.bare),
            cpu(&self.qun),
            latencies(&self.bare),
            latencies(&self.qun),
        )
    }
}

fn of(all: &[Measured], pick: impl Fn(&Measured) -> f64) -> f64 {
    median(&all.iter().map(pick).collect::<Vec<f64>>())
}

fn cpu(all: &[Measured]) -> String {
    let known: Vec<f64> = all.iter().filter_map(|one| one.cpu_micros).collect();
    if known.is_empty() {
        return "–".to_owned();
    }
    format!("{:.1}", median(&known))
}

fn latencies(all: &[Measured]) -> String {
    format!(
        "{:.0} / {:.0} / {:.0}",
        of(all, |one| one.load.p50),
        of(all, |one| one.load.p99),
        of(all, |one| one.load.p999)
    )
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn memory((empty, loaded): (Option<u64>, Option<u64>)) -> String {
    let show = |kib: Option<u64>| {
        kib.map_or_else(
            || "–".to_owned(),
            |kib| format!("{:.1}", kib as f64 / 1024.0),
        )
    };
    format!("{} / {} MiB", show(empty), show(loaded))
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
        let (p50, p99, p999) = (1.0, 2.0, 3.0);
        let requests = 1;
        let load = Outcome {
            per_second,
            requests,
            p50,
            p99,
            p999,
        };
        Measured {
            load,
            cpu_micros: None,
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[]), 0.0);
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn ratios_are_of_the_same_round() {
        let mut row = Row::new("x", 64);
        for (bare, qun) in [(100.0, 50.0), (1000.0, 900.0), (10.0, 2.0)] {
            row.bare.push(measured(bare));
            row.qun.push(measured(qun));
        }
        let mut out = String::new();
        row.write(&mut out).unwrap();
        let expected =
            "| x | 64 | 100 | 50 | 0.50 [0.20..0.90] | – | – | 1 / 2 / 3 | 1 / 2 / 3 |\n";
        assert_eq!(out, expected);
    }
}
