//! Delivering: what arrives, in which order, how often it is tried.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use qun_protocol::event::{Event, What};
use serde_json::json;

use super::{Answer, ok, status};
use crate::kit::{NOON, Server};

#[tokio::test]
async fn every_step_of_a_person_arrives_in_order() {
    let server = Server::start().await;
    let company = json!({
        "users": [{ "userid": "p1" }],
        "apps": [{ "name": "app" }],
        "media": [
            { "media_id": "pic", "type": "image" }, { "media_id": "rec", "type": "voice" },
            { "media_id": "film", "type": "video" }, { "media_id": "doc", "type": "file" },
        ],
    });
    let app = server.world(company).await;
    let receiver = app
        .told(vec![
            Answer::Ok("SUCCESS".into()),
            Answer::Ok(String::new()),
        ])
        .await;
    app.person("p1", "subscribe", json!({})).await;
    app.person("p1", "enter", json!({})).await;
    let said = app.says("p1", "你好 ]]> <b>&").await;
    for media_id in ["pic", "rec", "film"] {
        app.person("p1", "say", json!({ "media_id": media_id }))
            .await;
    }
    let place = json!({ "latitude": 23.134, "longitude": 113.358, "scale": 20, "label": "here" });
    app.person("p1", "say", json!({ "location": place })).await;
    let link =
        json!({ "title": "t", "description": "d", "url": "https://x", "pic_url": "https://p" });
    app.person("p1", "say", json!({ "link": link })).await;
    let last = app.person("p1", "unsubscribe", json!({})).await;
    let got = receiver.got(9).await;
    let names: Vec<&str> = got
        .iter()
        .map(|got| match &got.received.what {
            What::Event(event) => event.name(),
            message => message.name(),
        })
        .collect();
    assert_eq!(
        names,
        [
            "subscribe",
            "enter_agent",
            "text",
            "image",
            "voice",
            "video",
            "location",
            "link",
            "unsubscribe"
        ]
    );
    for got in &got {
        let received = &got.received;
        assert_eq!(received.to_user_name, app.corpid);
        assert_eq!(
            (received.from_user_name.as_str(), received.agent_id),
            ("p1", Some(app.agentid))
        );
        assert!((NOON / 1000..NOON / 1000 + 600).contains(&received.create_time));
        assert!(
            got.head.contains("content-type: text/xml\r\n")
                && got.head.contains("user-agent: qun/"),
            "{}",
            got.head
        );
        assert!(!got.head.to_ascii_lowercase().contains("authorization"));
    }
    assert!(matches!(&got[2].received.what, What::Text(text) if text.content == "你好 ]]> <b>&"));
    assert!(matches!(&got[3].received.what, What::Image(image) if image.media_id == "pic"));
    assert!(
        matches!(&got[6].received.what, What::Location(place) if (place.location_x.as_str(), place.scale.as_str(), place.app_type.as_str()) == ("23.134", "20", "wxwork"))
    );
    assert!(matches!(
        &got[8].received.what,
        What::Event(Event::Unsubscribe(_))
    ));
    let ids: BTreeSet<u64> = got
        .iter()
        .filter_map(|got| got.received.what.msg_id())
        .collect();
    assert_eq!(ids.len(), 6);

    app.until_state(&last, "delivered").await;
    let shown = app.callback(&said).await;
    assert_eq!(shown["callback"]["kind"], "text");
    assert_eq!(shown["callback"]["from"], "p1");
    assert!(shown["body"].as_str().unwrap().contains("你好"));
    let attempt = &shown["attempts"][0];
    assert_eq!(
        (attempt["accepted"].as_bool(), attempt["status"].as_i64()),
        (Some(true), Some(200))
    );
    assert!(
        attempt["request_head"]
            .as_str()
            .unwrap()
            .starts_with("POST /callback?app=1&msg_signature=")
    );
    assert_eq!(
        attempt["request_body"]
            .as_str()
            .unwrap()
            .matches(&got[2].encrypt)
            .count(),
        1
    );

    let refused = [
        (json!({ "media_id": "doc" }), "bad_request"),
        (json!({ "media_id": "no" }), "media_id"),
        (json!({}), "empty_content"),
        (json!({ "text": "a", "media_id": "pic" }), "bad_request"),
        (json!({ "location": { "latitude": 91 } }), "bad_request"),
        (json!({ "link": { "title": "t" } }), "empty_content"),
        (json!({ "text": "x".repeat(2049) }), "too_long"),
    ];
    for (mut body, code) in refused {
        body["corpid"] = app.corpid.as_str().into();
        let path = format!("/_qun/people/p1/apps/{}/say", app.agentid);
        let (_, answer) = server.manage("POST", &path, Some(body)).await;
        assert_eq!(answer["error"]["code"], code, "{answer}");
    }
    app.change(json!({ "disabled": true })).await;
    let path = format!("/_qun/people/p1/apps/{}/enter", app.agentid);
    let (_, answer) = server
        .manage("POST", &path, Some(json!({ "corpid": app.corpid })))
        .await;
    assert_eq!(answer["error"]["code"], "app_disabled");
    assert_eq!(receiver.so_far().len(), 9);
    server.stop().await;
}

