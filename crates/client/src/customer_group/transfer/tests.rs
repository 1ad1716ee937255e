//! Transfers against a server that counts as the real one does and loses answers, on a clock that stands still while nothing
//! waits.

use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::{Body, Client, NoAnswer, Pacing, Transport, token::Wall};

/// 2023-11-01 12:00:07 in UTC+8.
const BEGUN: i64 = 1_698_811_207_000;
/// The midnight after it, in seconds.
const MIDNIGHT: i64 = 1_698_854_400;
const DAY: i64 = 86_400;

fn wall() -> Wall {
    let begun = Instant::now();
    Arc::new(move || BEGUN + i64::try_from(begun.elapsed().as_millis()).unwrap())
}

/// How a call of a transfer ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// With its answer.
    Well,
    /// It is done and its answer is lost.
    AnswerLost,
    /// It is lost itself.
    Lost,
}

struct Group {
    chat_id: String,
    status: i64,
    owner: &'static str,
    /// How often it was given.
    given: usize,
}

struct Company {
    wall: Wall,
    groups: Vec<Group>,
    /// Given in the day that began then.
    today: (i64, usize),
    /// Sizes of the calls, and in which day.
    calls: Vec<(i64, usize)>,
    /// How the next calls end.
    ends: VecDeque<End>,
    /// Whether an inheritance is done at once.
    at_once: bool,
    /// Whether it knows people who have resigned.
    forgets: bool,
}

#[derive(Clone)]
struct Server(Arc<Mutex<Company>>);

impl Server {
    /// A company in which `lisi` has resigned and owns so many groups.
    fn new(count: usize) -> Self {
        let group = |n| Group {
            chat_id: format!("wr{n:04}"),
            status: 1,
            owner: "lisi",
            given: 0,
        };
        Server(Arc::new(Mutex::new(Company {
            wall: wall(),
            groups: (0..count).map(group).collect(),
            today: (0, 0),
            calls: Vec::new(),
            ends: VecDeque::new(),
            at_once: false,
            forgets: false,
        })))
    }

    fn company(&self) -> MutexGuard<'_, Company> {
        self.0.lock().unwrap()
    }

    fn transfer(&self) -> TransferAll {
        let wall = Arc::clone(&self.company().wall);
        let builder = Client::builder("ww1", "secret").transport(self.clone());
        let client = builder.wall(wall).pacing(Pacing::off()).build().unwrap();
        client.customer_groups().transfer_all("lisi", "zhangsan")
    }

    /// How often groups were given: the least and the most.
    fn given(&self) -> (usize, usize) {
        let company = self.company();
        let given = company.groups.iter().map(|group| group.given);
        (given.clone().min().unwrap(), given.max().unwrap())
    }
}

impl Company {
    fn list(&self, asked: &Value) -> Value {
        let owners = asked["owner_filter"]["userid_list"].as_array();
        if self.forgets && owners.is_some() {
            return json!({ "errcode": 40003, "errmsg": "invalid userid" });
        }
        let wanted = asked["status_filter"].as_i64().unwrap_or(0);
        let start: usize = asked["cursor"].as_str().map_or(0, |it| it.parse().unwrap());
        let limit = asked["limit"].as_u64().unwrap() as usize;
        let fits = |group: &&Group| {
            owners.is_none_or(|owners| owners.iter().any(|it| it == group.owner))
                && (wanted == 0 || wanted == group.status)
        };
        let found: Vec<_> = self.groups.iter().filter(fits).collect();
        let page = found.iter().skip(start).take(limit);
        let page = page.map(|group| json!({ "chat_id": group.chat_id, "status": group.status }));
        let next = match found.len() > start + limit {
            true => (start + limit).to_string(),
            false => String::new(),
        };
        json!({ "group_chat_list": page.collect::<Vec<_>>(), "next_cursor": next })
    }

