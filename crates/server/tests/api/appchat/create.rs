//! `POST /cgi-bin/appchat/create`

use futures_util::{StreamExt, stream};
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{
    MALFORMED, OUTSIDE_OWNER, TAKEN, arrived, bad_count, bad_name, either, name, now, owner,
    people, refused, stranger, too_long, unknown_chat, userlist,
};
use crate::kit::{App, BOTH, NOON, Server, code};

/// Creates a group of the first two people.
async fn pair(app: &App<'_>, chatid: impl Into<Value>) -> Value {
    let body = json!({ "chatid": chatid.into(), "userlist": ["p1", "p2"] });
    app.post("appchat/create", body).await
}

#[tokio::test]
async fn a_chatid_has_1_to_32_characters_of_the_rulebooks_alphabet() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        for chatid in ["a", "09azAZ", &"Z".repeat(32)] {
            let made = pair(&app, chatid).await;
            assert_eq!((code(&made), &made["chatid"]), (0, &json!(chatid)));
            assert_eq!(userlist(&app, chatid).await, json!(["p1", "p2"]));
        }
        // A number is read as its digits.
        assert_eq!(pair(&app, 20_231_101).await["chatid"], "20231101");

        let underscore = pair(&app, "project_team_001").await;
        match book {
            Rulebook::Documented => assert_eq!(underscore["chatid"], "project_team_001"),
            Rulebook::Live2026 => refused(&underscore, MALFORMED, book),
        }
        for chatid in ["a-b", "a b", " a", "a.b", "a\n", "é", "群聊", "a/b", "０"] {
            refused(&pair(&app, chatid).await, MALFORMED, (book, chatid));
        }
        // Length is in characters, whatever they are.
        refused(&pair(&app, "群".repeat(32)).await, MALFORMED, book);
        refused(&pair(&app, "群".repeat(33)).await, too_long(book), book);
        refused(&pair(&app, "a".repeat(33)).await, too_long(book), book);
    }
}

#[tokio::test]
async fn without_a_chatid_one_is_made() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let mut made = Vec::new();
        for body in [
            json!({ "userlist": ["p1", "p2"] }),
            json!({ "chatid": "", "userlist": ["p1", "p2"] }),
            json!({ "chatid": null, "userlist": ["p1", "p2"] }),
        ] {
            let answer = app.ok("appchat/create", body).await;
            let chatid = answer["chatid"].as_str().unwrap().to_owned();
            assert!((1..=32).contains(&chatid.len()), "{chatid}");
            assert!(
                chatid.bytes().all(|b| b.is_ascii_alphanumeric()),
                "{chatid}"
            );
            assert_eq!(userlist(&app, &chatid).await, json!(["p1", "p2"]));
            assert!(!made.contains(&chatid));
            made.push(chatid);
        }
    }
}

#[tokio::test]
async fn a_chatid_is_taken_as_long_as_its_group_lives() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 4, json!({})).await;
        let other_app = app.sibling(json!({ "name": "other" })).await;
        let other_company = server.company(book, 2, json!({})).await;
        app.chat("team", &["p1", "p2"]).await;
        refused(&pair(&app, "team").await, TAKEN, book);
        refused(&pair(&other_app, "team").await, TAKEN, book);
        assert_eq!(code(&pair(&other_company, "team").await), 0);

        assert_eq!(code(&app.say("team", "old").await), 0);
        match book {
            Rulebook::Documented => {
                app.ok("appchat/quit", json!({ "chatid": "team" })).await;
            }
            // There a group ends when nobody is left in it.
            Rulebook::Live2026 => {
                for person in ["p1", "p2"] {
                    assert_eq!(app.step(person, "team", "leave", json!({})).await.0, 200);
                }
            }
        }
        let answer = app.get("appchat/get", "&chatid=team").await;
        refused(&answer, unknown_chat(book), book);

        // The new group has nothing of the old one, not even its app.
        let body = json!({ "chatid": "team", "name": "new", "userlist": ["p3", "p4"] });
        other_app.ok("appchat/create", body).await;
        assert_eq!(userlist(&other_app, "team").await, json!(["p3", "p4"]));
        assert_eq!(code(&app.get("appchat/get", "&chatid=team").await), 86008);
        assert_eq!(code(&other_app.say("team", "new").await), 0);
        let contents = |messages: Vec<Value>| -> Vec<Value> {
            messages
                .iter()
                .map(|m| m["content"]["content"].clone())
                .collect()
        };
        assert_eq!(contents(arrived(&app, "p1").await), ["old"]);
        assert_eq!(contents(arrived(&app, "p3").await), ["new"]);
    }
}

