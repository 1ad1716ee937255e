use aes::Aes256;
use base64::{Engine, engine::general_purpose::STANDARD};
use cbc::cipher::{BlockDecryptMut, BlockEncryptMut, KeyIvInit, block_padding::NoPadding};

use crate::{EncodingAesKey, Error, Result};

/// How many random bytes stand before the message.
pub const RANDOM: usize = 16;
/// The padding fills to this, though AES has blocks of 16.
const PADDED_TO: usize = 32;
const BLOCK: usize = 16;
/// Random bytes and the length.
const HEAD: usize = RANDOM + 4;

/// What was inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The message: XML, or the plain text of an echostr.
    pub message: Vec<u8>,
    /// For whom it is: the corpid for a company's callbacks, the suiteid for a third party's, empty for a person's.
    pub receiveid: String,
}

/// Encrypts a message for a receiver; gives base64.
///
/// `random` must be fresh for each message: equal beginnings would show.
pub fn seal(key: &EncodingAesKey, random: [u8; RANDOM], message: &[u8], receiveid: &str) -> String {
    let mut bytes = Vec::with_capacity(HEAD + message.len() + receiveid.len() + PADDED_TO);
    bytes.extend_from_slice(&random);
    // A message of 4 GiB does not fit into memory twice.
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(message);
    bytes.extend_from_slice(receiveid.as_bytes());
    let pad = PADDED_TO - bytes.len() % PADDED_TO;
    bytes.resize(bytes.len() + pad, pad as u8);
    let cipher = cbc::Encryptor::<Aes256>::new(key.bytes().into(), &key.iv().into());
    STANDARD.encode(cipher.encrypt_padded_vec_mut::<NoPadding>(&bytes))
}

/// Decrypts a message that must be for this receiver.
///
/// # Errors
/// What is wrong, see [`Error`]. Check the signature first: without it, whoever can send could learn from the answers.
pub fn open(key: &EncodingAesKey, encrypted: &str, receiveid: &str) -> Result<Vec<u8>> {
    let opened = open_any(key, encrypted)?;
    if opened.receiveid == receiveid {
        Ok(opened.message)
    } else {
        Err(Error::Receiver {
            found: opened.receiveid,
            expected: receiveid.to_owned(),
        })
    }
}

/// Decrypts a message, whoever it is for.
///
/// # Errors
/// As [`open`], but for the receiver.
pub fn open_any(key: &EncodingAesKey, encrypted: &str) -> Result<Opened> {
    let sealed = STANDARD
        .decode(encrypted.trim_ascii())
        .map_err(|_| Error::Base64)?;
    if sealed.is_empty() || sealed.len() % BLOCK != 0 {
        return Err(Error::Blocks(sealed.len()));
    }
    let cipher = cbc::Decryptor::<Aes256>::new(key.bytes().into(), &key.iv().into());
    let bytes = cipher
        .decrypt_padded_vec_mut::<NoPadding>(&sealed)
        .map_err(|_| Error::Blocks(sealed.len()))?;
    let bytes = unpadded(&bytes)?;
    let (head, rest) = bytes.split_at_checked(HEAD).ok_or(Error::Frame)?;
    let length = head[RANDOM..]
        .iter()
        .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    let (message, receiveid) = rest.split_at_checked(length).ok_or(Error::Frame)?;
    Ok(Opened {
        message: message.to_vec(),
        receiveid: String::from_utf8_lossy(receiveid).into_owned(),
    })
}

fn unpadded(bytes: &[u8]) -> Result<&[u8]> {
    let pad = usize::from(*bytes.last().ok_or(Error::Padding)?);
    let end = bytes.len().checked_sub(pad).ok_or(Error::Padding)?;
    let (rest, padding) = bytes.split_at(end);
    let good =
        (1..=PADDED_TO).contains(&pad) && padding.iter().all(|byte| usize::from(*byte) == pad);
    good.then_some(rest).ok_or(Error::Padding)
}
