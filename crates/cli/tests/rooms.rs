//! A server that is killed tells its hosted accounts every joining that it has committed, in order, and no other.

#[path = "served/database.rs"]
mod database;
#[path = "../../server/tests/api/room/receiver.rs"]
mod receiver;
#[allow(dead_code, reason = "the load on a group is of other tests")]
mod served;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use database::Database;
use qun_client::juzi::JuziClient;
use qun_protocol::{
    CorpId,
    manage::{CallbackState, Callbacks, ChangeHosting, LoadWorld},
};
use receiver::Receiver;
use serde_json::{Value, json};
use served::Server;
use tokio::{sync::watch, task::JoinHandle};

const GROUP: &str = "5f0000000000000000000001";
const TOKEN: &str = "crash";
const ROOMS: usize = 4;
/// So many can be added to each room.
const CONTACTS: usize = 450;

/// What was added and acknowledged, by room and in order.
#[derive(Clone)]
struct Added {
    all: Arc<Mutex<BTreeMap<usize, Vec<String>>>>,
    /// The next contact of each room; who was tried is not tried again.
    next: Arc<Mutex<[usize; ROOMS]>>,
    count: watch::Sender<usize>,
    /// Whether nobody is to be added any more.
    enough: Arc<AtomicBool>,
}

impl Added {
    fn new() -> Added {
        Added {
            all: Arc::default(),
            next: Arc::default(),
            count: watch::channel(0).0,
            enough: Arc::default(),
        }
    }

    /// Adds to every room, one after another, until the server is gone.
    fn flood(&self, server: &Server) -> Vec<JoinHandle<()>> {
        let add = |room: usize| {
            let (added, juzi) = (self.clone(), juzi(server));
            async move {
                while !added.enough.load(Relaxed) {
                    let n = {
                        let mut next = added.next.lock().expect("no panic");
                        next[room] += 1;
                        next[room]
                    };
                    assert!(n <= CONTACTS, "nobody is left to add");
                    let contact = format!("wm{n}");
                    let wxid = format!("R:{room}");
                    let done = juzi.rooms().add_member("bot", &contact, &wxid).await;
                    if done.is_err() {
                        return;
                    }
                    let mut all = added.all.lock().expect("no panic");
                    all.entry(room).or_default().push(contact);
                    added.count.send_modify(|count| *count += 1);
                }
            }
        };
        (0..ROOMS).map(|room| tokio::spawn(add(room))).collect()
    }

    /// Waits until so many more are added.
    async fn more(&self, count: usize) {
        let mut counted = self.count.subscribe();
        let enough = *counted.borrow() + count;
        let wait = counted.wait_for(|count| *count >= enough);
        let waited = tokio::time::timeout(Duration::from_secs(120), wait).await;
        waited.expect("they are added in time").expect("a sender");
    }
}

fn juzi(server: &Server) -> JuziClient {
    JuziClient::new(server.text("url"), TOKEN).expect("a client")
}

/// A company with one account in [`ROOMS`] rooms that all its friends may join; gives the corpid.
async fn company(server: &Server, receiver: &Receiver) -> CorpId {
    let contacts = || (1..=CONTACTS).map(|n| format!("wm{n}"));
    let room =
        |n: usize| json!({ "chat_id": format!("wr{n}"), "name": n.to_string(), "owner": "bot" });
    let wxid = |n: usize| json!({ "room": format!("wr{n}"), "wxid": format!("R:{n}") });
    let world = json!({ "version": 1, "companies": [{
        "limits": { "room_direct_members": -1, "room_calls_per_token": -1 },
        "users": [{ "userid": "bot", "customer_contact": true }],
        "customers": contacts().map(|id| json!({ "external_userid": id, "name": id })).collect::<Vec<_>>(),
        "customer_groups": (0..ROOMS).map(room).collect::<Vec<_>>(),
        "hostings": [{
            "group": GROUP, "tokens": [{ "token": TOKEN }],
            "bots": [{
                "userid": "bot", "wxid": "wxbot", "rooms": (0..ROOMS).map(wxid).collect::<Vec<_>>(),
                "friends": contacts().map(|id| json!({ "contact": id })).collect::<Vec<_>>(),
            }],
        }],
    }] });
    let world = serde_json::from_value(world).expect("a world");
    let loaded = server.manager().send(LoadWorld { world }).await;
    let corpid = loaded.expect("it is loaded").companies[0].corpid.clone();
    let set = ChangeHosting {
        corpid: corpid.clone(),
        group: GROUP.into(),
        callback_url: Some(receiver.url.clone()),
        ..Default::default()
    };
    server.manager().send(set).await.expect("a URL");
    corpid
}

