//! Rooms of Juzi, which accounts fill at all nodes at once, and what is told of it.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop, unlimited, until},
    kit::{App, Server},
};

#[path = "../api/room/receiver.rs"]
mod receiver;

use receiver::Receiver;

const GROUP: &str = "5f0000000000000000000001";

/// A company whose employee `bot` is hosted with the token `t1` and has the customers `wm1` to `wmN` as friends; the first
/// so many are in its group `wrg`, which is the room `R:1`.
async fn company(server: &Server, customers: usize, inside: usize, limits: Value) -> App<'_> {
    let ids = || (1..=customers).map(|n| format!("wm{n}"));
    let mut all = unlimited();
    for (key, value) in limits.as_object().unwrap() {
        all[key] = value.clone();
    }
    let world = json!({
        "limits": all,
        "users": [{ "userid": "bot", "customer_contact": true }],
        "apps": [{ "name": "app", "customer_contact": true }],
        "customers": ids().map(|id| json!({ "external_userid": id, "name": id })).collect::<Vec<_>>(),
        "customer_groups": [{
            "chat_id": "wrg", "name": "g", "owner": "bot",
            "members": ids().take(inside).map(|id| json!({ "userid": id })).collect::<Vec<_>>(),
        }],
        "hostings": [{
            "group": GROUP, "tokens": [{ "token": "t1" }],
            "bots": [{
                "userid": "bot", "rooms": [{ "room": "wrg", "wxid": "R:1" }],
                "friends": ids().map(|id| json!({ "contact": id })).collect::<Vec<_>>(),
            }],
        }],
    });
    server.world(world).await
}

