//! `user/get`, `user/simplelist` and `user/list`.

use serde_json::{Value, json};

use super::{Office, told};
use crate::kit::{App, BOTH, Server, code};

const OUTSIDE: (i64, &str) = (60011, "no privilege to access/modify contact/party/agent ");

/// A root with `top`, below it 2 with `two`, 3 below 2 with `three` and `both`, and 4 with `four` and `both`.
fn company() -> Value {
    json!({
        "departments": [
            { "id": 2, "name": "two" }, { "id": 3, "name": "three", "parentid": 2 }, { "id": 4, "name": "four" },
        ],
        "users": [
            { "userid": "top" }, { "userid": "two", "departments": [2] }, { "userid": "three", "departments": [3] },
            { "userid": "four", "departments": [4] }, { "userid": "both", "departments": [3, 4] },
        ],
        "tags": [{ "tagid": 1, "tagname": "t", "users": ["top"], "departments": [4] }],
    })
}

async fn seen_by(app: &App<'_>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for userid in ["top", "two", "three", "four", "both"] {
        let answer = app.get("user/get", &format!("&userid={userid}")).await;
        match code(&answer) {
            0 => seen.push(userid),
            _ => assert_eq!(told(&answer), OUTSIDE, "{userid}"),
        }
    }
    seen
}

#[tokio::test]
async fn an_app_reads_whom_it_sees() {
    let server = Server::start().await;
    for rules in BOTH {
        let office = Office::of(&server, rules, company()).await;
        for (visible, expected) in [
            (json!({}), vec![]),
            (json!({ "users": ["two"] }), vec!["two"]),
            (json!({ "departments": [2] }), vec!["two", "three", "both"]),
            (json!({ "departments": [3] }), vec!["three", "both"]),
            (json!({ "tags": [1] }), vec!["top", "four", "both"]),
            (
                json!({ "departments": [1] }),
                vec!["top", "two", "three", "four", "both"],
            ),
        ] {
            let app = office.app.sibling(json!({ "visible": visible })).await;
            assert_eq!(seen_by(&app).await, expected, "{rules} {visible}");
        }
        let unknown = office.app.get("user/get", "&userid=nobody").await;
        assert_eq!(told(&unknown), (60111, "userid not found"));
        let missing = office.app.get("user/get", "").await;
        assert_eq!(told(&missing), (41009, "missing userid"));

        // Departments, the main one and leaders are shown as far as they are seen.
        let change = json!({ "userid": "both", "department": [3, 4], "order": [5, 6], "is_leader_in_dept": [0, 1], "main_department": 4, "direct_leader": ["top", "three"] });
        office.sync.ok("user/update", change).await;
        let app = office
            .app
            .sibling(json!({ "visible": { "departments": [2] } }))
            .await;
        let both = app.get("user/get", "&userid=BOTH").await;
        assert_eq!(
            (
                &both["department"],
                &both["order"],
                &both["is_leader_in_dept"],
                &both["direct_leader"]
            ),
            (&json!([3]), &json!([5]), &json!([0]), &json!(["three"]))
        );
        assert!(both.get("main_department").is_none());
        let both = office.app.get("user/get", "&userid=both").await;
        assert_eq!(both["department"], json!([3, 4]));
        assert_eq!(both["main_department"], 4);
        assert_eq!(both["direct_leader"], json!(["top", "three"]));
    }
    server.stop().await;
}

#[tokio::test]
async fn a_department_is_read_with_those_below_or_without() {
    let server = Server::start().await;
    for rules in BOTH {
        let office = Office::of(&server, rules, company()).await;
        let app = &office.app;
        let names = async |path: &str, query: &str| {
            let answer = app.get(path, query).await;
            assert_eq!(code(&answer), 0, "{answer}");
            let users = answer["userlist"].as_array().unwrap().clone();
            users
                .iter()
                .map(|user| user["userid"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        for path in ["user/simplelist", "user/list"] {
            for (query, expected) in [
                ("&department_id=1", vec!["top"]),
                ("&department_id=1&fetch_child=0", vec!["top"]),
                (
                    "&department_id=2&fetch_child=1",
                    vec!["two", "three", "both"],
                ),
                (
                    "&department_id=1&fetch_child=1",
                    vec!["top", "two", "three", "four", "both"],
                ),
            ] {
                assert_eq!(names(path, query).await, expected, "{path} {query}");
            }
            for (query, number, words) in [
                ("", 41019, "missing department"),
                ("&department_id=9", 60003, "department not found"),
                ("&department_id=0", 60123, "invalid party id"),
                ("&department_id=4294967296", 60123, "invalid party id"),
            ] {
                assert_eq!(
                    told(&app.get(path, query).await),
                    (number, words),
                    "{query}"
                );
            }
            let narrow = app
                .sibling(json!({ "visible": { "departments": [2] } }))
                .await;
            for (id, expected) in [(2, 0), (3, 0), (4, 60011), (1, 60011)] {
                let answer = narrow.get(path, &format!("&department_id={id}")).await;
                assert_eq!(code(&answer), expected);
            }
            // The narrower app sees both people of 3, and of their departments those that it sees.
            let listed = narrow.get(path, "&department_id=3").await;
            let departments: Vec<_> = listed["userlist"]
                .as_array()
                .unwrap()
                .iter()
                .map(|u| u["department"].clone())
                .collect();
            assert_eq!(departments, [json!([3]), json!([3])]);
        }
        // A higher order comes first.
        let first = json!({ "userid": "both", "department": [3, 4], "order": [9, 0] });
        office.sync.ok("user/update", first).await;
        assert_eq!(
            names("user/simplelist", "&department_id=3").await,
            ["both", "three"]
        );
        let detail = app.get("user/list", "&department_id=3").await["userlist"][0].clone();
        let mut alone = app.get("user/get", "&userid=both").await;
        for status in ["errcode", "errmsg"] {
            alone.as_object_mut().unwrap().shift_remove(status);
        }
        assert_eq!(detail, alone);
    }
    server.stop().await;
}
