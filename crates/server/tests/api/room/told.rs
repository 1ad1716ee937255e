//! What groups of hosted accounts are told, and how often it is tried.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{company, receiver::Receiver};
use crate::kit::{App, BOTH, NOON, Server};

const GROUP: &str = "5f0000000000000000000001";

impl App<'_> {
    /// A receiver that the group of accounts tells.
    async fn listens(&self) -> Receiver {
        let receiver = Receiver::start().await;
        self.tells(GROUP, &receiver).await;
        receiver
    }

    /// The callbacks of the group of accounts, newest first, once all of them are as wanted.
    async fn until_all(&self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let path = self.own(&format!("callbacks?group={GROUP}"));
        let begun = Instant::now();
        loop {
            let page = self.server.manage_ok("GET", &path, None).await;
            let all = page["callbacks"].as_array().unwrap().clone();
            if all.iter().all(&wanted) {
                return all;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{all:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn hosting(&self) -> Value {
        let all = self
            .server
            .manage_ok("GET", &self.own("hostings"), None)
            .await;
        all["hostings"][0].clone()
    }
}

fn add(contact: &str) -> Value {
    json!({ "botUserId": "bot1", "contactWxid": contact, "roomWxid": "R:1" })
}

#[tokio::test]
async fn whoever_joins_a_room_of_a_running_account_is_told_with_all_members() {
    let server = Server::start().await;
    let app = company(&server, 6, |world| {
        world["chats"] = json!([{ "chatid": "inside", "members": ["bot1", "boss"] }]);
    })
    .await;
    let receiver = app.listens().await;
    assert_eq!(app.room("addMember", add("wmc3")).await["code"], 0);
    let (path, body) = receiver.got(1).await[0].clone();
    assert_eq!(path, "/juzi/chatroom/joined");
    // Exactly the document's keys, in its order.
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        keys(&body),
        [
            "chatId",
            "botInfo",
            "wxid",
            "topic",
            "avatarUrl",
            "ownerId",
            "members",
            "group",
            "syncedTime"
        ]
    );
    assert_eq!(keys(&body["botInfo"]), ["wxid", "weixin", "nickName"]);
    let members = body["members"].as_array().unwrap();
    assert_eq!(members.len(), 4);
    for member in members {
        assert_eq!(
            keys(member),
            [
                "wxid",
                "nickName",
                "avatarUrl",
                "roomAlias",
                "isFriend",
                "contactType",
                "coworker"
            ]
        );
        assert!(member["isFriend"].is_boolean() && member["roomAlias"].is_null());
    }
    assert_eq!(
        (&body["wxid"], &body["topic"], &body["group"]),
        (&json!("R:1"), &json!("g"), &json!(GROUP))
    );
    let time = body["syncedTime"].as_i64().unwrap();
    assert!((NOON..NOON + 600_000).contains(&time), "{time}");
    let listed = app.rooms("listByMember", "token=t1&contactWxid=wmc3").await;
    assert_eq!(body["chatId"], listed["data"][0]["chatId"]);

    // By whatever way they come.
    let (status, answer) = app
        .step("wmc1", "wrg", "invite", json!({ "userlist": ["wmc4"] }))
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        receiver.got(2).await[1].1["members"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    app.say("inside", "now it is seen").await;
    assert_eq!(
        receiver.got(3).await[2].1["members"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let body = json!({ "chatid": "inside", "name": "renamed", "add_user_list": ["plain", "boss"] });
    app.ok("appchat/update", body).await;
    let got = receiver.got(4).await[3].1.clone();
    assert_eq!(
        (got["members"].as_array().unwrap().len(), &got["topic"]),
        (3, &json!("renamed"))
    );
    app.ok(
        "appchat/update",
        json!({ "chatid": "inside", "name": "again", "add_user_list": ["boss"] }),
    )
    .await;
    let create = json!({ "botUserId": "bot1", "wxids": ["wmc1", "wmc2"], "greeting": "hi" });
    assert_eq!(app.room("create", create).await["errcode"], 0);
    assert_eq!(
        receiver.got(5).await[4].1["members"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    let room = json!({ "name": "r", "members": ["wmc1"] });
    let path = format!("/_qun/bots/pp/rooms?corpid={}", app.corpid);
    let made = server.manage_ok("POST", &path, Some(room)).await;
    let got = receiver.got(6).await[5].1.clone();
    assert_eq!(
        (&got["wxid"], &got["botInfo"]["weixin"]),
        (&made["wxid"], &json!("pp"))
    );
    let wxid = made["wxid"].as_str().unwrap();
    let (status, answer) = app
        .step("wxid_pp", wxid, "invite", json!({ "userlist": ["wmc2"] }))
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        receiver.got(7).await[6].1["members"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    // Leaving is none of it, nor what has changed nothing.
    app.step("wmc1", "wrg", "leave", json!({})).await;
    assert_eq!(app.room("addMember", add("wmc5")).await["code"], 0);
    assert_eq!(
        receiver.got(8).await[7].1["members"]
            .as_array()
            .unwrap()
            .len(),
        5
    );
    let all = app.until_all(|it| it["state"] == "delivered").await;
    assert_eq!(all.len(), 8);
    assert!(
        all.iter().all(|it| it["kind"] == "chatroom/joined"
            && it["agentid"] == 0
            && it["group"] == GROUP)
    );
    let shown = app.own(&format!("callbacks/{}", all[0]["id"].as_str().unwrap()));
    let shown = server.manage_ok("GET", &shown, None).await;
    assert_eq!(shown["attempts"][0]["request_body"], shown["body"]);
    server.stop().await;
}

#[tokio::test]
async fn a_room_is_loaded_at_a_start_and_when_somebody_asks() {
    let server = Server::start().await;
    let app = company(&server, 4, |_| {}).await;
    let receiver = app.listens().await;
    app.bot("bot1", json!({ "online": false })).await;
    app.load("bot1", "R:1", false).await;
    // Nobody is told of what happens while it does not run.
    app.step("wmc1", "wrg", "invite", json!({ "userlist": ["wmc3"] }))
        .await;
    let sync = |who: &str, room: &str| {
        let path = format!("/_qun/people/{who}/rooms/{room}/sync");
        let body = json!({ "corpid": app.corpid });
        let server = &server;
        async move { server.manage("POST", &path, Some(body)).await }
    };
    assert_eq!(sync("bot1", "R:1").await.1["error"]["code"], "bot_offline");
    app.bot("bot1", json!({ "online": true })).await;
    let mut got = receiver.got(2).await;
    got.sort_by_key(|(_, body)| body["wxid"].to_string());
    for ((path, body), wxid) in got.iter().zip(["R:1", "R:2"]) {
        assert_eq!(
            (path.as_str(), &body["wxid"]),
            ("/juzi/chatroom/loaded", &json!(wxid))
        );
    }
    assert_eq!(got[0].1["members"].as_array().unwrap().len(), 4);
    assert_eq!(
        app.room("addMember", add("wmc4")).await["code"],
        0,
        "it is loaded again"
    );
    receiver.got(3).await;
    // Online already, it does not start.
    app.bot("bot1", json!({ "online": true, "nick_name": "new" }))
        .await;
    let (_, told) = sync("bot1", "wrb").await;
    let (path, body) = receiver.got(4).await[3].clone();
    assert_eq!(
        (path.as_str(), &body["wxid"]),
        ("/juzi/chatroom/loaded", &json!("R:2"))
    );
    assert_eq!(body["botInfo"]["nickName"], "new");
    let shown = app.own(&format!("callbacks/{}", told["callback"].as_str().unwrap()));
    assert_eq!(
        server.manage_ok("GET", &shown, None).await["callback"]["kind"],
        "chatroom/loaded"
    );
    assert_eq!(
        sync("pp", "R:1").await.1["error"]["code"],
        "bot_not_in_room"
    );
    assert_eq!(sync("pp", "R:9").await.1["error"]["code"], "room_unknown");
    assert_eq!(sync("wmc1", "R:1").await.1["error"]["code"], "bot_unknown");
    assert_eq!(
        app.until_all(|it| it["state"] == "delivered").await.len(),
        4
    );
    server.stop().await;
}

#[tokio::test]
async fn after_five_retries_it_is_given_up_and_the_next_has_its_turn() {
    let server = Server::start().await;
    let app = company(&server, 4, |_| {}).await;
    let receiver = app.listens().await;
    receiver.answer(500);
    app.room("addMember", add("wmc3")).await;
    app.room("addMember", add("wmc4")).await;
    for attempts in 1..=5 {
        receiver.got(attempts).await;
        let tried = move |it: &Value| it["attempts"] == attempts as i64 || it["attempts"] == 0;
        app.until_all(tried).await;
        server.advance(5).await;
    }
    receiver.got(6).await;
    receiver.answer(200);
    let got = receiver.got(7).await;
    assert!(
        got[..6]
            .iter()
            .all(|(_, body)| body["members"].as_array().unwrap().len() == 4)
    );
    let all = app.until_all(|it| it["state"] != "waiting").await;
    assert_eq!(
        (&all[1]["state"], &all[1]["attempts"]),
        (&json!("exhausted"), &json!(6))
    );
    // The receiver may have changed its mind only after the second had failed once.
    assert_eq!(all[0]["state"], "delivered");
    server.stop().await;
}

#[tokio::test]
async fn ten_given_up_in_three_minutes_silence_the_url_for_half_an_hour() {
    let server = Server::start().await;
    let app = company(&server, 4, |_| {}).await;
    let receiver = app.listens().await;
    receiver.answer(503);
    let create = json!({ "botUserId": "bot1", "wxids": ["wmc1", "wmc2"] });
    let give_up = async |rooms: usize| {
        for _ in 0..rooms {
            assert_eq!(app.room("create", create.clone()).await["errcode"], 0);
        }
        for attempts in 1..=6_i64 {
            let tried = move |it: &Value| {
                it["state"] != "waiting" || it["attempts"].as_i64() >= Some(attempts)
            };
            app.until_all(tried).await;
            if attempts < 6 {
                server.advance(5).await;
            }
        }
        app.until_all(|it| it["state"] == "exhausted").await
    };
    // Nine are not enough, and those of long ago do not count.
    assert_eq!(give_up(9).await.len(), 9);
    assert!(app.hosting().await.get("silent_until").is_none());
    server.advance(181).await;
    assert_eq!(give_up(9).await.len(), 18);
    assert!(app.hosting().await.get("silent_until").is_none());
    let all = give_up(1).await;
    assert!(all.iter().all(|it| it["attempts"] == 6));
    let until = app.hosting().await["silent_until"].as_i64().unwrap();
    let left = until - server.now_ms().await / 1000;
    assert!((1700..=1800).contains(&left), "{left}");

    receiver.answer(200);
    let before = receiver.so_far().len();
    assert_eq!(app.room("create", create.clone()).await["errcode"], 0);
    server.advance(left - 60).await;
    // Something that was told meanwhile by another way shows that time has passed.
    let app_told = app
        .until_all(|it| it["attempts"] == 6 || it["attempts"] == 0)
        .await;
    assert_eq!(app_told[0]["state"], "waiting");
    assert_eq!(receiver.so_far().len(), before);
    server.advance(120).await;
    receiver.got(before + 1).await;
    app.until_all(|it| it["state"] != "waiting").await;
    assert!(app.hosting().await.get("silent_until").is_none());
    server.stop().await;
}

#[tokio::test]
async fn a_url_that_is_set_again_is_told_at_once() {
    let server = Server::start().await;
    let app = company(&server, 4, |_| {}).await;
    let receiver = app.listens().await;
    receiver.answer(500);
    app.room("addMember", add("wmc3")).await;
    app.until_all(|it| it["attempts"] == 1).await;
    receiver.answer(200);
    app.tells(GROUP, &receiver).await;
    receiver.got(2).await;
    app.until_all(|it| it["state"] == "delivered").await;
    let path = app.own(&format!("hostings/{GROUP}"));
    let shown = server
        .manage_ok("PATCH", &path, Some(json!({ "callback_url": "" })))
        .await;
    assert!(shown.get("callback_url").is_none());
    app.room("addMember", add("wmc4")).await;
    assert_eq!(
        app.until_all(|it| it["state"] == "delivered").await.len(),
        1
    );
    for bad in ["ftp://x", "http://", "x"] {
        let (status, _) = server
            .manage("PATCH", &path, Some(json!({ "callback_url": bad })))
            .await;
        assert_eq!(status, 400, "{bad}");
    }
    server.stop().await;
}

/// What the page types every value as: the name of a type, or an example.
fn typed(place: &str, printed: &Value, found: &Value) {
    let fits = match printed.as_str() {
        Some("number") => found.is_i64(),
        Some("boolean") => found.is_boolean(),
        Some("string | null") => found.is_string() || found.is_null(),
        Some(_) => found.is_string(),
        None => std::mem::discriminant(printed) == std::mem::discriminant(found),
    };
    assert!(
        fits,
        "{place} is {printed} in the document and {found} here"
    );
    match (printed, found) {
        (Value::Object(printed), Value::Object(found)) => {
            let keys = |it: &serde_json::Map<String, Value>| it.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(printed), keys(found), "{place}");
            for (key, value) in printed {
                typed(&format!("{place}.{key}"), value, &found[key]);
            }
        }
        (Value::Array(printed), Value::Array(found)) => {
            assert!(!found.is_empty(), "{place}");
            for value in found {
                typed(place, &printed[0], value);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn bodies_are_typed_as_the_document_types_them() {
    // As printed; its table calls isFriend and syncedTime strings.
    let printed = json!({
        "chatId": "5dbe8287184b7cb41f52674e",
        "botInfo": { "wxid": "string", "weixin": "string", "nickName": "string" },
        "wxid": "string",
        "topic": "string",
        "avatarUrl": "string",
        "ownerId": "string",
        "members": [{
            "wxid": "string",
            "nickName": "string",
            "avatarUrl": "string",
            "roomAlias": "string | null",
            "isFriend": "boolean",
            "contactType": "number",
            "coworker": "boolean"
        }],
        "group": "string",
        "syncedTime": "number"
    });
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 3, |world| {
            world["rulebook"] = json!(rules);
            world["customers"][0]["corp_name"] = "不在回调里".into();
            world["customer_groups"][0]["members"][1]["group_nickname"] = "老一".into();
        })
        .await;
        let receiver = app.listens().await;
        assert_eq!(app.room("addMember", add("wmc3")).await["code"], 0);
        app.bot("bot1", json!({ "online": false })).await;
        app.bot("bot1", json!({ "online": true })).await;
        let got = receiver.got(3).await;
        for (path, body) in &got {
            typed(path, &printed, body);
            assert_eq!(body["chatId"].as_str().unwrap().len(), 24);
        }
        let paths: Vec<&str> = got.iter().map(|(path, _)| path.as_str()).collect();
        let loaded = "/juzi/chatroom/loaded";
        assert_eq!(paths, ["/juzi/chatroom/joined", loaded, loaded]);
        assert_eq!(got[0].1["members"][1]["roomAlias"], "老一");
        server.stop().await;
    }
}
