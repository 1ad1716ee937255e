//! Cards of every type, what is refused of them, and what sending them answers.

use futures_util::future::join_all;
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use super::{button, company, multiple, news, text, vote, with_menu};
use crate::kit::{App, BOTH, Server, code, text as errmsg};

#[tokio::test]
async fn every_type_arrives_as_it_was_sent() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let menus = book == Rulebook::Live2026;
        for (card, answers_code) in [
            (text(), false),
            (news(), false),
            (with_menu(text(), "t1"), menus),
            (with_menu(news(), "t2"), menus),
            (with_menu(button("t3"), "t3"), true),
            (button("t4"), true),
            (vote("t5"), true),
            (multiple("t6"), true),
        ] {
            let sent = app.card("p1|p2", card.clone()).await;
            assert_eq!(code(&sent), 0, "{sent}");
            assert_eq!(
                sent["response_code"].is_string(),
                answers_code,
                "{book} {card}"
            );
            let arrived = app.cards("p1").await.pop().unwrap();
            let mut drawn = card;
            if drawn["submit_button"].is_object() && drawn["submit_button"]["text"].is_null() {
                drawn["submit_button"]["text"] = "提交".into();
            }
            assert_eq!(arrived["content"], drawn);
            assert!(arrived["updated"].is_null() && arrived["agentid"] == app.agentid);
        }
        assert_eq!(app.cards("p2").await.len(), 8);
        assert_eq!(app.cards("p3").await.len(), 0);
    }
    server.stop().await;
}

#[tokio::test]
async fn what_a_card_shows_of_files_and_people_is_there() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented).await;
    let line = |line: Value| {
        let mut card = text();
        card["horizontal_content_list"] = json!([line]);
        card
    };
    let file =
        |id: &str| line(json!({ "type": 2, "keyname": "k", "value": "name.pdf", "media_id": id }));
    let person = |id: &str| line(json!({ "type": 3, "keyname": "k", "userid": id }));
    assert_eq!(code(&app.card("p1", file("doc")).await), 0);
    let drawn = &app.only_card("p1").await["content"]["horizontal_content_list"][0];
    assert_eq!(
        (&drawn["filename"], &drawn["value"]),
        (&json!("a.pdf"), &json!("name.pdf"))
    );
    assert_eq!(code(&app.card("p1", person("P3")).await), 0);
    assert_eq!(code(&app.card("p1", file("none")).await), 40007);
    assert_eq!(code(&app.card("p1", person("nobody")).await), 42050);

    let mut named = text();
    named["main_title"]["title"] = "$userName=p3$".into();
    named["card_action"]["url"] = "https://example.com/$userName=p3$".into();
    named["horizontal_content_list"] =
        json!([{ "keyname": "$userName=p3$", "value": "for $userName=p3$" }]);
    let message = json!({ "touser": "p2", "agentid": app.agentid, "msgtype": "template_card", "template_card": named, "enable_id_trans": 1 });
    app.ok("message/send", message).await;
    let drawn = &app.only_card("p2").await["content"];
    let name = server
        .manage_ok(
            "GET",
            &format!("/_qun/companies/{}/users/p3", app.corpid),
            None,
        )
        .await["name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(drawn["main_title"]["title"], name);
    assert_eq!(
        drawn["horizontal_content_list"][0]["value"],
        format!("for {name}")
    );
    assert_eq!(
        drawn["horizontal_content_list"][0]["keyname"],
        "$userName=p3$"
    );
    assert_eq!(
        drawn["card_action"]["url"],
        "https://example.com/$userName=p3$"
    );
    server.stop().await;
}

/// A card with one place changed.
fn with(mut card: Value, place: &str, value: Value) -> Value {
    let (way, last) = place.rsplit_once('/').unwrap();
    let object = card.pointer_mut(way).unwrap_or_else(|| panic!("{place}"));
    match object {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        object => object[last] = value,
    }
    card
}

fn times(n: usize, item: impl Fn(usize) -> Value) -> Value {
    (0..n).map(item).collect()
}

