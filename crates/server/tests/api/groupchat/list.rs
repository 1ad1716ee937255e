//! groupchat/list and who may see what.

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{company, refusal, world};
use crate::kit::{App, BOTH, Server, code};

const BOOK: Rulebook = Rulebook::Documented;

/// The groups of one page: chat_id and status.
pub(super) fn groups(answer: &Value) -> Vec<(String, i64)> {
    assert_eq!(code(answer), 0, "{answer}");
    let list = answer["group_chat_list"].as_array().unwrap().iter();
    list.map(|it| {
        (
            it["chat_id"].as_str().unwrap().to_owned(),
            it["status"].as_i64().unwrap(),
        )
    })
    .collect()
}

async fn listed(app: &App<'_>, body: Value) -> Vec<String> {
    let answer = app.groupchat("list", body).await;
    groups(&answer)
        .into_iter()
        .map(|(chat_id, _)| chat_id)
        .collect()
}

#[tokio::test]
async fn only_apps_of_customer_contact_may_call() {
    let server = Server::start().await;
    let app = company(&server, BOOK, 1, 1).await;
    let chat_id = app.group("p1", &["c1"]).await;
    let system = app.sibling(json!({ "kind": "customer_contact" })).await;
    let plain = app.sibling(json!({})).await;
    let contacts = app.sibling(json!({ "kind": "contacts_sync" })).await;
    for (call, body) in [
        ("groupchat/list", json!({ "limit": 1 })),
        ("groupchat/get", json!({ "chat_id": chat_id })),
        (
            "groupchat/transfer",
            json!({ "chat_id_list": [chat_id], "new_owner": "p1" }),
        ),
        (
            "groupchat/onjob_transfer",
            json!({ "chat_id_list": [chat_id], "new_owner": "p1" }),
        ),
    ] {
        let path = format!("externalcontact/{call}");
        assert_eq!(app.code(&path, body.clone()).await, 0, "{call}");
        assert_eq!(system.code(&path, body.clone()).await, 0, "{call}");
        for other in [&plain, &contacts] {
            let answer = other.post(&path, body.clone()).await;
            assert_eq!(refusal(&answer), (48002, "api forbidden"), "{call}");
        }
    }
    for other in [&plain, &contacts] {
        assert_eq!(
            other
                .code(
                    "externalcontact/opengid_to_chatid",
                    json!({ "opengid": "x" })
                )
                .await,
            48002
        );
    }
    // 可调用应用 is taken away and given.
    app.change(json!({ "customer_contact": false })).await;
    assert_eq!(
        code(&app.groupchat("list", json!({ "limit": 1 })).await),
        48002
    );
    plain.change(json!({ "customer_contact": true })).await;
    assert_eq!(listed(&plain, json!({ "limit": 1 })).await, [chat_id]);
    server.stop().await;
}

