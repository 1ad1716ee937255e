//! One group in all dialects: Juzi's rooms, customer contact's groups and statistics, the phones, and what each is told.

use std::collections::BTreeMap;

use qun_protocol::{
    Rulebook,
    event::{ChangeExternalChat, Event, What},
    groupchat::{day_of, day_start},
};
use serde_json::{Value, json};

use super::{company, receiver::Receiver, refused};
use crate::{
    callback::{ok, receiver::Receiver as AppReceiver},
    kit::{App, BOTH, NOON, Server, code},
};

const DAY: i64 = 86_400;
/// Everybody of the story.
const PEOPLE: [&str; 10] = [
    "bot1", "bot2", "boss", "plain", "wmc1", "wmc2", "wmc3", "wmc4", "wmc5", "wmc6",
];

/// A group of accounts: its token, its label and its accounts, in their order.
struct Accounts {
    token: &'static str,
    group: &'static str,
    label: &'static str,
    bots: &'static [&'static str],
}

const FIRST: Accounts = Accounts {
    token: "t1",
    group: "5f0000000000000000000001",
    label: "5f00000000000000000000c1",
    bots: &["bot1", "bot2"],
};
const SECOND: Accounts = Accounts {
    token: "t2",
    group: "5f0000000000000000000002",
    label: "5f00000000000000000000c2",
    bots: &["boss"],
};

/// The group and where it is told of.
struct Story<'a> {
    app: App<'a>,
    /// Another app, which did nothing itself.
    watcher: AppReceiver,
    /// What Juzi tells the two groups of accounts.
    told: [Receiver; 2],
    /// The system id of each person.
    wxids: BTreeMap<&'static str, String>,
    chat_id: String,
    room: String,
}

/// What every dialect must say now.
#[derive(Clone, Copy)]
struct Now<'a> {
    name: &'a str,
    owner: &'a str,
    status: i64,
    members: &'a [&'a str],
}

fn texts(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("{list}")).iter();
    list.map(|it| it[key].as_str().unwrap().to_owned())
        .collect()
}

async fn begin<'a>(server: &'a Server, rules: Rulebook) -> Story<'a> {
    let app = company(server, 6, |world| {
        world["rulebook"] = json!(rules);
        // The clock goes on by days.
        world["limits"] = json!({ "token_seconds": 400 * DAY });
        let bots = world["hostings"][0]["bots"].as_array_mut().unwrap();
        bots.push(json!({ "userid": "bot2" }));
        let second = json!({
            "group": SECOND.group, "tokens": [{ "token": SECOND.token }],
            "bots": [{ "userid": "boss", "friends": [{ "contact": "wmc6" }] }],
            "labels": [{ "id": SECOND.label, "name": "second" }],
        });
        world["hostings"].as_array_mut().unwrap().push(second);
    })
    .await;
    let watcher = app
        .sibling(json!({ "name": "watcher", "customer_contact": true }))
        .await;
    let watcher = watcher.told(ok()).await;
    let told = [Receiver::start().await, Receiver::start().await];
    for (accounts, told) in [FIRST, SECOND].iter().zip(&told) {
        app.tells(accounts.group, told).await;
    }
    let mut wxids = BTreeMap::new();
    for person in PEOPLE {
        let explained = server
            .manage_ok("GET", &app.own(&format!("ids/{person}")), None)
            .await;
        let siblings = explained["meanings"][0]["siblings"].as_array().unwrap();
        let wxid = siblings.iter().find(|it| it["kind"] == "contactWxid");
        wxids.insert(person, wxid.unwrap()["id"].as_str().unwrap().to_owned());
    }
    // unionIds and wxids name one of them twice.
    let create = json!({
        "botUserId": "bot1", "userIds": ["bot2", "plain"], "unionIds": ["oc1"],
        "wxids": [wxids["wmc1"], "wmc2"], "name": "群", "greeting": "大家好",
    });
    let made = app.room("create", create).await;
    assert_eq!(made["errcode"], 0, "{made}");
    let id = |key: &str| made["data"][key].as_str().unwrap().to_owned();
    let (chat_id, room) = (id("chatId"), id("roomWxid"));
    assert!(chat_id.starts_with("wr") && room.starts_with("R:"));
    for accounts in [FIRST, SECOND] {
        let path = app.own(&format!("labels/{}/rooms/{chat_id}", accounts.label));
        server.manage_ok("PUT", &path, Some(json!({}))).await;
    }
    Story {
        app,
        watcher,
        told,
        wxids,
        chat_id,
        room,
    }
}

