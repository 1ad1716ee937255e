//! Person-times: members times messages, by company.

use futures_util::{StreamExt, future::join_all, stream};
use qun_store::Place;
use serde_json::json;

use crate::{
    appchat::{FREQUENCY, arrived, either, now, people, refused},
    kit::{App, BOTH, NOON, Server, code},
};

async fn say(app: &App<'_>, chatid: &str) -> i64 {
    code(&app.say(chatid, "x").await)
}

/// Moves the clock to `second` of a minute that comes.
async fn to_second(server: &Server, second: i64) {
    let there = now(server).await / 1000 % 60;
    server.advance(60 - there + second).await;
}

#[tokio::test]
async fn a_message_costs_its_members() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 4, json!({ "chat_sends_per_corp_minute": 9 }))
            .await;
        let other = app.sibling(json!({ "name": "other" })).await;
        app.chat("three", &["p1", "p2", "p3"]).await;
        other.chat("two", &["p1", "p2"]).await;
        to_second(&server, 5).await;
        // Refused ones cost nothing.
        for _ in 0..4 {
            assert_ne!(code(&app.say("three", "").await), 0);
            assert_ne!(code(&app.say("none", "x").await), 0);
        }
        for chatid in ["three", "three"] {
            assert_eq!(say(&app, chatid).await, 0);
        }
        // All apps of a company together; one more comes in and costs.
        assert_eq!(say(&other, "two").await, 0);
        refused(&app.say("three", "x").await, FREQUENCY, "6 + 2 + 3 > 9");
        assert_eq!(arrived(&app, "p1").await.len(), 3);

        // A full minute is used to the last.
        to_second(&server, 5).await;
        server.advance(60).await;
        for _ in 0..2 {
            assert_eq!(say(&app, "three").await, 0);
        }
        app.ok(
            "appchat/update",
            json!({ "chatid": "three", "del_user_list": ["p3"] }),
        )
        .await;
        assert_eq!(say(&app, "three").await, 0, "two are left in it");
        app.ok(
            "appchat/update",
            json!({ "chatid": "three", "add_user_list": ["p3", "p4"] }),
        )
        .await;
        refused(&app.say("three", "x").await, FREQUENCY, "8 + 4 > 9");
    }
}

#[tokio::test]
async fn the_last_unit_is_granted_and_the_first_excess_blocks_60_seconds() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 3, json!({ "chat_sends_per_corp_minute": 8 }))
            .await;
        let neighbour = server.company(book, 3, json!({})).await;
        for app in [&app, &neighbour] {
            app.chat("three", &["p1", "p2", "p3"]).await;
            app.chat("two", &["p1", "p2"]).await;
        }
        to_second(&server, 2).await;
        for chatid in ["three", "three", "two"] {
            assert_eq!(say(&app, chatid).await, 0, "{book} 3 + 3 + 2 = 8");
        }
        to_second(&server, 30).await;
        for chatid in ["three", "three"] {
            assert_eq!(say(&app, chatid).await, 0, "a new minute");
        }
        refused(&app.say("three", "x").await, FREQUENCY, "6 + 3 > 8");
        refused(
            &app.say("two", "x").await,
            FREQUENCY,
            "it would fit, but the block has begun",
        );
        assert_eq!(say(&neighbour, "three").await, 0, "another company");

        // Into the next minute: the block lasts 60 seconds, and refused calls do not lengthen it.
        for seconds in [20, 25] {
            server.advance(seconds).await;
            refused(&app.say("two", "x").await, FREQUENCY, (book, seconds));
        }
        server.advance(16).await;
        for chatid in ["three", "three", "two"] {
            assert_eq!(
                say(&app, chatid).await,
                0,
                "{book}: nothing of the block is counted"
            );
        }
        assert_eq!(arrived(&app, "p1").await.len(), 8);
    }
}

#[tokio::test]
async fn an_hours_excess_blocks_60_minutes() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 2, json!({ "chat_sends_per_corp_hour": 4 }))
            .await;
        app.chat("c", &["p1", "p2"]).await;
        let minute = now(&server).await / 60_000 % 60;
        server.advance((90 - minute) % 60 * 60).await;
        for _ in 0..2 {
            assert_eq!(say(&app, "c").await, 0);
        }
        refused(&app.say("c", "x").await, FREQUENCY, book);
        for _ in 0..2 {
            server.advance(29 * 60).await;
            refused(&app.say("c", "x").await, FREQUENCY, book);
        }
        server.advance(2 * 60 + 1).await;
        for _ in 0..2 {
            assert_eq!(say(&app, "c").await, 0);
        }
        refused(&app.say("c", "x").await, FREQUENCY, book);
    }
}

