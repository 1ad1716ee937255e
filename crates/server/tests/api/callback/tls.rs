//! Receivers behind HTTPS: verified, or not spoken to.

use qun_testkit::authority::Authority;
use serde_json::json;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::{
    KEY, TOKEN, ok,
    receiver::{Answer, Receiver},
};
use crate::kit::Server;

fn authority(name: &str) -> Authority {
    Authority::named(name).unwrap()
}

fn proof(authority: &Authority, host: &str) -> TlsAcceptor {
    authority.signs(&[host]).unwrap().acceptor().unwrap()
}

/// Answers, and ends the connection, so that the next begins with the certificate.
fn once() -> Vec<Answer> {
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\nsuccess";
    vec![Answer::Raw(answer.to_vec())]
}

#[tokio::test]
async fn a_receiver_is_believed_where_a_known_authority_says_who_it_is() {
    let authority = authority("known");
    let pem = authority.pem.clone().into_bytes();
    let server = Server::with(|config| config.callbacks.authorities = pem).await;
    let app = server.demo().await;
    for host in ["localhost", "127.0.0.1"] {
        let (_, certificate) = watch::channel(proof(&authority, host));
        let receiver = Receiver::start_tls(&app.corpid, host, ok(), certificate).await;
        let (status, answer) = app.set_callback(&receiver.url, TOKEN, KEY).await;
        assert_eq!(status, 200, "{answer}");
        let said = app.says("zhangsan", host).await;
        app.until_state(&said, "delivered").await;
        assert_eq!((receiver.verified(), receiver.so_far().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_wrong_certificate_is_a_failed_attempt_that_says_why() {
    let (authority, stranger) = (authority("known"), authority("stranger"));
    let pem = authority.pem.clone().into_bytes();
    let server = Server::with(|config| config.callbacks.authorities = pem).await;
    let app = server.demo().await;
    let (certificate, shown) = watch::channel(proof(&stranger, "localhost"));
    let receiver = Receiver::start_tls(&app.corpid, "localhost", once(), shown).await;
    for (wrong, why) in [
        (proof(&stranger, "localhost"), "--callback-ca"),
        (proof(&authority, "other.example"), "not valid for name"),
    ] {
        certificate.send_replace(wrong);
        let (status, answer) = app.set_callback(&receiver.url, TOKEN, KEY).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (422, &json!("callback_refused"))
        );
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(
            message.contains("certificate: ") && message.contains(why),
            "{message}"
        );
    }
    assert_eq!(receiver.verified(), 0);

    certificate.send_replace(proof(&authority, "localhost"));
    let (status, answer) = app.set_callback(&receiver.url, TOKEN, KEY).await;
    assert_eq!(status, 200, "{answer}");
    // The connection that verified the URL may be kept: this one comes over it and ends it.
    let first = app.says("zhangsan", "first").await;
    app.until_state(&first, "delivered").await;
    certificate.send_replace(proof(&stranger, "localhost"));
    let said = app.says("zhangsan", "not for a stranger").await;
    let shown = app.until_tried(&said, 1).await;
    let attempt = &shown["attempts"][0];
    assert_eq!(attempt["accepted"], false, "{attempt}");
    let error = attempt["error"].as_str().unwrap();
    assert!(
        error.contains("invalid peer certificate: UnknownIssuer"),
        "{error}"
    );
    assert!(!error.contains("msg_signature"), "{error}");
    assert_eq!(
        receiver.so_far().len(),
        1,
        "nothing was shown to the stranger"
    );

    certificate.send_replace(proof(&authority, "localhost"));
    server.advance(5).await;
    app.until_state(&said, "delivered").await;
}