#[tokio::test]
async fn failures_are_tried_as_the_cloud_does_then_as_configured_then_parked() {
    let server = Server::with(|config| config.callbacks.retries = vec![60]).await;
    let app = server.demo().await;
    let redirect = Answer::Raw(
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/x\r\ncontent-length: 0\r\n\r\n"
            .to_vec(),
    );
    let receiver = app
        .told(vec![
            status("500 Internal Server Error"),
            redirect,
            status("404 Not Found"),
            Answer::Raw(Vec::new()),
            status("201 Created"),
            Answer::Ok("success".into()),
        ])
        .await;
    let first = app.says("zhangsan", "first").await;
    let second = app.says("zhangsan", "second").await;
    for tried in 1..=3 {
        let shown = app.until_tried(&first, tried).await;
        assert_eq!(shown["callback"]["state"], "waiting");
        // Not before its time. The clock goes on meanwhile: on a slow machine its time may have come.
        server.advance(4).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let count = receiver.so_far().len() as i64;
        let attempts = shown["attempts"].as_array().unwrap();
        let began = attempts.last().unwrap()["time_ms"].as_i64().unwrap();
        if server.now_ms().await < began + 5000 {
            assert_eq!(count, tried);
        }
        server.advance(1).await;
    }
    app.until_tried(&first, 4).await;
    // Beyond the cloud's: sixty seconds, a tenth more or less.
    server.advance(50).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.so_far().len(), 4);
    server.advance(17).await;
    let shown = app.until_state(&first, "exhausted").await;
    let errors: Vec<&str> = shown["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attempt| attempt["error"].as_str().unwrap())
        .collect();
    assert_eq!(errors.len(), 5);
    assert_eq!(errors[0], "HTTP 500, not 200");
    assert!(
        errors[1].starts_with("a redirect to http://127.0.0.1:1/x, which is not followed"),
        "{errors:?}"
    );
    assert_eq!(
        (errors[2], errors[4]),
        ("HTTP 404, not 200", "HTTP 201, not 200")
    );
    assert!(!errors[3].contains("msg_signature"), "{errors:?}");
    // The queue goes on.
    app.until_state(&second, "delivered").await;
    let got = receiver.so_far();
    assert_eq!(got.len(), 6);
    assert_eq!(
        got.iter()
            .map(|got| &got.nonce)
            .collect::<BTreeSet<_>>()
            .len(),
        6
    );
    assert_eq!(
        got.iter()
            .map(|got| &got.encrypt)
            .collect::<BTreeSet<_>>()
            .len(),
        6
    );
    assert!(
        got.windows(2)
            .all(|pair| pair[0].timestamp <= pair[1].timestamp)
    );
    assert!(got[4].timestamp > got[0].timestamp);
    assert_eq!(got[0].plain, got[4].plain);

    // Sent again.
    let resend = format!("/_qun/companies/{}/callbacks/{first}/resend", app.corpid);
    server.manage_ok("POST", &resend, None).await;
    app.until_state(&first, "delivered").await;
    server.manage_ok("POST", &resend, None).await;
    app.until_tried(&first, 7).await;
    assert_eq!(receiver.got(8).await[7].plain, got[0].plain);
    server.stop().await;
}