impl App<'_> {
    fn own(&self, path: &str) -> String {
        format!("/_qun/companies/{}/{path}", self.corpid)
    }

    async fn room(&self, call: &str, mut body: Value) -> Value {
        body["token"] = "t1".into();
        let url = format!("{}/room/{call}", self.server.url);
        let sent = self.server.http.post(url).body(body.to_string()).send();
        let answer = sent.await.unwrap().bytes().await.unwrap();
        serde_json::from_slice(&answer).unwrap()
    }

    /// Adds a customer to `R:1`; the code.
    async fn add(&self, customer: &str) -> i64 {
        let body = json!({ "botUserId": "bot", "contactWxid": customer, "roomWxid": "R:1" });
        self.room("addMember", body).await["code"].as_i64().unwrap()
    }

    /// Who is in `wrg`.
    async fn inside(&self) -> Vec<String> {
        let get = json!({ "chat_id": "wrg" });
        let group = self.ok("externalcontact/groupchat/get", get).await["group_chat"].clone();
        let members = group["member_list"].as_array().unwrap().iter();
        members
            .map(|member| member["userid"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn listens(&self) -> Receiver {
        let receiver = Receiver::start().await;
        let body = json!({ "callback_url": receiver.url });
        let path = self.own(&format!("hostings/{GROUP}"));
        self.server.manage_ok("PATCH", &path, Some(body)).await;
        receiver
    }

    /// The callbacks of the group of accounts.
    async fn told(&self) -> Vec<Value> {
        let path = self.own(&format!("callbacks?limit=1000&group={GROUP}"));
        let page = self.server.manage_ok("GET", &path, None).await;
        page["callbacks"].as_array().unwrap().clone()
    }

    /// Answers an invitation card: the refusal's code, empty where it is accepted.
    async fn accepts(&self, customer: &str, card: i64) -> String {
        let path = format!("/_qun/people/{customer}/invitations/{card}/accept");
        let body = json!({ "corpid": self.corpid });
        let (_, answer) = self.server.manage("POST", &path, Some(body)).await;
        answer["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    async fn cards(&self, customer: &str) -> Vec<i64> {
        let path = format!("/_qun/people/{customer}/invitations?corpid={}", self.corpid);
        let cards = self.server.manage_ok("GET", &path, None).await["invitations"].clone();
        let cards = cards.as_array().unwrap().iter();
        cards.map(|card| card["id"].as_i64().unwrap()).collect()
    }
}

/// Asserts that each joining was told once, in the order in which they happened: the first left so many members.
async fn told_in_order(app: &App<'_>, receiver: &Receiver, first: usize, inside: &[String]) {
    let got = receiver.got(inside.len() - first + 1).await;
    until("everything is told", async || {
        app.told().await.iter().all(|it| it["state"] == "delivered")
    })
    .await;
    assert_eq!(receiver.so_far().len(), got.len(), "more than happened");
    assert_eq!(app.told().await.len(), got.len());
    let mut before: Vec<String> = Vec::new();
    for (n, (path, body)) in got.iter().enumerate() {
        assert_eq!(path, "/juzi/chatroom/joined");
        let members = body["members"].as_array().unwrap().iter();
        let members: Vec<String> = members
            .map(|it| it["nickName"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(members.len(), first + n, "out of order");
        assert!(members.starts_with(&before));
        before = members;
    }
    assert_eq!(before, inside);
}

fn count(codes: &[i64], code: i64) -> usize {
    codes.iter().filter(|it| **it == code).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn additions_stop_at_the_500th_and_each_is_told_once_in_order() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    // Nobody gets a card before the room is full.
    let limits = json!({ "room_direct_members": -1, "room_calls_per_token": -1 });
    let app = company(&nodes[0], 530, 470, limits).await;
    let apps = everywhere(&app, &nodes);
    let receiver = app.listens().await;
    // 471 with the account: 29 places for 60, each of whom is added at both nodes.
    let add = |n: usize| {
        let (app, customer) = (&apps[n % 2], format!("wm{}", 471 + n / 2));
        async move { (customer.clone(), app.add(&customer).await) }
    };
    let added = join_all((0..120).map(add)).await;
    let codes: Vec<i64> = added.iter().map(|(_, code)| *code).collect();
    assert_eq!(count(&codes, 0), 29, "{codes:?}");
    assert!(
        codes.iter().all(|code| [0, -9, -10].contains(code)),
        "{codes:?}"
    );
    let inside = apps[1].inside().await;
    assert_eq!(inside.len(), 500);
    assert_eq!(
        inside.iter().collect::<BTreeSet<_>>().len(),
        500,
        "somebody twice"
    );
    for (customer, code) in &added {
        assert!(
            *code != 0 || inside.contains(customer),
            "{customer} was let in and is not"
        );
    }
    let counted = "SELECT member_count FROM chat WHERE kind = 1 AND chatid = 'wrg'";
    assert_eq!(database.number(counted).await, 500);
    told_in_order(&app, &receiver, 472, &inside).await;
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_fortieth_comes_in_at_once_and_all_others_by_their_cards() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let limits = json!({ "customer_group_members_max": 50, "room_calls_per_token": -1 });
    let app = company(&nodes[0], 60, 0, limits).await;
    let apps = everywhere(&app, &nodes);
    let receiver = app.listens().await;
    let both = async |n: usize| {
        let customer = format!("wm{n}");
        let (one, other) = join(apps[0].add(&customer), apps[1].add(&customer)).await;
        (customer, [one, other])
    };
    let added = join_all((1..=60).map(both)).await;
    // The account and 39 more; nobody comes in twice, and each call for somebody outside sends a card.
    let inside = app.inside().await;
    assert_eq!(inside.len(), 40);
    let mut outside = Vec::new();
    for (customer, codes) in &added {
        let cards = app.cards(customer).await;
        if inside.contains(customer) {
            assert_eq!((count(codes, 0), count(codes, -9)), (1, 1), "{customer}");
            assert!(cards.is_empty(), "{customer} has come in and has a card");
        } else {
            assert_eq!((codes, cards.len()), (&[0, 0], 2), "{customer}");
            outside.push((customer.as_str(), cards));
        }
    }
    assert_eq!(outside.len(), 21);

    // Everybody accepts both cards, at two nodes at once: ten come in, each once.
    let accept = async |(customer, cards): &(&str, Vec<i64>)| {
        let (one, other) = join(
            apps[0].accepts(customer, cards[0]),
            apps[1].accepts(customer, cards[1]),
        )
        .await;
        [one, other]
    };
    let accepted = join_all(outside.iter().map(accept)).await;
    let inside = app.inside().await;
    assert_eq!(inside.len(), 50);
    for ((customer, _), answers) in outside.iter().zip(&accepted) {
        let mut answers: Vec<&str> = answers.iter().map(String::as_str).collect();
        answers.sort_unstable();
        if inside.iter().any(|it| it == customer) {
            // The second may have come when the room was full already, by him or by others.
            assert!(answers[0].is_empty(), "{answers:?}");
            assert!(
                ["already_in_room", "group_full"].contains(&answers[1]),
                "{answers:?}"
            );
        } else {
            assert_eq!(answers, ["group_full"; 2]);
        }
    }
    told_in_order(&app, &receiver, 2, &inside).await;
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_node_counts_the_calls_of_a_token_for_itself() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let limits = json!({ "room_calls_per_token": 20 });
    let app = company(&nodes[0], 1, 1, limits).await;
    // The windows are aligned: from the beginning of one there is time.
    let into = nodes[0].now_ms().await % 30_000;
    nodes[0].advance(30 - into / 1000).await;
    let begun = nodes[0].now_ms().await;
    until("the other node's clock has moved", async || {
        nodes[1].now_ms().await >= begun
    })
    .await;
    for node in &nodes {
        let url = format!("{}/room/listByMember?token=t1&contactWxid=wm1", node.url);
        let call = async || node.http.get(&url).send().await.unwrap().status().as_u16();
        let statuses = join_all((0..50).map(|_| call())).await;
        let granted = statuses.iter().filter(|status| **status == 200).count();
        let refused = statuses.iter().filter(|status| **status == 429).count();
        assert_eq!((granted, refused), (20, 30));
    }
    nodes[0].advance(30).await;
    assert_eq!(app.add("wm1").await, -9, "the next window is a new one");
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_given_up_at_two_nodes_silence_the_url_once() {
    let Some(database) = Database::new() else {
        return;
    };
    const ROOMS: usize = 30;
    let nodes = database.nodes(2).await;
    let app = company(&nodes[0], 3, 0, json!({ "room_calls_per_token": -1 })).await;
    let apps = everywhere(&app, &nodes);
    let receiver = app.listens().await;
    receiver.answer(503);
    let create = json!({ "botUserId": "bot", "wxids": ["wm1", "wm2"] });
    let made = join_all((0..ROOMS).map(|n| apps[n % 2].room("create", create.clone()))).await;
    assert!(made.iter().all(|made| made["errcode"] == 0), "{made:?}");
    let resting = async || {
        let held = "SELECT COUNT(*) FROM callback_queue WHERE claimed_until > 0";
        database.number(held).await == 0
    };
    for attempts in 1..=6_i64 {
        until("all are tried again", async || {
            let silent = silence(&apps[1]).await.is_some();
            let all = app.told().await;
            silent
                || all
                    .iter()
                    .all(|it| it["attempts"].as_i64() >= Some(attempts))
        })
        .await;
        if attempts < 6 {
            nodes[0].advance(5).await;
        }
    }
    until("nothing is under way", resting).await;
    let all = app.told().await;
    let of = |all: &[Value], state: &str, attempts: i64| {
        let is = |it: &&Value| it["state"] == state && it["attempts"] == attempts;
        all.iter().filter(is).count()
    };
    let given_up = of(&all, "exhausted", 6);
    assert!(given_up >= 10, "{all:?}");
    assert_eq!(given_up + of(&all, "waiting", 5), ROOMS, "{all:?}");
    // Those that were under way when it fell silent began nothing new.
    let counted = "SELECT COUNT(*) FROM hosting WHERE exhausted NOT IN ('', '[]')";
    assert_eq!(database.number(counted).await, 0);
    let until_then = silence(&app).await.unwrap();
    let left = until_then - nodes[0].now_ms().await / 1000;
    assert!((1740..=1800).contains(&left), "{left}");

    // What happens meanwhile waits with the others, and is told at the end.
    receiver.answer(200);
    assert_eq!(apps[1].room("create", create).await["errcode"], 0);
    nodes[0].advance(left - 60).await;
    until("both nodes know the time", async || {
        let mut late = false;
        for node in &nodes {
            late |= node.now_ms().await / 1000 + 70 < until_then;
        }
        !late && resting().await
    })
    .await;
    assert_eq!(silence(&apps[1]).await, Some(until_then), "silenced once");
    let tried = given_up * 6 + (ROOMS - given_up) * 5;
    assert_eq!(receiver.so_far().len(), tried);
    nodes[0].advance(120).await;
    until("all the others are told", async || {
        let all = app.told().await;
        all.iter().all(|it| it["state"] != "waiting")
    })
    .await;
    assert_eq!(receiver.so_far().len(), tried + ROOMS - given_up + 1);
    assert_eq!(silence(&app).await, None);
    stop(nodes).await;
}

/// Until when the group of accounts is told nothing, seconds UTC.
async fn silence(app: &App<'_>) -> Option<i64> {
    let all = app
        .server
        .manage_ok("GET", &app.own("hostings"), None)
        .await;
    all["hostings"][0]["silent_until"].as_i64()
}
