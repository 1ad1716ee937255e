//! Taps on cards: what the app is told, and what it answers.

use qun_protocol::{
    Rulebook,
    event::{Event, PassiveReply, Reply, What},
    message::{CardAction, TemplateCard},
};
use serde_json::{Value, json};

use super::{button, multiple, text, vote, with_menu};
use crate::{
    callback::receiver::{Answer, Got, Receiver},
    kit::{App, Server, code},
};

fn event(got: &Got) -> &Event {
    match &got.received.what {
        What::Event(event) => event,
        other => panic!("{other:?}"),
    }
}

fn tapped(got: &Got) -> &qun_protocol::event::TemplateCard {
    match event(got) {
        Event::TemplateCard(tap) => tap,
        other => panic!("{other:?}"),
    }
}

fn success() -> Answer {
    Answer::Ok("success".into())
}

fn reply(what: PassiveReply) -> Answer {
    let reply = Reply {
        to_user_name: "p1".into(),
        from_user_name: "corp".into(),
        create_time: 1,
        what,
    };
    Answer::Sealed(reply.write())
}

fn new_button(text: &str) -> Answer {
    reply(PassiveReply::UpdateButton {
        replace_name: text.into(),
    })
}

fn new_card(card: TemplateCard) -> Answer {
    reply(PassiveReply::UpdateTemplateCard {
        template_card: Box::new(card),
    })
}

/// A company of three with a receiver.
async fn told(server: &Server, answers: Vec<Answer>) -> (App<'_>, Receiver) {
    let app = server.company(Rulebook::Documented, 3, json!({})).await;
    let receiver = app.told(answers).await;
    (app, receiver)
}

