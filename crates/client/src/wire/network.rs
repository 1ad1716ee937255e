//! The transport that comes with the crate: HTTP/1.1 and HTTP/2 by reqwest, TLS by rustls.

use std::{io, time::Duration};

use futures_util::{TryStreamExt, future::BoxFuture};
use http::{Request, Response};
use reqwest::{Proxy, Url};

use super::transport::{Body, NoAnswer, Transport};
use crate::Error;

/// An idle connection is given up before servers usually do, so that no request meets one that is just being closed.
const IDLE: Duration = Duration::from_secs(20);

pub(crate) struct Network(reqwest::Client);

impl Network {
    pub(crate) fn new(
        base_url: &Url,
        timeout: Duration,
        proxy: Option<&str>,
        user_agent: Option<&str>,
    ) -> Result<Self, Error> {
        // Fails where the program has chosen a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let agent = concat!("qun/", env!("CARGO_PKG_VERSION"));
        let mut http = reqwest::Client::builder()
            .user_agent(user_agent.unwrap_or(agent))
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(IDLE)
            // Before the whole call ends, so that it is known that nothing was sent.
            .connect_timeout((timeout * 4 / 5).min(Duration::from_secs(10)));
        if let Some(proxy) = proxy {
            let proxy = Proxy::all(proxy).map_err(|error| {
                Error::invalid(format!("the proxy's URL is none: {}", chain(error)))
            })?;
            http = http.proxy(proxy);
        } else if is_loopback(base_url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            Error::invalid(format!("no HTTP client can be made: {}", chain(error)))
        })?;
        Ok(Self(http))
    }
}

impl Transport for Network {
    fn send(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>> {
        Box::pin(async move {
            let request = request.map(|body| match body.whole() {
                Ok(bytes) => reqwest::Body::from(bytes),
                Err(body) => reqwest::Body::wrap_stream(body.into_stream()),
            });
            let request = reqwest::Request::try_from(request)
                .map_err(|error| NoAnswer::not_sent(chain(error)))?;
            let response = match self.0.execute(request).await {
                Ok(response) => response,
                Err(error) if error.is_connect() => return Err(NoAnswer::not_sent(chain(error))),
                Err(error) => return Err(NoAnswer::lost(chain(error))),
            };
            let length = response.content_length();
            let mut answer = Response::new(());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            let chunks = response
                .bytes_stream()
                .map_err(|error| io::Error::other(chain(error)));
            Ok(answer.map(|()| Body::stream(length, chunks)))
        })
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

/// The error with its causes and without its URL, which may hold a token.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
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
