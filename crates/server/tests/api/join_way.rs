//! 「加入群聊」: ways into customer groups, made by apps and taken by people.

mod fill;
mod kit;
mod people;
mod picture;
mod refusal;

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::kit::{App, BOTH, NOON, Server, code};
use kit::{company, with_groups};

impl App<'_> {
    async fn join_ways(&self, query: &str) -> Value {
        let path = format!("/_qun/companies/{}/join-ways?{query}", self.corpid);
        self.server.manage_ok("GET", &path, None).await
    }
}

#[tokio::test]
async fn a_join_way_is_read_as_it_was_made() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .world(with_groups(company(book, 0, json!({})), 2))
            .await;
        let config_id = app
            .add_join_way(json!({
                "scene": "2", "remark": "海报", "auto_create_room": 0, "room_base_name": "福利群", "room_base_id": 7,
                "chat_id_list": ["wr2", "wr1", "wr2"], "state": "poster", "mark_source": false,
            }))
            .await;
        let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        assert!(
            config_id.len() == 32 && config_id.chars().all(hex),
            "{config_id}"
        );
        let mut got = app.read_join_way(&config_id).await;
        let qr_code = got["qr_code"].take();
        let start = format!("{}/_qun/join/{}/", server.url, app.corpid);
        assert!(qr_code.as_str().unwrap().starts_with(&start), "{qr_code}");
        let mut expected = json!({
            "config_id": config_id, "scene": 2, "remark": "海报", "auto_create_room": 0, "room_base_name": "福利群",
            "room_base_id": 7, "chat_id_list": ["wr2", "wr1"], "qr_code": null, "state": "poster",
        });
        match book {
            Rulebook::Documented => expected["type"] = 3.into(),
            Rulebook::Live2026 => expected["mark_source"] = false.into(),
        }
        assert_eq!(got, expected);

        // What is absent has its default, and a button has no picture.
        let button = app
            .add_join_way(json!({ "scene": 1, "chat_id_list": ["wr1"] }))
            .await;
        let got = app.read_join_way(&button).await;
        assert_eq!(got["auto_create_room"], 1);
        assert_eq!(got["remark"], "");
        assert_eq!(got["state"], "");
        assert_eq!(got["room_base_name"], "");
        assert_eq!(got.get("room_base_id"), None);
        assert_eq!(got.get("qr_code"), None);
    }
    server.stop().await;
}

