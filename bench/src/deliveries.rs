//! Callbacks: how many events a second reach a receiver that answers at once, and what each costs the server.
//!
//! Events are gathered first, while the receiver refuses: making them is not what is measured. Then it accepts, the callbacks
//! are set again, which makes everything due, and what is measured ends with the last event.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use qun_client::callback::Callback;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::compare::{Bench, Subject};
use crate::report::Spread;
use crate::server::Server;
use crate::setup::{self, Calls};

const TOKEN: &str = "bench";
const KEY: &str = "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws";
/// People of each company who speak, each with a queue of their own. The server delivers to an app from so many at once.
const SPEAKERS: usize = 16;
/// Events of each of them for every second that a measurement is to last.
const EACH: f64 = 60.0;
/// Nobody waits longer for what was gathered.
const LIMIT: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(5);

/// What the rounds found.
pub(crate) struct Deliveries {
    pub(crate) per_second: Spread,
    /// Of the requests a second that the bare server answers.
    pub(crate) of_bare: Spread,
    /// The server's processor time an event, over the bare server's a request.
    pub(crate) cpu_of_bare: Option<Spread>,
    /// Events under way at once.
    pub(crate) at_once: usize,
}

/// What the receiver counts.
#[derive(Default)]
struct Counted {
    open: bool,
    accepted: u64,
    first: Option<Instant>,
    last: Option<Instant>,
}

/// What the receiver tells of it.
#[derive(Serialize, Deserialize)]
struct Told {
    accepted: u64,
    /// From the first event to the last.
    seconds: f64,
}

type Shared = Arc<Mutex<Counted>>;

/// Refuses events until it is told to accept them.
pub(crate) async fn receive(listen: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    println!("{{\"url\":\"http://{}\"}}", listener.local_addr()?);
    let app = Router::new()
        .route("/callback", get(verified).post(took))
        .route("/open", post(opened))
        .route("/counted", get(counted))
        .fallback(|| async {})
        .with_state(Shared::default());
    Ok(axum::serve(listener, app).await?)
}

async fn verified(RawQuery(query): RawQuery) -> Result<Vec<u8>, StatusCode> {
    let callback = Callback::for_anybody(TOKEN, KEY);
    let echo = callback.and_then(|callback| callback.verify_url(&query.unwrap_or_default()));
    echo.map_err(|_| StatusCode::FORBIDDEN)
}

async fn took(State(shared): State<Shared>, _: axum::body::Bytes) -> impl IntoResponse {
    let mut counted = lock(&shared);
    if !counted.open {
        return (StatusCode::SERVICE_UNAVAILABLE, "");
    }
    let now = Instant::now();
    counted.accepted += 1;
    counted.first.get_or_insert(now);
    counted.last = Some(now);
    (StatusCode::OK, "success")
}

/// Accepts from now on, and counts anew.
async fn opened(State(shared): State<Shared>) -> Json<serde_json::Value> {
    *lock(&shared) = Counted {
        open: true,
        ..Counted::default()
    };
    Json(json!({ "errcode": 0 }))
}

/// Tells the count, and refuses from now on if all that was expected has come.
async fn counted(State(shared): State<Shared>, RawQuery(all): RawQuery) -> Json<Told> {
    let mut counted = lock(&shared);
    if all.and_then(|all| all.parse().ok()) == Some(counted.accepted) {
        counted.open = false;
    }
    let span = counted.first.zip(counted.last);
    Json(Told {
        accepted: counted.accepted,
        seconds: span.map_or(0.0, |(first, last)| (last - first).as_secs_f64()),
    })
}