#[tokio::test]
async fn names_are_cut_at_50_characters() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        for (n, (given, kept)) in [
            ("项目开发小组".to_owned(), "项目开发小组".to_owned()),
            ("a".repeat(50), "a".repeat(50)),
            ("a".repeat(51), "a".repeat(50)),
            ("群".repeat(50), "群".repeat(50)),
            ("群".repeat(51), "群".repeat(50)),
            (
                format!("{}🎉!", "a".repeat(49)),
                format!("{}🎉", "a".repeat(49)),
            ),
            (String::new(), String::new()),
        ]
        .into_iter()
        .enumerate()
        {
            let chatid = format!("c{n}");
            let body = json!({ "chatid": chatid, "name": given, "userlist": ["p1", "p2"] });
            app.ok("appchat/create", body).await;
            assert_eq!(name(&app, &chatid).await, json!(kept), "{book} {given}");
        }
        for (chatid, body) in [
            (
                "null",
                json!({ "chatid": "null", "name": null, "userlist": ["p1", "p2"] }),
            ),
            (
                "none",
                json!({ "chatid": "none", "userlist": ["p1", "p2"] }),
            ),
        ] {
            app.ok("appchat/create", body).await;
            assert_eq!(name(&app, chatid).await, "", "{book} {chatid}");
        }
    }
}

#[tokio::test]
async fn a_name_that_is_none_is_refused() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        for name in [
            json!(5),
            json!(true),
            json!(["a"]),
            json!({}),
            json!({ "a": 1 }),
            json!(" "),
            json!("\u{3000}\u{a0}"),
            json!("\t"),
            json!("a\nb"),
            json!("a\u{7f}"),
            json!("\u{85}b"),
            json!(format!("{}\n", "a".repeat(50))),
        ] {
            // An empty owner sends the body the tolerant way.
            for owner in ["p1", ""] {
                let body = json!({ "chatid": "c", "name": name, "owner": owner, "userlist": ["p1", "p2"] });
                refused(
                    &app.post("appchat/create", body).await,
                    bad_name(book),
                    (book, &name),
                );
            }
        }
        assert_eq!(
            code(&pair(&app, "c").await),
            0,
            "nothing was made of the refused"
        );
    }
}

#[tokio::test]
async fn members_number_2_to_the_published_most() {
    let server = Server::start().await;
    for book in BOTH {
        let most = either(book, 500, 2000);
        let app = server.company(book, most + 1, json!({})).await;
        for userlist in [
            json!(["p1"]),
            json!(["p1", "p1"]),
            json!(["p1", "P1", "p1"]),
            json!([]),
            json!(null),
            json!(""),
            json!(people(most + 1)),
        ] {
            let answer = app
                .post(
                    "appchat/create",
                    json!({ "chatid": "c", "userlist": userlist }),
                )
                .await;
            refused(&answer, bad_count(book), book);
        }
        refused(
            &app.post("appchat/create", json!({})).await,
            bad_count(book),
            book,
        );

        assert_eq!(code(&pair(&app, "two").await), 0);
        let mut all = people(most);
        app.ok(
            "appchat/create",
            json!({ "chatid": "most", "userlist": all }),
        )
        .await;
        assert_eq!(userlist(&app, "most").await, json!(all));
        // Whom a list names again counts once, in whatever case.
        all.extend(["P1".to_owned(), "p2".to_owned()]);
        app.ok(
            "appchat/create",
            json!({ "chatid": "again", "userlist": all }),
        )
        .await;
        assert_eq!(userlist(&app, "again").await, json!(people(most)));
        app.ok(
            "appchat/create",
            json!({ "chatid": "case", "userlist": ["P2", "p2", "P1"] }),
        )
        .await;
        assert_eq!(
            userlist(&app, "case").await,
            json!(["p2", "p1"]),
            "shown as the directory has them"
        );
    }
}

#[tokio::test]
async fn a_list_that_is_lost_counts_as_empty_with_a_warning() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let (number, words) = bad_count(book);
        let warned = format!("Warning: wrong json format. {words}");
        for body in [
            "chatid=c&userlist=p1",
            "{'userlist': ['p1', 'p2']}",
            r#"{"userlist": ["p1", "p2"]"#,
            r#"{"userlist": "p1|p2"}"#,
            r#"{"userlist": ["p1", {}]}"#,
        ] {
            let answer = app.post_text("appchat/create", body).await;
            refused(&answer, (number, &warned), (book, body));
        }
    }
}

