//! Limits that count hold over all nodes, to the last unit.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop},
    kit::{App, Server, code},
};

const SENDERS: usize = 64;

/// How many calls are granted when 64 callers at all nodes go on until they are refused.
async fn granted(
    nodes: &[Server],
    app: &App<'_>,
    refusal: i64,
    call: impl AsyncFn(&App<'_>, usize) -> Value,
) -> usize {
    let apps = everywhere(app, nodes);
    let (granted, number) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let sender = async |at: usize| {
        let app = &apps[at % apps.len()];
        loop {
            let answer = call(app, number.fetch_add(1, Relaxed)).await;
            match code(&answer) {
                0 => granted.fetch_add(1, Relaxed),
                found => {
                    assert_eq!(found, refusal, "{answer}");
                    return;
                }
            };
        }
    };
    join_all((0..SENDERS).map(sender)).await;
    for app in &apps {
        assert_eq!(
            code(&call(app, number.fetch_add(1, Relaxed)).await),
            refusal,
            "the block is everywhere"
        );
    }
    granted.into_inner()
}

fn limits(change: Value) -> Value {
    let mut limits = json!({ "calls_per_corp_minute": -1, "chat_sends_per_corp_minute": -1 });
    for (key, value) in change.as_object().unwrap() {
        limits[key] = value.clone();
    }
    limits
}

async fn sends_are_granted_exactly(nodes: usize, cases: &[(usize, Option<i64>, usize)]) {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(nodes).await;
    for (members, limit, expected) in cases {
        let limits = match limit {
            Some(limit) => limits(json!({ "chat_sends_per_corp_hour": limit })),
            None => limits(json!({})),
        };
        let app = nodes[0]
            .company(Rulebook::Documented, *members, limits)
            .await;
        let people: Vec<String> = (1..=*members).map(|n| format!("p{n}")).collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        app.chat("g", &people).await;
        let sent = granted(&nodes, &app, 45009, async |app, n| {
            app.say("g", &n.to_string()).await
        })
        .await;
        assert_eq!(sent, *expected, "{members} members, {limit:?} person-times");
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_send_to_the_last_person_time() {
    sends_are_granted_exactly(
        2,
        &[(3, Some(7), 2), (3, Some(1001), 333), (2, Some(1999), 999)],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_send_to_the_last_person_time() {
    // The last is the published number for the documented group of 500: 200 000.
    sends_are_granted_exactly(
        4,
        &[
            (2, Some(1), 0),
            (2, Some(13), 6),
            (3, Some(1501), 500),
            (500, None, 400),
        ],
    )
    .await;
}

async fn messages_are_granted_exactly(nodes: usize, cases: &[(usize, i64, usize)]) {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(nodes).await;
    for (people, limit, expected) in cases {
        let limits = limits(json!({ "message_sends_per_app_day": limit }));
        let app = nodes[0]
            .company(Rulebook::Documented, *people, limits)
            .await;
        let sent = granted(&nodes, &app, 45009, async |app, n| {
            app.post(
                "message/send",
                json!({
                    "touser": "@all", "agentid": app.agentid, "msgtype": "text", "text": { "content": n.to_string() },
                }),
            )
            .await
        });
        assert_eq!(
            sent.await,
            *expected,
            "{people} people, {limit} person-times"
        );
        // What was granted is there, once for all of them.
        let of_app = "SELECT COUNT(*) FROM message WHERE corp = (SELECT MAX(corp) FROM company)";
        assert_eq!(database.number(of_app).await, *expected as i64);
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_send_to_people_to_the_last_person_time() {
    messages_are_granted_exactly(2, &[(3, 2, 0), (3, 7, 2), (3, 1001, 333), (1, 500, 500)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_send_to_people_to_the_last_person_time() {
    messages_are_granted_exactly(4, &[(2, 13, 6), (500, 150_000, 300)]).await;
}

async fn groups_and_updates(nodes: usize, creates: i64, updates: i64) {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(nodes).await;
    let limits =
        limits(json!({ "chats_per_corp_day": creates, "chat_updates_per_corp_hour": updates }));
    let app = nodes[0].company(Rulebook::Documented, 3, limits).await;
    let made = granted(&nodes, &app, 86005, async |app, n| {
        let chatid = format!("g{n}");
        app.post(
            "appchat/create",
            json!({ "chatid": chatid, "userlist": ["p1", "p2"] }),
        )
        .await
    });
    assert_eq!(made.await as i64, creates);
    let chats = database
        .number("SELECT COUNT(*) FROM chat WHERE corp > 1")
        .await;
    assert_eq!(chats, creates);
    let changed = granted(&nodes, &app, 45009, async |app, n| {
        app.post(
            "appchat/update",
            json!({ "chatid": "g0", "name": format!("name {n}") }),
        )
        .await
    });
    assert_eq!(changed.await as i64, updates);
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_create_and_change_to_the_last_one() {
    groups_and_updates(2, 37, 53).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_nodes_create_and_change_to_the_last_one() {
    groups_and_updates(4, 201, 100).await;
}