#[tokio::test]
async fn the_published_numbers_are_granted_exactly() {
    let server = Server::start().await;
    for book in BOTH {
        let members: usize = either(book, 500, 2000);
        let (a_minute, minutes) = (20_000 / members, either(book, 10, 15));
        let mut app = server.company(book, members, json!({})).await;
        app.ok(
            "appchat/create",
            json!({ "chatid": "most", "userlist": people(members) }),
        )
        .await;
        app.chat("two", &["p1", "p2"]).await;
        let minute = now(&server).await / 60_000 % 60;
        server.advance((60 - minute) * 60).await;
        for minute in 1..=minutes {
            to_second(&server, 1).await;
            let codes = stream::iter(0..a_minute).map(|_| say(&app, "most"));
            let codes: Vec<i64> = codes.buffer_unordered(10).collect().await;
            assert!(
                codes.iter().all(|code| *code == 0),
                "{book} minute {minute}: {codes:?}"
            );
        }
        let hour = if book == qun_protocol::Rulebook::Documented {
            200_000
        } else {
            300_000
        };
        assert_eq!(a_minute * members * minutes, hour);
        to_second(&server, 1).await;
        refused(&app.say("two", "x").await, FREQUENCY, "the hour is used up");

        // A minute's number alone, in the hour after the block.
        server.advance(3600).await;
        to_second(&server, 1).await;
        app.fetch_token().await;
        for _ in 0..a_minute {
            assert_eq!(say(&app, "most").await, 0, "{book}");
        }
        refused(
            &app.say("two", "x").await,
            FREQUENCY,
            "the minute is used up",
        );
    }
}

#[tokio::test]
async fn at_once_they_never_take_more_than_there_is() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server
            .company(book, 4, json!({ "chat_sends_per_corp_minute": 32 }))
            .await;
        app.chat("three", &["p1", "p2", "p3"]).await;
        app.chat("two", &["p1", "p4"]).await;
        to_second(&server, 1).await;
        let codes = join_all((0..50).map(|_| say(&app, "three"))).await;
        assert_eq!(
            codes.iter().filter(|code| **code == 0).count(),
            10,
            "10 times 3 of 32"
        );
        assert!(
            codes.iter().all(|code| [0, 45009].contains(code)),
            "{codes:?}"
        );
        assert_eq!(arrived(&app, "p1").await.len(), 10);

        to_second(&server, 1).await;
        server.advance(60).await;
        let codes = join_all((0..50).map(|_| say(&app, "two"))).await;
        assert_eq!(
            codes.iter().filter(|code| **code == 0).count(),
            16,
            "to the last of 32"
        );
        assert_eq!(arrived(&app, "p1").await.len(), 26);
    }
}

#[tokio::test]
async fn without_limits_everything_is_counted_and_nothing_refused() {
    let directory = tempfile::tempdir().unwrap();
    let there = |config: &mut qun_server::Config| {
        config.place = Place::Directory(directory.path().to_owned())
    };
    let server = Server::with(|config| {
        there(config);
        config.limits_off = true;
    })
    .await;
    let limits = json!({
        "chat_sends_per_corp_minute": 4, "chat_sends_per_corp_hour": 10, "chats_per_corp_day": 1, "chats_alive_per_app": 1,
        "chat_updates_per_corp_hour": 1, "chat_members_max": 2, "chat_receives_per_member_minute": 1,
    });
    let app = server
        .company(qun_protocol::Rulebook::Documented, 3, limits)
        .await;
    app.chat("c", &["p1", "p2", "p3"]).await;
    app.chat("d", &["p1", "p2"]).await;
    for _ in 0..3 {
        app.ok("appchat/update", json!({ "chatid": "d", "name": "n" }))
            .await;
    }
    for _ in 0..4 {
        assert_eq!(say(&app, "c").await, 0);
    }
    let phone = arrived(&app, "p1").await;
    assert_eq!(phone.len(), 4);
    assert!(
        phone.iter().all(|message| message.get("dropped").is_none()),
        "{phone:?}"
    );
    assert!(now(&server).await < NOON + 60_000);
    let (corpid, agentid, secret) = (app.corpid.clone(), app.agentid, app.secret.clone());
    server.stop().await;

    // The counts are there when the limits are.
    let server = Server::with(|config| {
        there(config);
        config.clock = None;
    })
    .await;
    let app = App::new(&server, &corpid, agentid, &secret).await;
    refused(
        &app.say("d", "x").await,
        FREQUENCY,
        "12 person-times of 10 an hour",
    );
    let update = json!({ "chatid": "d", "name": "n" });
    refused(
        &app.post("appchat/update", update).await,
        FREQUENCY,
        "3 changes of 1",
    );
    let create = json!({ "chatid": "e", "userlist": ["p1", "p2"] });
    assert_eq!(code(&app.post("appchat/create", create).await), 86005);
    server.stop().await;
}
