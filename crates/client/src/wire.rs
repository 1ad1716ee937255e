//! Exchanges of a request for an answer: how long they take, how many there are at once, and when one is tried again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, Response};
use qun_protocol::{Meta, Method};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use url::Url;

use crate::Error;

pub(crate) mod answer;
pub(crate) mod multipart;
mod network;
pub(crate) mod request;
pub(crate) mod scrub;
pub(crate) mod transport;
pub(crate) mod watch;

use multipart::Form;
use network::Network;
use request::{Base, Draft};
use transport::{Body, Transport};
use watch::{Say, Watched};

/// How many bytes of an answer that is JSON are read.
const JSON_LIMIT: usize = 32 * 1024 * 1024;

/// How long a call may take where nothing else is said.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// How often something that was certainly not done is tried again where nothing else is said; page 90313 allows three for -1.
pub(crate) const REPEATS: u32 = 3;

/// How slow a file may go up, in bytes a second, before the time of its call is over.
const SLOWEST: u64 = 64 * 1024;

/// How requests are sent.
pub(crate) struct Settings {
    pub timeout: Duration,
    pub repeats: u32,
    pub connections: Option<usize>,
    pub proxy: Option<String>,
    pub user_agent: Option<String>,
    /// Authorities beside the public ones, in PEM form.
    pub authorities: Vec<u8>,
    pub transport: Option<Arc<dyn Transport>>,
    pub watch: Option<Say>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: TIMEOUT,
            repeats: REPEATS,
            connections: None,
            proxy: None,
            user_agent: None,
            authorities: Vec::new(),
            transport: None,
            watch: None,
        }
    }
}

pub(crate) struct Wire {
    transport: Arc<dyn Transport>,
    gate: Option<Arc<Semaphore>>,
    timeout: Duration,
    pub repeats: u32,
    pub base_url: String,
    base: Base,
}

pub(crate) struct Answer {
    pub status: u16,
    pub body: Bytes,
}

/// An answer of which the head has come.
pub(crate) struct Opened {
    response: Response<Body>,
    end: Instant,
    pub timeout: Duration,
    pub permit: Option<OwnedSemaphorePermit>,
}

impl Wire {
    pub(crate) fn new(base_url: &str, settings: Settings) -> Result<Self, Error> {
        let url = checked(base_url)?;
        let transport = match settings.transport {
            Some(transport) => transport,
            None => Arc::new(Network::new(
                &url,
                settings.timeout,
                settings.proxy.as_deref(),
                settings.user_agent.as_deref(),
                &settings.authorities,
            )?),
        };
        let transport = match settings.watch {
            Some(say) => Arc::new(Watched {
                inner: transport,
                say,
            }),
            None => transport,
        };
        let base_url = url.as_str().trim_end_matches('/');
        Ok(Self {
            base: Base::new(base_url)?,
            base_url: base_url.to_owned(),
            transport,
            gate: settings
                .connections
                .map(|most| Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS)))),
            timeout: settings.timeout,
            repeats: settings.repeats,
        })
    }

    /// Sends a request and reads its answer. `wait` comes on top of the time that a call may take.
    pub(crate) async fn exchange(
        &self,
        draft: &Draft,
        token: Option<&str>,
        wait: Duration,
    ) -> Result<Answer, Error> {
        let opened = self.open(draft, token, None, wait).await?;
        opened.read(draft.meta).await
    }

    /// Sends a request, with a form where there is one, and waits for the head of its answer. What certainly did not leave
    /// is tried again, if it can be made again.
    pub(crate) async fn open(
        &self,
        draft: &Draft,
        token: Option<&str>,
        form: Option<&Form<'_>>,
        wait: Duration,
    ) -> Result<Opened, Error> {
        let meta = draft.meta;
        let mut tried = 0;
        loop {
            let request = draft.request(&self.base, token, form)?;
            let request = match form {
                None => request.map(Body::from),
                Some(form) => {
                    let body = Box::pin(form.body()).await?;
                    request.map(|_| body)
                }
            };
            let permit = match &self.gate {
                Some(gate) => Arc::clone(gate).acquire_owned().await.ok(),
                None => None,
            };
            let upload = Duration::from_secs(form.map_or(0, Form::length) / SLOWEST);
            let begun = Instant::now();
            let end = begun + self.timeout + wait + upload;
            let sending = self.transport.send(request);
            let answer = match tokio::time::timeout_at(end, sending).await {
                Ok(answer) => answer,
                Err(_) => return Err(late(meta, end - begun)),
            };
            match answer {
                Ok(response) => {
                    tracing::debug!(
                        path = meta.path,
                        status = response.status().as_u16(),
                        ms = begun.elapsed().as_millis(),
                        "answered"
                    );
                    return Ok(Opened {
                        response,
                        end,
                        timeout: self.timeout,
                        permit,
                    });
                }
                Err(none) if none.sent => return Err(lost(meta, none.detail)),
                Err(none) if tried < self.repeats && form.is_none_or(Form::again) => {
                    tracing::debug!(
                        path = meta.path,
                        detail = none.detail,
                        "not sent, trying again"
                    );
                    drop(permit);
                    pause(tried).await;
                    tried += 1;
                }
                Err(none) => {
                    return Err(Error::Transport {
                        path: meta.path,
                        detail: none.detail,
                    });
                }
            }
        }
    }
}

impl Opened {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub(crate) fn into_body(self) -> (Body, Option<OwnedSemaphorePermit>) {
        (self.response.into_body(), self.permit)
    }

    /// The whole answer.
    pub(crate) async fn read(self, meta: &'static Meta) -> Result<Answer, Error> {
        let status = self.status();
        let reading = self.response.into_body().collect(JSON_LIMIT);
        let body = match tokio::time::timeout_at(self.end, reading).await {
            Ok(Ok(body)) => body,
            Ok(Err(error)) => return Err(lost(meta, error.to_string())),
            Err(_) => return Err(late(meta, self.timeout)),
        };
        Ok(Answer { status, body })
    }
}

/// Waits before something is tried again: 100, 200, 400 … milliseconds, at most five seconds.
pub(crate) async fn pause(tried: u32) {
    tokio::time::sleep(Duration::from_millis(100 << tried.min(6)).min(Duration::from_secs(5)))
        .await;
}

/// The request left, and its answer did not come.
pub(crate) fn lost(meta: &'static Meta, detail: String) -> Error {
    let path = meta.path;
    if meta.method == Method::Get {
        Error::Transport { path, detail }
    } else {
        Error::OutcomeUnknown { path, detail }
    }
}

fn late(meta: &'static Meta, after: Duration) -> Error {
    lost(meta, format!("no answer within {} s", after.as_secs_f32()))
}

fn checked(base_url: &str) -> Result<Url, Error> {
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
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_checked_and_loses_its_last_slash() {
        for (given, kept) in [
            ("http://127.0.0.1:7800/", "http://127.0.0.1:7800"),
            (
                "https://proxy.example/wecom/",
                "https://proxy.example/wecom",
            ),
        ] {
            let wire = Wire::new(given, Settings::default()).unwrap();
            assert_eq!(wire.base_url, kept);
        }
        for bad in [
            "",
            "127.0.0.1:7800",
            "ftp://x",
            "http://user:s3cret@x",
            "http://x?access_token=s3cret",
        ] {
            let error = Wire::new(bad, Settings::default()).err().unwrap();
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
    }
}