/// Of each pair the first is accepted and the second refused, with this code and text.
#[tokio::test]
async fn the_last_of_each_limit_fits_and_the_next_is_refused() {
    let server = Server::start().await;
    for book in BOTH {
        let app = company(&server, book).await;
        let long = |n| Value::from("k".repeat(n));
        let options = |n| times(n, |n| json!({ "id": n.to_string(), "text": "o" }));
        let menu = |n| {
            with(
                with_menu(text(), "t"),
                "/action_menu/action_list",
                times(n, |n| json!({ "text": "m", "key": n.to_string() })),
            )
        };
        let list = |n| {
            with(
                multiple("t"),
                "/select_list",
                times(
                    n,
                    |n| json!({ "question_key": n.to_string(), "option_list": [{ "id": "a", "text": "A" }] }),
                ),
            )
        };
        let buttons = |n| {
            with(
                button("t"),
                "/button_list",
                times(n, |n| json!({ "text": "b", "key": n.to_string() })),
            )
        };
        let contents = |n| {
            with(
                text(),
                "/horizontal_content_list",
                times(n, |_| json!({ "keyname": "k" })),
            )
        };
        let jumps = |n| with(text(), "/jump_list", times(n, |_| json!({ "title": "t" })));
        let verticals = |n| {
            with(
                news(),
                "/vertical_content_list",
                times(n, |_| json!({ "title": "t" })),
            )
        };
        let beside = |n| {
            with(
                button("t"),
                "/button_selection",
                json!({ "question_key": "q", "option_list": options(n) }),
            )
        };
        let ratio = |ratio: f64| with(news(), "/card_image/aspect_ratio", ratio.into());
        for (fits, unfit, refused, text) in [
            (
                button("k"),
                with(button("t"), "/task_id", "a b".into()),
                42014,
                "invalid task_id",
            ),
            (
                with(button("t"), "/task_id", long(128)),
                with(button("t"), "/task_id", long(129)),
                42014,
                "invalid task_id",
            ),
            (
                menu(3),
                menu(4),
                40058,
                "template_card.action_menu.action_list exceed max length 3. invalid Request Parameter",
            ),
            (
                with(
                    with_menu(super::text(), "t"),
                    "/action_menu/action_list/0/key",
                    long(1024),
                ),
                with(
                    with_menu(super::text(), "t"),
                    "/action_menu/action_list/0/key",
                    long(1025),
                ),
                42018,
                "invalid button key",
            ),
            (
                contents(6),
                contents(7),
                42035,
                "invalid horizontal_content_list size",
            ),
            (
                verticals(4),
                verticals(5),
                42036,
                "invalid vertical_content_list size",
            ),
            (jumps(3), jumps(4), 42042, "invalid jump_list size"),
            (
                beside(10),
                beside(11),
                42037,
                "invalid template_card.button_selection.option_list size",
            ),
            (
                with(multiple("t"), "/select_list/0/option_list", options(10)),
                with(multiple("t"), "/select_list/0/option_list", options(11)),
                42037,
                "invalid template_card.select_list[0].option_list size",
            ),
            (
                with(vote("t"), "/checkbox/option_list", options(20)),
                with(vote("t"), "/checkbox/option_list", options(21)),
                42037,
                "invalid template_card.checkbox.option_list size",
            ),
            (
                buttons(6),
                buttons(7),
                40058,
                "template_card.button_list exceed max length 6. invalid Request Parameter",
            ),
            (
                buttons(1),
                buttons(0),
                40058,
                "invalid param 'template_card.button_list'. invalid Request Parameter",
            ),
            (list(3), list(4), 42047, "invalid select_list size"),
            (list(1), list(0), 42047, "invalid select_list size"),
            (
                with(button("t"), "/button_list/0/key", long(1024)),
                with(button("t"), "/button_list/0/key", long(1025)),
                42039,
                "invalid template_card.button_list[0].key",
            ),
            (
                with(vote("t"), "/checkbox/option_list/1/id", long(128)),
                with(vote("t"), "/checkbox/option_list/1/id", long(129)),
                42040,
                "invalid template_card.checkbox.option_list[1].id",
            ),
            (
                with(vote("t"), "/checkbox/question_key", long(1024)),
                with(vote("t"), "/checkbox/question_key", long(1025)),
                42043,
                "invalid template_card.checkbox.question_key",
            ),
            (
                with(vote("t"), "/submit_button/key", long(1024)),
                with(vote("t"), "/submit_button/key", long(1025)),
                42046,
                "invalid template_card.submit_button.key",
            ),
            (
                with(super::text(), "/card_action/url", long(2048)),
                with(super::text(), "/card_action/url", long(2049)),
                40039,
                "url exceed max length 2048",
            ),
            (
                ratio(1.3),
                ratio(1.29),
                40058,
                "invalid param 'template_card.card_image.aspect_ratio'. invalid Request Parameter",
            ),
            (
                ratio(2.25),
                ratio(2.26),
                40058,
                "invalid param 'template_card.card_image.aspect_ratio'. invalid Request Parameter",
            ),
        ] {
            accepted(&app, fits).await;
            let answer = app.card("p1", unfit).await;
            assert_eq!((code(&answer), errmsg(&answer)), (refused, text), "{book}");
        }
    }
    server.stop().await;
}

