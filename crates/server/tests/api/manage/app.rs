//! Apps, their secrets and their tokens.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{bad, message, refusal};
use crate::kit::{App, Server, code};

async fn make(app: &App<'_>, body: Value) -> (u16, Value) {
    app.server
        .manage(
            "POST",
            &format!("/_qun/companies/{}/apps", app.corpid),
            Some(body),
        )
        .await
}

async fn list(app: &App<'_>) -> Vec<Value> {
    let path = format!("/_qun/companies/{}/apps", app.corpid);
    app.server.manage_ok("GET", &path, None).await["apps"]
        .as_array()
        .unwrap()
        .clone()
}

async fn token(app: &App<'_>, secret: &str) -> Value {
    app.server
        .get(&format!(
            "/cgi-bin/gettoken?corpid={}&corpsecret={secret}",
            app.corpid
        ))
        .await
}

#[tokio::test]
async fn an_app_is_made_with_what_is_given() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    server
        .manage_ok(
            "PUT",
            &format!("/_qun/companies/{}/departments/2", app.corpid),
            Some(json!({ "name": "two" })),
        )
        .await;
    server
        .manage_ok(
            "PUT",
            &format!("/_qun/companies/{}/tags/3", app.corpid),
            Some(json!({ "tagname": "three" })),
        )
        .await;
    let wanted = json!({
        "agentid": 42, "name": "forty-two", "secret": "a-secret-of-mine", "customer_contact": true,
        "visible": { "users": ["P2", "p1"], "departments": [2], "tags": [3] }, "trusted_addresses": ["127.0.0.1", "10.0.0.0/8", "::1"],
    });
    assert_eq!(
        make(&app, wanted).await,
        (
            200,
            json!({ "agentid": 42, "secret": "a-secret-of-mine", "name": "forty-two" })
        )
    );
    let shown = list(&app).await;
    assert_eq!(
        shown[0],
        json!({ "agentid": 42, "name": "forty-two", "kind": "self_built", "customer_contact": true, "disabled": false,
            "visible": { "users": ["p1", "p2"], "departments": [2], "tags": [3] }, "trusted_addresses": ["127.0.0.1", "10.0.0.0/8", "::1"] })
    );
    assert_eq!(code(&token(&app, "a-secret-of-mine").await), 0);

    // Nothing given: the next free id from 1000002, a secret of the cloud's form, the root as range.
    let (_, made) = make(&app, json!({})).await;
    assert_eq!(made["agentid"], app.agentid + 1);
    assert_eq!(made["secret"].as_str().unwrap().len(), 43);
    assert_eq!(
        list(&app).await[2]["visible"],
        json!({ "users": [], "departments": [1], "tags": [] })
    );
    let listed = server
        .manage_ok("GET", &format!("/_qun/companies/{}/apps", app.corpid), None)
        .await
        .to_string();
    for secret in [
        "a-secret-of-mine",
        &app.secret,
        made["secret"].as_str().unwrap(),
    ] {
        assert!(!listed.contains(secret), "a secret is shown once");
    }
    assert!(!listed.contains("secret"), "{listed}");
}

#[tokio::test]
async fn an_app_that_cannot_be_is_refused() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 1, json!({})).await;
    let before = list(&app).await;
    for (body, status, name, names) in [
        (
            json!({ "agentid": app.agentid }),
            409,
            "app_exists",
            app.agentid.to_string(),
        ),
        (
            json!({ "secret": app.secret }),
            409,
            "app_exists",
            String::new(),
        ),
        (
            json!({ "visible": { "users": ["nobody"] } }),
            404,
            "person_unknown",
            "visible: nobody".into(),
        ),
        (
            json!({ "visible": { "departments": [9] } }),
            404,
            "department_unknown",
            "visible: 9".into(),
        ),
        (
            json!({ "visible": { "tags": [9] } }),
            404,
            "tag_unknown",
            "visible: 9".into(),
        ),
    ] {
        let answer = make(&app, body).await;
        assert_eq!(refusal(&answer), (status, name));
        assert!(message(&answer).contains(&names), "{}", message(&answer));
    }
    for (body, names) in [
        (json!({ "agentid": 0 }), "agentid is 1 to 2147483647"),
        (
            json!({ "agentid": 2_147_483_648_i64 }),
            "agentid is 1 to 2147483647",
        ),
        (json!({ "name": "群".repeat(65) }), "at most 64 characters"),
        (json!({ "secret": "x".repeat(15) }), "16 to 128"),
        (json!({ "secret": "x".repeat(129) }), "16 to 128"),
        (json!({ "secret": "sixteen characte" }), "without blanks"),
        (
            json!({ "kind": "contacts_sync", "customer_contact": true }),
            "customer_contact",
        ),
        (
            json!({ "trusted_addresses": ["10.0.0.0/33"] }),
            "\"10.0.0.0/33\" is no IP address",
        ),
        (
            json!({ "trusted_addresses": vec!["10.0.0.1"; 121] }),
            "at most 120",
        ),
        (
            json!({ "agentId": 5 }),
            "app.agentId: unknown field `agentId`",
        ),
        (json!({ "kind": "bot" }), "app.kind: unknown variant `bot`"),
        (
            json!({ "visible": { "departments": ["x"] } }),
            "app.visible.departments[0]",
        ),
    ] {
        bad(&make(&app, body).await, names);
    }
    assert_eq!(list(&app).await, before);
    for good in [
        json!({ "agentid": 2_147_483_647, "name": "群".repeat(64), "secret": "x".repeat(16) }),
        json!({ "agentid": 1, "secret": "y".repeat(128), "trusted_addresses": vec!["10.0.0.1"; 120] }),
    ] {
        assert_eq!(make(&app, good).await.0, 200);
    }
}

