use std::time::Instant;

use http::{HeaderValue, StatusCode, header};
use qun_crypt::{EncodingAesKey, Envelope, RANDOM, Reply as Sealed, open, seal, sign, verify};
use qun_domain::callback::{Accepted, Delivery};
use qun_protocol::{event::Reply, text::cut_chars};
use qun_store::table::callback::Attempt;
use reqwest::{Response, Url};

use super::{TIMEOUT, reach::chain};
use crate::app::App;

pub(super) const USER_AGENT: &str = concat!("qun/", env!("CARGO_PKG_VERSION"));
/// So much of an answer is read.
const ANSWER: usize = 64 * 1024;

/// What came back: the status, and the body as far as it is read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    /// The body goes on.
    pub(super) cut: bool,
    /// Where a redirect leads.
    pub(super) location: Option<String>,
}

/// What signs one request.
pub(super) struct Salt {
    pub(super) random: [u8; RANDOM],
    pub(super) timestamp: String,
    pub(super) nonce: String,
}

impl Salt {
    /// Fresh, for a time in ms UTC.
    pub(super) fn fresh(now: i64) -> Result<Self, getrandom::Error> {
        let (mut random, mut nonce) = ([0; RANDOM], [0; 8]);
        getrandom::fill(&mut random)?;
        getrandom::fill(&mut nonce)?;
        Ok(Salt {
            random,
            timestamp: (now / 1000).to_string(),
            nonce: (u64::from_le_bytes(nonce) % 10_000_000_000).to_string(),
        })
    }

    /// The URL with the signature of an encrypted text.
    pub(super) fn signed(&self, url: &Url, token: &str, encrypted: &str) -> Url {
        let signature = sign(token, &self.timestamp, &self.nonce, encrypted);
        let mut url = url.clone();
        url.query_pairs_mut()
            .append_pair("msg_signature", &signature)
            .append_pair("timestamp", &self.timestamp)
            .append_pair("nonce", &self.nonce);
        url
    }
}

/// Delivers once, and tells how it went; with what the app has answered where it has accepted.
pub(super) async fn post(app: &App, delivery: &Delivery) -> (Attempt, Option<Accepted>) {
    let begun = Instant::now();
    let mut attempt = Attempt {
        began: app.now_ms(),
        ..Attempt::default()
    };
    let outcome = exchange(app, delivery, &mut attempt).await;
    attempt.took = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
    let accepted = match outcome {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            attempt.error = Some(error);
            None
        }
    };
    attempt.accepted = accepted.is_some();
    (attempt, accepted)
}

async fn exchange(
    app: &App,
    delivery: &Delivery,
    attempt: &mut Attempt,
) -> Result<Accepted, String> {
    let callback = &delivery.callback;
    let url: Url = callback
        .url
        .parse()
        .map_err(|error| format!("the URL cannot be read: {error}"))?;
    let key: EncodingAesKey = callback
        .aes_key
        .parse()
        .map_err(|error: qun_crypt::Error| error.to_string())?;
    let salt = Salt::fresh(attempt.began).map_err(|error| format!("no randomness: {error}"))?;
    let body = delivery.event.body.as_bytes();
    let encrypt = seal(&key, salt.random, body, &delivery.corpid);
    let url = salt.signed(&url, &callback.token, &encrypt);
    let envelope = Envelope {
        to_user_name: delivery.corpid.clone(),
        agent_id: delivery.agent_id.map(|agentid| agentid.to_string()),
        encrypt,
    };
    attempt.request_body = envelope.write();
    let request = app
        .deliverer
        .client
        .post(url.clone())
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/xml"))
        .body(attempt.request_body.clone());
    attempt.request_head = head("POST", &url, "content-type: text/xml\n");
    let answer = send(app, &url, request).await?;
    attempt.status = Some(i64::from(answer.status.as_u16()));
    // The store has texts without NUL.
    attempt.answer = String::from_utf8_lossy(&answer.body).replace('\0', "\u{fffd}");
    failed(&answer)?;
    let text = attempt.answer.trim();
    if text.is_empty() || text.eq_ignore_ascii_case("success") {
        return Ok(Accepted { reply: None });
    }
    let reply = if answer.cut {
        attempt.error = Some(format!(
            "the answer goes on after {ANSWER} bytes; it counts as received"
        ));
        None
    } else {
        match opened(text, &key, delivery) {
            Ok((plain, reply)) => {
                attempt.answer = plain.replace('\0', "\u{fffd}");
                reply.map_err(|error| attempt.error = Some(error)).ok()
            }
            Err(error) => {
                attempt.error = Some(error);
                None
            }
        }
    };
    Ok(Accepted { reply })
}

