//! The network between a node and the database fails.

use std::{future::pending, time::Duration};

use futures_util::future::join_all;
use qun_testkit::fault::{Cut, Fault, Pace, Plan, Side};

use crate::{
    database::{Database, at, node, stop, until},
    kit::{App, Server},
    load::{self, End, Load, ready},
};

/// A node behind a failing network, and one that is not.
struct Pair {
    fault: Fault,
    nodes: Vec<Server>,
    database: Database,
}

impl Pair {
    async fn start() -> Option<Pair> {
        let database = Database::new()?;
        let (fault, url) = database.through_fault().await;
        let nodes = vec![database.first().await, node(&url, None).await];
        Some(Pair {
            fault,
            nodes,
            database,
        })
    }

    async fn company(&self) -> [App<'_>; 2] {
        let app = load::company(&self.nodes[0]).await;
        let second = at(&app, &self.nodes[1]);
        [app, second]
    }

    async fn recovers(&self) {
        self.fault.set(Plan::Forward);
        until("the node recovers", async || {
            ready(&self.nodes[1]).await == 200
        })
        .await;
    }

    async fn stop(self) {
        stop(self.nodes).await;
        drop(self.database);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_are_cut_at_any_byte() {
    let Some(pair) = Pair::start().await else {
        return;
    };
    let apps = pair.company().await;
    let load = Load::start(&apps, 6);
    load.more(50).await;
    // Steps that share no factor with the sizes of what is sent: cuts fall on all kinds of places, COMMIT among them.
    let mut bytes = 1;
    for round in 0..40_u64 {
        let from = if round % 2 == 0 {
            Side::Client
        } else {
            Side::Target
        };
        let how = if round % 4 < 2 {
            Cut::Reset
        } else {
            Cut::Close
        };
        bytes = (bytes * 61 + 17) % 6007;
        let before = pair.fault.counts().accepted;
        pair.fault.set(Plan::CutAfter { from, bytes, how });
        until("a connection is cut and made again", async || {
            pair.fault.counts().accepted > before
        })
        .await;
    }
    pair.recovers().await;
    load.more(100).await;
    println!("cuts: {:?}", load.counts());
    load.check(&apps[0]).await;
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_settled() {
    let Some((refused, settled)) = cut_everywhere(Side::Target).await else {
        return;
    };
    assert!(refused > 0 && settled >= 2, "{refused} {settled}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_is_lost_itself_is_refused() {
    let Some((refused, _)) = cut_everywhere(Side::Client).await else {
        return;
    };
    assert!(refused > 0);
}

/// Cuts the connection of a transaction at every few bytes that one side says; gives how many were refused, and how many
/// were done though the connection was cut.
async fn cut_everywhere(from: Side) -> Option<(usize, usize)> {
    let pair = Pair::start().await?;
    let apps = pair.company().await;
    let boots = "SELECT CAST(SUM(boot) AS BIGINT) FROM lane";
    let (mut refused, mut settled, mut untouched) = (0, 0, 0);
    let mut before = (0, false);
    for n in 0.. {
        // Both writers have their connections and statements: what is cut is the transaction alone, at each of its answers
        // in turn. The one to COMMIT is the last and has 18 bytes.
        join_all((0..6).map(|_| load::send(&apps[1], "warm"))).await;
        let taken = pair.database.number(boots).await;
        match before {
            (_, false) => {}
            // Who has lost a connection takes a lane anew.
            (earlier, true) if taken > earlier => settled += 1,
            _ => untouched += 1,
        }
        if untouched >= 6 {
            break;
        }
        assert!(n < 300, "every transaction was cut");
        let (text, accepted) = (format!("settled {n}"), pair.fault.counts().accepted);
        let how = if n % 2 == 0 { Cut::Reset } else { Cut::Close };
        pair.fault.set(Plan::CutAfter {
            from,
            bytes: 20 + n * 7,
            how,
        });
        let sending = load::send(&apps[1], &text);
        let mending = async {
            // Whoever asks what became of it gets through.
            while pair.fault.counts().accepted == accepted {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            pair.fault.set(Plan::Forward);
            pending::<()>().await;
        };
        let end = tokio::select! { end = sending => end, () = mending => unreachable!() };
        pair.fault.set(Plan::Forward);
        let there = load::history(&apps[0])
            .await
            .get(&text)
            .copied()
            .unwrap_or(0);
        match end {
            End::Done => assert_eq!(there, 1, "{text}"),
            End::Refused => assert_eq!(there, 0, "{text}"),
            End::Nothing => panic!("the database can be asked: {text}"),
        }
        refused += 1 - there;
        before = (taken, end == End::Done);
    }
    println!(
        "{refused} refused, {settled} done though the connection was cut, {untouched} not cut"
    );
    pair.stop().await;
    Some((refused, settled))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_only_slows() {
    let Some(pair) = Pair::start().await else {
        return;
    };
    let apps = pair.company().await;
    let late = Pace {
        delay: Duration::from_millis(200),
        bytes_per_second: None,
    };
    let narrow = Pace {
        delay: Duration::ZERO,
        bytes_per_second: Some(20_000),
    };
    join_all((0..6).map(|_| load::send(&apps[1], "warm"))).await;
    for pace in [late, narrow] {
        pair.fault.set(Plan::Slow {
            up: pace,
            down: pace,
        });
        let load = Load::start(&apps[1..], 8);
        load.more(16).await;
        pair.fault.set(Plan::Forward);
        let (_, refused, unanswered) = load.counts();
        println!("{pace:?}: {:?}", load.counts());
        assert_eq!((refused, unanswered), (0, 0));
        load.check(&apps[0]).await;
    }
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_and_refusal_end_by_themselves() {
    let Some(pair) = Pair::start().await else {
        return;
    };
    let apps = pair.company().await;
    let load = Load::start(&apps, 6);
    // Nothing passes for a while, then all of it does.
    load.more(50).await;
    pair.fault.set(Plan::Stall);
    tokio::time::sleep(Duration::from_secs(3)).await;
    pair.recovers().await;
    load.more(50).await;

    // What was sent is gone for good, and nobody says so.
    pair.fault.set(Plan::Swallow);
    tokio::time::sleep(Duration::from_secs(3)).await;
    pair.recovers().await;
    load.more_at(1, 20).await;

    // Nobody is there.
    pair.fault.refuse().await;
    pair.fault.cut(Cut::Reset).await;
    until("the node says that it is not ready", async || {
        ready(&pair.nodes[1]).await == 503
    })
    .await;
    load.more_at(0, 20).await;
    pair.fault.accept().unwrap();
    pair.recovers().await;
    load.more_at(1, 20).await;
    println!("silence: {:?}", load.counts());
    load.check(&apps[0]).await;
    pair.stop().await;
}