    fn give(&mut self, asked: &Value, on_job: bool) -> Value {
        let chats = asked["chat_id_list"].as_array().unwrap();
        let day = Window::Day.start((self.wall)());
        self.calls
            .push(((day - Window::Day.start(BEGUN)) / 1000 / DAY, chats.len()));
        if self.today.0 != day {
            self.today = (day, 0);
        }
        let mut failed = Vec::new();
        for chat_id in chats {
            let group = self
                .groups
                .iter_mut()
                .find(|it| it.chat_id == *chat_id)
                .unwrap();
            let code = match (group.status, group.owner) {
                (2, _) => 90507,
                (_, "zhangsan") if on_job => 90504,
                (3, _) if !on_job => 90508,
                (0, _) if !on_job => 90500,
                _ if self.today.1 >= 300 => 45009,
                _ => 0,
            };
            if code != 0 {
                failed.push(json!({ "chat_id": chat_id, "errcode": code, "errmsg": "no" }));
                continue;
            }
            self.today.1 += 1;
            group.given += 1;
            (group.status, group.owner) = match (on_job, self.at_once) {
                (true, _) => (0, "zhangsan"),
                (false, true) => (3, "zhangsan"),
                (false, false) => (2, group.owner),
            };
        }
        json!({ "failed_chat_list": failed })
    }

    fn get(&self, asked: &Value) -> Value {
        let group = self
            .groups
            .iter()
            .find(|it| asked["chat_id"] == *it.chat_id);
        json!({ "group_chat": { "chat_id": asked["chat_id"], "owner": group.unwrap().owner } })
    }
}

impl Transport for Server {
    fn send(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let (head, body) = request.into_parts();
            let body = body.collect(1 << 20).await.unwrap();
            let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
            let mut company = self.company();
            let answer = match head.uri.path().rsplit('/').next().unwrap() {
                "gettoken" => json!({ "access_token": "t", "expires_in": 7_200_000 }),
                "list" => company.list(&asked),
                "get" => company.get(&asked),
                call => {
                    let end = company.ends.pop_front().unwrap_or(End::Well);
                    if end == End::Lost {
                        return Err(NoAnswer::lost("reset"));
                    }
                    let answer = company.give(&asked, call == "onjob_transfer");
                    if end == End::AnswerLost {
                        return Err(NoAnswer::lost("reset"));
                    }
                    answer
                }
            };
            let mut whole = json!({ "errcode": 0, "errmsg": "ok" });
            whole
                .as_object_mut()
                .unwrap()
                .extend(answer.as_object().unwrap().clone());
            Ok(Response::new(Body::from(whole.to_string())))
        })
    }
}

fn accepted(state: &TransferState) -> bool {
    *state == TransferState::Accepted
}

#[tokio::test(start_paused = true)]
async fn a_waiting_run_gives_three_hundred_a_day_in_calls_of_a_hundred() {
    let server = Server::new(650);
    let mut told = Vec::new();
    let report = server
        .transfer()
        .waiting()
        .run(|group| told.push(group.clone()))
        .await
        .unwrap();
    assert_eq!((report.groups.len(), report.count(accepted)), (650, 650));
    assert_eq!(report.go_on, None);
    assert_eq!(server.given(), (1, 1));
    let company = server.company();
    let full = |day| [(day, 100); 3];
    assert_eq!(company.calls, [&full(0)[..], &full(1), &[(2, 50)]].concat());
    // Whoever watches is told of each wait, with the time.
    let waits = told.iter().filter_map(|group| match group.state {
        TransferState::Waits { until } => Some((group.chat_id.0.clone(), until)),
        _ => None,
    });
    let waits: Vec<_> = waits.collect();
    assert_eq!(waits.len(), 350 + 50);
    assert_eq!(waits[0], ("wr0300".to_owned(), MIDNIGHT));
    assert_eq!(waits[299], ("wr0599".to_owned(), MIDNIGHT));
    assert_eq!(waits[300], ("wr0600".to_owned(), MIDNIGHT + DAY));
    assert_eq!(waits[350], ("wr0600".to_owned(), MIDNIGHT + DAY));
}

