//! The msgid of a message to people: its place in the store, and a digest with what it belongs to.
//!
//! It grants nothing that its app may not do anyway, so a digest without a key is enough: it tells a foreign or garbled
//! msgid from a good one.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// Bytes of lane and id.
const PLACE: usize = 16;

/// The msgid of a company's app for a message in a lane: 64 characters that are safe in URLs.
pub(crate) fn write(corp: i64, agentid: i64, lane: i64, id: i64) -> String {
    let mut bytes = Vec::with_capacity(PLACE + 32);
    bytes.extend(lane.to_be_bytes());
    bytes.extend(id.to_be_bytes());
    let mut digest = Sha256::new();
    digest.update("qun msgid");
    for number in [corp, agentid, lane, id] {
        digest.update(number.to_be_bytes());
    }
    bytes.extend(digest.finalize());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Lane and id of a msgid that this company's app was given.
pub(crate) fn read(corp: i64, agentid: i64, msgid: &str) -> Option<(i64, i64)> {
    let bytes = URL_SAFE_NO_PAD.decode(msgid).ok()?;
    let lane = i64::from_be_bytes(bytes.get(..8)?.try_into().ok()?);
    let id = i64::from_be_bytes(bytes.get(8..PLACE)?.try_into().ok()?);
    (write(corp, agentid, lane, id) == msgid).then_some((lane, id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_own_company_and_app_read_it() {
        let msgid = write(3, 1_000_002, 1, 1_698_811_200_000_000);
        assert_eq!(msgid.len(), 64);
        let good = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
        assert!(msgid.bytes().all(good), "{msgid}");
        assert_eq!(read(3, 1_000_002, &msgid), Some((1, 1_698_811_200_000_000)));
        assert_eq!(read(4, 1_000_002, &msgid), None);
        assert_eq!(read(3, 1_000_003, &msgid), None);
        for n in 0..64 {
            let mut bytes = msgid.clone().into_bytes();
            bytes[n] = if bytes[n] == b'A' { b'B' } else { b'A' };
            let garbled = String::from_utf8(bytes).unwrap();
            assert_eq!(read(3, 1_000_002, &garbled), None, "{n}");
            assert_eq!(read(3, 1_000_002, &msgid[..n]), None, "{n}");
        }
    }
}
