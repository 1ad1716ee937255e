//! Rooms of Juzi, against a server and behind a receiver.

use std::{collections::BTreeSet, pin::pin, sync::Arc, time::Duration};

use futures_util::TryStreamExt;
use qun_client::{
    Error, Manager,
    juzi::{
        AddMemberRefusal, CreateRefusal, Event, ExitRefusal, JuziClient, ListRefusal, Receiver,
        RoomError,
    },
    protocol::{manage, room},
};
use qun_server::{Config, Place, Running};
use tokio::sync::watch;

use crate::kit::{Server, json, status};

/// A server with the demo company, whose Juzi token is `abcd`.
async fn demo() -> (Running, JuziClient, Manager) {
    let running = qun_server::start(Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        place: Place::Memory,
        world: None,
        rules: Default::default(),
        limits_off: false,
        clock: None,
        manage_token: None,
        callbacks: Default::default(),
    })
    .await
    .unwrap();
    let ready = running.ready();
    let juzi = JuziClient::new(&ready.url, "abcd").unwrap();
    let manager = Manager::new(&ready.url, &ready.manage_token).unwrap();
    (running, juzi, manager)
}

#[tokio::test]
async fn rooms_are_made_joined_left_and_listed() {
    let (running, juzi, _) = demo().await;
    let rooms = juzi.rooms();
    rooms
        .add_member("testUserId", "7888888888", "R:888888")
        .await
        .unwrap();
    let again = rooms
        .add_member("testUserId", "7888888888", "R:888888")
        .await
        .unwrap_err();
    assert_eq!(again.reason(), Some(&AddMemberRefusal::AlreadyIn));
    let error = Error::from(again);
    assert_eq!(
        (error.code(), error.text()),
        (Some(-9), "群聊中已经存在此好友")
    );
    assert_eq!(error.official(), Some("群聊中已经存在此好友"));
    assert_eq!(
        error.to_string(),
        "/room/addMember refused: -9 群聊中已经存在此好友 (The person is in the room already)"
    );

    let wish = room::Create {
        bot_user_id: Some("testUserId".into()),
        wxids: vec!["7888888888".into()],
        ..Default::default()
    };
    let few = rooms.create(wish.clone()).await.unwrap_err();
    assert_eq!(few.reason(), Some(&CreateRefusal::TooFewContacts));
    let made = rooms
        .create(room::Create {
            wxids: vec![
                "7888888888".into(),
                "wmrRhyBgAA6PKOL7IA2Nbikedjxxxxxx".into(),
            ],
            name: Some("新群".into()),
            ..wish
        })
        .await
        .unwrap();
    let owner = rooms.exit("testUserId", &made.room_wxid).await.unwrap_err();
    assert_eq!(owner.reason(), Some(&ExitRefusal::BotIsOwner));
    rooms.exit("testUserId", "R:123123123").await.unwrap();

    let found = rooms.with_member("7888888888").await.unwrap();
    let names: Vec<&str> = found.iter().map(|room| room.topic.as_str()).collect();
    assert_eq!(names, ["VIP交流群", "新群"]);
    assert_eq!(found[1].wecom_chat_id.as_ref(), Some(&made.chat_id));
    let wrong = JuziClient::new(juzi.base_url(), "s3cret-token").unwrap();
    let refused = wrong.rooms().with_member("x").await.unwrap_err();
    assert_eq!(refused.reason(), Some(&ListRefusal::InvalidToken));
    assert!(!format!("{refused:?} {refused} {wrong:?}").contains("s3cret"));
    running.stop().await;
}

#[tokio::test]
async fn a_label_is_a_stream_over_all_pages() {
    let (running, juzi, manager) = demo().await;
    let corpid = running.ready().corpid.clone();
    let group = "5f60998462c907003e1fa2c0".to_owned();
    let label = manage::CreateRoomLabel {
        corpid: corpid.clone().into(),
        group,
        label: qun_client::protocol::world::RoomLabel {
            name: "many".into(),
            ..Default::default()
        },
    };
    let label = manager.send(label).await.unwrap().id.unwrap();
    for _ in 0..101 {
        let rooms = juzi.rooms();
        let made = rooms.create(room::Create {
            bot_user_id: Some("testUserId".into()),
            wxids: vec![
                "wmrRhyBgAANQ1O34HRXfVQh17exxxxxx".into(),
                "wmrRhyBgAA6PKOL7IA2Nbikedjxxxxxx".into(),
            ],
            ..Default::default()
        });
        let room = made.await.unwrap().room_wxid;
        let attach = manage::AttachRoomLabel {
            corpid: corpid.clone().into(),
            id: label.clone(),
            room,
        };
        manager.send(attach).await.unwrap();
    }
    let all: Vec<room::Room> = juzi.rooms().with_label(&label).try_collect().await.unwrap();
    assert_eq!(all.len(), 101);
    let ids: BTreeSet<&str> = all.iter().map(|room| room.wxid.as_str()).collect();
    assert_eq!(ids.len(), 101);
    assert_eq!(
        juzi.rooms().page(&label, 2, 100).await.unwrap().data.len(),
        1
    );
    let rooms = juzi.rooms();
    let mut none = pin!(rooms.with_label("no such label"));
    assert!(none.try_next().await.unwrap().is_none());
    running.stop().await;
}

