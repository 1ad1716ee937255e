//! A node is killed while people come into customer groups, speak there and leave: nothing that was acknowledged is lost,
//! what apps are told replays to the members, and the figures are a recount of what is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use qun_client::{Client, Manager};
use qun_protocol::{
    event::{ChangeExternalChat, Event, What},
    groupchat::{Figures, day_of, day_start},
    manage::{AddCustomer, AdvanceClock, GetClock},
    people::{CreateGroup, Inbox, Invite, Leave, Say},
    world::Customer,
};
use tokio::task::JoinHandle;

use super::{
    Database,
    receiver::{Answer, Receiver},
    served::Server,
    told, until,
};

/// Owners, who stay, of a group each.
const OWNERS: [&str; 3] = ["ZhuShengBen", "abel", "jack"];
/// So many customers come, each into one group.
const CUSTOMERS: usize = 320;
const WORKERS: usize = 6;

/// What was acknowledged, by customer: he came in, he spoke, he left.
#[derive(Clone, Default)]
struct Done(Arc<Mutex<BTreeMap<usize, Steps>>>);

#[derive(Clone, Copy, Default)]
struct Steps {
    tried: usize,
    done: usize,
}

fn id(customer: usize) -> String {
    format!("wmCustomer{customer:04}")
}

/// Every fourth customer leaves again.
fn steps(customer: usize) -> usize {
    if customer.is_multiple_of(4) { 3 } else { 2 }
}

impl Done {
    fn set(&self, customer: usize, change: impl Fn(&mut Steps)) {
        change(
            self.0
                .lock()
                .expect("unpoisoned")
                .entry(customer)
                .or_default(),
        );
    }

    fn count(&self) -> usize {
        let all = self.0.lock().expect("unpoisoned");
        all.values().map(|it| it.done).sum()
    }

    /// Lets customers come at a server until it is gone.
    fn flood(
        &self,
        server: &Server,
        groups: &[String],
        customers: std::ops::Range<usize>,
    ) -> Vec<JoinHandle<()>> {
        let worker = |number: usize| {
            let (done, manager, groups) = (self.clone(), server.manager(), groups.to_vec());
            let mine = customers.clone().filter(move |it| it % WORKERS == number);
            async move {
                for customer in mine {
                    let at = customer % groups.len();
                    for step in 0..steps(customer) {
                        done.set(customer, |it| it.tried = step + 1);
                        if act(&manager, &groups[at], OWNERS[at], customer, step)
                            .await
                            .is_err()
                        {
                            return;
                        }
                        done.set(customer, |it| it.done = step + 1);
                    }
                }
            }
        };
        (0..WORKERS).map(|n| tokio::spawn(worker(n))).collect()
    }
}

async fn act(
    manager: &Manager,
    chat_id: &str,
    owner: &str,
    customer: usize,
    step: usize,
) -> Result<(), qun_client::Error> {
    let chatid = || chat_id.into();
    match step {
        0 => {
            let come = Invite {
                userid: owner.into(),
                chatid: chatid(),
                userlist: vec![id(customer).as_str().into()],
                ..Default::default()
            };
            manager.send(come).await.map(drop)
        }
        1 => {
            let say = Say {
                userid: id(customer).as_str().into(),
                chatid: chatid(),
                text: Some(id(customer)),
                ..Default::default()
            };
            manager.send(say).await.map(drop)
        }
        _ => {
            let leave = Leave {
                userid: id(customer).as_str().into(),
                chatid: chatid(),
                ..Default::default()
            };
            manager.send(leave).await.map(drop)
        }
    }
}

