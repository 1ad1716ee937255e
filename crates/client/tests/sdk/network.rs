//! The transport of the crate itself: its connections, and the proxies on its way.

use std::process::{Command, Stdio};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response, Uri},
};
use futures_util::TryStreamExt;
use qun_client::{Client, Error, Pacing};
use qun_testkit::{
    authority::{self, Authority},
    fault::{Cut, Fault},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use crate::kit::{GOT, SECRET, Server, get, json, token};

/// Longer than what is read with its head.
const LONG: usize = 300_000;

async fn server() -> Server {
    Server::start(|uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else if uri.contains("media/get") {
            let disposition = "attachment; filename=\"long.bin\"";
            let answer = Response::builder().header("content-disposition", disposition);
            answer.body(Body::from(vec![7; LONG])).unwrap()
        } else {
            json(GOT)
        }
    })
    .await
}

#[tokio::test]
async fn one_connection_serves_call_after_call() {
    let server = server().await;
    let target = server.url["http://".len()..].parse().unwrap();
    let fault = Fault::to(target).await.unwrap();
    let client = Client::builder("ww1", SECRET)
        .base_url(format!("http://{}", fault.address()))
        .pacing(Pacing::off())
        .build()
        .unwrap();
    for _ in 0..5 {
        client.send(get("c")).await.unwrap();
        let file = client.download("m").await.unwrap();
        assert_eq!(file.bytes.len(), LONG);
    }
    assert_eq!(fault.counts().accepted, 1);

    // A connection on which an answer is still coming serves nobody else; one that was left halfway never again.
    let mut file = client.media().get("m").await.unwrap();
    file.try_next().await.unwrap().unwrap();
    client.send(get("c")).await.unwrap();
    assert_eq!(fault.counts().accepted, 2);
    drop(file);
    client.send(get("c")).await.unwrap();
    assert_eq!(fault.counts().accepted, 2);

    // What the server has closed meanwhile is replaced, and nothing is sent twice.
    let before = server.count("appchat/get");
    fault.cut(Cut::Close).await;
    client.send(get("c")).await.unwrap();
    assert_eq!(server.count("appchat/get"), before + 1);
    assert_eq!(fault.counts().accepted, 3);
}

/// A proxy that refuses; gives its address and what it was asked.
async fn refusing() -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"\r\n\r\n") {
            assert_ne!(stream.read_buf(&mut asked).await.unwrap(), 0);
        }
        let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(refusal).await.unwrap();
        String::from_utf8(asked).unwrap().to_ascii_lowercase()
    });
    (address, asked)
}

#[tokio::test]
async fn https_goes_through_a_proxys_tunnel() {
    let (address, asked) = refusing().await;
    let client = Client::builder("ww1", SECRET)
        .base_url("https://wecom.example")
        .proxy(format!("http://anna:p%40ss@{address}"))
        .user_agent("reports/2.1")
        .repeats(0)
        .build()
        .unwrap();
    let error = client.send(get("c")).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert!(error.to_string().contains("tunnel"), "{error}");
    assert!(!error.may_have_been_done());
    let asked = asked.await.unwrap();
    assert!(
        asked.starts_with("connect wecom.example:443 http/1.1\r\n"),
        "{asked}"
    );
    // base64 of anna:p@ss
    assert!(
        asked.contains("\r\nproxy-authorization: basic yw5uytpwqhnz\r\n"),
        "{asked}"
    );
    assert!(asked.contains("\r\nuser-agent: reports/2.1\r\n"), "{asked}");
    assert!(
        !asked.contains("corpsecret"),
        "the proxy sees no request: {asked}"
    );
}

