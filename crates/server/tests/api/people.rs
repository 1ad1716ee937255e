//! What people do and see on their phones.

use std::{collections::BTreeSet, time::Duration};

use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::kit::{App, BOTH, NOON, Server};

/// A wait that is not woken lasts longer than this.
const SOON: Duration = Duration::from_secs(25);

/// Status and code of a refusal.
fn refusal((status, answer): (u16, Value)) -> (u16, String) {
    (
        status,
        answer["error"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("no refusal: {answer}"))
            .to_owned(),
    )
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// The texts of a page, in its order.
fn texts(page: &Value) -> Vec<String> {
    page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            m["content"]["content"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

fn ids(page: &Value) -> Vec<String> {
    page["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_str().unwrap().to_owned())
        .collect()
}

async fn groups(app: &App<'_>, userid: &str) -> Vec<Value> {
    let path = format!("/_qun/people/{userid}/groups?corpid={}", app.corpid);
    app.server.manage_ok("GET", &path, None).await["groups"]
        .as_array()
        .unwrap()
        .clone()
}

async fn members(app: &App<'_>, chatid: &str) -> (String, Vec<String>) {
    let got = app.get("appchat/get", &format!("&chatid={chatid}")).await;
    let info = &got["chat_info"];
    let list = info["userlist"]
        .as_array()
        .unwrap_or_else(|| panic!("{got}"));
    (
        info["owner"].as_str().unwrap().to_owned(),
        list.iter()
            .map(|u| u.as_str().unwrap().to_owned())
            .collect(),
    )
}

/// Takes a time out of an object: seconds since the server's start.
fn take_seconds(object: &mut Value, field: &str) -> i64 {
    object
        .as_object_mut()
        .unwrap()
        .shift_remove(field)
        .unwrap()
        .as_i64()
        .unwrap()
        - NOON / 1000
}

async fn try_inbox(app: &App<'_>, userid: &str, query: &str) -> (u16, Value) {
    app.server
        .manage(
            "GET",
            &format!("/_qun/people/{userid}/inbox?corpid={}{query}", app.corpid),
            None,
        )
        .await
}

/// A group of these people that they see.
async fn seen(app: &App<'_>, chatid: &str, people: &[&str]) {
    app.chat(chatid, people).await;
    assert_eq!(app.say(chatid, "begin").await["errcode"], 0);
}

#[tokio::test]
async fn groups_are_listed_in_the_order_of_joining_once_somebody_spoke() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 4, json!({})).await;
    app.chat("late", &["p2", "p3"]).await;
    app.chat("early", &["p1", "p2"]).await;
    app.chat("silent", &["p1", "p2"]).await;
    server.advance(60).await;
    app.ok(
        "appchat/update",
        json!({ "chatid": "late", "name": "Late", "add_user_list": ["p1"] }),
    )
    .await;
    assert!(groups(&app, "p1").await.is_empty(), "nobody has spoken");

    app.say("late", "hello").await;
    app.say("early", "hello").await;
    let mut found = groups(&app, "P1").await;
    assert!(take_seconds(&mut found[0], "join_time") < 60);
    assert!((60..120).contains(&take_seconds(&mut found[1], "join_time")));
    assert_eq!(
        found,
        vec![
            json!({ "chatid": "early", "name": "", "owner": "p1", "member_count": 2 }),
            json!({ "chatid": "late", "name": "Late", "owner": "p2", "member_count": 3 }),
        ]
    );
    assert_eq!(groups(&app, "p4").await, Vec::<Value>::new());
    assert_eq!(app.step("p1", "early", "leave", json!({})).await.0, 200);
    assert_eq!(groups(&app, "p1").await.len(), 1);
}

#[tokio::test]
async fn unknown_people_companies_and_groups_are_named() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    let other = server.world(json!({ "name": "other", "users": [{ "userid": "stranger" }, { "userid": "p1" }], "apps": [{}] })).await;
    seen(&app, "chat", &["p1", "p2"]).await;

    for path in ["groups", "inbox"] {
        let (status, answer) = server
            .manage(
                "GET",
                &format!("/_qun/people/stranger/{path}?corpid={}", app.corpid),
                None,
            )
            .await;
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("stranger"),
            "{answer}"
        );
        assert_eq!(refusal((status, answer)), refused(404, "person_unknown"));
        let away = server
            .manage(
                "GET",
                &format!("/_qun/people/p1/{path}?corpid=wwnowhere"),
                None,
            )
            .await;
        assert_eq!(refusal(away), refused(404, "company_unknown"));
        // Two companies and the demo company: which one is meant?
        let unnamed = server
            .manage("GET", &format!("/_qun/people/p1/{path}"), None)
            .await;
        assert_eq!(refusal(unnamed), refused(400, "company_not_named"));
    }
    let steps = [
        ("say", json!({ "text": "x" })),
        ("leave", json!({})),
        ("rename", json!({ "name": "x" })),
        ("owner", json!({ "owner": "p2" })),
        ("remove", json!({ "userlist": ["p2"] })),
    ];
    for (step, body) in steps {
        assert_eq!(
            refusal(app.step("stranger", "chat", step, body.clone()).await),
            refused(404, "person_unknown"),
            "{step}"
        );
        assert_eq!(
            refusal(app.step("p1", "nochat", step, body.clone()).await),
            refused(404, "group_unknown"),
            "{step}"
        );
        // The same userid in another company sees nothing of this one.
        assert_eq!(
            refusal(other.step("p1", "chat", step, body.clone()).await),
            refused(404, "group_unknown"),
            "{step}"
        );
        assert_eq!(
            refusal(other.step("p2", "chat", step, body).await),
            refused(404, "person_unknown"),
            "{step}"
        );
    }
    assert_eq!(other.inbox("p1", "").await["messages"], json!([]));
    assert!(groups(&other, "p1").await.is_empty());
    assert_eq!(
        members(&app, "chat").await.1,
        ["p1", "p2"],
        "nothing of all that was done"
    );
}

