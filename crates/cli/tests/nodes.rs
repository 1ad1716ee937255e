//! Several processes on one PostgreSQL, of which one is killed or stands still.

#[path = "nodes/card.rs"]
mod card;
#[path = "nodes/customer_group.rs"]
mod customer_group;
#[path = "served/database.rs"]
mod database;
#[path = "../../server/tests/api/callback/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "the tests of a directory use the rest")]
mod served;

use std::{
    collections::BTreeMap,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use database::Database;
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use qun_protocol::{appchat::Create, manage::SetCallback, world};
use receiver::{KEY, Receiver, TOKEN};
use served::{Sent, Server, history};

/// The demo company's first app.
const AGENT: i64 = 1_000_002;

/// Lets an app be told at a receiver.
async fn told(server: &Server, receiver: &Receiver) {
    let callback = SetCallback {
        corpid: server.text("corpid").into(),
        agentid: AGENT,
        callback: world::Callback {
            url: receiver.url.clone(),
            token: TOKEN.into(),
            encoding_aes_key: KEY.into(),
        },
    };
    let set = server.manager().send(callback).await;
    set.expect("it is verified");
}

/// Waits until a condition holds.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "it never came to this: {what}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_leaves_its_lane_to_the_next_and_the_other_goes_on() {
    let Some(database) = Database::new("kill") else {
        return;
    };
    let (first, sent) = (database.node("a"), Sent::default());
    first.prepare().await;
    let lanes = "SELECT COUNT(*) FROM lane";
    for round in 0..2 {
        let mut dying = database.another("dying", &first);
        let (known, boots) = (
            database.number(lanes),
            database.number("SELECT CAST(SUM(boot) AS BIGINT) FROM lane"),
        );
        let beside = Sent::default();
        let going_on = beside.flood(&first, &format!("a{round}"));
        let senders = sent.flood(&dying, &format!("b{round}"));
        sent.more(400).await;
        dying.kill();
        for sender in senders {
            sender
                .await
                .expect("a sender ends with an error of its own");
        }
        beside.more(400).await;
        assert!(
            going_on.iter().all(|sender| !sender.is_finished()),
            "the other node has refused something"
        );
        // The next one takes the lanes over that the dead one had.
        let next = database.another("next", &first);
        let (known_now, boots_now) = (
            database.number(lanes),
            database.number("SELECT CAST(SUM(boot) AS BIGINT) FROM lane"),
        );
        assert_eq!((known_now, boots_now), (known, boots + 2));
        let more = sent.flood(&next, &format!("c{round}"));
        sent.more(200).await;
        for sender in more.iter().chain(&going_on) {
            sender.abort();
        }
        for sender in more.into_iter().chain(going_on) {
            let _ = sender.await;
        }
        for server in [&first, &next] {
            let (other, texts) = split(history(server).await, "a");
            let (other, _) = split(other, &format!("a{round}/"));
            beside.check(&other, &beside.acknowledged());
            sent.check(&texts, &sent.acknowledged());
        }
    }
}

/// Those texts that begin so, and the others.
fn split(
    texts: BTreeMap<String, u64>,
    mark: &str,
) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
    texts
        .into_iter()
        .partition(|(text, _)| text.starts_with(mark))
}

fn signal(child: &Child, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    kill(pid, signal).expect("a signal");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stands_still_is_fenced_off() {
    let Some(database) = Database::new("stop") else {
        return;
    };
    let (first, sent) = (database.node("a"), Sent::default());
    first.prepare().await;
    let sleeper = database.another("sleeper", &first);
    let held = "SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = 'sleeper' \
        AND state LIKE 'idle in transaction%' AND query NOT LIKE '%READ ONLY%' AND xact_start IS NOT NULL";
    let senders = sent.flood(&sleeper, "sleeper");
    // It is stopped until it stands still in the middle of a transaction.
    let start = Instant::now();
    loop {
        sent.more(20).await;
        signal(&sleeper.child, Signal::SIGSTOP);
        thread::sleep(Duration::from_millis(50));
        if database.number(held) > 0 {
            break;
        }
        signal(&sleeper.child, Signal::SIGCONT);
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it never stops within a transaction"
        );
    }
    // Others only add, and need not wait for it.
    let beside = Sent::default();
    let going_on = beside.flood(&first, "a");
    beside.more(300).await;
    // What changes the company waits until the server ends the transaction.
    let start = Instant::now();
    let group = Create {
        userlist: ["zhangsan", "lisi"].map(Into::into).to_vec(),
        ..Default::default()
    };
    let made = first.client().send(group).await;
    made.expect("a group, once the server has ended the transaction");
    println!("a change went through after {:?}", start.elapsed());
    assert!(
        going_on.iter().all(|sender| !sender.is_finished()),
        "the other node has refused a message"
    );

    signal(&sleeper.child, Signal::SIGCONT);
    let again = sent.flood(&sleeper, "awake");
    sent.more(200).await;
    for sender in going_on.into_iter().chain(again).chain(senders) {
        sender.abort();
        let _ = sender.await;
    }
    let (other, texts) = split(history(&first).await, "a/");
    beside.check(&other, &beside.acknowledged());
    sent.check(&texts, &sent.acknowledged());
}