/// Answers a proxy's requests with what it was asked and by whom.
async fn telling() -> String {
    let app = Router::new().fallback(|uri: Uri, headers: HeaderMap| async move {
        let who = headers.get("proxy-authorization");
        let who = who.map_or("nobody", |who| who.to_str().unwrap());
        let host = uri.host().unwrap_or("no host").to_owned();
        format!(r#"{{"errcode":1,"errmsg":"{host} for {who}"}}"#)
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

#[tokio::test]
async fn a_proxy_is_told_who_asks() {
    let address = telling().await;
    let builder = || Client::builder("ww1", SECRET).base_url("http://wecom.example");
    for (proxy, told) in [
        (
            format!("http://anna:p%40ss@{address}"),
            "wecom.example for Basic YW5uYTpwQHNz",
        ),
        (format!("http://{address}"), "wecom.example for nobody"),
        // As curl takes it.
        (address, "wecom.example for nobody"),
    ] {
        let client = builder().proxy(proxy).build().unwrap();
        let error = client.send(get("c")).await.unwrap_err();
        assert_eq!(error.text(), told);
    }
    for wrong in ["", "socks5://anna:p4ss@x:1", "ftp://anna:p4ss@x", "a b"] {
        let error = builder().proxy(wrong).build().unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        assert!(!error.to_string().contains("p4ss"), "{error}");
    }
}

/// Says where the child calls, and what it is told.
const CHILD: &str = "QUN_TEST_PROXIED";

#[tokio::test]
async fn the_environments_proxy_is_for_the_way_out() {
    let (proxy, server) = (telling().await, server().await);
    // No address of this machine's loopback, and yet it leads here.
    let outside = server.url.replace("127.0.0.1", "0.0.0.0");
    for (url, expected, exempt) in [
        ("http://wecom.example", "wecom.example for nobody", ""),
        (&outside, "0.0.0.0 for nobody", "wecom.example"),
        (&outside, "ok", "wecom.example,0.0.0.0"),
        (&server.url, "ok", ""),
    ] {
        let mut child = Command::new(std::env::current_exe().unwrap());
        for name in ["ALL_PROXY", "HTTP_PROXY", "NO_PROXY"] {
            child.env_remove(name).env_remove(name.to_ascii_lowercase());
        }
        child
            .args(["--exact", "network::behind_a_proxy", "--ignored"])
            .env("http_proxy", format!("http://{proxy}"))
            .env("no_proxy", exempt)
            .env(CHILD, format!("{url} {expected}"))
            .stdout(Stdio::null());
        let waiting = tokio::task::spawn_blocking(move || child.status().unwrap());
        assert!(waiting.await.unwrap().success(), "{url}");
    }
}

#[tokio::test]
#[ignore = "started by the test above, in a process of its own"]
async fn behind_a_proxy() {
    let told = std::env::var(CHILD).expect("the other test starts this one");
    let (url, expected) = told.split_once(' ').unwrap();
    let client = Client::builder("ww1", SECRET).base_url(url).repeats(0);
    match client.build().unwrap().send(get("c")).await {
        Ok(_) => assert_eq!(expected, "ok"),
        Err(error) => assert_eq!(error.text(), expected, "{error}"),
    }
}

#[tokio::test]
async fn a_server_is_believed_whose_authority_is_named() {
    let server = server().await;
    let target = server.url["http://".len()..].parse().unwrap();
    let ours = Authority::named("ours").unwrap();
    let proof = ours.signs(&["localhost"]).unwrap().acceptor().unwrap();
    let port = authority::before(target, proof).await.unwrap().port();
    let with = |host: &str, pem: &str| {
        Client::builder("ww1", SECRET)
            .base_url(format!("https://{host}:{port}"))
            .authorities(pem)
            .repeats(0)
            .build()
    };
    let call = |host: &'static str, pem: String| async move {
        with(host, &pem).unwrap().send(get("c")).await
    };
    call("localhost", ours.pem.clone()).await.unwrap();
    let calls = server.count("");
    let stranger = Authority::named("stranger").unwrap().pem;
    for (host, pem) in [
        ("localhost", String::new()),
        ("localhost", stranger),
        ("127.0.0.1", ours.pem.clone()),
    ] {
        let error = call(host, pem).await.unwrap_err();
        assert!(matches!(error, Error::Transport { .. }), "{error:?}");
        assert!(error.to_string().contains("certificate"), "{error}");
    }
    assert_eq!(
        server.count(""),
        calls,
        "nothing was said to whom nobody knows"
    );
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    for nonsense in ["no PEM", broken] {
        let error = with("localhost", nonsense).unwrap_err();
        assert!(error.to_string().contains("authorities"), "{error}");
    }
}
