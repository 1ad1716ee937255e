//! `POST /cgi-bin/message/recall`

use serde_json::{Value, json};

use super::to;
use crate::{
    appchat::{arrived, refused},
    kit::{App, BOTH, Server, code},
};

const UNKNOWN: (i64, &str) = (40058, "invalid param 'msgid'. invalid Request Parameter");

async fn recall(app: &App<'_>, msgid: &Value) -> Value {
    app.post("message/recall", json!({ "msgid": msgid })).await
}

#[tokio::test]
async fn a_message_is_taken_back_on_every_phone() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let first = app.sent(to("p1|p2")).await["msgid"].clone();
        app.sent(to("p1")).await;
        for _ in 0..2 {
            assert_eq!(
                recall(&app, &first).await,
                json!({ "errcode": 0, "errmsg": "ok" }),
                "{book}: again is the same"
            );
        }
        for userid in ["p1", "p2"] {
            let phone = arrived(&app, userid).await;
            assert_eq!(phone[0]["content"], json!({}));
            assert_eq!(phone[0]["msgtype"], "text");
            assert!(phone[0]["recalled"].as_i64().unwrap() >= phone[0]["time"].as_i64().unwrap());
            assert!(
                phone
                    .iter()
                    .skip(1)
                    .all(|message| message["recalled"].is_null())
            );
        }
    }
}

#[tokio::test]
async fn a_day_is_enough_and_a_moment_more_is_not() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 1, json!({ "token_seconds": 1_000_000 }))
            .await;
        let msgid = app.sent(to("p1")).await["msgid"].clone();
        // The clock runs: some time before the last moment, and then past it.
        server.advance(86_400 - 120).await;
        assert_eq!(code(&recall(&app, &msgid).await), 0);
        let late = app.sent(to("p1")).await["msgid"].clone();
        server.advance(86_401).await;
        refused(&recall(&app, &late).await, (42052, "msgid expired"), book);
        assert_eq!(arrived(&app, "p1").await[1]["recalled"], Value::Null);

        let short = server
            .company(book, 1, json!({ "message_recall_seconds": 0 }))
            .await;
        let msgid = short.sent(to("p1")).await["msgid"].clone();
        server.advance(1).await;
        refused(
            &recall(&short, &msgid).await,
            (42052, "msgid expired"),
            book,
        );
    }
}

#[tokio::test]
async fn only_the_app_that_sent_it_takes_it_back() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let other = app.sibling(json!({ "name": "other" })).await;
        let stranger = server.company(book, 2, json!({})).await;
        let msgid = app.sent(to("p1")).await["msgid"].clone();
        stranger.sent(to("p1")).await;
        for foreign in [&other, &stranger] {
            refused(&recall(foreign, &msgid).await, UNKNOWN, book);
        }
        let text = msgid.as_str().unwrap();
        let garbled = format!("{}A", &text[..63]);
        for bad in [
            json!(null),
            json!(""),
            json!("x"),
            json!(garbled),
            json!(text[1..]),
            json!([1]),
        ] {
            let answer = recall(&app, &bad).await;
            assert_eq!(code(&answer), 40058, "{bad}");
        }
        refused(&app.post("message/recall", json!({})).await, UNKNOWN, book);
        assert_eq!(arrived(&app, "p1").await[0]["recalled"], Value::Null);
    }
}
