//! What an account's owner runs: takes whatever is posted below its URL.

#![allow(dead_code)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    routing::post,
};
use serde_json::Value;
use tokio::sync::watch;

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    got: Arc<watch::Sender<Vec<(String, Value)>>>,
    status: Arc<AtomicU16>,
}

impl Receiver {
    pub async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            url: format!("http://{}/juzi/", listener.local_addr().unwrap()),
            got: Arc::new(watch::channel(Vec::new()).0),
            status: Arc::new(AtomicU16::new(200)),
        };
        let router = Router::new()
            .fallback(post(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Relaxed);
    }

    /// Path and body of what came, once it is so much.
    pub async fn got(&self, count: usize) -> Vec<(String, Value)> {
        let mut got = self.got.subscribe();
        let wait = got.wait_for(|got| got.len() >= count);
        match tokio::time::timeout(Duration::from_secs(60), wait).await {
            Ok(got) => got.unwrap().clone(),
            Err(_) => panic!("{:?}, and not {count}", self.so_far()),
        }
    }

    pub fn so_far(&self) -> Vec<(String, Value)> {
        self.got.borrow().clone()
    }
}

async fn take(
    State(receiver): State<Receiver>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    assert_eq!(headers["content-type"], "application/json");
    assert!(!headers.contains_key("authorization"));
    let body = serde_json::from_str(&body).unwrap();
    let status = receiver.status.load(Relaxed);
    receiver
        .got
        .send_modify(|got| got.push((uri.to_string(), body)));
    StatusCode::from_u16(status).unwrap()
}
