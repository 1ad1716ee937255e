//! The transport that comes with the crate: HTTP/1.1 by hyper, TLS by rustls.
//!
//! A client speaks to one origin, so a few kept connections do without the general machinery of an HTTP client, which
//! costs as much processor time as the connections themselves.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{
    TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, Either, Full, StreamBody};
use hyper::{body::Incoming, client::conn::http1::SendRequest};
use url::Url;

use super::transport::{Body, NoAnswer, Transport};
use crate::Error;

mod kept;
mod road;
mod tls;

use kept::Kept;
use road::Road;

/// A body as it goes out.
type Outgoing = Either<Full<Bytes>, StreamBody<BoxStream<'static, io::Result<Frame<Bytes>>>>>;
/// A connection that takes requests.
type Sender = SendRequest<Outgoing>;

/// An answer of so many bytes is read with its head.
const SMALL: u64 = 64 * 1024;

/// How long connecting takes at most, however long the whole call may take.
const CONNECT: Duration = Duration::from_secs(10);

pub(crate) struct Network {
    road: Road,
    kept: Arc<Kept<Sender>>,
    host: HeaderValue,
    user_agent: HeaderValue,
}

impl Network {
    pub(crate) fn new(
        base_url: &Url,
        timeout: Duration,
        proxy: Option<&str>,
        user_agent: Option<&str>,
        authorities: &[u8],
    ) -> Result<Self, Error> {
        let agent = concat!("qun/", env!("CARGO_PKG_VERSION"));
        let user_agent = HeaderValue::from_str(user_agent.unwrap_or(agent))
            .map_err(|_| Error::invalid("the user agent holds what no header can carry"))?;
        let origin: Uri = base_url
            .as_str()
            .parse()
            .map_err(|error| Error::invalid(format!("the base URL is none: {error}")))?;
        let host = origin.authority().map_or("", |host| host.as_str());
        let host = HeaderValue::from_str(host)
            .map_err(|error| Error::invalid(format!("the base URL's host is none: {error}")))?;
        // Before the whole call ends, so that it is known that nothing was sent.
        let limit = (timeout * 4 / 5).min(CONNECT);
        let tls = tls::config(authorities)?;
        let environment = !is_loopback(base_url);
        Ok(Self {
            road: Road::new(origin, limit, proxy, environment, &user_agent, tls)?,
            kept: Arc::default(),
            host,
            user_agent,
        })
    }

    /// The request as it goes over a connection.
    fn dressed(&self, request: Request<Body>) -> Request<Outgoing> {
        let (mut head, body) = request.into_parts();
        self.road.point(&mut head);
        head.headers.insert(header::HOST, self.host.clone());
        head.headers
            .insert(header::USER_AGENT, self.user_agent.clone());
        head.headers
            .insert(header::ACCEPT, HeaderValue::from_static("*/*"));
        let body = match body.whole() {
            Ok(bytes) => Either::Left(Full::new(bytes)),
            Err(body) => {
                let chunks: BoxStream<'static, _> =
                    Box::pin(body.into_stream().map_ok(Frame::data));
                Either::Right(StreamBody::new(chunks))
            }
        };
        Request::from_parts(head, body)
    }

    // What is seldom waited for is boxed here and elsewhere on a call's way, so that what is moved about is small.
    async fn carry(&self, mut request: Request<Outgoing>) -> Result<Response<Body>, NoAnswer> {
        loop {
            let (mut sender, fresh) = match self.kept.take() {
                Some(sender) => (sender, false),
                None => (Box::pin(self.road.connect()).await?, true),
            };
            let mut failed = match sender.try_send_request(request).await {
                Ok(response) => return self.answered(response, sender).await,
                Err(failed) => failed,
            };
            match failed.take_message() {
                // A kept connection that had ended: not a byte was written, and there are others.
                Some(unsent) if !fresh => request = unsent,
                Some(_) => return Err(NoAnswer::not_sent(chain(&failed.into_error()))),
                None => return Err(NoAnswer::lost(chain(&failed.into_error()))),
            }
        }
    }

    /// The answer; its connection is kept once all of it has come.
    async fn answered(
        &self,
        response: Response<Incoming>,
        sender: Sender,
    ) -> Result<Response<Body>, NoAnswer> {
        let (head, body) = response.into_parts();
        let length = body.size_hint().exact();
        if length.is_some_and(|length| length <= SMALL) {
            let whole = body.collect().await;
            let whole = whole.map_err(|error| NoAnswer::lost(chain(&error)))?;
            self.kept.put(sender);
            return Ok(Response::from_parts(head, whole.to_bytes().into()));
        }
        let rest = (body, sender, Arc::clone(&self.kept));
        let chunks = stream::try_unfold(rest, |(mut body, sender, kept)| async move {
            match body.frame().await {
                Some(frame) => {
                    let frame = frame.map_err(|error| io::Error::other(chain(&error)))?;
                    // Trailers are none of the body.
                    let chunk = frame.into_data().unwrap_or_default();
                    Ok(Some((chunk, (body, sender, kept))))
                }
                None => {
                    kept.put(sender);
                    Ok(None)
                }
            }
        });
        Ok(Response::from_parts(head, Body::stream(length, chunks)))
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>> {
        Box::pin(self.carry(self.dressed(request)))
    }
}

/// A proxy that the environment names is for the way out, not for this machine.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// The error with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_all_its_names() {
        for (url, local) in [
            ("http://localhost:1", true),
            ("http://[::1]:1", true),
            ("http://127.9.9.9", true),
            ("https://qyapi.weixin.qq.com", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), local, "{url}");
        }
    }
}
