//! A server that is killed tells its apps everything that it has committed, and in order.

#[path = "../../server/tests/api/callback/receiver.rs"]
mod receiver;
#[allow(dead_code, reason = "the load on a group is of other tests")]
mod served;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use qun_protocol::{
    event::What,
    manage::{CallbackState, Callbacks, SetCallback},
    people::SayToApp,
    world,
};
use receiver::{Answer, KEY, Receiver, TOKEN};
use served::Server;
use tokio::{sync::watch, task::JoinHandle};

const PEOPLE: [&str; 4] = ["zhangsan", "lisi", "wangwu", "zhaoliu"];
const AGENT: i64 = 1_000_002;

/// What was said to the app and acknowledged, by person and in order.
#[derive(Clone)]
struct Said {
    all: Arc<Mutex<BTreeMap<&'static str, Vec<String>>>>,
    count: watch::Sender<usize>,
}

impl Said {
    /// Says things to the app until the server is gone.
    fn flood(&self, server: &Server, round: usize) -> Vec<JoinHandle<()>> {
        let talk = |userid: &'static str| {
            let (said, manager) = (self.clone(), server.manager());
            async move {
                for n in 0.. {
                    let text = format!("{round} {n}");
                    let say = SayToApp {
                        userid: userid.into(),
                        agentid: AGENT,
                        text: Some(text.clone()),
                        ..Default::default()
                    };
                    let Ok(told) = manager.send(say).await else {
                        return;
                    };
                    assert!(told.callback.is_some());
                    let mut all = said.all.lock().expect("no panic");
                    all.entry(userid).or_default().push(text);
                    drop(all);
                    said.count.send_modify(|count| *count += 1);
                }
            }
        };
        PEOPLE.map(|userid| tokio::spawn(talk(userid))).into()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_committed_is_told_after_kill_9() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let said = Said {
        all: Arc::default(),
        count: watch::channel(0).0,
    };
    let mut server = Server::start(&data);
    let receiver = Receiver::start(server.text("corpid"), vec![Answer::Ok("success".into())]).await;
    let callback = SetCallback {
        corpid: server.text("corpid").into(),
        agentid: AGENT,
        callback: world::Callback {
            url: receiver.url.clone(),
            token: TOKEN.into(),
            encoding_aes_key: KEY.into(),
        },
    };
    server
        .manager()
        .send(callback)
        .await
        .expect("it is verified");

    // First the app is silent, so that almost all of it is committed and not told; then it answers, and the kill comes between.
    for (round, answer) in [Answer::Silence, Answer::Ok("success".into())]
        .into_iter()
        .enumerate()
    {
        receiver.answer(vec![answer]);
        let talkers = said.flood(&server, round);
        let enough = (round + 1) * 150;
        let mut count = said.count.subscribe();
        let wait = count.wait_for(|count| *count >= enough);
        let waited = tokio::time::timeout(Duration::from_secs(120), wait).await;
        waited.expect("it is said in time").expect("a sender");
        if round == 0 {
            assert!(receiver.so_far().len() <= PEOPLE.len());
        }
        server.kill();
        for talker in talkers {
            talker
                .await
                .expect("a talker ends with an error of its own");
        }
        receiver.answer(vec![Answer::Ok("success".into())]);
        server = Server::start(&data);
    }

    let manager = server.manager();
    let begun = Instant::now();
    let list = |state| Callbacks {
        corpid: server.text("corpid").into(),
        state,
        limit: Some(1000),
        ..Default::default()
    };
    for _ in 0..600 {
        let waiting = list(Some(CallbackState::Waiting));
        if manager
            .send(waiting)
            .await
            .expect("a list")
            .callbacks
            .is_empty()
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // What the killed one had claimed was free at once: a claim lasts thirty seconds.
    assert!(begun.elapsed() < Duration::from_secs(25));
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for got in receiver.so_far() {
        let What::Text(text) = got.received.what else {
            panic!("{}", got.plain);
        };
        let of_person = told.entry(got.received.from_user_name).or_default();
        // What was under way when the kill came is told again.
        if of_person.last() != Some(&text.content) {
            of_person.push(text.content);
        }
    }
    let mut count = 0;
    for (userid, acknowledged) in &*said.all.lock().expect("no panic") {
        let told = &told[*userid];
        let distinct: BTreeSet<&String> = told.iter().collect();
        assert_eq!(distinct.len(), told.len(), "{userid}: out of order");
        let known: Vec<&String> = told
            .iter()
            .filter(|text| acknowledged.contains(text))
            .collect();
        assert_eq!(known, acknowledged.iter().collect::<Vec<_>>(), "{userid}");
        count += told.len();
    }
    // Exactly what is there was told: nothing that is not, either.
    let all = manager.send(list(None)).await.expect("a list").callbacks;
    assert!(all.iter().all(|one| one.state == CallbackState::Delivered));
    assert_eq!(all.len(), count);
}
