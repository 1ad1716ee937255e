//! The load generator: many connections, each sending its next request when the reply is there.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use memchr::memmem;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::histogram::Histogram;
use crate::wire::{self, Connection};

/// The whole run ends this long after its time, whatever the server does.
const GRACE: Duration = Duration::from_secs(10);

/// What to send, how often, how long.
#[derive(Serialize, Deserialize)]
pub(crate) struct Spec {
    /// The connections are dealt out to these in turn. Of more targets than connections each connection calls all, one after
    /// another, beginning at its own place: so answers that a server keeps are of little use to it.
    pub(crate) targets: Vec<Target>,
    pub(crate) connections: usize,
    pub(crate) seconds: f64,
    /// Seconds of load before anything is counted.
    #[serde(default)]
    pub(crate) warm_up: f64,
    /// Whether to look for answers all the time instead of sleeping until one comes.
    #[serde(default)]
    pub(crate) awake: bool,
}

/// A request, and which server gets it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) body: String,
}

/// What came of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) per_second: f64,
    /// Requests answered, those of the warm-up too.
    pub(crate) requests: u64,
    /// Latencies in µs.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
}

pub(crate) async fn run(spec: &Spec) -> Result<Outcome> {
    if spec.connections == 0 || spec.targets.is_empty() {
        bail!("no connections, or nothing to call");
    }
    let warm_up = Duration::try_from_secs_f64(spec.warm_up)?;
    let time = Duration::try_from_secs_f64(spec.seconds)?;
    let limit = warm_up + time + GRACE;
    timeout(limit, drive(spec, warm_up, time))
        .await
        .with_context(|| format!("not all replies came within {limit:?}"))?
}

async fn drive(spec: &Spec, warm_up: Duration, time: Duration) -> Result<Outcome> {
    let request = |to: &Target| -> (SocketAddr, Arc<[u8]>) {
        let bytes = wire::request(to.address, &to.method, &to.target, "", &to.body);
        (to.address, bytes.into())
    };
    let requests: Arc<[_]> = spec.targets.iter().map(request).collect();
    let apart = requests.len() / spec.connections;
    let mut open = Vec::with_capacity(spec.connections);
    for number in 0..spec.connections {
        let round = Round {
            requests: Arc::clone(&requests),
            at: number * apart.max(1) % requests.len(),
            step: usize::from(requests.len() > spec.connections),
        };
        let (address, _) = round.requests[round.at];
        open.push((Connection::open(address).await?, round));
    }
    let start = Instant::now() + warm_up;
    let end = start + time;
    let mut tasks = JoinSet::new();
    for (connection, round) in open {
        tasks.spawn(one(connection, round, start, end));
    }
    // Ends with this function, however it ends.
    let mut awake = JoinSet::new();
    if spec.awake {
        awake.spawn(stay_awake());
    }
    let mut latencies = Histogram::new();
    let mut requests = 0;
    while let Some(task) = tasks.join_next().await {
        let (part, count) = task??;
        latencies.add(&part);
        requests += count;
    }
    if latencies.len() == 0 {
        bail!("no request was answered within the measured {time:?}");
    }
    let micros = |share| latencies.quantile(share) as f64 / 1000.0;
    Ok(Outcome {
        per_second: latencies.len() as f64 / time.as_secs_f64(),
        requests,
        p50: micros(0.5),
        p99: micros(0.99),
        p999: micros(0.999),
    })
}

/// Keeps this thread looking for answers: as long as a task can run, it does not wait.
async fn stay_awake() {
    loop {
        tokio::task::yield_now().await;
    }
}

/// What a connection sends.
struct Round {
    requests: Arc<[(SocketAddr, Arc<[u8]>)]>,
    at: usize,
    step: usize,
}

