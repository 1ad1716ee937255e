//! Reading answers in both envelopes.

use qun_protocol::{Auth, Envelope, Meta, envelope::Problem};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Answer;
use crate::Error;

/// The answer as it came, if it says that it worked.
pub(crate) fn read(meta: &'static Meta, answer: &Answer) -> Result<Value, Error> {
    let good = (200..300).contains(&answer.status);
    // So the cloud answers where it knows no such path.
    if answer.status == 404 && answer.body.is_empty() {
        return Err(Error::NoSuchCall { path: meta.path });
    }
    // Juzi says so in plain text.
    if answer.status == 429 && meta.auth == Auth::Juzi {
        return Err(Error::TooManyCalls { path: meta.path });
    }
    let Ok(value) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(undecodable(meta, answer));
    };
    match meta.envelope {
        Envelope::Wecom | Envelope::Room | Envelope::RoomErrcode => {
            let (number, text) = meta.envelope.status_fields().unwrap_or_default();
            let code = match value.get(number) {
                None | Some(Value::Null) => Some(0),
                Some(Value::String(text)) => text.parse().ok(),
                Some(code) => code.as_i64(),
            };
            let message = value.get(text).and_then(Value::as_str);
            match code {
                Some(0) if good && value.is_object() => Ok(value),
                None | Some(0) => Err(undecodable(meta, answer)),
                Some(code) => Err(Error::refused(
                    meta.path,
                    code,
                    message.unwrap_or_default().to_owned(),
                )),
            }
        }
        Envelope::Manage if good => Ok(value),
        Envelope::Manage => match serde_json::from_value::<Problem>(value) {
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

/// The answer in its type.
pub(crate) fn typed<T: DeserializeOwned>(meta: &'static Meta, value: Value) -> Result<T, Error> {
    match T::deserialize(&value) {
        Ok(typed) => Ok(typed),
        // Some servers write null where a list or a text is empty.
        Err(_) => {
            serde_json::from_value(without_nulls(value.clone())).map_err(|_| Error::Undecodable {
                path: meta.path,
                status: 200,
                body: value.to_string().into(),
            })
        }
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
        let value = read(meta, &answer(200, r#"{"access_token":"t","expires_in":5}"#)).unwrap();
        assert_eq!(typed::<gettoken::Token>(meta, value).unwrap().expires_in, 5);
        assert!(read(meta, &answer(200, r#"{"errcode":null}"#)).is_ok());
        for (status, body) in [
            (500, "{}"),
            (502, r#"{"errcode":0}"#),
            (200, "[]"),
            (200, "<html>"),
            (200, r#"{"errcode":"x"}"#),
        ] {
            assert!(
                matches!(read(meta, &answer(status, body)), Err(Error::Undecodable { status: s, .. }) if s == status),
                "{body}"
            );
        }
        assert_eq!(
            read(
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
        let error = read(meta, &answer(404, "")).unwrap_err();
        assert!(
            error.is_not_found()
                && matches!(error, Error::NoSuchCall { path } if path == meta.path)
        );
    }

    #[test]
    fn null_means_empty() {
        let meta = &appchat::Get::META;
        let value =
            serde_json::json!({ "chat_info": { "chatid": "c", "userlist": null, "owner": null } });
        let got: appchat::Got = typed(meta, value).unwrap();
        assert_eq!(
            (&*got.chat_info.chatid, got.chat_info.userlist.len()),
            ("c", 0)
        );
        assert!(typed::<appchat::Got>(meta, serde_json::json!({ "chat_info": 5 })).is_err());
    }

    #[test]
    fn the_own_apis_problems_keep_status_and_code() {
        let meta = &manage::GetGroup::META;
        let body = r#"{"error":{"code":"group_unknown","message":"No group"}}"#;
        let error = read(meta, &answer(404, body)).unwrap_err();
        assert!(error.is_unknown_chat() && error.is_not_found());
        assert!(matches!(
            read(meta, &answer(404, "{}")),
            Err(Error::Undecodable { status: 404, .. })
        ));
    }
}
