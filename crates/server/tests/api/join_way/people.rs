//! People who come in: by a code or a button, as customers and employees.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{
    STARTED,
    kit::{company, with_groups},
};
use crate::kit::{App, Server, code};

/// The member of a group with an id.
fn member(group: &Value, id: &str) -> Value {
    let mut members = group["member_list"].as_array().unwrap().iter();
    members
        .find(|member| member["userid"] == id)
        .unwrap()
        .clone()
}

/// The texts of what the company's apps were told of, oldest first.
async fn told(app: &App<'_>) -> Vec<String> {
    let path = format!("/_qun/companies/{}/callbacks", app.corpid);
    let list = app.server.manage_ok("GET", &path, None).await;
    let mut bodies = Vec::new();
    for shown in list["callbacks"].as_array().unwrap() {
        let whole = format!("{path}/{}", shown["id"].as_str().unwrap());
        let whole = app.server.manage_ok("GET", &whole, None).await;
        bodies.push(whole.to_string());
    }
    bodies.reverse();
    bodies
}

#[tokio::test]
async fn whoever_comes_is_told_apart_by_the_state() {
    let server = Server::start().await;
    let mut wanted = with_groups(company(Rulebook::Documented, 2, json!({})), 1);
    // Nobody listens there: what is told can be read all the same.
    wanted["apps"][0]["callback"] = json!({
        "url": "http://127.0.0.1:9/", "token": "t", "encoding_aes_key": "a".repeat(43),
    });
    let app = server.world(wanted).await;
    let shop = app
        .add_join_way(json!({ "scene": 2, "chat_id_list": ["wr1"], "state": "shop" }))
        .await;
    let web = app
        .add_join_way(json!({ "scene": 1, "chat_id_list": ["wr1"], "state": "web" }))
        .await;
    let bare = app
        .add_join_way(json!({ "scene": 2, "chat_id_list": ["wr1"] }))
        .await;
    let before = app.group_chat("wr1").await["member_version"].clone();

    let url = app.url_of(&shop).await;
    assert_eq!(app.scans("wm1", &url).await, "wr1");
    let (status, joined) = app.comes("wm2", "tap", json!({ "config_id": web })).await;
    assert_eq!((status, &joined), (200, &json!({ "chat_id": "wr1" })));
    let plain = app.url_of(&bare).await;
    let secret = plain.rsplit('/').next().unwrap();
    let (status, _) = app.comes("E1", "scan", json!({ "code": secret })).await;
    assert_eq!(status, 200);

    let group = app.group_chat("wr1").await;
    let joined = |kind: i64, id: &str, state: Option<&str>| {
        let mut member = json!({
            "userid": id, "type": kind, "join_time": STARTED, "join_scene": 3, "group_nickname": "",
        });
        if let Some(state) = state {
            member["state"] = state.into();
        }
        member
    };
    let on_time = |id: &str| {
        let mut member = member(&group, id);
        assert!(member["join_time"].as_i64().unwrap() >= STARTED);
        member["join_time"] = STARTED.into();
        member
    };
    assert_eq!(on_time("wm1"), joined(2, "wm1", Some("shop")));
    assert_eq!(on_time("wm2"), joined(2, "wm2", Some("web")));
    assert_eq!(on_time("e1"), joined(1, "e1", None));

    // Who is in it stays as he is, and nobody is told.
    let other = app.url_of(&bare).await;
    assert_eq!(app.scans("wm1", &other).await, "wr1");
    assert_eq!(app.group_chat("wr1").await, group);
    let told = told(&app).await;
    assert_eq!(told.len(), 3, "{told:?}");
    for (body, id) in told.iter().zip(["wm1", "wm2", "e1"]) {
        for part in [
            "add_member",
            "<JoinScene>3</JoinScene>",
            "<MemChangeCnt>1</MemChangeCnt>",
            id,
        ] {
            assert!(body.contains(part), "{part}: {body}");
        }
    }
    assert!(told[0].contains(before.as_str().unwrap()));
    server.stop().await;
}

#[tokio::test]
async fn a_code_is_scanned_and_a_button_tapped() {
    let server = Server::start().await;
    let app = server
        .world(with_groups(company(Rulebook::Documented, 1, json!({})), 1))
        .await;
    let scan = app
        .add_join_way(json!({ "scene": 2, "chat_id_list": ["wr1"] }))
        .await;
    let tap = app
        .add_join_way(json!({ "scene": 1, "chat_id_list": ["wr1"] }))
        .await;
    let url = app.url_of(&scan).await;
    let errors = [
        (
            "wm1",
            "tap",
            json!({ "config_id": scan }),
            404,
            "config_id_unknown",
        ),
        (
            "wm1",
            "tap",
            json!({ "config_id": "none" }),
            404,
            "config_id_unknown",
        ),
        ("wm1", "scan", json!({ "code": tap }), 404, "code_unknown"),
        (
            "wm1",
            "scan",
            json!({ "code": "none" }),
            404,
            "code_unknown",
        ),
        (
            "wm1",
            "scan",
            json!({ "url": "https://example.com/" }),
            404,
            "code_unknown",
        ),
        ("wm1", "scan", json!({}), 400, "bad_request"),
        (
            "wm1",
            "scan",
            json!({ "url": url, "code": "x" }),
            400,
            "bad_request",
        ),
        ("wm9", "scan", json!({ "url": url }), 404, "person_unknown"),
        ("gone", "scan", json!({ "url": url }), 404, "person_unknown"),
        (
            "gone",
            "tap",
            json!({ "config_id": tap }),
            404,
            "person_unknown",
        ),
        (
            "wm1",
            "scan",
            json!({ "url": url.replace(&app.corpid, "wwother") }),
            404,
            "code_unknown",
        ),
    ];
    for (id, step, body, status, name) in errors {
        let (got, answer) = app.comes(id, step, body.clone()).await;
        assert_eq!(
            (got, &answer["error"]["code"]),
            (status, &json!(name)),
            "{step} {body}"
        );
    }
    assert_eq!(
        app.group_chat("wr1").await["member_list"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // The URL names the company by itself, also where there are several.
    let path = "/_qun/people/wm1/scan";
    let picture = json!({ "url": format!("{url}.png") });
    let joined = server.manage_ok("POST", path, Some(picture)).await;
    assert_eq!(joined, json!({ "chat_id": "wr1" }));
    server.stop().await;
}

#[tokio::test]
async fn a_dismissed_group_is_passed_over() {
    let server = Server::start().await;
    let app = server
        .world(with_groups(company(Rulebook::Documented, 2, json!({})), 2))
        .await;
    let config_id = app
        .add_join_way(json!({ "scene": 2, "chat_id_list": ["wr1", "wr2"] }))
        .await;
    let url = app.url_of(&config_id).await;
    let dismiss = async |chat_id: &str| {
        let (status, _) = app.step("o1", chat_id, "dismiss", json!({})).await;
        assert_eq!(status, 200);
    };
    dismiss("wr1").await;
    assert_eq!(app.scans("wm1", &url).await, "wr2");
    assert_eq!(
        app.read_join_way(&config_id).await["chat_id_list"],
        json!(["wr2"])
    );
    // With no group left nobody owns the next one.
    dismiss("wr2").await;
    let (status, answer) = app.comes("wm1", "scan", json!({ "url": url })).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("group_full"))
    );
    let fresh = json!({ "config_id": config_id, "scene": 2, "chat_id_list": ["wr2"] });
    assert_eq!(code(&app.join_way("update", fresh).await), 49008);
    server.stop().await;
}
