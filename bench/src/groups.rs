//! What it costs to read among a million customer groups.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use qun_domain::rule::statistic::{Span, by_day, by_owner};
use qun_protocol::groupchat::day_of;
use qun_store::table::{customer_group, group_day};
use qun_store::{Read, Store};

use crate::compare::{Bench, Subject};
use crate::many::{self, Size};
use crate::report::{Row, Spread};
use crate::server::Server;
use crate::setup::{self, Calls};

/// What the report calls the server with many customer groups.
pub(crate) const NAME: &str = "qun, customer groups";
pub(crate) const LIST: &str = "groupchat/list of 100";
pub(crate) const GET: &str = "groupchat/get";

/// Of each group.
const MEMBERS: i64 = 20;
/// Different requests, so that what a server has answered is of little use for the next.
const PAGES: usize = 10_000;
const GROUPS: i64 = 20_000;
/// A page, and which one is compared with the first.
const PAGE: i64 = 100;
const FAR: i64 = 900;
/// Days of a statistic.
const DAYS: i64 = 30;
/// A row of the store is measured for so long a round.
const WHILE: Duration = Duration::from_millis(200);

/// What was found.
pub(crate) struct Found {
    pub(crate) size: Size,
    /// To fill in.
    pub(crate) seconds: f64,
    /// On disk, all of it.
    pub(crate) bytes: u64,
    /// Milliseconds from the start of the process to its first answer.
    pub(crate) start: Vec<f64>,
    /// KiB, when nothing has been asked of it yet.
    pub(crate) idle: Option<u64>,
    pub(crate) store: InStore,
}

/// Microseconds a reading, without HTTP.
pub(crate) struct InStore {
    pub(crate) first_page: Spread,
    pub(crate) far_page: Spread,
    pub(crate) last_page: Spread,
    /// The far page over the first, round by round.
    pub(crate) far: Spread,
    pub(crate) one_owner: Spread,
    pub(crate) owners: Spread,
    pub(crate) days_of_one: Spread,
    pub(crate) days: Spread,
}

pub(crate) async fn measure(bench: &Bench<'_>, bare: &Server) -> Result<(Vec<Row>, Found)> {
    let size = Size {
        groups: bench.options.groups,
        members: MEMBERS,
    };
    let data = bench.path("many")?;
    let world = bench.world("many", &setup::many())?;
    let first = bench
        .start_qun("many", &["--data", &data, "--world", &world])
        .await?;
    first.stop().await?;
    let begin = Instant::now();
    let folder = PathBuf::from(&data);
    let rounds = bench.options.rounds;
    let store = tokio::task::spawn_blocking(move || {
        many::fill(&folder, size)?;
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!("{} groups are there after {seconds:.0} s", size.groups);
        in_store(&folder, rounds).map(|found| (seconds, found))
    });
    let (seconds, store) = store.await??;
    let bytes = std::fs::metadata(Path::new(&data).join("qun.db"))?.len();
    let mut start = Vec::new();
    let mut idle = None;
    for _ in 0..rounds {
        let qun = bench.start_qun("many", &["--data", &data]).await?;
        start.push(qun.start_up.as_secs_f64() * 1e3);
        idle = qun.resident_kib();
        qun.stop().await?;
    }
    let qun = bench.start_qun("many", &["--data", &data]).await?;
    let file = Path::new(&data).join("qun.db");
    let rows = rows(bench, bare, &qun, &file, size).await?;
    qun.stop().await?;
    let found = Found {
        size,
        seconds,
        bytes,
        start,
        idle,
        store,
    };
    Ok((rows, found))
}

