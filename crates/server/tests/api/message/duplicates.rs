//! `enable_duplicate_check`: the same request is delivered once.

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::to;
use crate::{
    appchat::{arrived, refused},
    kit::{App, BOTH, Server, code},
};

fn once(touser: &str, interval: Value) -> Value {
    let mut message = to(touser);
    message["enable_duplicate_check"] = 1.into();
    message["duplicate_check_interval"] = interval;
    message
}

async fn phone(app: &App<'_>) -> usize {
    arrived(app, "p1").await.len()
}

#[tokio::test]
async fn the_same_request_is_delivered_once_within_its_interval() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 2, json!({ "message_sends_per_app_day": 9 }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        let first = app.sent(once("p1|x", json!(60))).await;
        for _ in 0..5 {
            assert_eq!(app.sent(once("p1|x", json!(60))).await, first, "{book}");
        }
        assert_eq!(phone(&app).await, 1);
        // Not the same: other people, other text, another app, or no check at all.
        app.sent(once("p1", json!(60))).await;
        let mut text = once("p1|x", json!(60));
        text["text"]["content"] = "else".into();
        app.sent(text).await;
        other.sent(once("p1|x", json!(60))).await;
        app.sent(to("p1|x")).await;
        assert_eq!(phone(&app).await, 5);
        // The interval is counted from what was delivered.
        server.advance(40).await;
        app.sent(once("p1|x", json!(60))).await;
        server.advance(21).await;
        let second = app.sent(once("p1|x", json!(60))).await;
        assert_ne!(second["msgid"], first["msgid"]);
        assert_eq!(app.sent(once("p1|x", json!(60))).await, second);
        assert_eq!(phone(&app).await, 6);
        // What is not delivered costs nothing: five of nine are spent.
        let usage = format!("/_qun/companies/{}/usage", app.corpid);
        let usage = server.manage_ok("GET", &usage, None).await;
        let spent = usage["limits"].as_array().unwrap().iter();
        let mut spent = spent.filter(|limit| limit["agentid"] == app.agentid);
        assert_eq!(spent.next().unwrap()["used"], 5);
    }
}

#[tokio::test]
async fn the_interval_is_half_an_hour_and_at_most_four() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 1, json!({ "token_seconds": 1_000_000 }))
            .await;
        for absent in [json!(null), json!(0)] {
            let sent = app.sent(once("p1", absent.clone())).await;
            server.advance(1800 - 60).await;
            assert_eq!(app.sent(once("p1", absent.clone())).await, sent);
            server.advance(61).await;
            assert_ne!(app.sent(once("p1", absent)).await, sent);
        }
        let sent = app.sent(once("p1", json!(14_400))).await;
        server.advance(14_400 - 60).await;
        assert_eq!(app.sent(once("p1", json!(14_400))).await, sent);
        server.advance(61).await;
        assert_ne!(app.sent(once("p1", json!(14_400))).await, sent);
        let words = "duplicate_check_interval exceed max length 14400. invalid Request Parameter";
        let over = app.send(once("p1", json!(14_401))).await;
        refused(&over, (40058, words), book);
        let under = app.send(once("p1", json!(-1))).await;
        assert_eq!(code(&under), 40058);
        let mut unasked = once("p1", json!(14_401));
        unasked["enable_duplicate_check"] = 0.into();
        app.sent(unasked).await;
        for field in ["enable_duplicate_check", "enable_id_trans"] {
            let mut bad = to("p1");
            bad[field] = 2.into();
            let words = format!("invalid param '{field}'. invalid Request Parameter");
            refused(&app.send(bad).await, (40058, &words), book);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_once_one_is_delivered() {
    let server = Server::start().await;
    let app = server.company(BOTH[0], 1, json!({})).await;
    let answers = join_all((0..20).map(|_| app.sent(once("p1", json!(60))))).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(phone(&app).await, 1);
}