impl Story<'_> {
    /// Asserts that all dialects tell the same.
    async fn is(&self, now: Now<'_>) {
        self.customer_contact(now).await;
        self.phones(now).await;
        for accounts in [FIRST, SECOND] {
            self.rooms(&accounts, now).await;
        }
        self.ids(now).await;
    }

    async fn customer_contact(&self, now: Now<'_>) {
        let ask = async |filter: Value| -> Vec<(String, i64)> {
            let list = "externalcontact/groupchat/list";
            let answer = self.app.ok(list, filter).await;
            let groups = answer["group_chat_list"].as_array().unwrap().iter();
            groups
                .map(|group| {
                    let chat_id = group["chat_id"].as_str().unwrap().to_owned();
                    (chat_id, group["status"].as_i64().unwrap())
                })
                .filter(|(chat_id, _)| *chat_id == self.chat_id)
                .collect()
        };
        let it = [(self.chat_id.clone(), now.status)];
        assert_eq!(ask(json!({ "limit": 1000 })).await, it);
        for owner in ["bot1", "boss"] {
            let mine = json!({ "limit": 1000, "owner_filter": { "userid_list": [owner] } });
            let expected = if owner == now.owner { &it[..] } else { &[] };
            assert_eq!(ask(mine).await, expected, "{owner}");
        }
        let group = self.app.room_group(&self.chat_id).await;
        assert_eq!(
            (&group["name"], &group["owner"]),
            (&json!(now.name), &json!(now.owner))
        );
        assert_eq!(texts(&group["member_list"], "userid"), now.members);
    }

    async fn phones(&self, now: Now<'_>) {
        for person in PEOPLE {
            let path = format!("/_qun/people/{person}/groups?corpid={}", self.app.corpid);
            let groups = self.app.server.manage_ok("GET", &path, None).await["groups"].clone();
            let shown = groups.as_array().unwrap().iter();
            let shown = shown.filter(|it| it["chatid"] == self.chat_id.as_str());
            let shown: Vec<&Value> = shown.collect();
            assert_eq!(
                shown.len(),
                usize::from(now.members.contains(&person)),
                "{person}"
            );
            for group in shown {
                assert_eq!(
                    (&group["name"], &group["owner"], &group["member_count"]),
                    (
                        &json!(now.name),
                        &json!(now.owner),
                        &json!(now.members.len())
                    )
                );
            }
        }
    }

    /// What the lists of a token say.
    async fn rooms(&self, accounts: &Accounts, now: Now<'_>) {
        let inside = accounts.bots.iter().filter(|it| now.members.contains(it));
        let inside: Vec<&str> = inside.copied().collect();
        let wxids: Vec<&str> = now
            .members
            .iter()
            .map(|it| self.wxids[it].as_str())
            .collect();
        let check = |rooms: &[Value], bots: &[&str]| {
            let seen_by = rooms
                .iter()
                .map(|room| room["botInfo"]["weixin"].as_str().unwrap());
            assert_eq!(seen_by.collect::<Vec<_>>(), bots);
            for room in rooms {
                assert_eq!(
                    (
                        &room["wxid"],
                        &room["wecomChatId"],
                        &room["topic"],
                        &room["external"]
                    ),
                    (
                        &json!(self.room),
                        &json!(self.chat_id),
                        &json!(now.name),
                        &json!(true)
                    )
                );
                assert_eq!(room["ownerId"], self.wxids[now.owner].as_str());
                assert_eq!(texts(&room["members"], "wxid"), wxids);
                assert_eq!(room["memberCount"], now.members.len());
                assert_eq!(texts(&room["labels"], "id"), [accounts.label]);
            }
        };
        for person in PEOPLE {
            let query = format!(
                "token={}&contactWxid={}",
                accounts.token, self.wxids[person]
            );
            let answer = self.app.rooms("listByMember", &query).await;
            let rooms = answer["data"].as_array().unwrap().iter();
            let rooms = rooms.filter(|room| room["wxid"] == self.room.as_str());
            let rooms: Vec<Value> = rooms.cloned().collect();
            let is_member = now.members.contains(&person);
            check(&rooms, if is_member { &inside } else { &[] });
        }
        let query = format!("token={}&mhTagId={}", accounts.token, accounts.label);
        let answer = self.app.rooms("listByMHTag", &query).await;
        let all = answer["data"].as_array().unwrap();
        let rooms = all.iter().filter(|room| room["wxid"] == self.room.as_str());
        let rooms: Vec<Value> = rooms.cloned().collect();
        check(&rooms, &inside[..inside.len().min(1)]);
        assert_eq!(answer["page"], json!({ "current": 1, "total": all.len() }));
    }

    /// What each id of the group is explained as.
    async fn ids(&self, now: Now<'_>) {
        let mut ids = vec![
            ("chat_id", self.chat_id.clone()),
            ("roomWxid", self.room.clone()),
        ];
        for accounts in [FIRST, SECOND] {
            let query = format!(
                "token={}&contactWxid={}",
                accounts.token, self.wxids["plain"]
            );
            let answer = self.app.rooms("listByMember", &query).await;
            for room in answer["data"].as_array().unwrap() {
                ids.push(("chatId", room["chatId"].as_str().unwrap().to_owned()));
            }
        }
        let what = format!(
            "the customer group {}, owned by {}, with {} members",
            now.name,
            now.owner,
            now.members.len()
        );
        for (kind, id) in &ids {
            let path = self.app.own(&format!("ids/{id}"));
            let explained = self.app.server.manage_ok("GET", &path, None).await;
            let [meaning] = &explained["meanings"].as_array().unwrap()[..] else {
                panic!("{explained}")
            };
            assert_eq!(meaning["kind"], *kind);
            assert!(
                meaning["what"].as_str().unwrap().ends_with(&what),
                "{meaning}"
            );
            let siblings = meaning["siblings"].as_array().unwrap();
            for (kind, other) in ids.iter().filter(|(_, other)| other != id) {
                let found = siblings
                    .iter()
                    .any(|it| it["kind"] == *kind && it["id"] == other.as_str());
                assert!(found, "{kind} {other}: {meaning}");
            }
        }
    }

    /// The last thing that the watching app was told, once it is so much.
    async fn watched(&self, count: usize) -> ChangeExternalChat {
        let got = self.watcher.got(count).await;
        assert_eq!(got.len(), count);
        match &got[count - 1].received.what {
            What::Event(Event::ChangeExternalChat(change)) => {
                assert_eq!(change.chat_id, self.chat_id);
                change.clone()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Asserts that the accounts were told so often, the last time with these members, each once.
    async fn joined(&self, at: usize, count: usize, members: &[&str], bots: &[&str]) {
        let got = self.told[at].got(count).await;
        assert_eq!(got.len(), count);
        let mut by: Vec<&str> = Vec::new();
        for (path, body) in &got[count - bots.len()..] {
            assert_eq!(path, "/juzi/chatroom/joined");
            assert_eq!(body["wxid"], self.room.as_str());
            let wxids: Vec<&str> = members.iter().map(|it| self.wxids[it].as_str()).collect();
            assert_eq!(texts(&body["members"], "wxid"), wxids);
            by.push(body["botInfo"]["weixin"].as_str().unwrap());
        }
        by.sort_unstable();
        assert_eq!(by, bots);
    }

    async fn adds(&self, token: &str, bot: &str, contact: &str) -> Value {
        let body = json!({
            "token": token, "botUserId": bot, "contactWxid": contact, "roomWxid": self.room,
        });
        self.app.room("addMember", body).await
    }

    async fn says(&self, person: &str) {
        let (status, said) = self
            .app
            .step(person, &self.chat_id, "say", json!({ "text": "你好" }))
            .await;
        assert_eq!(status, 200, "{person}: {said}");
    }
}

#[tokio::test]
async fn one_group_is_the_same_in_every_dialect_from_its_making_to_its_end() {
    for rules in BOTH {
        let server = Server::start().await;
        let story = begin(&server, rules).await;
        let app = &story.app;
        let mut now = Now {
            name: "群",
            owner: "bot1",
            status: 0,
            members: &["bot1", "bot2", "plain", "wmc1", "wmc2"],
        };
        story.is(now).await;
        assert_eq!(story.watched(1).await.change_type, "create");
        story.joined(0, 2, now.members, &["bot1", "bot2"]).await;
        let inbox = app.inbox("wmc2", "").await;
        assert_eq!(inbox["messages"][0]["content"]["content"], "大家好");

        // One is added by an account, one scans what hangs on the wall.
        assert_eq!(story.adds("t1", "bot1", "wmc3").await["code"], 0);
        now.members = &["bot1", "bot2", "plain", "wmc1", "wmc2", "wmc3"];
        story.is(now).await;
        let change = story.watched(2).await;
        assert_eq!(
            (
                change.update_detail.as_str(),
                change.join_scene,
                change.mem_change_list
            ),
            ("add_member", Some(0), vec!["wmc3".to_owned()])
        );
        story.joined(0, 4, now.members, &["bot1", "bot2"]).await;
        let way = json!({ "scene": 2, "chat_id_list": [story.chat_id], "state": "wall" });
        let way = app.add_join_way(way).await;
        let url = app.url_of(&way).await;
        assert_eq!(app.scans("wmc4", &url).await, story.chat_id);
        now.members = &["bot1", "bot2", "plain", "wmc1", "wmc2", "wmc3", "wmc4"];
        story.is(now).await;
        let change = story.watched(3).await;
        assert_eq!(
            (
                change.update_detail.as_str(),
                change.join_scene,
                change.mem_change_list
            ),
            ("add_member", Some(3), vec!["wmc4".to_owned()])
        );
        story.joined(0, 6, now.members, &["bot1", "bot2"]).await;
        let group = app.room_group(&story.chat_id).await;
        let member = &group["member_list"][6];
        assert_eq!(
            (&member["join_scene"], &member["state"]),
            (&json!(3), &json!("wall"))
        );

        // They talk, each with a phone; an internal group's call does not know the group.
        for person in ["wmc1", "bot1", "plain", "wmc1"] {
            story.says(person).await;
        }
        let unknown = match rules {
            Rulebook::Documented => 86002,
            Rulebook::Live2026 => 86001,
        };
        assert_eq!(code(&app.say(&story.chat_id, "x").await), unknown);

        // A colleague's account goes, of which accounts are told nothing.
        let exit = json!({ "wecomUserId": "bot2", "roomWxid": story.room });
        assert_eq!(
            app.room("exit", exit).await,
            json!({ "code": 0, "message": "ok" })
        );
        now.members = &["bot1", "plain", "wmc1", "wmc2", "wmc3", "wmc4"];
        story.is(now).await;
        let change = story.watched(4).await;
        assert_eq!(
            (
                change.update_detail.as_str(),
                change.quit_scene,
                change.mem_change_list
            ),
            ("del_member", Some(0), vec!["bot2".to_owned()])
        );

        // The day's figures: the greeting and four texts, of three people.
        server.advance(DAY).await;
        let today = day_start(day_of(NOON / 1000));
        let owners = json!({ "userid_list": ["bot1"] });
        let asked =
            json!({ "day_begin_time": today, "day_end_time": today, "owner_filter": owners });
        let answer = app
            .ok("externalcontact/groupchat/statistic_group_by_day", asked)
            .await;
        let data = &answer["items"][0]["data"];
        let figures = [
            ("chat_has_msg", 1),
            ("new_member_cnt", 2),
            ("member_has_msg", 3),
            ("msg_total", 5),
        ];
        for (key, figure) in figures {
            assert_eq!(data[key], figure, "{key} {data}");
        }
        // The world's own group of bot1 is there too, with three.
        assert_eq!(
            (&data["chat_total"], &data["member_total"]),
            (&json!(2), &json!(6 + 3))
        );

        // The owner resigns: the account is gone from the line, and the group waits for an heir.
        let resign = app.own("users/bot1/resign");
        server.manage_ok("POST", &resign, Some(json!({}))).await;
        now.status = 1;
        story.is(now).await;
        assert_eq!(
            story.adds("t1", "bot1", "wmc5").await,
            refused(-5, "bot不在线")
        );
        let exit = json!({ "wecomUserId": "bot1", "roomWxid": story.room });
        assert_eq!(
            app.room("exit", exit).await,
            refused(-4, "托管账号未正确登录")
        );
        let transfer = json!({ "chat_id_list": [story.chat_id], "new_owner": "boss" });
        let given = app.ok("externalcontact/groupchat/transfer", transfer).await;
        assert_eq!(given["failed_chat_list"], json!([]));
        now.status = 2;
        story.is(now).await;
        server.advance(DAY).await;
        now = Now {
            owner: "boss",
            status: 3,
            members: &["plain", "wmc1", "wmc2", "wmc3", "wmc4", "boss"],
            ..now
        };
        let change = story.watched(7).await;
        assert_eq!(change.update_detail, "change_owner");
        story.is(now).await;
        story.joined(1, 1, now.members, &["boss"]).await;
        story
            .joined(
                0,
                6,
                &["bot1", "bot2", "plain", "wmc1", "wmc2", "wmc3", "wmc4"],
                &["bot1", "bot2"],
            )
            .await;

        // The heir's account goes on where the other stopped.
        assert_eq!(story.adds("t2", "boss", "wmc6").await["code"], 0);
        now.members = &["plain", "wmc1", "wmc2", "wmc3", "wmc4", "boss", "wmc6"];
        story.is(now).await;
        story.joined(1, 2, now.members, &["boss"]).await;
        assert_eq!(story.watched(8).await.update_detail, "add_member");

        // And ends it.
        let (status, _) = app.step("boss", &story.chat_id, "dismiss", json!({})).await;
        assert_eq!(status, 200);
        assert_eq!(story.watched(9).await.change_type, "dismiss");
        assert_eq!(
            story.adds("t2", "boss", "wmc5").await,
            refused(-6, "群聊加载失败")
        );
        let query = format!("token=t2&contactWxid={}", story.wxids["wmc6"]);
        assert_eq!(app.rooms("listByMember", &query).await["data"], json!([]));
        let query = format!("token=t2&mhTagId={}", SECOND.label);
        assert_eq!(
            app.rooms("listByMHTag", &query).await,
            json!({ "code": 0, "data": [], "page": { "current": 1, "total": 0 } })
        );
        let get = json!({ "chat_id": story.chat_id });
        assert_ne!(app.code("externalcontact/groupchat/get", get).await, 0);
        server.stop().await;
    }
}
