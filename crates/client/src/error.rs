use std::{borrow::Cow, fmt, time::Duration};

use bytes::Bytes;
use qun_protocol::{Limit, Meta, Refusal, Rulebook, all, errcode::Errcode};

use crate::wire::scrub::scrub;

/// Why a call did not bring its answer. It shows neither secrets nor tokens.
///
/// | Kind | Was it done? |
/// |---|---|
/// | [`Refused`](Error::Refused), [`Quota`](Error::Quota), [`Problem`](Error::Problem), [`NoSuchCall`](Error::NoSuchCall) | no |
/// | [`Invalid`](Error::Invalid), [`WouldPass`](Error::WouldPass) | no, nothing was sent |
/// | [`Transport`](Error::Transport) | no, or it only reads |
/// | [`OutcomeUnknown`](Error::OutcomeUnknown) | perhaps |
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

/// Endpoints that name an existing group.
const NAMES_A_CHAT: [&str; 5] = [
    "/cgi-bin/appchat/get",
    "/cgi-bin/appchat/update",
    "/cgi-bin/appchat/send",
    "/cgi-bin/appchat/quit",
    "/cgi-bin/appchat/members",
];

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
            Error::WouldPass { .. } | Error::NoSuchCall { .. } => {}
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

    /// The errcode, where the WeCom API refused.
    pub fn code(&self) -> Option<i64> {
        match self {
            Error::Refused { code, .. } => Some(*code),
            Error::Quota { .. } => Some(45009),
            _ => None,
        }
    }

    /// The errmsg's text without its warning and its tail, or the own API's message.
    pub fn text(&self) -> &str {
        match self {
            Error::Refused { message, .. } | Error::Quota { message, .. } => text_of(message),
            Error::Problem { message, .. } | Error::Invalid { message } => message,
            Error::OutcomeUnknown { detail, .. } | Error::Transport { detail, .. } => detail,
            Error::Undecodable { .. } | Error::WouldPass { .. } | Error::NoSuchCall { .. } => "",
        }
    }

    /// The endpoint's path, where the error is one of a call.
    pub fn path(&self) -> Option<&'static str> {
        match self {
            Error::Refused { path, .. }
            | Error::Quota { path, .. }
            | Error::OutcomeUnknown { path, .. }
            | Error::Transport { path, .. }
            | Error::Undecodable { path, .. }
            | Error::WouldPass { path, .. }
            | Error::NoSuchCall { path }
            | Error::Problem { path, .. } => Some(path),
            Error::Invalid { .. } => None,
        }
    }

    /// What the vendor's own table (全局错误码) says of the code, for the codes that group chats meet.
    pub fn official(&self) -> Option<&'static str> {
        self.code().and_then(official)
    }

    /// The id in the errmsg that the vendor's support asks for.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Refused { hint, .. } | Error::Quota { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// The server, or the rulebook that it follows, has no such call: quit and members of document 000 on the cloud.
    pub fn is_no_such_call(&self) -> bool {
        matches!(
            self,
            Error::NoSuchCall { .. } | Error::Undecodable { status: 404, .. }
        )
    }

    /// What the refusal can mean, most likely first, in both rulebooks; empty where the code is unknown here.
    pub fn causes(&self) -> Vec<Refusal> {
        match (self.code(), self.path()) {
            (Some(code), Some(path)) => causes(code, path, self.text()),
            _ => Vec::new(),
        }
    }

    /// No live group has this chatid (or none that the app could ever name so).
    pub fn is_unknown_chat(&self) -> bool {
        match self {
            Error::Refused { path, code, .. } if NAMES_A_CHAT.contains(path) => match code {
                86002 => true,
                86001 => self.text() == "chatid invalid",
                // By the official table; document 000 has the number for bad names.
                86003 => !self.text().contains("name"),
                _ => false,
            },
            Error::Problem { code, .. } => code == "group_unknown",
            _ => false,
        }
    }

    /// The chatid belongs to a live group already.
    pub fn is_taken(&self) -> bool {
        self.code() == Some(86215)
    }

    /// A call rate, a quota or the number of parallel calls was passed.
    pub fn is_frequency(&self) -> bool {
        match self {
            Error::Quota { .. } | Error::WouldPass { .. } => true,
            Error::Refused { code, .. } => *code == 45033,
            Error::Problem { status, .. } => *status == 429,
            _ => false,
        }
    }

    /// The secret or the token is not good.
    pub fn is_unauthorised(&self) -> bool {
        match self {
            Error::Refused { code, .. } => {
                matches!(code, 40001 | 40013 | 40014 | 40091 | 41001 | 42001)
            }
            Error::Problem { status, .. } => *status == 401,
            _ => false,
        }
    }

    /// The app is known but may not do this: its kind, its visible range, its addresses, or the group of another app.
    pub fn is_not_allowed(&self) -> bool {
        match self {
            Error::Refused { code, .. } => {
                matches!(code, 48002 | 48006 | 50003 | 60011 | 60020 | 86008 | 301002)
            }
            Error::Problem { status, .. } => *status == 403,
            _ => false,
        }
    }

    /// What the request names is not there: group, person, file, company, or the endpoint itself.
    pub fn is_not_found(&self) -> bool {
        match self {
            Error::Refused { code, .. } => {
                self.is_unknown_chat() || matches!(code, 40003 | 40007 | 60111)
            }
            Error::Problem { status, .. } => *status == 404,
            Error::Undecodable { status, .. } => *status == 404,
            Error::NoSuchCall { .. } => true,
            _ => false,
        }
    }

    /// The call was no pure reading and may have taken effect all the same.
    pub fn may_have_been_done(&self) -> bool {
        match self {
            Error::OutcomeUnknown { .. } => true,
            Error::Undecodable { path, status, .. } => {
                *status != 404
                    && !matches!(meta(path), Some(meta) if meta.method == qun_protocol::Method::Get)
            }
            _ => false,
        }
    }

    /// What to do about it, where that is known.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Error::Quota { .. } => {
                "wait until the block ends: a minute's excess blocks 60 seconds, an hour's 60 minutes, a day's the rest of the day"
            }
            Error::Refused { code, .. } => match code {
                -1 => "nothing was done; try again in a moment",
                40001 | 40091 => "check that the secret is this app's and this company's",
                40013 => "check the corpid",
                40014 | 42001 => {
                    "a fresh token was refused too; check that the base URL is the one the secret belongs to"
                }
                40003 | 60111 | 86007 | 86216 => {
                    "check the userids: each must be in the directory, and to be removed in the group"
                }
                40007 => {
                    "upload the file again: uploads are kept for three days, and the kind must fit"
                }
                45033 => "make fewer calls at the same time",
                48002 => {
                    "use the secret of a self-built app; contact and customer secrets may not call this"
                }
                50003 => "switch the app on again",
                60011 => "set the app's visible range to the root department",
                60020 => "add the caller's address to the app's trusted addresses",
                86005 => "dissolve groups that are no longer needed, or wait until tomorrow",
                86008 => "use the app that made the group; no other may read or change it",
                86201 => "name the group with chatid",
                86215 => "choose another chatid, or leave it out and one is made",
                _ if self.is_unknown_chat() => {
                    "check the chatid; only groups that this app made through the API can be named"
                }
                _ => return None,
            },
            Error::Problem { status: 401, .. } => {
                "give the manage token that the server printed when it started"
            }
            Error::Transport { .. } => "check the URL and that the server runs there",
            Error::OutcomeUnknown { .. } => "look whether it was done before sending it again",
            Error::Undecodable { status: 404, .. } => {
                "this server or its rulebook has no such endpoint"
            }
            Error::NoSuchCall { .. } => {
                "document 000 alone has quit and members: on the cloud and under live-2026 a group is dissolved by its owner on a phone, and get brings the userids"
            }
            Error::WouldPass { .. } => {
                "wait that long, or set another pacing or other rules where the server allows more"
            }
            _ => return None,
        })
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
mod tests {
    use super::*;