async fn rows(
    bench: &Bench<'_>,
    bare: &Server,
    qun: &Server,
    file: &Path,
    size: Size,
) -> Result<Vec<Row>> {
    let (calls, no) = (Calls::of(qun, setup::MANY).await?, Calls::for_bare());
    let cursors = calls.cursors(qun, PAGES).await?;
    let count = GROUPS.min(size.groups);
    let numbers = (0..count).map(|number| number * (size.groups / count));
    let mut rows = Vec::new();
    for (what, targets, same) in [
        (
            LIST,
            cursors.iter().map(|it| calls.list(it)).collect::<Vec<_>>(),
            no.list(&"c".repeat(43)),
        ),
        (
            GET,
            numbers.map(|it| calls.group(it)).collect(),
            no.group(0),
        ),
    ] {
        let subject = |name: &str, server, targets| Subject {
            name: name.to_owned(),
            servers: vec![server],
            targets,
            connections: 64,
            awake: true,
        };
        let subjects = [
            subject("bare", bare, vec![same.to(bare)]),
            subject(NAME, qun, targets.iter().map(|it| it.to(qun)).collect()),
        ];
        // As on a server that has run for a while: the file is in the machine's memory.
        let file = file.to_owned();
        let read = move || std::io::copy(&mut std::fs::File::open(file)?, &mut std::io::sink());
        tokio::task::spawn_blocking(read).await??;
        rows.extend(bench.rows(what, &subjects).await?);
    }
    Ok(rows)
}

/// Reads on this machine's caches, one reading after another.
fn in_store(data: &Path, rounds: usize) -> Result<InStore> {
    let store = many::open(data)?;
    let (corp, owners) = many::company(&store)?;
    let after = |place: i64| -> Result<i64> {
        let found = store.read(|read| customer_group::all_from(read, corp, place, 1))?;
        let group = found.first().context("there are too few groups")?;
        Ok(group.chat - 1)
    };
    let count: i64 = store.read(|read| {
        let rows = group_day::at(read, corp, &owners, i64::MAX)?;
        Ok(rows.iter().map(|row| row.totals.chats).sum())
    })?;
    let far = (FAR * PAGE).min(count - PAGE);
    let places = [0, after(far)?, after(count - PAGE)?];
    let today = day_of(std::time::UNIX_EPOCH.elapsed()?.as_secs() as i64);
    let span = Span {
        first: today - DAYS,
        last: today - 1,
    };
    let mut found: [Vec<f64>; 7] = std::array::from_fn(|_| Vec::new());
    for _ in 0..rounds {
        for (place, into) in places.iter().zip(&mut found) {
            into.push(micros(&store, |read, _| {
                customer_group::all(read, corp, *place, PAGE + 1).map(|page| page.len())
            })?);
        }
        for (number, many) in [(3, 1), (4, 100)] {
            found[number].push(micros(&store, |read, n| {
                let these = some(&owners, n, many);
                let before = group_day::at(read, corp, &these, span.first - 1)?;
                let end = group_day::at(read, corp, &these, span.last)?;
                Ok(by_owner(&before, &end, false).len())
            })?);
        }
        for (number, many) in [(5, 1), (6, 100)] {
            found[number].push(micros(&store, |read, n| {
                let these = some(&owners, n, many);
                let before = group_day::at(read, corp, &these, span.first - 1)?;
                let rows = group_day::span(read, corp, &these, span.first - 1, span.last)?;
                Ok(by_day(span, &before, &rows, false).len())
            })?);
        }
    }
    let ratios: Vec<f64> = found[0].iter().zip(&found[1]).map(|(a, b)| b / a).collect();
    let spread = |values: &[f64]| Spread::of(values).context("nothing was measured");
    Ok(InStore {
        first_page: spread(&found[0])?,
        far_page: spread(&found[1])?,
        last_page: spread(&found[2])?,
        far: spread(&ratios)?,
        one_owner: spread(&found[3])?,
        owners: spread(&found[4])?,
        days_of_one: spread(&found[5])?,
        days: spread(&found[6])?,
    })
}

/// Other owners each time.
fn some(owners: &[i64], turn: usize, many: usize) -> Vec<i64> {
    let from = turn * many % owners.len();
    owners
        .iter()
        .cycle()
        .skip(from)
        .take(many)
        .copied()
        .collect()
}

/// Microseconds of one reading, each from a snapshot of its own; it is told how often it was read.
fn micros(
    store: &Store,
    work: impl Fn(&mut dyn Read, usize) -> qun_store::Result<usize>,
) -> Result<f64> {
    let mut count = 0_u32;
    let begin = Instant::now();
    while begin.elapsed() < WHILE {
        let found = store.read(|read| work(read, count as usize))?;
        anyhow::ensure!(found > 0, "a reading found nothing");
        count += 1;
    }
    Ok(begin.elapsed().as_secs_f64() * 1e6 / f64::from(count))
}
