//! Whose certificates are believed.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Error;

/// Public authorities and those in PEM form; the program's own provider of cryptography, where it has chosen one.
pub(super) fn config(authorities: &[u8]) -> Result<ClientConfig, Error> {
    let ring = || Arc::new(rustls::crypto::ring::default_provider());
    let provider = CryptoProvider::get_default().cloned().unwrap_or_else(ring);
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::invalid(format!("no TLS can be spoken: {error}")))?;
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let none =
        |reason: &str| Error::invalid(format!("the authorities are no certificates: {reason}"));
    let mut found = 0;
    for certificate in CertificateDer::pem_slice_iter(authorities) {
        let certificate = certificate.map_err(|error| none(&error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| none(&error.to_string()))?;
        found += 1;
    }
    if found == 0 && !authorities.is_empty() {
        return Err(none("there is none in PEM form"));
    }
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
