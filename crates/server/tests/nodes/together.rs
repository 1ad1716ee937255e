//! People and operators who act at several nodes at once.

use futures_util::future::{join, join_all, join3};
use qun_protocol::Rulebook;
use serde_json::json;

use crate::{
    database::{Database, everywhere, stop, unlimited},
    kit::code,
};

const DEADLOCKS: &str = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_and_changes_at_all_nodes_lose_nothing() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(4).await;
    let before = database.number(DEADLOCKS).await;
    // Two companies, so that transactions hold both.
    let one = nodes[0]
        .company(Rulebook::Documented, 40, unlimited())
        .await;
    let two = nodes[1].company(Rulebook::Live2026, 40, unlimited()).await;
    let everyone: Vec<String> = (1..=40).map(|n| format!("p{n}")).collect();
    let everyone: Vec<&str> = everyone.iter().map(String::as_str).collect();
    let companies = [everywhere(&one, &nodes), everywhere(&two, &nodes)];
    for apps in &companies {
        apps[0].chat("g", &everyone).await;
        assert_eq!(code(&apps[0].say("g", "hello").await), 0);
    }
    let path = |corpid: &str, rest: &str| format!("/_qun/companies/{corpid}/{rest}");
    let company = async |apps: &[crate::kit::App<'_>]| {
        let app = |n: usize| &apps[n % 4];
        let says = join_all(
            (0..120).map(|n| app(n).step("p1", "g", "say", json!({ "text": format!("say {n}") }))),
        );
        let sends = join_all(
            (0..120).map(async |n| code(&app(n + 1).say("g", &format!("send {n}")).await)),
        );
        let leaves = join_all((21..=40).map(|n| {
            let app = app(n);
            async move { app.step(&format!("p{n}"), "g", "leave", json!({})).await }
        }));
        let people = join_all((41..=80).map(async |n| {
            let user = json!({ "userid": format!("p{n}"), "name": format!("name {n}") });
            app(n)
                .server
                .manage(
                    "PUT",
                    &path(&app(n).corpid, &format!("users/p{n}")),
                    Some(user),
                )
                .await
        }));
        let departments = join_all((2..=21).map(async |n| {
            let department = json!({ "id": n, "name": format!("department {n}") });
            app(n)
                .server
                .manage(
                    "PUT",
                    &path(&app(n).corpid, &format!("departments/{n}")),
                    Some(department),
                )
                .await
        }));
        let rules = join_all((0..20).map(async |n| {
            app(n)
                .rules(json!({ "limits": { "text_bytes": 1000 + n } }))
                .await;
        }));
        let ((said, sent, left), (people, departments, _)) = join(
            join3(says, sends, leaves),
            join3(people, departments, rules),
        )
        .await;
        for (status, answer) in said.iter().chain(&left).chain(&people).chain(&departments) {
            assert_eq!(*status, 200, "{answer}");
        }
        assert!(sent.iter().all(|code| *code == 0), "{sent:?}");
        // Everything is there, at every node.
        let group = app(0)
            .server
            .manage_ok("GET", &path(&app(0).corpid, "groups/g"), None)
            .await;
        assert_eq!(group["member_count"], 20);
        let expected: Vec<String> = (1..=20).map(|n| format!("p{n}")).collect();
        for app in apps {
            let got = app.get("appchat/get", "&chatid=g").await;
            assert_eq!(got["chat_info"]["userlist"], json!(expected), "{got}");
            let users = app
                .server
                .manage_ok("GET", &path(&app.corpid, "users?limit=1000"), None)
                .await;
            assert_eq!(users["users"].as_array().unwrap().len(), 80);
            let departments = app
                .server
                .manage_ok("GET", &path(&app.corpid, "departments"), None)
                .await;
            assert_eq!(departments["departments"].as_array().unwrap().len(), 21);
            let inbox = app.inbox("p1", "&limit=1000").await;
            assert_eq!(inbox["messages"].as_array().unwrap().len(), 241);
        }
    };
    let ((), ()) = join(company(&companies[0]), company(&companies[1])).await;
    assert_eq!(
        database
            .number("SELECT COUNT(*) FROM rule WHERE key = 'text_bytes'")
            .await,
        40
    );
    println!("deadlocks: {}", database.number(DEADLOCKS).await - before);
    stop(nodes).await;
}
