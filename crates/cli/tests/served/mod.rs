//! The program as a server on a directory, a group on it, and load.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use qun_client::{Client, Manager};
use qun_protocol::{
    appchat::{Create, Send, Text},
    manage::{ChangeRules, History},
};
use serde_json::Value;
use tokio::task::JoinHandle;

const GROUP: &str = "load";

/// A `qun up` on a directory, ended with SIGKILL when dropped.
pub struct Server {
    pub child: Child,
    pub ready: Value,
}

impl Server {
    pub fn start(directory: &Path) -> Server {
        Server::with(["--data".as_ref(), directory.as_os_str()])
    }

    /// A server that keeps things where these flags say.
    pub fn with<'a>(place: impl IntoIterator<Item = &'a OsStr>) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qun"))
            .args(["up", "--listen", "127.0.0.1:0", "--json"])
            .args(place)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("the ready line");
        let ready =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
        Server { child, ready }
    }

    pub fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().expect("a text")
    }

    pub fn client(&self) -> Client {
        let secret = self.ready["agents"][0]["secret"]
            .as_str()
            .expect("a secret");
        let builder = Client::builder(self.text("corpid"), secret).base_url(self.text("url"));
        builder
            .timeout(Duration::from_secs(20))
            .build()
            .expect("a client")
    }

    pub fn manager(&self) -> Manager {
        Manager::new(self.text("url"), self.text("manage_token")).expect("a manager")
    }

    /// Takes the limits away that load would reach, and makes the group.
    pub async fn prepare(&self) {
        let limits = [
            "chat_sends_per_corp_minute",
            "chat_sends_per_corp_hour",
            "calls_per_corp_minute",
            "calls_per_address_minute",
        ];
        let limits = limits
            .into_iter()
            .map(|key| (key.to_owned(), Some(-1)))
            .collect();
        let rules = ChangeRules {
            corpid: self.text("corpid").into(),
            rulebook: None,
            limits,
        };
        self.manager().send(rules).await.expect("rules");
        let people = ["zhangsan", "lisi", "wangwu"].map(Into::into).to_vec();
        let create = Create {
            chatid: Some(GROUP.into()),
            userlist: people,
            ..Default::default()
        };
        self.client().send(create).await.expect("a group");
    }

    /// SIGKILL, while requests are under way.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A text to the group.
fn message(content: String) -> Send {
    let text = Text {
        content: Some(content),
        ..Default::default()
    };
    Send {
        chatid: Some(GROUP.into()),
        msgtype: Some("text".into()),
        text: Some(text),
        ..Default::default()
    }
}

/// Every text of the group, and how often it is there.
pub async fn history(server: &Server) -> BTreeMap<String, u64> {
    let mut texts = BTreeMap::new();
    let mut after = None;
    loop {
        let request = History {
            corpid: server.text("corpid").into(),
            chatid: GROUP.into(),
            after,
            limit: Some(1000),
        };
        let page = server.manager().send(request).await.expect("a page");
        for message in page.messages {
            *texts
                .entry(
                    message.content["content"]
                        .as_str()
                        .expect("a whole body")
                        .to_owned(),
                )
                .or_default() += 1;
        }
        if !page.more {
            return texts;
        }
        after = Some(page.cursor);
    }
}

/// Messages that were sent, over all servers.
#[derive(Clone, Default)]
pub struct Sent {
    acknowledged: Arc<Mutex<BTreeSet<String>>>,
    tried: Arc<Mutex<BTreeSet<String>>>,
}

impl Sent {
    /// Sends from many tasks at once, each until its first error. Every text begins with `mark`.
    pub fn flood(&self, server: &Server, mark: &str) -> Vec<JoinHandle<()>> {
        const SENDERS: u64 = 32;
        let client = server.client();
        let sender = |number| {
            let (client, sent, mark) = (client.clone(), self.clone(), mark.to_owned());
            async move {
                for n in 0.. {
                    let text = format!("{mark}/{number}/{n} 群聊消息");
                    sent.tried.lock().expect("unpoisoned").insert(text.clone());
                    if client.send(message(text.clone())).await.is_err() {
                        return;
                    }
                    sent.acknowledged.lock().expect("unpoisoned").insert(text);
                }
            }
        };
        (0..SENDERS).map(|n| tokio::spawn(sender(n))).collect()
    }

    /// What was acknowledged until now.
    pub fn acknowledged(&self) -> BTreeSet<String> {
        self.acknowledged.lock().expect("unpoisoned").clone()
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().expect("unpoisoned").len()
    }

    /// Waits until so many more are acknowledged.
    pub async fn more(&self, count: usize) {
        let count = self.count() + count;
        let start = Instant::now();
        while self.count() < count {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "it does not go on"
            );
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Each of these texts is there, and whatever is there was sent and is there once.
    pub fn check(&self, texts: &BTreeMap<String, u64>, acknowledged: &BTreeSet<String>) {
        for text in acknowledged {
            assert!(texts.contains_key(text), "acknowledged and lost: {text}");
        }
        let tried = self.tried.lock().expect("unpoisoned");
        for (text, times) in texts {
            assert!(tried.contains(text), "never sent: {text}");
            assert_eq!(*times, 1, "stored {times} times: {text}");
        }
    }
}

/// Asks a process to end, as Ctrl-C and `kill` do.
pub fn terminate(child: &Child) {
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("a signal");
}
