//! Cards through the facade: what they are checked for, what is sent, and what comes back.

use qun_client::{
    CardAction, CardButton, Error, TemplateCard, UpdateTemplateCard,
    protocol::{Rulebook, message::UpdatedCard},
};

use crate::kit::{SECRET, Server, json, token};

fn change() -> UpdateTemplateCard {
    let card = TemplateCard::text_notice("t", CardAction::url("https://x")).menu("m", "k");
    UpdateTemplateCard::card("the-code", card)
        .users(["p1", "P2"])
        .parties([2])
        .tags([7])
}

#[tokio::test]
async fn a_change_is_sent_in_the_apps_name() {
    let server = Server::start(|uri, _| {
        if uri.contains("gettoken") {
            return token(1);
        }
        json(r#"{"errcode":0,"errmsg":"ok","invaliduser":["p2"]}"#)
    })
    .await;
    let client = server.builder().agent(1_000_002).build().unwrap();
    let changed = client.messages().update_card(change()).await.unwrap();
    assert_eq!(
        changed,
        UpdatedCard {
            invaliduser: vec!["p2".into()]
        }
    );
    let log = server.log.lock().unwrap();
    let (_, uri, body) = log.last().unwrap();
    assert!(
        uri.starts_with("/cgi-bin/message/update_template_card?"),
        "{uri}"
    );
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({
            "userids": ["p1", "P2"], "partyids": [2], "tagids": [7], "agentid": 1_000_002, "response_code": "the-code",
            "template_card": {
                "card_type": "text_notice", "main_title": { "title": "t" }, "card_action": { "type": 1, "url": "https://x" },
                "action_menu": { "action_list": [{ "text": "m", "key": "k" }] },
            },
        })
    );
}

#[tokio::test]
async fn what_would_be_refused_is_not_sent() {
    let server = Server::start(|_, _| token(1)).await;
    let client = server
        .builder()
        .rulebook(Rulebook::Documented)
        .build()
        .unwrap();
    let long = TemplateCard::button_interaction("t", "task", vec![CardButton::new("b", "k"); 7]);
    for (change, said) in [
        (
            change().users((0..1000).map(|n| n.to_string())),
            "userids would be refused: More people named",
        ),
        (
            UpdateTemplateCard::button("code", "done"),
            "userids would be refused: A change of a card that names nobody",
        ),
        (
            UpdateTemplateCard::button("", "done").everybody(),
            "response_code would be refused",
        ),
        (
            UpdateTemplateCard::button("code", "").everybody(),
            "button.replace_name would be refused",
        ),
        (
            UpdateTemplateCard::card("code", long).everybody(),
            "template_card.button_list would be refused",
        ),
    ] {
        match client.messages().update_card(change).await {
            Err(error @ Error::Invalid { .. }) => {
                assert!(error.to_string().contains(said), "{error}")
            }
            other => panic!("{said}: {other:?}"),
        }
    }
    assert_eq!(server.log.lock().unwrap().len(), 0);
}

#[test]
fn a_response_code_is_not_shown() {
    let shown = format!("{:?}", change());
    assert!(
        !shown.contains("the-code") && !shown.contains(SECRET),
        "{shown}"
    );
}
