//! The own API around rooms: groups of accounts, accounts, labels, and what an id is.

use serde_json::{Value, json};

use super::company;
use crate::kit::Server;

#[tokio::test]
async fn groups_of_accounts_and_their_tokens() {
    let server = Server::start().await;
    let app = company(&server, 2, |_| {}).await;
    let path = app.own("hostings");
    let made = server
        .manage_ok("POST", &path, Some(json!({ "name": "second" })))
        .await;
    let group = made["group"].as_str().unwrap();
    let token = made["tokens"][0]["token"].as_str().unwrap();
    assert_eq!((group.len(), token.len()), (24, 24));
    assert_eq!(
        app.rooms("listByMember", &format!("token={token}")).await["code"],
        0
    );
    let own = |rest: &str| app.own(&format!("hostings/{group}{rest}"));
    let more = json!({ "token": "another", "wecom_chat_id": false });
    let made = server
        .manage_ok("POST", &own("/tokens"), Some(more.clone()))
        .await;
    assert_eq!(made["tokens"], json!([more]));
    let (status, answer) = server.manage("POST", &own("/tokens"), Some(more)).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("token_taken"))
    );
    // A token is the server's, not the company's: no other company can have it.
    let other = json!({ "hostings": [{ "tokens": [{ "token": "another" }] }] });
    let world = json!({ "version": 1, "companies": [other] });
    let (status, answer) = server.manage("POST", "/_qun/worlds", Some(world)).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("token_taken"))
    );
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("companies[0].hostings[0].tokens[0]") && !message.contains("another"),
        "{message}"
    );
    assert_eq!(app.rooms("listByMember", "token=another").await["code"], 0);
    server
        .manage_ok("POST", &own("/revoke"), Some(json!({ "token": "another" })))
        .await;
    assert_eq!(app.rooms("listByMember", "token=another").await["code"], -1);
    let (status, _) = server
        .manage("POST", &own("/revoke"), Some(json!({ "token": "another" })))
        .await;
    assert_eq!(status, 401);
    let shown = server
        .manage_ok("PATCH", &own(""), Some(json!({ "name": "renamed" })))
        .await;
    assert_eq!(
        shown,
        json!({ "group": group, "name": "renamed", "tokens": 1, "bots": 0 })
    );
    let all = server.manage_ok("GET", &path, None).await;
    assert_eq!(all["hostings"].as_array().unwrap().len(), 2);
    assert!(!all.to_string().contains(token));
    for bad in [
        json!({ "token": "" }),
        json!({ "token": "a b" }),
        json!({ "token": "x".repeat(129) }),
    ] {
        assert_eq!(
            server.manage("POST", &own("/tokens"), Some(bad)).await.0,
            400
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn accounts_are_named_by_any_id_that_is_theirs_alone() {
    let server = Server::start().await;
    let app = company(&server, 3, |_| {}).await;
    let path = app.own("hostings/5f0000000000000000000001/bots");
    let bot = server
        .manage_ok(
            "POST",
            &path,
            Some(json!({ "userid": "boss", "wxid": "1688999" })),
        )
        .await;
    assert_eq!(
        (&bot["wxid"], &bot["nick_name"], &bot["online"]),
        (&json!("1688999"), &json!("boss"), &json!(true))
    );
    let get = |id: &str| {
        let path = format!("/_qun/bots/{id}?corpid={}", app.corpid);
        let server = &server;
        async move { server.manage("GET", &path, None).await }
    };
    for id in ["boss", "BOSS", "1688999", bot["bot_id"].as_str().unwrap()] {
        assert_eq!(get(id).await.1["bot"]["bot_id"], bot["bot_id"], "{id}");
    }
    let whole = get("bot1").await.1;
    assert_eq!(whole["friends"].as_array().unwrap().len(), 3);
    assert_eq!(whole["friends"][0]["contact"], "wmc1");
    let rooms = whole["rooms"].as_array().unwrap();
    assert_eq!(
        (rooms.len(), &rooms[0]["room"], &rooms[0]["wxid"]),
        (2, &json!("wrg"), &json!("R:1"))
    );
    // The same employee in another group of accounts: the userid is no longer enough.
    let other = json!({ "bots": [{ "userid": "boss" }] });
    server
        .manage_ok("POST", &app.own("hostings"), Some(other))
        .await;
    for id in ["boss", "1688999"] {
        assert_eq!(get(id).await.1["error"]["code"], "bot_ambiguous");
    }
    assert_eq!(get(bot["bot_id"].as_str().unwrap()).await.0, 200);
    assert_eq!(get("wmc1").await.1["error"]["code"], "bot_unknown");
    let all = server.manage_ok("GET", &app.own("bots"), None).await;
    assert_eq!(all["bots"].as_array().unwrap().len(), 4);

    let friend = |method: &'static str, contact: &str, body: Option<Value>| {
        let path = format!("/_qun/bots/bot1/friends/{contact}?corpid={}", app.corpid);
        let server = &server;
        async move { server.manage(method, &path, body).await }
    };
    assert_eq!(friend("DELETE", "wmc3", None).await.0, 200);
    let add = json!({ "botUserId": "bot1", "contactWxid": "wmc3", "roomWxid": "R:1" });
    assert_eq!(app.room("addMember", add.clone()).await["code"], -8);
    assert_eq!(
        friend("PUT", "wmc3", Some(json!({ "wxid": "788111" })))
            .await
            .0,
        200
    );
    let taken = friend("PUT", "wmc2", Some(json!({ "wxid": "788111" }))).await;
    assert_eq!(taken.1["error"]["code"], "id_taken");
    // What the server makes of numbers is nobody's to give.
    let taken = friend("PUT", "wmc2", Some(json!({ "wxid": "7881000000000099" }))).await;
    assert_eq!(taken.1["error"]["code"], "id_taken");
    assert_eq!(friend("PUT", "788111", Some(json!({}))).await.0, 200);
    assert_eq!(
        friend("PUT", "nobody", Some(json!({}))).await.1["error"]["code"],
        "contact_unknown"
    );
    assert_eq!(app.room("addMember", add).await["code"], 0);
    for (path, body) in [
        ("hostings", json!({ "group": "5f0000000000000000000001" })),
        (
            "hostings",
            json!({ "bots": [{ "userid": "bot2", "bot_id": "5f00000000000000000000b1" }] }),
        ),
        (
            "hostings",
            json!({ "bots": [{ "userid": "bot2", "wxid": "1688999" }] }),
        ),
        (
            "hostings",
            json!({ "labels": [{ "id": "5f00000000000000000000c1", "name": "x" }] }),
        ),
    ] {
        let (status, answer) = server
            .manage("POST", &app.own(path), Some(body.clone()))
            .await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (409, &json!("id_taken")),
            "{body}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn who_leaves_the_company_is_logged_out_and_keeps_the_account() {
    let server = Server::start().await;
    let app = company(&server, 3, |world| {
        let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
        bots.push(json!({ "userid": "bot2", "wxid": "1688222" }));
        bots.push(json!({ "userid": "gone" }));
        bots.push(json!({ "userid": "plain", "online": false }));
    })
    .await;
    let shown = async |id: &str| {
        let path = format!("/_qun/bots/{id}?corpid={}", app.corpid);
        let bot = server.manage_ok("GET", &path, None).await["bot"].clone();
        let is = |key: &str| bot[key].as_bool().unwrap();
        (is("online"), is("logged_in"))
    };
    assert_eq!(shown("bot1").await, (true, true));
    assert_eq!(shown("bot2").await, (true, true));
    assert_eq!(shown("gone").await, (false, false));
    assert_eq!(shown("plain").await, (false, true));
    let resign = app.own("users/bot1/resign");
    server.manage_ok("POST", &resign, Some(json!({}))).await;
    assert_eq!(shown("bot1").await, (false, false));
    let create = json!({ "botUserId": "bot1", "wxids": ["wmc1", "wmc2"] });
    assert_eq!(
        app.room("create", create).await,
        json!({ "errcode": -5, "errmsg": "bot不在线" })
    );
    // Of bot2 nothing has happened: but for the account, nobody would keep the person.
    let (status, answer) = server.manage("DELETE", &app.own("users/bot2"), None).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("person_in_use"))
    );
    let sync = app
        .sibling(json!({ "name": "sync", "kind": "contacts_sync" }))
        .await;
    let deleted = sync.get("user/delete", "&userid=bot2").await;
    assert_eq!(deleted["errcode"], 0, "{deleted}");
    assert_eq!(shown("bot2").await, (false, false));
    let new = json!({ "userid": "new" });
    server
        .manage_ok("PUT", &app.own("users/new"), Some(new))
        .await;
    let explained = server.manage_ok("GET", &app.own("ids/1688222"), None).await;
    assert_eq!(explained["meanings"][0]["siblings"][0]["id"], "bot2");
    // Whoever wants to try it can let it run all the same.
    app.bot("bot1", json!({ "online": true })).await;
    assert_eq!(shown("bot1").await, (true, false));
    server.stop().await;
}

