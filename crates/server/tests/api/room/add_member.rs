use serde_json::{Value, json};

use super::{company, refused, world};
use crate::kit::{App, BOTH, Server};

async fn add(app: &App<'_>, contact: &str, room: &str) -> Value {
    let body = json!({ "botUserId": "bot1", "contactWxid": contact, "roomWxid": room });
    app.room("addMember", body).await
}

#[tokio::test]
async fn a_contact_is_in_at_once_by_either_id() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 5, |world| {
            world["rulebook"] = json!(rules);
            world["hostings"][0]["bots"][0]["friends"][3]["wxid"] = "7888888888".into();
        })
        .await;
        let done = json!({ "code": 0, "message": "" });
        assert_eq!(add(&app, "7888888888", "R:1").await, done);
        assert_eq!(add(&app, "wmc3", "R:1").await, done);
        // Colleagues have system ids too.
        let explained = server.manage_ok("GET", &app.own("ids/bot2"), None).await;
        let siblings = explained["meanings"][0]["siblings"].as_array().unwrap();
        let wxid = siblings
            .iter()
            .find(|it| it["kind"] == "contactWxid")
            .unwrap();
        let wxid = wxid["id"].as_str().unwrap();
        assert_eq!(add(&app, wxid, "R:1").await, done);
        let group = app.room_group("wrg").await;
        let members = group["member_list"].as_array().unwrap();
        let ids: Vec<&str> = members
            .iter()
            .map(|it| it["userid"].as_str().unwrap())
            .collect();
        assert_eq!(ids, ["bot1", "wmc1", "wmc2", "wmc4", "wmc3", "bot2"]);
        assert_eq!(members[3]["join_scene"], 1);
        assert_eq!(members[3]["invitor"]["userid"], "bot1");
        server.stop().await;
    }
}

#[tokio::test]
async fn every_number_is_provoked() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 3, |world| {
 world["rulebook"] = json!(rules);
        // The same employee twice among the accounts that the token selects.
        let twice = json!([{ "userid": "bot2" }, { "userid": "bot2" }]);
        let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
        bots.extend(twice.as_array().unwrap().iter().cloned());
        world["customers"][2]["external_userid"] = "wmc3".into();
        world["chats"] = json!([{
            "chatid": "inside", "members": ["bot1", "boss"], "messages": [{ "text": "hello" }],
        }]);
        let rooms = world["hostings"][0]["bots"][0]["rooms"]
            .as_array_mut()
            .unwrap();
        rooms.push(json!({ "room": "inside", "wxid": "R:3" }));
        world["limits"] = json!({ "customer_group_members_max": 4 });
        world["customer_groups"][1]["members"] = json!([
            { "userid": "boss" }, { "userid": "bot1" }, { "userid": "wmc1" }, { "userid": "wmc2" },
        ]);
        let customers = world["customers"].as_array_mut().unwrap();
        customers.push(json!({ "external_userid": "wmstranger", "name": "s" }));
        let groups = world["customer_groups"].as_array_mut().unwrap();
        groups.push(json!({ "chat_id": "wrx", "owner": "boss" }));
        let rooms = world["hostings"][0]["bots"][0]["rooms"]
            .as_array_mut()
            .unwrap();
        rooms.push(json!({ "room": "wrx", "wxid": "R:4" }));
    })
    .await;
        let good = json!({ "botUserId": "bot1", "contactWxid": "wmc3", "roomWxid": "R:1" });
        let with = |change: Value| {
            let mut body = good.clone();
            for (key, value) in change.as_object().unwrap() {
                body[key] = value.clone();
            }
            body
        };
        let cases = [
            (json!({ "token": "no" }), -1, "无效token"),
            (json!({ "token": "" }), -1, "无效token"),
            (json!({ "token": "no", "botUserId": "no" }), -1, "无效token"),
            (json!({ "botUserId": "no" }), -2, "botUserId的bot不存在"),
            (json!({ "botUserId": null }), -2, "botUserId的bot不存在"),
            (json!({ "botUserId": "boss" }), -2, "botUserId的bot不存在"),
            (
                json!({ "botUserId": "bot2" }),
                -3,
                "botUserId存在多个机器人",
            ),
            (json!({ "botUserId": "pp" }), -4, "不是企业微信"),
            (json!({ "roomWxid": "R:9" }), -6, "群聊加载失败"),
            (json!({ "roomWxid": null }), -6, "群聊加载失败"),
            (json!({ "roomWxid": "77@chatroom" }), -6, "群聊加载失败"),
            (json!({ "roomWxid": "R:4" }), -11, "bot不在群内"),
            (
                json!({ "roomWxid": "R:3" }),
                -12,
                "该群是内部群,不执行此操作",
            ),
            (json!({ "contactWxid": "wmc2" }), -9, "群聊中已经存在此好友"),
            (
                json!({ "contactWxid": "wmc2", "roomWxid": "R:2" }),
                -9,
                "群聊中已经存在此好友",
            ),
            (json!({ "roomWxid": "R:2" }), -10, "群人数达到上限(500)"),
            (
                json!({ "contactWxid": "wmno", "roomWxid": "R:2" }),
                -10,
                "群人数达到上限(500)",
            ),
            (
                json!({ "contactWxid": "wmstranger" }),
                -8,
                "和bot不是好友关系",
            ),
            (json!({ "contactWxid": "wmno" }), -8, "和bot不是好友关系"),
            (json!({ "contactWxid": "" }), -8, "和bot不是好友关系"),
        ];
        for (change, code, message) in cases {
            let body = with(change);
            assert_eq!(
                app.room("addMember", body.clone()).await,
                refused(code, message),
                "{body}"
            );
        }
        app.load("bot1", "R:1", false).await;
        assert_eq!(app.room("addMember", good.clone()).await["code"], -6);
        app.load("bot1", "R:1", true).await;
        app.bot("bot1", json!({ "online": false })).await;
        let body = with(json!({ "roomWxid": "R:9" }));
        assert_eq!(app.room("addMember", body).await, refused(-5, "bot不在线"));
        app.bot("bot1", json!({ "online": true })).await;
        app.fail_next("exit").await;
        app.fail_next("add").await;
        // What is refused before leaves the failure where it is.
        assert_eq!(
            app.room("addMember", with(json!({ "contactWxid": "wmno" })))
                .await["code"],
            -8
        );
        assert_eq!(
            app.room("addMember", good.clone()).await,
            refused(-7, "拉入群聊失败")
        );
        assert_eq!(app.room("addMember", good.clone()).await["code"], 0);
        assert_eq!(app.room("addMember", good).await["code"], -9);
        let path = format!("/_qun/bots/bot1?corpid={}", app.corpid);
        let bot = server.manage_ok("GET", &path, None).await;
        assert_eq!(bot["bot"]["fail_next"], json!(["exit"]));
        server.stop().await;
    }
}

