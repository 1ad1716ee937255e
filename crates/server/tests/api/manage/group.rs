//! Groups and what was said in them, as the operator sees them.

use qun_protocol::Rulebook;
use serde_json::json;

use super::{bad, in_pages, pages, refusal};
use crate::kit::{NOON, Server};

#[tokio::test]
async fn groups_are_listed_and_found() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    let other = app.sibling(json!({})).await;
    for (chatid, name) in [("z1", "Alpha 项目"), ("a1", "beta"), ("m1", "alphabet")] {
        app.ok(
            "appchat/create",
            json!({ "chatid": chatid, "name": name, "userlist": ["p1", "p2"] }),
        )
        .await;
    }
    other.chat("alpha9", &["p1", "p2", "p3"]).await;
    app.chat("gone", &["p1", "p2"]).await;
    app.ok("appchat/quit", json!({ "chatid": "gone" })).await;

    let path = format!("/_qun/companies/{}/groups", app.corpid);
    in_pages(&server, &path, "groups", 4).await;
    let found = async |query: &str| {
        let list = pages(&server, &format!("{path}{query}"), "groups", 1).await;
        list.iter()
            .map(|g| g["chatid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found("").await,
        ["z1", "a1", "m1", "alpha9"],
        "in the order in which they were made"
    );
    assert_eq!(found("?search=ALPHA").await, ["z1", "m1", "alpha9"]);
    assert_eq!(found("?search=%E9%A1%B9%E7%9B%AE").await, ["z1"]);
    assert_eq!(
        found(&format!("?agentid={}", other.agentid)).await,
        ["alpha9"]
    );
    assert_eq!(
        found(&format!("?agentid={}&search=alpha", app.agentid)).await,
        ["z1", "m1"]
    );
    assert_eq!(found("?search=gone").await, Vec::<String>::new());
    in_pages(&server, &format!("{path}?search=alpha"), "groups", 3).await;
    app.ok(
        "appchat/update",
        json!({ "chatid": "a1", "name": "Alpha too" }),
    )
    .await;
    assert_eq!(
        found("?search=alpha").await,
        ["z1", "a1", "m1", "alpha9"],
        "by its new name"
    );
    assert_eq!(
        refusal(
            &server
                .manage("GET", &format!("{path}?agentid=9"), None)
                .await
        ),
        (404, "app_unknown")
    );
    bad(
        &server
            .manage("GET", &format!("{path}?agentid=x"), None)
            .await,
        "agentid is no whole number",
    );
    bad(
        &server
            .manage("GET", &format!("{path}?after=z1"), None)
            .await,
        "after is not what next",
    );
}

#[tokio::test]
async fn a_group_is_shown_with_its_members() {
    let server = Server::start().await;
    let app = server
        .world(json!({
            "rulebook": "documented", "apps": [{ "agentid": 7 }], "users": [{ "userid": "Ann" }, { "userid": "bob", "status": "disabled" }, { "userid": "cid" }],
            "chats": [{ "chatid": "chat", "name": "名", "owner": "bob", "members": ["Ann", "bob"], "create_time": 1_600_000_000 }],
        }))
        .await;
    let path = format!("/_qun/companies/{}/groups/chat", app.corpid);
    let mut expected = json!({
        "chatid": "chat", "agentid": 7, "name": "名", "owner": "bob", "member_count": 2, "create_time": 1_600_000_000, "visible": false,
        "members": [{ "userid": "Ann", "status": 1, "join_time": 1_600_000_000 }, { "userid": "bob", "status": 2, "join_time": 1_600_000_000 }],
    });
    assert_eq!(server.manage_ok("GET", &path, None).await, expected);
    app.say("chat", "x").await;
    expected["visible"] = true.into();
    assert_eq!(server.manage_ok("GET", &path, None).await, expected);
    expected.as_object_mut().unwrap().shift_remove("members");
    assert_eq!(
        server
            .manage_ok(
                "GET",
                &format!("/_qun/companies/{}/groups", app.corpid),
                None
            )
            .await,
        json!({ "groups": [expected] })
    );

    for gone in ["none", "CHAT"] {
        for more in ["", "/history"] {
            let answer = server
                .manage(
                    "GET",
                    &format!("/_qun/companies/{}/groups/{gone}{more}", app.corpid),
                    None,
                )
                .await;
            assert_eq!(refusal(&answer), (404, "group_unknown"), "{gone}{more}");
        }
    }
    app.ok("appchat/quit", json!({ "chatid": "chat" })).await;
    assert_eq!(
        refusal(&server.manage("GET", &path, None).await),
        (404, "group_unknown")
    );
}

#[tokio::test]
async fn a_history_is_whole_in_pages_of_any_size() {
    const N: usize = 4;
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    app.chat("chat", &["p1", "p2"]).await;
    app.chat("other", &["p1", "p2"]).await;
    let path = format!("/_qun/companies/{}/groups/chat/history", app.corpid);
    let empty = server.manage_ok("GET", &path, None).await;
    assert_eq!(
        (&empty["messages"], &empty["more"]),
        (&json!([]), &json!(false))
    );
    for n in 0..N {
        app.say("other", "not here").await;
        if n % 2 == 0 {
            app.say("chat", &format!("m{n}")).await;
        } else {
            app.step("p2", "chat", "say", json!({ "text": format!("m{n}") }))
                .await;
        }
    }
    let whole = server.manage_ok("GET", &path, None).await;
    let texts: Vec<&str> = whole["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["content"]["content"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["m0", "m1", "m2", "m3"]);
    assert_eq!(
        (
            &whole["messages"][0]["agentid"],
            &whole["messages"][1]["from"]
        ),
        (&json!(app.agentid), &json!("p2"))
    );
    assert!((0..60).contains(&(whole["messages"][0]["time"].as_i64().unwrap() - NOON / 1000)));
    for size in 1..=N + 1 {
        let mut found = Vec::new();
        let mut after = empty["cursor"].as_str().unwrap().to_owned();
        loop {
            let page = server
                .manage_ok("GET", &format!("{path}?limit={size}&after={after}"), None)
                .await;
            found.extend(page["messages"].as_array().unwrap().iter().cloned());
            assert_eq!(page["more"], json!(found.len() < N), "{size}");
            after = page["cursor"].as_str().unwrap().to_owned();
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(json!(found), whole["messages"], "{size}");
    }
    for size in ["0", "1001"] {
        bad(
            &server
                .manage("GET", &format!("{path}?limit={size}"), None)
                .await,
            "limit is 1 to 1000",
        );
    }
    bad(
        &server
            .manage("GET", &format!("{path}?after=latest"), None)
            .await,
        "after is no cursor",
    );
}
