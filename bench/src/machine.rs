//! What the operating system tells about processes and the machine. Where there is no /proc, nothing.

use std::fs;
use std::process::Command;

/// Linux shows times in these units to programs, whatever the kernel uses.
const TICK_MICROS: u64 = 10_000;

/// Processor time of a process so far, in µs, with that of the system calls.
pub(crate) fn cpu_micros(pid: u32) -> Option<u64> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

fn parse_stat(stat: &str) -> Option<u64> {
    // The name in parentheses may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * TICK_MICROS)
}

/// Resident memory of a process in KiB.
pub(crate) fn resident_kib(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = field(&status, "VmRSS:")?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

/// One core for the server, another for the load, when there are two and `taskset` exists.
pub(crate) fn two_cores() -> Option<(usize, usize)> {
    Command::new("taskset").arg("--version").output().ok()?;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    first_two(field(&status, "Cpus_allowed_list:")?)
}

/// Of a list such as `0-3,8`.
fn first_two(list: &str) -> Option<(usize, usize)> {
    let mut cores = list.split(',').flat_map(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let bounds = from
            .trim()
            .parse::<usize>()
            .ok()
            .zip(to.trim().parse().ok());
        bounds.into_iter().flat_map(|(from, to)| from..=to)
    });
    Some((cores.next()?, cores.next()?))
}

/// Processor, cores and kernel, as far as known.
pub(crate) fn describe() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = field(&info, "model name").map_or("unknown processor", |text| {
        text.trim_start_matches([':', ' ', '\t'])
    });
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{model}, {cores} cores, {} {}",
        std::env::consts::OS,
        kernel.trim()
    )
}

/// How many programs wanted a processor over the last minute, on average.
pub(crate) fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_ascii_whitespace().next()?.parse().ok()
}

/// The day, as in 2026-01-31, in UTC.
pub(crate) fn today() -> String {
    let output = Command::new("date").args(["-u", "+%Y-%m-%d"]).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok()
        .filter(|day| !day.is_empty())
        .unwrap_or_else(|| "an unknown day".to_owned())
}

/// The commit that is measured, marked when files differ from it.
pub(crate) fn commit() -> Option<String> {
    let git = |args: &[&str]| -> Option<String> {
        let output = Command::new("git").args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    let hash = git(&["rev-parse", "--short=12", "HEAD"])?;
    let clean = git(&["status", "--porcelain"])?.is_empty();
    Some(if clean { hash } else { hash + " and changes" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 1 2 3 4 150 25 7 8 20 0 1 0 99 1 1";
        assert_eq!(parse_stat(stat), Some(1_750_000));
        assert_eq!(parse_stat("42 (a) S 1"), None);
    }

    #[test]
    fn cores() {
        assert_eq!(first_two("0-3"), Some((0, 1)));
        assert_eq!(first_two("2,5-7"), Some((2, 5)));
        assert_eq!(first_two("0,2"), Some((0, 2)));
        assert_eq!(first_two("3"), None);
        assert_eq!(first_two(""), None);
    }
}
