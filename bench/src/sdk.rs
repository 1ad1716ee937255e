//! What one call costs a client: the SDK beside bare hyper connections, each in a process of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::body::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, client::conn::http1, header};
use hyper_util::rt::TokioIo;
use qun_client::{Client, Pacing, Text};
use qun_protocol::{appchat, envelope::Status};
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::compare::Bench;
use crate::machine;
use crate::report::Spread;
use crate::server::Server;

/// Calls in flight.
const AT_ONCE: usize = 64;
const WARM_UP: Duration = Duration::from_millis(300);

/// Whose calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sdk,
    Hyper,
}

impl Kind {
    /// As the command line names it.
    pub(crate) fn named(name: &str) -> Result<Kind> {
        match name {
            "sdk" => Ok(Kind::Sdk),
            "hyper" => Ok(Kind::Hyper),
            other => bail!("a client is sdk or hyper, not {other}"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Sdk => "sdk",
            Kind::Hyper => "hyper",
        }
    }
}

/// What a client needed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cost {
    calls: u64,
    cpu_micros: u64,
}

fn message() -> appchat::Send {
    appchat::Send {
        chatid: Some("project_team_001".into()),
        ..Text::new("大家好").into()
    }
}

/// Calls for a time; gives what it cost this process.
pub(crate) async fn run(kind: Kind, address: SocketAddr, seconds: f64) -> Result<Cost> {
    let time = Duration::try_from_secs_f64(seconds)?;
    drive(kind, address, WARM_UP).await?;
    let own = std::process::id();
    let before = machine::cpu_micros(own).context("no processor time in /proc")?;
    let calls = drive(kind, address, time).await?;
    let after = machine::cpu_micros(own).context("no processor time in /proc")?;
    ensure!(calls > 0, "no call was answered");
    Ok(Cost {
        calls,
        cpu_micros: after - before,
    })
}

async fn drive(kind: Kind, address: SocketAddr, time: Duration) -> Result<u64> {
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    match kind {
        Kind::Sdk => {
            let client = Client::builder("wwbench", "secret")
                .base_url(format!("http://{address}"))
                .pacing(Pacing::off())
                .build()?;
            for _ in 0..AT_ONCE {
                tasks.spawn(by_sdk(client.clone(), end));
            }
        }
        Kind::Hyper => {
            for _ in 0..AT_ONCE {
                tasks.spawn(by_hyper(address, end));
            }
        }
    }
    let mut calls = 0;
    while let Some(done) = tasks.join_next().await {
        calls += done??;
    }
    Ok(calls)
}

async fn by_sdk(client: Client, end: Instant) -> Result<u64> {
    let mut calls = 0;
    while Instant::now() < end {
        client.send(message()).await?;
        calls += 1;
    }
    Ok(calls)
}

/// The same request on a connection of its own: the body is written and the answer read as the SDK does it.
async fn by_hyper(address: SocketAddr, end: Instant) -> Result<u64> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let mut calls = 0;
    while Instant::now() < end {
        let body = serde_json::to_vec(&message())?;
        let request = Request::post("/cgi-bin/appchat/send?access_token=bench")
            .header(header::HOST, address.to_string())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let answer = sender.send_request(request).await?;
        let bytes = answer.into_body().collect().await?.to_bytes();
        let status: Status = serde_json::from_slice(&bytes)?;
        ensure!(status.errcode == 0, "refused: {}", status.errmsg);
        calls += 1;
    }
    drop(sender);
    connection.abort();
    Ok(calls)
}

/// The SDK's processor time a call over that of bare hyper, in turns.
pub(crate) async fn measure(bench: &Bench<'_>, bare: &Server) -> Result<Option<Spread>> {
    let mut ratios = Vec::new();
    for round in 1..=bench.options.rounds {
        eprintln!("SDK beside bare hyper, round {round}");
        let hyper = cost(bench, bare, Kind::Hyper).await?;
        let sdk = cost(bench, bare, Kind::Sdk).await?;
        ratios.push(sdk / hyper);
    }
    Ok(Spread::of(&ratios))
}

async fn cost(bench: &Bench<'_>, bare: &Server, kind: Kind) -> Result<f64> {
    let seconds = bench.options.seconds.as_secs_f64();
    let mut command = bench.load_command();
    command.args([
        "client",
        kind.name(),
        &bare.address.to_string(),
        &seconds.to_string(),
    ]);
    let output = command.kill_on_drop(true).output().await?;
    ensure!(
        output.status.success(),
        "the client failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    );
    let cost: Cost = serde_json::from_slice(&output.stdout)?;
    Ok(cost.cpu_micros as f64 / cost.calls as f64)
}
