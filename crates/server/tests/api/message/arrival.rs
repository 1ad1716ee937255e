//! What a person's phone shows of what apps say.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::to;
use crate::{
    appchat::{arrived, now},
    kit::{App, BOTH, Server},
};

/// Moves the clock to the beginning of an hour that comes.
async fn to_hour(server: &Server) {
    let second = now(server).await / 1000 % 3600;
    server.advance(3600 - second).await;
}

/// By which limit each message on a phone was dropped.
async fn drops(app: &App<'_>, userid: &str) -> Vec<Value> {
    let messages = arrived(app, userid).await.into_iter();
    messages.map(|message| message["dropped"].clone()).collect()
}

fn count(drops: &[Value], limit: &str) -> usize {
    drops.iter().filter(|drop| drop["limit"] == limit).count()
}

#[tokio::test]
async fn a_message_is_shown_as_a_phone_draws_it() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        app.chat("c", &["p1", "p2"]).await;
        app.say("c", "in the group").await;
        app.sent(to("p1")).await;
        let phone = arrived(&app, "p1").await;
        assert_eq!(phone.len(), 2);
        let message = &phone[1];
        assert_eq!(message["chatid"], "");
        assert_eq!(message["agentid"], app.agentid);
        assert_eq!(message["msgtype"], "text");
        assert_eq!(message["content"], json!({ "content": "hello" }));
        assert_eq!(message["safe"], 0);
        assert_eq!(message["mentioned"], false);
        for absent in ["from", "dropped", "recalled"] {
            assert_eq!(message[absent], Value::Null, "{absent}");
        }
        assert_eq!(arrived(&app, "p2").await.len(), 1);
    }
}

#[tokio::test]
async fn the_inbox_pages_through_groups_and_apps_together() {
    let server = Server::start().await;
    let app = server.company(BOTH[0], 3, json!({})).await;
    app.chat("c", &["p1", "p2"]).await;
    for n in 0..6 {
        let mut message = to(["p1", "p1|p2", "p1|p3"][n % 3]);
        message["text"]["content"] = format!("m{n}").into();
        app.sent(message).await;
        app.say("c", &format!("g{n}")).await;
    }
    let (mut seen, mut query) = (Vec::new(), "&limit=5".to_owned());
    loop {
        let page = app.inbox("p1", &query).await;
        for message in page["messages"].as_array().unwrap() {
            seen.push(message["content"]["content"].as_str().unwrap().to_owned());
        }
        if page["more"] == false {
            break;
        }
        query = format!("&limit=5&after={}", page["cursor"].as_str().unwrap());
    }
    let expected: Vec<String> = (0..6)
        .flat_map(|n| [format!("m{n}"), format!("g{n}")])
        .collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn who_waits_is_woken_by_a_message() {
    let server = Server::start().await;
    let app = server.company(BOTH[0], 2, json!({})).await;
    let cursor = app.inbox("p1", "&after=latest").await["cursor"].clone();
    let query = format!("&wait=60&after={}", cursor.as_str().unwrap());
    let (page, _) = tokio::join!(app.inbox("p1", &query), app.sent(to("p1|p2")));
    assert_eq!(page["messages"].as_array().unwrap().len(), 1);
}

/// The published numbers, to the message.
async fn surplus(book: Rulebook) {
    let server = Server::start().await;
    let app = server
        .company(
            book,
            2,
            json!({ "message_receives_per_member_hour": 61, "token_seconds": 1_000_000 }),
        )
        .await;
    let other = app.sibling(json!({ "name": "other" })).await;
    app.chat("c", &["p1", "p2"]).await;
    to_hour(&server).await;
    for n in 0..31 {
        // Over different audiences, and whatever is said in groups.
        app.sent(to(if n % 2 == 0 { "p1" } else { "p1|p2" })).await;
        app.say("c", "x").await;
    }
    let of_app = |drops: Vec<Value>| -> Vec<Value> { drops.into_iter().step_by(2).collect() };
    let dropped = of_app(drops(&app, "p1").await);
    let last = json!({ "limit": "message_receives_per_member_minute", "value": 30 });
    assert_eq!(dropped[..30], vec![Value::Null; 30], "{book}");
    assert_eq!(dropped[30], last);
    assert_eq!(
        count(
            &drops(&app, "p2").await,
            "message_receives_per_member_minute"
        ),
        0
    );
    for _ in 0..3 {
        other.sent(to("p1")).await;
    }
    let of_other = drops(&app, "p1").await;
    assert_eq!(of_other[62..], vec![Value::Null; 3], "each app has its own");

    // The hour's number counts what was delivered, over its minutes.
    for _ in 0..2 {
        server.advance(60).await;
        for _ in 0..30 {
            app.sent(to("p1")).await;
        }
    }
    let all = drops(&app, "p1").await;
    assert_eq!(count(&all, "message_receives_per_member_minute"), 1);
    assert_eq!(
        count(&all, "message_receives_per_member_hour"),
        90 - 61,
        "{book}"
    );
    to_hour(&server).await;
    app.sent(to("p1")).await;
    assert_eq!(drops(&app, "p1").await.pop().unwrap(), Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn a_persons_surplus_is_dropped_though_the_answer_is_ok() {
    for book in BOTH {
        surplus(book).await;
    }
}