#[tokio::test]
async fn an_app_changes_what_is_named_at_once() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    let path = app.path();
    let get = async || code(&app.get("appchat/get", "&chatid=none").await);
    let change = async |body: Value| server.manage("PATCH", &path, Some(body)).await;
    assert_eq!(get().await, 86002);
    let (status, shown) = change(json!({ "name": "renamed", "disabled": true })).await;
    assert_eq!(
        (status, &shown["name"], &shown["disabled"]),
        (200, &json!("renamed"), &json!(true))
    );
    assert_eq!(shown, list(&app).await[0]);
    assert_eq!(get().await, 50003);
    change(json!({ "disabled": false, "trusted_addresses": ["10.0.0.0/8"] })).await;
    assert_eq!(get().await, 60020);
    change(json!({ "trusted_addresses": [], "visible": { "users": ["p1"] } })).await;
    assert_eq!(get().await, 60011);
    assert_eq!(
        list(&app).await[0]["visible"],
        json!({ "users": ["p1"], "departments": [], "tags": [] })
    );
    change(json!({ "visible": { "departments": [1] } })).await;
    assert_eq!(get().await, 86002);
    assert_eq!(
        list(&app).await[0]["name"],
        "renamed",
        "what is not named stays"
    );

    let before = list(&app).await;
    bad(
        &change(json!({ "name": "x".repeat(65) })).await,
        "at most 64",
    );
    bad(
        &change(json!({ "trusted_addresses": ["here"] })).await,
        "\"here\" is no IP address",
    );
    bad(
        &change(json!({ "secret": "0123456789abcdef" })).await,
        "there is no field \"secret\"",
    );
    assert_eq!(
        refusal(&change(json!({ "name": "kept?", "visible": { "users": ["nobody"] } })).await),
        (404, "person_unknown")
    );
    assert_eq!(list(&app).await, before, "all or nothing");
    bad(
        &server
            .manage(
                "PATCH",
                &path.replace(&app.agentid.to_string(), "seven"),
                Some(json!({})),
            )
            .await,
        "agentid is no whole number: \"seven\"",
    );

    let sync = app.sibling(json!({ "kind": "contacts_sync" })).await;
    bad(
        &server
            .manage(
                "PATCH",
                &sync.path(),
                Some(json!({ "customer_contact": true })),
            )
            .await,
        "self_built",
    );
    assert_eq!(code(&sync.get("appchat/get", "&chatid=none").await), 48002);
}

#[tokio::test]
async fn a_new_secret_kills_the_old_one_and_its_tokens() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    let get = async || code(&app.get("appchat/get", "&chatid=none").await);
    let (status, made) = server
        .manage("POST", &format!("{}/secret", app.path()), None)
        .await;
    assert_eq!(status, 200);
    let secret = made["secret"].as_str().unwrap();
    assert_ne!(secret, app.secret);
    assert_eq!(
        (made["agentid"].as_i64(), made["name"].as_str()),
        (Some(app.agentid), Some("app"))
    );
    assert_eq!(get().await, 40014);
    assert_eq!(code(&token(&app, &app.secret).await), 40001);
    let fresh = App::new(&server, &app.corpid, app.agentid, secret).await;
    assert_eq!(code(&fresh.get("appchat/get", "&chatid=none").await), 86002);
}

#[tokio::test]
async fn revoked_tokens_are_dead_and_the_secret_lives() {
    let server = Server::start().await;
    let mut app = server.company(Rulebook::Documented, 2, json!({})).await;
    let other = app.sibling(json!({})).await;
    let old = app.token.clone();
    assert_eq!(
        server
            .manage("POST", &format!("{}/revoke", app.path()), None)
            .await,
        (200, json!({}))
    );
    assert_eq!(code(&app.get("appchat/get", "&chatid=none").await), 40014);
    assert_eq!(
        code(&other.get("appchat/get", "&chatid=none").await),
        86002,
        "another app's token lives"
    );
    app.fetch_token().await;
    assert_ne!(app.token, old);
    assert_eq!(code(&app.get("appchat/get", "&chatid=none").await), 86002);
}

#[tokio::test]
async fn an_unknown_app_is_named() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 1, json!({})).await;
    for (method, path) in [("PATCH", ""), ("POST", "/secret"), ("POST", "/revoke")] {
        let answer = server
            .manage(
                method,
                &format!("/_qun/companies/{}/apps/9{path}", app.corpid),
                None,
            )
            .await;
        assert_eq!(refusal(&answer), (404, "app_unknown"));
        assert!(message(&answer).contains('9'));
    }
}
