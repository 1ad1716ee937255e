//! Access tokens: app, generation and issue time, sealed with a key that only the secret's holder has.
//!
//! The same token can be made again from the secret while it is valid, so the store keeps its hash alone. A stolen
//! database opens nothing.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use qun_protocol::Refusal;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Caller;

/// Bytes of a token before its seal.
const CLAIMS: usize = 32;

/// What a token says of itself, to be believed only once its hash is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The company.
    pub corp: i64,
    /// The app.
    pub agentid: i64,
    /// The generation.
    pub generation: i64,
    /// When it was issued, seconds UTC.
    pub issued: i64,
}

impl Claims {
    fn bytes(self) -> [u8; CLAIMS] {
        let mut bytes = [0; CLAIMS];
        for (place, number) in [self.corp, self.agentid, self.generation, self.issued]
            .iter()
            .enumerate()
        {
            bytes[place * 8..place * 8 + 8].copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// Reads a token.
    pub fn read(token: &str) -> Option<Claims> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        if bytes.len() != CLAIMS + 32 {
            return None;
        }
        let mut numbers = bytes
            .chunks_exact(8)
            .filter_map(|chunk| chunk.try_into().ok().map(i64::from_be_bytes));
        Some(Claims {
            corp: numbers.next()?,
            agentid: numbers.next()?,
            generation: numbers.next()?,
            issued: numbers.next()?,
        })
    }

    /// Whether it may have been issued since an app was loaded.
    pub fn is_newer_than(self, caller: &Caller) -> bool {
        self.generation > caller.token_generation
            || (self.generation == caller.token_generation && self.issued > caller.token_issued)
    }

    /// Makes the token.
    pub fn seal(self, secret: &str) -> String {
        let claims = self.bytes();
        let mut bytes = claims.to_vec();
        // A key of any length is taken, so this cannot fail.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
            mac.update(b"qun access token");
            mac.update(&claims);
            bytes.extend_from_slice(&mac.finalize().into_bytes());
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }
}

/// The hash that is stored of a token.
pub fn hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// The hash that is stored of an app's secret.
pub fn secret_hash(corpid: &str, secret: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(b"qun app secret\0");
    digest.update(corpid.as_bytes());
    digest.update(b"\0");
    digest.update(secret.as_bytes());
    hex(&digest.finalize())
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// Judges a token that names an app of the store; `validity` and `now` are seconds.
pub fn judge(
    token: &str,
    claims: Claims,
    caller: &Caller,
    validity: i64,
    now: i64,
) -> Result<(), Refusal> {
    let newest = claims.issued == caller.token_issued;
    if claims.generation != caller.token_generation
        || (newest && !same(&hash(token), &caller.token_hash))
    {
        return Err(Refusal::TokenInvalid);
    }
    if now >= claims.issued.saturating_add(validity) {
        return Err(Refusal::TokenExpired);
    }
    // An older token that has not ended was never given: a new one is made only when the old one has.
    if newest {
        Ok(())
    } else {
        Err(Refusal::TokenInvalid)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
    // Every request is checked by a hash: formatting each byte costs more than hashing.
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(*byte));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_written_in_hex() {
        // FIPS 180-2, appendix B.1.
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash("abc"), known);
    }

    #[test]
    fn a_token_says_whose_it_is_and_depends_on_the_secret() {
        let claims = Claims {
            corp: 3,
            agentid: 1_000_002,
            generation: 1,
            issued: 1_700_000_000,
        };
        let token = claims.seal("secret");
        assert!(token.len() <= 512);
        assert_eq!(Claims::read(&token), Some(claims));
        assert_eq!(claims.seal("secret"), token);
        assert_ne!(claims.seal("secreu"), token);
        assert_eq!(Claims::read(&token[1..]), None);
        assert_eq!(Claims::read("no token"), None);
    }
}
