//! Groups that fill up, one after another, whoever comes at the same time.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::kit::{company, fill, group, with_groups};
use crate::kit::{Server, code};

/// Few fit into a group.
fn narrow(most: i64) -> Value {
    json!({ "customer_group_members_max": most })
}

#[tokio::test]
async fn the_first_group_with_room_is_filled_and_then_new_ones_are_made() {
    let server = Server::start().await;
    let mut wanted = company(Rulebook::Documented, 12, narrow(3));
    wanted["customer_groups"] = json!([group("first", "o2"), group("second", "o1")]);
    let app = server.world(wanted).await;
    let config_id = app
        .add_join_way(json!({
            "scene": 2, "chat_id_list": ["first", "second"], "room_base_name": "销售客服群", "room_base_id": 10, "state": "s",
        }))
        .await;
    let url = app.url_of(&config_id).await;
    let mut into = Vec::new();
    for n in 1..=8 {
        into.push(app.scans(&format!("wm{n}"), &url).await);
    }
    assert_eq!(into[..4], ["first", "first", "second", "second"]);
    let (tenth, eleventh) = (into[4].clone(), into[6].clone());
    assert_eq!(
        into[4..],
        [&tenth, &tenth, &eleventh, &eleventh].map(Clone::clone)
    );
    for (chat_id, name) in [(&tenth, "销售客服群10"), (&eleventh, "销售客服群11")] {
        let made = app.group_chat(chat_id).await;
        assert_eq!(
            (&made["name"], &made["owner"]),
            (&json!(name), &json!("o2"))
        );
        let members = made["member_list"].as_array().unwrap();
        assert_eq!(members.len(), 3);
        assert_eq!(
            (&members[1]["join_scene"], &members[1]["state"]),
            (&json!(3), &json!("s"))
        );
        assert!(chat_id.starts_with("wr") && chat_id.len() == 32);
    }
    let list = app.read_join_way(&config_id).await["chat_id_list"].clone();
    assert_eq!(list, json!(["first", "second", tenth, eleventh]));

    // Where room appears again, it is the first that is filled.
    let (status, _) = app.step("wm3", "second", "leave", json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(app.scans("wm9", &url).await, "second");

    // An update that names the same series goes on in it; another begins anew.
    let whole = |base: &str, list: &Value| {
        json!({
            "config_id": config_id, "scene": 2, "room_base_name": base, "room_base_id": 10, "chat_id_list": list,
        })
    };
    assert_eq!(
        code(&app.join_way("update", whole("销售客服群", &list)).await),
        0
    );
    let twelfth = app.scans("wm10", &url).await;
    assert_eq!(app.group_chat(&twelfth).await["name"], "销售客服群12");
    assert_eq!(
        code(
            &app.join_way("update", whole("新群", &json!(["first"])))
                .await
        ),
        0
    );
    let tenth = app.scans("wm11", &url).await;
    assert_eq!(app.group_chat(&tenth).await["name"], "新群10");
    server.stop().await;
}

#[tokio::test]
async fn what_it_has_made_does_not_count_for_the_five() {
    let server = Server::start().await;
    let company = company(Rulebook::Documented, 3, narrow(2));
    let app = server.world(with_groups(company, 6)).await;
    let five: Vec<String> = (1..=5).map(|n| format!("wr{n}")).collect();
    // The five have room for one each, and somebody has taken it.
    for (n, chat_id) in five.iter().enumerate() {
        let owner_and = ["wm1", "e1", "o2", "wm2", "wm3"][n];
        let (status, answer) = app
            .step("o1", chat_id, "invite", json!({ "userlist": [owner_and] }))
            .await;
        assert_eq!(status, 200, "{answer}");
    }
    let config_id = app
        .add_join_way(json!({ "scene": 1, "chat_id_list": five }))
        .await;
    let tap = json!({ "config_id": config_id });
    // wm1 is in the first already and stays there; o1 owns all of them.
    let (_, joined) = app.comes("wm1", "tap", tap.clone()).await;
    assert_eq!(joined["chat_id"], "wr1");
    let (status, _) = app.step("wm1", "wr1", "leave", json!({})).await;
    assert_eq!(status, 200);
    let (status, _) = app
        .step("o1", "wr1", "invite", json!({ "userlist": ["e1"] }))
        .await;
    assert_eq!(status, 200);
    let (status, joined) = app.comes("wm1", "tap", tap).await;
    assert_eq!(status, 200, "{joined}");
    let made = joined["chat_id"].as_str().unwrap().to_owned();
    // Without a base name it is called after the first group, from 1 on.
    assert_eq!(app.group_chat(&made).await["name"], "group wr11");
    let six = app.read_join_way(&config_id).await["chat_id_list"].clone();
    assert_eq!(six.as_array().unwrap().len(), 6);
    let again = |list: &Value| json!({ "config_id": config_id, "scene": 1, "chat_id_list": list });
    assert_eq!(code(&app.join_way("update", again(&six)).await), 0);
    assert_eq!(app.read_join_way(&config_id).await["chat_id_list"], six);
    let mut seven = six.clone();
    seven.as_array_mut().unwrap().push("wr6".into());
    assert_eq!(code(&app.join_way("update", again(&seven)).await), 41091);
    // For another join way it is a group like any other.
    assert_eq!(
        code(
            &app.join_way("add", json!({ "scene": 1, "chat_id_list": six }))
                .await
        ),
        41091
    );
    server.stop().await;
}

#[tokio::test]
async fn without_new_groups_the_last_ones_are_told_that_all_are_full() {
    let server = Server::start().await;
    let company = company(Rulebook::Documented, 3, narrow(2));
    let app = server.world(with_groups(company, 2)).await;
    let config_id = app
        .add_join_way(json!({ "scene": 2, "auto_create_room": 0, "chat_id_list": ["wr1", "wr2"] }))
        .await;
    let url = app.url_of(&config_id).await;
    assert_eq!(app.scans("wm1", &url).await, "wr1");
    assert_eq!(app.scans("wm2", &url).await, "wr2");
    let (status, answer) = app.comes("wm3", "scan", json!({ "url": url })).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("group_full"))
    );
    // A new group wants an owner who can have one: o1 cannot any more, and then nobody can.
    let change = json!({ "config_id": config_id, "scene": 2, "chat_id_list": ["wr1", "wr2"] });
    assert_eq!(code(&app.join_way("update", change).await), 0);
    let resign = format!("/_qun/companies/{}/users/o1/resign", app.corpid);
    server.manage_ok("POST", &resign, Some(json!({}))).await;
    let (status, _) = app.comes("wm3", "scan", json!({ "url": url })).await;
    assert_eq!(status, 409);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_group_is_too_full_however_many_scan_at_once() {
    let server = Server::start().await;
    let mut company = company(Rulebook::Documented, 60, narrow(7));
    company["limits"]["calls_per_corp_minute"] = (-1).into();
    let app = server.world(with_groups(company, 2)).await;
    fill(&[app], 60, 7).await;
    server.stop().await;
}
