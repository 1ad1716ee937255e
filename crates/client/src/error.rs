use std::{borrow::Cow, fmt, time::Duration};

use bytes::Bytes;
use qun_protocol::{Auth, Limit, Meta, Refusal, Rulebook, all, errcode::Errcode};

use crate::{message::Unfinished, wire::scrub::scrub};

mod ask;

/// Why a call did not bring its answer. It shows neither secrets nor tokens.
///
/// | Kind | Was it done? |
/// |---|---|
/// | [`Refused`](Error::Refused), [`Quota`](Error::Quota), [`TooManyCalls`](Error::TooManyCalls), [`Problem`](Error::Problem), [`NoSuchCall`](Error::NoSuchCall) | no |
/// | [`Invalid`](Error::Invalid), [`WouldPass`](Error::WouldPass) | no, nothing was sent |
/// | [`Transport`](Error::Transport) | no, or it only reads |
/// | [`OutcomeUnknown`](Error::OutcomeUnknown) | perhaps |
/// | [`Unfinished`](Error::Unfinished) | in part, it says for whom |
/// | [`Undecodable`](Error::Undecodable) | perhaps, see [`may_have_been_done`](Error::may_have_been_done) |
///
/// Codes differ between the documents, the cloud and its own table; the questions (`is_…`) hold everywhere.
///
/// ```no_run
/// use qun_client::{Client, Create};
///
/// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
/// let group = Create::new(["zhangsan", "lisi"]).chatid("launch");
/// match wecom.chat().create(group).await {
///     Ok(chatid) => println!("made {chatid}"),
///     Err(error) if error.is_taken() => println!("it is there already"),
///     Err(error) if error.is_frequency() => println!("later: {}", error.advice().unwrap_or_default()),
///     Err(error) => return Err(error),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The API refused, with its errcode.
    #[error("{path} refused: {code} {}{}", text_of(message), Meaning(*code, path, message))]
    Refused {
        /// The endpoint's path.
        path: &'static str,
        /// The errcode, known or not.
        code: i64,
        /// The errmsg as it came.
        message: String,
        /// The id in it that the vendor's support asks for.
        hint: Option<String>,
    },
    /// A limit was passed: 45009. Calls stay blocked for a minute, an hour or the rest of the day.
    #[error(
        "{path}: a limit was passed (45009 {}); try again when its block ends",
        text_of(message)
    )]
    Quota {
        /// The endpoint's path.
        path: &'static str,
        /// The errmsg as it came.
        message: String,
        /// The id in it that the vendor's support asks for.
        hint: Option<String>,
    },
    /// A limit would be passed; nothing was sent. [`Pacing`](crate::Pacing) says so where the call would have to wait too long.
    #[error("{path}: {}; there is room in {} s, nothing was sent", Passed(*limit), seconds(*retry_after))]
    WouldPass {
        /// The endpoint's path.
        path: &'static str,
        /// The limit; absent where the server has begun a block.
        limit: Option<Limit>,
        /// When there is room.
        retry_after: Duration,
    },
    /// Juzi took too many calls with this token, 500 in 30 seconds: HTTP 429. Nothing was done.
    #[error("{path}: too many calls with this token (HTTP 429); 500 in 30 seconds are taken")]
    TooManyCalls {
        /// The endpoint's path.
        path: &'static str,
    },
    /// The server has no such call, as the cloud has neither quit nor members of document 000. Nothing was done.
    #[error("{path}: the server has no such call")]
    NoSuchCall {
        /// The endpoint's path.
        path: &'static str,
    },
    /// The request left and no answer came: it may have been done. It was not sent again.
    #[error("{path}: the outcome is unknown, it may have been done: {detail}")]
    OutcomeUnknown {
        /// The endpoint's path.
        path: &'static str,
        /// What happened.
        detail: String,
    },
    /// The request was certainly not taken, or only reads.
    #[error("{path}: no answer: {detail}")]
    Transport {
        /// The endpoint's path.
        path: &'static str,
        /// What happened.
        detail: String,
    },
    /// A message to more people than one call takes has reached only some of them. Every question (`is_…`) is answered for its
    /// cause.
    #[error("{0}")]
    Unfinished(Box<Unfinished>),
    /// The answer is not one of this API.
    #[error(
        "{path}: HTTP {status} with an answer that cannot be read: {}",
        Excerpt(body)
    )]
    Undecodable {
        /// The endpoint's path.
        path: &'static str,
        /// The HTTP status.
        status: u16,
        /// The first 2048 bytes of the answer.
        body: Bytes,
    },
    /// The request or a setting is wrong; nothing was sent.
    #[error("{message}")]
    Invalid {
        /// What is wrong.
        message: String,
    },
    /// The own API of a qun server refused.
    #[error("{path} refused: {code}: {message}")]
    Problem {
        /// The endpoint's path.
        path: &'static str,
        /// The HTTP status.
        status: u16,
        /// The refusal's name.
        code: String,
        /// What is wrong and what to do.
        message: String,
    },
}

