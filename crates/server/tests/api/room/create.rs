use serde_json::{Value, json};

use super::company;
use crate::kit::{BOTH, Server};

fn refused(code: i64, text: &str) -> Value {
    json!({ "errcode": code, "errmsg": text })
}

#[tokio::test]
async fn a_room_is_a_customer_group_of_the_company() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 4, |world| world["rulebook"] = json!(rules)).await;
        let body = json!({
            "botUserId": "BOT1", "userIds": ["boss", "bot1"], "unionIds": ["oc1"], "wxids": ["wmc2", "wmc1"],
            "name": "新".repeat(60), "greeting": "大家好",
        });
        let answer = app.room("create", body).await;
        assert_eq!(
            (&answer["errcode"], &answer["errmsg"]),
            (&json!(0), &json!("ok"))
        );
        let chat_id = answer["data"]["chatId"].as_str().unwrap();
        let room = answer["data"]["roomWxid"].as_str().unwrap();
        assert!(
            chat_id.starts_with("wr") && room.starts_with("R:"),
            "{answer}"
        );
        let group = app.room_group(chat_id).await;
        assert_eq!(
            (&group["name"], &group["owner"]),
            (&json!("新".repeat(50)), &json!("bot1"))
        );
        assert_eq!(app.members(chat_id).await, ["bot1", "boss", "wmc1", "wmc2"]);
        let listed = app
            .ok("externalcontact/groupchat/list", json!({ "limit": 100 }))
            .await;
        let listed = listed["group_chat_list"].as_array().unwrap();
        assert!(listed.iter().any(|group| group["chat_id"] == chat_id));
        // Who is in it reads the greeting.
        let inbox = app.inbox("wmc2", "").await;
        let message = &inbox["messages"][0];
        assert_eq!(
            (&message["from"], &message["chatid"]),
            (&json!("bot1"), &json!(chat_id))
        );
        assert_eq!(message["content"]["content"], "大家好");
        // And it is a room of the account.
        let rooms = app.rooms("listByMember", "token=t1&contactWxid=wmc2").await;
        let found = rooms["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["wxid"] == room);
        assert_eq!(found.unwrap()["wecomChatId"], chat_id);
        server.stop().await;
    }
}

#[tokio::test]
async fn name_and_greeting_may_be_absent() {
    let server = Server::start().await;
    let app = company(&server, 2, |_| {}).await;
    let body =
        json!({ "botUserId": "bot1", "unionIds": ["oc1", "oc2"], "name": "", "greeting": null });
    let answer = app.room("create", body).await;
    assert_eq!(answer["errcode"], 0, "{answer}");
    let chat_id = answer["data"]["chatId"].as_str().unwrap();
    assert_eq!(app.room_group(chat_id).await["name"], "");
    assert_eq!(app.inbox("wmc2", "").await["messages"], json!([]));
    server.stop().await;
}

#[tokio::test]
async fn every_number_is_provoked() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 3, |world| {
            world["rulebook"] = json!(rules);
            let mine = world["hostings"][0]["bots"].as_array_mut().unwrap();
            mine.push(
            json!({ "userid": "bot2", "friends": [{ "contact": "wmc1" }, { "contact": "wmc2" }] }),
        );
            mine.push(
            json!({ "userid": "plain", "friends": [{ "contact": "wmc1" }, { "contact": "wmc2" }] }),
        );
            // Known to the company, but not among the account's friends, or not loaded.
            let customers = world["customers"].as_array_mut().unwrap();
            customers.push(json!({ "external_userid": "wmstranger", "name": "s" }));
            world["hostings"][0]["bots"][0]["friends"][2]["loaded"] = false.into();
            // Hosted in another group of the same company too.
            let hostings = world["hostings"].as_array_mut().unwrap();
            hostings.push(json!({ "tokens": [{ "token": "t2" }], "bots": [{ "userid": "bot2" }] }));
        })
        .await;
        let good = json!({ "botUserId": "bot1", "wxids": ["wmc1", "wmc2"] });
        let with = |change: Value| {
            let mut body = good.clone();
            for (key, value) in change.as_object().unwrap() {
                body[key] = value.clone();
            }
            body
        };
        let cases = [
            (json!({ "token": "no" }), -1, "无效token"),
            (json!({ "token": null }), -1, "无效token"),
            (json!({ "botUserId": "no" }), -2, "botUserId的bot不存在"),
            (json!({ "token": "t2" }), -2, "botUserId的bot不存在"),
            (
                json!({ "botUserId": "bot2" }),
                -3,
                "botUserId存在多个机器人",
            ),
            (json!({ "botUserId": "pp" }), -4, "不是企业微信"),
            (json!({ "userIds": ["no"] }), -6, "同事不存在"),
            (json!({ "userIds": ["gone"] }), -6, "同事不存在"),
            (
                json!({ "userIds": ["no"], "wxids": ["no"] }),
                -6,
                "同事不存在",
            ),
            (json!({ "wxids": ["wmc1", "no"] }), -7, "contact不存在"),
            (json!({ "unionIds": ["no"] }), -7, "contact不存在"),
            (
                json!({ "wxids": ["wmc1", "wmstranger"] }),
                -8,
                "contact加载失败",
            ),
            (json!({ "wxids": ["wmc3"] }), -8, "contact加载失败"),
            (json!({ "wxids": [] }), -10, "创建群人数不足"),
            (json!({ "wxids": ["wmc1"] }), -10, "创建群人数不足"),
            // One person by two ids counts once, and colleagues do not count.
            (
                json!({ "wxids": ["wmc1"], "unionIds": ["oc1"] }),
                -10,
                "创建群人数不足",
            ),
            (
                json!({ "wxids": ["wmc1"], "userIds": ["boss"] }),
                -10,
                "创建群人数不足",
            ),
            (json!({ "botUserId": "plain" }), -9, "创建群聊失败"),
        ];
        for (change, code, text) in cases {
            let body = with(change);
            assert_eq!(
                app.room("create", body.clone()).await,
                refused(code, text),
                "{body}"
            );
        }
        app.bot("bot1", json!({ "online": false })).await;
        assert_eq!(
            app.room("create", with(json!({ "userIds": ["no"] }))).await,
            refused(-5, "bot不在线")
        );
        app.bot("bot1", json!({ "online": true })).await;
        app.fail_next("create").await;
        assert_eq!(
            app.room("create", good.clone()).await,
            refused(-9, "创建群聊失败")
        );
        assert_eq!(app.room("create", good).await["errcode"], 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn two_to_40_contacts_make_a_room() {
    let server = Server::start().await;
    let app = company(&server, 41, |_| {}).await;
    let create = |from: usize, count: usize| {
        let unions: Vec<String> = (from..from + count / 2).map(|n| format!("oc{n}")).collect();
        let wxids: Vec<String> = (from + count / 2..from + count)
            .map(|n| format!("wmc{n}"))
            .collect();
        app.room(
            "create",
            json!({ "botUserId": "bot1", "unionIds": unions, "wxids": wxids }),
        )
    };
    assert_eq!(create(1, 1).await, refused(-10, "创建群人数不足"));
    assert_eq!(create(1, 2).await["errcode"], 0);
    let most = create(1, 40).await;
    assert_eq!(most["errcode"], 0, "{most}");
    let chat_id = most["data"]["chatId"].as_str().unwrap();
    assert_eq!(app.members(chat_id).await.len(), 41);
    assert_eq!(create(1, 41).await, refused(-9, "创建群聊失败"));
    server.stop().await;
}
