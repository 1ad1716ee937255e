use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::future::BoxFuture;
use ipnet::IpNet;
use reqwest::{
    Certificate, Url,
    dns::{Addrs, Name, Resolve, Resolving},
};

/// An idle connection is given up before receivers usually do.
const IDLE: Duration = Duration::from_secs(20);

/// What is wrong with the settings of callbacks.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ReachError(String);

/// To which addresses callbacks may go.
pub(crate) struct Reach {
    hosts: Vec<String>,
    nets: Vec<IpNet>,
    private: bool,
    lookup: Lookup,
}

/// Finds the addresses of a name.
type Lookup = Box<dyn Fn(String) -> BoxFuture<'static, std::io::Result<Vec<IpAddr>>> + Send + Sync>;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error(
    "{0} may not be reached: callbacks go to this machine, and beyond only where --callback-to or --callback-private allow it"
)]
pub(crate) struct Forbidden(String);

impl Reach {
    pub(crate) fn new(to: &[String], private: bool) -> Result<Self, ReachError> {
        let (mut hosts, mut nets) = (Vec::new(), Vec::new());
        for entry in to {
            let bare = entry.trim_start_matches('[').trim_end_matches(']');
            if let Ok(net) = bare.parse::<IpNet>() {
                nets.push(net);
            } else if let Ok(address) = bare.parse::<IpAddr>() {
                nets.push(address.into());
            } else if is_name(entry) {
                hosts.push(entry.to_ascii_lowercase());
            } else {
                return Err(ReachError(format!(
                    "--callback-to: {entry:?} is no host, no address and no network such as 10.0.0.0/8"
                )));
            }
        }
        Ok(Reach {
            hosts,
            nets,
            private,
            lookup: Box::new(|name| {
                Box::pin(async move {
                    let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
                    Ok(found.map(|address| address.ip()).collect())
                })
            }),
        })
    }

    /// Whether an address may be reached under a name.
    fn allows(&self, host: &str, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback()
            || self.nets.iter().any(|net| net.contains(&address))
            || match kind(address) {
                Kind::Private => self.private,
                Kind::Public => self.hosts.iter().any(|known| known == host),
                Kind::Special => false,
            }
    }

    /// A URL whose host is an address meets no resolver, so it is checked here.
    pub(crate) fn check(&self, url: &Url) -> Result<(), Forbidden> {
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        match bare.parse::<IpAddr>() {
            Ok(address) if !self.allows(host, address) => Err(Forbidden(address.to_string())),
            _ => Ok(()),
        }
    }

    /// A client that connects nowhere else, and over HTTPS to those alone whose certificate is signed by a public authority or
    /// one of these.
    pub(crate) fn client(self: &Arc<Self>, pem: &[u8]) -> Result<reqwest::Client, ReachError> {
        // Fails where the program has chosen a provider already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder();
        let authorities = Certificate::from_pem_bundle(pem)
            .map_err(|error| ReachError(format!("--callback-ca: {}", chain(error))))?;
        if authorities.is_empty() && !pem.is_empty() {
            let none = "--callback-ca: there is no certificate in PEM form";
            return Err(ReachError(none.into()));
        }
        for authority in authorities {
            client = client.add_root_certificate(authority);
        }
        client
            .user_agent(super::post::USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(4)
            .dns_resolver(Arc::new(Resolver(Arc::clone(self))))
            .build()
            .map_err(|error| ReachError(format!("callbacks: {}", chain(error))))
    }
}

/// Gives the connection only addresses that may be reached: what is looked up is what is connected to.
struct Resolver(Arc<Reach>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = Arc::clone(&self.0);
        let name = name.as_str().trim_end_matches('.').to_ascii_lowercase();
        Box::pin(async move {
            let found = (reach.lookup)(name.clone()).await?;
            let allowed = found
                .iter()
                .filter(|address| reach.allows(&name, **address));
            let allowed: Vec<SocketAddr> = allowed
                .map(|address| SocketAddr::new(*address, 0))
                .collect();
            if let (true, Some(first)) = (allowed.is_empty(), found.first()) {
                return Err(Forbidden(format!("{name} at {first}")).into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

enum Kind {
    Public,
    /// Private, shared and link-local networks.
    Private,
    /// Neither: multicast, documentation, reserved, addresses within addresses.
    Special,
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            if ip.is_private() || ip.is_link_local() || (a == 100 && b & 0xc0 == 64) {
                Kind::Private
            } else if a == 0
                || a >= 224
                || ip.is_documentation()
                || (a == 192 && b == 0 && c == 0)
                || (a == 198 && b & 0xfe == 18)
                || ip == Ipv4Addr::BROADCAST
            {
                Kind::Special
            } else {
                Kind::Public
            }
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            if a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfe80 {
                Kind::Private
            } else if a & 0xe000 != 0x2000
                || a == 0x2002
                || (a == 0x2001 && (b < 0x200 || b == 0xdb8))
            {
                Kind::Special
            } else {
                Kind::Public
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        })
}

/// The error with its causes and without its URL, which holds a signature.
pub(crate) fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
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
mod tests;
