//! Whatever people do: events replay to what is shown, and pages lose and repeat nothing.

use std::collections::BTreeSet;

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use qun_protocol::{
    Rulebook,
    event::{Event, What},
};
use serde_json::{Value, json};

use super::{company, ids, list::groups, replay::replay};
use crate::{
    callback::ok,
    kit::{App, Server, code},
};

/// Employees and customers, by their places.
const PEOPLE: [&str; 7] = ["p1", "p2", "p3", "c1", "c2", "c3", "c4"];

/// Something that somebody tries; much of it is refused.
#[derive(Clone, Copy, Debug)]
enum Op {
    Invite(usize, usize, usize),
    Link(usize, usize),
    Leave(usize),
    Remove(usize, usize, usize),
    HandOver(usize, usize),
    HandOn(usize),
    Make(usize),
    Dismiss(usize),
    Page(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let one = 0..PEOPLE.len();
    let employee = 0..3_usize;
    prop_oneof![
        3 => (one.clone(), one.clone(), one.clone()).prop_map(|(a, b, c)| Op::Invite(a, b, c)),
        2 => (one.clone(), one.clone()).prop_map(|(a, b)| Op::Link(a, b)),
        2 => one.clone().prop_map(Op::Leave),
        2 => (one.clone(), one.clone(), one.clone()).prop_map(|(a, b, c)| Op::Remove(a, b, c)),
        1 => (employee.clone(), employee.clone()).prop_map(|(a, b)| Op::HandOver(a, b)),
        1 => employee.clone().prop_map(Op::HandOn),
        3 => employee.prop_map(Op::Make),
        2 => (0..8_usize).prop_map(Op::Dismiss),
        4 => (1..4_usize).prop_map(Op::Page),
    ]
}

/// A walk through the pages of the list.
#[derive(Default)]
struct Walk {
    cursor: String,
    seen: Vec<String>,
    /// There from its beginning, as long as nobody dismisses them.
    lasting: BTreeSet<String>,
}

struct Story<'a> {
    app: App<'a>,
    /// The group that people come into and leave.
    main: String,
    /// The others that are alive, and whose they are.
    others: Vec<(String, &'static str)>,
    /// What lists are asked for: all groups, or those of the three, who own all.
    filter: Value,
    walk: Walk,
}

impl Story<'_> {
    async fn alive(&self) -> BTreeSet<String> {
        let main = self
            .app
            .groupchat("get", json!({ "chat_id": self.main }))
            .await;
        let main = (code(&main) == 0).then(|| self.main.clone());
        let others = self.others.iter().map(|(chat_id, _)| chat_id.clone());
        others.chain(main).collect()
    }

    async fn play(&mut self, op: Op) {
        let main = self.main.clone();
        let step = async |who: usize, step: &str, body| {
            self.app.step(PEOPLE[who], &main, step, body).await
        };
        match op {
            Op::Invite(who, a, b) => {
                step(who, "invite", json!({ "userlist": [PEOPLE[a], PEOPLE[b]] })).await;
            }
            Op::Link(who, comer) => {
                let (status, link) = step(who, "link", json!({})).await;
                if status == 200 {
                    self.app.joins(PEOPLE[comer], &link).await;
                }
            }
            Op::Leave(who) => {
                step(who, "leave", json!({})).await;
            }
            Op::Remove(who, a, b) => {
                step(who, "remove", json!({ "userlist": [PEOPLE[a], PEOPLE[b]] })).await;
            }
            Op::HandOver(who, heir) => {
                step(who, "owner", json!({ "owner": PEOPLE[heir] })).await;
            }
            Op::HandOn(heir) => {
                let body = json!({ "chat_id_list": [main], "new_owner": PEOPLE[heir] });
                let answer = self.app.groupchat("onjob_transfer", body).await;
                assert_eq!(code(&answer), 0, "{answer}");
            }
            Op::Make(owner) => {
                let owner = PEOPLE[owner];
                self.others
                    .push((self.app.group(owner, &["c1"]).await, owner));
            }
            Op::Dismiss(at) if at < self.others.len() => {
                let (chat_id, owner) = self.others.remove(at);
                self.app.did(owner, &chat_id, "dismiss", json!({})).await;
                self.walk.lasting.remove(&chat_id);
            }
            Op::Dismiss(_) => {}
            Op::Page(size) => self.turn(size).await,
        }
        let alive = self.alive().await;
        self.walk.lasting.retain(|chat_id| alive.contains(chat_id));
    }

