//! What is refused, with its number and its words.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::kit::{company, group, with_groups};
use crate::kit::{App, BOTH, Server, code, text};

/// Asserts that a call is refused with a number and words.
async fn refused(app: &App<'_>, verb: &str, body: Value, number: i64, words: &str) {
    let answer = app.join_way(verb, body.clone()).await;
    assert_eq!(
        (code(&answer), text(&answer)),
        (number, words),
        "{verb} {body}"
    );
}

fn add(change: Value) -> Value {
    let mut body = json!({ "scene": 2, "chat_id_list": ["wr1"] });
    for (key, value) in change.as_object().unwrap() {
        body[key] = value.clone();
    }
    body
}

#[tokio::test]
async fn parameters_are_refused_at_their_edges() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .world(with_groups(company(book, 0, json!({})), 6))
            .await;
        let config_id = app.add_join_way(add(json!({}))).await;
        let too_long = |field: &str, most: usize| {
            format!("{field} exceed max length {most}. invalid Request Parameter")
        };
        let invalid = |field: &str| format!("invalid param '{field}'. invalid Request Parameter");
        let six: Vec<String> = (1..=6).map(|n| format!("wr{n}")).collect();
        for verb in ["add", "update"] {
            for (change, number, words) in [
                (json!({ "scene": null }), 41038, "missing scene".to_owned()),
                (json!({ "scene": 0 }), 41040, "invalid scene".into()),
                (json!({ "scene": 3 }), 41040, "invalid scene".into()),
                (
                    json!({ "auto_create_room": 2 }),
                    40058,
                    invalid("auto_create_room"),
                ),
                (
                    json!({ "auto_create_room": -1 }),
                    40058,
                    invalid("auto_create_room"),
                ),
                (
                    json!({ "room_base_name": "长".repeat(41) }),
                    40058,
                    too_long("room_base_name", 40),
                ),
                (
                    json!({ "room_base_name": "a\nb" }),
                    40058,
                    invalid("room_base_name"),
                ),
                (
                    json!({ "room_base_id": -1 }),
                    40058,
                    invalid("room_base_id"),
                ),
                (
                    json!({ "room_base_id": 4_294_967_296_i64 }),
                    40058,
                    invalid("room_base_id"),
                ),
                (
                    json!({ "state": "长".repeat(31) }),
                    40058,
                    too_long("state", 30),
                ),
                (
                    json!({ "chat_id_list": [] }),
                    40058,
                    invalid("chat_id_list"),
                ),
                (
                    json!({ "chat_id_list": null }),
                    40058,
                    invalid("chat_id_list"),
                ),
                (
                    json!({ "chat_id_list": six }),
                    41091,
                    "chat_id_list size out of limit".into(),
                ),
                (
                    json!({ "chat_id_list": ["wr1", "wr9"] }),
                    40050,
                    "invalid group id".into(),
                ),
            ] {
                let mut body = add(change);
                body["config_id"] = config_id.as_str().into();
                refused(&app, verb, body, number, &words).await;
            }
            for (change, field) in [
                (json!({ "scene": 1 }), "scene"),
                (
                    json!({ "room_base_name": "长".repeat(40) }),
                    "room_base_name",
                ),
                (json!({ "room_base_id": 0 }), "room_base_id"),
                (json!({ "room_base_id": 4_294_967_295_i64 }), "room_base_id"),
                (json!({ "state": "长".repeat(30) }), "state"),
                (json!({ "chat_id_list": six[..5] }), "chat_id_list"),
            ] {
                let mut body = add(change.clone());
                body["config_id"] = config_id.as_str().into();
                let answer = app.join_way(verb, body).await;
                assert_eq!(code(&answer), 0, "{verb} {change}: {answer}");
                let id = answer["config_id"].as_str().unwrap_or(&config_id);
                assert_eq!(app.read_join_way(id).await[field], change[field]);
            }
            // A remark is cut, never refused.
            for (chars, kept) in [(30, 30), (31, 30)] {
                let mut body = add(json!({ "remark": "注".repeat(chars) }));
                body["config_id"] = config_id.as_str().into();
                let answer = app.join_way(verb, body).await;
                let id = answer["config_id"].as_str().unwrap_or(&config_id);
                assert_eq!(app.read_join_way(id).await["remark"], "注".repeat(kept));
            }
        }
        for verb in ["get", "update", "del"] {
            refused(&app, verb, add(json!({})), 41043, "missing config_id").await;
            let unknown = add(json!({ "config_id": "unknown" }));
            refused(&app, verb, unknown, 41044, "invalid config_id").await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn only_groups_that_the_app_may_use_are_taken() {
    let server = Server::start().await;
    for book in BOTH {
        let mut wanted = company(book, 0, json!({}));
        wanted["departments"] = json!([{ "id": 2, "name": "shop" }]);
        wanted["users"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "userid": "far", "customer_contact": true, "departments": [2] }));
        wanted["customer_groups"] = json!([
            group("mine", "o1"),
            group("far", "far"),
            group("bare", "e1"),
            group("left", "gone"),
            group("ended", "o1"),
        ]);
        let root = server.world(wanted).await;
        let near = root
            .sibling(json!({ "name": "near", "customer_contact": true, "visible": { "users": ["o1", "e1", "gone"] } }))
            .await;
        let (status, _) = root.step("o1", "ended", "dismiss", json!({})).await;
        assert_eq!(status, 200);
        root.chat("internal", &["o1", "o2"]).await;
        let with = |chat_id: &str| add(json!({ "chat_id_list": ["mine", chat_id] }));
        let privilege = "no privilege to access/modify contact/party/agent ";
        refused(&near, "add", with("far"), 60011, privilege).await;
        for app in [&root, &near] {
            refused(app, "add", with("bare"), 48002, "api forbidden").await;
            refused(app, "add", with("left"), 48002, "api forbidden").await;
            refused(app, "add", with("ended"), 49008, "group chat dismissed").await;
            refused(app, "add", with("internal"), 40050, "invalid group id").await;
        }
        root.add_join_way(with("far")).await;

        // Who may not call customer contact may not call this.
        for kind in [
            json!({ "name": "plain" }),
            json!({ "name": "contacts", "kind": "contacts_sync" }),
        ] {
            let app = root.sibling(kind).await;
            for verb in ["add", "get", "update", "del"] {
                refused(&app, verb, with("mine"), 48002, "api forbidden").await;
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_company_has_so_many() {
    let server = Server::start().await;
    for book in BOTH {
        let limits = json!({ "join_ways_max": 2 });
        let app = server.world(with_groups(company(book, 0, limits), 1)).await;
        let other = app
            .sibling(json!({ "name": "other", "customer_contact": true }))
            .await;
        let first = app.add_join_way(add(json!({}))).await;
        other.add_join_way(add(json!({}))).await;
        for app in [&app, &other] {
            refused(
                app,
                "add",
                add(json!({})),
                41045,
                "join way count out of limit",
            )
            .await;
        }
        // What was refused is not counted, and what is removed makes room.
        let gone = app.join_way("del", json!({ "config_id": first })).await;
        assert_eq!(code(&gone), 0);
        other.add_join_way(add(json!({}))).await;
        refused(
            &app,
            "add",
            add(json!({})),
            41045,
            "join way count out of limit",
        )
        .await;
    }
    let rules = qun_protocol::Rules::of(Rulebook::Documented);
    assert_eq!(rules.limit(qun_protocol::Limit::JoinWaysMax), 500_000);
    server.stop().await;
}
