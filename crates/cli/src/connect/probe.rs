//! A bare HTTP request: whether something answers at an address, and what time it is there.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{Certificate, Client, Url, header::DATE, redirect::Policy};

use super::Session;

/// What came back.
pub(crate) struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Date` header.
    pub date: Option<Timestamp>,
}

/// Gets a path below a base URL; the body is not read.
pub(crate) async fn get(session: &Session, path: &str) -> Result<Answer> {
    let base = &session.target.url;
    let url: Url = format!("{}{path}", base.trim_end_matches('/'))
        .parse()
        .with_context(|| format!("{base:?} is no base URL; it looks like http://127.0.0.1:7800"))?;
    let client = session.http(url.host_str(), session.timeout())?;
    let answer = client.get(url).send().await;
    let answer = answer.map_err(reqwest::Error::without_url)?;
    let date = answer.headers().get(DATE).and_then(|date| {
        let parsed = rfc2822::DateTimeParser::new().parse_timestamp(date.to_str().ok()?);
        parsed.ok()
    });
    Ok(Answer {
        status: answer.status().as_u16(),
        date,
    })
}

/// A picture is at most so large, bytes.
const PICTURE: usize = 4 * 1024 * 1024;

/// Gets what is at a URL.
pub(crate) async fn download(session: &Session, url: &str) -> Result<Vec<u8>> {
    let parsed: Url = url.parse().with_context(|| format!("{url:?} is no URL"))?;
    let client = session.http(parsed.host_str(), session.timeout())?;
    let mut answer = client.get(parsed).send().await?.error_for_status()?;
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if content.len() + chunk.len() > PICTURE {
            bail!("{url} is larger than {PICTURE} bytes");
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}

/// A client that follows no redirect, asks no proxy for what is on this machine, and believes these authorities (PEM) too.
pub(super) fn client(host: Option<&str>, timeout: Duration, authorities: &[u8]) -> Result<Client> {
    // Fails where a provider is chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder().timeout(timeout).redirect(Policy::none());
    if matches!(host, Some("localhost" | "127.0.0.1" | "[::1]")) {
        client = client.no_proxy();
    }
    let authorities = Certificate::from_pem_bundle(authorities);
    for authority in authorities.context("--ca holds no certificates")? {
        client = client.add_root_certificate(authority);
    }
    client.build().context("no HTTP client can be made")
}
