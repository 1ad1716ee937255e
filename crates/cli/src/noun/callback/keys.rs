use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::{failure::usage, secret};

/// Where the Token and the EncodingAESKey stand.
#[derive(Args, Clone, Debug)]
pub(super) struct Keys {
    /// A file with the Token [env: QUN_CALLBACK_TOKEN, the Token itself]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// A file with the EncodingAESKey [env: QUN_CALLBACK_AES_KEY, the key itself]
    #[arg(long, value_name = "FILE")]
    aes_key_file: Option<PathBuf>,
}

const TOKEN: (&str, &str) = ("token-file", "QUN_CALLBACK_TOKEN");
const KEY: (&str, &str) = ("aes-key-file", "QUN_CALLBACK_AES_KEY");

impl Keys {
    /// Both, or neither where neither is said.
    pub(super) fn given(&self) -> Result<Option<(String, String)>> {
        let of = |file: &Option<PathBuf>, (_, variable): (&str, &str)| match file {
            Some(path) => secret::read(path).map(Some),
            None => Ok(secret::variable(variable)),
        };
        let missing = |what: &str, (flag, variable): (&str, &str)| {
            usage(format!(
                "set {variable} or say --{flag}: the {what} is not known"
            ))
        };
        match (of(&self.token_file, TOKEN)?, of(&self.aes_key_file, KEY)?) {
            (Some(token), Some(key)) => Ok(Some((token, key))),
            (None, None) => Ok(None),
            (None, Some(_)) => Err(missing("Token", TOKEN)),
            (Some(_), None) => Err(missing("EncodingAESKey", KEY)),
        }
    }

    /// Both.
    pub(super) fn read(&self) -> Result<(String, String)> {
        self.given()?.ok_or_else(|| {
            usage(
                "set QUN_CALLBACK_TOKEN and QUN_CALLBACK_AES_KEY, or say --token-file and --aes-key-file: \
                 the Token and the EncodingAESKey are not known",
            )
        })
    }
}

/// A fresh Token or EncodingAESKey: so many letters and digits.
pub(super) fn fresh<const N: usize>() -> Result<String> {
    const CHARACTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::with_capacity(N);
    while text.len() < N {
        let mut bytes = [0; N];
        getrandom::fill(&mut bytes)?;
        // Six bits choose one of 64; the two that stand for nothing are thrown again, so that all are as likely.
        let chosen = bytes
            .iter()
            .filter_map(|byte| CHARACTERS.get(usize::from(byte & 63)));
        text.extend(chosen.map(|byte| char::from(*byte)).take(N - text.len()));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_ones_are_letters_and_digits_and_never_the_same() {
        let (one, other) = (fresh::<43>().unwrap(), fresh::<43>().unwrap());
        for text in [&one, &other] {
            assert!(text.parse::<qun_crypt::EncodingAesKey>().is_ok(), "{text}");
        }
        assert_ne!(one, other);
    }
}