/// How many bytes of an unreadable answer are kept.
const KEPT: usize = 2048;

impl Error {
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::Invalid {
            message: message.into(),
        }
    }

    pub(crate) fn refused(path: &'static str, code: i64, message: String) -> Self {
        let hint = message
            .split_once("hint: [")
            .and_then(|(_, rest)| rest.split_once(']'))
            .map(|(hint, _)| hint.to_owned());
        if code == 45009 {
            Error::Quota {
                path,
                message,
                hint,
            }
        } else {
            Error::Refused {
                path,
                code,
                message,
                hint,
            }
        }
    }

    /// The same without these secrets, and an unreadable answer cut to what is kept.
    pub(crate) fn scrubbed(mut self, secrets: &[&str]) -> Self {
        match &mut self {
            Error::Refused { message, hint, .. } | Error::Quota { message, hint, .. } => {
                *message = scrub(message, secrets);
                *hint = hint.as_deref().map(|hint| scrub(hint, secrets));
            }
            Error::OutcomeUnknown { detail, .. } | Error::Transport { detail, .. } => {
                *detail = scrub(detail, secrets);
            }
            Error::Invalid { message } => *message = scrub(message, secrets),
            Error::Problem { code, message, .. } => {
                *code = scrub(code, secrets);
                *message = scrub(message, secrets);
            }
            Error::WouldPass { .. } | Error::NoSuchCall { .. } | Error::TooManyCalls { .. } => {}
            // Its cause is an error that is clean.
            Error::Unfinished(_) => {}
            Error::Undecodable { body, .. } => {
                let clean = match std::str::from_utf8(body) {
                    Ok(text) => Bytes::from(scrub(text, secrets)),
                    Err(_) => Bytes::from(scrub(&String::from_utf8_lossy(body), secrets)),
                };
                *body = Bytes::copy_from_slice(&clean[..clean.len().min(KEPT)]);
            }
        }
        self
    }

    /// The errcode, where the WeCom API refused; Juzi's number, which means something else on each endpoint.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// if error.code() == Some(86215) {
    ///     println!("taken");
    /// }
    /// # }
    /// ```
    pub fn code(&self) -> Option<i64> {
        match self {
            Error::Refused { code, .. } => Some(*code),
            Error::Quota { .. } => Some(45009),
            Error::Unfinished(unfinished) => unfinished.cause.code(),
            _ => None,
        }
    }

    /// The errmsg's text without its warning and its tail, or the own API's message.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// println!("{}", error.text());
    /// # }
    /// ```
    pub fn text(&self) -> &str {
        match self {
            Error::Refused { message, .. } | Error::Quota { message, .. } => text_of(message),
            Error::Problem { message, .. } | Error::Invalid { message } => message,
            Error::OutcomeUnknown { detail, .. } | Error::Transport { detail, .. } => detail,
            Error::Unfinished(unfinished) => unfinished.cause.text(),
            Error::Undecodable { .. }
            | Error::WouldPass { .. }
            | Error::NoSuchCall { .. }
            | Error::TooManyCalls { .. } => "",
        }
    }

    /// The endpoint's path, where the error is one of a call.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// println!("{:?}", error.path());
    /// # }
    /// ```
    pub fn path(&self) -> Option<&'static str> {
        match self {
            Error::Refused { path, .. }
            | Error::Quota { path, .. }
            | Error::OutcomeUnknown { path, .. }
            | Error::Transport { path, .. }
            | Error::Undecodable { path, .. }
            | Error::WouldPass { path, .. }
            | Error::NoSuchCall { path }
            | Error::TooManyCalls { path }
            | Error::Problem { path, .. } => Some(path),
            Error::Unfinished(unfinished) => unfinished.cause.path(),
            Error::Invalid { .. } => None,
        }
    }

    /// What the vendor's own table (全局错误码) says of the code, for the codes that group chats meet.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// println!("{:?}", error.official());
    /// # }
    /// ```
    pub fn official(&self) -> Option<&'static str> {
        let code = self.code()?;
        match self.path().and_then(meta) {
            Some(meta) if meta.auth == Auth::Juzi => meta
                .codes
                .iter()
                .find(|(_, own, _)| i64::from(*own) == code)
                .map(|(_, _, text)| *text),
            _ => official(code),
        }
    }

    /// The id in the errmsg that the vendor's support asks for.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// println!("for the support: {:?}", error.hint());
    /// # }
    /// ```
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Refused { hint, .. } | Error::Quota { hint, .. } => hint.as_deref(),
            Error::Unfinished(unfinished) => unfinished.cause.hint(),
            _ => None,
        }
    }

    /// What the refusal can mean, most likely first, in both rulebooks; empty where the code is unknown here.
    ///
    /// ```no_run
    /// # fn example(error: qun_client::Error) {
    /// for cause in error.causes() {
    ///     println!("{}", cause.meaning());
    /// }
    /// # }
    /// ```
    pub fn causes(&self) -> Vec<Refusal> {
        match (self.code(), self.path()) {
            (Some(code), Some(path)) => causes(code, path, self.text()),
            _ => Vec::new(),
        }
    }
}