#[tokio::test]
async fn from_40_members_on_there_is_a_card_to_accept() {
    let server = Server::start().await;
    let mut all = world(45);
    let members: Vec<Value> = (1..=38)
        .map(|n| json!({ "userid": format!("wmc{n}") }))
        .collect();
    all["customer_groups"][0]["members"] = json!(members);
    let app = server.world(all).await;
    // 39 with the owner: the fortieth is in at once, and nobody after.
    assert_eq!(app.members("wrg").await.len(), 39);
    assert_eq!(add(&app, "wmc39", "R:1").await["code"], 0);
    for contact in ["wmc40", "wmc41", "wmc41"] {
        assert_eq!(
            add(&app, contact, "R:1").await,
            json!({ "code": 0, "message": "" })
        );
    }
    assert_eq!(app.members("wrg").await.len(), 40);
    let own = |path: &str| format!("/_qun/people/{path}?corpid={}", app.corpid);
    let cards = server
        .manage_ok("GET", &own("wmc40/invitations"), None)
        .await;
    let card = &cards["invitations"][0];
    assert_eq!(
        (&card["room"], &card["name"], &card["from"], &card["state"]),
        (&json!("R:1"), &json!("g"), &json!("bot1"), &json!("open")),
    );
    let inbox = app.inbox("wmc40", "").await;
    let message = &inbox["messages"][0];
    assert_eq!(
        (&message["msgtype"], &message["from"]),
        (&json!("room_card"), &json!("bot1"))
    );
    assert_eq!(
        message["content"],
        json!({ "id": card["id"], "room": "R:1", "name": "g" })
    );

    let answer = |who: &str, id: &Value, how: &str| {
        let path = format!("/_qun/people/{who}/invitations/{id}/{how}");
        let body = json!({ "corpid": app.corpid });
        let server = &server;
        async move { server.manage("POST", &path, Some(body)).await }
    };
    assert_eq!(answer("wmc41", &card["id"], "accept").await.0, 404);
    assert_eq!(answer("wmc40", &card["id"], "accept").await.0, 200);
    assert_eq!(answer("wmc40", &card["id"], "accept").await.0, 404);
    let group = app.room_group("wrg").await;
    let joined = group["member_list"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&joined["userid"], &joined["join_scene"]),
        (&json!("wmc40"), &json!(2))
    );
    assert_eq!(joined["invitor"]["userid"], "bot1");

    let cards = server
        .manage_ok("GET", &own("wmc41/invitations"), None)
        .await["invitations"]
        .clone();
    let ids = [&cards[0]["id"], &cards[1]["id"]];
    assert_eq!(answer("wmc41", ids[0], "ignore").await.0, 200);
    assert_eq!(
        answer("wmc41", ids[0], "accept").await.1["error"]["code"],
        "invitation_unknown"
    );
    assert_eq!(answer("wmc41", ids[1], "accept").await.0, 200);
    let cards = server
        .manage_ok("GET", &own("wmc41/invitations"), None)
        .await["invitations"]
        .clone();
    assert_eq!(
        (&cards[0]["state"], &cards[1]["state"]),
        (&json!("ignored"), &json!("accepted"))
    );

    // Full meanwhile, or gone.
    for _ in 0..2 {
        assert_eq!(add(&app, "wmc42", "R:1").await["code"], 0);
    }
    let cards = server
        .manage_ok("GET", &own("wmc42/invitations"), None)
        .await["invitations"]
        .clone();
    app.rules(json!({ "limits": { "customer_group_members_max": 42 } }))
        .await;
    assert_eq!(
        answer("wmc42", &cards[0]["id"], "accept").await.1["error"]["code"],
        "group_full"
    );
    app.rules(json!({ "limits": { "customer_group_members_max": 43 } }))
        .await;
    assert_eq!(answer("wmc42", &cards[0]["id"], "accept").await.0, 200);
    assert_eq!(
        answer("wmc42", &cards[1]["id"], "accept").await.1["error"]["code"],
        "already_in_room"
    );
    assert_eq!(
        add(&app, "wmc43", "R:1").await,
        refused(-10, "群人数达到上限(500)")
    );
    app.rules(json!({ "limits": { "customer_group_members_max": null } }))
        .await;
    assert_eq!(add(&app, "wmc43", "R:1").await["code"], 0);
    app.step("bot1", "wrg", "dismiss", json!({})).await;
    let cards = server
        .manage_ok("GET", &own("wmc43/invitations"), None)
        .await["invitations"]
        .clone();
    assert_eq!(
        answer("wmc43", &cards[0]["id"], "accept").await.1["error"]["code"],
        "group_unknown"
    );
    server.stop().await;
}

