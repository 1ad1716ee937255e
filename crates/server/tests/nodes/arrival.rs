//! Messages that were sent at one node, read at another.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use qun_protocol::Rulebook;
use serde_json::{Value, json};

use crate::{
    database::{Database, everywhere, stop, unlimited, until},
    kit::code,
};

fn texts(page: &Value) -> Vec<String> {
    let messages = page["messages"]
        .as_array()
        .unwrap_or_else(|| panic!("{page}"));
    let text = |message: &Value| message["content"]["content"].as_str().unwrap().to_owned();
    messages.iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_at_another_node_is_told_soon() {
    let Some(database) = Database::new() else {
        return;
    };
    let nodes = database.nodes(2).await;
    let app = nodes[0].company(Rulebook::Documented, 2, unlimited()).await;
    app.chat("g", &["p1", "p2"]).await;
    let apps = everywhere(&app, &nodes);
    let mut took = Vec::new();
    for n in 0..30 {
        let latest = apps[1].inbox("p2", "&after=latest").await;
        let query = format!("&after={}&wait=30", latest["cursor"].as_str().unwrap());
        let wait = async {
            let page = apps[1].inbox("p2", &query).await;
            (Instant::now(), page)
        };
        let send = async {
            // Sent only once somebody waits, at another moment between two looks each time.
            tokio::time::sleep(Duration::from_millis(60 + n * 7 % 40)).await;
            let answer = apps[0].say("g", &n.to_string()).await;
            assert_eq!(code(&answer), 0);
            Instant::now()
        };
        let ((arrived, page), sent) = join(wait, send).await;
        assert_eq!(texts(&page), [n.to_string()]);
        took.push(arrived.saturating_duration_since(sent));
    }
    took.sort_unstable();
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    println!(
        "from the answer at one node to the arrival at another: median {median:?}, worst {worst:?}"
    );
    assert!(median < Duration::from_millis(250), "{took:?}");
    assert!(worst < Duration::from_secs(1), "{took:?}");
    stop(nodes).await;
}

/// When something was asked for and when it was answered, in the order of one counter.
#[derive(Clone, Copy, Debug)]
struct Span {
    asked: u64,
    answered: u64,
}

impl Span {
    fn is_before(self, other: Span) -> bool {
        self.answered < other.asked
    }
}

#[derive(Default)]
struct Order(AtomicU64);

impl Order {
    async fn time<T>(&self, what: impl Future<Output = T>) -> (Span, T) {
        let asked = self.0.fetch_add(1, SeqCst);
        let done = what.await;
        let answered = self.0.fetch_add(1, SeqCst);
        (Span { asked, answered }, done)
    }
}

/// Whether a person must, must not or may have seen a message.
fn sees(moves: &[(Span, bool)], message: Span) -> Option<bool> {
    let mut member = Some(false);
    for (span, joins) in moves {
        if span.is_before(message) {
            member = Some(*joins);
        } else if !message.is_before(*span) {
            // At the same time: nobody can tell.
            member = None;
        }
    }
    member
}

#[test]
fn the_model_knows_what_must_be_seen() {
    let span = |asked, answered| Span { asked, answered };
    let moves = [(span(2, 4), true), (span(8, 10), false)];
    assert_eq!(sees(&moves, span(0, 1)), Some(false));
    assert_eq!(sees(&moves, span(0, 3)), None);
    assert_eq!(sees(&moves, span(5, 7)), Some(true));
    assert_eq!(sees(&moves, span(9, 12)), None);
    assert_eq!(sees(&moves, span(11, 12)), Some(false));
}

const SENDERS: usize = 16;
const EACH: usize = 125;
const STAYING: usize = 2;
const MOVING: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_sees_what_was_sent_while_being_a_member_and_nothing_else() {
    let Some(database) = Database::new() else {
        return;
    };
    // One lane is ahead of the others, as if its last owner's clock had been.
    database.node().await.stop().await;
    let ahead = "UPDATE lane SET last_id = last_id + 30000000 WHERE lane = 2";
    let lanes = database.sql(move |client| client.execute(ahead, &[]).unwrap());
    assert_eq!(lanes.await, 1);
    let nodes = join_all((0..4).map(|_| database.node())).await;
    let people = STAYING + MOVING;
    let app = nodes[0]
        .company(Rulebook::Documented, people, unlimited())
        .await;
    let apps = everywhere(&app, &nodes);
    app.chat("g", &["p1", "p2"]).await;
    let order = Order::default();
    let sent: Mutex<BTreeMap<String, Span>> = Mutex::default();
    let (first, answer) = order.time(app.say("g", "first")).await;
    assert_eq!(code(&answer), 0);
    sent.lock().unwrap().insert("first".into(), first);
    let (written, over) = (AtomicBool::new(false), AtomicBool::new(false));

    let sender = async |at: usize| {
        for n in 0..EACH {
            let text = format!("{at}/{n}");
            let (span, answer) = order.time(apps[at % 4].say("g", &text)).await;
            assert_eq!(code(&answer), 0, "{answer}");
            sent.lock().unwrap().insert(text, span);
        }
    };
    // Joins at one node, leaves at another.
    let mover = async |n: usize| {
        let userid = format!("p{n}");
        let mut moves: Vec<(Span, bool)> = Vec::new();
        for round in n.. {
            // A while in the group and a while out of it.
            let goal = sent.lock().unwrap().len() + 60;
            until("more is sent", async || {
                written.load(SeqCst) || sent.lock().unwrap().len() >= goal
            })
            .await;
            let join = apps[round % 4].code(
                "appchat/update",
                json!({ "chatid": "g", "add_user_list": [userid] }),
            );
            let (span, code) = order.time(join).await;
            assert_eq!(code, 0);
            moves.push((span, true));
            if written.load(SeqCst) {
                break;
            }
            let (span, (status, answer)) = order
                .time(apps[(round + 1) % 4].step(&userid, "g", "leave", json!({})))
                .await;
            assert_eq!(status, 200, "{answer}");
            moves.push((span, false));
        }
        moves
    };
    let reader = async |n: usize| {
        let app = &apps[n % 4];
        let mut cursor = String::new();
        let mut seen = Vec::new();
        loop {
            let last = over.load(SeqCst);
            let page = app
                .inbox(
                    &format!("p{n}"),
                    &format!("&after={cursor}&limit=37&wait=1"),
                )
                .await;
            cursor = page["cursor"].as_str().unwrap().to_owned();
            let found = texts(&page);
            if last && found.is_empty() {
                return seen;
            }
            seen.extend(found);
        }
    };
    let writing = async {
        let send = async {
            join_all((0..SENDERS).map(&sender)).await;
            written.store(true, SeqCst);
        };
        let ((), moves) = join(send, join_all((STAYING + 1..=people).map(&mover))).await;
        over.store(true, SeqCst);
        moves
    };
    let (moves, seen) = join(writing, join_all((1..=people).map(&reader))).await;

    let sent = sent.into_inner().unwrap();
    assert_eq!(sent.len(), 1 + SENDERS * EACH);
    let mut certain = 0;
    for (at, seen) in seen.iter().enumerate() {
        let person = at + 1;
        let set: BTreeSet<&String> = seen.iter().collect();
        assert_eq!(set.len(), seen.len(), "p{person} sees something twice");
        assert!(set.iter().all(|text| sent.contains_key(*text)));
        for (text, span) in &sent {
            let expected = match person.checked_sub(STAYING + 1) {
                Some(mover) => sees(&moves[mover], *span),
                None => Some(true),
            };
            if let Some(expected) = expected {
                certain += 1;
                assert_eq!(
                    set.contains(text),
                    expected,
                    "p{person}, {text}, {span:?}, {:?}",
                    person.checked_sub(STAYING + 1).map(|mover| &moves[mover])
                );
            }
        }
    }
    let moved: usize = moves.iter().map(Vec::len).sum();
    println!(
        "{moved} joins and leaves, {certain} of {} certain",
        people * sent.len()
    );
    assert!(
        moved > 4 * MOVING && certain > people * sent.len() / 2,
        "{moved} {certain}"
    );
    stop(nodes).await;
}
