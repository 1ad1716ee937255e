//! Setting a callback, with its verification; and worlds that bring one.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tokio::net::TcpListener;

use super::{KEY, Receiver, TOKEN, ok, receiver::Answer};
use crate::kit::Server;

#[tokio::test]
async fn a_url_is_verified_and_its_secrets_are_never_shown() {
    let log = Log::default();
    let lines = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // With one subscriber alone, what another test's thread logs first would be switched off for this one too.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let server = Server::start().await;
    let app = server.demo().await;
    let path = format!("{}/callback", app.path());
    let shown = server.manage_ok("GET", &path, None).await;
    assert_eq!(shown, json!({ "set": false }));
    assert_eq!(app.says("zhangsan", "nobody hears this").await, "");

    let receiver = app.told(ok()).await;
    assert_eq!(receiver.verified(), 1);
    let shown = server.manage_ok("GET", &path, None).await;
    assert_eq!(shown, json!({ "set": true, "url": receiver.url }));

    let id = app.says("zhangsan", "now").await;
    let whole = app.until_state(&id, "delivered").await.to_string();
    let list = app.callbacks("").await.to_string();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("a callback was accepted"));
    for text in [whole, list, shown.to_string(), log] {
        assert!(!text.contains(TOKEN) && !text.contains(KEY), "{text}");
    }

    // What the app does itself is no news to it.
    app.chat("mine", &["zhangsan", "lisi"]).await;
    app.say("mine", "hello").await;
    let list = app.callbacks("").await;
    assert_eq!(list["callbacks"].as_array().unwrap().len(), 1);

    server.manage_ok("DELETE", &path, None).await;
    assert_eq!(app.says("zhangsan", "nobody hears this").await, "");
    assert_eq!(
        server.manage_ok("GET", &path, None).await,
        json!({ "set": false })
    );
    server.stop().await;
}

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_url_has_a_name() {
    let server = Server::start().await;
    let app = server.demo().await;
    let receiver = Receiver::start(&app.corpid, ok()).await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let with_user = receiver.url.replace("http://", "http://u:p@");
    for (url, step) in [
        (format!("http://{closed}/"), "connect"),
        ("http://10.0.0.1/".into(), "address"),
        ("http://[::ffff:192.168.0.1]/".into(), "address"),
        ("http://169.254.169.254/latest".into(), "address"),
        (with_user, "url"),
        ("http://[".into(), "url"),
        (format!("{}/nothing", server.url), "status"),
    ] {
        let (status, answer) = app.set_callback(&url, TOKEN, KEY).await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (422, Some("callback_refused")),
            "{answer}"
        );
        assert!(message.contains(&format!(": {step}: ")), "{url}: {message}");
    }
    for (url, token, key) in [
        ("ftp://127.0.0.1/", TOKEN, KEY),
        ("", TOKEN, KEY),
        ("http://a b/", TOKEN, KEY),
        (&receiver.url, "", KEY),
        (&receiver.url, "a-b", KEY),
        (&receiver.url, &"a".repeat(33), KEY),
        (&receiver.url, TOKEN, &KEY[1..]),
        (&receiver.url, TOKEN, &format!("{}+", &KEY[1..])),
    ] {
        let (status, answer) = app.set_callback(url, token, key).await;
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (400, Some("bad_request")),
            "{url} {answer}"
        );
        assert!(token.is_empty() || !answer.to_string().contains(token) || token == "a-b");
    }
    assert_eq!(receiver.verified(), 0);
    let unknown = format!("/_qun/companies/{}/apps/7/callback", app.corpid);
    for (method, body) in [
        ("GET", None),
        ("DELETE", None),
        (
            "PUT",
            Some(json!({ "url": receiver.url, "token": TOKEN, "encoding_aes_key": KEY })),
        ),
    ] {
        let (status, answer) = server.manage(method, &unknown, body).await;
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (404, Some("app_unknown"))
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_world_brings_callbacks_unverified() {
    let server = Server::start().await;
    let receiver = Receiver::start("wwbrought", ok()).await;
    let callback = json!({ "url": receiver.url, "token": TOKEN, "encoding_aes_key": KEY });
    let company = json!({ "corpid": "wwbrought", "users": [{ "userid": "p1" }], "apps": [{ "name": "a", "callback": callback }] });
    let app = server.world(company).await;
    assert_eq!(receiver.verified(), 0);
    let id = app.says("p1", "hello").await;
    assert_eq!(receiver.got(1).await[0].received.from_user_name, "p1");
    app.until_state(&id, "delivered").await;

    let wrong = json!({ "url": receiver.url, "token": TOKEN, "encoding_aes_key": "short" });
    let world =
        json!({ "version": 1, "companies": [{ "apps": [{ "name": "a", "callback": wrong }] }] });
    let (status, answer) = server.manage("POST", "/_qun/worlds", Some(world)).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(
        status == 400 && message.contains("companies[0].apps[0]"),
        "{message}"
    );
    server.stop().await;
}

#[tokio::test]
async fn what_waits_goes_on_when_the_callback_is_set_again() {
    let server = Server::start().await;
    let app = server.demo().await;
    let dead = app.told(vec![Answer::Silence]).await;
    let path = format!("{}/callback", app.path());
    let first = app.says("zhangsan", "first").await;
    dead.got(1).await;
    let second = app.says("zhangsan", "second").await;
    server.manage_ok("DELETE", &path, None).await;
    app.until_tried(&first, 1).await;
    server.advance(3600).await;

    let receiver = app.told(ok()).await;
    app.until_state(&second, "delivered").await;
    let texts: Vec<String> = receiver
        .so_far()
        .iter()
        .map(|got| got.plain.clone())
        .collect();
    assert!(
        texts[0].contains("first") && texts[1].contains("second"),
        "{texts:?}"
    );
    server.stop().await;
}