/// Counts what is both sent and answered within the measured time.
async fn one(
    mut connection: Connection,
    mut round: Round,
    start: Instant,
    end: Instant,
) -> Result<(Histogram, u64)> {
    // `errcode`, or what rooms call so.
    let success = memmem::Finder::new(br#"code":0"#);
    let mut latencies = Histogram::new();
    let mut requests = 0;
    let mut sent = Instant::now();
    while sent < end {
        let reply = connection.call(&round.requests[round.at].1).await?;
        round.at = (round.at + round.step) % round.requests.len();
        if success.find(reply.body).is_none() {
            bail!("the server refused a request: {}", reply.describe());
        }
        requests += 1;
        let now = Instant::now();
        if sent >= start && now <= end {
            latencies.record(now - sent);
        }
        sent = now;
    }
    Ok((latencies, requests))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that gives the n-th request of a connection the n-th body, then closes.
    async fn canned(bodies: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    for body in bodies {
                        if stream.read(&mut buffer).await.unwrap_or(0) == 0 {
                            return;
                        }
                        let length = body.len();
                        let reply =
                            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
                        let _ = stream.write_all(reply.as_bytes()).await;
                    }
                });
            }
        });
        address
    }

    fn spec(address: SocketAddr) -> Spec {
        let target = Target {
            address,
            method: "GET".into(),
            target: "/".into(),
            body: String::new(),
        };
        Spec {
            targets: vec![target],
            connections: 3,
            seconds: 60.0,
            warm_up: 0.0,
            awake: false,
        }
    }

    #[tokio::test]
    async fn a_refusal_ends_the_run_and_is_shown() {
        let address = canned(&[crate::bare::OK, r#"{"errcode":45009,"errmsg":"limit"}"#]).await;
        let error = run(&spec(address)).await.err().unwrap().to_string();
        assert!(error.contains("45009"), "{error}");
    }

    #[tokio::test]
    async fn a_closed_connection_ends_the_run() {
        let address = canned(&[crate::bare::OK]).await;
        let error = run(&spec(address)).await.err().unwrap().to_string();
        assert!(error.contains("closed"), "{error}");
    }

    #[tokio::test]
    async fn the_connections_are_dealt_out_in_turn() {
        let good = canned(&[crate::bare::OK; 100_000]).await;
        let bad = canned(&["nothing good"]).await;
        let mut spec = spec(good);
        spec.targets.extend(spec.targets.clone());
        spec.targets[1].address = bad;
        spec.seconds = 0.2;
        spec.connections = 1;
        assert!(run(&spec).await.is_ok(), "the first is all that is needed");
        spec.connections = 2;
        assert!(run(&spec).await.is_err());
    }

    #[tokio::test]
    async fn of_many_targets_each_connection_calls_all() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut one = spec(listener.local_addr().unwrap());
        one.connections = 1;
        one.seconds = 0.2;
        let target = |n: usize| Target {
            target: format!("/{n}"),
            ..one.targets[0].clone()
        };
        one.targets = (0..9).map(target).collect();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut paths, mut buffer) = (Vec::new(), [0; 4096]);
            while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                let head = String::from_utf8_lossy(&buffer[..length]).into_owned();
                paths.push(head.split(' ').nth(1).unwrap().to_owned());
                let body = crate::bare::OK;
                let length = body.len();
                let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
                stream.write_all(reply.as_bytes()).await.unwrap();
            }
            paths
        });
        run(&one).await.unwrap();
        let paths = server.await.unwrap();
        assert!(paths.len() > 9);
        for (n, path) in paths.iter().enumerate() {
            assert_eq!(*path, format!("/{}", n % 9));
        }
    }

    #[tokio::test]
    async fn every_answer_is_counted() {
        let address = canned(&[crate::bare::OK; 100_000]).await;
        let mut spec = spec(address);
        spec.seconds = 0.2;
        let outcome = run(&spec).await.unwrap();
        let counted = outcome.per_second * 0.2;
        // What is still under way at the end is answered, but not counted.
        let uncounted = outcome.requests as f64 - counted;
        assert!((0.0..=3.5).contains(&uncounted), "{uncounted}");
        assert!(outcome.p50 > 0.0 && outcome.p50 <= outcome.p99 && outcome.p99 <= outcome.p999);
    }
}
