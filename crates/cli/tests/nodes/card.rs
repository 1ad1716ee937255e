//! A node is killed while people tap cards and an app changes them: one tap is one event, and a code is good for one change.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use qun_client::Client;
use qun_protocol::{
    event::{Event, What},
    message::{CardButton, ReplacedButton, Send, TemplateCard, UpdateTemplateCard},
    people::{Inbox, TapCard},
};

use super::{
    AGENT, Database,
    receiver::{Answer, Receiver},
    served::Server,
    told, until,
};

const PEOPLE: [&str; 4] = ["zhangsan", "lisi", "wangwu", "zhaoliu"];
const CARDS: usize = 60;

/// Whose card of which task.
type Place = (&'static str, String);

/// A card for everybody.
fn card(task: usize) -> Send {
    let button = CardButton::new("同意", "agree");
    let card = TemplateCard::button_interaction("审批", format!("task-{task}"), [button]);
    Send {
        touser: Some(PEOPLE.join("|")),
        agentid: Some(AGENT),
        msgtype: Some("template_card".into()),
        template_card: Some(card),
        ..Default::default()
    }
}

/// A person's cards by task: the message's id, and the text that stands in place of its button.
async fn cards(server: &Server, userid: &'static str) -> BTreeMap<Place, (String, Option<String>)> {
    let inbox = Inbox {
        userid: userid.into(),
        limit: Some(1000),
        ..Default::default()
    };
    let page = server.manager().send(inbox).await.expect("an inbox");
    assert!(!page.more);
    let cards = page
        .messages
        .into_iter()
        .filter(|it| it.msgtype == "template_card");
    cards
        .map(|it| {
            let text = |key: &str| it.content[key].as_str().map(str::to_owned);
            let place = (userid, text("task_id").expect("a task"));
            (place, (it.id, text("replace_text")))
        })
        .collect()
}

/// Changes a card for one person.
async fn change(
    client: &Client,
    userid: &str,
    code: &str,
    text: &str,
) -> Result<(), qun_client::Error> {
    let change = UpdateTemplateCard {
        userids: vec![userid.into()],
        agentid: Some(AGENT),
        response_code: Some(code.into()),
        button: Some(ReplacedButton {
            replace_name: Some(text.into()),
        }),
        ..Default::default()
    };
    client.send(change).await.map(drop)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn taps_and_codes_are_used_once_when_a_node_is_killed() {
    let Some(database) = Database::new("cards") else {
        return;
    };
    let first = database.node("a");
    first.prepare().await;
    let receiver = Receiver::start(first.text("corpid"), vec![Answer::Ok("success".into())]).await;
    told(&first, &receiver).await;
    for task in 0..CARDS {
        first.client().send(card(task)).await.expect("a card");
    }

    // Everybody taps each of his cards once, until the node is gone.
    let mut dying = database.another("dying", &first);
    let tapped: Arc<Mutex<BTreeSet<Place>>> = Arc::default();
    let mut tried = BTreeSet::new();
    let mut people = Vec::new();
    for userid in PEOPLE {
        let own = cards(&first, userid).await;
        assert_eq!(own.len(), CARDS);
        tried.extend(own.keys().cloned());
        let (manager, tapped) = (dying.manager(), Arc::clone(&tapped));
        people.push(tokio::spawn(async move {
            for (place, (id, _)) in own {
                let tap = TapCard {
                    userid: userid.into(),
                    id,
                    ..Default::default()
                };
                if manager.send(tap).await.is_err() {
                    return;
                }
                tapped.lock().expect("unpoisoned").insert(place);
            }
        }));
    }
    let count = || tapped.lock().expect("unpoisoned").len();
    until("some are tapped", || count() >= 80).await;
    dying.kill();
    for person in people {
        person
            .await
            .expect("a person ends with an error of his own");
    }
    let tapped = tapped.lock().expect("unpoisoned").clone();
    assert!(tapped.len() < tried.len(), "the kill came too late");
    let waiting = || database.number("SELECT COUNT(*) FROM callback_event WHERE state <> 1") == 0;
    until("everything is told", waiting).await;
    let mut codes: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    for got in receiver.so_far() {
        let What::Event(Event::TemplateCard(tap)) = got.received.what else {
            panic!("{}", got.plain);
        };
        let userid = PEOPLE
            .into_iter()
            .find(|it| *it == got.received.from_user_name);
        let place = (userid.expect("one of them"), tap.task_id);
        codes.entry(place).or_default().insert(tap.response_code.0);
    }
    assert!(codes.keys().all(|place| tried.contains(place)));
    assert!(
        codes.values().all(|codes| codes.len() == 1),
        "one tap is one event"
    );
    assert!(
        tapped.iter().all(|place| codes.contains_key(place)),
        "a tap is lost"
    );
    // At most one of each person was under way.
    assert!(codes.len() <= tapped.len() + PEOPLE.len());
    let rows = database.number("SELECT COUNT(*) FROM callback_event");
    assert_eq!(rows, codes.len() as i64);

    // The app uses each code, until another node is gone.
    let mut dying = database.another("dying", &first);
    let codes: Vec<(Place, String)> = codes
        .into_iter()
        .map(|(place, codes)| (place, codes.into_iter().next().expect("a code")))
        .collect();
    let changed: Arc<Mutex<BTreeSet<Place>>> = Arc::default();
    let mut workers = Vec::new();
    for part in codes.chunks(codes.len().div_ceil(6)) {
        let (client, part, changed) = (dying.client(), part.to_vec(), Arc::clone(&changed));
        workers.push(tokio::spawn(async move {
            for (place, code) in part {
                if change(&client, place.0, &code, "first").await.is_err() {
                    return;
                }
                changed.lock().expect("unpoisoned").insert(place);
            }
        }));
    }
    let count = || changed.lock().expect("unpoisoned").len();
    until("some are changed", || count() >= 30).await;
    dying.kill();
    for worker in workers {
        worker
            .await
            .expect("a worker ends with an error of its own");
    }
    let changed = changed.lock().expect("unpoisoned").clone();
    assert!(changed.len() < codes.len(), "the kill came too late");
    // Whatever became of the first use, it and the second are one change.
    let (client, mut second) = (first.client(), BTreeSet::new());
    for (place, code) in &codes {
        match change(&client, place.0, code, "second").await {
            Ok(()) => drop(second.insert(place.clone())),
            Err(error) => assert_eq!(error.code(), Some(60140), "{error}"),
        }
    }
    assert!(second.is_disjoint(&changed), "a code was good twice");
    let known: BTreeSet<Place> = codes.into_iter().map(|(place, _)| place).collect();
    for userid in PEOPLE {
        for (place, (_, text)) in cards(&first, userid).await {
            let expected = match (known.contains(&place), second.contains(&place)) {
                (false, _) => None,
                (true, true) => Some("second"),
                (true, false) => Some("first"),
            };
            assert_eq!(text.as_deref(), expected, "{place:?}");
        }
    }
}
