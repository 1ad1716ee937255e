use serde_json::json;

use super::{company, refused};
use crate::kit::{BOTH, Server};

#[tokio::test]
async fn an_account_leaves_customer_groups_and_internal_ones() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 2, |world| {
            world["rulebook"] = json!(rules);
            world["chats"] = json!([{
                "chatid": "inside", "members": ["boss", "bot1"], "messages": [{ "text": "hello" }],
            }]);
            let rooms = world["hostings"][0]["bots"][0]["rooms"]
                .as_array_mut()
                .unwrap();
            rooms.push(json!({ "room": "inside", "wxid": "R:3" }));
        })
        .await;
        let done = json!({ "code": 0, "message": "ok" });
        for room in ["R:2", "R:3"] {
            let body = json!({ "wecomUserId": "bot1", "roomWxid": room });
            assert_eq!(app.room("exit", body).await, done);
        }
        assert_eq!(app.members("wrb").await, ["boss", "wmc1"]);
        let inside = app.get("appchat/get", "&chatid=inside").await;
        assert_eq!(inside["chat_info"]["userlist"], json!(["boss"]), "{inside}");
        server.stop().await;
    }
}

#[tokio::test]
async fn every_number_is_provoked() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = company(&server, 2, |world| {
            world["rulebook"] = json!(rules);
            let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
            bots.extend([json!({ "userid": "bot2" }), json!({ "userid": "bot2" })]);
            let groups = world["customer_groups"].as_array_mut().unwrap();
            groups.push(json!({ "chat_id": "wrx", "owner": "boss" }));
            let rooms = world["hostings"][0]["bots"][0]["rooms"]
                .as_array_mut()
                .unwrap();
            rooms.push(json!({ "room": "wrx", "wxid": "R:4" }));
        })
        .await;
        let exit = |user: &str, room: &str| {
            app.room("exit", json!({ "wecomUserId": user, "roomWxid": room }))
        };
        let token = json!({ "token": "no", "wecomUserId": "no" });
        assert_eq!(app.room("exit", token).await, refused(-1, "无效token"));
        // Its neighbours' name for the account is none here.
        let neighbour = json!({ "botUserId": "bot1", "roomWxid": "R:2" });
        assert_eq!(
            app.room("exit", neighbour).await,
            refused(-2, "wecomUserId的bot不存在")
        );
        for (user, room, code, message) in [
            ("no", "R:2", -2, "wecomUserId的bot不存在"),
            ("bot2", "R:2", -3, "wecomUserId存在多个机器人"),
            ("pp", "77@chatroom", -5, "不是企业微信"),
            ("bot1", "R:9", -8, "群聊不存在"),
            ("bot1", "", -8, "群聊不存在"),
            ("bot1", "R:4", -7, "托管账号不在群内"),
            (
                "bot1",
                "R:1",
                -11,
                "因托管账号是群主,退出群聊失败,请在手机端退出",
            ),
        ] {
            assert_eq!(
                exit(user, room).await,
                refused(code, message),
                "{user} {room}"
            );
        }
        app.load("bot1", "R:2", false).await;
        assert_eq!(exit("bot1", "R:2").await, refused(-9, "群聊加载失败"));
        app.load("bot1", "R:2", true).await;
        app.bot("bot1", json!({ "online": false, "logged_in": false }))
            .await;
        assert_eq!(exit("bot1", "R:9").await, refused(-4, "托管账号未正确登录"));
        app.bot("bot1", json!({ "logged_in": true })).await;
        assert_eq!(exit("bot1", "R:9").await, refused(-6, "bot不在线"));
        app.bot("bot1", json!({ "online": true })).await;
        app.fail_next("exit").await;
        assert_eq!(exit("bot1", "R:1").await["code"], -11);
        assert_eq!(exit("bot1", "R:2").await, refused(-10, "退出群聊失败"));
        assert_eq!(
            exit("bot1", "R:2").await,
            json!({ "code": 0, "message": "ok" })
        );
        assert_eq!(exit("bot1", "R:2").await, refused(-7, "托管账号不在群内"));
        server.stop().await;
    }
}
