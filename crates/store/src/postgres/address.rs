//! Where a PostgreSQL database is and how to reach it.

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Client, with_causes};
use crate::db::{Error, Result};

const CONNECT: Duration = Duration::from_secs(5);
/// A connection that has answered nothing for about this long is given up.
const SILENCE: Duration = Duration::from_secs(10);
/// What every session says first. A transaction whose node stands still is ended by the server, and its locks with it:
/// before those who wait for them give up.
const SESSION: &str = "SET lock_timeout = '10s'; SET statement_timeout = '30s'; \
                       SET idle_in_transaction_session_timeout = '8s'; SET client_min_messages = warning";

/// How a connection is encrypted.
#[derive(Clone)]
enum Tls {
    Off,
    On(MakeRustlsConnect),
}

/// A database's address, read and ready to connect to.
#[derive(Clone)]
pub(crate) struct Address {
    config: Config,
    tls: Tls,
}

impl Address {
    /// Reads a `postgres://` address. A password given beside it counts before one inside it.
    ///
    /// Beside what the driver knows, `sslrootcert=FILE` names the authority that signs the server's certificate, and `sslmode`
    /// may be `verify-full`. Encrypted always means verified. Without `sslmode` a database on this machine is reached in
    /// clear text, any other one encrypted.
    pub(crate) fn new(url: &str, password: Option<&str>) -> Result<Self> {
        let (url, asked) = own_options(url);
        let mut config: Config = url.parse().map_err(|error| {
            Error::Other(format!(
                "the database's address cannot be read: {}",
                with_causes(&error)
            ))
        })?;
        if let Some(password) = password {
            config.password(password);
        }
        if config.get_application_name().is_none() {
            config.application_name("qun");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE / 2)
            .keepalives_interval(SILENCE / 5)
            .keepalives_retries(3);
        let encrypted = match asked.mode.as_deref() {
            None => !config.get_hosts().iter().all(is_here),
            Some("disable") => false,
            Some("require" | "verify-full") => true,
            Some(other) => {
                return Err(Error::Other(format!(
                    "sslmode is disable, require or verify-full, not {other}: encrypted always means verified"
                )));
            }
        };
        let tls = if encrypted {
            config.ssl_mode(SslMode::Require);
            Tls::On(MakeRustlsConnect::new(client_config(
                asked.root.as_deref(),
            )?))
        } else {
            config.ssl_mode(SslMode::Disable);
            Tls::Off
        };
        Ok(Self { config, tls })
    }

    /// A new connection, whose statements may take so long.
    pub(crate) fn connect(&self, patience: Duration) -> Result<Client> {
        // The driver's own limit is for the network alone: one that is silent after that must not hold anybody either.
        let each = self.config.get_connect_timeout().copied();
        let hosts = u32::try_from(self.config.get_hosts().len()).unwrap_or(1);
        let within = each.unwrap_or(CONNECT) * hosts.max(1);
        let mut client = match &self.tls {
            Tls::Off => Client::connect(&self.config, NoTls, within, patience),
            Tls::On(tls) => Client::connect(&self.config, tls.clone(), within, patience),
        }?;
        client.batch_execute(SESSION)?;
        Ok(client)
    }
}

/// Options that the driver does not know.
#[derive(Default)]
struct Asked {
    mode: Option<String>,
    root: Option<String>,
}

/// Takes our options out of an address.
fn own_options(url: &str) -> (String, Asked) {
    let mut asked = Asked::default();
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), asked);
    };
    let mut rest = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", mode)) => asked.mode = Some(mode.to_owned()),
            Some(("sslrootcert", file)) => {
                let file = percent_encoding::percent_decode_str(file);
                asked.root = Some(file.decode_utf8_lossy().into_owned());
            }
            _ => rest.push(pair),
        }
    }
    if rest.is_empty() {
        return (base.to_owned(), asked);
    }
    (format!("{base}?{}", rest.join("&")), asked)
}

fn is_here(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let literal = name.trim_start_matches('[').trim_end_matches(']');
            name == "localhost" || literal.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn client_config(root: Option<&str>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    match root {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let unusable = |why: String| Error::Other(format!("sslrootcert {file}: {why}"));
            let text = fs::read(file).map_err(|error| unusable(error.to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
                roots
                    .add(certificate)
                    .map_err(|error| unusable(error.to_string()))?;
            }
            if roots.is_empty() {
                return Err(unusable("no certificate is in it".into()));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Other(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> Result<SslMode> {
        Address::new(url, None).map(|address| address.config.get_ssl_mode())
    }

    #[test]
    fn what_leaves_this_machine_is_encrypted_unless_said_otherwise() {
        for (url, expected) in [
            ("postgres://qun@127.0.0.1/qun", SslMode::Disable),
            ("postgres://qun@localhost:5433/qun", SslMode::Disable),
            ("postgres:///qun?host=/var/run/postgresql", SslMode::Disable),
            ("postgres://qun@db.example/qun", SslMode::Require),
            (
                "postgres://qun@10.0.0.1/qun?sslmode=disable",
                SslMode::Disable,
            ),
            (
                "postgres://qun@127.0.0.1/qun?sslmode=verify-full",
                SslMode::Require,
            ),
        ] {
            assert_eq!(mode(url), Ok(expected), "{url}");
        }
        assert!(
            matches!(mode("postgres://h/d?sslmode=prefer"), Err(Error::Other(text)) if text.contains("verified"))
        );
        assert!(matches!(mode("postgres://["), Err(Error::Other(_))));
    }

    #[test]
    fn an_authority_is_read_from_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let url = |path: &str| {
            format!("postgres://qun@db.example/qun?sslrootcert={path}&connect_timeout=3")
        };
        let empty = mode(&url(file.path().to_str().unwrap()));
        assert!(matches!(empty, Err(Error::Other(text)) if text.contains("no certificate")));
        assert!(
            matches!(mode(&url("/nowhere.pem")), Err(Error::Other(text)) if text.contains("/nowhere.pem"))
        );
    }

    #[test]
    fn a_password_beside_the_address_counts() {
        let address = Address::new("postgres://qun:inside@127.0.0.1/qun", Some("beside")).unwrap();
        assert_eq!(address.config.get_password(), Some(&b"beside"[..]));
    }
}