/// A passive reply, decrypted, and read where it can be.
fn opened(
    text: &str,
    key: &EncodingAesKey,
    delivery: &Delivery,
) -> Result<(String, Result<Reply, String>), String> {
    if !text.starts_with('<') {
        return Err(
            "the answer is neither empty nor success nor an encrypted reply; it counts as received"
                .into(),
        );
    }
    let wrong = |error: qun_crypt::Error| format!("the reply is not shown: {error}");
    let sealed = Sealed::read(text).map_err(wrong)?;
    verify(
        &delivery.callback.token,
        &sealed.timestamp,
        &sealed.nonce,
        &sealed.encrypt,
        &sealed.msg_signature,
    )
    .map_err(wrong)?;
    let plain = open(key, &sealed.encrypt, &delivery.corpid).map_err(wrong)?;
    let plain = String::from_utf8_lossy(&plain).into_owned();
    if plain.trim().is_empty() || plain.trim().eq_ignore_ascii_case("success") {
        return Err("the reply holds nothing to show".into());
    }
    let reply = Reply::read(&plain).map_err(wrong);
    Ok((plain, reply))
}

/// Sends a request and reads its answer, all within the time an app has.
pub(super) async fn send(
    app: &App,
    url: &Url,
    request: reqwest::RequestBuilder,
) -> Result<Answer, String> {
    app.deliverer
        .reach
        .check(url)
        .map_err(|error| error.to_string())?;
    let exchange = async {
        let response = request.send().await.map_err(no_answer)?;
        read(response).await
    };
    match tokio::time::timeout(TIMEOUT, exchange).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("no answer within {} seconds", TIMEOUT.as_secs())),
    }
}

/// Why there is no answer, and what helps where that is known.
fn no_answer(error: reqwest::Error) -> String {
    let mut text = chain(error);
    if text.contains("UnknownIssuer") {
        text.push_str("; --callback-ca of qun up names further authorities");
    }
    text
}

async fn read(mut response: Response) -> Result<Answer, String> {
    let location = response.headers().get(header::LOCATION);
    let mut answer = Answer {
        status: response.status(),
        location: location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned()),
        body: Vec::new(),
        cut: false,
    };
    while let Some(chunk) = response.chunk().await.map_err(chain)? {
        let room = ANSWER - answer.body.len();
        if chunk.len() > room {
            answer.body.extend_from_slice(&chunk[..room]);
            answer.cut = true;
            break;
        }
        answer.body.extend_from_slice(&chunk);
    }
    Ok(answer)
}

/// Whether the HTTP status says that it did not arrive.
pub(super) fn failed(answer: &Answer) -> Result<(), String> {
    match (answer.status, &answer.location) {
        (StatusCode::OK, _) => Ok(()),
        (status, Some(to)) if status.is_redirection() => Err(format!(
            "a redirect to {}, which is not followed (HTTP {})",
            cut_chars(to, 200),
            status.as_u16()
        )),
        (status, _) => Err(format!("HTTP {}, not 200", status.as_u16())),
    }
}

/// A request's head as it is shown.
fn head(method: &str, url: &Url, more: &str) -> String {
    let query = url.query().unwrap_or_default();
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{method} {}?{query} HTTP/1.1\nhost: {host}{port}\n{more}user-agent: {USER_AGENT}\n",
        url.path()
    )
}
