//! Bursts against a server that counts as the real one does, on a clock that stands still while nothing waits.

use std::time::UNIX_EPOCH;

use futures_util::future::BoxFuture;
use http::{Request, Response, header};
use qun_protocol::{Rulebook, appchat, query};
use serde_json::{Value, json};
use tokio::time::Instant;

mod people;

use super::*;
use crate::{Body, Client, Create, NoAnswer, Text, Transport, Update};

/// 2023-11-01 12:00:07 in UTC+8.
const BEGUN: i64 = 1_698_811_207_000;

fn wall() -> Wall {
    let begun = Instant::now();
    Arc::new(move || BEGUN + i64::try_from(begun.elapsed().as_millis()).unwrap())
}

/// Counts what is accepted in fixed windows, and blocks at the first excess.
#[derive(Clone)]
struct Server(Arc<Mutex<Counts>>);

struct Counts {
    rules: Rules,
    wall: Wall,
    /// How far its clock is ahead, in milliseconds, and whether its answers are dated.
    ahead: i64,
    dated: bool,
    members: i64,
    used: HashMap<(Limit, i64), i64>,
    blocked: HashMap<Limit, i64>,
    calls: BTreeMap<String, usize>,
    refused: usize,
}

impl Server {
    fn new(rules: &Rules, wall: &Wall) -> Self {
        Self(Arc::new(Mutex::new(Counts {
            rules: rules.clone(),
            wall: Arc::clone(wall),
            ahead: 0,
            dated: false,
            members: 100,
            used: HashMap::new(),
            blocked: HashMap::new(),
            calls: BTreeMap::new(),
            refused: 0,
        })))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap()
    }

    fn calls(&self, path: &str) -> usize {
        self.counts().calls.get(path).copied().unwrap_or(0)
    }

    fn client(&self, pacing: Pacing) -> Client {
        self.client_of("secret", pacing)
    }

    fn client_of(&self, secret: &str, pacing: Pacing) -> Client {
        let wall = Arc::clone(&self.counts().wall);
        let builder = Client::builder("ww1", secret)
            .agent(1)
            .transport(self.clone());
        builder.wall(wall).pacing(pacing).build().unwrap()
    }
}

impl Counts {
    fn now(&self) -> i64 {
        (self.wall)() + self.ahead
    }

    fn spend(&mut self, limits: &[(Limit, i64)]) -> Value {
        let now = self.now();
        for (limit, amount) in limits {
            let window = limit.window();
            let used = self.used.entry((*limit, window.start(now))).or_default();
            let blocked = self.blocked.get(limit).copied().unwrap_or(0);
            if blocked > now || *used + amount > self.rules.limit(*limit) {
                self.blocked
                    .entry(*limit)
                    .or_insert(window.blocked_until(now));
                self.refused += 1;
                return json!({ "errcode": 45009, "errmsg": "api freq out of limit" });
            }
            *used += amount;
        }
        json!({ "errcode": 0, "errmsg": "ok", "chatid": "c" })
    }
}

impl Transport for Server {
    fn send(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>> {
        Box::pin(async move {
            // On the way there and on the way back.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let (request, body) = request.into_parts();
            let body = body.collect(1 << 20).await.unwrap();
            let (answer, date) = {
                let mut counts = self.counts();
                let path = request
                    .uri
                    .path()
                    .trim_start_matches("/cgi-bin/")
                    .to_owned();
                *counts.calls.entry(path.clone()).or_default() += 1;
                let members = counts.members;
                let answer = match path.as_str() {
                    "gettoken" => json!({ "access_token": "t", "expires_in": 7200 }),
                    "appchat/get" => {
                        let pairs = query::pairs(request.uri.query().unwrap_or_default());
                        let people: Vec<String> = (0..members).map(|n| format!("p{n}")).collect();
                        json!({ "chat_info": { "chatid": query::last(&pairs, "chatid"), "userlist": people } })
                    }
                    "appchat/create" => counts.spend(&[(Limit::ChatsPerCorpDay, 1)]),
                    "appchat/update" => counts.spend(&[(Limit::ChatUpdatesPerCorpHour, 1)]),
                    "appchat/send" => counts.spend(&[
                        (Limit::ChatSendsPerCorpMinute, members),
                        (Limit::ChatSendsPerCorpHour, members),
                    ]),
                    "message/send" => {
                        let people = people::addressed(&body);
                        counts.spend(&[(Limit::MessageSendsPerAppDay, people)])
                    }
                    other => panic!("{other}"),
                };
                let now = u64::try_from(counts.now()).unwrap();
                let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_millis(now));
                (answer, counts.dated.then_some(date))
            };
            tokio::time::sleep(Duration::from_millis(20)).await;
            let mut response = Response::builder();
            if let Some(date) = date {
                response = response.header(header::DATE, date);
            }
            Ok(response.body(Body::from(answer.to_string())).unwrap())
        })
    }
}