fn lock(shared: &Shared) -> MutexGuard<'_, Counted> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Delivers in turns with the bare server's answers.
pub(crate) async fn measure(bench: &Bench<'_>, bare: &Server) -> Result<Option<Deliveries>> {
    let world = bench.world("callbacks", &setup::world())?;
    let data = bench.path("callbacks")?;
    // What the receiver refuses meanwhile is not parked.
    let args = [
        "--data",
        &data,
        "--world",
        &world,
        "--callback-retries",
        "3600",
    ];
    let qun = bench.start_qun("callbacks", &args).await?;
    let receiver = bench.start_receiver().await?;
    let no = Calls::for_bare();
    let beside = Subject {
        name: "bare".to_owned(),
        servers: vec![bare],
        targets: vec![no.send(2).to(bare)],
        connections: 64,
        awake: false,
    };
    let (mut rates, mut of_bare, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=bench.options.rounds {
        let bare = bench.measure(&beside).await?;
        let one = deliver(bench, &qun, &receiver).await;
        let (rate, micros) = one.with_context(|| format!("callbacks, round {round}"))?;
        eprintln!(
            "callbacks, round {round}: bare {:.0}/s qun {rate:.0}/s",
            bare.load.per_second
        );
        rates.push(rate);
        of_bare.push(rate / bare.load.per_second);
        cpu.extend(micros.zip(bare.cpu_micros).map(|(own, bare)| own / bare));
    }
    receiver.stop().await?;
    qun.stop().await?;
    let (Some(per_second), Some(of_bare)) = (Spread::of(&rates), Spread::of(&of_bare)) else {
        return Ok(None);
    };
    Ok(Some(Deliveries {
        per_second,
        of_bare,
        cpu_of_bare: Spread::of(&cpu),
        at_once: setup::COMPANIES * SPEAKERS,
    }))
}

/// Events a second, and the server's processor time for each in µs.
async fn deliver(bench: &Bench<'_>, qun: &Server, receiver: &Server) -> Result<(f64, Option<f64>)> {
    let url = format!("http://{}/callback", receiver.address);
    let set = async || -> Result<()> {
        for number in 0..setup::COMPANIES {
            setup::set_callback(qun, &setup::company(number), &url, TOKEN, KEY).await?;
        }
        Ok(())
    };
    set().await?;
    let each = (EACH * bench.options.seconds.as_secs_f64()).ceil() as usize;
    let mut speaking = JoinSet::new();
    for number in 0..setup::COMPANIES {
        for person in 0..SPEAKERS {
            let speaker = setup::Speaker::of(qun, &setup::company(number), person)?;
            speaking.spawn(async move { speaker.says(each).await });
        }
    }
    while let Some(spoken) = speaking.join_next().await {
        spoken??;
    }
    let all = (setup::COMPANIES * SPEAKERS * each) as u64;
    setup::ask(receiver, "POST", "/open", "", None).await?;
    let before = qun.cpu_micros();
    set().await?;
    let begun = Instant::now();
    let told = loop {
        let told = setup::ask(receiver, "GET", &format!("/counted?{all}"), "", None).await?;
        let told: Told = serde_json::from_value(told)?;
        if told.accepted >= all {
            break told;
        }
        if begun.elapsed() > LIMIT {
            bail!("{} of {all} events came within {LIMIT:?}", told.accepted);
        }
        tokio::time::sleep(LOOK).await;
    };
    let spent = before.zip(qun.cpu_micros());
    ensure!(
        told.accepted == all,
        "{} events came, {all} were made",
        told.accepted
    );
    ensure!(told.seconds > 0.0, "all events came at once");
    Ok((
        all as f64 / told.seconds,
        spent.map(|(from, to)| (to - from) as f64 / all as f64),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_receiver_refuses_until_it_is_opened_and_again_when_all_has_come() {
        let shared = Shared::default();
        let post = async || {
            let answer = took(State(Arc::clone(&shared)), Default::default()).await;
            answer.into_response().status().as_u16()
        };
        assert_eq!(post().await, 503);
        drop(opened(State(Arc::clone(&shared))).await);
        assert_eq!((post().await, post().await), (200, 200));
        let ask =
            async |all: &str| counted(State(Arc::clone(&shared)), RawQuery(Some(all.into()))).await;
        let Json(told) = ask("3").await;
        assert_eq!((told.accepted, post().await), (2, 200));
        let Json(told) = ask("3").await;
        assert_eq!((told.accepted, post().await), (3, 503));
    }

    #[test]
    fn token_and_key_are_well_formed() {
        assert!(Callback::for_anybody(TOKEN, KEY).is_ok());
    }
}
