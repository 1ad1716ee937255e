//! The only place that does I/O.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Request};
use qun_protocol::{Meta, Method};
use reqwest::Url;

use crate::Error;

/// How many bytes of an answer that is JSON are read.
pub(crate) const JSON_LIMIT: usize = 32 * 1024 * 1024;

/// How long to wait before the one retry of a connection that was refused.
const AGAIN: Duration = Duration::from_millis(100);

pub(crate) struct Transport {
    http: reqwest::Client,
    pub base_url: String,
    timeout: Duration,
}

pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Transport {
    pub(crate) fn new(base_url: &str, timeout: Duration) -> Result<Self, Error> {
        let url = Url::parse(base_url)
            .map_err(|error| Error::invalid(format!("the base URL is none: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(Error::invalid(
                "the base URL begins with http:// or https:// and names a host",
            ));
        }
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(Error::invalid(
                "the base URL has neither a user nor a query",
            ));
        }
        // Fails where the program has chosen a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .user_agent(concat!("qun/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(timeout.min(Duration::from_secs(10)));
        if is_loopback(&url) {
            http = http.no_proxy();
        }
        let http = http.build().map_err(|error| {
            Error::invalid(format!("no HTTP client can be made: {}", chain(error)))
        })?;
        let base_url = url.as_str().trim_end_matches('/').to_owned();
        Ok(Self {
            http,
            base_url,
            timeout,
        })
    }

    /// Sends a request and reads at most `limit` bytes of the answer. Where the connection could not be made, and only
    /// there, it is tried once more.
    pub(crate) async fn exchange(
        &self,
        meta: &'static Meta,
        request: Request<Bytes>,
        wait: Duration,
        limit: usize,
    ) -> Result<Answer, Error> {
        let mut request = reqwest::Request::try_from(request)
            .map_err(|error| Error::invalid(format!("{}: {}", meta.path, chain(error))))?;
        *request.timeout_mut() = Some(self.timeout + wait);
        let again = request.try_clone();
        let mut result = self.http.execute(request).await;
        if let (Err(error), Some(again)) = (&result, again)
            && error.is_connect()
        {
            tokio::time::sleep(AGAIN).await;
            result = self.http.execute(again).await;
        }
        let mut response = match result {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Err(Error::Transport {
                    path: meta.path,
                    detail: chain(error),
                });
            }
            Err(error) => return Err(lost(meta, chain(error))),
        };
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > limit => {
                    return Err(lost(meta, format!("the answer is over {limit} bytes")));
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(lost(meta, chain(error))),
            }
        }
        Ok(Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: body.freeze(),
        })
    }
}

/// The request left, and its answer did not come.
fn lost(meta: &'static Meta, detail: String) -> Error {
    let path = meta.path;
    if meta.method == Method::Get {
        Error::Transport { path, detail }
    } else {
        Error::OutcomeUnknown { path, detail }
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
    fn a_base_url_is_checked_and_loses_its_last_slash() {
        let second = Duration::from_secs(1);
        for (given, kept) in [
            ("http://127.0.0.1:7800/", "http://127.0.0.1:7800"),
            (
                "https://proxy.example/wecom/",
                "https://proxy.example/wecom",
            ),
        ] {
            assert_eq!(Transport::new(given, second).unwrap().base_url, kept);
        }
        for bad in [
            "",
            "127.0.0.1:7800",
            "ftp://x",
            "http://user:s3cret@x",
            "http://x?access_token=s3cret",
        ] {
            let error = Transport::new(bad, second).err().unwrap();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }

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