#[tokio::test]
async fn an_account_that_is_hosted_no_longer_is_gone_but_for_the_person() {
    let server = Server::start().await;
    let app = company(&server, 3, |world| {
        let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
        bots.push(json!({ "userid": "boss", "bot_id": "5f00000000000000000000b3" }));
    })
    .await;
    let listed = async || -> Vec<String> {
        let answer = app.rooms("listByMember", "token=t1&contactWxid=wmc1").await;
        let rooms = answer["data"].as_array().unwrap().iter();
        let rooms = rooms.map(|room| {
            let part = |value: &Value| value.as_str().unwrap().to_owned();
            part(&room["wxid"]) + " " + &part(&room["botInfo"]["weixin"])
        });
        rooms.collect()
    };
    assert_eq!(
        listed().await,
        ["R:1 bot1", "R:2 bot1", "R:2 boss", "77@chatroom pp"]
    );
    let answer = app.rooms("listByMember", "token=t1&contactWxid=wmc1").await;
    let conversation = answer["data"][2]["chatId"].as_str().unwrap().to_owned();
    for id in ["boss", "wxid_pp"] {
        let path = format!("/_qun/bots/{id}?corpid={}", app.corpid);
        server.manage_ok("DELETE", &path, None).await;
        let (status, answer) = server.manage("DELETE", &path, None).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (404, &json!("bot_unknown"))
        );
    }
    assert_eq!(listed().await, ["R:1 bot1", "R:2 bot1"]);
    let bots = server.manage_ok("GET", &app.own("bots"), None).await;
    assert_eq!(bots["bots"].as_array().unwrap().len(), 1);
    let add = json!({ "botUserId": "boss", "contactWxid": "wmc3", "roomWxid": "R:2" });
    assert_eq!(app.room("addMember", add).await["code"], -2);
    assert_eq!(app.members("wrb").await, ["boss", "bot1", "wmc1"]);
    // It can be hosted again, by the same id too, and is another account: nothing of the old one comes back.
    let path = app.own("hostings/5f0000000000000000000001/bots");
    let again = json!({ "userid": "boss", "bot_id": "5f00000000000000000000b3" });
    server.manage_ok("POST", &path, Some(again)).await;
    assert_eq!(listed().await, ["R:1 bot1", "R:2 bot1", "R:2 boss"]);
    let answer = app.rooms("listByMember", "token=t1&contactWxid=wmc1").await;
    assert_ne!(answer["data"][2]["chatId"], conversation.as_str());
    let explained = app.own(&format!("ids/{conversation}"));
    let explained = server.manage_ok("GET", &explained, None).await;
    assert_eq!(explained["meanings"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn labels_are_made_attached_and_taken_away() {
    let server = Server::start().await;
    let app = company(&server, 2, |_| {}).await;
    let path = app.own("hostings/5f0000000000000000000001/labels");
    let label = json!({ "name": "new", "rooms": ["R:1"] });
    let label = server.manage_ok("POST", &path, Some(label)).await;
    let id = label["id"].as_str().unwrap();
    let listed = async || {
        let answer = app
            .rooms("listByMHTag", &format!("token=t1&mhTagId={id}"))
            .await;
        let rooms = answer["data"].as_array().unwrap().iter();
        rooms
            .map(|room| room["wxid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed().await, ["R:1"]);
    for room in ["wrb", "77@chatroom", "R:1"] {
        let path = app.own(&format!("labels/{id}/rooms/{room}"));
        server.manage_ok("PUT", &path, Some(json!({}))).await;
    }
    assert_eq!(listed().await, ["R:1", "R:2", "77@chatroom"]);
    server
        .manage_ok("DELETE", &app.own(&format!("labels/{id}/rooms/R:1")), None)
        .await;
    server
        .manage_ok(
            "PATCH",
            &app.own(&format!("labels/{id}")),
            Some(json!({ "name": "名" })),
        )
        .await;
    let all = server.manage_ok("GET", &path, None).await;
    assert_eq!(
        all["labels"][1],
        json!({ "id": id, "name": "名", "rooms": ["R:2", "77@chatroom"] })
    );
    server
        .manage_ok("DELETE", &app.own(&format!("labels/{id}")), None)
        .await;
    assert_eq!(listed().await, [""; 0]);
    for (method, path, code) in [
        ("PATCH", format!("labels/{id}"), "room_label_unknown"),
        (
            "PUT",
            "labels/5f00000000000000000000c1/rooms/R:9".into(),
            "room_unknown",
        ),
        ("POST", "hostings/no/labels".into(), "hosting_unknown"),
    ] {
        let (status, answer) = server
            .manage(method, &app.own(&path), Some(json!({ "name": "x" })))
            .await;
        let (status, answer) = if method == "PUT" {
            server
                .manage(method, &app.own(&path), Some(json!({})))
                .await
        } else {
            (status, answer)
        };
        assert_eq!(
            (status, &answer["error"]["code"]),
            (404, &json!(code)),
            "{path}"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn an_id_is_explained_with_its_siblings() {
    let server = Server::start().await;
    let app = company(&server, 2, |world| {
        world["tags"] = json!([{ "tagid": 1, "tagname": "t" }]);
    })
    .await;
    let explain = async |id: &str| -> Vec<(String, Vec<String>)> {
        let answer = server
            .manage_ok("GET", &app.own(&format!("ids/{id}")), None)
            .await;
        let meanings = answer["meanings"].as_array().unwrap().iter();
        meanings
            .map(|meaning| {
                assert!(!meaning["what"].as_str().unwrap().is_empty());
                let siblings = meaning["siblings"].as_array().unwrap().iter();
                let siblings = siblings.map(|it| {
                    format!(
                        "{} {}",
                        it["kind"].as_str().unwrap(),
                        it["id"].as_str().unwrap()
                    )
                });
                (
                    meaning["kind"].as_str().unwrap().to_owned(),
                    siblings.collect(),
                )
            })
            .collect()
    };
    let [(kind, siblings)] = explain("wmc1").await.try_into().unwrap();
    assert_eq!(
        (kind.as_str(), siblings[0].as_str()),
        ("external_userid", "unionid oc1")
    );
    let wxid = siblings[1].strip_prefix("contactWxid ").unwrap();
    let [(kind, siblings)] = explain(wxid).await.try_into().unwrap();
    assert_eq!(
        (kind.as_str(), siblings),
        (
            "contactWxid",
            vec!["external_userid wmc1".into(), "unionid oc1".into()]
        )
    );
    let [(kind, siblings)] = explain("bot1").await.try_into().unwrap();
    assert_eq!((kind.as_str(), siblings.len()), ("userid", 3));
    assert_eq!(siblings[2], "botId 5f00000000000000000000b1");
    let group = "group 5f0000000000000000000001".to_owned();
    let [(kind, siblings)] = explain("5f00000000000000000000b1")
        .await
        .try_into()
        .unwrap();
    assert_eq!((kind.as_str(), siblings.last()), ("botId", Some(&group)));
    let [(kind, siblings)] = explain("wxid_pp").await.try_into().unwrap();
    assert_eq!(kind, "imBotId");
    assert!(siblings.contains(&"wxUserId pp".to_owned()), "{siblings:?}");
    assert_eq!(explain("pp").await[0].0, "wxUserId");
    let [(kind, siblings)] = explain("wrg").await.try_into().unwrap();
    assert_eq!(
        (kind.as_str(), siblings[0].as_str()),
        ("chat_id", "roomWxid R:1")
    );
    let chat_id = siblings
        .iter()
        .find_map(|it| it.strip_prefix("chatId "))
        .unwrap()
        .to_owned();
    let [(kind, siblings)] = explain(&chat_id).await.try_into().unwrap();
    assert_eq!(
        (kind.as_str(), siblings[0].as_str()),
        ("chatId", "botId 5f00000000000000000000b1")
    );
    assert!(
        siblings.contains(&"roomWxid R:1".to_owned()),
        "{siblings:?}"
    );
    assert_eq!(explain("R:1").await[0].0, "roomWxid");
    assert_eq!(explain("77@chatroom").await[0].0, "roomWxid");
    let bots = ["b1", "b2"].map(|end| format!("botId 5f00000000000000000000{end}"));
    assert_eq!(
        explain("5f0000000000000000000001").await,
        [("group".to_owned(), bots.to_vec())]
    );
    assert_eq!(
        explain("5f00000000000000000000c1").await,
        [("mhTagId".to_owned(), vec![group])]
    );
    let way = json!({ "scene": 2, "chat_id_list": ["wrg", "wrb"] });
    let way = app.add_join_way(way).await;
    assert_eq!(
        explain(&way).await,
        [(
            "config_id".to_owned(),
            vec!["chat_id wrg".to_owned(), "chat_id wrb".to_owned()]
        )]
    );
    let kinds = async |id: &str| -> Vec<String> {
        explain(id)
            .await
            .into_iter()
            .map(|(kind, _)| kind)
            .collect()
    };
    assert_eq!(kinds("1").await, ["partyid", "tagid"]);
    assert_eq!(explain(&app.corpid).await[0].0, "corpid");
    assert_eq!(explain(&app.agentid.to_string()).await[0].0, "agentid");
    assert_eq!(explain("nothing").await, []);
    server.stop().await;
}
