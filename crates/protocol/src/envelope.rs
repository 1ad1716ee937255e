//! How answers are wrapped, for both ends of the wire.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{Meta, Refusal, Refused, Rulebook};

/// What a WeCom answer says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// 0 is success; so is its absence.
    pub errcode: i32,
    /// Nothing may depend on it.
    pub errmsg: String,
}

/// The body of a refusal of the own API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// The problem.
    pub error: ProblemText,
}

/// See [`Problem`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProblemText {
    /// The refusal's name.
    pub code: String,
    /// What is wrong and what to do.
    pub message: String,
}

/// What follows the text of success where something in the request could not be read.
pub const WITH_WARNING: &str = ". Warning: wrong json format. ";

/// The errmsg of success.
pub fn success_text(meta: &Meta, warning: bool) -> Cow<'static, str> {
    if warning {
        format!("{}{WITH_WARNING}", meta.done).into()
    } else {
        meta.done.into()
    }
}

/// The errmsg of a refusal: its text, and the tail with the hint id, the caller's address and the link.
pub fn errmsg(
    book: Rulebook,
    meta: &Meta,
    refused: &Refused,
    warning: bool,
    hint: &str,
    address: &str,
) -> (i32, String) {
    let code = refused.refusal.code(book, meta);
    let text = refused.text(book);
    let prefix = if warning {
        "Warning: wrong json format. "
    } else {
        ""
    };
    let link = format!("more info at https://open.work.weixin.qq.com/devtool/query?e={code}");
    // An expired token's text was only ever seen without a hint.
    let message = if refused.refusal == crate::Refusal::TokenExpired {
        format!("{prefix}{text}, {link}")
    } else {
        format!("{prefix}{text}, hint: [{hint}], from ip: {address}, {link}")
    };
    (code, message)
}

/// Bytes that are set aside for an answer: most fit, and allocators are quick with so many.
const CAPACITY: usize = 1000;

/// Wraps a successful answer: `errcode` and `errmsg` before the answer's own fields.
pub fn success<T: Serialize>(response: &T, errmsg: &str) -> serde_json::Result<Vec<u8>> {
    let mut body = Vec::with_capacity(CAPACITY);
    body.extend_from_slice(b"{\"errcode\":0,\"errmsg\":");
    serde_json::to_writer(&mut body, errmsg)?;
    beside(body, response)
}

/// Wraps a successful answer of a room: `code` before the answer's own fields, of which `message` may be one.
pub fn room_success<T: Serialize>(response: &T) -> serde_json::Result<Vec<u8>> {
    beside(b"{\"code\":0".to_vec(), response)
}

/// Puts an answer's own fields after those that stand.
fn beside<T: Serialize>(mut body: Vec<u8>, response: &T) -> serde_json::Result<Vec<u8>> {
    let start = body.len();
    serde_json::to_writer(&mut body, response)?;
    // The answer's own object follows: its brace becomes a comma, or all of it goes where it has no fields.
    match &body[start..] {
        b"{}" | b"null" => {
            body.truncate(start);
            body.push(b'}');
        }
        _ => body[start] = b',',
    }
    Ok(body)
}

/// Wraps a refusal, with the lists that the answer has, empty.
pub fn failure(meta: &Meta, code: i32, errmsg: &str) -> Vec<u8> {
    let mut body = serde_json::json!({ "errcode": code, "errmsg": errmsg });
    for list in meta.empty {
        body[list] = serde_json::json!([]);
    }
    body.to_string().into_bytes()
}

/// Wraps a refusal of a room in its endpoint's own number and text; none where it has neither.
pub fn room_failure(meta: &Meta, refusal: Refusal) -> Option<Vec<u8>> {
    let (_, code, text) = meta.own_code(refusal)?;
    let (number, message) = meta.envelope.status_fields()?;
    let fields = [
        (number.to_owned(), (*code).into()),
        (message.to_owned(), (*text).into()),
    ];
    let body = serde_json::Value::Object(fields.into_iter().collect());
    Some(body.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Empty {}

    #[test]
    fn the_status_comes_first_and_is_compact() {
        assert_eq!(
            success(&Empty {}, "ok").unwrap(),
            br#"{"errcode":0,"errmsg":"ok"}"#
        );
        let answer = success(&serde_json::json!({ "chatid": "c" }), "ok").unwrap();
        assert_eq!(answer, br#"{"errcode":0,"errmsg":"ok","chatid":"c"}"#);
        assert_eq!(room_success(&Empty {}).unwrap(), br#"{"code":0}"#);
        let answer = room_success(&serde_json::json!({ "message": "" })).unwrap();
        assert_eq!(answer, br#"{"code":0,"message":""}"#);
    }
}