fn rules(limits: &[(Limit, i64)]) -> Rules {
    let mut rules = Rules::of(Rulebook::Documented);
    for (limit, most) in limits {
        rules.set(*limit, *most);
    }
    rules
}

const PATIENT: Duration = Duration::from_secs(100 * 86_400);

/// Calls all at once; how long until the last was answered, in seconds.
async fn burst<F: Future<Output = Result<(), Error>> + Send + 'static>(
    calls: usize,
    call: impl Fn(usize) -> F,
) -> f64 {
    let begun = Instant::now();
    let waiting: Vec<_> = (0..calls).map(|n| tokio::spawn(call(n))).collect();
    for one in waiting {
        one.await.unwrap().unwrap();
    }
    begun.elapsed().as_secs_f64()
}

/// Seconds from the beginning to the start of a later window.
fn until(window: Window, number: i64) -> f64 {
    let start = window.start(BEGUN) + number * window.length();
    (start - BEGUN) as f64 / 1000.0
}

fn near(seconds: f64, expected: f64) {
    assert!(
        (expected..expected * 1.04 + 2.5).contains(&seconds),
        "{seconds} s instead of {expected} s"
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_messages_takes_as_long_as_the_minutes_limit_demands() {
    let (rules, wall) = (rules(&[]), wall());
    for ahead in [0, 1_400, -1_400] {
        // Begins in the middle of a minute, so that an edge lies ahead.
        tokio::time::sleep(Duration::from_secs(10)).await;
        let server = Server::new(&rules, &wall);
        server.counts().ahead = ahead;
        let pacing = Pacing::with(rules.clone(), Arc::clone(&wall)).longest_wait(PATIENT);
        let chat = server.client(pacing).chat();
        chat.has_members("c", 100);
        // 200 messages to 100 members fill a minute.
        let now = wall();
        let first = Window::Minute.start(now) + 60_000 - now;
        let seconds = burst(1000, |_| {
            let chat = chat.clone();
            async move { chat.send("c", Text::new("x")).await }
        })
        .await;
        assert_eq!(
            (server.calls("appchat/send"), server.counts().refused),
            (1000, 0)
        );
        near(seconds, first as f64 / 1000.0 + 3.0 * 60.0);
    }
}

#[tokio::test(start_paused = true)]
async fn the_hours_limit_counts_beside_the_minutes() {
    let (rules, wall) = (rules(&[(Limit::ChatSendsPerCorpHour, 30_000)]), wall());
    let server = Server::new(&rules, &wall);
    let pacing = Pacing::with(rules, wall).longest_wait(PATIENT);
    let chat = server.client(pacing).chat();
    chat.has_members("c", 100);
    let seconds = burst(700, |_| {
        let chat = chat.clone();
        async move { chat.send("c", Text::new("x")).await }
    })
    .await;
    assert_eq!(
        (server.calls("appchat/send"), server.counts().refused),
        (700, 0)
    );
    near(seconds, until(Window::Hour, 2));
}

#[tokio::test(start_paused = true)]
async fn changes_wait_for_their_hour_and_groups_for_their_day() {
    let (rules, wall) = (rules(&[(Limit::ChatsPerCorpDay, 50)]), wall());
    let server = Server::new(&rules, &wall);
    let pacing = Pacing::with(rules, wall).longest_wait(PATIENT);
    let chat = server.client(pacing).chat();
    let seconds = burst(250, |n| {
        let chat = chat.clone();
        async move { chat.update(Update::new("c").name(format!("{n}"))).await }
    })
    .await;
    near(seconds, until(Window::Hour, 2));
    let rest = (Window::Day.start(BEGUN) + 86_400_000 - BEGUN) as f64 / 1000.0 - seconds;
    let seconds = burst(101, |_| {
        let chat = chat.clone();
        async move { chat.create(Create::new(["a", "b"])).await.map(drop) }
    })
    .await;
    near(seconds, rest + 86_400.0);
    assert_eq!(server.counts().refused, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_would_wait_too_long_is_refused_with_its_time() {
    let (rules, wall) = (rules(&[(Limit::ChatUpdatesPerCorpHour, 1)]), wall());
    let server = Server::new(&rules, &wall);
    let chat = server.client(Pacing::with(rules, wall)).chat();
    let change = || Update::new("c").name("群");
    chat.update(change()).await.unwrap();
    let error = chat.update(change()).await.unwrap_err();
    let Error::WouldPass {
        limit: Some(Limit::ChatUpdatesPerCorpHour),
        retry_after,
        ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert!(error.is_frequency() && error.to_string().contains("chat_updates_per_corp_hour"));
    assert_eq!(server.calls("appchat/update"), 1);
    tokio::time::sleep(retry_after).await;
    chat.update(change()).await.unwrap();
    assert_eq!(server.counts().refused, 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_give_their_room_back() {
    let (rules, wall) = (rules(&[(Limit::ChatUpdatesPerCorpHour, 10)]), wall());
    let server = Server::new(&rules, &wall);
    let pacing = Pacing::with(rules, wall).longest_wait(PATIENT);
    let chat = server.client(pacing).chat();
    let call = |n: usize| {
        let chat = chat.clone();
        async move { chat.update(Update::new("c").name(format!("{n}"))).await }
    };
    burst(10, call).await;
    // These wait for the next hour, and nobody waits for them.
    for n in 0..10 {
        let waiting = tokio::time::timeout(Duration::from_secs(1), call(n)).await;
        assert!(waiting.is_err());
    }
    let seconds = burst(10, call).await;
    assert!(seconds < 3600.0, "{seconds} s: room was lost");
    assert_eq!(
        (server.calls("appchat/update"), server.counts().refused),
        (20, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn what_others_spent_is_learned_from_45009_and_begins_a_block() {
    let (rules, wall) = (rules(&[]), wall());
    let server = Server::new(&rules, &wall);
    let pacing = Pacing::with(rules, wall).longest_wait(PATIENT);
    let chat = server.client(pacing).chat();
    chat.has_members("c", 100);
    {
        let mut counts = server.counts();
        let start = Window::Minute.start(counts.now());
        counts
            .used
            .insert((Limit::ChatSendsPerCorpMinute, start), 20_000);
    }
    let send = || chat.send("c", Text::new("x"));
    let error = send().await.unwrap_err();
    assert!(matches!(error, Error::Quota { .. }), "{error:?}");
    let begun = Instant::now();
    send().await.unwrap();
    near(begun.elapsed().as_secs_f64(), 60.0);
    assert_eq!(server.counts().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn the_servers_clock_is_learned_from_its_answers() {
    let (rules, wall) = (rules(&[]), wall());
    let server = Server::new(&rules, &wall);
    (server.counts().ahead, server.counts().dated) = (25_000, true);
    let pacing = Pacing::with(rules, wall).longest_wait(PATIENT);
    let chat = server.client(pacing).chat();
    chat.get("c").await.unwrap();
    burst(500, |_| {
        let chat = chat.clone();
        async move { chat.send("c", Text::new("x")).await }
    })
    .await;
    assert_eq!(
        (server.calls("appchat/send"), server.counts().refused),
        (500, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn unknown_groups_are_read_only_where_room_is_scarce() {
    let (rules, wall) = (rules(&[]), wall());
    let server = Server::new(&rules, &wall);
    server.counts().members = 300;
    let pacing = Pacing::with(rules, wall).longest_wait(PATIENT);
    let client = server.client(pacing);
    let send = |n: usize| {
        let request = appchat::Send {
            chatid: Some(format!("c{n}").as_str().into()),
            ..Text::new("x").into()
        };
        let client = client.clone();
        async move { client.send(request).await.map(drop) }
    };
    for n in 0..10 {
        send(n).await.unwrap();
    }
    assert_eq!(server.calls("appchat/get"), 0);
    for n in 10..300 {
        send(n).await.unwrap();
    }
    assert_eq!(server.counts().refused, 0);
    let reads = server.calls("appchat/get");
    assert!((200..300).contains(&reads), "{reads}");
    send(299).await.unwrap();
    assert_eq!(server.calls("appchat/get"), reads, "known by now");
}

#[tokio::test(start_paused = true)]
async fn without_pacing_nothing_waits() {
    let (rules, wall) = (rules(&[(Limit::ChatUpdatesPerCorpHour, 1)]), wall());
    let server = Server::new(&rules, &wall);
    let chat = server.client(Pacing::off()).chat();
    let change = || Update::new("c").name("群");
    chat.update(change()).await.unwrap();
    assert!(matches!(
        chat.update(change()).await,
        Err(Error::Quota { .. })
    ));
    assert_eq!(server.calls("appchat/update"), 2);
}
