//! Limits that count hold over all nodes, to the last unit.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    database::{Database, advance, everywhere, stop},
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

/// How many of a person's messages arrived and how many were dropped by a limit, as a node shows it.
async fn arrived(app: &App<'_>, userid: &str, limit: &str) -> (usize, usize) {
    let page = app.inbox(userid, "&limit=1000").await;
    let messages = page["messages"].as_array().unwrap();
    let dropped = |message: &&Value| !message["dropped"].is_null();
    let lost = messages.iter().filter(dropped);
    let lost = lost.inspect(|it| assert_eq!(it["dropped"]["limit"], limit));
    let lost = lost.count();
    (messages.len() - lost, lost)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_times_the_account_cap_and_thirty_a_minute_hold_over_two_nodes() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    for book in Rulebook::ALL {
        let users = ["p1", "p2", "p3"].map(|userid| json!({ "userid": userid }));
        let app = nodes[0]
            .world(json!({
                "rulebook": book, "limits": limits(json!({})), "account_cap": 2, "users": users,
                "apps": [{ "name": "a" }, { "name": "b" }],
            }))
            .await;
        // The minute begins now, and is not over before these are sent.
        let second = nodes[0].now_ms().await / 1000;
        advance(&nodes, 60 - second % 60).await;
        let send = async |app: &App<'_>, touser: &str, n: usize| {
            let text = json!({ "content": n.to_string() });
            let message = json!({ "touser": touser, "agentid": app.agentid, "msgtype": "text", "text": text });
            app.post("message/send", message).await
        };
        let apps = everywhere(&app, &nodes);
        let sent = join_all((0..37).map(|n| send(&apps[n % 2], "p1", n))).await;
        assert!(
            sent.iter().all(|answer| code(answer) == 0),
            "the surplus is no error"
        );
        let minute = nodes[1].now_ms().await / 60_000;
        assert_eq!(minute, (second / 60) + 1, "it took longer than a minute");
        for app in &apps {
            let limit = "message_receives_per_member_minute";
            assert_eq!(arrived(app, "p1", limit).await, (30, 7));
        }
        // 37 of 400 are spent; the others go to two each, and one is left over.
        let granted_to_two = granted(&nodes, &app, 45009, async |app, n| {
            send(app, "p2|p3", n).await
        });
        assert_eq!(granted_to_two.await, 181);
        let last = join_all((0..8).map(|n| send(&apps[n % 2], "p1", n))).await;
        let last = last.iter().filter(|answer| code(answer) == 0).count();
        assert_eq!(last, 0, "the block is for the rest of the day");
        // Each app has a day of its own.
        let other = app.sibling(json!({ "name": "other" })).await;
        assert_eq!(code(&send(&other, "@all", 0).await), 0);
    }
    stop(nodes).await;
}

async fn groups_and_updates(nodes: usize, creates: i64, updates: i64) {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(nodes).await;
    let limits =
        limits(json!({ "chats_per_corp_day": creates, "chat_updates_per_corp_hour": updates }));
    let app = nodes[0].company(Rulebook::Documented, 3, limits).await;
    // Which of the others are granted is chance.
    app.chat("first", &["p1", "p2"]).await;
    let made = granted(&nodes, &app, 86005, async |app, n| {
        let chatid = format!("g{n}");
        app.post(
            "appchat/create",
            json!({ "chatid": chatid, "userlist": ["p1", "p2"] }),
        )
        .await
    });
    assert_eq!(made.await as i64, creates - 1);
    let chats = database
        .number("SELECT COUNT(*) FROM chat WHERE corp > 1")
        .await;
    assert_eq!(chats, creates);
    let changed = granted(&nodes, &app, 45009, async |app, n| {
        app.post(
            "appchat/update",
            json!({ "chatid": "first", "name": format!("name {n}") }),
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
