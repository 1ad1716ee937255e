//! The operator's API: companies and what is in them.

mod app;
mod company;
mod directory;
mod group;

use qun_protocol::{Auth, Body, Method, all::ALL};
use serde_json::{Value, json};

use crate::kit::Server;

/// Status and code of a refusal.
fn refusal((status, answer): &(u16, Value)) -> (u16, &str) {
    (
        *status,
        answer["error"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no refusal: {answer}")),
    )
}

/// What a refusal says.
fn message((_, answer): &(u16, Value)) -> &str {
    answer["error"]["message"]
        .as_str()
        .unwrap_or_else(|| panic!("no refusal: {answer}"))
}

/// Asserts a refusal of a request that cannot be read, and what its message names.
fn bad(answer: &(u16, Value), names: &str) {
    assert_eq!(refusal(answer), (400, "bad_request"), "{names}");
    assert!(
        message(answer).contains(names),
        "{names}: {}",
        message(answer)
    );
}

/// All pages of a list, each of at most `size`; what one list has is put together.
async fn pages(server: &Server, path: &str, list: &str, size: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    let first = if path.contains('?') { '&' } else { '?' };
    loop {
        let page = server
            .manage_ok("GET", &format!("{path}{first}limit={size}{after}"), None)
            .await;
        let entries = page[list].as_array().unwrap();
        assert!(
            entries.len() == size || page["next"].is_null(),
            "only the last page is short: {page}"
        );
        all.extend(entries.iter().cloned());
        let Some(next) = page["next"].as_str() else {
            return all;
        };
        after = format!("&after={next}");
    }
}

/// Asserts that a list of `n` comes whole in pages of every size up to `n + 1`, and what sizes are refused.
async fn in_pages(server: &Server, path: &str, list: &str, n: usize) {
    let whole = pages(server, path, list, 1000).await;
    assert_eq!(whole.len(), n, "{path}");
    for size in 1..=n + 1 {
        assert_eq!(
            pages(server, path, list, size).await,
            whole,
            "{path} by {size}"
        );
    }
    let first = if path.contains('?') { '&' } else { '?' };
    for size in ["0", "1001", "-1"] {
        bad(
            &server
                .manage("GET", &format!("{path}{first}limit={size}"), None)
                .await,
            "limit is 1 to 1000",
        );
    }
    bad(
        &server
            .manage("GET", &format!("{path}{first}limit=x"), None)
            .await,
        "limit is no whole number",
    );
}

/// The paths of the own API as callers write them, with a body that is read.
fn calls(corpid: &str) -> Vec<(Method, String, Option<Value>)> {
    let own = ALL.iter().filter(|entry| entry.meta.auth == Auth::Manage);
    own.map(|entry| {
        let path = entry
            .meta
            .path
            .replace("{corpid}", corpid)
            .replace("{agentid}", "7")
            .replace("{id}", "7")
            .replace("{tagid}", "7");
        let body = match entry.meta.body {
            Body::Item("world") => Some(json!({ "version": 1 })),
            Body::Json | Body::Item(_) => Some(json!({})),
            Body::Query | Body::Upload => None,
        };
        (
            entry.meta.method,
            path.replace("{userid}", "someone")
                .replace("{chatid}", "chat"),
            body,
        )
    })
    .collect()
}

#[tokio::test]
async fn every_call_needs_the_manage_token() {
    let server = Server::start().await;
    let app = server.demo().await;
    let tries = [
        None,
        Some("Bearer wrong".to_owned()),
        Some(format!("Bearer {}x", server.manage_token)),
        Some(format!("Basic {}", server.manage_token)),
        Some(server.manage_token.clone()),
        Some(format!("Bearer {}", app.token)),
        Some("Bearer ".to_owned()),
    ];
    for (method, path, body) in calls("wwqundemo000000001") {
        for given in &tries {
            let method = method.as_str().parse::<reqwest::Method>().unwrap();
            let mut request = server.http.request(method, format!("{}{path}", server.url));
            if let Some(given) = given {
                request = request.header("authorization", given);
            }
            if let Some(body) = &body {
                request = request.body(body.to_string());
            }
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            assert_eq!(
                refusal(&(status, answer)),
                (401, "unauthorised"),
                "{path} {given:?}"
            );
        }
    }
    // The token in the query is none.
    let response = server
        .http
        .get(format!(
            "{}/_qun/companies?manage_token={}",
            server.url, server.manage_token
        ))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 401);
}

