use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::Error;

/// The parameters of a query, decoded once. A `+` stays one: base64 has it, blanks it has not, and some senders leave it bare.
pub(super) struct Parameters<'q>(Vec<(&'q str, Cow<'q, str>)>);

impl<'q> Parameters<'q> {
    pub(super) fn read(query: &'q str) -> Self {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let decoded = |text: &'q str| percent_decode_str(text).decode_utf8_lossy();
        Self(pairs.map(|(name, text)| (name, decoded(text))).collect())
    }

    pub(super) fn get(&self, name: &'static str) -> Result<&str, Error> {
        let found = self.0.iter().find(|(found, _)| *found == name);
        found.map(|(_, text)| &**text).ok_or(Error::Parameter(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_stays_one_however_it_comes() {
        let read = Parameters::read("nonce=1&echostr=a%2Bb+c%2F%3D&empty=&flag");
        assert_eq!(read.get("echostr"), Ok("a+b+c/="));
        assert_eq!(read.get("empty"), Ok(""));
        assert_eq!(read.get("timestamp"), Err(Error::Parameter("timestamp")));
    }
}
