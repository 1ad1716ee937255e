//! Messages to people, which spend person-times of their app's day.

use qun_protocol::message::{EVERYBODY, Send, ids};

use super::*;
use crate::To;

/// The company has so many people, of which everybody is one.
const COMPANY: i64 = 10;

/// How many person-times the server counts for a message.
pub(super) fn addressed(body: &[u8]) -> i64 {
    let send: Send = serde_json::from_slice(body).unwrap();
    if send.touser.as_deref() == Some(EVERYBODY) {
        return COMPANY;
    }
    let lists = [&send.touser, &send.toparty, &send.totag];
    lists.into_iter().map(|list| ids(list).count() as i64).sum()
}

fn pacing(wall: &Wall) -> Pacing {
    let rules = Rules::of(Rulebook::Live2026);
    Pacing::with(rules, Arc::clone(wall)).account_cap(COMPANY as u32)
}

fn server(wall: &Wall) -> Server {
    Server::new(
        &rules(&[(Limit::MessageSendsPerAppDay, COMPANY * 200)]),
        wall,
    )
}

fn people(n: usize) -> To {
    To::users((0..n).map(|n| format!("p{n}")))
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_messages_to_people_takes_as_many_days_as_the_account_cap_demands() {
    let wall = wall();
    let server = server(&wall);
    let messages = server
        .client(pacing(&wall).longest_wait(PATIENT))
        .messages();
    // 2000 person-times a day are 20 messages to 100 people.
    let seconds = burst(50, |_| {
        let messages = messages.clone();
        async move { messages.send(people(100), Text::new("x")).await.map(drop) }
    })
    .await;
    assert_eq!(
        (server.calls("message/send"), server.counts().refused),
        (50, 0)
    );
    near(seconds, until(Window::Day, 2));
}

#[tokio::test(start_paused = true)]
async fn everybody_costs_the_account_cap_and_each_department_or_tag_one() {
    let wall = wall();
    let server = server(&wall);
    let messages = server.client(pacing(&wall)).messages();
    for _ in 0..100 {
        messages.send(To::everyone(), Text::new("x")).await.unwrap();
    }
    let lists = To::users(["a", "b"]).parties([1, 2]).tags([7]);
    for _ in 0..200 {
        messages.send(lists.clone(), Text::new("x")).await.unwrap();
    }
    let full = messages.send("a", Text::new("x")).await.unwrap_err();
    assert!(
        matches!(
            full,
            Error::WouldPass {
                limit: Some(Limit::MessageSendsPerAppDay),
                ..
            }
        ),
        "{full:?}"
    );
    assert_eq!(
        (server.calls("message/send"), server.counts().refused),
        (300, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn an_apps_day_is_its_own() {
    let wall = wall();
    let pacing = pacing(&wall);
    let (one, other) = (server(&wall), server(&wall));
    let (first, second) = (
        one.client_of("one", pacing.clone()).messages(),
        other.client_of("other", pacing).messages(),
    );
    for _ in 0..2 {
        first.send(people(1000), Text::new("x")).await.unwrap();
    }
    assert!(
        first
            .send("a", Text::new("x"))
            .await
            .unwrap_err()
            .is_frequency()
    );
    second.send(people(1000), Text::new("x")).await.unwrap();
    // What others have spent in the second one's name blocks it alone.
    other.counts().used.clear();
    let start = Window::Day.start(BEGUN);
    other
        .counts()
        .used
        .insert((Limit::MessageSendsPerAppDay, start), COMPANY * 200);
    let error = second.send("a", Text::new("x")).await.unwrap_err();
    assert!(matches!(error, Error::Quota { .. }), "{error:?}");
    let error = second.send("a", Text::new("x")).await.unwrap_err();
    assert!(
        matches!(error, Error::WouldPass { limit: None, .. }),
        "{error:?}"
    );
    assert_eq!((one.counts().refused, other.counts().refused), (0, 1));
}