#[tokio::test(start_paused = true)]
async fn a_run_ends_with_the_day_and_the_next_goes_on() {
    let server = Server::new(301);
    let plan = server.transfer().plan().await.unwrap();
    let until = |at: usize| match plan[at].state {
        TransferState::Waits { until } => until,
        ref other => panic!("{other:?}"),
    };
    assert_eq!(until(299), BEGUN / 1000);
    assert_eq!(until(300), MIDNIGHT);
    assert!(server.company().calls.is_empty(), "a plan only reads");

    let report = server.transfer().run(|_| {}).await.unwrap();
    assert_eq!(
        (report.count(accepted), report.go_on),
        (300, Some(MIDNIGHT))
    );
    let left = TransferState::Waits { until: MIDNIGHT };
    assert_eq!(report.groups[300].state, left);

    // On the same day another run learns from the server that nothing is left of it.
    let report = server.transfer().run(|_| {}).await.unwrap();
    assert_eq!((report.count(accepted), report.go_on), (0, Some(MIDNIGHT)));
    let pending = report.count(|state| *state == TransferState::Pending);
    assert_eq!((pending, &report.groups[300].state), (300, &left));

    tokio::time::sleep(Duration::from_secs(DAY as u64)).await;
    let report = server.transfer().run(|_| {}).await.unwrap();
    assert_eq!((report.count(accepted), report.go_on), (1, None));
    assert_eq!(server.given(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_others_spent_of_a_day_is_learned_from_the_server() {
    let server = Server::new(250);
    server.company().today = (Window::Day.start(BEGUN), 160);
    let report = server.transfer().waiting().run(|_| {}).await.unwrap();
    assert_eq!(report.count(accepted), 250);
    assert_eq!(
        server.company().calls,
        [(0, 100), (0, 100), (1, 100), (1, 10)]
    );
    assert_eq!(server.given(), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_gives_nothing_twice_and_loses_nothing() {
    for (at_once, on_job) in [(false, false), (true, false), (false, true)] {
        let server = Server::new(260);
        {
            let mut company = server.company();
            company.at_once = at_once;
            company.ends = [End::AnswerLost, End::Lost, End::Well, End::AnswerLost].into();
            for group in company.groups.iter_mut().filter(|_| on_job) {
                group.status = 0;
            }
        }
        let transfer = server.transfer();
        let transfer = if on_job { transfer.on_job() } else { transfer };
        let report = transfer.run(|_| {}).await.unwrap();
        assert_eq!(server.given(), (1, 1));
        let known = match (at_once, on_job) {
            (false, false) => TransferState::Pending,
            _ => TransferState::Done,
        };
        assert_eq!(report.count(accepted), 100);
        assert_eq!(report.count(|state| *state == known), 160);
        assert_eq!(report.go_on, None);
    }
    // Where no answer ever comes, it ends, and another run finds what is left.
    let server = Server::new(10);
    server.company().ends = [End::Lost; 4].into();
    let error = server.transfer().run(|_| {}).await.unwrap_err();
    assert!(error.may_have_been_done(), "{error}");
    let report = server.transfer().run(|_| {}).await.unwrap();
    assert_eq!((report.count(accepted), server.given()), (10, (1, 1)));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_at_any_moment_is_finished_by_another() {
    for millis in (10..260).step_by(10) {
        let server = Server::new(250);
        let time = Duration::from_millis(millis);
        let _ = tokio::time::timeout(time, server.transfer().run(|_| {})).await;
        let calls = server.company().calls.len();
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(server.company().calls.len(), calls, "nothing goes on");
        let report = server.transfer().run(|_| {}).await.unwrap();
        assert_eq!((report.go_on, server.given()), (None, (1, 1)), "{millis}");
    }
}

#[tokio::test(start_paused = true)]
async fn refusals_are_told_and_spend_nothing() {
    let server = Server::new(400);
    for group in &mut server.company().groups[..100] {
        group.status = 0;
    }
    server.company().groups[100].status = 2;
    server.company().groups[101].status = 3;
    let report = server.transfer().run(|_| {}).await.unwrap();
    let refused = |code| TransferState::Refused {
        code,
        message: "no".into(),
    };
    assert_eq!(report.count(|state| *state == refused(90500)), 100);
    assert_eq!(report.groups[100].state, TransferState::Pending);
    assert_eq!(report.groups[101].state, refused(90508));
    assert_eq!((report.count(accepted), report.go_on), (298, None));

    let few = Server::new(120);
    let report = few.transfer().per_day(50).run(|_| {}).await.unwrap();
    assert_eq!((report.count(accepted), report.go_on), (50, Some(MIDNIGHT)));
    let last = TransferState::Waits {
        until: MIDNIGHT + DAY,
    };
    assert_eq!(report.groups[119].state, last);
}

#[tokio::test(start_paused = true)]
async fn groups_are_found_where_a_resigned_owner_is_not_known_any_more() {
    let server = Server::new(30);
    {
        let mut company = server.company();
        company.forgets = true;
        for group in &mut company.groups[..10] {
            group.owner = "wangwu";
        }
        company.groups[29].status = 2;
    }
    let report = server.transfer().run(|_| {}).await.unwrap();
    assert_eq!((report.groups.len(), report.count(accepted)), (20, 19));
    assert_eq!(
        server.company().groups[..10]
            .iter()
            .map(|it| it.given)
            .sum::<usize>(),
        0
    );

    for group in &mut server.company().groups {
        group.owner = "wangwu";
    }
    let nobody = server.transfer().run(|_| {}).await.unwrap_err();
    assert_eq!(nobody.code(), Some(40003));
    let same = server.transfer().groups.transfer_all("lisi", "LiSi");
    assert!(matches!(same.run(|_| {}).await, Err(Error::Invalid { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_record_knows_the_day_and_what_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("transfers.jsonl");
    let server = Server::new(450);
    server.company().at_once = true;
    let transfer = || server.transfer().record(&file);
    let stopped = tokio::time::timeout(Duration::from_millis(70), transfer().run(|_| {})).await;
    assert!(stopped.is_err());
    // It was cut in the middle of a line.
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(text.lines().count(), 100);
    std::fs::write(&file, &text[..text.len() - 20]).unwrap();

    // What is gone from the owner's list is told as done, and only the rest of the day is asked for.
    let known = 99;
    let plan = transfer().plan().await.unwrap();
    let done = |group: &&GroupTransfer| group.state == TransferState::Done;
    assert_eq!(
        (plan.len(), plan.iter().filter(done).count()),
        (known + 350, known)
    );
    assert_eq!((&*plan[0].chat_id, plan[0].status), ("wr0000", None));
    let report = transfer().run(|_| {}).await.unwrap();
    assert_eq!(report.go_on, Some(MIDNIGHT));
    assert_eq!(
        server
            .company()
            .calls
            .iter()
            .map(|(_, size)| size)
            .sum::<usize>(),
        301
    );
    let asked = server.company().calls.len();
    transfer().run(|_| {}).await.unwrap();
    assert_eq!(
        server.company().calls.len(),
        asked + 1,
        "the one that the cut line was of"
    );

    // The cloud may have forgotten the owner when all is done.
    {
        let mut company = server.company();
        company.forgets = true;
        for group in &mut company.groups {
            (group.status, group.owner) = (3, "zhangsan");
        }
    }
    let plan = transfer().plan().await.unwrap();
    assert!(plan.len() >= 299 && plan.iter().all(|group| done(&group)));
    server.company().forgets = false;

    // Another transfer has a day of its own in the same file.
    for group in &mut server.company().groups {
        (group.status, group.owner) = (0, "lisi");
    }
    let other = transfer().on_job();
    let plan = other.plan().await.unwrap();
    assert_eq!(plan.iter().filter(done).count(), 0);

    let nowhere = server.transfer().record(folder.path()).run(|_| {}).await;
    assert!(matches!(nowhere, Err(Error::Invalid { .. })), "{nowhere:?}");
}
