//! Customer groups that all nodes change at once: what apps are told replays to what is shown, and the figures are a recount
//! of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Mutex,
};

use futures_util::future::join_all;
use qun_protocol::{
    Rulebook,
    event::{ChangeExternalChat, Event, What},
    groupchat::{day_of, day_start},
};
use serde_json::{Value, json};

use self::{
    receiver::{Answer, KEY, Receiver, TOKEN},
    replay::replay,
};
use crate::{
    database::{Database, advance, everywhere, stop},
    kit::{App, code},
};

#[path = "../api/callback/receiver.rs"]
mod receiver;
#[path = "../api/groupchat/replay.rs"]
mod replay;

/// Owners of a group each, who stay; and who comes and goes.
const OWNERS: [&str; 3] = ["o1", "o2", "o3"];
const OTHERS: [&str; 8] = ["e1", "e2", "c1", "c2", "c3", "c4", "c5", "c6"];
const WORKERS: u64 = 12;
const STEPS: u64 = 24;

fn company(rules: Rulebook) -> Value {
    let users = OWNERS.iter().chain(&OTHERS[..2]);
    let users = users.map(|userid| json!({ "userid": userid, "customer_contact": true }));
    let customers = OTHERS[2..].iter();
    let customers = customers.map(|id| json!({ "external_userid": id, "name": id }));
    json!({
        "rulebook": rules, "limits": { "token_seconds": 1_000_000, "calls_per_corp_minute": -1 },
        "users": users.collect::<Vec<_>>(), "customers": customers.collect::<Vec<_>>(),
        "apps": [{ "name": "app", "customer_contact": true }],
    })
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}

/// One group as it must be: what apps were told of it and what people were told that they said.
struct Recount {
    changes: Vec<ChangeExternalChat>,
    members: Vec<String>,
    version: String,
    said: Vec<String>,
}

impl Recount {
    fn dismissed(&self) -> bool {
        self.changes.iter().any(|it| it.change_type == "dismiss")
    }

    /// In the order of the page.
    fn figures(&self) -> [i64; 7] {
        let came = self
            .changes
            .iter()
            .filter(|it| it.update_detail == "add_member");
        let came = came.map(|it| it.mem_change_list.len() as i64).sum();
        if self.dismissed() {
            return [1, 0, 0, came, 0, 0, 0];
        }
        let said: BTreeSet<&String> = self.said.iter().collect();
        let spoke = self.members.iter().filter(|it| said.contains(it)).count();
        [
            1,
            1,
            i64::from(!said.is_empty()),
            came,
            self.members.len() as i64,
            spoke as i64,
            self.said.len() as i64,
        ]
    }
}

fn figures(data: &Value) -> [i64; 7] {
    [
        "new_chat_cnt",
        "chat_total",
        "chat_has_msg",
        "new_member_cnt",
        "member_total",
        "member_has_msg",
        "msg_total",
    ]
    .map(|key| data[key].as_i64().unwrap_or_else(|| panic!("{key} {data}")))
}