#[tokio::test]
async fn one_company_need_not_be_named() {
    let server = Server::start().await;
    let app = server.demo().await;
    seen(&app, "chat", &["zhangsan", "lisi"]).await;
    let page = server
        .manage_ok("GET", "/_qun/people/zhangsan/inbox", None)
        .await;
    assert_eq!(texts(&page), ["begin"]);
    let said = server
        .manage_ok(
            "POST",
            "/_qun/people/lisi/groups/chat/say",
            Some(json!({ "text": "me" })),
        )
        .await;
    let page = server
        .manage_ok("GET", "/_qun/people/zhangsan/inbox", None)
        .await;
    assert_eq!(ids(&page)[1], said["id"].as_str().unwrap());
}

#[tokio::test]
async fn pages_of_any_size_hold_everything_once() {
    const N: usize = 7;
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    app.chat("a", &["p1", "p2"]).await;
    app.chat("b", &["p1", "p3"]).await;
    for n in 0..N {
        app.say(if n % 3 == 0 { "b" } else { "a" }, &format!("m{n}"))
            .await;
    }
    let all = app.inbox("p1", "").await;
    assert_eq!(
        texts(&all),
        (0..N).map(|n| format!("m{n}")).collect::<Vec<_>>()
    );
    assert_eq!(all["more"], false);
    let mut ends = Vec::new();
    for size in 1..=N + 1 {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let page = app.inbox("p1", &format!("&limit={size}{after}")).await;
            found.extend(ids(&page));
            after = format!("&after={}", page["cursor"].as_str().unwrap());
            assert!(ids(&page).len() <= size);
            assert_eq!(
                page["more"],
                json!(found.len() < N),
                "{size} {}",
                found.len()
            );
            if page["more"] == false {
                break;
            }
        }
        assert_eq!(found, ids(&all), "{size}");
        let end = app.inbox("p1", &after).await;
        assert_eq!(end["messages"], json!([]), "{size}");
        ends.push(end["cursor"].as_str().unwrap().to_owned());
        ends.push(after["&after=".len()..].to_owned());
    }
    // A cursor at the end takes what comes later, once.
    app.say("b", "later").await;
    for end in ends {
        assert_eq!(
            texts(&app.inbox("p1", &format!("&after={end}")).await),
            ["later"]
        );
    }
}

