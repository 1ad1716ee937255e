//! What a broken network leaves behind: what was sent, how often, and which error says so.

use std::{future::Future, net::SocketAddr, time::Duration};

use qun_client::{Chat, Client, Error, Pacing, Text, Update};
use qun_testkit::fault::{Cut, Fault, Pace, Plan, Side};

use crate::kit::{GOT, SECRET, Server, json, token};

/// A server, a network before it that fails on demand, and a client behind that.
struct Broken {
    server: Server,
    fault: Fault,
    client: Client,
}

impl Broken {
    async fn start() -> Broken {
        Broken::with(Duration::from_secs(20)).await
    }

    async fn with(timeout: Duration) -> Broken {
        let server = Server::start(|uri, number| {
            if uri.contains("gettoken") {
                token(number)
            } else {
                json(GOT)
            }
        })
        .await;
        let target: SocketAddr = server.url["http://".len()..].parse().unwrap();
        let fault = Fault::to(target).await.unwrap();
        let client = Client::builder("ww1", SECRET)
            .base_url(format!("http://{}", fault.address()))
            .timeout(timeout)
            .pacing(Pacing::off())
            .build()
            .unwrap();
        let broken = Broken {
            server,
            fault,
            client,
        };
        // Has a token, and no connection that is open.
        broken.chat().get("c").await.unwrap();
        broken.fault.cut(Cut::Close).await;
        broken
    }

    fn chat(&self) -> Chat {
        self.client.chat()
    }

    fn sent(&self) -> usize {
        self.server.count("appchat/send")
    }
}

async fn say(broken: &Broken) -> Result<(), Error> {
    broken.chat().send("c", Text::new("大家好")).await
}

/// The outcome is unknown, and asking again is the caller's own decision.
#[track_caller]
fn unknown(result: Result<(), Error>) {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
    assert!(error.may_have_been_done() && error.code().is_none());
    assert_eq!(error.path(), Some("/cgi-bin/appchat/send"));
}

/// The same for what only reads: it may be tried again.
async fn reads<T>(call: impl Future<Output = Result<T, Error>>) {
    let error = call.await.err().unwrap();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert!(!error.may_have_been_done());
}

#[tokio::test]
async fn a_refused_connection_was_never_sent_and_is_tried_again() {
    let broken = Broken::start().await;
    broken.fault.refuse().await;
    let error = say(&broken).await.unwrap_err();
    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert!(!error.may_have_been_done() && error.advice().is_some());
    assert_eq!(broken.sent(), 0);

    // With many tries, so that a slow machine is no matter.
    let patient = Client::builder("ww1", SECRET)
        .base_url(broken.client.base_url())
        .repeats(10)
        .pacing(Pacing::off())
        .build()
        .unwrap()
        .chat();
    let (said, ()) = tokio::join!(patient.send("c", Text::new("大家好")), async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        broken.fault.accept().unwrap();
    });
    said.unwrap();
    assert_eq!(broken.sent(), 1);
}

#[tokio::test]
async fn a_connection_cut_before_the_request_is_not_tried_again() {
    for how in [Cut::Reset, Cut::Close] {
        let broken = Broken::start().await;
        let before = broken.fault.counts().accepted;
        broken.fault.set(Plan::CutAfter {
            from: Side::Client,
            bytes: 0,
            how,
        });
        unknown(say(&broken).await);
        assert_eq!(broken.sent(), 0);
        assert_eq!(broken.fault.counts().accepted - before, 1, "{how:?}");
        reads(broken.chat().get("c")).await;
    }
}

#[tokio::test]
async fn a_connection_cut_after_the_request_is_not_tried_again() {
    for how in [Cut::Reset, Cut::Close] {
        let broken = Broken::start().await;
        broken.fault.set(Plan::CutAfter {
            from: Side::Target,
            bytes: 0,
            how,
        });
        unknown(say(&broken).await);
        assert_eq!(broken.sent(), 1, "it was taken, once");
        reads(broken.chat().get("c")).await;
    }
}

#[tokio::test]
async fn a_connection_cut_inside_the_answer_is_not_tried_again() {
    for bytes in [10, 140] {
        let broken = Broken::start().await;
        broken.fault.set(Plan::CutAfter {
            from: Side::Target,
            bytes,
            how: Cut::Reset,
        });
        unknown(say(&broken).await);
        assert_eq!(broken.sent(), 1, "after {bytes} bytes");
        reads(broken.chat().get("c")).await;
    }
}

#[tokio::test]
async fn a_gateways_page_is_kept_and_not_taken_for_an_answer() {
    let page = b"HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: 20\r\nconnection: close\r\n\r\n<html>bad gateway...";
    let broken = Broken::start().await;
    broken.fault.set(Plan::Answer(page.to_vec()));
    let error = say(&broken).await.unwrap_err();
    let Error::Undecodable { status, body, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!((*status, &body[..]), (502, &b"<html>bad gateway..."[..]));
    assert!(error.may_have_been_done());
    let error = broken.chat().get("c").await.unwrap_err();
    assert!(matches!(error, Error::Undecodable { status: 502, .. }));
    assert!(!error.may_have_been_done(), "it only reads");
    assert_eq!(broken.sent(), 0);
}

#[tokio::test]
async fn a_slow_answer_is_waited_for_and_a_silent_server_is_not() {
    let broken = Broken::with(Duration::from_secs(5)).await;
    let delay = Pace {
        delay: Duration::from_millis(100),
        bytes_per_second: Some(4_000),
    };
    broken.fault.set(Plan::Slow {
        up: delay,
        down: delay,
    });
    say(&broken).await.unwrap();
    assert_eq!(broken.sent(), 1);

    for plan in [Plan::Stall, Plan::Swallow] {
        let broken = Broken::with(Duration::from_secs(1)).await;
        broken.fault.set(plan);
        unknown(say(&broken).await);
        reads(broken.chat().get("c")).await;
        assert_eq!(broken.sent(), 0);
    }
}

#[tokio::test]
async fn a_token_that_does_not_come_means_that_nothing_was_sent() {
    let broken = Broken::start().await;
    let fresh = Client::builder("ww1", SECRET).base_url(broken.client.base_url());
    let fresh = fresh.build().unwrap();
    broken.fault.set(Plan::CutAfter {
        from: Side::Target,
        bytes: 30,
        how: Cut::Reset,
    });
    let error = fresh.chat().send("c", Text::new("x")).await.unwrap_err();
    assert_eq!(error.path(), Some("/cgi-bin/gettoken"));
    assert!(!error.may_have_been_done(), "{error:?}");
    assert_eq!(broken.sent(), 0);
}

#[tokio::test]
async fn a_cancelled_call_leaves_the_client_in_order() {
    let broken = Broken::start().await;
    broken.fault.set(Plan::Stall);
    let short = Duration::from_millis(50);
    for _ in 0..5 {
        assert!(tokio::time::timeout(short, say(&broken)).await.is_err());
        let chat = broken.chat();
        let update = chat.update(Update::new("c").name("群"));
        drop(update);
    }
    broken.fault.set(Plan::Forward);
    say(&broken).await.unwrap();
    assert_eq!(broken.server.count("appchat/update"), 0);
    assert_eq!(broken.server.count("gettoken"), 1);
}
