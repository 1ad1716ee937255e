//! Whom an app sees can meet it, and nobody else.

use serde_json::{Value, json};

use super::ok;
use crate::kit::{App, Server};

async fn tries(app: &App<'_>, userid: &str, step: &str) -> (u16, Value) {
    let path = format!("/_qun/people/{userid}/apps/{}/{step}", app.agentid);
    let mut body = json!({ "corpid": app.corpid });
    if step == "say" {
        body["text"] = "hello".into();
    }
    app.server.manage("POST", &path, Some(body)).await
}

#[tokio::test]
async fn who_is_outside_the_visible_range_cannot_meet_the_app() {
    let server = Server::start().await;
    let company = json!({
        "departments": [
            { "id": 2, "name": "sales", "parentid": 1 },
            { "id": 3, "name": "sales north", "parentid": 2 },
        ],
        "users": [
            { "userid": "named" },
            { "userid": "below", "departments": [3] },
            { "userid": "tagged" },
            { "userid": "nobody" },
        ],
        "tags": [{ "tagid": 1, "tagname": "t", "users": ["tagged"] }],
        "apps": [{ "name": "app" }],
    });
    let app = server.world(company).await;
    let receiver = app.told(ok()).await;
    // The whole company, as it comes.
    app.person("nobody", "subscribe", json!({})).await;
    app.change(json!({ "visible": { "users": ["named"], "departments": [2], "tags": [1] } }))
        .await;
    for userid in ["named", "below", "tagged"] {
        for step in ["subscribe", "enter", "say"] {
            let (status, answer) = tries(&app, userid, step).await;
            assert_eq!(status, 200, "{userid} {step}: {answer}");
        }
    }
    for step in ["subscribe", "enter", "say"] {
        let (status, answer) = tries(&app, "nobody", step).await;
        let code = &answer["error"]["code"];
        assert_eq!((status, code), (403, &json!("app_not_visible")), "{step}");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("nobody"), "{message}");
    }
    // Whoever has followed it before can leave it.
    assert_eq!(tries(&app, "nobody", "unsubscribe").await.0, 200);
    let told = receiver.got(11).await;
    assert_eq!(told.len(), 11);
}
