//! Transfers of customer groups that all nodes ask for at once.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop},
    kit::code,
};

/// `p1` has resigned and owns so many groups; `p2` and `p3` may inherit.
fn company(rules: Rulebook, groups: usize) -> Value {
    let user = |userid: &str, status: &str| json!({ "userid": userid, "customer_contact": true, "status": status });
    let group = |n: usize| json!({ "chat_id": format!("wr{n}"), "name": "g", "owner": "p1" });
    json!({
        "rulebook": rules, "limits": { "calls_per_corp_minute": -1 },
        "users": [user("p1", "left"), user("p2", "active"), user("p3", "active")],
        "customer_groups": (0..groups).map(group).collect::<Vec<_>>(),
        "apps": [{ "name": "app", "customer_contact": true }],
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_a_day_are_given_over_two_nodes_and_each_once() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    for book in Rulebook::ALL {
        let app = nodes[0].world(company(book, 330)).await;
        let apps = everywhere(&app, &nodes);
        // Every group is asked for at both nodes, in calls of different sizes.
        let ask = async |node: usize, chats: Vec<String>, heir: &str| {
            let body = json!({ "chat_id_list": chats, "new_owner": heir });
            let answer = apps[node]
                .ok("externalcontact/groupchat/transfer", body)
                .await;
            let failed = answer["failed_chat_list"].as_array().unwrap().iter();
            let failed: BTreeMap<String, i64> = failed
                .map(|it| (it["chat_id"].as_str().unwrap().to_owned(), code(it)))
                .collect();
            (chats, failed)
        };
        let calls = (0..2).flat_map(|node| {
            let all: Vec<String> = (0..330).map(|n| format!("wr{n}")).collect();
            let calls: Vec<Vec<String>> = all.chunks(3 + 4 * node).map(<[_]>::to_vec).collect();
            calls.into_iter().map(move |chats| (node, chats))
        });
        let answers = join_all(calls.map(|(node, chats)| ask(node, chats, "p2"))).await;
        let mut accepted: BTreeMap<String, usize> = BTreeMap::new();
        for (chats, failed) in answers {
            assert!(
                failed.values().all(|code| [45009, 90507].contains(code)),
                "{failed:?}"
            );
            for chat_id in chats.into_iter().filter(|it| !failed.contains_key(it)) {
                *accepted.entry(chat_id).or_default() += 1;
            }
        }
        assert_eq!(accepted.len(), 300, "{book:?}");
        assert!(
            accepted.values().all(|times| *times == 1),
            "a group was given twice"
        );
        for (node, app) in apps.iter().enumerate() {
            let waits = |n: usize| json!({ "limit": 1000, "status_filter": n, "owner_filter": { "userid_list": ["p1"] } });
            let mut found = Vec::new();
            for status in [1, 2] {
                let listed = app
                    .ok("externalcontact/groupchat/list", waits(status))
                    .await;
                found.push(listed["group_chat_list"].as_array().unwrap().clone());
            }
            assert_eq!((found[0].len(), found[1].len()), (30, 300));
            assert!(
                found[1]
                    .iter()
                    .all(|it| accepted.contains_key(it["chat_id"].as_str().unwrap()))
            );
            // Another heir has a day of his own, at each node.
            let left: Vec<String> = found[0]
                .iter()
                .map(|it| it["chat_id"].as_str().unwrap().to_owned())
                .collect();
            let (_, failed) = ask(node, left[..1].to_vec(), "p2").await;
            assert_eq!(failed.into_values().collect::<Vec<_>>(), [45009]);
        }
        let (_, failed) = ask(1, accepted.into_keys().take(1).collect(), "p3").await;
        assert_eq!(failed.into_values().collect::<Vec<_>>(), [90507]);
    }
    stop(nodes).await;
}