#[tokio::test]
async fn the_429_is_no_json_and_busy_servers_are_told_apart() {
    let server = Server::start(|path, number| match (path, number) {
        (path, _) if path.contains("listByMember") => axum::http::Response::builder()
            .status(429)
            .body("Too Many Requests".into())
            .unwrap(),
        (path, _) if path.contains("exit") => json(r#"{"code":"-12","message":"新的"}"#),
        _ => status(503, "busy"),
    })
    .await;
    let juzi = JuziClient::new(&server.url, "s3cret").unwrap();
    let often = juzi.rooms().with_member("x").await.unwrap_err();
    assert!(
        matches!(&often, RoomError::TooManyCalls(error) if error.is_frequency()),
        "{often:?}"
    );
    let new = juzi.rooms().exit("a", "R:1").await.unwrap_err();
    assert_eq!(new.reason(), Some(&ExitRefusal::Unknown(-12)));
    let busy = juzi.rooms().create(Default::default()).await.unwrap_err();
    assert!(
        matches!(busy.error(), Error::Undecodable { status: 503, .. }),
        "{busy:?}"
    );
    // Nothing was sent twice, though -1 to WeCom would be.
    assert_eq!(server.count("/room/"), 3);
    let log = server.log.lock().unwrap();
    assert_eq!(
        log[1].2,
        br#"{"token":"s3cret","wecomUserId":"a","roomWxid":"R:1"}"#
    );
}

#[tokio::test]
async fn a_receiver_hears_of_each_event_once() {
    let (running, juzi, manager) = demo().await;
    let heard = Arc::new(watch::channel(Vec::new()).0);
    let ears = Arc::clone(&heard);
    let receiver = Receiver::new(move |event: Event| {
        let ears = Arc::clone(&ears);
        async move {
            let mut count = 0;
            ears.send_modify(|heard| {
                heard.push(event);
                count = heard.len();
            });
            // The first time it fails, so it comes again.
            if count == 1 {
                Err(std::io::Error::other("not now"))
            } else {
                Ok(())
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/juzi/guess-me", listener.local_addr().unwrap());
    let app = axum::Router::new().nest_service("/juzi/guess-me", receiver);
    tokio::spawn(async move { axum::serve(listener, app).await });
    let corpid = running.ready().corpid.clone();
    let set = manage::ChangeHosting {
        corpid: corpid.into(),
        group: "5f60998462c907003e1fa2c0".into(),
        callback_url: Some(url.clone()),
        ..Default::default()
    };
    manager.send(set).await.unwrap();
    juzi.rooms()
        .add_member("testUserId", "7888888888", "R:888888")
        .await
        .unwrap();
    let mut hears = heard.subscribe();
    let two = tokio::time::timeout(
        Duration::from_secs(60),
        hears.wait_for(|heard| heard.len() == 2),
    );
    let events = two.await.unwrap().unwrap().clone();
    assert_eq!(events[0], events[1]);
    let Event::Joined(room) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!((room.wxid.as_str(), room.members.len()), ("R:888888", 5));

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let post = async |path: &str, body: &str| {
        let sent = http
            .post(format!("{url}{path}"))
            .body(body.to_owned())
            .send();
        sent.await.unwrap().status().as_u16()
    };
    for _ in 0..3 {
        assert_eq!(
            post("/chatroom/loaded", r#"{"wxid":"R:1","syncedTime":"5"}"#).await,
            200
        );
    }
    assert_eq!(post("/room/topic", r#"{"topic":"x"}"#).await, 200);
    assert_eq!(post("/chatroom/loaded", "<xml/>").await, 400);
    let get = http.get(&url).send().await.unwrap();
    assert_eq!(get.status(), 405);
    let heard = heard.borrow().clone();
    assert_eq!(heard.len(), 4);
    assert!(matches!(&heard[2], Event::Loaded(room) if room.synced_time == 5));
    assert!(
        matches!(&heard[3], Event::Other { path, body } if path == "/room/topic" && body["topic"] == "x")
    );
    running.stop().await;
}