#[tokio::test]
async fn a_page_has_one_to_a_thousand_messages() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    for limit in ["0", "1001", "-1"] {
        assert_eq!(
            refusal(try_inbox(&app, "p1", &format!("&limit={limit}")).await),
            refused(400, "bad_request"),
            "{limit}"
        );
    }
    for limit in ["1", "1000"] {
        assert_eq!(
            try_inbox(&app, "p1", &format!("&limit={limit}")).await.0,
            200,
            "{limit}"
        );
    }
    let (status, answer) = try_inbox(&app, "p1", "&limit=ten").await;
    assert_eq!(status, 400);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("limit is no whole number: \"ten\""),
        "{answer}"
    );
}

#[tokio::test]
async fn reading_while_others_write_loses_and_repeats_nothing() {
    const EACH: usize = 40;
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    seen(&app, "a", &["p1", "p2"]).await;
    seen(&app, "b", &["p1", "p3"]).await;
    let begin = app.inbox("p1", "&after=latest").await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();

    let sends = async {
        for n in 0..EACH {
            assert_eq!(app.say("a", &format!("app {n}")).await["errcode"], 0);
        }
    };
    let says = async {
        for n in 0..EACH {
            assert_eq!(
                app.step("p3", "b", "say", json!({ "text": format!("p3 {n}") }))
                    .await
                    .0,
                200
            );
        }
    };
    let reads = async {
        let mut found: Vec<String> = Vec::new();
        let mut cursor = begin.clone();
        while found.len() < 2 * EACH {
            let size = 1 + found.len() % 5;
            let page = app
                .inbox("p1", &format!("&limit={size}&wait=60&after={cursor}"))
                .await;
            assert!(
                !ids(&page).is_empty(),
                "a wait ended with nothing after {} messages",
                found.len()
            );
            found.extend(ids(&page));
            cursor = page["cursor"].as_str().unwrap().to_owned();
        }
        assert_eq!(
            app.inbox("p1", &format!("&after={cursor}")).await["messages"],
            json!([])
        );
        found
    };
    let ((), (), mut found) = tokio::join!(sends, says, reads);
    let whole = app.inbox("p1", &format!("&limit=1000&after={begin}")).await;
    if std::env::var("QUN_TEST_ENGINE").is_ok_and(|engine| engine == "postgres") {
        // Who reads along sees what two writers commit as it comes: of each writer in order, and later all of it by time.
        let of = |lane: &str| {
            found
                .iter()
                .filter(move |id| id.ends_with(lane))
                .is_sorted()
        };
        assert!(of("-1") && of("-2"), "{found:?}");
        found.sort();
    }
    assert_eq!(found, ids(&whole), "the same in the same order");
    assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 2 * EACH);
    for who in ["app", "p3"] {
        let said: Vec<String> = texts(&whole)
            .into_iter()
            .filter(|text| text.starts_with(who))
            .collect();
        assert_eq!(
            said,
            (0..EACH).map(|n| format!("{who} {n}")).collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn latest_begins_now() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    seen(&app, "chat", &["p1", "p2"]).await;
    // Nothing older is shown, and there is nothing to wait for: what is said next comes after this cursor.
    let asked = tokio::time::timeout(SOON, app.inbox("p1", "&after=latest&wait=60")).await;
    let latest = asked.expect("latest answers at once");
    assert_eq!(latest["messages"], json!([]));
    assert_eq!(latest["more"], false);
    app.say("chat", "next").await;
    let page = app
        .inbox(
            "p1",
            &format!("&after={}", latest["cursor"].as_str().unwrap()),
        )
        .await;
    assert_eq!(texts(&page), ["next"]);
    assert_eq!(
        texts(&app.inbox("p1", "&after=").await),
        ["begin", "next"],
        "an empty cursor is none"
    );
}

#[tokio::test]
async fn a_cursor_that_is_none_is_refused() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    let good = app.inbox("p1", "").await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    // Garbage; another list's; another version's ("2 0:1"); one cut short ("1 0"); one that is no number ("1 0:x").
    for bad in [
        "%00",
        "x",
        "next",
        "17",
        "MiAwOjE",
        "MSAw",
        "MSAwOng",
        "1%200:1",
        &format!("{good}!"),
        "Latest",
    ] {
        let expected = if bad == "%00" {
            "illegal_character"
        } else {
            "bad_request"
        };
        assert_eq!(
            refusal(try_inbox(&app, "p1", &format!("&after={bad}")).await),
            refused(400, expected),
            "{bad}"
        );
    }
    assert_eq!(
        try_inbox(&app, "p1", &format!("&after={good}")).await.0,
        200
    );
}