/// What somebody does next in a group; what is refused is no matter.
async fn act(app: &App<'_>, dice: &mut Dice, chat_id: &str, owner: &str) -> Option<String> {
    let one = OTHERS[dice.roll(OTHERS.len())];
    let two = OTHERS[dice.roll(OTHERS.len())];
    let (who, step, body) = match dice.roll(8) {
        0 | 1 => (owner, "invite", json!({ "userlist": [one, two] })),
        2 => (owner, "remove", json!({ "userlist": [one, two] })),
        3 => (one, "leave", json!({})),
        4 => (owner, "say", json!({ "text": "好" })),
        5 => (one, "invite", json!({ "userlist": [two] })),
        _ => (one, "say", json!({ "text": "你好" })),
    };
    let (status, answer) = app.step(who, chat_id, step, body).await;
    assert!(status < 500, "{who} {step}: {answer}");
    (status == 200 && step == "say").then(|| who.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_at_two_nodes_replay_to_the_members_and_are_counted_once() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    for book in Rulebook::ALL {
        let app = nodes[0].world(company(book)).await;
        let apps = everywhere(&app, &nodes);
        let receiver = Receiver::start(&app.corpid, vec![Answer::Ok("success".into())]).await;
        let path = format!(
            "/_qun/companies/{}/apps/{}/callback",
            app.corpid, app.agentid
        );
        let callback = json!({ "url": receiver.url, "token": TOKEN, "encoding_aes_key": KEY });
        nodes[0].manage_ok("PUT", &path, Some(callback)).await;

        let mut groups = Vec::new();
        for owner in OWNERS {
            let body = json!({ "corpid": app.corpid, "name": "g", "userlist": ["c1", "e1"] });
            let path = format!("/_qun/people/{owner}/groups");
            let made = nodes[1].manage_ok("POST", &path, Some(body)).await;
            groups.push((made["chat_id"].as_str().unwrap().to_owned(), owner));
        }
        let shown = async |app: &App<'_>, chat_id: &str| {
            let body = json!({ "chat_id": chat_id });
            app.post("externalcontact/groupchat/get", body).await
        };
        let mut recounts: BTreeMap<String, Recount> = BTreeMap::new();
        for (chat_id, _) in &groups {
            let made = shown(&app, chat_id).await;
            let recount = Recount {
                changes: Vec::new(),
                members: ids(&made),
                version: version(&made),
                said: Vec::new(),
            };
            assert_eq!(recount.members.len(), 3);
            recounts.insert(chat_id.clone(), recount);
        }

        // All at once, each by turns at both nodes; in the middle of it the last group is dismissed.
        let said: Mutex<Vec<(String, String)>> = Mutex::default();
        let worker = async |number: u64| {
            let mut dice = Dice(number);
            for step in 0..STEPS {
                let (chat_id, owner) = &groups[dice.roll(groups.len())];
                let at = &apps[(number + step) as usize % apps.len()];
                if let Some(who) = act(at, &mut dice, chat_id, owner).await {
                    said.lock().unwrap().push((chat_id.clone(), who));
                }
                if (number, step) == (0, STEPS / 2) {
                    let (last, owner) = &groups[2];
                    let (status, gone) = at.step(owner, last, "dismiss", json!({})).await;
                    assert_eq!(status, 200, "{gone}");
                }
            }
        };
        join_all((0..WORKERS).map(worker)).await;

        for (chat_id, who) in said.into_inner().unwrap() {
            recounts.get_mut(&chat_id).unwrap().said.push(who);
        }
        let path = format!("/_qun/companies/{}/callbacks?limit=1000", app.corpid);
        let raised = nodes[0].manage_ok("GET", &path, None).await;
        let raised = raised["callbacks"].as_array().unwrap().len();
        assert!((50..1000).contains(&raised), "{raised}");
        let got = receiver.got(raised).await;
        assert_eq!(got.len(), raised, "something was told twice");
        for got in got {
            let What::Event(Event::ChangeExternalChat(change)) = got.received.what else {
                panic!("{}", got.plain);
            };
            recounts
                .get_mut(&*change.chat_id)
                .unwrap()
                .changes
                .push(change);
        }
        for (chat_id, recount) in &mut recounts {
            replay(&recount.changes, &mut recount.version, &mut recount.members);
            for app in &apps {
                let now = shown(app, chat_id).await;
                match recount.dismissed() {
                    true => assert_eq!(code(&now), 49008),
                    false => {
                        assert_eq!(ids(&now), recount.members);
                        assert_eq!(version(&now), recount.version);
                    }
                }
            }
        }
        assert!(recounts[&groups[2].0].dismissed() && !recounts[&groups[0].0].dismissed());

        // The figures of the day can be asked for on the next.
        advance(&nodes, 86_400).await;
        let yesterday = nodes[0].now_ms().await / 1000 - 86_400;
        let begin = day_start(day_of(yesterday));
        for app in &apps {
            let path = "externalcontact/groupchat/statistic";
            let answer = app.ok(path, json!({ "day_begin_time": begin })).await;
            let items = answer["items"].as_array().unwrap();
            assert_eq!(items.len(), OWNERS.len());
            for item in items {
                let own = groups.iter().find(|(_, owner)| item["owner"] == *owner);
                let recount = &recounts[&own.unwrap().0];
                assert_eq!(figures(&item["data"]), recount.figures(), "{item}");
            }
            let path = "externalcontact/groupchat/statistic_group_by_day";
            let answer = app.ok(path, json!({ "day_begin_time": begin })).await;
            let mut sum = [0; 7];
            for figures in recounts.values().map(Recount::figures) {
                sum.iter_mut().zip(figures).for_each(|(sum, it)| *sum += it);
            }
            assert_eq!(figures(&answer["items"][0]["data"]), sum);
        }
    }
    stop(nodes).await;
}

fn ids(got: &Value) -> Vec<String> {
    let members = got["group_chat"]["member_list"].as_array();
    let members = members.unwrap_or_else(|| panic!("{got}")).iter();
    members
        .map(|it| it["userid"].as_str().unwrap().to_owned())
        .collect()
}

fn version(got: &Value) -> String {
    let version = &got["group_chat"]["member_version"];
    version.as_str().unwrap().to_owned()
}
