use serde_json::{Value, json};

use super::company;
use crate::kit::{BOTH, Server};

const LABEL: &str = "5f00000000000000000000c1";

#[tokio::test]
async fn a_labels_rooms_are_listed_as_the_account_sees_them() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 3, |world| {
            world["rulebook"] = json!(rules);
            world["customers"][1]["type"] = "wecom".into();
            world["customers"][1]["corp_name"] = "乙公司".into();
            world["customer_groups"][0]["members"][1]["group_nickname"] = "老一".into();
            let friends = world["hostings"][0]["bots"][0]["friends"]
                .as_array_mut()
                .unwrap();
            friends.retain(|friend| friend["contact"] != "wmc2");
        })
        .await;
        let answer = app
            .rooms(
                "listByMHTag",
                &format!("token=t1&mhTagId={LABEL}&current=&pageSize="),
            )
            .await;
        let data = answer["data"].as_array().unwrap();
        assert_eq!(
            answer.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["code", "data", "page"]
        );
        assert_eq!(answer["page"], json!({ "current": 1, "total": 2 }));
        let mut room = data[0].clone();
        let chat_id = room["chatId"].take();
        let wxid = room["botInfo"]["wxid"].take();
        let second = room["members"][2]["wxid"].take();
        assert_eq!(chat_id.as_str().unwrap().len(), 24, "{chat_id}");
        assert!(wxid.as_str().unwrap().starts_with("1688"), "{wxid}");
        assert!(second.as_str().unwrap().starts_with("7881"), "{second}");
        let first = room["members"][1]["wxid"].take();
        assert_eq!(room["members"][0]["wxid"], wxid);
        assert_eq!(room["ownerId"], wxid);
        assert_eq!(
            room,
            json!({
                "chatId": null,
                "botInfo": { "wxid": null, "weixin": "bot1", "nickName": "小一" },
                "wxid": "R:1", "topic": "g", "avatarUrl": "", "ownerId": wxid,
                "members": [
                    { "wxid": wxid, "nickName": "小一", "avatarUrl": "", "roomAlias": null, "isFriend": true,
                      "contactType": 3, "coworker": true },
                    { "wxid": null, "nickName": "c1", "avatarUrl": "", "roomAlias": "老一", "isFriend": true,
                      "contactType": 1, "coworker": false },
                    { "wxid": null, "nickName": "c2", "avatarUrl": "", "roomAlias": null, "isFriend": false,
                      "contactType": 3, "coworker": false, "corporation": "乙公司" },
                ],
                "labels": [{ "id": LABEL, "name": "VIP" }],
                "wecomChatId": "wrg", "external": true, "memberCount": 3,
            })
        );
        let personal = &data[1];
        assert_eq!(
            (
                &personal["wxid"],
                &personal["external"],
                &personal["ownerId"],
                &personal["botInfo"]["weixin"]
            ),
            (
                &json!("77@chatroom"),
                &json!(true),
                &json!("wxid_pp"),
                &json!("pp")
            ),
        );
        assert!(personal.get("wecomChatId").is_none());
        // The ids are the same each time, and lead back.
        let again = app
            .rooms(
                "listByMember",
                &format!("token=t1&contactWxid={}", first.as_str().unwrap()),
            )
            .await;
        assert_eq!(
            again.as_object().unwrap().keys().collect::<Vec<_>>(),
            ["code", "data"]
        );
        let again = again["data"].as_array().unwrap();
        let wxids: Vec<&Value> = again.iter().map(|room| &room["wxid"]).collect();
        assert_eq!(wxids, ["R:1", "R:2", "77@chatroom"]);
        assert_eq!(again[0]["chatId"], chat_id);
        assert_eq!(again[1]["labels"], json!([]));
        server.stop().await;
    }
}

#[tokio::test]
async fn pages_count_rooms() {
    let server = Server::start().await;
    let app = company(&server, 2, |world| {
        let groups: Vec<Value> = (0..101)
            .map(|n| json!({ "chat_id": format!("wrn{n}"), "owner": "bot1" }))
            .collect();
        let all = world["customer_groups"].as_array_mut().unwrap();
        all.extend(groups);
        let rooms: Vec<String> = (0..101).map(|n| format!("wrn{n}")).collect();
        let labels = world["hostings"][0]["labels"].as_array_mut().unwrap();
        labels.push(json!({ "id": "5f00000000000000000000c2", "name": "many", "rooms": rooms }));
        // Another account in one of them: still one entry.
        world["hostings"][0]["bots"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "userid": "boss" }));
        world["customer_groups"][2]["members"] = json!([{ "userid": "boss" }]);
    })
    .await;
    let page = |query: &str| {
        let query = format!("token=t1&mhTagId=5f00000000000000000000c2{query}");
        let app = &app;
        async move {
            let answer = app.rooms("listByMHTag", &query).await;
            assert_eq!(answer["code"], 0, "{answer}");
            let ids: Vec<String> = answer["data"]
                .as_array()
                .unwrap()
                .iter()
                .map(|room| room["wecomChatId"].as_str().unwrap().to_owned())
                .collect();
            (ids, answer["page"].clone())
        }
    };
    let name = |range: std::ops::Range<usize>| range.map(|n| format!("wrn{n}")).collect::<Vec<_>>();
    for (query, current, range) in [
        ("", 1, 0..20),
        ("&current=&pageSize=", 1, 0..20),
        ("&current=0", 1, 0..20),
        ("&current=-3&pageSize=0", 1, 0..20),
        ("&current=x&pageSize=y", 1, 0..20),
        ("&current=2", 2, 20..40),
        ("&current=6", 6, 100..101),
        ("&current=7", 7, 0..0),
        ("&current=1&pageSize=100", 1, 0..100),
        ("&current=1&pageSize=101", 1, 0..100),
        ("&current=2&pageSize=101", 2, 100..101),
        ("&current=9223372036854775807&pageSize=100", i64::MAX, 0..0),
    ] {
        let expected = (name(range), json!({ "current": current, "total": 101 }));
        assert_eq!(page(query).await, expected, "{query}");
    }
    server.stop().await;
}

