//! The least a server can do: read the request, parse its JSON, answer that all is well.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::net::TcpListener;

pub(crate) const OK: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
/// For clients that want a token before they send.
const TOKEN: &str = r#"{"errcode":0,"errmsg":"ok","access_token":"bench","expires_in":7200}"#;
const WRONG: &str = r#"{"errcode":40035,"errmsg":"invalid parameter"}"#;

#[derive(Deserialize)]
struct Send {
    #[serde(alias = "touser")]
    chatid: String,
    msgtype: String,
    text: Text,
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

pub(crate) async fn serve(listen: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(listen)
        .await
        .with_context(|| format!("cannot listen on {listen}"))?;
    println!("{{\"url\":\"http://{}\"}}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // Without it the answers are right, only later.
        let _ = stream.set_nodelay(true);
    });
    let answer = || async { json(OK) };
    let app = Router::new()
        .route("/cgi-bin/appchat/send", post(send))
        .route("/cgi-bin/message/send", post(send))
        .route("/cgi-bin/gettoken", get(|| async { json(TOKEN) }))
        .fallback_service(get(answer).post(read));
    Ok(axum::serve(listener, app).await?)
}

async fn send(body: Bytes) -> impl IntoResponse {
    json(judge(&body))
}

/// What asks for something: anything that is JSON.
async fn read(body: Bytes) -> impl IntoResponse {
    let parsed = serde_json::from_slice::<IgnoredAny>(&body);
    json(parsed.map_or(WRONG, |_| OK))
}

fn judge(body: &[u8]) -> &'static str {
    match serde_json::from_slice::<Send>(body) {
        Ok(send) if complete(&send) => OK,
        _ => WRONG,
    }
}

fn complete(send: &Send) -> bool {
    !send.chatid.is_empty() && send.msgtype == "text" && !send.text.content.is_empty()
}

fn json(body: &'static str) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json; charset=UTF-8")], body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_really_parsed() {
        let good = br#"{"chatid":"c","msgtype":"text","text":{"content":"hi"},"safe":0}"#;
        assert_eq!(judge(good), OK);
        assert_eq!(judge(&good[..good.len() - 1]), WRONG);
        assert_eq!(judge(br#"{"chatid":"c","msgtype":"text"}"#), WRONG);
        assert_eq!(judge(b""), WRONG);
        let person = br#"{"touser":"u","msgtype":"text","text":{"content":"hi"},"agentid":1}"#;
        assert_eq!(judge(person), OK);
    }
}