#[tokio::test]
async fn a_wait_ends_when_something_is_said() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    seen(&app, "chat", &["p1", "p2"]).await;
    let mut cursor = app.inbox("p1", "&after=latest").await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    // In some rounds the message may be first; a wait that sleeps through one would show in the others.
    for round in 0..20 {
        let wait = app
            .server
            .http
            .get(format!("{}/_qun/people/p1/inbox", server.url))
            .bearer_auth(&server.manage_token)
            .query(&[
                ("corpid", app.corpid.as_str()),
                ("wait", "60"),
                ("after", &cursor),
            ]);
        let wait = tokio::spawn(wait.send());
        for _ in 0..round % 4 {
            server
                .http
                .get(format!("{}/livez", server.url))
                .send()
                .await
                .unwrap();
        }
        let text = format!("round {round}");
        if round % 2 == 0 {
            app.say("chat", &text).await;
        } else {
            assert_eq!(
                app.step("p2", "chat", "say", json!({ "text": text }))
                    .await
                    .0,
                200
            );
        }
        let page = tokio::time::timeout(SOON, wait)
            .await
            .expect("woken")
            .unwrap()
            .unwrap();
        let page: Value = page.json().await.unwrap();
        assert_eq!(texts(&page), [text]);
        cursor = page["cursor"].as_str().unwrap().to_owned();
    }
}

#[tokio::test]
async fn a_wait_is_zero_to_sixty_seconds() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 2, json!({})).await;
    for wait in ["-1", "61"] {
        let (status, answer) = try_inbox(&app, "p1", &format!("&wait={wait}")).await;
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("wait is 0 to 60 seconds"),
            "{answer}"
        );
        assert_eq!(refusal((status, answer)), refused(400, "bad_request"));
    }
    // None waits where nothing is asked; nor does the longest where something is there.
    let nothing = tokio::time::timeout(SOON, app.inbox("p1", "&wait=0"))
        .await
        .unwrap();
    assert_eq!(nothing["messages"], json!([]));
    seen(&app, "chat", &["p1", "p2"]).await;
    let something = tokio::time::timeout(SOON, app.inbox("p1", "&wait=60"))
        .await
        .unwrap();
    assert_eq!(texts(&something), ["begin"]);
    // A wait that nothing ends is over in its time, with a cursor that goes on.
    let cursor = something["cursor"].as_str().unwrap();
    let over = tokio::time::timeout(SOON, app.inbox("p1", &format!("&wait=1&after={cursor}")))
        .await
        .unwrap();
    assert_eq!(over["messages"], json!([]));
    app.say("chat", "next").await;
    assert_eq!(
        texts(
            &app.inbox(
                "p1",
                &format!("&after={}", over["cursor"].as_str().unwrap())
            )
            .await
        ),
        ["next"]
    );
}

#[tokio::test]
async fn a_stopping_server_ends_waits() {
    let server = Server::start().await;
    let wait = server
        .http
        .get(format!("{}/_qun/people/zhangsan/inbox?wait=60", server.url))
        .bearer_auth(&server.manage_token);
    let wait = tokio::spawn(wait.send());
    for _ in 0..5 {
        server
            .http
            .get(format!("{}/livez", server.url))
            .send()
            .await
            .unwrap();
    }
    tokio::time::timeout(SOON, server.stop())
        .await
        .expect("stopped");
    let page = wait.await.unwrap().unwrap();
    assert_eq!(page.status(), 200);
    assert_eq!(page.json::<Value>().await.unwrap()["messages"], json!([]));
}

