//! `POST /cgi-bin/appchat/update`

use futures_util::{StreamExt, stream};
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{
    FREQUENCY, NOT_MEMBER, OUTSIDE_OWNER, bad_count, bad_name, either, name, owner, people,
    refused, stranger_in_update, userlist,
};
use crate::kit::{App, BOTH, Server, code};

/// Changes group `c`.
async fn change(app: &App<'_>, mut body: Value) -> Value {
    body["chatid"] = "c".into();
    app.post("appchat/update", body).await
}

#[tokio::test]
async fn removals_come_before_additions() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 6, json!({})).await;
        app.chat("c", &["p1", "p2", "p3"]).await;
        for (body, expected) in [
            (
                json!({ "add_user_list": ["p5", "p4"] }),
                json!(["p1", "p2", "p3", "p5", "p4"]),
            ),
            (
                json!({ "del_user_list": ["p2"] }),
                json!(["p1", "p3", "p5", "p4"]),
            ),
            // Of no effect: present ones, again and in another case.
            (
                json!({ "add_user_list": ["p4", "P4", "p1"] }),
                json!(["p1", "p3", "p5", "p4"]),
            ),
            // In both lists: stays, at the old place.
            (
                json!({ "add_user_list": ["P3"], "del_user_list": ["p3"] }),
                json!(["p1", "p3", "p5", "p4"]),
            ),
            (
                json!({ "add_user_list": ["p2", "p6", "P2"], "del_user_list": ["p5", "P5"] }),
                json!(["p1", "p3", "p4", "p2", "p6"]),
            ),
            (json!({}), json!(["p1", "p3", "p4", "p2", "p6"])),
            (
                json!({ "add_user_list": null, "del_user_list": "" }),
                json!(["p1", "p3", "p4", "p2", "p6"]),
            ),
        ] {
            let answer = change(&app, body.clone()).await;
            assert_eq!(
                answer,
                json!({ "errcode": 0, "errmsg": "ok" }),
                "{book} {body}"
            );
            assert_eq!(userlist(&app, "c").await, expected, "{book} {body}");
        }
        assert_eq!(owner(&app, "c").await, "p1");
    }
}

#[tokio::test]
async fn who_is_no_member_cannot_go_in_live_2026() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 4, json!({})).await;
        app.chat("c", &["p1", "p2", "p3"]).await;
        for body in [
            json!({ "del_user_list": ["p4"] }),
            json!({ "name": "new", "del_user_list": ["p3", "p4"] }),
            json!({ "add_user_list": ["p4"], "del_user_list": ["p4"] }),
        ] {
            let answer = change(&app, body.clone()).await;
            match book {
                Rulebook::Documented => assert_eq!(code(&answer), 0, "{body}"),
                Rulebook::Live2026 => refused(&answer, NOT_MEMBER, body),
            }
        }
        let expected = either(book, json!(["p1", "p2", "p4"]), json!(["p1", "p2", "p3"]));
        assert_eq!(userlist(&app, "c").await, expected, "{book}");
        assert_eq!(name(&app, "c").await, either(book, "new", ""));
    }
}

#[tokio::test]
async fn a_userid_that_is_none_refuses_the_whole_change() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 4, json!({})).await;
        app.chat("c", &["p1", "p2", "p3"]).await;
        for body in [
            json!({ "name": "new", "add_user_list": ["p4", "nobody"] }),
            json!({ "name": "new", "del_user_list": ["nobody"], "add_user_list": ["p4"] }),
        ] {
            refused(
                &change(&app, body.clone()).await,
                stranger_in_update(book),
                (book, body),
            );
        }
        let answer = change(&app, json!({ "name": "new", "owner": "nobody" })).await;
        refused(
            &answer,
            either(book, (40003, "invalid userid"), OUTSIDE_OWNER),
            book,
        );
        assert_eq!(userlist(&app, "c").await, json!(["p1", "p2", "p3"]));
        assert_eq!(name(&app, "c").await, "");
    }
}

#[tokio::test]
async fn who_has_left_the_company_can_go_but_not_come() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 4, json!({})).await;
        app.chat("c", &["p1", "p2", "p3"]).await;
        for userid in ["p3", "p4"] {
            let path = format!("/_qun/companies/{}/users/{userid}", app.corpid);
            server
                .manage_ok(
                    "PUT",
                    &path,
                    Some(json!({ "userid": userid, "status": "left" })),
                )
                .await;
        }
        assert_eq!(userlist(&app, "c").await, json!(["p1", "p2", "p3"]));
        let answer = change(&app, json!({ "add_user_list": ["p4"] })).await;
        refused(&answer, stranger_in_update(book), book);
        assert_eq!(
            code(&change(&app, json!({ "del_user_list": ["p3"] })).await),
            0,
            "{book}"
        );
        assert_eq!(userlist(&app, "c").await, json!(["p1", "p2"]));
    }
}

