//! What of a message arrives on whose phone.

use serde_json::{Value, json};

use crate::{
    appchat::{arrived, now},
    kit::{App, BOTH, Server, code},
};

/// Moves the clock to the first second of a minute that comes.
async fn to_minute(server: &Server) {
    let second = now(server).await / 1000 % 60;
    server.advance(60 - second).await;
}

/// By which limit each message on a phone was dropped.
async fn drops(app: &App<'_>, userid: &str) -> Vec<Value> {
    arrived(app, userid)
        .await
        .into_iter()
        .map(|message| message["dropped"].clone())
        .collect()
}

async fn say(app: &App<'_>, chatid: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(
            code(&app.say(chatid, "x").await),
            0,
            "the API says ok whatever is dropped"
        );
    }
}

#[tokio::test]
async fn a_group_is_seen_from_its_first_message_on() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 3, json!({})).await;
        app.ok(
            "appchat/create",
            json!({ "chatid": "c", "name": "n", "owner": "p2", "userlist": ["p1", "p2"] }),
        )
        .await;
        let groups = async |userid: &str| {
            let path = format!("/_qun/people/{userid}/groups?corpid={}", app.corpid);
            server.manage_ok("GET", &path, None).await["groups"].clone()
        };
        assert_eq!(groups("p1").await, json!([]));
        let (status, _) = app.step("p1", "c", "say", json!({ "text": "early" })).await;
        assert_eq!(status, 404);
        assert_ne!(code(&app.say("c", "").await), 0);
        assert_eq!(
            groups("p1").await,
            json!([]),
            "a refused message shows nothing"
        );

        assert_eq!(code(&app.say("c", "first").await), 0);
        for userid in ["p1", "p2"] {
            let shown = groups(userid).await;
            assert_eq!(shown.as_array().unwrap().len(), 1);
            let expected = json!(["c", "n", "p2", 2]);
            assert_eq!(
                json!([
                    shown[0]["chatid"],
                    shown[0]["name"],
                    shown[0]["owner"],
                    shown[0]["member_count"]
                ]),
                expected
            );
            let phone = arrived(&app, userid).await;
            assert_eq!(phone.len(), 1);
            assert_eq!(
                (&phone[0]["chatid"], &phone[0]["agentid"]),
                (&json!("c"), &json!(app.agentid))
            );
            assert_eq!(phone[0]["content"], json!({ "content": "first" }));
        }
        assert_eq!(groups("p3").await, json!([]));
        assert_eq!(arrived(&app, "p3").await, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn only_who_is_mentioned_is_mentioned() {
    let server = Server::start().await;
    for book in BOTH {
        let users = ["p1", "p2", "p10", "Li.Si", "out"].map(|id| json!({ "userid": id }));
        let company =
            json!({ "name": "t", "rulebook": book, "apps": [{ "name": "a" }], "users": users });
        let app = server.world(company).await;
        let members = ["p1", "p2", "p10", "Li.Si"];
        app.chat("c", &members).await;
        let text = |content: &str, list: Value| json!({ "msgtype": "text", "text": { "content": content, "mentioned_list": list } });
        let cases = [
            (text("x", json!(null)), vec![]),
            (text("x", json!(["p1"])), vec!["p1"]),
            (
                text("x", json!(["P10", "li.si", "out", "nobody"])),
                vec!["p10", "Li.Si"],
            ),
            (text("x", json!(["@all"])), members.to_vec()),
            (
                text("<@p1> and <@LI.SI>!", json!(["p2"])),
                vec!["p1", "p2", "Li.Si"],
            ),
            (text("a < b <@p10>", json!([])), vec!["p10"]),
            (text("<@p1 <p2> @p10 <@>", json!([])), vec![]),
            (
                json!({ "msgtype": "markdown", "markdown": { "content": "**hi** <@p2>" } }),
                vec!["p2"],
            ),
            (
                json!({ "msgtype": "textcard", "textcard": { "title": "<@p1>", "description": "<@p2>", "url": "https://e.com" } }),
                vec![],
            ),
        ];
        for (mut message, expected) in cases {
            message["chatid"] = "c".into();
            app.ok("appchat/send", message.clone()).await;
            let mut mentioned = Vec::new();
            for userid in members {
                if arrived(&app, userid).await.pop().unwrap()["mentioned"] == true {
                    mentioned.push(userid);
                }
            }
            assert_eq!(mentioned, expected, "{book} {message}");
        }
    }
}

#[tokio::test]
async fn a_minutes_surplus_is_dropped_over_all_groups_of_an_app() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 3, json!({ "chat_receives_per_member_minute": 3 }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        app.chat("a", &["p1", "p2"]).await;
        app.chat("b", &["p1", "p3"]).await;
        other.chat("o", &["p1", "p2"]).await;
        to_minute(&server).await;
        for chatid in ["a", "b", "a", "b", "a"] {
            say(&app, chatid, 1).await;
        }
        let dropped = json!({ "limit": "chat_receives_per_member_minute", "value": 3 });
        let none = Value::Null;
        assert_eq!(
            drops(&app, "p1").await,
            [&none, &none, &none, &dropped, &dropped].map(Value::clone),
            "{book}"
        );
        assert_eq!(
            drops(&app, "p2").await,
            [none.clone(), none.clone(), none.clone()],
            "three of group a"
        );
        assert_eq!(
            drops(&app, "p3").await,
            [none.clone(), none.clone()],
            "two of group b"
        );

        // Each app has its own number, and what people say has none.
        say(&other, "o", 3).await;
        for _ in 0..4 {
            let (status, _) = app.step("p2", "a", "say", json!({ "text": "hello" })).await;
            assert_eq!(status, 200);
        }
        assert_eq!(drops(&app, "p1").await[5..], vec![none.clone(); 7]);
        say(&other, "o", 1).await;
        assert_eq!(
            drops(&app, "p1").await[12..],
            *std::slice::from_ref(&dropped)
        );

        // A new minute begins anew, and changes nothing of the last.
        to_minute(&server).await;
        say(&app, "b", 4).await;
        let all = drops(&app, "p1").await;
        assert_eq!(all[3..5], [dropped.clone(), dropped.clone()]);
        assert_eq!(
            all[13..],
            [none.clone(), none.clone(), none.clone(), dropped.clone()]
        );
    }
}