#[tokio::test]
async fn an_update_replaces_all_but_the_code() {
    let server = Server::start().await;
    let company = with_groups(company(Rulebook::Documented, 0, json!({})), 2);
    let app = server.world(company).await;
    let whole = json!({
        "scene": 2, "remark": "a", "auto_create_room": 0, "room_base_name": "b", "room_base_id": 1,
        "chat_id_list": ["wr1"], "state": "s",
    });
    let config_id = app.add_join_way(whole).await;
    let before = app.read_join_way(&config_id).await;
    let change = json!({ "config_id": config_id, "scene": 2, "chat_id_list": ["wr2"] });
    assert_eq!(code(&app.join_way("update", change).await), 0);
    assert_eq!(
        app.read_join_way(&config_id).await,
        json!({
            "config_id": config_id, "type": 3, "scene": 2, "remark": "", "auto_create_room": 1, "room_base_name": "",
            "chat_id_list": ["wr2"], "qr_code": before["qr_code"], "state": "",
        })
    );
    // A refused update changes nothing.
    let change = json!({ "config_id": config_id, "scene": 2, "remark": "c", "chat_id_list": ["wr1", "none"] });
    assert_eq!(code(&app.join_way("update", change).await), 40050);
    let got = app.read_join_way(&config_id).await;
    assert_eq!(
        (&got["remark"], &got["chat_id_list"]),
        (&json!(""), &json!(["wr2"]))
    );
    // A code that becomes a button leads nowhere, and is the same when it is one again.
    let url = app.url_of(&config_id).await;
    for (scene, status) in [(1, 404), (2, 200)] {
        let change = json!({ "config_id": config_id, "scene": scene, "chat_id_list": ["wr2"] });
        assert_eq!(code(&app.join_way("update", change).await), 0);
        let page = server.http.get(&url).send().await.unwrap();
        assert_eq!(page.status(), status, "{scene}");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_app_manages_what_it_made_and_the_operator_sees_all() {
    let server = Server::start().await;
    let company = with_groups(company(Rulebook::Documented, 1, json!({})), 1);
    let app = server.world(company).await;
    let other = app
        .sibling(json!({ "name": "other", "kind": "customer_contact" }))
        .await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let body = json!({ "scene": 2 - n % 2, "remark": n.to_string(), "chat_id_list": ["wr1"] });
        ids.push(app.add_join_way(body).await);
    }
    let foreign = other
        .add_join_way(json!({ "scene": 2, "chat_id_list": ["wr1"] }))
        .await;
    let one =
        |config_id: &str| json!({ "config_id": config_id, "scene": 2, "chat_id_list": ["wr1"] });
    for verb in ["get", "update", "del"] {
        assert_eq!(
            code(&app.join_way(verb, one(&foreign)).await),
            41044,
            "{verb}"
        );
        assert_eq!(
            code(&other.join_way(verb, one(&ids[0])).await),
            41044,
            "{verb}"
        );
    }

    let page = app.join_ways("limit=3").await;
    let listed: Vec<&Value> = page["join_ways"].as_array().unwrap().iter().collect();
    assert_eq!(
        listed
            .iter()
            .map(|way| &way["config_id"])
            .collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    assert_eq!(listed[0]["agentid"], app.agentid);
    assert_eq!(listed[0]["chat_id_list"], json!(["wr1"]));
    assert_eq!(
        listed[0]["qr_code"].as_str().unwrap(),
        format!("{}.png", listed[0]["url"].as_str().unwrap())
    );
    assert_eq!(listed[1].get("qr_code"), None, "a button");
    let next = page["next"].as_str().unwrap();
    let rest = app.join_ways(&format!("after={next}&limit=3")).await;
    assert_eq!(rest["join_ways"].as_array().unwrap().len(), 1);
    assert_eq!(rest.get("next"), None);
    let of_other = app.join_ways(&format!("agentid={}", other.agentid)).await;
    assert_eq!(of_other["join_ways"], rest["join_ways"]);
    let (status, _) = server
        .manage(
            "GET",
            &format!("/_qun/companies/{}/join-ways?agentid=1", app.corpid),
            None,
        )
        .await;
    assert_eq!(status, 404);

    // What is removed is gone, and its groups stay.
    let url = app.url_of(&ids[0]).await;
    assert_eq!(code(&app.join_way("del", one(&ids[0])).await), 0);
    assert_eq!(code(&app.join_way("get", one(&ids[0])).await), 41044);
    assert_eq!(code(&app.join_way("del", one(&ids[0])).await), 41044);
    assert_eq!(server.http.get(&url).send().await.unwrap().status(), 404);
    let (status, answer) = app.comes("wm1", "scan", json!({ "url": url })).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (404, &json!("code_unknown"))
    );
    assert_eq!(
        app.group_chat("wr1").await["member_list"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    server.stop().await;
}

#[tokio::test]
async fn a_world_names_what_would_be_made() {
    let server = Server::start().await;
    let mut wanted = with_groups(company(Rulebook::Documented, 1, json!({})), 1);
    wanted["join_ways"] = json!([{
        "config_id": "known", "code": "poster-1", "scene": 2, "remark": "r", "auto_create_room": false,
        "chat_id_list": ["wr1"], "state": "s",
    }]);
    let app = server.world(wanted.clone()).await;
    let got = app.read_join_way("known").await;
    assert_eq!(
        (&got["remark"], &got["auto_create_room"]),
        (&json!("r"), &json!(0))
    );
    let url = format!("{}/_qun/join/{}/poster-1", server.url, app.corpid);
    assert_eq!(app.url_of("known").await, url);
    assert_eq!(app.scans("wm1", &url).await, "wr1");

    for (change, word) in [
        (json!({ "scene": 3 }), "scene"),
        (json!({ "chat_id_list": ["wr9"] }), "chat_id"),
        (json!({ "chat_id_list": [] }), "chat_id_list"),
        (json!({ "state": "s".repeat(31) }), "state"),
        (json!({ "agentid": 5 }), "customer contact"),
        (json!({ "config_id": "a b" }), "a b"),
        (json!({ "code": "" }), "1 to 64"),
    ] {
        let mut company = wanted.clone();
        for (key, value) in change.as_object().unwrap() {
            company["join_ways"][0][key] = value.clone();
        }
        let world = json!({ "version": 1, "companies": [company] });
        let (status, answer) = server.manage("POST", "/_qun/worlds", Some(world)).await;
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(status, 400, "{change}: {answer}");
        assert!(
            message.contains("companies[0].join_ways[0]") && message.contains(word),
            "{message}"
        );
    }
    let mut company = wanted.clone();
    let twice = company["join_ways"][0].clone();
    company["join_ways"].as_array_mut().unwrap().push(twice);
    let world = json!({ "version": 1, "companies": [company] });
    let (status, answer) = server.manage("POST", "/_qun/worlds", Some(world)).await;
    assert_eq!(status, 400);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("twice")
    );
    server.stop().await;
}

/// The time that a server starts with, seconds UTC.
const STARTED: i64 = NOON / 1000;