#[tokio::test]
async fn every_call_names_a_company_that_is_there() {
    let server = Server::start().await;
    let mut tried = 0;
    for (method, path, body) in calls("wwnowhere") {
        if path.contains("wwnowhere") {
            let answer = server.manage(method.as_str(), &path, body).await;
            assert_eq!(
                refusal(&answer),
                (404, "company_unknown"),
                "{path}: {}",
                message(&answer)
            );
            tried += 1;
        }
    }
    assert!(tried > 20);
}

#[tokio::test]
async fn a_field_that_is_none_gets_a_suggestion() {
    let server = Server::start().await;
    for (method, path, body) in calls("wwqundemo000000001") {
        let (wrong, right) = match path.as_str() {
            "/_qun/worlds" => ("wrold", "world"),
            "/_qun/companies" => ("limti", "limit"),
            "/_qun/clock" if method == Method::Post => ("advanc", "advance"),
            "/_qun/clock" => continue,
            _ => ("corpdi", "corpid"),
        };
        let expected = format!("there is no field {wrong:?}; did you mean {right:?}?");
        let answer = server
            .manage(method.as_str(), &format!("{path}?{wrong}=1"), body.clone())
            .await;
        bad(&answer, &expected);
        if body == Some(json!({}))
            && !path.contains("/users/")
            && !path.contains("/customers")
            && !path.contains("/departments/")
            && !path.contains("/tags/")
            && !path.ends_with("/apps")
            && !path.ends_with("/callback")
        {
            bad(
                &server
                    .manage(method.as_str(), &path, Some(json!({ wrong: 1 })))
                    .await,
                &expected,
            );
        }
    }
    bad(
        &server.manage("GET", "/_qun/clock?x=1", None).await,
        "there is no field \"x\"",
    );
}

#[tokio::test]
async fn a_body_that_is_none_is_refused() {
    let server = Server::start().await;
    let path = "/_qun/companies/wwqundemo000000001";
    for (body, names) in [
        ("{", "the body is no JSON"),
        ("[]", "the body is no JSON object"),
        ("\"x\"", "the body is no JSON object"),
    ] {
        let request = server
            .http
            .patch(format!("{}{path}", server.url))
            .bearer_auth(&server.manage_token)
            .body(body);
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        bad(&(status, response.json().await.unwrap()), names);
    }
    bad(
        &server
            .manage("PATCH", path, Some(json!({ "account_cap": "many" })))
            .await,
        "account_cap: invalid type",
    );
    assert_eq!(
        refusal(
            &server
                .manage("PATCH", path, Some(json!({ "name": "a\u{0}" })))
                .await
        ),
        (400, "illegal_character")
    );
    // A backslash and the letters after it are no NUL.
    let name = json!({ "name": r"a\u0000" });
    assert_eq!(
        server.manage_ok("PATCH", path, Some(name)).await["name"],
        r"a\u0000"
    );
    // None of a body changes nothing.
    let before = server.manage_ok("GET", path, None).await;
    assert_eq!(server.manage("PATCH", path, None).await, (200, before));
}

