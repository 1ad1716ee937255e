//! Cards after they were sent: by whom, for whom and until when they are changed.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{button, company, multiple, news, text, vote, with_menu};
use crate::kit::{BOTH, Server, code, text as errmsg};

fn replaced(text: &str) -> Value {
    json!({ "atall": 1, "button": { "replace_name": text } })
}

#[tokio::test]
async fn a_new_card_is_there_for_all_who_got_the_old_one() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        for (n, new) in [
            text(),
            news(),
            with_menu(text(), "old"),
            button("old"),
            vote("old"),
            multiple("old"),
        ]
        .into_iter()
        .enumerate()
        {
            let task = format!("task{n}");
            let sent = app.card_code("p1|p2|p3", button(&task)).await;
            server.advance(60).await;
            let mut new = new;
            new.as_object_mut().unwrap().remove("task_id");
            let answer = app
                .update(&sent, json!({ "atall": 1, "template_card": new }))
                .await;
            assert_eq!(
                (code(&answer), answer["invaliduser"].is_null()),
                (0, true),
                "{answer}"
            );
            for person in ["p1", "p2", "p3"] {
                let card = app.cards(person).await.pop().unwrap();
                assert_eq!(card["content"]["card_type"], new["card_type"]);
                assert_eq!(card["content"]["task_id"], task, "a card keeps its task");
                let (sent, updated) = (card["time"].as_i64(), card["updated"].as_i64());
                assert!(updated >= sent.map(|sent| sent + 60), "{card}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_card_is_changed_for_those_who_are_named() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Live2026).await;
    let replaced_for = |lists: Value| {
        let mut change = lists;
        change["button"] = json!({ "replace_name": "done" });
        change
    };
    for (n, (lists, changed, invalid)) in [
        (json!({ "userids": ["P1"] }), vec!["p1"], vec![]),
        (
            json!({ "userids": ["p1", "Nobody", "P1", "p3"] }),
            vec!["p1", "p3"],
            vec!["nobody"],
        ),
        // p4 has not got it.
        (json!({ "userids": ["P2", "P4"] }), vec!["p2"], vec!["p4"]),
        (json!({ "partyids": [2] }), vec!["p3"], vec![]),
        (json!({ "partyids": [1] }), vec!["p1", "p2", "p3"], vec![]),
        (
            json!({ "partyids": [99], "userids": ["p1"] }),
            vec!["p1"],
            vec![],
        ),
        (
            json!({ "tagids": [7], "partyids": [3], "userids": ["p2"] }),
            vec!["p2"],
            vec![],
        ),
        (
            json!({ "atall": 1, "userids": ["p1"] }),
            vec!["p1", "p2", "p3"],
            vec![],
        ),
        (json!({ "atall": 0, "userids": ["p1"] }), vec!["p1"], vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let sent = app.card_code("p1|p2|p3", button(&n.to_string())).await;
        let answer = app.update(&sent, replaced_for(lists.clone())).await;
        assert_eq!(code(&answer), 0, "{lists} {answer}");
        let said = answer["invaliduser"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        assert_eq!(said, invalid, "{lists}");
        let mut done = BTreeSet::new();
        for person in ["p1", "p2", "p3"] {
            let card = app.cards(person).await.pop().unwrap();
            if card["content"]["replace_text"] == "done" {
                assert!(card["updated"].is_i64());
                done.insert(person);
            } else {
                assert!(card["updated"].is_null() && card["content"]["replace_text"].is_null());
            }
        }
        assert_eq!(done, changed.into_iter().collect(), "{lists}");
    }
    server.stop().await;
}

#[tokio::test]
async fn later_changes_stand_over_earlier_ones() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented).await;
    let mut codes = vec![app.card_code("p1|p2", button("t")).await];
    // More codes come with taps, which nobody here receives.
    let path = format!("/_qun/companies/{}/callbacks", app.corpid);
    for _ in 0..2 {
        let (status, told) = app.taps("p1", json!({ "key": "agree" })).await;
        assert_eq!(status, 200, "{told}");
        let shown = server
            .manage_ok(
                "GET",
                &format!("{path}/{}", told["callback"].as_str().unwrap()),
                None,
            )
            .await;
        let body = shown["body"].as_str().unwrap();
        let (_, rest) = body.split_once("<ResponseCode><![CDATA[").unwrap();
        codes.push(rest.split_once("]]>").unwrap().0.to_owned());
    }
    let one = json!({ "userids": ["p1"], "button": { "replace_name": "one" } });
    assert_eq!(code(&app.update(&codes[0], one).await), 0);
    let all = json!({ "atall": 1, "template_card": vote("t") });
    assert_eq!(code(&app.update(&codes[1], all).await), 0);
    for person in ["p1", "p2"] {
        let content = &app.only_card(person).await["content"];
        assert_eq!(
            (&content["card_type"], content["replace_text"].is_null()),
            (&json!("vote_interaction"), true)
        );
    }
    let two = json!({ "userids": ["p2"], "button": { "replace_name": "two" } });
    assert_eq!(code(&app.update(&codes[2], two).await), 0);
    let content = |card: Value| card["content"].clone();
    assert!(content(app.only_card("p1").await)["replace_text"].is_null());
    let second = content(app.only_card("p2").await);
    assert_eq!(
        (&second["card_type"], &second["replace_text"]),
        (&json!("vote_interaction"), &json!("two"))
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_refused_does_not_use_the_code_up() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let sent = app.card_code("p1|p2", button("t")).await;
        let ids = |n: i64| (1..=n).collect::<Vec<i64>>();
        let people = |n: usize| (1..=n).map(|n| format!("p{n}")).collect::<Vec<_>>();
        let done = json!({ "replace_name": "done" });
        for (change, refused, said) in [
            (
                json!({ "button": done }),
                82101,
                "userids & partyids & tagids all empty",
            ),
            (
                json!({ "atall": 0, "userids": [], "button": done }),
                82101,
                "userids & partyids & tagids all empty",
            ),
            (
                json!({ "userids": ["p3", "nobody"], "button": done }),
                82102,
                "userids & partyids & tagids all invalid",
            ),
            (
                json!({ "tagids": [7], "button": done }),
                82102,
                "userids & partyids & tagids all invalid",
            ),
            (
                json!({ "userids": people(1001), "button": done }),
                40032,
                "invalid userid list size",
            ),
            (
                json!({ "partyids": ids(101), "button": done }),
                82002,
                "invalid party list size",
            ),
            (
                json!({ "tagids": ids(101), "button": done }),
                82003,
                "invalid tag list size",
            ),
            (
                json!({ "atall": 2, "button": done }),
                40058,
                "invalid param 'atall'. invalid Request Parameter",
            ),
            (json!({ "atall": 1 }), 42020, "missing button name"),
            (
                json!({ "atall": 1, "button": {} }),
                42020,
                "missing button name",
            ),
            (
                json!({ "atall": 1, "template_card": with_menu(text(), "other") }),
                42016,
                "task_id not exist",
            ),
            (
                json!({ "atall": 1, "template_card": { "card_type": "x" } }),
                42031,
                "invalid card_type",
            ),
            (
                json!({ "atall": 1, "template_card": { "card_type": "text_notice" } }),
                42033,
                "missing template_card.main_title.title",
            ),
        ] {
            let answer = app.update(&sent, change.clone()).await;
            assert_eq!(
                (code(&answer), errmsg(&answer)),
                (refused, said),
                "{book} {change}"
            );
        }
        let request = |agentid: Value| json!({ "atall": 1, "button": done, "response_code": sent, "agentid": agentid });
        for (agentid, refused) in [(Value::Null, 41011), (json!(77), 40056)] {
            assert_eq!(
                app.code("message/update_template_card", request(agentid))
                    .await,
                refused
            );
        }
        let other = app.sibling(json!({ "name": "other" })).await;
        assert_eq!(
            app.code(
                "message/update_template_card",
                request(other.agentid.into())
            )
            .await,
            301002
        );
        let answer = other.update(&sent, replaced("x")).await;
        assert_eq!(
            (code(&answer), errmsg(&answer)),
            (42015, "the card was sent by another agent")
        );
        assert!(app.only_card("p1").await["updated"].is_null());

        // The most that may be named, and the code is still good.
        let most = json!({ "userids": people(1000), "partyids": ids(100), "tagids": ids(100), "button": done });
        let answer = app.update(&sent, most).await;
        assert_eq!(code(&answer), 0, "{answer}");
        assert_eq!(answer["invaliduser"].as_array().unwrap().len(), 998);
        let again = app.update(&sent, replaced("again")).await;
        assert_eq!(
            (code(&again), errmsg(&again)),
            (60140, "invalid response_code")
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn only_a_card_with_buttons_has_its_buttons_replaced() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Live2026).await;
    for (n, card) in [
        button("0"),
        vote("1"),
        multiple("2"),
        with_menu(text(), "3"),
        with_menu(news(), "4"),
    ]
    .into_iter()
    .enumerate()
    {
        let sent = app.card_code("p1", card).await;
        let answer = app.update(&sent, replaced("done")).await;
        let expected = if n < 3 { 0 } else { 42017 };
        assert_eq!(code(&answer), expected, "{n} {answer}");
    }
    server.stop().await;
}

#[tokio::test]
async fn a_code_ends_by_the_rules_of_its_time() {
    let server = Server::start().await;
    for (book, seconds) in [
        (Rulebook::Documented, 86_400),
        (Rulebook::Live2026, 259_200),
    ] {
        let mut app = company(&server, book).await;
        let (first, second) = (
            app.card_code("p1", button("1")).await,
            app.card_code("p1", button("2")).await,
        );
        let other = BOTH.into_iter().find(|other| *other != book).unwrap();
        app.rules(json!({ "rulebook": other })).await;
        server.advance(seconds - 60).await;
        app.fetch_token().await;
        assert_eq!(
            code(&app.update(&first, replaced("in time")).await),
            0,
            "{book}"
        );
        server.advance(60).await;
        assert_eq!(
            code(&app.update(&second, replaced("late")).await),
            60140,
            "{book}"
        );
    }
    let app = company(&server, Rulebook::Documented).await;
    for wrong in ["", "made up"] {
        assert_eq!(code(&app.update(wrong, replaced("x")).await), 60140);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_card_that_was_taken_back_is_not_changed() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented).await;
    let sent = app.card("p1", button("t")).await;
    app.ok("message/recall", json!({ "msgid": sent["msgid"] }))
        .await;
    let response_code = sent["response_code"].as_str().unwrap();
    assert_eq!(code(&app.update(response_code, replaced("x")).await), 60140);
    assert_eq!(app.taps("p1", json!({ "key": "agree" })).await.0, 404);
    server.stop().await;
}

#[tokio::test]
async fn of_many_changes_with_one_code_exactly_one_is_made() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented).await;
    for round in 0..5 {
        let sent = app.card_code("p1", button(&round.to_string())).await;
        let answers = join_all((0..10).map(|n| app.update(&sent, replaced(&n.to_string())))).await;
        let codes: Vec<i64> = answers.iter().map(code).collect();
        let won: Vec<usize> = (0..10).filter(|n| codes[*n] == 0).collect();
        assert_eq!(won.len(), 1, "{codes:?}");
        assert_eq!(codes.iter().filter(|code| **code == 60140).count(), 9);
        let card = app.cards("p1").await.pop().unwrap();
        assert_eq!(card["content"]["replace_text"], won[0].to_string());
    }
    server.stop().await;
}