#[tokio::test]
async fn a_new_owner_is_a_member_or_becomes_one() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 6, json!({})).await;
        app.chat("c", &["p1", "p2", "p3"]).await;
        for (body, expected) in [
            (json!({ "owner": "P2" }), "p2"),
            (json!({ "owner": "" }), "p2"),
            (json!({ "owner": null }), "p2"),
            (json!({ "owner": "p4", "add_user_list": ["p4"] }), "p4"),
            (
                json!({ "owner": "p3", "del_user_list": ["p3"], "add_user_list": ["p3"] }),
                "p3",
            ),
        ] {
            assert_eq!(code(&change(&app, body.clone()).await), 0, "{book} {body}");
            assert_eq!(owner(&app, "c").await, expected, "{book} {body}");
        }
        assert_eq!(userlist(&app, "c").await, json!(["p1", "p2", "p3", "p4"]));
        for (body, expected, members) in [
            (
                json!({ "owner": "p5", "name": "new" }),
                "p5",
                json!(["p1", "p2", "p3", "p4", "p5"]),
            ),
            // Out and in again by becoming owner.
            (
                json!({ "owner": "p1", "del_user_list": ["p1"] }),
                "p1",
                json!(["p1", "p2", "p3", "p4", "p5"]),
            ),
            (
                json!({ "owner": "p6", "del_user_list": ["p1", "p2"], "add_user_list": ["p1"] }),
                "p6",
                json!(["p1", "p3", "p4", "p5", "p6"]),
            ),
        ] {
            let answer = change(&app, body.clone()).await;
            match book {
                Rulebook::Documented => {
                    assert_eq!(code(&answer), 0, "{body}");
                    assert_eq!(owner(&app, "c").await, expected, "{body}");
                    assert_eq!(userlist(&app, "c").await, members, "{body}");
                }
                Rulebook::Live2026 => refused(&answer, OUTSIDE_OWNER, body),
            }
        }
        if book == Rulebook::Live2026 {
            assert_eq!(owner(&app, "c").await, "p3");
            assert_eq!(userlist(&app, "c").await, json!(["p1", "p2", "p3", "p4"]));
            assert_eq!(name(&app, "c").await, "");
        }
    }
}

#[tokio::test]
async fn the_longest_standing_member_inherits() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 6, json!({})).await;
        app.ok(
            "appchat/create",
            json!({ "chatid": "c", "owner": "p3", "userlist": ["p2", "p1", "p3"] }),
        )
        .await;
        for (body, expected) in [
            (
                json!({ "del_user_list": ["p3"], "add_user_list": ["p4"] }),
                "p2",
            ),
            // p2 comes again, as the youngest, after an owner went whose heir was p1.
            (json!({ "del_user_list": ["p2"] }), "p1"),
            (json!({ "add_user_list": ["p2"] }), "p1"),
            (json!({ "del_user_list": ["p1"] }), "p4"),
            // Of those who come with the change the first inherits if nobody else is left.
            (
                json!({ "del_user_list": ["p4", "p2"], "add_user_list": ["p6", "p5"] }),
                "p6",
            ),
            // In both lists: was never away.
            (
                json!({ "del_user_list": ["p6"], "add_user_list": ["p6"] }),
                "p6",
            ),
        ] {
            assert_eq!(code(&change(&app, body.clone()).await), 0, "{book} {body}");
            assert_eq!(owner(&app, "c").await, expected, "{book} {body}");
        }
        assert_eq!(userlist(&app, "c").await, json!(["p6", "p5"]));
    }
}

#[tokio::test]
async fn the_number_of_members_afterwards_counts() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 7, json!({ "chat_members_max": 5 }))
            .await;
        app.chat("c", &["p1", "p2", "p3"]).await;
        for (body, good) in [
            (
                json!({ "name": "new", "del_user_list": ["p1", "p2"] }),
                false,
            ),
            (
                json!({ "name": "new", "del_user_list": ["p1", "p2", "p3"] }),
                false,
            ),
            (json!({ "del_user_list": ["p3"] }), true),
            (
                json!({ "name": "new", "add_user_list": ["p3", "p4", "p5", "p6"] }),
                false,
            ),
            (
                json!({ "add_user_list": ["p3", "p4", "p5", "P5", "p1"] }),
                true,
            ),
            (json!({ "name": "new", "add_user_list": ["p6"] }), false),
            // Full, but one goes for each who comes.
            (
                json!({ "add_user_list": ["p6"], "del_user_list": ["p5"] }),
                true,
            ),
            (json!({ "add_user_list": ["p6"] }), true),
        ] {
            let before = userlist(&app, "c").await;
            let answer = change(&app, body.clone()).await;
            if good {
                assert_eq!(code(&answer), 0, "{book} {body}");
            } else {
                refused(&answer, bad_count(book), (book, &body));
                assert_eq!(userlist(&app, "c").await, before, "{book} {body}");
            }
        }
        assert_eq!(
            userlist(&app, "c").await,
            json!(["p1", "p2", "p3", "p4", "p6"])
        );
        assert_eq!(
            name(&app, "c").await,
            "",
            "a refused change changes nothing"
        );
        if book == Rulebook::Documented {
            let answer = change(&app, json!({ "owner": "p7" })).await;
            refused(&answer, bad_count(book), "an owner who joins counts");
        }
    }
}

