use std::{fmt, str::FromStr};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use crate::Error;

/// Length of the text.
const CHARACTERS: usize = 43;

/// Real keys carry bits that no canonical base64 would: 43 characters are 258 bits for 256.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// EncodingAESKey: 43 letters and digits that stand for 32 bytes (page 90968). Not shown by `Debug`; wiped when dropped.
#[derive(Clone)]
pub struct EncodingAesKey(Zeroizing<[u8; 32]>);

impl EncodingAesKey {
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn iv(&self) -> [u8; 16] {
        let mut iv = [0; 16];
        iv.copy_from_slice(&self.0[..16]);
        iv
    }
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodingAesKey(…)")
    }
}

impl FromStr for EncodingAesKey {
    type Err = Error;

    /// Reads the text as the console shows it.
    ///
    /// # Errors
    /// [`Error::Key`], which does not repeat the text.
    fn from_str(text: &str) -> Result<Self, Error> {
        let characters = text.chars().count();
        if characters != CHARACTERS {
            return Err(Error::Key(format!("has {characters} characters")));
        }
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::Key("has other characters".into()));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        match LENIENT.decode_slice(text, &mut *bytes) {
            Ok(32) => Ok(Self(bytes)),
            _ => Err(Error::Key("does not stand for 32 bytes".into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_43_letters_and_digits() {
        let good = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
        assert!(good.parse::<EncodingAesKey>().is_ok());
        for bad in [
            "",
            &good[1..],
            &format!("{good}C"),
            &format!("{good}="),
            &format!("{}+", &good[1..]),
            &format!("{}键", &good[1..]),
        ] {
            let error = bad.parse::<EncodingAesKey>().unwrap_err();
            assert!(matches!(error, Error::Key(_)), "{bad}");
            assert!(bad.len() < 2 || !error.to_string().contains(bad));
        }
    }

    #[test]
    fn every_character_may_stand_at_the_end() {
        for last in ('0'..='9').chain('A'..='Z').chain('a'..='z') {
            let key = format!("jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2{last}");
            assert!(key.parse::<EncodingAesKey>().is_ok(), "{last}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let key: EncodingAesKey = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
            .parse()
            .unwrap();
        assert_eq!(format!("{key:?}"), "EncodingAesKey(…)");
    }
}