#[tokio::test]
async fn a_member_says_a_text() {
    for book in BOTH {
        let server = Server::start().await;
        let app = server.company(book, 3, json!({})).await;
        app.chat("chat", &["p1", "p2"]).await;
        let say = |body: Value| app.step("p1", "chat", "say", body);
        assert_eq!(
            refusal(say(json!({ "text": "x" })).await),
            refused(404, "group_unknown"),
            "nobody sees it yet"
        );
        app.say("chat", "begin").await;

        let (status, said) = say(json!({ "text": "早上好 <@p2>" })).await;
        assert_eq!(status, 200, "{said}");
        let mut page = app.inbox("p2", "").await;
        assert!((0..60).contains(&take_seconds(&mut page["messages"][1], "time")));
        assert_eq!(
            page["messages"][1],
            json!({
                "id": said["id"], "chatid": "chat", "from": "p1", "msgtype": "text",
                "content": { "content": "早上好 <@p2>" }, "safe": 0, "mentioned": true,
            })
        );
        assert_eq!(app.inbox("p1", "").await["messages"][1]["mentioned"], false);

        assert_eq!(say(json!({ "text": "x".repeat(2048) })).await.0, 200);
        let (status, answer) = say(json!({ "text": "x".repeat(2049) })).await;
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("text"),
            "{answer}"
        );
        assert_eq!(refusal((status, answer)), refused(400, "too_long"));
        for empty in [json!({}), json!({ "text": "" })] {
            assert_eq!(refusal(say(empty).await), refused(400, "empty_content"));
        }
        assert_eq!(
            refusal(say(json!({ "text": "a\u{0}b" })).await),
            refused(400, "illegal_character")
        );
        assert_eq!(
            refusal(app.step("p3", "chat", "say", json!({ "text": "x" })).await),
            refused(404, "group_unknown"),
            "no member"
        );
        let (status, answer) = say(json!({ "txet": "x" })).await;
        assert!(
            answer["error"]["message"]
                .as_str()
                .unwrap()
                .contains("did you mean \"text\"?"),
            "{answer}"
        );
        assert_eq!(status, 400);
        assert_eq!(
            app.inbox("p2", "").await["messages"]
                .as_array()
                .unwrap()
                .len(),
            3,
            "refused is not said"
        );
    }
}