#[tokio::test]
async fn a_group_grows_to_the_published_most() {
    let server = Server::start().await;
    for book in BOTH {
        let most = either(book, 500, 2000);
        let app = server.company(book, most + 1, json!({})).await;
        app.chat("c", &["p1", "p2"]).await;
        let answer = change(&app, json!({ "add_user_list": people(most + 1) })).await;
        refused(&answer, bad_count(book), book);
        assert_eq!(
            code(&change(&app, json!({ "add_user_list": people(most) })).await),
            0
        );
        assert_eq!(userlist(&app, "c").await.as_array().unwrap().len(), most);
        let answer = change(&app, json!({ "add_user_list": [format!("p{}", most + 1)] })).await;
        refused(&answer, bad_count(book), book);
    }
}

#[tokio::test]
async fn a_name_is_cut_or_refused_or_kept() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 2, json!({})).await;
        app.chat("c", &["p1", "p2"]).await;
        for (given, kept) in [
            (json!("群".repeat(50)), "群".repeat(50)),
            (json!(format!("{}b", "a".repeat(50))), "a".repeat(50)),
            (json!(""), "a".repeat(50)),
            (json!(null), "a".repeat(50)),
            (json!("Alpha项目开发小组"), "Alpha项目开发小组".to_owned()),
        ] {
            assert_eq!(code(&change(&app, json!({ "name": given })).await), 0);
            assert_eq!(name(&app, "c").await, json!(kept), "{book} {given}");
        }
        for bad in [json!(1), json!([]), json!(" \u{3000}"), json!("a\tb")] {
            refused(
                &change(&app, json!({ "name": bad, "owner": "p2" })).await,
                bad_name(book),
                (book, bad),
            );
        }
        assert_eq!(name(&app, "c").await, "Alpha项目开发小组");
        assert_eq!(owner(&app, "c").await, "p1");
    }
}

#[tokio::test]
async fn a_company_changes_groups_the_published_number_of_times_an_hour() {
    let server = Server::start().await;
    for book in BOTH {
        let most = either(book, 100, 1000);
        let app = server.company(book, 2, json!({})).await;
        app.chat("c", &["p1", "p2"]).await;
        let codes = stream::iter(0..most + 20).map(|n| {
            let app = &app;
            async move { code(&change(app, json!({ "name": format!("n{n}") })).await) }
        });
        let codes: Vec<i64> = codes.buffer_unordered(20).collect().await;
        assert_eq!(
            codes.iter().filter(|code| **code == 0).count(),
            most,
            "{book}"
        );
        assert_eq!(
            codes.iter().filter(|code| **code == 45009).count(),
            20,
            "{book}"
        );
    }
}

#[tokio::test]
async fn an_hours_excess_blocks_for_60_minutes_from_then() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 3, json!({ "chat_updates_per_corp_hour": 2 }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        app.chat("c", &["p1", "p2"]).await;
        app.chat("d", &["p1", "p2"]).await;
        other.chat("o", &["p1", "p2"]).await;
        let rename = async |app: &App, chatid: &str| {
            app.post("appchat/update", json!({ "chatid": chatid, "name": "n" }))
                .await
        };
        // To the middle of an hour.
        let minute = super::now(&server).await / 60_000 % 60;
        server.advance((90 - minute) % 60 * 60).await;

        // What is refused is not counted.
        for _ in 0..3 {
            assert_ne!(code(&rename(&app, "none").await), 0);
            assert_ne!(
                code(&change(&app, json!({ "del_user_list": ["p1"] })).await),
                0
            );
        }
        assert_eq!(code(&rename(&app, "c").await), 0);
        // Dissolving counts as one, and so does another app's change.
        match book {
            Rulebook::Documented => {
                app.ok("appchat/quit", json!({ "chatid": "d" })).await;
            }
            Rulebook::Live2026 => assert_eq!(code(&rename(&other, "o").await), 0),
        }
        refused(&rename(&app, "c").await, FREQUENCY, book);
        refused(&rename(&other, "o").await, FREQUENCY, book);
        if book == Rulebook::Documented {
            refused(
                &app.post("appchat/quit", json!({ "chatid": "c" })).await,
                FREQUENCY,
                book,
            );
        }
        assert_eq!(
            code(&app.say("c", "said").await),
            0,
            "only changes are blocked"
        );
        assert_eq!(code(&app.get("appchat/get", "&chatid=c").await), 0);

        // Into the next hour, which is still blocked; refused calls do not lengthen the block.
        for _ in 0..2 {
            server.advance(29 * 60).await;
            refused(&rename(&app, "c").await, FREQUENCY, book);
        }
        server.advance(2 * 60 + 1).await;
        assert_eq!(code(&rename(&app, "c").await), 0, "{book}");
        assert_eq!(code(&rename(&app, "c").await), 0, "{book}");
        refused(&rename(&app, "c").await, FREQUENCY, book);
    }
}
