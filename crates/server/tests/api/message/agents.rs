//! Which app may send in whose name.

use serde_json::json;

use super::to;
use crate::{
    appchat::refused,
    kit::{App, BOTH, Server},
};

#[tokio::test]
async fn an_app_sends_in_its_own_name() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let other = app.sibling(json!({ "name": "other" })).await;
        let send = async |agentid: serde_json::Value| {
            let mut message = to("p1");
            message["agentid"] = agentid;
            app.post("message/send", message).await
        };
        let words = "not allow operate another agent with this accesstoken.";
        for (agentid, expected) in [
            (json!(null), (41011, "missing agentid")),
            (json!(""), (41011, "missing agentid")),
            (json!(0), (40056, "invalid agentid")),
            (json!(77), (40056, "invalid agentid")),
            (json!(other.agentid), (301002, words)),
        ] {
            refused(&send(agentid.clone()).await, expected, (book, agentid));
        }
        assert_eq!(send(json!(app.agentid)).await["errcode"], 0);
        assert_eq!(send(json!(app.agentid.to_string())).await["errcode"], 0);
        // The app is looked at before all else.
        refused(
            &app.post("message/send", json!({})).await,
            (41011, "missing agentid"),
            book,
        );
        let unread = send(json!("x")).await;
        refused(
            &unread,
            (41011, "Warning: wrong json format. missing agentid"),
            book,
        );
    }
}

#[tokio::test]
async fn only_self_built_apps_send() {
    let server = Server::start().await;
    let app = server.company(BOTH[0], 2, json!({})).await;
    let forbidden = async |app: &App<'_>, kind: &str| {
        let app = app.sibling(json!({ "name": kind, "kind": kind })).await;
        refused(&app.send(to("p1")).await, (48002, "api forbidden"), kind);
        let recall = app.post("message/recall", json!({ "msgid": "x" })).await;
        refused(&recall, (48002, "api forbidden"), kind);
    };
    forbidden(&app, "contacts_sync").await;
    forbidden(&app, "customer_contact").await;
}
