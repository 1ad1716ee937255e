//! Receives what a server tells an app (接收消息与事件, pages 90930 and 90968): as plain functions ([`Callback`]), and as a
//! service for axum and whatever else speaks `tower` ([`Receiver`]).
//!
//! ```no_run
//! use qun_client::{
//!     callback::{Callback, Delivery, Receiver},
//!     protocol::event::{PassiveReply, What},
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let (token, key) = (std::env::var("TOKEN")?, std::env::var("ENCODING_AES_KEY")?);
//! let callback = Callback::new(&token, &key, "ww0123456789abcdef")?;
//! let receiver = Receiver::new(callback, async |delivery: Delivery| match delivery.received.what {
//!     What::Text(text) => Ok::<_, std::io::Error>(Some(PassiveReply::Text { content: text.content })),
//!     _ => Ok(None),
//! });
//! let app = axum::Router::new().route_service("/callback", receiver);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
//! axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//! ```

mod query;
mod receiver;
mod seen;

use std::{
    fmt,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use qun_crypt::{EncodingAesKey, Envelope, RANDOM, open, open_any, verify};
use qun_protocol::event::{PassiveReply, Received, Reply};

pub use self::{
    receiver::{Fault, Receiver},
    seen::Seen,
};

use self::query::Parameters;
pub(crate) use self::{receiver::plain, seen::Memory};

/// The most bytes of a POST that are read, unless [`Receiver::limit`] says otherwise. Real ones have a few thousand.
pub const LIMIT: usize = 1 << 20;

/// What is wrong with a request, or with the settings. Nothing in it is secret.
#[derive(thiserror::Error, Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// What the envelope or its content says; the text names the mistake.
    #[error(transparent)]
    Crypt(#[from] qun_crypt::Error),
    /// The Token is not 1 to 32 letters and digits.
    #[error("a Token is 1 to 32 letters and digits")]
    Token,
    /// A parameter of the query is not there.
    #[error("the query has no {0}")]
    Parameter(&'static str),
    /// The body, or what was encrypted, is not UTF-8.
    #[error("the text is not UTF-8")]
    Utf8,
    /// The body is longer than the limit.
    #[error("the body has more than {0} bytes")]
    TooLong(usize),
    /// The system gave no random bytes to encrypt an answer with.
    #[error("the system gives no random bytes")]
    Random,
}

/// What was posted, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message or event.
    pub received: Received,
    /// The plain text that it was read from.
    pub xml: String,
    /// For whom it was encrypted: the corpid, a suiteid, or empty.
    pub receiveid: String,
}

/// An app's Token, EncodingAESKey and receiveid, and what is done with them. Cheap to clone; `Debug` shows neither secret.
///
/// ```
/// use qun_client::callback::Callback;
///
/// // The sample of the official documents.
/// let callback = Callback::new(
///     "QDG6eK",
///     "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C",
///     "wx5823bf96d3bd56c7",
/// )?;
/// let query = "msg_signature=5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3&timestamp=1409659589&nonce=263014780\
///     &echostr=P9nAzCzyDtyTWESHep1vC5X9xho%2FqYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp%2B4RPcs8TgAE7OaBO%2BFZXvnaqQ%3D%3D";
/// assert_eq!(callback.verify_url(query)?, b"1616140317555161061");
/// # Ok::<(), qun_client::callback::Error>(())
/// ```
#[derive(Clone)]
pub struct Callback {
    token: Arc<str>,
    key: EncodingAesKey,
    receiveid: Option<Arc<str>>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("receiveid", &self.receiveid)
            .finish_non_exhaustive()
    }
}

impl Callback {
    /// For one receiver: the corpid for a company's own app, the suiteid for a third party's commands, empty for a person's.
    ///
    /// # Errors
    /// [`Error::Token`]; [`qun_crypt::Error::Key`], which says what is wrong with the key and does not repeat it.
    pub fn new(token: &str, encoding_aes_key: &str, receiveid: &str) -> Result<Self, Error> {
        Ok(Self {
            receiveid: Some(receiveid.into()),
            ..Self::for_anybody(token, encoding_aes_key)?
        })
    }

