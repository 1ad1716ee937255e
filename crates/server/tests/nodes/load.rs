//! Messages that are sent while something fails, and what became of them.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use qun_protocol::Rulebook;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    database::unlimited,
    kit::{App, Server, code},
};

/// No request may take longer.
const LONGEST: Duration = Duration::from_secs(20);

pub const GROUP: &str = "load";

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// 0: it is there, once.
    Done,
    /// -1: it is not there.
    Refused,
    /// The connection was closed: it is there at most once.
    Nothing,
}

/// A company with a group that is ready for load.
pub async fn company(node: &Server) -> App<'_> {
    let app = node.company(Rulebook::Documented, 3, unlimited()).await;
    app.chat(GROUP, &["p1", "p2", "p3"]).await;
    assert_eq!(code(&app.say(GROUP, "first").await), 0);
    app
}

/// Senders at nodes.
pub struct Load {
    /// What its texts begin with.
    mark: String,
    ends: Arc<Mutex<BTreeMap<String, End>>>,
    /// By node.
    done: Arc<[AtomicUsize; 4]>,
    slowest: Arc<Mutex<Duration>>,
    stop: Arc<AtomicBool>,
    senders: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts so many senders at each node.
    pub fn start(apps: &[App<'_>], each: usize) -> Load {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mut load = Load {
            mark: format!("load {}/", COUNT.fetch_add(1, SeqCst)),
            ends: Arc::default(),
            done: Arc::default(),
            slowest: Arc::default(),
            stop: Arc::default(),
            senders: Vec::new(),
        };
        for (at, app) in apps.iter().enumerate() {
            for number in 0..each {
                load.sender(app, at, format!("{}{at}/{number}", load.mark));
            }
        }
        load
    }

    fn sender(&mut self, app: &App<'_>, at: usize, mark: String) {
        let (ends, done, slowest, stop) = (
            Arc::clone(&self.ends),
            Arc::clone(&self.done),
            Arc::clone(&self.slowest),
            Arc::clone(&self.stop),
        );
        let (http, url) = (app.server.http.clone(), url(app));
        self.senders.push(tokio::spawn(async move {
            for n in 0.. {
                if stop.load(SeqCst) {
                    return;
                }
                let text = format!("{mark}/{n}");
                let start = Instant::now();
                let end = post(&http, &url, &text).await;
                let took = start.elapsed();
                ends.lock().unwrap().insert(text, end);
                {
                    let mut slowest = slowest.lock().unwrap();
                    *slowest = took.max(*slowest);
                }
                match end {
                    End::Done => drop(done[at].fetch_add(1, SeqCst)),
                    // As a client would: not again and again at once.
                    End::Refused | End::Nothing => {
                        tokio::time::sleep(Duration::from_millis(25)).await
                    }
                }
            }
        }));
    }

    /// Waits until so many more are acknowledged.
    pub async fn more(&self, count: usize) {
        self.wait(0..4, count).await;
    }

    /// Waits until so many more are acknowledged by one node.
    pub async fn more_at(&self, node: usize, count: usize) {
        self.wait(node..node + 1, count).await;
    }

    async fn wait(&self, nodes: Range<usize>, count: usize) {
        let done = || -> usize {
            self.done[nodes.clone()]
                .iter()
                .map(|done| done.load(SeqCst))
                .sum()
        };
        let (goal, start) = (done() + count, Instant::now());
        while done() < goal {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "it does not go on: {:?}",
                self.counts()
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// How many were acknowledged, refused, not answered.
    pub fn counts(&self) -> (usize, usize, usize) {
        let ends = self.ends.lock().unwrap();
        let count = |wanted| ends.values().filter(|end| **end == wanted).count();
        (count(End::Done), count(End::Refused), count(End::Nothing))
    }

    /// Ends the senders and compares what they were told with what is there, as a node shows it.
    pub async fn check(self, app: &App<'_>) {
        self.stop.store(true, SeqCst);
        for sender in self.senders {
            sender.await.unwrap();
        }
        let slowest = *self.slowest.lock().unwrap();
        assert!(slowest < LONGEST, "a request took {slowest:?}");
        let there = history(app).await;
        let ends = self.ends.lock().unwrap();
        let mut came = 0;
        for (text, end) in &*ends {
            let times = there.get(text).copied().unwrap_or(0);
            match end {
                End::Done => assert_eq!(times, 1, "acknowledged: {text}"),
                End::Refused => assert_eq!(times, 0, "refused: {text}"),
                End::Nothing => {
                    assert!(times <= 1, "{times} times: {text}");
                    came += times;
                }
            }
        }
        for text in there.keys() {
            assert!(
                !text.starts_with(&self.mark) || ends.contains_key(text),
                "never sent: {text}"
            );
        }
        drop(ends);
        println!("{came} came of what was not answered; the slowest request took {slowest:?}");
    }
}

fn url(app: &App<'_>) -> String {
    format!(
        "{}/cgi-bin/appchat/send?access_token={}",
        app.server.url, app.token
    )
}

/// Sends one message.
pub async fn send(app: &App<'_>, text: &str) -> End {
    post(&app.server.http, &url(app), text).await
}

async fn post(http: &reqwest::Client, url: &str, text: &str) -> End {
    let body = json!({ "chatid": GROUP, "msgtype": "text", "text": { "content": text } });
    let answer = async {
        let response = http.post(url).body(body.to_string()).send().await?;
        assert_eq!(response.status(), 200);
        response.json::<Value>().await
    };
    match tokio::time::timeout(2 * LONGEST, answer).await {
        Err(_) => panic!("a request hangs"),
        Ok(Err(_)) => End::Nothing,
        Ok(Ok(answer)) => match code(&answer) {
            0 => End::Done,
            -1 => End::Refused,
            _ => panic!("{answer}"),
        },
    }
}

/// Every text of the group, and how often it is there.
pub async fn history(app: &App<'_>) -> BTreeMap<String, usize> {
    let mut texts = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let path = format!(
            "/_qun/companies/{}/groups/{GROUP}/history?limit=1000&after={cursor}",
            app.corpid
        );
        let page = app.server.manage_ok("GET", &path, None).await;
        for message in page["messages"].as_array().unwrap() {
            let text = message["content"]["content"].as_str().unwrap().to_owned();
            *texts.entry(text).or_default() += 1;
        }
        if page["more"] == false {
            return texts;
        }
        cursor = page["cursor"].as_str().unwrap().to_owned();
    }
}

/// The status of `/readyz`.
pub async fn ready(node: &Server) -> u16 {
    let response = node
        .http
        .get(format!("{}/readyz", node.url))
        .send()
        .await
        .unwrap();
    response.status().as_u16()
}