#[tokio::test]
async fn a_member_shows_a_file() {
    let server = Server::start().await;
    let end = NOON / 1000 + 60;
    let app = server
        .world(json!({
            "name": "files", "apps": [{}], "users": [{ "userid": "p1" }, { "userid": "p2" }],
            "media": [{ "media_id": "plan", "type": "file", "filename": "计划.txt", "text": "first this" },
                      { "media_id": "brief", "type": "image", "expires": end }],
            "chats": [{ "chatid": "chat", "members": ["p1", "p2"], "messages": [{ "text": "begin" }] }],
        }))
        .await;
    let other = server.world(json!({ "name": "o", "apps": [{}], "media": [{ "media_id": "theirs", "type": "file" }] })).await;
    assert_ne!(other.corpid, app.corpid);
    let say = |body: Value| app.step("p2", "chat", "say", body);
    assert_eq!(say(json!({ "media_id": "plan" })).await.0, 200);
    assert_eq!(say(json!({ "media_id": "brief" })).await.0, 200);
    let page = app.inbox("p1", "").await;
    assert_eq!(page["messages"][1]["msgtype"], "file");
    assert_eq!(
        page["messages"][1]["content"],
        json!({ "media_id": "plan", "filename": "计划.txt", "content_type": "text/plain", "size": 10 })
    );
    assert_eq!(page["messages"][2]["msgtype"], "image");

    for unknown in ["none", "theirs", ""] {
        assert_eq!(
            refusal(say(json!({ "media_id": unknown })).await),
            refused(404, "media_id"),
            "{unknown}"
        );
    }
    assert_eq!(
        refusal(say(json!({ "media_id": "plan", "text": "x" })).await),
        refused(400, "bad_request")
    );
    server.advance(60).await;
    assert_eq!(
        refusal(say(json!({ "media_id": "brief" })).await),
        refused(404, "media_id"),
        "it has ended"
    );
    assert_eq!(
        app.inbox("p1", "").await["messages"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

#[tokio::test]
async fn who_leaves_is_followed_by_the_longest_standing() {
    for book in BOTH {
        let server = Server::start().await;
        let app = server.company(book, 4, json!({})).await;
        app.ok(
            "appchat/create",
            json!({ "chatid": "chat", "owner": "p3", "userlist": ["p2", "p3", "p4"] }),
        )
        .await;
        let leave = |userid: &'static str| app.step(userid, "chat", "leave", json!({}));
        assert_eq!(
            refusal(leave("p2").await),
            refused(404, "group_unknown"),
            "nobody sees it yet"
        );
        app.say("chat", "begin").await;
        app.ok(
            "appchat/update",
            json!({ "chatid": "chat", "add_user_list": ["p1"] }),
        )
        .await;

        assert_eq!(refusal(leave("p5").await), refused(404, "person_unknown"));
        assert_eq!(leave("p3").await, (200, json!({})));
        let p = |list: &[&str]| list.iter().map(|u| (*u).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            members(&app, "chat").await,
            ("p2".into(), p(&["p2", "p4", "p1"]))
        );
        assert_eq!(
            refusal(leave("p3").await),
            refused(404, "group_unknown"),
            "gone already"
        );
        assert_eq!(leave("p4").await.0, 200);
        assert_eq!(
            members(&app, "chat").await,
            ("p2".into(), p(&["p2", "p1"])),
            "a mere member changes no owner"
        );
        // On phones a group may become smaller than an app may make it.
        assert_eq!(leave("p2").await.0, 200);
        assert_eq!(members(&app, "chat").await, ("p1".into(), p(&["p1"])));
        assert_eq!(groups(&app, "p1").await[0]["member_count"], 1);

        assert_eq!(leave("p1").await.0, 200);
        let ended = if book == Rulebook::Documented {
            86002
        } else {
            86001
        };
        assert_eq!(
            app.get("appchat/get", "&chatid=chat").await["errcode"],
            ended
        );
        assert!(groups(&app, "p1").await.is_empty());
        assert_eq!(
            texts(&app.inbox("p2", "").await),
            ["begin"],
            "what was said stays on the phone"
        );
        app.chat("chat", &["p1", "p2"]).await;
        assert_eq!(
            texts(&app.inbox("p2", "").await),
            ["begin"],
            "a new group with the old id is another"
        );
    }
}

#[tokio::test]
async fn any_member_renames_a_group() {
    for book in BOTH {
        let server = Server::start().await;
        let app = server.company(book, 3, json!({})).await;
        seen(&app, "chat", &["p1", "p2"]).await;
        let rename = |name: Value| app.step("p2", "chat", "rename", json!({ "name": name }));
        let fifty = "群".repeat(50);
        for (name, kept) in [
            ("新名", "新名"),
            (" a b ", " a b "),
            (fifty.as_str(), fifty.as_str()),
            (&format!("{fifty}x"), &fifty),
        ] {
            assert_eq!(rename(name.into()).await, (200, json!({})), "{name}");
            assert_eq!(
                app.get("appchat/get", "&chatid=chat").await["chat_info"]["name"],
                kept
            );
            assert_eq!(groups(&app, "p1").await[0]["name"], kept);
        }
        for bad in ["", "  \u{3000}", "a\nb", "a\u{7f}"] {
            assert_eq!(
                refusal(rename(bad.into()).await),
                refused(400, "chat_name"),
                "{bad:?}"
            );
        }
        for none in [json!(7), json!(["x"])] {
            assert_eq!(refusal(rename(none).await), refused(400, "bad_request"));
        }
        assert_eq!(
            refusal(
                app.step("p3", "chat", "rename", json!({ "name": "x" }))
                    .await
            ),
            refused(404, "group_unknown")
        );
        assert_eq!(
            app.get("appchat/get", "&chatid=chat").await["chat_info"]["name"],
            fifty
        );
    }
}

#[tokio::test]
async fn only_the_owner_hands_over() {
    for book in BOTH {
        let server = Server::start().await;
        let app = server.company(book, 3, json!({})).await;
        seen(&app, "chat", &["p1", "p2"]).await;
        let hand = |from: &'static str, to: &'static str| {
            app.step(from, "chat", "owner", json!({ "owner": to }))
        };
        assert_eq!(refusal(hand("p2", "p2").await), refused(403, "not_owner"));
        assert_eq!(
            refusal(hand("p3", "p3").await),
            refused(404, "group_unknown")
        );
        for stranger in ["p3", "nobody", ""] {
            assert_eq!(
                refusal(hand("p1", stranger).await),
                refused(400, "not_member"),
                "{stranger:?}"
            );
        }
        assert_eq!(hand("p1", "P2").await, (200, json!({})));
        assert_eq!(members(&app, "chat").await.0, "p2");
        assert_eq!(
            refusal(hand("p1", "p1").await),
            refused(403, "not_owner"),
            "an owner no more"
        );
        // The app always may.
        app.ok("appchat/update", json!({ "chatid": "chat", "owner": "p1" }))
            .await;
        assert_eq!(members(&app, "chat").await.0, "p1");
    }
}

#[tokio::test]
async fn only_the_owner_removes() {
    for book in BOTH {
        let server = Server::start().await;
        let app = server.company(book, 6, json!({})).await;
        seen(&app, "chat", &["p1", "p2", "p3", "p4", "p5"]).await;
        let remove = |who: &'static str, list: Value| {
            app.step(who, "chat", "remove", json!({ "userlist": list }))
        };
        assert_eq!(
            refusal(remove("p2", json!(["p3"])).await),
            refused(403, "not_owner")
        );
        assert_eq!(
            refusal(remove("p1", json!([])).await),
            refused(400, "bad_request")
        );
        assert_eq!(
            refusal(remove("p1", json!(["p1"])).await),
            refused(400, "bad_request"),
            "an owner leaves"
        );
        let (status, answer) = remove("p1", json!(["p2", "p6"])).await;
        assert!(
            answer["error"]["message"].as_str().unwrap().contains("p6"),
            "{answer}"
        );
        assert_eq!(refusal((status, answer)), refused(400, "not_member"));
        let (status, answer) = remove("p1", json!(["p2", 3])).await;
        assert!(
            status == 400
                && answer["error"]["message"]
                    .as_str()
                    .unwrap()
                    .contains("userlist[1]"),
            "{answer}"
        );
        assert_eq!(members(&app, "chat").await.1.len(), 5, "all or nothing");

        assert_eq!(
            remove("p1", json!(["p3", "P2", "p3"])).await,
            (200, json!({}))
        );
        assert_eq!(members(&app, "chat").await.1, ["p1", "p4", "p5"]);
        assert_eq!(groups(&app, "p1").await[0]["member_count"], 3);
        assert!(groups(&app, "p3").await.is_empty());
        app.ok(
            "appchat/update",
            json!({ "chatid": "chat", "del_user_list": ["p5"] }),
        )
        .await;
        assert_eq!(
            members(&app, "chat").await.1,
            ["p1", "p4"],
            "the app always may"
        );
    }
}

#[tokio::test]
async fn who_comes_back_sees_exactly_both_stays() {
    let server = Server::start().await;
    let app = server.company(Rulebook::Documented, 4, json!({})).await;
    app.chat("chat", &["p1", "p2"]).await;
    app.say("chat", "before").await;
    let cursor = app.inbox("p3", "").await["cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    let join = json!({ "chatid": "chat", "add_user_list": ["p3"] });

    app.ok("appchat/update", join.clone()).await;
    app.say("chat", "first stay").await;
    app.step("p3", "chat", "say", json!({ "text": "I am here" }))
        .await;
    assert_eq!(app.step("p3", "chat", "leave", json!({})).await.0, 200);
    app.say("chat", "between").await;
    server.advance(90).await;
    app.ok("appchat/update", join).await;
    assert!((90..150).contains(&take_seconds(&mut groups(&app, "p3").await[0], "join_time")));
    app.say("chat", "second stay").await;
    assert_eq!(
        app.step("p1", "chat", "remove", json!({ "userlist": ["p3"] }))
            .await
            .0,
        200
    );
    app.say("chat", "after").await;

    let both = ["first stay", "I am here", "second stay"];
    assert_eq!(texts(&app.inbox("p3", "").await), both);
    assert_eq!(
        texts(&app.inbox("p3", &format!("&after={cursor}")).await),
        both
    );
    assert_eq!(
        texts(&app.inbox("p2", "").await),
        [
            "before",
            "first stay",
            "I am here",
            "between",
            "second stay",
            "after"
        ]
    );
    let mut paged = Vec::new();
    let mut after = String::new();
    for _ in 0..both.len() {
        let page = app.inbox("p3", &format!("&limit=1{after}")).await;
        paged.extend(texts(&page));
        after = format!("&after={}", page["cursor"].as_str().unwrap());
    }
    assert_eq!(paged, both);
    assert!(
        app.inbox("p4", "").await["messages"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}
