//! Which refusal is told where several are due: a call is wrong in one thing and in all that is checked after it.

use qun_protocol::Rulebook;
use serde_json::json;

use super::{company, refused};
use crate::kit::{App, BOTH, Server};

/// `bot2` is hosted twice; `plain`, who has no customer contact, and `pp` know `wmc1` and `wmc2`; nobody knows `wmstranger`.
/// `bot1` is in `R:1`, which it owns, in `R:2`, which is full, and in the internal `R:3`; not in `R:4` nor in the internal
/// `R:5`.
async fn crowded(server: &Server, rules: Rulebook) -> App<'_> {
    let friends = json!([{ "contact": "wmc1" }, { "contact": "wmc2" }]);
    company(server, 3, |world| {
        world["rulebook"] = json!(rules);
        world["limits"] = json!({ "customer_group_members_max": 4 });
        world["customers"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "external_userid": "wmstranger", "name": "s" }));
        let groups = world["customer_groups"].as_array_mut().unwrap();
        groups[1]["members"] =
            json!(["bot1", "wmc1", "wmc2"].map(|userid| json!({ "userid": userid })));
        groups.push(json!({ "chat_id": "wrx", "owner": "boss" }));
        let said = json!([{ "text": "hello" }]);
        world["chats"] = json!([
            { "chatid": "inside", "members": ["bot1", "boss"], "messages": said },
            { "chatid": "others", "members": ["boss", "bot2"], "messages": said },
        ]);
        let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
        let rooms = bots[0]["rooms"].as_array_mut().unwrap();
        for (room, wxid) in [("inside", "R:3"), ("wrx", "R:4"), ("others", "R:5")] {
            rooms.push(json!({ "room": room, "wxid": wxid }));
        }
        bots[1]["friends"] = friends.clone();
        bots.extend([json!({ "userid": "bot2" }), json!({ "userid": "bot2" })]);
        bots.push(json!({ "userid": "plain", "friends": friends }));
    })
    .await
}

impl App<'_> {
    /// Switches accounts off or on again.
    async fn off(&self, bots: &[&str], off: bool) {
        for bot in bots {
            self.bot(bot, json!({ "online": !off, "logged_in": !off }))
                .await;
        }
    }
}

