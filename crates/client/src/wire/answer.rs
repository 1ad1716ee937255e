//! Reading answers in both envelopes.

use std::fmt;

use qun_protocol::{Envelope, Meta, envelope::Problem};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use super::Answer;
use crate::Error;

/// Whether an answer says that it worked. The rest of it is not looked at.
pub(crate) fn check(meta: &'static Meta, answer: &Answer) -> Result<(), Error> {
    let good = (200..300).contains(&answer.status);
    // So the cloud answers where it knows no such path.
    if answer.status == 404 && answer.body.is_empty() {
        return Err(Error::NoSuchCall { path: meta.path });
    }
    match meta.envelope {
        Envelope::Wecom => {
            let Ok(says) = serde_json::from_slice::<Says>(&answer.body) else {
                return Err(undecodable(meta, answer));
            };
            let code = match &says.errcode {
                Value::Null => Some(0),
                Value::String(text) => text.parse().ok(),
                code => code.as_i64(),
            };
            match code {
                Some(0) if good => Ok(()),
                None | Some(0) => Err(undecodable(meta, answer)),
                Some(code) => {
                    let message = says.errmsg.as_str().unwrap_or_default();
                    Err(Error::refused(meta.path, code, message.to_owned()))
                }
            }
        }
        Envelope::Manage if good => Ok(()),
        Envelope::Manage => match serde_json::from_slice::<Problem>(&answer.body) {
            Ok(problem) if !problem.error.code.is_empty() => Err(Error::Problem {
                path: meta.path,
                status: answer.status,
                code: problem.error.code,
                message: problem.error.message,
            }),
            _ => Err(undecodable(meta, answer)),
        },
    }
}

/// What a WeCom answer says of itself, as loosely as servers write it.
#[derive(Default)]
struct Says {
    errcode: Value,
    errmsg: Value,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Errcode,
    Errmsg,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Says {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Says;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Says, A::Error> {
                let mut says = Says::default();
                while let Some(key) = fields.next_key()? {
                    match key {
                        Key::Errcode => says.errcode = fields.next_value()?,
                        Key::Errmsg => says.errmsg = fields.next_value()?,
                        Key::Other => {
                            fields.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(says)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// A good answer as it came.
pub(crate) fn value(meta: &'static Meta, answer: &Answer) -> Result<Value, Error> {
    serde_json::from_slice(&answer.body).map_err(|_| undecodable(meta, answer))
}

/// A good answer in its type.
pub(crate) fn typed<T: DeserializeOwned>(meta: &'static Meta, answer: &Answer) -> Result<T, Error> {
    match serde_json::from_slice(&answer.body) {
        Ok(typed) => Ok(typed),
        // Some servers write null where a list or a text is empty.
        Err(_) => serde_json::from_value(without_nulls(value(meta, answer)?))
            .map_err(|_| undecodable(meta, answer)),
    }
}

pub(crate) fn undecodable(meta: &'static Meta, answer: &Answer) -> Error {
    Error::Undecodable {
        path: meta.path,
        status: answer.status,
        body: answer.body.clone(),
    }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use qun_protocol::{Endpoint, appchat, gettoken, manage};

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer {
            status,
            body: body.to_owned().into(),
        }
    }

    #[test]
    fn a_missing_errcode_is_success_and_a_failed_status_is_none() {
        let meta = &gettoken::GetToken::META;
        let token = answer(200, r#"{"access_token":"t","expires_in":5}"#);
        check(meta, &token).unwrap();
        assert_eq!(
            typed::<gettoken::Token>(meta, &token).unwrap().expires_in,
            5
        );
        assert!(check(meta, &answer(200, r#"{"errcode":null}"#)).is_ok());
        for (status, body) in [
            (500, "{}"),
            (502, r#"{"errcode":0}"#),
            (200, "[]"),
            (200, "<html>"),
            (200, r#"{"errcode":"x"}"#),
            (200, r#"{"errcode":0"#),
        ] {
            assert!(
                matches!(check(meta, &answer(status, body)), Err(Error::Undecodable { status: s, .. }) if s == status),
                "{body}"
            );
        }
        assert_eq!(
            check(
                meta,
                &answer(500, r#"{"errcode":-1,"errmsg":"system busy"}"#)
            )
            .unwrap_err()
            .code(),
            Some(-1)
        );
    }

    #[test]
    fn an_empty_404_is_a_path_that_the_server_does_not_know() {
        let meta = &appchat::Quit::META;
        let error = check(meta, &answer(404, "")).unwrap_err();
        assert!(
            error.is_not_found()
                && matches!(error, Error::NoSuchCall { path } if path == meta.path)
        );
    }

    #[test]
    fn null_means_empty() {
        let meta = &appchat::Get::META;
        let nulls = r#"{"chat_info":{"chatid":"c","userlist":null,"owner":null}}"#;
        let got: appchat::Got = typed(meta, &answer(200, nulls)).unwrap();
        assert_eq!(
            (&*got.chat_info.chatid, got.chat_info.userlist.len()),
            ("c", 0)
        );
        for none in [r#"{"chat_info":5}"#, r#"{"errcode":0,"chat_info":{"#] {
            let error = typed::<appchat::Got>(meta, &answer(200, none)).unwrap_err();
            assert!(
                matches!(&error, Error::Undecodable { body, .. } if *body == none),
                "{error:?}"
            );
        }
    }

    #[test]
    fn the_own_apis_problems_keep_status_and_code() {
        let meta = &manage::GetGroup::META;
        let body = r#"{"error":{"code":"group_unknown","message":"No group"}}"#;
        let error = check(meta, &answer(404, body)).unwrap_err();
        assert!(error.is_unknown_chat() && error.is_not_found());
        assert!(matches!(
            check(meta, &answer(404, "{}")),
            Err(Error::Undecodable { status: 404, .. })
        ));
    }
}