impl App<'_> {
    /// A tap that must be told; gives the callback's id.
    async fn tap_told(&self, userid: &str, tap: Value) -> String {
        let (status, told) = self.taps(userid, tap).await;
        assert_eq!(status, 200, "{told}");
        told["callback"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_tap_brings_a_code_that_changes_the_card_for_anybody() {
    let server = Server::start().await;
    let (app, receiver) = told(&server, vec![success()]).await;
    let first = app.card_code("p1|p2", button("task-1")).await;
    app.tap_told("p1", json!({ "key": "agree" })).await;
    app.tap_told("p2", json!({ "key": "reject" })).await;
    let got = receiver.got(2).await;
    let of = |userid: &str| {
        let got = got.iter().find(|got| got.received.from_user_name == userid);
        tapped(got.unwrap())
    };
    let tap = of("p1");
    assert_eq!(
        (
            tap.event_key.as_str(),
            tap.task_id.as_str(),
            tap.card_type.as_str()
        ),
        ("agree", "task-1", "button_interaction")
    );
    assert!(tap.selected_items.is_empty());
    assert_eq!(of("p2").event_key, "reject");
    let codes: [&str; 3] = [&first, &tap.response_code, &of("p2").response_code];
    for (n, response_code) in codes.into_iter().enumerate() {
        let change = json!({ "atall": 1, "button": { "replace_name": n.to_string() } });
        assert_eq!(code(&app.update(response_code, change.clone()).await), 0);
        assert_eq!(code(&app.update(response_code, change).await), 60140);
        assert_eq!(
            app.only_card("p2").await["content"]["replace_text"],
            n.to_string()
        );
    }
    // What has no buttons any more cannot be tapped.
    let (status, problem) = app.taps("p1", json!({ "key": "agree" })).await;
    assert_eq!(
        (status, &problem["error"]["code"]),
        (409, &json!("card_answered"))
    );
    assert_eq!(receiver.so_far().len(), 2);
    server.stop().await;
}

#[tokio::test]
async fn what_is_chosen_is_told() {
    let server = Server::start().await;
    let (app, receiver) = told(&server, vec![success()]).await;
    app.card_code("p1", multiple("m")).await;
    app.tap_told(
        "p1",
        json!({ "selected": [{ "question_key": "q2", "option_ids": ["b"] }] }),
    )
    .await;
    app.card_code("p1", vote("v")).await;
    app.tap_told(
        "p1",
        json!({ "key": "send", "selected": [{ "question_key": "q", "option_ids": ["b", "a"] }] }),
    )
    .await;
    app.tap_told("p1", json!({})).await;
    for (tap, said) in [
        (
            json!({ "selected": [{ "question_key": "x", "option_ids": ["a"] }] }),
            "no question",
        ),
        (
            json!({ "selected": [{ "question_key": "q", "option_ids": ["x"] }] }),
            "no option",
        ),
        (
            json!({ "selected": [{ "question_key": "q", "option_ids": [] }] }),
            "not answered",
        ),
    ] {
        let (status, problem) = app.taps("p1", tap).await;
        let message = problem["error"]["message"].as_str().unwrap();
        assert!(status == 400 && message.contains(said), "{problem}");
    }
    let got = receiver.got(3).await;
    let chosen = |n: usize| {
        let items = &tapped(&got[n]).selected_items;
        let items = items
            .iter()
            .map(|item| format!("{}={}", item.question_key, item.option_ids.join(",")));
        items.collect::<Vec<String>>().join(" ")
    };
    assert_eq!(
        (chosen(0), chosen(1), chosen(2)),
        ("q1=a q2=b".into(), "q=a,b".into(), "q=a".into())
    );
    assert_eq!(tapped(&got[0]).event_key, "send");
    server.stop().await;
}

#[tokio::test]
async fn an_entry_of_the_menu_is_an_event_of_its_own() {
    let server = Server::start().await;
    let (app, receiver) = told(&server, vec![success()]).await;
    app.card("p1", with_menu(text(), "t")).await;
    app.tap_told("p1", json!({})).await;
    app.card_code("p1", with_menu(button("b"), "b")).await;
    app.tap_told("p1", json!({ "key": "mute" })).await;
    let got = receiver.got(2).await;
    for (got, card_type) in got.iter().zip(["text_notice", "button_interaction"]) {
        let Event::TemplateCardMenu(menu) = event(got) else {
            panic!("{}", got.plain);
        };
        assert_eq!(
            (menu.event_key.as_str(), menu.card_type.as_str()),
            ("mute", card_type)
        );
    }
    // A notice answers no code where the rules say so, but its menu brings one.
    let Event::TemplateCardMenu(menu) = event(&got[0]) else {
        panic!();
    };
    let change = json!({ "atall": 1, "template_card": button("t") });
    assert_eq!(code(&app.update(&menu.response_code, change).await), 0);
    let kinds: Vec<Value> = app
        .cards("p1")
        .await
        .iter()
        .map(|card| card["content"]["card_type"].clone())
        .collect();
    assert_eq!(kinds, ["button_interaction", "button_interaction"]);
    server.stop().await;
}

#[tokio::test]
async fn an_answer_changes_the_card_for_who_has_tapped_it() {
    let server = Server::start().await;
    let (app, _receiver) = told(&server, vec![new_button("agreed"), success()]).await;
    app.card_code("p1|p2", button("t")).await;
    let id = app.tap_told("p1", json!({ "key": "agree" })).await;
    app.until_state(&id, "delivered").await;
    let card = app.only_card("p1").await;
    assert_eq!(card["content"]["replace_text"], "agreed");
    assert!(card["updated"].is_i64());
    assert!(app.only_card("p2").await["updated"].is_null());

    let (app, receiver) = told(&server, vec![success()]).await;
    let whole = TemplateCard::text_notice("granted", CardAction::url("https://example.com"));
    let whole = (0..10).fold(whole, |card, n| card.menu("m", n.to_string()));
    receiver.answer(vec![new_card(whole), new_button("seen"), success()]);
    app.card_code("p1|p2", vote("t")).await;
    let id = app.tap_told("p1", json!({})).await;
    app.until_state(&id, "delivered").await;
    let card = app.only_card("p1").await["content"].clone();
    assert_eq!(
        (&card["main_title"]["title"], &card["task_id"]),
        (&json!("granted"), &json!("t"))
    );
    // Ten entries, more than a card may be sent with.
    let id = app.tap_told("p1", json!({ "key": "9" })).await;
    app.until_state(&id, "delivered").await;
    assert_eq!(app.only_card("p1").await["content"]["replace_text"], "seen");
    assert_eq!(
        app.only_card("p2").await["content"]["card_type"],
        "vote_interaction"
    );
    server.stop().await;
}

#[tokio::test]
async fn an_answer_that_changes_no_card_says_why() {
    let server = Server::start().await;
    let (app, receiver) = told(&server, vec![success()]).await;
    app.card("p1", with_menu(text(), "text")).await;
    let eleven = (0..11).fold(
        TemplateCard::text_notice("t", CardAction::url("https://example.com")),
        |card, n| card.menu("m", n.to_string()),
    );
    let stranger = TemplateCard::text_notice("t", CardAction::url("https://example.com"))
        .person("who", "v", "nobody");
    for (answer, note) in [
        (new_button("done"), "no buttons"),
        (new_button(""), "no ReplaceName"),
        (new_card(TemplateCard::default()), "none of the five types"),
        (new_card(eleven), "longer than allowed"),
        (new_card(stranger), "not in the directory"),
    ] {
        receiver.answer(vec![answer]);
        let id = app.tap_told("p1", json!({})).await;
        let shown = app.until_state(&id, "delivered").await;
        let error = shown["attempts"][0]["error"].as_str().unwrap_or_default();
        assert!(error.contains(note), "{note}: {shown}");
    }
    receiver.answer(vec![new_button("done")]);
    let id = app.says("p1", "hello").await;
    let shown = app.until_state(&id, "delivered").await;
    let error = shown["attempts"][0]["error"].as_str().unwrap_or_default();
    assert!(error.contains("none was tapped"), "{shown}");
    assert!(app.only_card("p1").await["updated"].is_null());
    server.stop().await;
}

#[tokio::test]
async fn only_who_has_got_a_card_taps_it() {
    let server = Server::start().await;
    let (app, receiver) = told(&server, vec![success()]).await;
    app.card_code("p1|p2", button("t")).await;
    app.card("p2", text()).await;
    let id = app.cards("p1").await[0]["id"].as_str().unwrap().to_owned();
    let tap = |userid: &'static str, id: String, key: &'static str| {
        let path = format!("/_qun/people/{userid}/cards/{id}/tap");
        let body = json!({ "corpid": app.corpid, "key": key });
        let server = &server;
        async move {
            let (status, problem) = server.manage("POST", &path, Some(body)).await;
            (
                status,
                problem["error"]["code"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            )
        }
    };
    let unknown = |name: &str| (404, name.to_owned());
    assert_eq!(
        tap("p3", id.clone(), "agree").await,
        unknown("card_unknown")
    );
    assert_eq!(
        tap("nobody", id.clone(), "agree").await,
        unknown("person_unknown")
    );
    for wrong in ["1-0", "x", "9999999999999999999-0"] {
        assert_eq!(
            tap("p1", wrong.into(), "agree").await,
            unknown("card_unknown"),
            "{wrong}"
        );
    }
    assert_eq!(
        tap("p1", id.clone(), "other").await,
        unknown("card_button_unknown")
    );
    assert_eq!(
        app.taps("p2", json!({})).await.0,
        404,
        "a card without buttons"
    );
    app.change(json!({ "disabled": true })).await;
    assert_eq!(tap("p1", id.clone(), "agree").await.1, "app_disabled");
    app.change(json!({ "disabled": false })).await;
    assert_eq!(tap("p1", id.clone(), "agree").await.0, 200);
    receiver.got(1).await;
    server
        .manage_ok("DELETE", &format!("{}/callback", app.path()), None)
        .await;
    assert_eq!(
        app.taps("p1", json!({ "key": "agree" })).await,
        (200, json!({}))
    );
    server.stop().await;
}

#[tokio::test]
async fn a_card_that_never_arrived_is_not_tapped() {
    let server = Server::start().await;
    let (app, _receiver) = told(&server, vec![success()]).await;
    app.rules(json!({ "limits": { "message_receives_per_member_minute": 1 } }))
        .await;
    app.card_code("p1", button("first")).await;
    app.card_code("p1", button("second")).await;
    let cards = app.cards("p1").await;
    assert!(
        cards[0]["dropped"].is_null() && cards[1]["dropped"].is_object(),
        "{cards:?}"
    );
    assert_eq!(app.taps("p1", json!({ "key": "agree" })).await.0, 404);
    server.stop().await;
}