#[tokio::test]
async fn one_that_never_answers_holds_up_nobody_else() {
    let server = Server::start().await;
    let app = server.demo().await;
    let mut receivers = vec![(app.told(vec![Answer::Silence]).await, 0)];
    let mut apps = vec![];
    for n in 1..10 {
        let other = app.sibling(json!({ "name": format!("app {n}") })).await;
        let receiver = other.told(ok()).await;
        receivers.push((receiver, n));
        apps.push(other);
    }
    // The dead one has more queues than it may have deliveries at once.
    let mut dead = Vec::new();
    for n in 0..20 {
        let userid = format!("extra{n}");
        let path = format!("/_qun/companies/{}/users/{userid}", app.corpid);
        server.manage_ok("PUT", &path, Some(json!({}))).await;
        dead.push(app.says(&userid, "anybody there").await);
    }
    receivers[0].0.got(16).await;
    let begun = Instant::now();
    for other in &apps {
        for n in 0..5 {
            other.says("zhangsan", &n.to_string()).await;
        }
    }
    for (receiver, _) in &receivers[1..] {
        receiver.got(5).await;
    }
    // The dead one's first attempts last five seconds.
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(receivers[0].0.so_far().len(), 16);
    let shown = app.until_tried(&dead[0], 1).await;
    let attempt = &shown["attempts"][0];
    assert_eq!(attempt["error"], "no answer within 5 seconds");
    assert!(
        attempt["status"].is_null()
            && (4900..9000).contains(&attempt["milliseconds"].as_i64().unwrap())
    );
    receivers[0].0.answer(ok());
    server.stop().await;
}

/// Needs a database that two servers can share: with `QUN_TEST_ENGINE=postgres`.
#[tokio::test]
async fn two_nodes_are_never_in_the_same_attempt() {
    if std::env::var("QUN_TEST_ENGINE").as_deref() != Ok("postgres") {
        return;
    }
    let mut place = None;
    let first = Server::with(|config| {
        place = Some(config.place.clone());
        config.callbacks.retries = vec![0; 5];
    })
    .await;
    let second = Server::with(|config| {
        config.place = place.take().unwrap();
        config.clock = None;
        config.manage_token = Some(first.manage_token.clone());
        config.callbacks.retries = vec![0; 5];
    })
    .await;
    let app = first.demo().await;
    // Whoever comes while another is there sees it: a queue has one delivery at a time.
    let receiver = app.told(vec![Answer::Slow("success".into())]).await;
    let there = crate::kit::App {
        server: &second,
        corpid: app.corpid.clone(),
        agentid: app.agentid,
        secret: app.secret.clone(),
        token: String::new(),
    };
    let people = ["zhangsan", "lisi", "wangwu", "zhaoliu"];
    let steps = people
        .into_iter()
        .flat_map(|person| [(person, &app), (person, &there)]);
    let steps = steps.map(|(person, app)| async move {
        let mut ids = Vec::new();
        for n in 0..25 {
            ids.push(app.says(person, &n.to_string()).await);
        }
        ids
    });
    let ids: Vec<String> = futures_util::future::join_all(steps).await.concat();
    for id in &ids {
        let shown = app.until_state(id, "delivered").await;
        assert_eq!(shown["callback"]["attempts"], 1);
    }
    assert_eq!(receiver.so_far().len(), 200);
    assert_eq!(receiver.most_at_once(), 1);
    second.stop().await;
    first.stop().await;
}

#[tokio::test]
async fn what_is_over_is_kept_for_its_days_and_a_restart_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::with(|config| {
        config.place = qun_server::Place::Directory(directory.path().join("data"));
    })
    .await;
    let app = server.demo().await;
    let receiver = app.told(vec![status("500 No")]).await;
    let id = app.says("zhangsan", "wait for me").await;
    app.until_tried(&id, 1).await;
    let corpid = app.corpid.clone();
    let agentid = app.agentid;
    server.stop().await;

    receiver.answer(ok());
    let server = Server::with(|config| {
        config.place = qun_server::Place::Directory(directory.path().join("data"));
        config.clock = None;
    })
    .await;
    let app = crate::kit::App {
        server: &server,
        corpid,
        agentid,
        secret: String::new(),
        token: String::new(),
    };
    server.advance(5).await;
    app.until_state(&id, "delivered").await;
    assert_eq!(receiver.so_far().len(), 2);
    let path = format!("/_qun/companies/{}/callbacks/{id}", app.corpid);
    server.advance(31 * 86_400).await;
    server.stop().await;

    // The first thing a server does is to sweep.
    let server = Server::with(|config| {
        config.place = qun_server::Place::Directory(directory.path().join("data"));
        config.clock = None;
    })
    .await;
    let mut found = 200;
    for _ in 0..600 {
        found = server.manage("GET", &path, None).await.0;
        if found == 404 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(found, 404);
    server.stop().await;
}

