//! The receiver: the published vectors, and over HTTP.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::Router;
use qun_client::{
    callback::{Callback, Delivery, Error, Receiver},
    protocol::event::{self, PassiveReply, Received, Text, What},
};
use qun_crypt::{EncodingAesKey, Envelope, Error as Crypt, open, seal, sign, verify};

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const CORPID: &str = "wx5823bf96d3bd56c7";
const ECHOSTR: &str =
    "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ==";
const VERIFYING: &str =
    "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780";
const POSTING: &str =
    "msg_signature=477715d11cdb4164915debcba66cb864d751f3e6&timestamp=1409659813&nonce=1372623149";
const ENCRYPT: &str = "RypEvHKD8QQKFhvQ6QleEB4J58tiPdvo+rtK1I9qca6aM/wvqnLSV5zEPeusUiX5L5X/0lWfrf0QADHHhGd3QczcdCUpj911L3vg3W/sYYvuJTs3TUUkSUXxaccAS0qhxchrRYt66wiSpGLYL42aM6A8dTT+6k4aSknmPj48kzJs8qLjvd4Xgpue06DOdnLxAUHzM6+kDZ+HMZfJYuR+LtwGc2hgf5gsijff0ekUNXZiqATP7PF5mZxZ3Izoun1s4zG4LUMnvw2r+KqCKIw+3IQH03v+BCA9nMELNqbSf6tiWSrXJB3LAVGUcallcrw8V2t9EL4EhzJWrQUax5wLVMNS0+rUPA3k22Ncx4XXZS9o0MBH27Bo6BpNelZpS+/uh9KsNlY6bHCmJU9p8g7m3fVKn28H3KDYA5Pl/T8Z1ptDAVe0lXdQ2YoyyH2uyPIGHBZZIs2pDBS8R07+qN+E7Q==";

fn callback() -> Callback {
    Callback::new(TOKEN, KEY, CORPID).unwrap()
}

fn key() -> EncodingAesKey {
    KEY.parse().unwrap()
}

fn encoded(text: &str) -> String {
    text.replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
}

fn envelope(encrypt: &str) -> String {
    let envelope = Envelope {
        to_user_name: CORPID.into(),
        agent_id: Some("218".into()),
        encrypt: encrypt.into(),
    };
    envelope.write()
}

/// The query and the body of a POST, fresh for each attempt as a server makes it.
fn post(message: &Received, attempt: u8) -> (String, String) {
    let sealed = seal(&key(), [attempt; 16], message.write().as_bytes(), CORPID);
    let nonce = attempt.to_string();
    let signature = sign(TOKEN, "1700000000", &nonce, &sealed);
    (
        format!("msg_signature={signature}&timestamp=1700000000&nonce={nonce}"),
        envelope(&sealed),
    )
}

fn text(msg_id: u64, content: &str) -> Received {
    Received {
        to_user_name: CORPID.into(),
        from_user_name: "zhangsan".into(),
        create_time: 1_700_000_000,
        agent_id: Some(218),
        what: What::Text(Text {
            content: content.into(),
            msg_id,
        }),
    }
}

#[test]
fn the_published_samples_open() {
    let callback = callback();
    for echostr in [encoded(ECHOSTR), ECHOSTR.to_owned()] {
        let query = format!("{VERIFYING}&echostr={echostr}");
        assert_eq!(callback.verify_url(&query).unwrap(), b"1616140317555161061");
    }
    let body = envelope(ENCRYPT);
    let delivery = callback.open(POSTING, body.as_bytes()).unwrap();
    assert!(
        delivery
            .xml
            .contains("<Content><![CDATA[hello]]></Content>")
    );
    assert_eq!(delivery.received.from_user_name, "mycreate");
    assert_eq!(
        delivery.received.what.msg_id(),
        Some(4_561_255_354_251_345_929)
    );
    assert_eq!(delivery.receiveid, CORPID);

    // Another implementation's, for whoever it is.
    let other = Callback::for_anybody(
        "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme",
        "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
    );
    let query = "msg_signature=1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011&timestamp=1583940690&nonce=VHh7ymSeb0jc4lSb&echostr=\
        6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC%2FnIX3ZNt9w%3D%3D";
    assert_eq!(
        other.unwrap().verify_url(query).unwrap(),
        b"94966531020182955848408"
    );
}

