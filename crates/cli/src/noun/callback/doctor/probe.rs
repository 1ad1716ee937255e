//! What the doctor sends: requests that are right but for one thing.

use std::time::{Duration, Instant};

use anyhow::Result;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use qun_crypt::{EncodingAesKey, Envelope, RANDOM, seal, sign};
use reqwest::{Client, RequestBuilder, Url, header::LOCATION};

/// The most of an answer that is read.
const ANSWER: usize = 64 << 10;

/// Somebody's receiver, and what it should know.
pub(super) struct Probe {
    pub http: Client,
    pub url: Url,
    pub token: String,
    pub key: EncodingAesKey,
    pub receiveid: String,
}

/// What came back.
pub(super) struct Answer {
    pub status: u16,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub body: Vec<u8>,
    pub took: Duration,
}

impl Answer {
    /// Whether a receiver makes a difference between the two.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.status, &self.body) == (other.status, &other.body)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The text to decrypt, in its encrypted form.
pub(super) struct Echo {
    pub message: String,
    pub encrypted: String,
}

/// What there is to decode in an echostr.
#[derive(Clone, Copy)]
pub(super) enum Letters {
    /// Letters and digits alone: nothing.
    Plain,
    /// `/` and `=`, but no `+`.
    Encoded,
    /// A `+`.
    Plus,
}

impl Letters {
    fn fit(self, encrypted: &str) -> bool {
        let has = |letter| encrypted.contains(letter);
        match self {
            Self::Plain => encrypted.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            Self::Encoded => has('/') && has('=') && !has('+'),
            Self::Plus => has('+'),
        }
    }

    /// Three blocks have no `=` at the end; two blocks have.
    fn unit(self) -> usize {
        match self {
            Self::Encoded => 64,
            _ => 96,
        }
    }
}

/// Paddings that every unpadder takes, and that one of blocks of 16 does not.
pub(super) const SHORT: usize = 8;
pub(super) const LONG: usize = 24;

impl Probe {
    /// A text of digits, encrypted into letters of this kind with so much padding.
    pub(super) fn echo(&self, letters: Letters, padding: usize, receiveid: &str) -> Result<Echo> {
        let around = RANDOM + 4 + receiveid.len() + padding;
        let shortest = 8;
        // Two blocks: 64, but 192 would end without `=`.
        let mut whole = letters.unit();
        while whole < around + shortest || (whole == 192 && letters.unit() == 64) {
            whole += letters.unit();
        }
        loop {
            let mut random = vec![0; RANDOM + whole - around];
            getrandom::fill(&mut random)?;
            let (prefix, digits) = random.split_at(RANDOM);
            let mut first = [0; RANDOM];
            first.copy_from_slice(prefix);
            let message: String = digits
                .iter()
                .map(|byte| char::from(b'1' + byte % 9))
                .collect();
            let encrypted = seal(&self.key, first, message.as_bytes(), receiveid);
            if letters.fit(&encrypted) {
                return Ok(Echo { message, encrypted });
            }
        }
    }

    /// Whether a text of this length gets so much padding.
    pub(super) fn has_padding(&self, text: &str, padding: usize) -> bool {
        (RANDOM + 4 + text.len() + self.receiveid.len() + padding).is_multiple_of(32)
    }

    /// A GET with this echostr.
    pub(super) async fn get(&self, encrypted: &str, token: &str) -> Result<Answer> {
        let url = self.signed(encrypted, token, true);
        send(self.http.get(url)).await
    }

    /// A POST of this plain text.
    pub(super) async fn post(&self, xml: &str, agentid: i64, token: &str) -> Result<Answer> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random)?;
        let envelope = Envelope {
            to_user_name: self.receiveid.clone(),
            agent_id: Some(agentid.to_string()),
            encrypt: seal(&self.key, random, xml.as_bytes(), &self.receiveid),
        };
        let url = self.signed(&envelope.encrypt, token, false);
        let request = self.http.post(url).header("Content-Type", "text/xml");
        send(request.body(envelope.write())).await
    }

    fn signed(&self, encrypted: &str, token: &str, echostr: bool) -> Url {
        let now = Timestamp::now();
        let (timestamp, nonce) = (
            now.as_second().to_string(),
            now.subsec_nanosecond().to_string(),
        );
        let signature = sign(token, &timestamp, &nonce, encrypted);
        let mut query = match self.url.query() {
            Some(own) => format!("{own}&"),
            None => String::new(),
        };
        query.push_str(&format!(
            "msg_signature={signature}&timestamp={timestamp}&nonce={nonce}"
        ));
        if echostr {
            let encoded = utf8_percent_encode(encrypted, NON_ALPHANUMERIC);
            query.push_str(&format!("&echostr={encoded}"));
        }
        let mut url = self.url.clone();
        url.set_query(Some(&query));
        url
    }
}

async fn send(request: RequestBuilder) -> Result<Answer> {
    let since = Instant::now();
    let mut answer = request.send().await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while body.len() < ANSWER
        && let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)?
    {
        body.extend_from_slice(&chunk);
    }
    let location = answer.headers().get(LOCATION);
    Ok(Answer {
        status: answer.status().as_u16(),
        location: location.map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned()),
        body,
        took: since.elapsed(),
    })
}