#[tokio::test]
async fn what_comes_while_it_is_busy_is_told_in_order_to_each() {
    let server = Server::start().await;
    let app = server.demo().await;
    let receiver = app.told(ok()).await;
    let people = ["zhangsan", "lisi", "wangwu"];
    let steps = people.map(|person| {
        let app = &app;
        async move {
            for n in 0..40 {
                app.says(person, &n.to_string()).await;
            }
        }
    });
    futures_util::future::join_all(steps).await;
    let got = receiver.got(120).await;
    assert_eq!(got.len(), 120);
    for person in people {
        let said: Vec<String> = got
            .iter()
            .filter(|got| got.received.from_user_name == person)
            .filter_map(|got| match &got.received.what {
                What::Text(text) => Some(text.content.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(said, (0..40).map(|n| n.to_string()).collect::<Vec<_>>());
    }
    // The list: newest first, by pages, of a state, of an app, with a text.
    let mut listed = Vec::new();
    let mut after = String::new();
    loop {
        let page = app.callbacks(&format!("limit=50&after={after}")).await;
        listed.extend(
            page["callbacks"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["id"].as_str().unwrap().to_owned()),
        );
        match page["cursor"].as_str() {
            Some(cursor) => after = cursor.to_owned(),
            None => break,
        }
    }
    assert_eq!(listed.len(), 120);
    assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), 120);
    let time = |id: &str| id.split('-').next().unwrap().parse::<i64>().unwrap();
    assert!(
        listed
            .windows(2)
            .all(|pair| time(&pair[0]) >= time(&pair[1]))
    );
    app.until_state(&listed[0], "delivered").await;
    let count = |page: serde_json::Value| page["callbacks"].as_array().unwrap().len();
    assert_eq!(count(app.callbacks("state=exhausted").await), 0);
    assert_eq!(count(app.callbacks("agentid=7").await), 0);
    assert_eq!(count(app.callbacks("limit=1000&search=lisi").await), 40);
    let (status, _) = server
        .manage(
            "GET",
            &format!("/_qun/companies/{}/callbacks/1-0", app.corpid),
            None,
        )
        .await;
    assert_eq!(status, 404);
    server.stop().await;
}

#[tokio::test]
async fn a_commit_wakes_whoever_delivers() {
    let server = Server::start().await;
    let app = server.demo().await;
    let receiver = app.told(ok()).await;
    let begun = Instant::now();
    for n in 1..=20 {
        app.says("zhangsan", "one after another").await;
        receiver.got(n).await;
    }
    // Looking once a second alone would take twenty.
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "{:?}",
        begun.elapsed()
    );
    server.stop().await;
}

#[tokio::test]
async fn metrics_tell_of_attempts_and_of_what_waits() {
    let server = Server::start().await;
    let app = server.demo().await;
    let value = async |name: &str| {
        let metrics = server.http.get(format!("{}/metrics", server.url)).send();
        let metrics = metrics.await.unwrap().text().await.unwrap();
        let value = metrics.lines().find_map(|line| line.strip_prefix(name));
        let value = value.and_then(|value| value.trim().parse::<f64>().ok());
        value.unwrap_or_else(|| panic!("{name}: {metrics}"))
    };
    let attempts = async |outcome: &str| {
        value(&format!(
            "qun_callback_attempts_total{{outcome=\"{outcome}\"}}"
        ))
        .await
    };
    assert_eq!(attempts("accepted").await, 0.0);
    let answers = vec![
        Answer::Ok("success".into()),
        status("500 Internal Server Error"),
        Answer::Raw(Vec::new()),
    ];
    let receiver = app.told(answers).await;
    let said = app.says("zhangsan", "accepted").await;
    app.until_state(&said, "delivered").await;
    let mut late = Vec::new();
    for (userid, text) in [("lisi", "refused"), ("wangwu", "not answered")] {
        let said = app.says(userid, text).await;
        app.until_tried(&said, 1).await;
        late.push(said);
    }
    assert_eq!(attempts("accepted").await, 1.0);
    assert_eq!(attempts("refused").await, 1.0);
    // On a slow machine some are tried again meanwhile.
    let unanswered = attempts("no_answer").await;
    assert!(unanswered >= 1.0);
    assert!(value("qun_callback_seconds_count").await >= 2.0 + unanswered);
    assert_eq!(value("qun_callbacks_waiting").await, 2.0);
    receiver.answer(ok());
    server.advance(5).await;
    for said in &late {
        app.until_state(said, "delivered").await;
    }
    assert_eq!(attempts("accepted").await, 3.0);
    assert_eq!(value("qun_callbacks_waiting").await, 0.0);
}
