//! A server that is killed under load keeps every message it has acknowledged, whole and once.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use qun_client::{Client, Manager};
use qun_protocol::{
    appchat::{Create, Send, Text},
    manage::{ChangeRules, History},
};
use serde_json::Value;

/// A `qun up` on a directory, ended with SIGKILL when dropped.
struct Server {
    child: Child,
    ready: Value,
}

impl Server {
    fn start(directory: &Path) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_qun"))
            .args(["up", "--listen", "127.0.0.1:0", "--json", "--data"])
            .arg(directory)
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

    fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().expect("a text")
    }

    fn client(&self) -> Client {
        let secret = self.ready["agents"][0]["secret"]
            .as_str()
            .expect("a secret");
        let builder = Client::builder(self.text("corpid"), secret).base_url(self.text("url"));
        builder
            .timeout(Duration::from_secs(5))
            .build()
            .expect("a client")
    }

    fn manager(&self) -> Manager {
        Manager::new(self.text("url"), self.text("manage_token")).expect("a manager")
    }

    /// SIGKILL, while requests are under way.
    fn kill(&mut self) {
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

fn message(content: String) -> Send {
    let text = Text {
        content: Some(content),
        ..Default::default()
    };
    Send {
        chatid: Some("crash".into()),
        msgtype: Some("text".into()),
        text: Some(text),
        ..Default::default()
    }
}

/// Every text of the group, and how often it is there.
async fn history(server: &Server) -> BTreeMap<String, u64> {
    let mut texts = BTreeMap::new();
    let mut after = None;
    loop {
        let request = History {
            corpid: server.text("corpid").into(),
            chatid: "crash".into(),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_message_survives_kill_9() {
    const SENDERS: u64 = 32;
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let acknowledged: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let tried: Arc<Mutex<BTreeSet<String>>> = Arc::default();

    for round in 0..3 {
        let mut server = Server::start(&data);
        let client = server.client();
        if round == 0 {
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
                corpid: server.text("corpid").into(),
                rulebook: None,
                limits,
            };
            server.manager().send(rules).await.expect("rules");
            let people = ["zhangsan", "lisi", "wangwu"].map(Into::into).to_vec();
            let create = Create {
                chatid: Some("crash".into()),
                userlist: people,
                ..Default::default()
            };
            client.send(create).await.expect("a group");
        }
        let count = Arc::new(AtomicU64::new(0));
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (client, count) = (client.clone(), count.clone());
                let (acknowledged, tried) = (acknowledged.clone(), tried.clone());
                tokio::spawn(async move {
                    for n in 0.. {
                        let text = format!("{round}/{sender}/{n} 群聊消息");
                        tried.lock().expect("unpoisoned").insert(text.clone());
                        if client.send(message(text.clone())).await.is_err() {
                            return;
                        }
                        acknowledged.lock().expect("unpoisoned").insert(text);
                        count.fetch_add(1, Relaxed);
                    }
                })
            })
            .collect();
        // The kill comes at a number of answers, not at a time: it always hits requests under way.
        while count.load(Relaxed) < 700 + 300 * round {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.kill();
        for sender in senders {
            sender
                .await
                .expect("a sender ends with an error of its own");
        }
    }

    let server = Server::start(&data);
    let texts = history(&server).await;
    let (acknowledged, tried) = (
        acknowledged.lock().expect("unpoisoned"),
        tried.lock().expect("unpoisoned"),
    );
    assert!(acknowledged.len() >= 3000, "{}", acknowledged.len());
    for text in acknowledged.iter() {
        assert!(texts.contains_key(text), "acknowledged and lost: {text}");
    }
    for (text, times) in &texts {
        assert!(tried.contains(text), "never sent: {text}");
        assert_eq!(*times, 1, "stored {times} times: {text}");
    }
}

#[tokio::test]
async fn a_second_process_is_kept_out_and_a_term_ends_cleanly() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let mut server = Server::start(&data);
    let second = Command::new(env!("CARGO_BIN_EXE_qun"))
        .args(["up", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .output();
    let second = second.expect("the binary starts");
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("in use by another process"));

    let pid = nix::unistd::Pid::from_raw(i32::try_from(server.child.id()).expect("a pid"));
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("a signal");
    assert_eq!(server.child.wait().expect("it ends").code(), Some(0));
    // The same secret works after the restart.
    let again = Server::start(&data);
    assert_eq!(again.ready["agents"], server.ready["agents"]);
    assert_eq!(again.ready["manage_token"], server.ready["manage_token"]);
    again
        .client()
        .send(qun_protocol::ip_list::ApiAddresses {})
        .await
        .expect("a token for the old secret");
}