fn names(members: &Value) -> Vec<String> {
    let members = members.as_array().expect("members").iter();
    members
        .map(|it| it["nickName"].as_str().expect("a name").to_owned())
        .collect()
}

/// Asserts, once nothing waits, that what was told is what has happened: all that was acknowledged, each joining once, in
/// order, and nothing that is not there.
async fn check(server: &Server, corpid: &CorpId, added: &Added, receiver: &Receiver) {
    let list = |state| Callbacks {
        corpid: corpid.clone(),
        group: Some(GROUP.into()),
        state,
        limit: Some(1000),
        ..Default::default()
    };
    let (manager, begun) = (server.manager(), Instant::now());
    loop {
        let waiting = list(Some(CallbackState::Waiting));
        let waiting = manager.send(waiting).await.expect("a list").callbacks;
        if waiting.is_empty() {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{}",
            waiting.len()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // By room, the members that were told at each joining. What was under way when a kill came is told again.
    let mut told: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for (path, body) in receiver.so_far() {
        assert_eq!(path, "/juzi/chatroom/joined");
        let room = body["wxid"].as_str().expect("a room").to_owned();
        let members = names(&body["members"]);
        let of_room = told.entry(room).or_default();
        if of_room.last() != Some(&members) {
            of_room.push(members);
        }
    }
    let rooms = juzi(server).rooms().with_member("wxbot").await;
    let mut joinings = 0;
    for (n, room) in rooms.expect("the rooms").iter().enumerate() {
        let inside: Vec<&str> = room
            .members
            .iter()
            .map(|it| it.nick_name.as_str())
            .collect();
        let told = &told[&room.wxid];
        let sizes: Vec<usize> = told.iter().map(Vec::len).collect();
        assert_eq!(
            sizes,
            (2..=inside.len()).collect::<Vec<_>>(),
            "{}",
            room.wxid
        );
        for members in told {
            assert_eq!(members[..], inside[..members.len()], "{}", room.wxid);
        }
        let all = added.all.lock().expect("no panic");
        let acknowledged = all[&n].iter().map(String::as_str);
        let known = inside
            .iter()
            .filter(|it| all[&n].iter().any(|one| one == *it));
        assert_eq!(
            known.copied().collect::<Vec<_>>(),
            acknowledged.collect::<Vec<_>>()
        );
        joinings += told.len();
    }
    let all = manager.send(list(None)).await.expect("a list").callbacks;
    assert!(all.iter().all(|one| one.state == CallbackState::Delivered));
    assert_eq!(all.len(), joinings);
}

async fn end(adders: Vec<JoinHandle<()>>) {
    for adder in adders {
        adder.await.expect("an adder ends with an error of its own");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_joining_is_told_after_kill_9() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let (mut server, receiver, added) =
        (Server::start(&data), Receiver::start().await, Added::new());
    let corpid = company(&server, &receiver).await;
    // First the receiver takes nothing, so that almost all is committed and not told; then the kill comes between.
    for status in [503, 200, 200] {
        receiver.answer(status);
        let adders = added.flood(&server);
        added.more(60).await;
        server.kill();
        end(adders).await;
        receiver.answer(200);
        server = Server::start(&data);
    }
    check(&server, &corpid, &added, &receiver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_joining_is_told_when_one_of_two_nodes_is_killed() {
    let Some(database) = Database::new("rooms") else {
        return;
    };
    let (first, receiver, added) = (database.node("a"), Receiver::start().await, Added::new());
    let corpid = company(&first, &receiver).await;
    for _ in 0..2 {
        let mut dying = database.another("dying", &first);
        let adders = added.flood(&dying);
        added.more(40).await;
        dying.kill();
        end(adders).await;
    }
    let adders = added.flood(&first);
    added.more(40).await;
    added.enough.store(true, Relaxed);
    end(adders).await;
    check(&first, &corpid, &added, &receiver).await;
}
