//! `POST /cgi-bin/appchat/quit`, and what `live-2026` says of it and of `appchat/members`.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{arrived, refused, unknown_chat, with_chatid};
use crate::kit::{Server, code};

#[tokio::test]
async fn a_dissolved_group_is_gone_for_everyone() {
    let server = Server::start().await;
    let book = Rulebook::Documented;
    let app = server.company(book, 2, json!({})).await;
    app.chat("c", &["p1", "p2"]).await;
    assert_eq!(code(&app.say("c", "last").await), 0);
    let answer = app.post("appchat/quit", json!({ "chatid": "c" })).await;
    assert_eq!(answer, json!({ "errcode": 0, "errmsg": "ok" }));

    for endpoint in ["get", "send", "update", "members", "quit"] {
        refused(
            &with_chatid(&app, endpoint, "c").await,
            unknown_chat(book),
            endpoint,
        );
    }
    let groups = format!("/_qun/people/p1/groups?corpid={}", app.corpid);
    assert_eq!(
        server.manage_ok("GET", &groups, None).await["groups"],
        json!([])
    );
    assert_eq!(
        app.step("p1", "c", "say", json!({ "text": "?" })).await.0,
        404
    );
    assert_eq!(arrived(&app, "p1").await.len(), 1, "what had arrived stays");
}

#[tokio::test]
async fn live_2026_has_neither_quit_nor_members() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Live2026, 2, json!({})).await;
    app.chat("c", &["p1", "p2"]).await;
    let call = async |method: &str, path: &str, body: &str| {
        let url = format!("{}/cgi-bin/appchat/{path}", server.url);
        let request = server
            .http
            .request(method.parse().unwrap(), url)
            .body(body.to_owned());
        let response = request.send().await.unwrap();
        let errcode = response.headers().get("error-code").cloned();
        (
            response.status().as_u16(),
            errcode,
            response.text().await.unwrap(),
        )
    };
    for (method, path, body) in [
        (
            "POST",
            format!("quit?access_token={}", app.token),
            r#"{"chatid": "c"}"#,
        ),
        (
            "POST",
            format!("quit?access_token={}", app.token),
            r#"{"chatid": "a-b"}"#,
        ),
        ("POST", format!("quit?access_token={}", app.token), ""),
        (
            "GET",
            format!("members?access_token={}&chatid=c", app.token),
            "",
        ),
        ("GET", format!("members?access_token={}", app.token), ""),
    ] {
        assert_eq!(
            call(method, &path, body).await,
            (404, None, String::new()),
            "{method} {path}"
        );
    }
    // Decided only after the token: who has none is told so.
    for (method, path, expected) in [
        ("POST", "quit", 41001),
        ("GET", "members?chatid=c", 41001),
        ("POST", "quit?access_token=wrong", 40014),
        ("GET", "members?access_token=wrong&chatid=c", 40014),
    ] {
        let (status, _, body) = call(method, path, r#"{"chatid": "c"}"#).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, code(&answer)), (200, expected), "{method} {path}");
    }
    assert_eq!(
        code(&app.get("appchat/get", "&chatid=c").await),
        0,
        "the group lives"
    );
}
