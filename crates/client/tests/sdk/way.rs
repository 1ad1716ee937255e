//! How requests travel: other transports, proxies, names and numbers of connections.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, http::HeaderMap};
use futures_util::future::BoxFuture;
use qun_client::{Attachment, Body, Client, MediaType, NoAnswer, Transport};

use crate::kit::{GOT, SECRET, Server, get, json, token};

/// Answers after a second, and counts how many it answers at once.
#[derive(Clone, Default)]
struct Slow {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

impl Transport for Slow {
    fn send(
        &self,
        request: http::Request<Body>,
    ) -> BoxFuture<'_, Result<http::Response<Body>, NoAnswer>> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.calls.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.now.fetch_sub(1, Ordering::SeqCst);
            let answer = match request.uri().path() {
                "/cgi-bin/gettoken" => r#"{"access_token":"t","expires_in":7200}"#,
                _ => GOT,
            };
            Ok(http::Response::new(Body::from(answer)))
        })
    }
}

#[tokio::test(start_paused = true)]
async fn there_are_never_more_exchanges_than_allowed() {
    for (allowed, most) in [(Some(3), 3), (None, 20)] {
        let slow = Slow::default();
        let mut builder = Client::builder("ww1", SECRET).transport(slow.clone());
        if let Some(allowed) = allowed {
            builder = builder.connections(allowed);
        }
        let client = builder.build().unwrap();
        let calls: Vec<_> = (0..20)
            .map(|_| {
                let client = client.clone();
                tokio::spawn(async move { client.send(get("c")).await })
            })
            .collect();
        for call in calls {
            call.await.unwrap().unwrap();
        }
        assert_eq!(slow.most.load(Ordering::SeqCst), most);
        assert_eq!(slow.calls.load(Ordering::SeqCst), 21);
    }
}

#[tokio::test(start_paused = true)]
async fn a_transports_silence_ends_with_the_calls_time() {
    let client = Client::builder("ww1", SECRET)
        .transport(Slow::default())
        .timeout(Duration::from_millis(900))
        .build()
        .unwrap();
    let error = client.send(get("c")).await.unwrap_err();
    assert_eq!(error.path(), Some("/cgi-bin/gettoken"));
    assert!(error.to_string().contains("0.9 s"), "{error}");
}

#[tokio::test]
async fn a_proxy_is_asked_for_the_whole_url() {
    let proxy = Server::start(|uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else {
            json(GOT)
        }
    })
    .await;
    let client = Client::builder("ww1", SECRET)
        .base_url("http://wecom.example")
        .proxy(&proxy.url)
        .build()
        .unwrap();
    client.send(get("c")).await.unwrap();
    assert_eq!(proxy.count("http://wecom.example/cgi-bin/appchat/get"), 1);
}

#[tokio::test]
async fn the_user_agent_is_as_it_was_set() {
    let app = Router::new().fallback(|headers: HeaderMap| async move {
        let agent = headers["user-agent"].to_str().unwrap();
        format!(r#"{{"errcode":1,"errmsg":"{agent}"}}"#)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let builder = || Client::builder("ww1", SECRET).base_url(&url);
    let error = builder().build().unwrap().send(get("c")).await.unwrap_err();
    assert!(error.text().starts_with("qun/"), "{error}");
    let named = builder().user_agent("reports/2.1").build().unwrap();
    let error = named.send(get("c")).await.unwrap_err();
    assert_eq!(error.text(), "reports/2.1");
}

#[tokio::test]
async fn a_reader_is_read_once_and_the_error_says_what_to_do() {
    let upload = |files: Vec<Attachment>| async {
        let server = Server::start(|uri, number| {
            if uri.contains("gettoken") {
                token(number)
            } else if uri.contains("token-0") {
                json(r#"{"errcode":42001,"errmsg":"access_token expired"}"#)
            } else {
                json(r#"{"errcode":0,"type":"file","media_id":"m","created_at":"1"}"#)
            }
        })
        .await;
        let media = server.client().media();
        let mut results = Vec::new();
        for file in files {
            results.push(media.upload(MediaType::File, file).await);
        }
        assert_eq!(server.count("gettoken"), 2);
        (results, server.count("media/upload"))
    };
    let reader = || Attachment::reader("a.txt", 7, &b"content"[..]);
    let (results, uploads) = upload(vec![reader(), reader()]).await;
    let error = results[0].as_ref().unwrap_err();
    assert!(error.to_string().contains("upload it again"), "{error}");
    assert!(!error.may_have_been_done() && results[1].is_ok());
    assert_eq!(uploads, 2);
    // What can be read again is sent again.
    let (results, uploads) = upload(vec![Attachment::bytes("a.txt", "content")]).await;
    assert!(results[0].is_ok());
    assert_eq!(uploads, 2);
}
