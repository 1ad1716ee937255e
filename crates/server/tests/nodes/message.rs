//! Messages to people from several nodes at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop, unlimited},
    kit::{App, code},
};

async fn send(app: &App<'_>, mut message: Value) -> Value {
    message["agentid"] = app.agentid.into();
    message["msgtype"] = "text".into();
    let answer = app.post("message/send", message).await;
    assert_eq!(code(&answer), 0, "{answer}");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_find_one_audience_for_the_same_people() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(3).await;
    let app = nodes[0]
        .company(Rulebook::Documented, 20, unlimited())
        .await;
    let apps = everywhere(&app, &nodes);
    let sends = (0..120).map(|n| {
        let touser = ["@all".to_owned(), format!("p{}|p{}", n % 5 + 1, n % 7 + 1)];
        let message = json!({ "touser": touser[n % 2], "text": { "content": n.to_string() } });
        send(&apps[n % 3], message)
    });
    let answers = join_all(sends).await;
    let msgids: BTreeSet<&str> = answers
        .iter()
        .map(|sent| sent["msgid"].as_str().unwrap())
        .collect();
    assert_eq!(msgids.len(), 120);
    let distinct = "SELECT COUNT(*) - COUNT(DISTINCT hash) FROM audience";
    assert_eq!(database.number(distinct).await, 0);
    assert_eq!(
        database
            .number("SELECT COUNT(*) FROM message WHERE chat IN (SELECT audience FROM audience)")
            .await,
        120
    );
    // Everybody's phone shows the same at each node: 60 messages to all.
    for (n, app) in apps.iter().enumerate() {
        let page = app.inbox(&format!("p{}", 18 + n), "&limit=1000").await;
        assert_eq!(page["messages"].as_array().unwrap().len(), 60);
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_at_one_node_is_seen_by_the_next_message_at_another() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let app = nodes[0].company(Rulebook::Documented, 3, unlimited()).await;
    let apps = everywhere(&app, &nodes);
    let lists = async |n: usize| {
        send(
            &apps[n],
            json!({ "touser": "p1|p2", "text": { "content": "x" } }),
        )
        .await["invaliduser"]
            .clone()
    };
    for round in 0..10 {
        for n in 0..2 {
            assert_eq!(lists(n).await, Value::Null);
        }
        let user = |status: &str| json!({ "status": status });
        let path = format!("/_qun/companies/{}/users/p2", app.corpid);
        nodes[round % 2]
            .manage_ok("PUT", &path, Some(user("left")))
            .await;
        for n in 0..2 {
            assert_eq!(lists(n).await, "p2", "{round}");
        }
        nodes[(round + 1) % 2]
            .manage_ok("PUT", &path, Some(user("active")))
            .await;
    }
    stop(nodes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_at_all_nodes_is_delivered_once() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(3).await;
    let app = nodes[0].company(Rulebook::Documented, 2, unlimited()).await;
    let apps = everywhere(&app, &nodes);
    for round in 0..10 {
        let message = json!({ "touser": "@all", "enable_duplicate_check": 1, "text": { "content": round.to_string() } });
        let answers = join_all((0..12).map(|n| send(&apps[n % 3], message.clone()))).await;
        assert!(
            answers.iter().all(|answer| *answer == answers[0]),
            "{answers:?}"
        );
    }
    let page = app.inbox("p1", "").await;
    assert_eq!(page["messages"].as_array().unwrap().len(), 10);
    // Recalled at another node than where it was sent.
    let recall = json!({ "msgid": send(&apps[0], json!({ "touser": "p1", "text": { "content": "x" } })).await["msgid"] });
    assert_eq!(code(&apps[2].post("message/recall", recall).await), 0);
    let last = apps[1].inbox("p1", "").await["messages"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert!(last["recalled"].is_i64(), "{last}");
    stop(nodes).await;
}
