//! No secret and no token in anything that is shown: `Debug`, errors, log lines of every level, also those of the HTTP library.

use std::{
    fmt::Debug,
    io,
    sync::{Arc, Mutex},
};

use axum::{body::Body, http::Response};
use qun_client::{
    Attachment, Client, Error, FileStore, Manager, MediaType, MemoryStore, Text, TokenKey,
    TokenStore,
};
use tracing_subscriber::fmt::MakeWriter;

use crate::kit::{SECRET, Server, get, json, status};

const TOKEN: &str = "t0ken-of-the-app";
const MANAGE: &str = "m4nage-token";
const PASSWORD: &str = "pr0xy-password";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;
    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}

/// What libraries log over the `log` crate goes to the same place.
struct Logged(Lines);

impl log::Log for Logged {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        let line = format!("{} {} {}\n", record.level(), record.target(), record.args());
        io::Write::write_all(&mut self.0.clone(), line.as_bytes()).unwrap();
    }
    fn flush(&self) {}
}

/// Servers repeat what they are sent, each in another way.
fn gossip(uri: &str, number: usize) -> Response<Body> {
    if uri.contains("gettoken") {
        json(format!(r#"{{"access_token":"{TOKEN}","expires_in":7200}}"#))
    } else if uri.contains("_qun") {
        match number {
            0 => status(502, format!("<html>{uri} {MANAGE}")),
            1 => json(format!(r#"{{"companies":"{MANAGE}"}}"#)),
            _ => status(
                403,
                format!(r#"{{"error":{{"code":"{MANAGE}","message":"{MANAGE} {uri}"}}}}"#),
            ),
        }
    } else {
        match number {
            0 => json(format!(
                r#"{{"errcode":40058,"errmsg":"seen {uri} {SECRET} {TOKEN} {MANAGE}"}}"#
            )),
            1 => json(r#"{"errcode":42001,"errmsg":"access_token expired"}"#),
            2 => json(format!(
                r#"{{"errcode":45009,"errmsg":"{TOKEN}, hint: [{SECRET}]"}}"#
            )),
            3 => status(502, format!("<html>{uri} {SECRET} {MANAGE}")),
            _ => json(format!(r#"{{"errcode":0,"chat_info":"{TOKEN} {SECRET}"}}"#)),
        }
    }
}

struct Shown(Vec<String>);

impl Shown {
    fn value(&mut self, value: impl Debug) {
        self.0.push(format!("{value:?} {value:#?}"));
    }
    fn error(&mut self, error: Error) {
        let advice = error.advice().unwrap_or_default();
        let (text, hint) = (error.text(), error.hint().unwrap_or_default());
        self.0.push(format!(
            "{error} {error:?} {error:#?} {text} {hint} {advice}"
        ));
        self.value(error);
    }
}

#[tokio::test]
async fn nothing_that_is_shown_holds_a_secret_or_a_token() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(lines.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    log::set_boxed_logger(Box::new(Logged(lines.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);

    let mut shown = Shown(Vec::new());
    let server = Server::start(gossip).await;
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::new(folder.path().join("tokens.json"));
    let builder = server
        .builder()
        .manage_token(MANAGE)
        .proxy(format!("http://user:{PASSWORD}@127.0.0.1:1"))
        .token_store(store.clone());
    shown.value(&builder);
    let through_a_proxy = builder.build().unwrap();
    shown.error(through_a_proxy.send(get("c")).await.unwrap_err());
    let wrong = server.builder().proxy(format!("::user:{PASSWORD}@"));
    if let Err(error) = wrong.build() {
        shown.error(error);
    }

    let client = server
        .builder()
        .manage_token(MANAGE)
        .token_store(store.clone())
        .build()
        .unwrap();
    shown.value((
        client.clone(),
        client.chat(),
        client.media(),
        client.manage().unwrap(),
    ));
    for _ in 0..6 {
        if let Err(error) = client.send(get("c")).await {
            shown.error(error);
        }
    }
    shown.error(client.chat().send("c", Text::new("x")).await.unwrap_err());
    let file = Attachment::bytes("a.txt", "content");
    shown.value(&file);
    shown.error(
        client
            .media()
            .upload(MediaType::File, file)
            .await
            .unwrap_err(),
    );
    shown.error(client.media().get("m").await.unwrap_err());
    let manager = Manager::new(&server.url, MANAGE).unwrap();
    let request = qun_client::protocol::manage::Companies::default();
    for _ in 0..3 {
        if let Err(error) = manager.send(request.clone()).await {
            shown.error(error);
        }
    }
    let nowhere = Client::builder("ww1", SECRET).base_url("http://127.0.0.1:1");
    shown.error(nowhere.build().unwrap().send(get("c")).await.unwrap_err());
    let key = TokenKey::new(&server.url, "ww1", SECRET);
    shown.value((&key, &store, MemoryStore::new()));
    let stored = store.load(&key).await.unwrap().unwrap();
    assert_eq!(stored.value, TOKEN);
    shown.value(&stored);
    // Trouble with the store is logged.
    std::fs::write(
        folder.path().join("tokens.json"),
        format!("{{ {TOKEN} {SECRET}"),
    )
    .unwrap();
    assert_eq!(store.load(&key).await.unwrap(), None);
    client.send(get("c")).await.unwrap_err();

    let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    for part in ["qun_client", "hyper", "cannot be read"] {
        assert!(logged.contains(part), "nothing was logged of {part}");
    }
    assert!(
        server.count(TOKEN) > 5 && shown.0.len() > 20,
        "too little was tried"
    );
    shown.0.extend(logged.lines().map(str::to_owned));
    for text in shown.0 {
        for hidden in [SECRET, TOKEN, MANAGE, PASSWORD] {
            assert!(!text.contains(hidden), "{hidden} in {text}");
        }
    }
}
