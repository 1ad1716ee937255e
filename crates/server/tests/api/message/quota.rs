//! Person-times a day, by app.

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::to;
use crate::{
    appchat::{FREQUENCY, arrived, refused},
    kit::{App, BOTH, Server, code},
};

/// What an app has spent and may spend.
async fn spent(app: &App<'_>) -> (Value, Value) {
    let usage = format!("/_qun/companies/{}/usage", app.corpid);
    let usage = app.server.manage_ok("GET", &usage, None).await;
    let limits = usage["limits"].as_array().unwrap().iter();
    let mut own = limits.filter(|limit| limit["agentid"] == app.agentid);
    let own = own.next().unwrap();
    assert_eq!(own["limit"], "message_sends_per_app_day");
    (own["used"].clone(), own["most"].clone())
}

#[tokio::test]
async fn a_message_costs_those_who_get_it() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(
                book,
                4,
                json!({ "message_sends_per_app_day": 9, "token_seconds": 1_000_000 }),
            )
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        for (message, total) in [
            (to("p1|p2|nobody"), 2),
            (to("@all"), 6),
            (to("p1|P1|p2"), 8),
            (to("p3"), 9),
        ] {
            app.sent(message).await;
            assert_eq!(spent(&app).await, (json!(total), json!(9)));
        }
        refused(&app.send(to("p1")).await, FREQUENCY, book);
        // Refused for another reason it costs nothing, and each app has its own.
        other.send(to("nobody")).await;
        other.send(json!({ "touser": "p1" })).await;
        other.sent(to("@all")).await;
        assert_eq!(spent(&other).await.0, 4);
        assert_eq!(arrived(&app, "p1").await.len(), 4);
        // Blocked for the rest of the natural day.
        let second = server.now_ms().await / 1000;
        let rest = 86_400 - (second + 8 * 3600) % 86_400;
        server.advance(rest - 60).await;
        refused(&app.send(to("p1")).await, FREQUENCY, book);
        server.advance(61).await;
        app.sent(to("p1")).await;
        assert_eq!(spent(&app).await.0, 1);
    }
}

#[tokio::test]
async fn two_hundred_times_the_account_cap_is_the_limit() {
    let server = Server::start().await;
    let users: Vec<Value> = (1..=3)
        .map(|n| json!({ "userid": format!("p{n}") }))
        .collect();
    let app = server
        .world(json!({ "name": "t", "account_cap": 2, "apps": [{ "name": "a" }], "users": users }))
        .await;
    assert_eq!(spent(&app).await.1, 400);
    let path = format!("/_qun/companies/{}", app.corpid);
    server
        .manage_ok("PATCH", &path, Some(json!({ "account_cap": 3 })))
        .await;
    assert_eq!(spent(&app).await.1, 600);
    for n in 0..200 {
        assert_eq!(code(&app.send(to("@all")).await), 0, "{n}");
    }
    refused(&app.send(to("p1")).await, FREQUENCY, "600 + 1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_spend_to_the_last_person_time() {
    let server = Server::start().await;
    let app = server
        .company(BOTH[0], 3, json!({ "message_sends_per_app_day": 100 }))
        .await;
    let sends = (0..60).map(|_| app.send(to("@all")));
    let answers: Vec<Value> = stream::iter(sends).buffer_unordered(16).collect().await;
    let granted = answers.iter().filter(|answer| code(answer) == 0).count();
    assert_eq!(granted, 33);
    assert_eq!(arrived(&app, "p2").await.len(), 33);
    assert_eq!(spent(&app).await.0, 99);
}
