use qun_crypt::{EncodingAesKey, seal};
use qun_domain::callback::Checked;
use qun_protocol::{Refusal as R, Refused};
use reqwest::Url;

use super::post::{Answer, Salt, failed, send};
use crate::app::App;

/// Asks a URL for the plain text of an encrypted one, as the console does (page 90930); a refusal names the step that failed.
pub(crate) async fn verify(app: &App, checked: &Checked) -> Result<(), Refused> {
    let refused = |step: &str, detail: String| {
        Refused::because(R::CallbackRefused, format!("{step}: {detail}"))
    };
    let callback = &checked.callback;
    let url: Url = callback
        .url
        .parse()
        .map_err(|error| refused("url", format!("it cannot be read: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        let detail = "it holds a user, a password or a fragment, which are not sent";
        return Err(refused("url", detail.into()));
    }
    let key: EncodingAesKey = callback
        .aes_key
        .parse()
        .map_err(|error: qun_crypt::Error| refused("encoding_aes_key", error.to_string()))?;
    let salt =
        Salt::fresh(app.now_ms()).map_err(|error| refused("randomness", error.to_string()))?;
    let plain = u64::from_le_bytes(salt.random[..8].try_into().unwrap_or_default()).to_string();
    let echostr = seal(&key, salt.random, plain.as_bytes(), &checked.corpid);
    let mut signed = salt.signed(&url, &callback.token, &echostr);
    signed.query_pairs_mut().append_pair("echostr", &echostr);
    app.deliverer
        .reach
        .check(&signed)
        .map_err(|error| refused("address", error.to_string()))?;
    let request = app.deliverer.client.get(signed.clone());
    let answer = send(app, &signed, request).await.map_err(|error| {
        let step = if error.contains("may not be reached") {
            "address"
        } else if error.contains("no answer within") {
            "timeout"
        } else if error.contains("invalid peer certificate") {
            "certificate"
        } else {
            "connect"
        };
        refused(step, error)
    })?;
    failed(&answer).map_err(|error| refused("status", error))?;
    compare(&answer, &plain, &echostr).map_err(|(step, detail)| refused(step, detail.into()))
}

/// Finds out what is wrong with an answer.
fn compare(
    answer: &Answer,
    plain: &str,
    echostr: &str,
) -> Result<(), (&'static str, &'static str)> {
    if answer.body == plain.as_bytes() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&answer.body);
    let bare = text.trim_start_matches('\u{feff}');
    Err(if text.is_empty() {
        ("empty answer", "the decrypted echostr is the answer's body")
    } else if text == echostr {
        (
            "decryption",
            "the answer is the echostr as it was sent, not decrypted",
        )
    } else if bare == plain {
        (
            "byte order mark",
            "the answer begins with one; it is the decrypted echostr alone",
        )
    } else if bare.trim() == plain {
        (
            "newline",
            "the answer has blanks or line ends around the decrypted echostr",
        )
    } else if bare.trim().trim_matches('"') == plain {
        (
            "quotes",
            "the decrypted echostr stands in quotes; a JSON encoder does that",
        )
    } else if bare.contains(plain) {
        (
            "answer",
            "there is more than the decrypted echostr in the answer",
        )
    } else {
        (
            "answer",
            "it is not the decrypted echostr: are Token, EncodingAESKey and corpid the right ones, and is echostr URL-decoded once?",
        )
    })
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn each_wrong_answer_has_a_name() {
        for (body, step) in [
            ("", "empty answer"),
            ("sealed+/==", "decryption"),
            ("\u{feff}123", "byte order mark"),
            ("123\n", "newline"),
            ("\"123\"", "quotes"),
            ("\"123\"\n", "quotes"),
            ("ok 123", "answer"),
            ("124", "answer"),
        ] {
            let answer = Answer {
                status: StatusCode::OK,
                body: body.into(),
                cut: false,
                location: None,
            };
            let found = compare(&answer, "123", "sealed+/==").map_err(|(step, _)| step);
            assert_eq!(found, Err(step), "{body:?}");
        }
    }
}