#[test]
fn mistakes_are_named_and_secrets_are_not() {
    let callback = callback();
    let body = envelope(ENCRYPT);
    let open = |query: &str, body: &[u8]| callback.open(query, body).unwrap_err();
    let signature = Error::Crypt(Crypt::Signature);
    assert_eq!(
        open(&POSTING.replace("47", "48"), body.as_bytes()),
        signature
    );
    assert_eq!(
        open(POSTING, body.replace("RypE", "RypF").as_bytes()),
        signature
    );
    assert_eq!(open(POSTING, b"\xff"), Error::Utf8);
    assert!(matches!(
        open(POSTING, b"<xml>"),
        Error::Crypt(Crypt::Xml(_))
    ));
    assert_eq!(
        open(POSTING, b"<xml/>"),
        Error::Crypt(Crypt::Missing("Encrypt"))
    );
    assert_eq!(
        open("timestamp=1&nonce=2", body.as_bytes()),
        Error::Parameter("msg_signature")
    );
    let blank = format!("{VERIFYING}&echostr={}", ECHOSTR.replace('+', "%20"));
    assert_eq!(callback.verify_url(&blank).unwrap_err(), signature);
    let other = Callback::new(TOKEN, KEY, "ww1").unwrap();
    assert!(matches!(
        other.open(POSTING, body.as_bytes()),
        Err(Error::Crypt(Crypt::Receiver { found, .. })) if found == CORPID
    ));
    assert_eq!(Callback::new("a b", KEY, "").unwrap_err(), Error::Token);
    let short = Callback::new(TOKEN, &KEY[1..], "").unwrap_err();
    assert!(short.to_string().contains("42 characters") && !short.to_string().contains(&KEY[1..]));

    let receiver = Receiver::new(callback.clone(), async |_| Ok::<_, Error>(None));
    let shown = format!("{callback:?} {receiver:?}");
    assert!(shown.contains(CORPID));
    assert!(!shown.contains(TOKEN) && !shown.contains(KEY), "{shown}");
}

#[test]
fn an_answer_is_sealed_so_that_the_server_can_open_it() {
    let (query, body) = post(&text(1, "你好"), 1);
    let delivery = callback().open(&query, body.as_bytes()).unwrap();
    let what = PassiveReply::Text {
        content: "收到 ]]> &".into(),
    };
    let sealed = callback().reply(&delivery, what.clone()).unwrap();
    let reply = qun_crypt::Reply::read(&sealed).unwrap();
    let (time, nonce) = (&reply.timestamp, &reply.nonce);
    verify(TOKEN, time, nonce, &reply.encrypt, &reply.msg_signature).unwrap();
    let plain = String::from_utf8(open(&key(), &reply.encrypt, CORPID).unwrap()).unwrap();
    let reply = event::Reply::read(&plain).unwrap();
    assert_eq!(reply.to_user_name, "zhangsan");
    assert_eq!(reply.from_user_name, CORPID);
    assert_eq!(reply.what, what);
    // Fresh random bytes each time.
    assert_ne!(sealed, callback().reply(&delivery, what).unwrap());
}

/// A receiver on loopback, and the texts that its handler was given.
struct Served {
    url: String,
    handled: Arc<Mutex<Vec<String>>>,
    http: reqwest::Client,
}