#[tokio::test]
async fn a_company_may_lower_the_most_members() {
    let server = Server::start().await;
    for book in BOTH {
        let users: Vec<Value> = people(4).iter().map(|id| json!({ "userid": id })).collect();
        let company = json!({ "name": "t", "rulebook": book, "chat_member_cap": 3, "users": users, "apps": [{ "name": "a" }] });
        let app = server.world(company).await;
        app.ok(
            "appchat/create",
            json!({ "chatid": "three", "userlist": people(3) }),
        )
        .await;
        let four = json!({ "chatid": "four", "userlist": people(4) });
        refused(
            &app.post("appchat/create", four.clone()).await,
            bad_count(book),
            book,
        );
        let add = json!({ "chatid": "three", "add_user_list": ["p4"] });
        refused(
            &app.post("appchat/update", add).await,
            bad_count(book),
            book,
        );

        // The cap is the company's to take away again.
        let path = format!("/_qun/companies/{}", app.corpid);
        server
            .manage_ok("PATCH", &path, Some(json!({ "chat_member_cap": 0 })))
            .await;
        app.ok("appchat/create", four).await;
    }
}

#[tokio::test]
async fn only_people_of_the_directory_come_in() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .world(json!({
                "name": "t", "rulebook": book, "apps": [{ "name": "a" }],
                "users": [
                    { "userid": "p1" }, { "userid": "off", "status": "disabled" },
                    { "userid": "new", "status": "not_activated" }, { "userid": "gone", "status": "left" },
                ],
            }))
            .await;
        for list in [
            json!(["p1", "nobody"]),
            json!(["p1", "gone"]),
            json!(["p1", "off", "wmAbc"]),
            json!(["p1", "p1 "]),
        ] {
            let answer = app
                .post("appchat/create", json!({ "chatid": "c", "userlist": list }))
                .await;
            refused(&answer, stranger(book), (book, &list));
        }
        for named in ["nobody", "gone"] {
            let body = json!({ "chatid": "c", "userlist": ["p1", "off"], "owner": named });
            let expected = either(book, stranger(book), OUTSIDE_OWNER);
            refused(
                &app.post("appchat/create", body).await,
                expected,
                (book, named),
            );
        }
        app.ok(
            "appchat/create",
            json!({ "chatid": "c", "userlist": ["P1", "Off", "NEW"] }),
        )
        .await;
        assert_eq!(userlist(&app, "c").await, json!(["p1", "off", "new"]));
    }
}

#[tokio::test]
async fn the_owner_is_a_member() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 5, json!({ "chat_members_max": 4 }))
            .await;
        for (n, (named, expected)) in [
            (json!(null), "p2"),
            (json!(""), "p2"),
            (json!("p3"), "p3"),
            (json!("P3"), "p3"),
        ]
        .into_iter()
        .enumerate()
        {
            let chatid = format!("c{n}");
            app.ok(
                "appchat/create",
                json!({ "chatid": chatid, "owner": named, "userlist": ["p2", "p3"] }),
            )
            .await;
            assert_eq!(owner(&app, &chatid).await, expected, "{book} {named}");
            assert_eq!(
                userlist(&app, &chatid).await,
                json!(["p2", "p3"]),
                "{book} {named}"
            );
        }
        let outside = |list: Value| json!({ "chatid": "outside", "owner": "p1", "userlist": list });
        // He counts, and does not make up for a list that is too short.
        for list in [json!(["p2", "p3", "p4", "p5"]), json!(["p2"])] {
            let few = list.as_array().unwrap().len() == 1;
            let expected = either(
                book,
                bad_count(book),
                if few { bad_count(book) } else { OUTSIDE_OWNER },
            );
            refused(
                &app.post("appchat/create", outside(list)).await,
                expected,
                book,
            );
        }
        let answer = app
            .post("appchat/create", outside(json!(["p2", "p3", "p4"])))
            .await;
        match book {
            Rulebook::Documented => {
                assert_eq!(code(&answer), 0);
                assert_eq!(owner(&app, "outside").await, "p1");
                assert_eq!(
                    userlist(&app, "outside").await,
                    json!(["p2", "p3", "p4", "p1"])
                );
            }
            Rulebook::Live2026 => refused(&answer, OUTSIDE_OWNER, book),
        }
    }
}

