//! Calls of any endpoint.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Response, header},
};
use qun_client::{
    Client, Error, Manager,
    protocol::{appchat, ip_list, manage, media},
};

use crate::kit::{GOT, SECRET, Server, get, json, status, token};

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_call_sent_once_more() {
    for code in [40014, 42001] {
        let server = Server::start(move |uri, number| {
            if uri.contains("gettoken") {
                token(number)
            } else if uri.contains("access_token=token-0") {
                json(format!(r#"{{"errcode":{code},"errmsg":"no"}}"#))
            } else {
                json(r#"{"errcode":0,"errmsg":"ok"}"#)
            }
        })
        .await;
        let send = appchat::Send {
            chatid: Some("c".into()),
            msgtype: Some("text".into()),
            ..Default::default()
        };
        server.client().send(send).await.unwrap();
        assert_eq!(
            (server.count("gettoken"), server.count("appchat/send")),
            (2, 2)
        );
    }
}

#[tokio::test]
async fn a_token_that_is_always_refused_ends_in_an_error_after_two_calls() {
    let server = Server::start(|uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else {
            json(r#"{"errcode":42001,"errmsg":"access_token expired, more info at https://x"}"#)
        }
    })
    .await;
    let client = server.client();
    let call = tokio::time::timeout(Duration::from_secs(60), client.send(get("c")));
    let error = call.await.expect("it ends").unwrap_err();
    assert!(error.is_unauthorised() && error.code() == Some(42001));
    assert_eq!(
        (server.count("gettoken"), server.count("appchat/get")),
        (2, 2)
    );
}

#[tokio::test]
async fn a_busy_server_is_asked_three_times_more() {
    for (busy, works) in [(3, true), (9, false)] {
        let server = Server::start(move |uri, number| {
            if uri.contains("gettoken") {
                token(number)
            } else if number < busy {
                json(r#"{"errcode":-1,"errmsg":"system busy"}"#)
            } else {
                json(GOT)
            }
        })
        .await;
        let result = server.client().send(get("c")).await;
        assert_eq!(result.is_ok(), works);
        assert_eq!(
            (server.count("gettoken"), server.count("appchat/get")),
            (1, 4)
        );
        let once = server.builder().repeats(0).build().unwrap();
        assert_eq!(once.send(get("c")).await.is_ok(), works);
        assert_eq!(server.count("appchat/get"), 5);
    }
}

#[tokio::test]
async fn other_refusals_are_not_repeated() {
    for code in [40001, 45009, 86001] {
        let server = Server::start(move |uri, number| {
            if uri.contains("gettoken") {
                token(number)
            } else {
                json(format!(
                    r#"{{"errcode":{code},"errmsg":"chatid invalid, hint: [9]"}}"#
                ))
            }
        })
        .await;
        let error = server.client().send(get("c")).await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert_eq!(error.is_frequency(), code == 45009);
        assert_eq!(error.is_unknown_chat(), code == 86001);
        assert_eq!(server.count("appchat/get"), 1);
    }
}

#[tokio::test]
async fn a_wrong_secret_is_one_gettoken_and_no_call() {
    let server = Server::start(|_, _| {
        json(r#"{"errcode":40001,"errmsg":"invalid credential, hint: [1], from ip: ::1"}"#)
    })
    .await;
    let error = server.client().send(get("c")).await.unwrap_err();
    assert!(error.is_unauthorised());
    assert_eq!(error.path(), Some("/cgi-bin/gettoken"));
    assert_eq!((server.count("gettoken"), server.count("appchat")), (1, 0));
}

#[tokio::test]
async fn what_is_no_answer_of_this_api_is_kept_bounded_and_without_secrets() {
    let server = Server::start(|uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else {
            let page = format!("<html>bad gateway for {uri} {SECRET} {}", "x".repeat(5000));
            status(502, page)
        }
    })
    .await;
    let error = server.client().send(get("c")).await.unwrap_err();
    let Error::Undecodable {
        status: 502, body, ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert_eq!(body.len(), 2048);
    assert!(body.starts_with(b"<html>bad gateway for /cgi-bin/appchat/get?access_token=***"));
    assert!(!error.may_have_been_done());
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(
            !text.contains("token-0") && !text.contains(SECRET),
            "{text}"
        );
    }
    let update = appchat::Update::default();
    let error = server.client().send(update).await.unwrap_err();
    assert!(error.may_have_been_done(), "{error:?}");
}

#[tokio::test]
async fn no_text_of_ours_shows_a_secret() {
    let server = Server::start(|uri, _| {
        json(format!(
            r#"{{"errcode":40001,"errmsg":"seen {uri} {SECRET}"}}"#
        ))
    })
    .await;
    let builder = Client::builder("ww1", SECRET)
        .base_url(&server.url)
        .manage_token("m4nage");
    let mut texts = vec![format!("{builder:?}")];
    let client = builder.build().unwrap();
    let manager = client.manage().unwrap();
    texts.push(format!("{client:?} {manager:?}"));
    let error = client.send(get("c")).await.unwrap_err();
    texts.push(format!("{error} {error:?}"));
    let nowhere = Client::builder("ww1", SECRET).base_url("http://127.0.0.1:1");
    let error = nowhere.build().unwrap().send(get("c")).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    texts.push(format!("{error} {error:?}"));
    for text in texts {
        assert!(!text.contains(SECRET) && !text.contains("m4nage"), "{text}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_told_apart_by_what_it_could_have_done() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = vec![0; 4096];
            let length = stream.read(&mut buffer).await.unwrap_or(0);
            if buffer[..length].starts_with(b"GET /cgi-bin/gettoken") {
                let body = r#"{"access_token":"t","expires_in":7200}"#;
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
            } else {
                *counted.lock().unwrap() += 1;
            }
        }
    });
    let client = Client::builder("ww1", SECRET)
        .base_url(&url)
        .build()
        .unwrap();
    let error = client.send(appchat::Send::default()).await.unwrap_err();
    assert!(
        matches!(error, Error::OutcomeUnknown { .. }) && error.may_have_been_done(),
        "{error:?}"
    );
    assert_eq!(*connections.lock().unwrap(), 1);
    let error = client.send(get("c")).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
}

#[tokio::test]
async fn files_go_up_with_their_names_and_come_down_with_them() {
    let server = Server::start(|uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else if uri.contains("media/upload") {
            json(r#"{"errcode":0,"errmsg":"","type":"file","media_id":"m1","created_at":1380000000}"#)
        } else if uri.contains("media_id=gone") {
            json(r#"{"errcode":40007,"errmsg":"invalid media_id"}"#)
        } else {
            Response::builder()
                .header(header::CONTENT_TYPE, "application/json")
                .header(
                    header::CONTENT_DISPOSITION,
                    header::HeaderValue::from_bytes("attachment; filename=\"数据.json\"".as_bytes())
                        .unwrap(),
                )
                .body(Body::from(r#"{"errcode":40007}"#))
                .unwrap()
        }
    })
    .await;
    let client = server.client();
    let upload = media::Upload {
        kind: Some("file".into()),
    };
    let uploaded = client.upload(upload, "周报.txt", "内容在此").await.unwrap();
    assert_eq!(
        (&*uploaded.media_id, &*uploaded.created_at),
        ("m1", "1380000000")
    );
    let sent = server.log.lock().unwrap().last().cloned().unwrap();
    let body = String::from_utf8(sent.2).unwrap();
    assert!(sent.1.ends_with("&type=file"), "{}", sent.1);
    assert!(
        body.contains("name=\"media\"; filename=\"周报.txt\"")
            && body.contains("\r\n\r\n内容在此\r\n--")
    );

    let file = client.download("m1").await.unwrap();
    assert_eq!(file.filename, "数据.json");
    assert_eq!(&file.bytes[..], br#"{"errcode":40007}"#);
    let error = client.download("gone").await.unwrap_err();
    assert!(error.is_not_found() && error.code() == Some(40007));
}

#[tokio::test]
async fn a_manager_sends_its_token_as_a_bearer_and_reads_problems() {
    let server = Server::start(|uri, _| {
        if uri.contains("clock") {
            json(r#"{"now_ms":5,"movable":true}"#)
        } else {
            status(
                401,
                r#"{"error":{"code":"unauthorised","message":"The manage token is wrong"}}"#,
            )
        }
    })
    .await;
    let manager = Manager::new(&server.url, "m4nage").unwrap();
    assert_eq!(manager.send(manage::GetClock {}).await.unwrap().now_ms, 5);
    let error = manager
        .send(manage::Companies::default())
        .await
        .unwrap_err();
    assert!(error.is_unauthorised());
    assert!(matches!(error, Error::Problem { status: 401, code, .. } if code == "unauthorised"));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_the_token() {
    let server = Server::start(|uri, number| {
        if uri.contains("gettoken") {
            token(number)
        } else {
            Response::builder()
                .status(301)
                .header(header::LOCATION, "/elsewhere")
                .body(Body::empty())
                .unwrap()
        }
    })
    .await;
    let error = server
        .client()
        .send(ip_list::ApiAddresses {})
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Undecodable { status: 301, .. }),
        "{error:?}"
    );
    assert_eq!(server.count("elsewhere"), 0);
}

#[tokio::test]
async fn a_call_ends_with_its_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::builder("ww1", SECRET)
        .base_url(url)
        .timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let error = client.send(get("c")).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
}
