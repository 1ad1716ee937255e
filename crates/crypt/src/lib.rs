//! WeCom's callback envelope (pages 90930 and 90968): pure functions, both directions.
//!
//! What the platform posts is signed and encrypted; so is an answer that is more than a receipt. Nothing here does I/O, looks
//! at a clock or rolls dice: whoever seals gives the sixteen random bytes.
//!
//! ```
//! use qun_crypt::{EncodingAesKey, open, seal, sign, verify};
//!
//! let key: EncodingAesKey = "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws".parse()?;
//! let sealed = seal(&key, *b"0123456789abcdef", b"hello", "ww6a112864f8022910");
//! let signature = sign("token", "1700000000", "nonce", &sealed);
//!
//! verify("token", "1700000000", "nonce", &sealed, &signature)?;
//! assert_eq!(open(&key, &sealed, "ww6a112864f8022910")?, b"hello");
//! # Ok::<(), qun_crypt::Error>(())
//! ```

mod envelope;
mod key;
mod seal;
mod sign;
pub mod xml;

pub use envelope::{Envelope, Reply};
pub use key::EncodingAesKey;
pub use seal::{Opened, RANDOM, open, open_any, seal};
pub use sign::{sign, verify};

/// What is wrong with a callback, precisely enough to say what to do.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The EncodingAESKey is not 43 letters and digits.
    #[error("an EncodingAESKey is 43 letters and digits, this one {0}")]
    Key(String),
    /// The signature is another one: another Token, or a parameter was changed on the way (`+` read as a blank is the usual one).
    #[error(
        "the signature does not fit: is the Token the right one, and are the parameters URL-decoded once?"
    )]
    Signature,
    /// The encrypted text is not base64.
    #[error("the encrypted text is not base64: was a `+` read as a blank?")]
    Base64,
    /// The encrypted bytes are no whole number of blocks.
    #[error("{0} encrypted bytes are no whole number of 16-byte blocks")]
    Blocks(usize),
    /// The padding is not 1 to 32 equal bytes: another key, or an unpadder that expects blocks of 16.
    #[error("the padding is wrong: is the EncodingAESKey the right one?")]
    Padding,
    /// The length within the decrypted bytes points outside them.
    #[error("the length within the decrypted bytes is wrong: is the EncodingAESKey the right one?")]
    Frame,
    /// It is for somebody else.
    #[error("it is for {found:?}, not for {expected:?}")]
    Receiver {
        /// The receiveid found inside.
        found: String,
        /// The one that was expected.
        expected: String,
    },
    /// The XML cannot be read.
    #[error("the XML cannot be read: {0}")]
    Xml(String),
    /// An element is missing.
    #[error("the XML has no {0}")]
    Missing(&'static str),
}

/// What functions here answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;
