//! Rooms of Juzi: hosted accounts in the company's groups. Each endpoint has its own envelope and numbers.

mod add_member;
mod bots;
mod create;
mod exit;
mod list;
mod order;
mod receiver;
mod story;
mod told;

use serde_json::{Value, json};

use crate::kit::{App, Server};

/// Employees `bot1`, `bot2`, `boss`, `plain` (without customer contact); customers `wmc1` to `wmcN`, whose unionids are `oc1`
/// to `ocN`; one group of accounts with the token `t1`: `bot1`, who has all customers as friends, and `pp` of personal WeChat.
/// A customer group `wrg` of `bot1` with `wmc1` and `wmc2`, and one of `boss`, `wrb`, with `bot1` and `wmc1`.
fn world(customers: usize) -> Value {
    let ids = 1..=customers;
    let friends: Vec<Value> = ids
        .clone()
        .map(|n| json!({ "contact": format!("wmc{n}") }))
        .collect();
    let members =
        |ids: &[&str]| -> Vec<Value> { ids.iter().map(|id| json!({ "userid": id })).collect() };
    json!({
        "name": "test",
        "users": [
            { "userid": "bot1", "name": "小一", "customer_contact": true },
            { "userid": "bot2", "customer_contact": true },
            { "userid": "boss", "customer_contact": true },
            { "userid": "plain" },
            { "userid": "gone", "status": "left" },
        ],
        "apps": [{ "name": "app", "customer_contact": true }],
        "customers": ids.map(|n| json!({
            "external_userid": format!("wmc{n}"), "unionid": format!("oc{n}"), "name": format!("c{n}"),
        })).collect::<Vec<Value>>(),
        "customer_groups": [
            { "chat_id": "wrg", "name": "g", "owner": "bot1", "members": members(&["bot1", "wmc1", "wmc2"]) },
            { "chat_id": "wrb", "name": "b", "owner": "boss", "members": members(&["boss", "bot1", "wmc1"]) },
        ],
        "hostings": [{
            "group": "5f0000000000000000000001",
            "tokens": [{ "token": "t1" }],
            "bots": [
                { "userid": "bot1", "bot_id": "5f00000000000000000000b1", "friends": friends, "rooms": [
                    { "room": "wrg", "wxid": "R:1" }, { "room": "wrb", "wxid": "R:2" },
                ] },
                { "userid": "pp", "personal": true, "wxid": "wxid_pp", "bot_id": "5f00000000000000000000b2",
                  "friends": [{ "contact": "wmc1" }] },
            ],
            "rooms": [{ "wxid": "77@chatroom", "name": "p", "members": ["wxid_pp", "wmc1"] }],
            "labels": [{ "id": "5f00000000000000000000c1", "name": "VIP", "rooms": ["wrg", "77@chatroom"] }],
        }],
    })
}

/// A change of the world before it is loaded.
async fn company(server: &Server, customers: usize, change: impl FnOnce(&mut Value)) -> App<'_> {
    let mut world = world(customers);
    change(&mut world);
    server.world(world).await
}