#[tokio::test]
async fn add_member_tells_the_first_that_is_wrong() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = crowded(&server, rules).await;
        let explained = server.manage_ok("GET", &app.own("ids/boss"), None).await;
        let boss = explained["meanings"][0]["siblings"][0]["id"].clone();
        let add = async |token: &str, bot: &str, contact: &str, room: &str| {
            let body = json!({
                "token": token, "botUserId": bot, "contactWxid": contact, "roomWxid": room,
            });
            app.room("addMember", body).await
        };
        app.off(&["bot1", "pp"], true).await;
        app.fail_next("add").await;
        let none = "no";
        assert_eq!(add(none, none, none, none).await, refused(-1, "无效token"));
        assert_eq!(
            add("t1", none, none, none).await,
            refused(-2, "botUserId的bot不存在")
        );
        assert_eq!(
            add("t1", "bot2", none, none).await,
            refused(-3, "botUserId存在多个机器人")
        );
        assert_eq!(
            add("t1", "pp", none, none).await,
            refused(-4, "不是企业微信")
        );
        assert_eq!(
            add("t1", "bot1", none, none).await,
            refused(-5, "bot不在线")
        );
        app.off(&["bot1"], false).await;
        assert_eq!(
            add("t1", "bot1", none, none).await,
            refused(-6, "群聊加载失败")
        );
        app.load("bot1", "R:5", false).await;
        assert_eq!(
            add("t1", "bot1", none, "R:5").await,
            refused(-6, "群聊加载失败")
        );
        app.load("bot1", "R:5", true).await;
        let boss = boss.as_str().unwrap();
        assert_eq!(
            add("t1", "bot1", boss, "R:5").await,
            refused(-11, "bot不在群内")
        );
        assert_eq!(
            add("t1", "bot1", boss, "R:3").await,
            refused(-12, "该群是内部群,不执行此操作")
        );
        assert_eq!(
            add("t1", "bot1", "wmc1", "R:2").await,
            refused(-9, "群聊中已经存在此好友")
        );
        assert_eq!(
            add("t1", "bot1", "wmstranger", "R:2").await,
            refused(-10, "群人数达到上限(500)")
        );
        assert_eq!(
            add("t1", "bot1", "wmstranger", "R:1").await,
            refused(-8, "和bot不是好友关系")
        );
        assert_eq!(
            add("t1", "bot1", "wmc3", "R:1").await,
            refused(-7, "拉入群聊失败")
        );
        assert_eq!(add("t1", "bot1", "wmc3", "R:1").await["code"], 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn create_tells_the_first_that_is_wrong() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = crowded(&server, rules).await;
        let create = async |token: &str, bot: &str, users: &[&str], wxids: &[&str]| {
            let body =
                json!({ "token": token, "botUserId": bot, "userIds": users, "wxids": wxids });
            app.room("create", body).await
        };
        let refused = |code: i64, text: &str| json!({ "errcode": code, "errmsg": text });
        app.off(&["bot1", "pp"], true).await;
        app.fail_next("create").await;
        let none: &[&str] = &["no"];
        assert_eq!(
            create("no", "no", none, none).await,
            refused(-1, "无效token")
        );
        assert_eq!(
            create("t1", "no", none, none).await,
            refused(-2, "botUserId的bot不存在")
        );
        assert_eq!(
            create("t1", "bot2", none, none).await,
            refused(-3, "botUserId存在多个机器人")
        );
        assert_eq!(
            create("t1", "pp", none, none).await,
            refused(-4, "不是企业微信")
        );
        assert_eq!(
            create("t1", "bot1", none, none).await,
            refused(-5, "bot不在线")
        );
        app.off(&["bot1"], false).await;
        assert_eq!(
            create("t1", "bot1", none, none).await,
            refused(-6, "同事不存在")
        );
        assert_eq!(
            create("t1", "bot1", &[], &["wmstranger", "no"]).await,
            refused(-7, "contact不存在")
        );
        assert_eq!(
            create("t1", "bot1", &[], &["wmstranger"]).await,
            refused(-8, "contact加载失败")
        );
        // The employee may have no customer groups at all.
        assert_eq!(
            create("t1", "plain", &[], &["wmc1"]).await,
            refused(-10, "创建群人数不足")
        );
        assert_eq!(
            create("t1", "plain", &[], &["wmc1", "wmc2"]).await,
            refused(-9, "创建群聊失败")
        );
        assert_eq!(
            create("t1", "bot1", &[], &["wmc1"]).await,
            refused(-10, "创建群人数不足")
        );
        assert_eq!(
            create("t1", "bot1", &[], &["wmc1", "wmc2"]).await,
            refused(-9, "创建群聊失败")
        );
        assert_eq!(
            create("t1", "bot1", &[], &["wmc1", "wmc2"]).await["errcode"],
            0
        );
        server.stop().await;
    }
}

#[tokio::test]
async fn exit_tells_the_first_that_is_wrong() {
    for rules in BOTH {
        let server = Server::start().await;
        let app = crowded(&server, rules).await;
        let exit = async |token: &str, bot: &str, room: &str| {
            let body = json!({ "token": token, "wecomUserId": bot, "roomWxid": room });
            app.room("exit", body).await
        };
        let online = |bot: &'static str, online: bool, logged_in: bool| {
            app.bot(bot, json!({ "online": online, "logged_in": logged_in }))
        };
        app.off(&["bot1", "pp"], true).await;
        app.fail_next("exit").await;
        assert_eq!(exit("no", "no", "no").await, refused(-1, "无效token"));
        assert_eq!(
            exit("t1", "no", "no").await,
            refused(-2, "wecomUserId的bot不存在")
        );
        assert_eq!(
            exit("t1", "bot2", "no").await,
            refused(-3, "wecomUserId存在多个机器人")
        );
        assert_eq!(
            exit("t1", "pp", "no").await,
            refused(-4, "托管账号未正确登录")
        );
        online("pp", false, true).await;
        assert_eq!(exit("t1", "pp", "no").await, refused(-5, "不是企业微信"));
        online("bot1", false, true).await;
        assert_eq!(exit("t1", "bot1", "no").await, refused(-6, "bot不在线"));
        app.off(&["bot1"], false).await;
        assert_eq!(exit("t1", "bot1", "no").await, refused(-8, "群聊不存在"));
        app.load("bot1", "R:4", false).await;
        assert_eq!(exit("t1", "bot1", "R:4").await, refused(-9, "群聊加载失败"));
        app.load("bot1", "R:4", true).await;
        assert_eq!(
            exit("t1", "bot1", "R:4").await,
            refused(-7, "托管账号不在群内")
        );
        assert_eq!(
            exit("t1", "bot1", "R:1").await,
            refused(-11, "因托管账号是群主,退出群聊失败,请在手机端退出")
        );
        assert_eq!(
            exit("t1", "bot1", "R:2").await,
            refused(-10, "退出群聊失败")
        );
        assert_eq!(exit("t1", "bot1", "R:2").await["code"], 0);
        server.stop().await;
    }
}