#[tokio::test]
async fn what_was_sent_before_joining_is_not_counted() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 3, json!({ "chat_receives_per_member_minute": 2 }))
            .await;
        app.chat("a", &["p1", "p2"]).await;
        to_minute(&server).await;
        say(&app, "a", 2).await;
        app.ok(
            "appchat/update",
            json!({ "chatid": "a", "add_user_list": ["p3"] }),
        )
        .await;
        say(&app, "a", 2).await;
        assert_eq!(
            drops(&app, "p3").await,
            [Value::Null, Value::Null],
            "{book}"
        );
        let late = drops(&app, "p1").await;
        assert!(
            late[..2].iter().all(Value::is_null) && late[2..].iter().all(Value::is_object),
            "{late:?}"
        );
    }
}

#[tokio::test]
async fn a_changed_number_changes_nothing_that_arrived() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 2, json!({ "chat_receives_per_member_minute": 2 }))
            .await;
        app.chat("a", &["p1", "p2"]).await;
        to_minute(&server).await;
        say(&app, "a", 3).await;
        let old = json!({ "limit": "chat_receives_per_member_minute", "value": 2 });
        let mut expected = vec![Value::Null, Value::Null, old];
        for limit in [4, 1] {
            // Rules are in force from a millisecond on.
            server.advance(1).await;
            app.rules(json!({ "limits": { "chat_receives_per_member_minute": limit } }))
                .await;
            say(&app, "a", 3).await;
            let new = json!({ "limit": "chat_receives_per_member_minute", "value": limit });
            if limit == 4 {
                expected.extend([Value::Null, Value::Null, new]);
            } else {
                expected.extend(vec![new; 3]);
            }
            assert_eq!(drops(&app, "p1").await, expected, "{book} {limit}");
        }
    }
}

#[tokio::test]
async fn a_days_surplus_is_dropped_until_midnight_in_utc8() {
    let server = Server::start().await;
    for book in BOTH {
        let limits =
            json!({ "chat_receives_per_member_minute": 3, "chat_receives_per_member_day": 5 });
        let mut app = server.company(book, 2, limits).await;
        app.chat("a", &["p1", "p2"]).await;
        to_minute(&server).await;
        say(&app, "a", 4).await;
        to_minute(&server).await;
        say(&app, "a", 3).await;
        let minute = json!({ "limit": "chat_receives_per_member_minute", "value": 3 });
        let day = json!({ "limit": "chat_receives_per_member_day", "value": 5 });
        let none = Value::Null;
        // Three in the first minute; what the minute dropped does not count for the day.
        let mut expected = vec![
            none.clone(),
            none.clone(),
            none.clone(),
            minute,
            none.clone(),
            none.clone(),
            day.clone(),
        ];
        assert_eq!(drops(&app, "p1").await, expected, "{book}");

        // The last minute of the day, and the first of the next.
        let in_day = (now(&server).await + 8 * 3_600_000) / 1000 % 86_400;
        server.advance(86_400 - 50 - in_day).await;
        app.fetch_token().await;
        say(&app, "a", 1).await;
        expected.push(day);
        server.advance(51).await;
        say(&app, "a", 1).await;
        expected.push(none);
        assert_eq!(drops(&app, "p1").await, expected, "{book}");
    }
}

#[tokio::test]
async fn a_member_receives_200_a_minute() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        app.chat("a", &["p1", "p2"]).await;
        to_minute(&server).await;
        say(&app, "a", 201).await;
        let drops = drops(&app, "p1").await;
        assert!(drops[..200].iter().all(Value::is_null), "{book}");
        assert_eq!(
            drops[200..],
            [json!({ "limit": "chat_receives_per_member_minute", "value": 200 })]
        );
    }
}
