//! The way to the server: straight or through a proxy.

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Uri, header, request::Parts, uri::Scheme};
use hyper::{
    client::conn::http1,
    rt::{Read, Write},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::{
    legacy::connect::{HttpConnector, proxy::Tunnel},
    proxy::matcher::{Intercept, Matcher},
};
use rustls::ClientConfig;
use tower::{Service, ServiceExt};

use super::{NoAnswer, Sender, chain};
use crate::Error;

/// So often a connection on which nothing happens is asked whether it is alive.
const ALIVE: Duration = Duration::from_secs(15);

type Plain = HttpsConnector<HttpConnector>;

pub(super) struct Road {
    way: Way,
    /// What is connected to: the server, or a proxy that passes requests on.
    to: Uri,
    limit: Duration,
    /// Where a proxy passes requests on: what it is told of who asks.
    proxied: Option<Option<HeaderValue>>,
}

enum Way {
    Plain(Plain),
    Tunnel(Box<HttpsConnector<Tunnel<Plain>>>),
}

impl Road {
    /// The way to an origin: through the named proxy, else through that of the environment where that counts.
    pub(super) fn new(
        origin: Uri,
        limit: Duration,
        proxy: Option<&str>,
        environment: bool,
        user_agent: &HeaderValue,
        tls: ClientConfig,
    ) -> Result<Self, Error> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(ALIVE));
        tcp.set_connect_timeout(Some(limit));
        let plain = secured(&tls, tcp);
        let straight = |to| Self {
            way: Way::Plain(plain.clone()),
            to,
            limit,
            proxied: None,
        };
        let Some(proxy) = intercepted(&origin, proxy, environment)? else {
            return Ok(straight(origin));
        };
        if origin.scheme() == Some(&Scheme::HTTP) {
            return Ok(Self {
                proxied: Some(proxy.basic_auth().cloned()),
                ..straight(proxy.uri().clone())
            });
        }
        let agent = (header::USER_AGENT, user_agent.clone());
        let mut tunnel = Tunnel::new(proxy.uri().clone(), plain.clone())
            .with_headers(HeaderMap::from_iter([agent]));
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        Ok(Self {
            way: Way::Tunnel(Box::new(secured(&tls, tunnel))),
            ..straight(origin)
        })
    }

    /// Names what is asked for as whoever is connected to expects it.
    pub(super) fn point(&self, head: &mut Parts) {
        match &self.proxied {
            None => {
                let path = head.uri.path_and_query().cloned();
                head.uri = path.map_or_else(Uri::default, Uri::from);
            }
            Some(Some(auth)) => {
                head.headers
                    .insert(header::PROXY_AUTHORIZATION, auth.clone());
            }
            Some(None) => {}
        }
    }

    /// A new connection. Where there is none, nothing was sent.
    pub(super) async fn connect(&self) -> Result<Sender, NoAnswer> {
        let connecting = async {
            match &self.way {
                Way::Plain(connector) => connected(connector.clone(), &self.to).await,
                Way::Tunnel(connector) => connected(connector.clone(), &self.to).await,
            }
        };
        match tokio::time::timeout(self.limit, connecting).await {
            Ok(Ok(sender)) => Ok(sender),
            Ok(Err(error)) => Err(NoAnswer::not_sent(format!(
                "no connection: {}",
                chain(&*error)
            ))),
            Err(_) => {
                let limit = self.limit.as_secs_f32();
                Err(NoAnswer::not_sent(format!(
                    "no connection within {limit} s"
                )))
            }
        }
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn connected<C>(connector: C, to: &Uri) -> Result<Sender, Failure>
where
    C: Service<Uri, Error: Into<Failure>>,
    C::Response: Read + Write + Unpin + Send + 'static,
{
    let stream = connector.oneshot(to.clone()).await.map_err(Into::into)?;
    let (sender, connection) = http1::handshake(stream).await?;
    tokio::spawn(async move {
        // Whoever uses the connection is told as well.
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
    Ok(sender)
}

fn secured<C>(tls: &ClientConfig, connector: C) -> HttpsConnector<C> {
    HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(connector)
}

/// The proxy on the way, if there is one.
fn intercepted(
    origin: &Uri,
    proxy: Option<&str>,
    environment: bool,
) -> Result<Option<Intercept>, Error> {
    let found = match proxy {
        Some(proxy) => {
            let found = Matcher::builder().all(proxy).build().intercept(origin);
            Some(found.ok_or_else(|| Error::invalid("the proxy's URL is none"))?)
        }
        None if environment => Matcher::from_env().intercept(origin),
        None => None,
    };
    let http = |found: &Intercept| matches!(found.uri().scheme_str(), Some("http" | "https"));
    match found {
        Some(found) if !http(&found) => Err(Error::invalid(
            "the proxy is neither an HTTP nor an HTTPS one",
        )),
        found => Ok(found),
    }
}