/// Whose messages an owner has got of his group, and how often.
async fn heard(manager: &Manager, owner: &str, chat_id: &str) -> BTreeMap<String, usize> {
    let (mut heard, mut after) = (BTreeMap::new(), None);
    loop {
        let page = Inbox {
            userid: owner.into(),
            after,
            limit: Some(1000),
            ..Default::default()
        };
        let page = manager.send(page).await.expect("a page");
        for message in page.messages.iter().filter(|it| *it.chatid == *chat_id) {
            let from = message.from.as_ref().expect("somebody").to_string();
            *heard.entry(from).or_default() += 1;
        }
        if !page.more {
            return heard;
        }
        after = Some(page.cursor);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customer_groups_lose_and_invent_nothing_when_a_node_is_killed() {
    let Some(database) = Database::new("customers") else {
        return;
    };
    let first = database.node_with("a", &["--clock", "2023-11-01T12:00:00+08:00"]);
    first.prepare().await;
    let (manager, client) = (first.manager(), first.client());
    for customer in 0..CUSTOMERS {
        let customer = Customer {
            external_userid: Some(id(customer).as_str().into()),
            name: id(customer),
            ..Default::default()
        };
        let corpid = first.text("corpid").into();
        let added = manager.send(AddCustomer { corpid, customer }).await;
        added.expect("a customer");
    }
    let receiver = Receiver::start(first.text("corpid"), vec![Answer::Ok("success".into())]).await;
    told(&first, &receiver).await;
    let mut groups = Vec::new();
    for owner in OWNERS {
        let made = CreateGroup {
            userid: owner.into(),
            name: "g".into(),
            ..Default::default()
        };
        groups.push(manager.send(made).await.expect("a group").chat_id.0);
    }
    let founded = client.customer_groups().get(&groups[0]).await.expect("it");
    assert_eq!(founded.member_list.len(), 1);

    let done = Done::default();
    let each = CUSTOMERS / 4;
    for round in 0..2 {
        let mut dying = database.another("dying", &first);
        let (start, middle) = (2 * round * each, (2 * round + 1) * each);
        let beside = done.flood(&first, &groups, start..middle);
        let dead = done.flood(&dying, &groups, middle..middle + each);
        let goal = done.count() + 60;
        until("something is done", || done.count() >= goal).await;
        assert!(dead.iter().any(|it| !it.is_finished()), "it came too late");
        dying.kill();
        for worker in dead.into_iter().chain(beside) {
            worker
                .await
                .expect("a worker ends with an error of its own");
        }
    }
    let all = done.0.lock().expect("unpoisoned").clone();
    let open = all.values().filter(|it| it.tried > it.done).count();
    assert!((2..=2 * WORKERS).contains(&open), "{open} were cut");

    let raised = "SELECT COUNT(*) FROM callback_event WHERE state <> 1";
    let waiting = || database.number(raised) == 0;
    until("everything is told", waiting).await;
    let changes = changes(&receiver);
    // The figures of a day can be asked for on the next.
    let advance = AdvanceClock { advance: 86_400 };
    manager.send(advance).await.expect("the next day");
    let yesterday = manager.send(GetClock {}).await.expect("the time").now_ms / 1000 - 86_400;
    let day = day_start(day_of(yesterday));
    for (at, chat_id) in groups.iter().enumerate() {
        let own = all
            .iter()
            .filter(|(customer, _)| **customer % groups.len() == at);
        check(&client, &manager, at, chat_id, own, &changes, day).await;
    }
}

/// What an app was told of all groups, each change once, in its order.
fn changes(receiver: &Receiver) -> Vec<ChangeExternalChat> {
    let mut seen = BTreeSet::new();
    let got = receiver.so_far().into_iter();
    // What was under way when the kill came is told again.
    let got = got.filter(|got| seen.insert(got.plain.clone()));
    got.map(|got| match got.received.what {
        What::Event(Event::ChangeExternalChat(change)) => change,
        other => panic!("{other:?}"),
    })
    .collect()
}

async fn check(
    client: &Client,
    manager: &Manager,
    at: usize,
    chat_id: &str,
    customers: impl Iterator<Item = (&usize, &Steps)>,
    changes: &[ChangeExternalChat],
    day: i64,
) {
    let owner = OWNERS[at];
    let group = client
        .customer_groups()
        .get(chat_id)
        .await
        .expect("a group");
    let members: Vec<String> = group
        .member_list
        .iter()
        .map(|it| it.userid.to_string())
        .collect();
    let heard = heard(manager, owner, chat_id).await;
    for (customer, steps) in customers {
        let name = id(*customer);
        let said = heard.get(&name).copied().unwrap_or(0);
        let inside = members.contains(&name);
        assert!(
            said <= 1 && said >= usize::from(steps.done >= 2),
            "{name} said {said}"
        );
        assert!(said <= usize::from(steps.tried >= 2), "{name} said {said}");
        match (steps.tried, steps.done) {
            (1 | 2, 1..) => assert!(inside, "{name} is lost"),
            (3, 3) => assert!(!inside, "{name} has not left"),
            _ => {}
        }
    }

    let of_group: Vec<_> = changes.iter().filter(|it| it.chat_id == chat_id).collect();
    let mut replayed = vec![owner.to_owned()];
    let mut version: Option<&String> = None;
    let mut came = 0;
    for change in of_group.iter().filter(|it| it.mem_change_cnt.is_some()) {
        assert!(
            version.is_none_or(|it| *it == change.last_mem_ver),
            "a change is missing"
        );
        version = Some(&change.cur_mem_ver);
        match change.update_detail.as_str() {
            "add_member" => {
                came += change.mem_change_list.len() as i64;
                replayed.extend(change.mem_change_list.iter().cloned());
            }
            _ => replayed.retain(|it| !change.mem_change_list.contains(it)),
        }
    }
    assert_eq!(replayed, members);
    assert_eq!(version, Some(&group.member_version));

    let groups = client.customer_groups();
    let days = groups
        .statistics_by_owner(day..=day, [owner])
        .await
        .expect("figures");
    let before = groups_of(owner);
    let spoke = members.iter().filter(|it| heard.contains_key(*it)).count();
    let expected = Figures {
        new_chat_cnt: 1,
        chat_total: before.0 + 1,
        chat_has_msg: 1,
        new_member_cnt: came,
        member_total: before.1 + members.len() as i64,
        member_has_msg: spoke as i64,
        msg_total: heard.values().sum::<usize>() as i64,
        migrate_trainee_chat_cnt: Some(0),
    };
    assert_eq!(days[0].data, expected, "{owner}");
}

/// Groups that an owner has in the demo company, and their members.
fn groups_of(owner: &str) -> (i64, i64) {
    match owner {
        "ZhuShengBen" => (4, 9),
        _ => (1, 1),
    }
}