#[tokio::test]
async fn a_company_makes_1000_groups_a_day() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        let codes = stream::iter(0..1020).map(|n| {
            let app = &app;
            async move { code(&pair(app, format!("c{n}")).await) }
        });
        let codes: Vec<i64> = codes.buffer_unordered(20).collect().await;
        let limit = either(book, 86005, 45009);
        assert_eq!(
            codes.iter().filter(|code| **code == 0).count(),
            1000,
            "{book}"
        );
        assert_eq!(
            codes.iter().filter(|code| **code == limit).count(),
            20,
            "{book}"
        );
    }
}

#[tokio::test]
async fn a_days_excess_blocks_until_midnight_in_utc8() {
    let server = Server::start().await;
    let mut apps = Vec::new();
    for book in BOTH {
        let app = server
            .company(book, 2, json!({ "chats_per_corp_day": 3 }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        // Refused calls are not counted.
        for _ in 0..4 {
            assert_ne!(code(&pair(&app, "a-b").await), 0);
        }
        for (n, app) in [&app, &other, &app].into_iter().enumerate() {
            assert_eq!(code(&pair(app, format!("c{n}")).await), 0);
        }
        // What is wrong with the call itself is said first.
        refused(&pair(&app, "c0").await, TAKEN, book);
        let expected = (
            either(book, 86005, 45009),
            either(book, "chat count out of limit", "api freq out of limit"),
        );
        refused(&pair(&app, "c3").await, expected, book);
        refused(&pair(&other, "c3").await, expected, book);
        // The block stands though the number is raised, and is the company's alone.
        app.rules(json!({ "limits": { "chats_per_corp_day": 4 } }))
            .await;
        refused(&pair(&app, "c3").await, expected, book);
        let neighbour = server.company(book, 2, json!({})).await;
        assert_eq!(code(&pair(&neighbour, "c3").await), 0);
        apps.push((app, expected));
    }
    let to_midnight = (NOON + 12 * 3_600_000 - now(&server).await) / 1000;
    server.advance(to_midnight - 60).await;
    for (app, expected) in &mut apps {
        app.fetch_token().await;
        refused(
            &pair(app, "c3").await,
            *expected,
            "a minute before midnight",
        );
    }
    server.advance(61).await;
    for (app, expected) in &apps {
        for n in 3..7 {
            assert_eq!(code(&pair(app, format!("c{n}")).await), 0, "a new day");
        }
        refused(&pair(app, "c7").await, *expected, "and its own number");
    }
}

#[tokio::test]
async fn an_app_may_be_allowed_a_number_of_living_groups() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 2, json!({ "chats_alive_per_app": 2 }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        app.chat("a", &["p1", "p2"]).await;
        app.chat("b", &["p1", "p2"]).await;
        let expected = (
            either(book, 86005, 45009),
            either(book, "chat count out of limit", "api freq out of limit"),
        );
        refused(&pair(&app, "c").await, expected, book);
        refused(&pair(&app, "b").await, TAKEN, book);
        assert_eq!(
            code(&pair(&other, "c").await),
            0,
            "each app has its own number"
        );
        // One that ends makes room at once: this number blocks nothing.
        assert_eq!(code(&app.say("a", "x").await), 0);
        for person in ["p1", "p2"] {
            assert_eq!(app.step(person, "a", "leave", json!({})).await.0, 200);
        }
        assert_eq!(code(&pair(&app, "d").await), 0);
        refused(&pair(&app, "e").await, expected, book);
    }
}

#[tokio::test]
async fn of_fifty_at_once_one_gets_the_chatid() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 3, json!({})).await;
        let calls = (0..50).map(|n| {
            let (app, people) = (&app, [json!(["p1", "p2"]), json!(["p1", "p3"])]);
            async move {
                let body = json!({ "chatid": "race", "userlist": people[n % 2] });
                (n, code(&app.post("appchat/create", body).await))
            }
        });
        let codes = futures_util::future::join_all(calls).await;
        let won: Vec<usize> = codes
            .iter()
            .filter(|(_, code)| *code == 0)
            .map(|(n, _)| *n)
            .collect();
        assert_eq!(won.len(), 1, "{codes:?}");
        assert!(
            codes.iter().all(|(_, code)| [0, TAKEN.0].contains(code)),
            "{codes:?}"
        );
        let winners = [json!(["p1", "p2"]), json!(["p1", "p3"])];
        assert_eq!(userlist(&app, "race").await, winners[won[0] % 2]);
    }
}