#[tokio::test]
async fn an_app_sees_the_groups_whose_owners_are_in_its_range() {
    let server = Server::start().await;
    let more = json!({
        "departments": [{ "id": 2, "name": "a" }, { "id": 3, "name": "b", "parentid": 2 }, { "id": 4, "name": "c" }],
        "users": [
            { "userid": "upper", "departments": [2], "customer_contact": true },
            { "userid": "lower", "departments": [3], "customer_contact": true },
            { "userid": "other", "departments": [4], "customer_contact": true },
        ],
        "tags": [{ "tagid": 1, "tagname": "t", "users": ["p2"], "departments": [4] }],
    });
    let app = world(&server, BOOK, 2, 1, more).await;
    let mut chats = Vec::new();
    for owner in ["p1", "p2", "upper", "lower", "other"] {
        chats.push(app.group(owner, &["c1"]).await);
    }
    let pick = |places: &[usize]| places.iter().map(|n| chats[*n].clone()).collect::<Vec<_>>();
    for (visible, seen) in [
        (json!({ "departments": [1] }), vec![0, 1, 2, 3, 4]),
        (json!({ "users": ["p1"] }), vec![0]),
        (json!({ "departments": [2] }), vec![2, 3]),
        (json!({ "departments": [3] }), vec![3]),
        (json!({ "tags": [1] }), vec![1, 4]),
        (
            json!({ "users": ["p1"], "departments": [3], "tags": [1] }),
            vec![0, 1, 3, 4],
        ),
        (json!({}), vec![]),
    ] {
        app.change(json!({ "visible": visible })).await;
        assert_eq!(
            listed(&app, json!({ "limit": 100 })).await,
            pick(&seen),
            "{visible}"
        );
        // Who is named but not seen is left out.
        let filter = json!({ "limit": 100, "owner_filter": { "userid_list": ["other", "P1", "upper", "lower", "p2", "p1"] } });
        assert_eq!(listed(&app, filter).await, pick(&seen), "{visible}");
        for (n, chat_id) in chats.iter().enumerate() {
            let answer = app.groupchat("get", json!({ "chat_id": chat_id })).await;
            let expected = if seen.contains(&n) { 0 } else { 60011 };
            assert_eq!(code(&answer), expected, "{visible} {n}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_a_list_needs_and_what_it_refuses() {
    for book in BOTH {
        let server = Server::start().await;
        let app = company(&server, book, 101, 1).await;
        let chat_id = app.group("p1", &["c1"]).await;
        let call = |body: Value| app.groupchat("list", body);
        for limit in [json!(0), json!(1001), json!(null), json!(-1)] {
            let answer = call(json!({ "limit": limit })).await;
            let text = "invalid param 'limit'. invalid Request Parameter";
            assert_eq!(refusal(&answer), (40058, text), "{limit}");
        }
        for limit in [json!(1), json!(1000), json!("10")] {
            let answer = call(json!({ "limit": limit })).await;
            assert_eq!(answer["next_cursor"], "", "{limit}");
            assert_eq!(groups(&answer), [(chat_id.clone(), 0)], "{limit}");
        }
        for (status, good) in [(-1, false), (0, true), (3, true), (4, false)] {
            let answer = call(json!({ "limit": 10, "status_filter": status })).await;
            assert_eq!(code(&answer), if good { 0 } else { 40058 }, "{status}");
        }
        let owners = |n: usize| (1..=n).map(|n| format!("p{n}")).collect::<Vec<_>>();
        let filter =
            |owners: &[String]| json!({ "limit": 10, "owner_filter": { "userid_list": owners } });
        assert_eq!(groups(&call(filter(&owners(100))).await).len(), 1);
        let text = "owner_filter.userid_list exceed max length 100. invalid Request Parameter";
        assert_eq!(refusal(&call(filter(&owners(101))).await), (40058, text));
        let unknown = call(filter(&["nobody".to_owned()])).await;
        assert_eq!(refusal(&unknown), (40003, "invalid userid"));
        // An empty filter is none; a key that is no field is not looked at.
        assert_eq!(groups(&call(filter(&[])).await).len(), 1);
        let misspelt = json!({ "limit": 10, "owner_filter": { "useridList": ["nobody"] } });
        assert_eq!(groups(&call(misspelt).await).len(), 1);
        // The old form.
        for (offset, limit, found) in [(0, 1000, 1), (1, 1000, 0), (49_000, 1000, 0)] {
            let answer = call(json!({ "offset": offset, "limit": limit })).await;
            assert_eq!(groups(&answer).len(), found, "{offset}");
        }
        for offset in [49_001, -1] {
            let answer = call(json!({ "offset": offset, "limit": 1000 })).await;
            assert_eq!(code(&answer), 40058, "{offset}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn more_than_a_thousand_people_in_range_need_a_filter() {
    for book in BOTH {
        let server = Server::start().await;
        let more = json!({
            "departments": [{ "id": 2, "name": "few" }],
            "users": [{ "userid": "few", "departments": [2], "customer_contact": true }],
        });
        let app = world(&server, book, 1000, 1, more).await;
        let chat_id = app.group("few", &["c1"]).await;
        let all = json!({ "limit": 10 });
        let text = "too many members in visible range, owner_filter is needed";
        assert_eq!(
            refusal(&app.groupchat("list", all.clone()).await),
            (81017, text)
        );
        let filter = json!({ "limit": 10, "owner_filter": { "userid_list": ["few"] } });
        assert_eq!(listed(&app, filter).await, std::slice::from_ref(&chat_id));
        // Who has resigned is in nobody's range any more.
        app.resigns("p1000").await;
        assert_eq!(
            listed(&app, all.clone()).await,
            std::slice::from_ref(&chat_id)
        );
        app.change(json!({ "visible": { "departments": [2] } }))
            .await;
        assert_eq!(listed(&app, all.clone()).await, [chat_id]);
        let everyone: Vec<String> = (1..1000).map(|n| format!("p{n}")).collect();
        app.change(json!({ "visible": { "departments": [2], "users": everyone } }))
            .await;
        assert_eq!(code(&app.groupchat("list", all.clone()).await), 0);
        app.rules(json!({ "limits": { "range_people_max": 999 } }))
            .await;
        assert_eq!(code(&app.groupchat("list", all).await), 81017);
        server.stop().await;
    }
}