impl Served {
    async fn start(receiver: impl FnOnce(Arc<Mutex<Vec<String>>>) -> Receiver) -> Self {
        let handled = Arc::<Mutex<Vec<String>>>::default();
        let app = Router::new().route_service("/callback", receiver(Arc::clone(&handled)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            url,
            handled,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    async fn get(&self, query: &str) -> (u16, String) {
        Self::answer(self.http.get(format!("{}?{query}", self.url))).await
    }

    async fn post(&self, (query, body): (String, String)) -> (u16, String) {
        Self::answer(self.http.post(format!("{}?{query}", self.url)).body(body)).await
    }

    async fn answer(request: reqwest::RequestBuilder) -> (u16, String) {
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    fn handled(&self) -> Vec<String> {
        self.handled.lock().unwrap().clone()
    }
}

/// Answers `ping`, fails at the first `hard`.
async fn served() -> Served {
    let failures = Arc::new(AtomicUsize::new(0));
    Served::start(|handled| {
        let handler = move |delivery: Delivery| {
            let (handled, failures) = (Arc::clone(&handled), Arc::clone(&failures));
            async move {
                let What::Text(text) = delivery.received.what else {
                    handled
                        .lock()
                        .unwrap()
                        .push(delivery.received.what.name().into());
                    return Ok(None);
                };
                handled.lock().unwrap().push(text.content.clone());
                match text.content.as_str() {
                    "ping" => Ok(Some(PassiveReply::Text {
                        content: "pong".into(),
                    })),
                    "hard" if failures.fetch_add(1, Ordering::SeqCst) == 0 => Err("not today"),
                    "panic" => panic!("as handlers do"),
                    _ => Ok(None),
                }
            }
        };
        Receiver::new(callback(), handler).limit(4096)
    })
    .await
}

#[tokio::test]
async fn over_http_it_verifies_receives_and_replies() {
    let served = served().await;
    let query = format!("{VERIFYING}&echostr={}", encoded(ECHOSTR));
    assert_eq!(
        served.get(&query).await,
        (200, "1616140317555161061".into())
    );
    let sample = (POSTING.to_owned(), envelope(ENCRYPT));
    assert_eq!(served.post(sample).await, (200, "success".into()));
    assert_eq!(served.handled(), ["hello"]);

    let (status, sealed) = served.post(post(&text(7, "ping"), 1)).await;
    assert_eq!(status, 200);
    let reply = qun_crypt::Reply::read(&sealed).unwrap();
    let plain = open(&key(), &reply.encrypt, CORPID).unwrap();
    assert!(String::from_utf8(plain).unwrap().contains("pong"));
}

#[tokio::test]
async fn over_http_what_is_wrong_does_not_reach_the_handler() {
    let served = served().await;
    let (query, body) = post(&text(1, "x"), 1);
    let forged = (query.replace("nonce=1", "nonce=2"), body.clone());
    assert_eq!(served.post(forged).await.0, 403);
    assert_eq!(served.post((query.clone(), "no XML".into())).await.0, 400);
    assert_eq!(served.post((String::new(), body)).await.0, 400);
    assert_eq!(served.post((query.clone(), "x".repeat(4097))).await.0, 413);
    assert_eq!(served.get(&query).await.0, 400);
    let other = served.http.put(&served.url);
    assert_eq!(Served::answer(other).await.0, 405);
    assert!(served.handled().is_empty());
}

#[tokio::test]
async fn over_http_each_is_handled_once_and_failures_again() {
    let served = served().await;
    let first = served.post(post(&text(7, "ping"), 1)).await;
    let second = served.post(post(&text(7, "ping"), 2)).await;
    assert_eq!((first.0, second.0), (200, 200));
    assert!(
        second.1.contains("<Encrypt>"),
        "a lost answer is given again"
    );
    assert_eq!(served.handled(), ["ping"]);

    // Two steps of the same member in the same second.
    for (attempt, name) in [(3, "enter_agent"), (4, "subscribe"), (5, "enter_agent")] {
        let event = Received::read(&format!(
            "<xml><FromUserName>zhangsan</FromUserName><CreateTime>1700000000</CreateTime><MsgType>event</MsgType><Event>{name}</Event></xml>"
        ));
        assert_eq!(served.post(post(&event.unwrap(), attempt)).await.0, 200);
    }
    assert_eq!(served.handled(), ["ping", "event", "event"]);

    for status in [500, 200, 200] {
        assert_eq!(served.post(post(&text(8, "hard"), 6)).await.0, status);
    }
    assert_eq!(served.handled()[3..], ["hard", "hard"]);
    assert_eq!(served.post(post(&text(9, "panic"), 7)).await.0, 500);
    assert_eq!(served.post(post(&text(10, "on"), 8)).await.0, 200);
}