#[tokio::test]
async fn what_is_not_there_is_an_empty_list() {
    let server = Server::start().await;
    let app = company(&server, 2, |world| {
        let hostings = world["hostings"].as_array_mut().unwrap();
        hostings.push(
            json!({ "tokens": [{ "token": "t2" }, { "token": "t3", "wecom_chat_id": false }],
            "bots": [{ "userid": "boss" }] }),
        );
    })
    .await;
    let none = json!({ "code": 0, "data": [], "page": { "current": 1, "total": 0 } });
    for query in [
        "",
        "&mhTagId=",
        "&mhTagId=no",
        "&mhTagId=5f00000000000000000000c9",
    ] {
        assert_eq!(
            app.rooms("listByMHTag", &format!("token=t1{query}")).await,
            none,
            "{query}"
        );
    }
    // Another token's label is none.
    let query = format!("token=t2&mhTagId={LABEL}");
    assert_eq!(app.rooms("listByMHTag", &query).await, none);
    for query in ["", "&contactWxid=", "&contactWxid=no"] {
        let answer = app.rooms("listByMember", &format!("token=t1{query}")).await;
        assert_eq!(answer, json!({ "code": 0, "data": [] }), "{query}");
    }
    for path in ["listByMHTag", "listByMember"] {
        for query in ["", "token=", "token=no", "token=t1&token=no"] {
            let answer = app.rooms(path, query).await;
            assert_eq!(
                answer,
                json!({ "code": -1, "message": "无效token" }),
                "{path} {query}"
            );
        }
    }
    // Each token sees what its own accounts see, with or without the official id.
    for (token, official) in [("t2", Some("wrb")), ("t3", None)] {
        let answer = app
            .rooms("listByMember", &format!("token={token}&contactWxid=wmc1"))
            .await;
        let rooms = answer["data"].as_array().unwrap();
        assert_eq!(rooms.len(), 1);
        assert_eq!(rooms[0]["botInfo"]["weixin"], "boss");
        assert_eq!(
            rooms[0].get("wecomChatId").and_then(Value::as_str),
            official
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn rooms_that_are_not_loaded_are_not_listed() {
    let server = Server::start().await;
    let app = company(&server, 2, |world| {
        world["chats"] = json!([
            { "chatid": "inside", "members": ["bot1", "boss"], "messages": [{ "text": "hello" }] },
            { "chatid": "silent", "members": ["bot1", "boss"] },
        ]);
    })
    .await;
    let wxids = async |contact: &str| -> Vec<String> {
        let answer = app
            .rooms("listByMember", &format!("token=t1&contactWxid={contact}"))
            .await;
        let rooms = answer["data"].as_array().unwrap().iter();
        rooms
            .map(|room| room["wxid"].as_str().unwrap().to_owned())
            .collect()
    };
    app.load("bot1", "R:1", false).await;
    assert_eq!(wxids("wmc1").await, ["R:2", "77@chatroom"]);
    let count = app
        .rooms("listByMHTag", &format!("token=t1&mhTagId={LABEL}"))
        .await["page"]["total"]
        .clone();
    assert_eq!(count, 1);
    // An internal group that nobody has spoken in is not seen by its members.
    let explained = server.manage_ok("GET", &app.own("ids/boss"), None).await;
    let siblings = explained["meanings"][0]["siblings"].as_array().unwrap();
    let boss = siblings
        .iter()
        .find(|it| it["kind"] == "contactWxid")
        .unwrap()["id"]
        .as_str()
        .unwrap();
    let answer = app
        .rooms("listByMember", &format!("token=t1&contactWxid={boss}"))
        .await;
    let rooms = answer["data"].as_array().unwrap();
    assert_eq!(rooms.len(), 2, "{answer}");
    let inside = rooms.iter().find(|room| room["external"] == false).unwrap();
    assert!(
        inside.get("wecomChatId").is_none() && inside["wxid"].as_str().unwrap().starts_with("R:")
    );
    assert_eq!(inside["members"][1]["coworker"], true);
    app.say("silent", "first").await;
    let answer = app
        .rooms("listByMember", &format!("token=t1&contactWxid={boss}"))
        .await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 3);
    server.stop().await;
}