#[tokio::test]
async fn no_company_sees_another() {
    let server = Server::start().await;
    let company = |corpid: &str, mark: &str| {
        json!({
            "corpid": corpid, "name": mark, "rulebook": "documented", "apps": [{ "agentid": 7, "name": mark }],
            "departments": [{ "id": 2, "name": mark }],
            "users": [{ "userid": "same", "name": mark, "mobile": "13800000000" }, { "userid": format!("only_{mark}") }, { "userid": "third" }],
            "tags": [{ "tagid": 3, "tagname": mark, "users": ["same"] }],
            "media": [{ "media_id": "file", "type": "file", "text": format!("content {mark}") }],
            "chats": [{ "chatid": "chat", "name": mark, "members": ["same", "third"], "messages": [{ "text": mark }] }],
        })
    };
    let a = server.world(company("wwa", "mark_a")).await;
    let b = server.world(company("wwb", "mark_b")).await;
    for (one, other) in [(&a, "mark_b"), (&b, "mark_a")] {
        for path in [
            "",
            "/apps",
            "/users",
            "/users/same",
            "/departments",
            "/tags",
            "/groups",
            "/groups/chat",
            "/groups/chat/history",
        ] {
            let shown = server
                .manage_ok(
                    "GET",
                    &format!("/_qun/companies/{}{path}", one.corpid),
                    None,
                )
                .await
                .to_string();
            assert!(!shown.contains(other), "{path}: {shown}");
        }
        let inbox = one.inbox("same", "").await.to_string();
        assert!(!inbox.contains(other), "{inbox}");
        let unknown = server
            .manage(
                "GET",
                &format!("/_qun/companies/{}/users/only_{other}", one.corpid),
                None,
            )
            .await;
        assert_eq!(refusal(&unknown), (404, "person_unknown"));
    }
    // What is done in one leaves the other as it is.
    let view = async |corpid: &str| {
        let mut all = Vec::new();
        for path in [
            "",
            "/rules",
            "/apps",
            "/users",
            "/departments",
            "/tags",
            "/groups/chat",
            "/groups/chat/history",
        ] {
            all.push(
                server
                    .manage_ok("GET", &format!("/_qun/companies/{corpid}{path}"), None)
                    .await,
            );
        }
        all
    };
    let before = view("wwb").await;
    let done = [
        ("PATCH", "", json!({ "name": "changed" })),
        (
            "PUT",
            "/rules",
            json!({ "rulebook": "live-2026", "limits": { "text_bytes": 1 } }),
        ),
        ("PATCH", "/apps/7", json!({ "disabled": true })),
        ("PUT", "/users/same", json!({ "name": "changed" })),
        ("DELETE", "/users/only_mark_a", json!(null)),
        ("PUT", "/departments/2", json!({ "name": "changed" })),
        ("DELETE", "/departments/2", json!(null)),
        ("DELETE", "/tags/3", json!(null)),
    ];
    for (method, path, body) in done {
        server
            .manage_ok(
                method,
                &format!("/_qun/companies/wwa{path}"),
                Some(body).filter(|body| !body.is_null()),
            )
            .await;
    }
    assert_eq!(a.step("same", "chat", "leave", json!({})).await.0, 200);
    assert_eq!(view("wwb").await, before);
    assert_eq!(b.say("chat", "still here").await["errcode"], 0);
    // A token of one is good in its own company alone.
    assert_eq!(a.say("chat", "x").await["errcode"], 50003);
    assert_eq!(
        b.get("appchat/get", "&chatid=chat").await["chat_info"]["name"],
        "mark_b"
    );
}

#[tokio::test]
async fn the_clock_moves_forward_where_it_may() {
    let server = Server::start().await;
    let before = server.now_ms().await;
    let clock = server
        .manage_ok("POST", "/_qun/clock", Some(json!({ "advance": 3600 })))
        .await;
    assert_eq!(clock["movable"], true);
    assert!((3_600_000..3_660_000).contains(&(clock["now_ms"].as_i64().unwrap() - before)));
    for bad_step in [-1, 10 * 366 * 86_400 + 1] {
        bad(
            &server
                .manage("POST", "/_qun/clock", Some(json!({ "advance": bad_step })))
                .await,
            "advance is 0 to ten years",
        );
    }
    for good in [0, 10 * 366 * 86_400] {
        server.advance(good).await;
    }

    let fixed = Server::with(|config| config.clock = None).await;
    assert_eq!(
        fixed.manage_ok("GET", "/_qun/clock", None).await["movable"],
        false
    );
    let answer = fixed
        .manage("POST", "/_qun/clock", Some(json!({ "advance": 1 })))
        .await;
    assert_eq!(refusal(&answer), (409, "clock_fixed"));
    assert!(
        message(&answer).contains("--clock"),
        "it says what to do: {}",
        message(&answer)
    );
}