impl App<'_> {
    /// Posts to a room endpoint with the token `t1`: the whole answer, which is always HTTP 200.
    async fn room(&self, path: &str, mut body: Value) -> Value {
        if body.get("token").is_none() {
            body["token"] = "t1".into();
        }
        let url = format!("{}/room/{path}", self.server.url);
        let request = self.server.http.post(url).body(body.to_string());
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert!(!response.headers().contains_key("error-code"));
        serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
    }

    async fn rooms(&self, path: &str, query: &str) -> Value {
        self.server.get(&format!("/room/{path}?{query}")).await
    }

    /// Changes an account.
    async fn bot(&self, id: &str, change: Value) -> Value {
        let path = format!("/_qun/bots/{id}?corpid={}", self.corpid);
        self.server.manage_ok("PATCH", &path, Some(change)).await
    }

    /// Makes the account's next operation fail.
    async fn fail_next(&self, op: &str) {
        let path = "/_qun/bots/bot1/fail-next";
        let body = json!({ "corpid": self.corpid, "op": op });
        self.server.manage_ok("POST", path, Some(body)).await;
    }

    /// One of the company's own paths.
    fn own(&self, path: &str) -> String {
        format!("/_qun/companies/{}/{path}", self.corpid)
    }

    /// Sets where a group of accounts is told what happens.
    async fn tells(&self, group: &str, receiver: &receiver::Receiver) {
        let path = self.own(&format!("hostings/{group}"));
        let body = json!({ "callback_url": receiver.url });
        let shown = self.server.manage_ok("PATCH", &path, Some(body)).await;
        assert_eq!(shown["callback_url"], receiver.url);
    }

    /// What the account has loaded of a room.
    async fn load(&self, id: &str, room: &str, loaded: bool) {
        let path = format!("/_qun/bots/{id}/rooms/{room}");
        let body = json!({ "corpid": self.corpid, "loaded": loaded });
        self.server.manage_ok("PUT", &path, Some(body)).await;
    }

    /// A customer group as groupchat/get shows it.
    async fn room_group(&self, chat_id: &str) -> Value {
        let body = json!({ "chat_id": chat_id, "need_name": 1 });
        self.ok("externalcontact/groupchat/get", body).await["group_chat"].clone()
    }

    /// The ids of its members.
    async fn members(&self, chat_id: &str) -> Vec<String> {
        let group = self.room_group(chat_id).await;
        let members = group["member_list"].as_array().unwrap().iter();
        members
            .map(|member| member["userid"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn refused(code: i64, message: &str) -> Value {
    json!({ "code": code, "message": message })
}

#[tokio::test]
async fn a_token_has_500_calls_in_half_a_minute_and_then_no_json() {
    let server = Server::start().await;
    let app = company(&server, 2, |_| {}).await;
    // The windows are aligned, and the clock goes on while this runs: from its beginning there is time.
    let into = server.now_ms().await % 30_000;
    server.advance(30 - into / 1000).await;
    app.rules(json!({ "limits": { "room_calls_per_token": 3 } }))
        .await;
    for _ in 0..3 {
        assert_eq!(app.rooms("listByMember", "token=t1").await["code"], 0);
    }
    let url = format!("{}/room/listByMember?token=t1", server.url);
    let response = server.http.get(&url).send().await.unwrap();
    assert_eq!(response.status(), 429);
    let kind = response.headers()["content-type"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(kind.starts_with("text/plain"), "{kind}");
    let text = response.text().await.unwrap();
    assert!(!text.is_empty() && serde_json::from_str::<Value>(&text).is_err());
    // A wrong token is told so still.
    assert_eq!(app.rooms("listByMember", "token=no").await["code"], -1);
    server.advance(30).await;
    assert_eq!(app.rooms("listByMember", "token=t1").await["code"], 0);
    let rules = server.manage_ok("GET", &app.own("rules"), None).await;
    assert_eq!(rules["limits"]["room_calls_per_token"], 3, "{rules}");
    server.stop().await;
}

#[tokio::test]
async fn what_no_table_has_is_plain_text_too() {
    let server = Server::start().await;
    let app = company(&server, 2, |_| {}).await;
    let post = |path: &str, body: String| {
        let url = format!("{}/room/{path}", server.url);
        let request = server.http.post(url).body(body);
        async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        }
    };
    let nul = post("exit", r#"{"token": "t1", "roomWxid": "R:\u0000"}"#.into()).await;
    assert_eq!(nul.0, 400, "{nul:?}");
    let long = post("exit", format!(r#"{{"token": "{}"}}"#, "x".repeat(3 << 20))).await;
    assert_eq!(long.0, 413, "{}", long.1);
    for (_, text) in [nul, long] {
        assert!(serde_json::from_str::<Value>(&text).is_err(), "{text}");
    }
    // A body that cannot be read holds no token.
    let broken = post("exit", "{".into()).await;
    assert_eq!(broken, (200, r#"{"code":-1,"message":"无效token"}"#.into()));
    drop(app);
    server.stop().await;
}
