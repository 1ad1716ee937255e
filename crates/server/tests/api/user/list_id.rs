//! `user/list_id`.

use serde_json::{Value, json};

use super::{Office, people, told};
use crate::kit::{BOTH, Server};

/// All entries, and how many pages they came in.
async fn pages(office: &Office<'_>, limit: i64) -> (Vec<Value>, usize) {
    let (mut all, mut count) = (Vec::new(), 0);
    let mut cursor = Value::Null;
    loop {
        let request = json!({ "cursor": cursor, "limit": limit });
        let page = office.sync.ok("user/list_id", request).await;
        let entries = page["dept_user"].as_array().unwrap();
        assert!(entries.len() as i64 <= limit);
        all.extend(entries.iter().cloned());
        count += 1;
        if page["next_cursor"] == "" {
            return (all, count);
        }
        cursor = page["next_cursor"].clone();
    }
}

#[tokio::test]
async fn every_page_size_brings_the_same() {
    let server = Server::start().await;
    for rules in BOTH {
        let mut users = people(&["p1", "p2", "P3", "p4"]);
        users[1]["departments"] = json!([2, 1, 3]);
        let company = json!({ "users": users, "departments": [{ "id": 2, "name": "two" }, { "id": 3, "name": "three" }] });
        let office = Office::of(&server, rules, company).await;
        let entry =
            |userid: &str, department: i64| json!({ "userid": userid, "department": department });
        let expected = [
            entry("p1", 1),
            entry("p2", 1),
            entry("p2", 2),
            entry("p2", 3),
            entry("P3", 1),
            entry("p4", 1),
        ];
        for (limit, count) in [(1, 6), (2, 3), (4, 2), (5, 2), (6, 1), (10_000, 1)] {
            assert_eq!(pages(&office, limit).await, (expected.to_vec(), count));
        }
        let whole = office.sync.ok("user/list_id", json!({})).await;
        assert_eq!(whole["dept_user"], json!(expected));
        for limit in [0, -1, 10_001] {
            let answer = office
                .sync
                .post("user/list_id", json!({ "limit": limit }))
                .await;
            let words = "invalid param 'limit'. invalid Request Parameter";
            assert_eq!(told(&answer), (40058, words), "{limit}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn who_comes_and_goes_between_pages_moves_nobody_else() {
    let server = Server::start().await;
    let office = Office::of(
        &server,
        BOTH[1],
        json!({ "users": people(&["p1", "p2", "p3", "p4"]) }),
    )
    .await;
    let first = office.sync.ok("user/list_id", json!({ "limit": 2 })).await;
    office
        .sync
        .ok("user/batchdelete", json!({ "useridlist": ["p1", "p3"] }))
        .await;
    let new = json!({ "userid": "p5", "name": "n", "email": "p5@x.cn", "department": [1] });
    office.sync.ok("user/create", new).await;
    let rest = office
        .sync
        .ok("user/list_id", json!({ "cursor": first["next_cursor"] }))
        .await;
    let userids: Vec<_> = rest["dept_user"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["userid"].as_str().unwrap())
        .collect();
    assert_eq!(userids, ["p4", "p5"]);
    server.stop().await;
}

#[tokio::test]
async fn a_cursor_is_the_servers_own() {
    let server = Server::start().await;
    for rules in BOTH {
        let company = json!({ "users": people(&["p1", "p2"]) });
        let office = Office::of(&server, rules, company.clone()).await;
        let other = Office::of(&server, rules, company).await;
        let page = office.sync.ok("user/list_id", json!({ "limit": 1 })).await;
        let cursor = page["next_cursor"].as_str().unwrap();
        let foreign =
            other.sync.ok("user/list_id", json!({ "limit": 1 })).await["next_cursor"].clone();
        let mut changed = cursor.to_owned();
        let last = changed.pop().unwrap();
        changed.push(if last == 'A' { 'E' } else { 'A' });
        for wrong in [
            json!("x"),
            json!("MSAx"),
            json!(format!("{cursor}AAAA")),
            json!(changed),
            foreign,
        ] {
            let answer = office
                .sync
                .post("user/list_id", json!({ "cursor": wrong }))
                .await;
            assert_eq!(told(&answer), (50100, "invalid cursor"), "{wrong}");
        }
        let rest = office
            .sync
            .ok("user/list_id", json!({ "cursor": cursor }))
            .await;
        assert_eq!(
            rest["dept_user"],
            json!([{ "userid": "p2", "department": 1 }])
        );
    }
    server.stop().await;
}