    /// Reads the next page; at the end of a walk it is judged, and another begins.
    async fn turn(&mut self, size: usize) {
        if self.walk.cursor.is_empty() {
            self.walk.lasting = self.alive().await;
        }
        let mut body = self.filter.clone();
        body["limit"] = size.into();
        body["cursor"] = self.walk.cursor.as_str().into();
        let answer = self.app.groupchat("list", body).await;
        let page = groups(&answer).into_iter().map(|(chat_id, _)| chat_id);
        self.walk.seen.extend(page);
        self.walk.cursor = answer["next_cursor"].as_str().unwrap().to_owned();
        if self.walk.cursor.is_empty() {
            let seen: BTreeSet<String> = self.walk.seen.iter().cloned().collect();
            assert_eq!(seen.len(), self.walk.seen.len(), "a group came twice");
            assert!(self.walk.lasting.is_subset(&seen), "a group was left out");
            self.walk = Walk::default();
        }
    }
}

async fn told_and_paged(ops: Vec<Op>) {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 3, 4).await;
    app.rules(json!({ "limits": { "onjob_transfers_per_chat": 3 } }))
        .await;
    // Another app hears all of it: the one that acts hears nothing of its own.
    let listener = app.sibling(json!({ "customer_contact": true })).await;
    let receiver = listener.told(ok()).await;
    let main = app.group("p1", &["c1"]).await;
    let made = app.shown(&main).await;
    let mut version = made["member_version"].as_str().unwrap().to_owned();
    let mut members = ids(&made["member_list"]);
    let mut story = Story {
        app,
        main: main.clone(),
        others: Vec::new(),
        filter: match ops.len() % 2 {
            0 => json!({}),
            _ => json!({ "owner_filter": { "userid_list": ["p1", "p2", "p3"] } }),
        },
        walk: Walk::default(),
    };
    for op in ops {
        story.play(op).await;
    }
    // The last walk to its end.
    story.turn(2).await;
    while !story.walk.cursor.is_empty() {
        story.turn(2).await;
    }
    let count = listener.callbacks("limit=1000").await["callbacks"]
        .as_array()
        .unwrap()
        .len();
    let got = receiver.got(count).await;
    let changes = got.into_iter().map(|got| match got.received.what {
        What::Event(Event::ChangeExternalChat(change)) => change,
        other => panic!("{other:?}"),
    });
    let changes: Vec<_> = changes.filter(|change| change.chat_id == main).collect();
    replay(&changes, &mut version, &mut members);
    let shown = story.app.groupchat("get", json!({ "chat_id": main })).await;
    if code(&shown) == 0 {
        let group = &shown["group_chat"];
        assert_eq!(ids(&group["member_list"]), members);
        assert_eq!(group["member_version"], version);
        assert!(members.iter().any(|id| group["owner"] == id.as_str()));
    } else {
        assert_eq!(code(&shown), 49008);
        assert_eq!(changes.last().unwrap().change_type, "dismiss");
    }
    server.stop().await;
}

#[test]
fn events_replay_to_what_is_shown_and_pages_lose_and_repeat_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&vec(op(), 1..40), |ops| {
            runtime.block_on(told_and_paged(ops));
            Ok(())
        })
        .unwrap();
}

#[tokio::test]
async fn who_comes_at_the_same_time_finds_exactly_the_room_that_is_there() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented, 2, 40).await;
    app.rules(json!({ "limits": { "customer_group_members_max": 20 } }))
        .await;
    let chat_id = app.group("p1", &["p2"]).await;
    let link = app.did("p2", &chat_id, "link", json!({})).await;
    let comers: Vec<String> = (1..=40).map(|n| format!("c{n}")).collect();
    let joins = comers.iter().map(|comer| app.joins(comer, &link));
    let answers = futures_util::future::join_all(joins).await;
    let came = answers.iter().filter(|(status, _)| *status == 200).count();
    let full = answers.iter().filter(|(status, _)| *status == 409).count();
    assert_eq!((came, full), (18, 22));
    let members = app.member_ids(&chat_id).await;
    let distinct: BTreeSet<&String> = members.iter().collect();
    assert_eq!((members.len(), distinct.len()), (20, 20));
    server.stop().await;
}