/// Sends a card under a task of its own.
async fn accepted(app: &App<'_>, mut card: Value) {
    if card["task_id"] == "t" {
        card["task_id"] = format!("t{}", app.cards("p1").await.len()).into();
    }
    let answer = app.card("p1", card.clone()).await;
    assert_eq!(code(&answer), 0, "{card} {answer}");
}

#[tokio::test]
async fn what_is_missing_has_a_code_of_its_own() {
    let server = Server::start().await;
    let none = Value::Null;
    for book in BOTH {
        let app = company(&server, book).await;
        let line = |line: Value| with(text(), "/horizontal_content_list", json!([line]));
        for (card, refused, said) in [
            (json!({ "card_type": "other" }), 42031, "invalid card_type"),
            (json!({}), 42031, "invalid card_type"),
            (
                with(button("t"), "/task_id", none.clone()),
                42014,
                "invalid task_id",
            ),
            (
                with(with_menu(text(), "t"), "/task_id", none.clone()),
                42014,
                "invalid task_id",
            ),
            (
                with(
                    with_menu(text(), "t"),
                    "/action_menu/action_list/0/key",
                    none.clone(),
                ),
                42019,
                "missing button key",
            ),
            (
                with(
                    with_menu(text(), "t"),
                    "/action_menu/action_list/0/text",
                    none.clone(),
                ),
                42020,
                "missing button name",
            ),
            (
                with(
                    with_menu(text(), "t"),
                    "/action_menu/action_list",
                    json!([{ "text": "a", "key": "k" }, { "text": "b", "key": "k" }]),
                ),
                42051,
                "template_card.action_menu.action_list[1].key conflict",
            ),
            (
                line(json!({ "value": "v" })),
                42027,
                "missing template_card.horizontal_content_list[0].keyname",
            ),
            (
                line(json!({ "keyname": "k", "type": 1 })),
                42028,
                "missing template_card.horizontal_content_list[0].url",
            ),
            (
                line(json!({ "keyname": "k", "type": 2 })),
                42029,
                "missing template_card.horizontal_content_list[0].media_id",
            ),
            (
                line(json!({ "keyname": "k", "type": 3 })),
                42050,
                "invalid template_card.horizontal_content_list[0].userid",
            ),
            (
                with(text(), "/jump_list", json!([{ "type": 2, "title": "t" }])),
                42030,
                "missing template_card.jump_list[0].appid",
            ),
            (
                with(text(), "/jump_list", json!([{ "type": 1, "url": "u" }])),
                42033,
                "missing template_card.jump_list[0].title",
            ),
            (
                with(news(), "/vertical_content_list", json!([{ "desc": "d" }])),
                42033,
                "missing template_card.vertical_content_list[0].title",
            ),
            (
                with(text(), "/main_title", none.clone()),
                42033,
                "missing template_card.main_title.title",
            ),
            (
                with(text(), "/card_action", none.clone()),
                42045,
                "invalid card_action",
            ),
            (
                with(news(), "/card_action/type", json!(0)),
                42045,
                "invalid card_action",
            ),
            (
                with(news(), "/card_image", none.clone()),
                42044,
                "missing template_card.card_image",
            ),
            (
                with(button("t"), "/button_list/1/text", none.clone()),
                42038,
                "missing template_card.button_list[1].text",
            ),
            (
                with(button("t"), "/button_list/1/key", "agree".into()),
                42039,
                "invalid template_card.button_list[1].key",
            ),
            (
                with(vote("t"), "/checkbox/option_list/1/id", "a".into()),
                42040,
                "invalid template_card.checkbox.option_list[1].id",
            ),
            (
                with(vote("t"), "/checkbox/option_list/1/text", none.clone()),
                42041,
                "missing template_card.checkbox.option_list[1].text",
            ),
            (
                with(vote("t"), "/checkbox", none.clone()),
                42043,
                "invalid template_card.checkbox.question_key",
            ),
            (
                with(vote("t"), "/submit_button", none.clone()),
                42049,
                "invalid template_card.submit_button",
            ),
            (
                with(multiple("t"), "/submit_button/text", " ".into()),
                42049,
                "invalid template_card.submit_button.text",
            ),
            (
                with(multiple("t"), "/submit_button/key", none.clone()),
                42046,
                "invalid template_card.submit_button.key",
            ),
        ] {
            let answer = app.card("p1", card.clone()).await;
            assert_eq!(
                (code(&answer), errmsg(&answer)),
                (refused, said),
                "{book} {card}"
            );
        }
        let without = json!({ "touser": "p1", "agentid": app.agentid, "msgtype": "template_card" });
        assert_eq!(app.code("message/send", without).await, 42031);
        assert!(app.cards("p1").await.is_empty());
    }
    server.stop().await;
}