/// The text before the tail with the hint, without the warning before it.
fn text_of(message: &str) -> &str {
    let message = message
        .strip_prefix("Warning: wrong json format. ")
        .unwrap_or(message);
    let end = [", hint:", ", from ip:", ", more info at"]
        .iter()
        .filter_map(|tail| message.find(tail))
        .min()
        .unwrap_or(message.len());
    message[..end].trim()
}

fn meta(path: &str) -> Option<&'static Meta> {
    all::ALL
        .iter()
        .map(|entry| entry.meta)
        .find(|meta| meta.path == path)
}

fn causes(code: i64, path: &str, text: &str) -> Vec<Refusal> {
    let Some(meta) = meta(path) else {
        return Vec::new();
    };
    let own = meta.codes.iter();
    if let Some((refusal, _, _)) = own.into_iter().find(|(_, own, _)| i64::from(*own) == code) {
        return vec![*refusal];
    }
    let missing = meta.required.iter().map(|(_, refusal)| refusal);
    let (mut same_text, mut same_code) = (Vec::new(), Vec::new());
    for refusal in meta
        .refuses
        .iter()
        .chain(meta.common_refusals())
        .chain(missing)
    {
        for book in Rulebook::ALL {
            if i64::from(refusal.code(book, meta)) != code || code == 0 {
                continue;
            }
            let list = if refusal.text(book).trim() == text {
                &mut same_text
            } else {
                &mut same_code
            };
            if !list.contains(refusal) {
                list.push(*refusal);
            }
        }
    }
    if same_text.is_empty() {
        same_code
    } else {
        same_text
    }
}

struct Passed(Option<Limit>);

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => write!(f, "the limit {} would be passed", limit.key()),
            None => f.write_str("the server has begun a block (45009)"),
        }
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_millis()
        .div_ceil(1000)
        .try_into()
        .unwrap_or(u64::MAX)
}

/// The vendor's words for a code.
fn official(code: i64) -> Option<&'static str> {
    Errcode::find(code).map(|row| row.official)
}

struct Meaning<'a>(i64, &'static str, &'a str);

impl fmt::Display for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match causes(self.0, self.1, text_of(self.2)).first() {
            Some(refusal) => write!(f, " ({})", refusal.meaning().trim_end_matches('.')),
            None => match official(self.0) {
                Some(meaning) => write!(f, " ({meaning})"),
                None => Ok(()),
            },
        }
    }
}

struct Excerpt<'a>(&'a Bytes);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("it is empty");
        }
        let text: Cow<'_, str> = String::from_utf8_lossy(self.0);
        let start: String = text.chars().take(200).collect();
        write!(f, "{start:?}")
    }
}

#[cfg(test)]
mod tests;
