use std::fmt::Write;

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use crate::{Error, Result};

/// The signature of a callback: SHA-1 over the four texts in byte order, in lower-case hex (page 90968).
///
/// `encrypted` is the `Encrypt` element of a body, or `echostr` when a URL is verified.
pub fn sign(token: &str, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    let mut parts = [token, timestamp, nonce, encrypted];
    parts.sort_unstable();
    let mut digest = Sha1::new();
    for part in parts {
        digest.update(part.as_bytes());
    }
    let mut text = String::with_capacity(40);
    for byte in digest.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Checks a signature, in a time that does not tell where it differs.
///
/// # Errors
/// [`Error::Signature`].
pub fn verify(
    token: &str,
    timestamp: &str,
    nonce: &str,
    encrypted: &str,
    signature: &str,
) -> Result<()> {
    let expected = sign(token, timestamp, nonce, encrypted);
    if bool::from(expected.as_bytes().ct_eq(signature.as_bytes())) {
        Ok(())
    } else {
        Err(Error::Signature)
    }
}