#[tokio::test]
async fn who_is_to_be_told_of_taps_has_a_callback() {
    let server = Server::start().await;
    for book in BOTH {
        let app = server.company(book, 1, json!({})).await;
        for card in [
            button("a"),
            vote("b"),
            multiple("c"),
            with_menu(text(), "d"),
            with_menu(news(), "e"),
        ] {
            let answer = app.card("p1", card).await;
            assert_eq!(
                (code(&answer), errmsg(&answer)),
                (43012, "callback url is not set")
            );
        }
        for card in [text(), news()] {
            assert_eq!(code(&app.card("p1", card).await), 0);
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_task_is_used_once_by_each_app() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented).await;
    // What is refused has not used it.
    assert_eq!(code(&app.card("nobody", button("once")).await), 81013);
    let all = join_all((0..8).map(|_| app.card("p1", button("once")))).await;
    let mut codes: Vec<i64> = all.iter().map(code).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 42014, 42014, 42014, 42014, 42014, 42014, 42014]);
    let mut plain = text();
    plain["task_id"] = "once".into();
    assert_eq!(code(&app.card("p1", plain.clone()).await), 42014);
    app.only_card("p1").await;

    let other = app.sibling(json!({ "name": "other" })).await;
    assert_eq!(code(&other.card("p1", plain).await), 0);
    server.stop().await;
}

#[tokio::test]
async fn the_same_request_is_no_second_card() {
    let server = Server::start().await;
    let app = company(&server, Rulebook::Documented).await;
    let message = json!({
        "touser": "p1", "agentid": app.agentid, "msgtype": "template_card", "template_card": button("t"), "enable_duplicate_check": 1,
    });
    let first = app.ok("message/send", message.clone()).await;
    let second = app.ok("message/send", message).await;
    assert_eq!(first["msgid"], second["msgid"]);
    assert!(first["response_code"].is_string() && second["response_code"].is_null());
    app.only_card("p1").await;
    server.stop().await;
}
