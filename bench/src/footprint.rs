//! How long a start takes, and what is needed of memory and of the disk.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::compare::{Bench, spec};
use crate::server::Server;
use crate::setup::{self, Call, Calls};

/// Groups that are weighed, with few members and with many.
const GROUPS: usize = 500;
const FEW: usize = 2;
const MANY: usize = 102;
/// Of load before the crash, and for the messages that are weighed.
const LOAD: Duration = Duration::from_secs(1);

/// What was found, round by round where there are several.
pub(crate) struct Footprint {
    /// Milliseconds from the start of the process to its first answer, on an empty directory.
    pub(crate) bare_start: Vec<f64>,
    pub(crate) start: Vec<f64>,
    /// The same with the data of a server that was killed under load.
    pub(crate) start_after_kill: Vec<f64>,
    /// MiB, when nothing has been asked of it yet.
    pub(crate) bare_empty: Vec<f64>,
    pub(crate) empty: Vec<f64>,
    /// Bytes on disk.
    pub(crate) group: f64,
    pub(crate) member: f64,
    pub(crate) customer_group: f64,
    pub(crate) customer_member: f64,
    /// Over its body, to a group.
    pub(crate) message: f64,
    /// The same to everybody of a large company.
    pub(crate) message_to_all: f64,
}

pub(crate) async fn measure(bench: &Bench<'_>) -> Result<Footprint> {
    let mut found = Footprint {
        bare_start: Vec::new(),
        start: Vec::new(),
        start_after_kill: Vec::new(),
        bare_empty: Vec::new(),
        empty: Vec::new(),
        group: 0.0,
        member: 0.0,
        customer_group: 0.0,
        customer_member: 0.0,
        message: 0.0,
        message_to_all: 0.0,
    };
    for round in 0..bench.options.rounds {
        let bare = bench.start_bare().await?;
        found.bare_start.push(ms(&bare));
        found.bare_empty.extend(mib(&bare));
        bare.stop().await?;
        let data = bench.path(&format!("empty{round}"))?;
        let qun = bench.start_qun("empty", &["--data", &data]).await?;
        found.start.push(ms(&qun));
        found.empty.extend(mib(&qun));
        qun.stop().await?;
        found
            .start_after_kill
            .push(after_a_kill(bench, round).await?);
    }
    (found.group, found.member) = weigh(bench, "groups", setup::groups).await?;
    (found.customer_group, found.customer_member) =
        weigh(bench, "customer_groups", setup::customer_groups).await?;
    found.message = weigh_messages(bench, "weigh", setup::world(), |calls| calls.send(2)).await?;
    found.message_to_all = weigh_messages(bench, "weigh-all", setup::crowd(), |calls| {
        calls.message(None)
    })
    .await?;
    eprintln!(
        "bytes: group {:.0}, member {:.0}, of customers {:.0}, {:.0}, message {:.0}, to everybody {:.0}",
        found.group,
        found.member,
        found.customer_group,
        found.customer_member,
        found.message,
        found.message_to_all
    );
    Ok(found)
}

fn mib(server: &Server) -> Option<f64> {
    Some(server.resident_kib()? as f64 / 1024.0)
}

fn ms(server: &Server) -> f64 {
    server.start_up.as_secs_f64() * 1e3
}

/// Kills a server under load and starts it again.
async fn after_a_kill(bench: &Bench<'_>, round: usize) -> Result<f64> {
    let data = bench.path(&format!("killed{round}"))?;
    let world = bench.world("killed", &setup::world())?;
    let qun = bench
        .start_qun("killed", &["--data", &data, "--world", &world])
        .await?;
    let calls = Calls::of(&qun, &setup::company(0)).await?;
    let load = bench
        .start_load(&spec(&[calls.send(2).to(&qun)], 64, 10 * LOAD))
        .await?;
    tokio::time::sleep(LOAD).await;
    qun.kill().await?;
    // It complains that the server is gone, as it should.
    let load = load.wait_with_output().await?;
    anyhow::ensure!(
        !load.status.success(),
        "the load ended before the server was killed"
    );
    let again = bench.start_qun("killed", &["--data", &data]).await?;
    let took = ms(&again);
    again.stop().await?;
    eprintln!("start after a kill under load: {took:.1} ms");
    Ok(took)
}

/// What a group takes, and what each of its members does.
async fn weigh(
    bench: &Bench<'_>,
    name: &str,
    world: fn(usize, usize) -> Value,
) -> Result<(f64, f64)> {
    let mut sizes = [0.0; 3];
    for (size, (count, members)) in sizes
        .iter_mut()
        .zip([(GROUPS, FEW), (GROUPS, MANY), (0, FEW)])
    {
        let name = format!("{name}{count}-{members}");
        let world = bench.world(&name, &world(count, members))?;
        let data = bench.path(&name)?;
        let args = ["--data", &data, "--world", &world];
        bench.start_qun(&name, &args).await?.stop().await?;
        *size = self::size(&data)?;
    }
    let [few, many, none] = sizes;
    let member = (many - few) / (GROUPS * (MANY - FEW)) as f64;
    let group = (few - none) / GROUPS as f64 - FEW as f64 * member;
    Ok((group, member))
}

/// What a message takes beside its body.
async fn weigh_messages(
    bench: &Bench<'_>,
    name: &str,
    world: Value,
    call: impl Fn(&Calls) -> Call,
) -> Result<f64> {
    let world = bench.world(name, &world)?;
    let data = bench.path(name)?;
    let args = ["--data", &data, "--world", &world];
    let qun = bench.start_qun(name, &args).await?;
    // The first one may find out who gets it.
    let first = call(&Calls::of(&qun, &setup::company(0)).await?);
    bench.load(&spec(&[first.to(&qun)], 1, LOAD / 10)).await?;
    qun.stop().await?;
    let before = size(&data)?;
    let qun = bench.start_qun(name, &["--data", &data]).await?;
    let calls = Calls::of(&qun, &setup::company(0)).await?;
    let load = bench
        .load(&spec(&[call(&calls).to(&qun)], 64, LOAD))
        .await?;
    qun.stop().await?;
    Ok((size(&data)? - before) / load.requests as f64 - setup::message_bytes() as f64)
}

/// After the end of the server everything is in this one file.
fn size(data: &str) -> Result<f64> {
    let file = Path::new(data).join("qun.db");
    let about = std::fs::metadata(&file)
        .with_context(|| format!("there is no {} to be weighed", file.display()))?;
    Ok(about.len() as f64)
}
