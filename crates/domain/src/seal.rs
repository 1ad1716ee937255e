//! Texts that are handed out and come back: sealed, so that nobody makes one or changes it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use qun_store::{Effect, Error, Read, table::meta};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{Cx, Outcome, world::EVERYBODY};

/// The key's name among the facts of the database.
const KEY: &str = "seal";
/// Bytes of a seal.
const SEAL: usize = 16;

/// Whether the database has its key.
pub fn is_ready(read: &mut dyn Read) -> qun_store::Result<bool> {
    Ok(meta::get(read, KEY)?.is_some())
}

/// Makes the database's key where there is none.
pub fn make_ready(cx: &mut Cx) -> Outcome<()> {
    cx.tx.enter(EVERYBODY, Effect::Change)?;
    if !is_ready(cx.tx.as_read())? {
        let key = cx.hex(32);
        meta::set(cx.tx, KEY, &key)?;
    }
    Ok(())
}

/// Seals a text for a company and a purpose.
pub(crate) fn seal(read: &mut dyn Read, corp: i64, purpose: &str, text: &str) -> Outcome<String> {
    let mut bytes = mac(read, corp, purpose, text)?;
    bytes.extend_from_slice(text.as_bytes());
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The text that was sealed for the same company and purpose; none where it was not.
pub(crate) fn open(
    read: &mut dyn Read,
    corp: i64,
    purpose: &str,
    sealed: &str,
) -> Outcome<Option<String>> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).unwrap_or_default();
    let Some((seal, text)) = bytes.split_at_checked(SEAL) else {
        return Ok(None);
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return Ok(None);
    };
    let right: bool = mac(read, corp, purpose, text)?.ct_eq(seal).into();
    Ok(right.then(|| text.to_owned()))
}

fn mac(read: &mut dyn Read, corp: i64, purpose: &str, text: &str) -> Outcome<Vec<u8>> {
    let missing = || Error::Corrupt("the key of what is handed out is missing".into());
    let key = meta::get(read, KEY)?.ok_or_else(missing)?;
    // A key of any length is taken, so this cannot fail.
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| missing())?;
    mac.update(format!("qun {purpose} {corp}\0{text}").as_bytes());
    let mut bytes = mac.finalize().into_bytes().to_vec();
    bytes.truncate(SEAL);
    Ok(bytes)
}
