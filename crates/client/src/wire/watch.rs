//! Shows what goes over the wire, without secrets.

use std::{io, sync::Arc, time::Instant};

use futures_util::future::BoxFuture;
use http::{Request, Response, header};

use super::{
    JSON_LIMIT,
    scrub::{hide_values, scrub},
    transport::{Body, NoAnswer, Transport},
};

/// Takes the lines.
pub(crate) type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// How many bytes of a body are shown.
const SHOWN: usize = 4096;

pub(crate) struct Watched {
    pub inner: Arc<dyn Transport>,
    pub say: Say,
}

impl Transport for Watched {
    fn send(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let path = clean(&head.uri.to_string());
            let body = match body.whole() {
                Ok(bytes) if bytes.is_empty() => {
                    (self.say)(&format!("> {} {path}", head.method));
                    bytes.into()
                }
                Ok(bytes) => {
                    (self.say)(&format!("> {} {path} {}", head.method, excerpt(&bytes)));
                    bytes.into()
                }
                Err(stream) => {
                    let length = stream.length().unwrap_or_default();
                    (self.say)(&format!("> {} {path} ({length} bytes)", head.method));
                    stream
                }
            };
            let since = Instant::now();
            let answer = self.inner.send(Request::from_parts(head, body)).await;
            let ms = since.elapsed().as_millis();
            let answer = answer.inspect_err(|error| {
                (self.say)(&format!(
                    "< no answer after {ms} ms: {}",
                    clean(&error.detail)
                ));
            })?;
            let (head, body) = answer.into_parts();
            let kind = head.headers.get(header::CONTENT_TYPE);
            let json = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
            if !json {
                (self.say)(&format!("< {} after {ms} ms", head.status.as_u16()));
                return Ok(Response::from_parts(head, body));
            }
            let broken = |error: io::Error| NoAnswer::lost(error.to_string());
            let bytes = body.collect(JSON_LIMIT).await.map_err(broken)?;
            let shown = excerpt(&bytes);
            (self.say)(&format!("< {} after {ms} ms {shown}", head.status.as_u16()));
            Ok(Response::from_parts(head, bytes.into()))
        })
    }
}

fn clean(text: &str) -> String {
    hide_values(&scrub(text, &[]), "secret")
}

fn excerpt(bytes: &[u8]) -> String {
    // Hidden first, so that no secret is cut in the middle and then missed.
    let text = clean(&String::from_utf8_lossy(bytes));
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], bytes.len()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Canned(&'static str);

    impl Transport for Canned {
        fn send(&self, _: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>> {
            let answer = Response::builder().header(header::CONTENT_TYPE, "application/json");
            let answer = answer.body(Body::from(self.0)).unwrap();
            Box::pin(async move { Ok(answer) })
        }
    }

    #[tokio::test]
    async fn requests_and_answers_are_shown_without_secrets() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let said = Arc::clone(&lines);
        let watched = Watched {
            inner: Arc::new(Canned(
                r#"{"errcode":0,"secret":"s3cret","access_token":"t0ken"}"#,
            )),
            say: Arc::new(move |line: &str| said.lock().unwrap().push(line.to_owned())),
        };
        let request = Request::post("http://x/y?access_token=t0ken&corpsecret=s3cret&chatid=c");
        let body = Body::from(r#"{"app":{"secret": "s3cret"},"name":"群"}"#);
        let answer = watched.send(request.body(body).unwrap()).await.unwrap();
        let whole = answer.into_body().collect(1000).await.unwrap();
        assert!(whole.ends_with(br#""access_token":"t0ken"}"#));
        let lines = lines.lock().unwrap().join("\n");
        assert!(
            !lines.contains("s3cret") && !lines.contains("t0ken"),
            "{lines}"
        );
        assert!(lines.starts_with("> POST http://x/y?access_token=***&corpsecret=***&chatid=c {"));
        assert!(lines.contains("\"name\":\"群\"") && lines.contains("\n< 200 after "));
    }
}