#[tokio::test]
async fn the_500th_comes_in_and_no_more() {
    let server = Server::start().await;
    let mut all = world(501);
    let members: Vec<Value> = (1..=498)
        .map(|n| json!({ "userid": format!("wmc{n}") }))
        .collect();
    all["customer_groups"][0]["members"] = json!(members);
    all["limits"] = json!({ "room_direct_members": 500 });
    let app = server.world(all).await;
    assert_eq!(add(&app, "wmc499", "R:1").await["code"], 0);
    assert_eq!(app.members("wrg").await.len(), 500);
    assert_eq!(
        add(&app, "wmc500", "R:1").await,
        refused(-10, "群人数达到上限(500)")
    );
    server.stop().await;
}

#[tokio::test]
async fn two_at_once_add_a_contact_once() {
    let server = Server::start().await;
    let app = company(&server, 3, |_| {}).await;
    let (one, two) = tokio::join!(add(&app, "wmc3", "R:1"), add(&app, "wmc3", "R:1"));
    let mut codes = [one["code"].as_i64().unwrap(), two["code"].as_i64().unwrap()];
    codes.sort_unstable();
    assert_eq!(codes, [-9, 0]);
    assert_eq!(app.members("wrg").await, ["bot1", "wmc1", "wmc2", "wmc3"]);
    server.stop().await;
}

/// How often it was noted that a call does what is advised against.
async fn lints(server: &Server) -> u64 {
    let url = format!("{}/metrics", server.url);
    let metrics = server.http.get(url).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix("qun_lints_total "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap()
}

#[tokio::test]
async fn more_than_50_a_minute_of_one_account_are_done_with_a_lint() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 55, |world| {
            world["rulebook"] = json!(rules);
            let contacts: Vec<Value> = (1..=55)
                .map(|n| json!({ "contact": format!("wmc{n}") }))
                .collect();
            let other = json!({ "userid": "boss", "friends": contacts });
            let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
            bots.push(other);
        })
        .await;
        // A minute of its own: the clock goes on while this runs.
        let into = server.now_ms().await % 60_000;
        server.advance(60 - into / 1000).await;
        let before = lints(&server).await;
        for n in 3..=52 {
            let added = add(&app, &format!("wmc{n}"), "R:1").await;
            assert_eq!(added["code"], 0, "{n}: {added}");
        }
        // Refused additions are none.
        assert_eq!(add(&app, "wmc3", "R:1").await["code"], -9);
        assert_eq!(lints(&server).await, before, "fifty are as advised");
        let one_more = add(&app, "wmc53", "R:1").await;
        assert_eq!(one_more, json!({ "code": 0, "message": "" }));
        assert_eq!(lints(&server).await, before + 1);
        let by_boss = json!({ "botUserId": "boss", "contactWxid": "wmc2", "roomWxid": "R:2" });
        assert_eq!(app.room("addMember", by_boss).await["code"], 0);
        assert_eq!(lints(&server).await, before + 1, "each account for itself");
        server.advance(60).await;
        assert_eq!(add(&app, "wmc54", "R:1").await["code"], 0);
        assert_eq!(lints(&server).await, before + 1, "another minute");
        app.rules(json!({ "limits": { "room_adds_per_bot_minute": 1 } }))
            .await;
        assert_eq!(add(&app, "wmc55", "R:1").await["code"], 0);
        assert_eq!(lints(&server).await, before + 2);
        server.stop().await;
    }
}