    /// For whoever it was encrypted for. [`Delivery::receiveid`] says who that is; look at it.
    ///
    /// # Errors
    /// As [`Callback::new`].
    pub fn for_anybody(token: &str, encoding_aes_key: &str) -> Result<Self, Error> {
        let good = (1..=32).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Ok(Self {
            token: good.then_some(token).ok_or(Error::Token)?.into(),
            key: encoding_aes_key.parse()?,
            receiveid: None,
        })
    }

    /// Checks a GET with its raw query and gives what must be answered within a second, exactly these bytes: no quotes, no
    /// newline, no byte order mark.
    ///
    /// # Errors
    /// [`Error::Parameter`], or what is wrong with signature or text.
    pub fn verify_url(&self, query: &str) -> Result<Vec<u8>, Error> {
        let parameters = Parameters::read(query);
        let echostr = parameters.get("echostr")?;
        let (message, _) = self.open_text(&parameters, echostr)?;
        Ok(message)
    }

    /// Checks a POST with its raw query, opens and reads it.
    ///
    /// ```
    /// use qun_client::callback::{Callback, Error};
    ///
    /// let callback = Callback::new("QDG6eK", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "ww1")?;
    /// let opened = callback.open("msg_signature=no&timestamp=1&nonce=2", b"<xml><Encrypt>AAAA</Encrypt></xml>");
    /// assert_eq!(opened, Err(Error::Crypt(qun_crypt::Error::Signature)));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Callback::verify_url`]; [`Error::Utf8`], and [`qun_crypt::Error::Xml`] for the envelope and the message.
    pub fn open(&self, query: &str, body: &[u8]) -> Result<Delivery, Error> {
        let body = std::str::from_utf8(body).map_err(|_| Error::Utf8)?;
        let envelope = Envelope::read(body)?;
        let (message, receiveid) = self.open_text(&Parameters::read(query), &envelope.encrypt)?;
        let xml = String::from_utf8(message).map_err(|_| Error::Utf8)?;
        Ok(Delivery {
            received: Received::read(&xml)?,
            xml,
            receiveid,
        })
    }

    /// Encrypts an answer to a delivery: the body for the POST's 200. `success` or nothing says that there is none.
    ///
    /// ```
    /// use qun_client::{callback::{Callback, Delivery}, protocol::event::PassiveReply};
    ///
    /// # fn example(callback: &Callback, delivery: &Delivery) -> Result<String, qun_client::callback::Error> {
    /// callback.reply(delivery, PassiveReply::Text { content: "收到".into() })
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Random`].
    pub fn reply(&self, delivery: &Delivery, what: PassiveReply) -> Result<String, Error> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_secs());
        let mut random = [0; RANDOM + 8];
        getrandom::fill(&mut random).map_err(|_| Error::Random)?;
        let (prefix, nonce) = random.split_at(RANDOM);
        let mut first = [0; RANDOM];
        first.copy_from_slice(prefix);
        let nonce = nonce
            .iter()
            .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let reply = Reply {
            to_user_name: delivery.received.from_user_name.clone(),
            from_user_name: delivery.received.to_user_name.clone(),
            create_time: i64::try_from(now).unwrap_or(i64::MAX),
            what,
        };
        let sealed = qun_crypt::Reply::seal(
            &self.key,
            &self.token,
            first,
            (&now.to_string(), &nonce.to_string()),
            reply.write().as_bytes(),
            &delivery.receiveid,
        );
        Ok(sealed.write())
    }

    fn open_text(
        &self,
        parameters: &Parameters<'_>,
        encrypted: &str,
    ) -> Result<(Vec<u8>, String), Error> {
        let [signature, timestamp, nonce] =
            ["msg_signature", "timestamp", "nonce"].map(|name| parameters.get(name));
        verify(&self.token, timestamp?, nonce?, encrypted, signature?)?;
        match &self.receiveid {
            Some(receiveid) => {
                let message = open(&self.key, encrypted, receiveid)?;
                Ok((message, receiveid.to_string()))
            }
            None => {
                let opened = open_any(&self.key, encrypted)?;
                Ok((opened.message, opened.receiveid))
            }
        }
    }
}