    fn at(path: &'static str, code: i64, message: &str) -> Error {
        Error::refused(path, code, message.to_owned())
    }

    #[test]
    fn an_unknown_chat_is_known_by_endpoint_code_and_text() {
        let (get, create, update) = (
            "/cgi-bin/appchat/get",
            "/cgi-bin/appchat/create",
            "/cgi-bin/appchat/update",
        );
        assert!(at(get, 86002, "chat not exist, hint: [1], from ip: ::1").is_unknown_chat());
        assert!(at(get, 86001, "chatid invalid, hint: [1]").is_unknown_chat());
        assert!(at(update, 86001, "Warning: wrong json format. chatid invalid").is_unknown_chat());
        assert!(at(get, 86003, "chat not exist").is_unknown_chat());
        assert!(!at(create, 86001, "chatid invalid").is_unknown_chat());
        assert!(!at(get, 86001, "no code submitted").is_unknown_chat());
        assert!(!at(update, 86003, "invalid chat name").is_unknown_chat());
        assert!(!at(get, 86008, "you has no privilege").is_unknown_chat());
        assert!(at(create, 86215, "").is_taken() && !at(create, 86216, "").is_taken());
    }

    #[test]
    fn a_refusal_is_taken_apart_and_explained() {
        let error = at(
            "/cgi-bin/appchat/get",
            86002,
            "chat not exist, hint: [42], from ip: 1.2.3.4, more info at https://x",
        );
        assert!(matches!(&error, Error::Refused { hint: Some(hint), .. } if hint == "42"));
        assert_eq!(error.text(), "chat not exist");
        assert_eq!(error.causes(), [Refusal::ChatNotFound]);
        assert_eq!(
            error.to_string(),
            "/cgi-bin/appchat/get refused: 86002 chat not exist (No live group with this chatid)"
        );
        assert!(
            error
                .advice()
                .is_some_and(|advice| advice.contains("chatid"))
        );
        let known = at("/cgi-bin/appchat/get", 45033, "api concurrent out of limit");
        assert!(
            known.to_string().ends_with("(接口并发调用超过限制)"),
            "{known}"
        );
        assert_eq!(
            at("/cgi-bin/appchat/get", 86001, "").official(),
            Some("参数chatid不合法")
        );
        let unknown = at("/cgi-bin/appchat/get", 99999, "new");
        assert!(unknown.causes().is_empty() && unknown.advice().is_none());
        assert_eq!(unknown.code(), Some(99999));
    }

    #[test]
    fn kinds_do_not_overlap() {
        let quota = at("/cgi-bin/appchat/send", 45009, "api freq out of limit");
        assert!(quota.is_frequency() && !quota.is_not_allowed() && !quota.is_not_found());
        let scope = at("/cgi-bin/appchat/send", 60011, "no privilege");
        assert!(scope.is_not_allowed() && !scope.is_unauthorised());
        let token = at("/cgi-bin/appchat/send", 40014, "invalid access_token");
        assert!(token.is_unauthorised() && !token.is_not_allowed());
    }

    #[test]
    fn of_an_unreadable_answer_a_bounded_part_is_kept() {
        for (length, kept) in [(KEPT, KEPT), (KEPT + 1, KEPT)] {
            let error = Error::Undecodable {
                path: "/cgi-bin/appchat/get",
                status: 502,
                body: vec![b'x'; length].into(),
            };
            let Error::Undecodable { body, .. } = error.scrubbed(&[]) else {
                panic!("the kind changed")
            };
            assert_eq!(body.len(), kept);
        }
    }
}
