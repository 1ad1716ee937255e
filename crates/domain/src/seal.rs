//! Opaque texts that the server gives out and takes back: a number, sealed so that nobody can make or change one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Bytes of the seal; with the number they make 43 characters.
const SEAL: usize = 24;

/// A number as a text. `key` is known to the server alone, and `context` names all that the text is good for.
pub(crate) fn seal(key: &str, context: &str, number: i64) -> String {
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend_from_slice(&mac(key, context, &bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The number of a text that was given out for the same; none where it was not.
pub(crate) fn open(key: &str, context: &str, text: &str) -> Option<i64> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (number, given) = bytes.split_first_chunk::<8>()?;
    let genuine: bool = mac(key, context, number).ct_eq(given).into();
    genuine.then(|| i64::from_be_bytes(*number))
}

fn mac(key: &str, context: &str, number: &[u8]) -> Vec<u8> {
    let mut seal = Vec::new();
    // A key of any length is taken, so this cannot fail.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        mac.update(b"qun cursor\0");
        mac.update(number);
        mac.update(context.as_bytes());
        seal.extend_from_slice(&mac.finalize().into_bytes()[..SEAL]);
    }
    seal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_number_is_read_back_where_it_was_given_and_nowhere_else() {
        for number in [0, 1, -1, i64::MAX, i64::MIN] {
            let text = seal("key", "list 1", number);
            assert_eq!(text.len(), 43);
            assert_eq!(open("key", "list 1", &text), Some(number));
            assert_eq!(open("kez", "list 1", &text), None);
            assert_eq!(open("key", "list 2", &text), None);
            for place in 0..text.len() {
                let mut other = text.clone().into_bytes();
                other[place] = if other[place] == b'A' { b'B' } else { b'A' };
                let other = String::from_utf8(other).unwrap();
                // The last character has bits that say nothing, and those must be zero.
                assert_eq!(open("key", "list 1", &other), None, "{place}");
            }
        }
        for text in ["", "A", "=", "r9FqSqsI8fgNbHLHE5QoCP50UIg2cFQbfma3l2QsmwI"] {
            assert_eq!(open("key", "list 1", text), None, "{text}");
        }
    }
}
