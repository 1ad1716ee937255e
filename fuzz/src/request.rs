//! Reading requests: no input may panic, and what was read says the same when it is written and read again.

use qun_protocol::lenient::{self, Decoded};
use qun_protocol::{Limit, Rulebook, Rules, appchat, query as string};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub(crate) fn query(input: &[u8]) {
    // The server sees only texts here.
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    let pairs = string::pairs(text);
    let last = pairs.iter().rfind(|(key, _)| key == "chatid");
    assert_eq!(
        string::last(&pairs, "chatid"),
        last.map(|(_, value)| value.as_ref())
    );
    if let Ok(read) = lenient::query::<appchat::Create>(&pairs) {
        stays(&read.value);
    }
}

pub(crate) fn create_body(input: &[u8]) {
    body::<appchat::Create>(input);
}

pub(crate) fn send_body(input: &[u8]) {
    body::<appchat::Send>(input);
}

fn body<T: Serialize + DeserializeOwned + Default>(input: &[u8]) {
    if let Ok(read) = lenient::json::<T>(input) {
        stays(&read.value);
    }
}

fn stays<T: Serialize + DeserializeOwned + Default>(value: &T) {
    let text = serde_json::to_string(value).expect("a request can be written");
    let unescaped = text.replace(r"\\", "");
    assert!(!unescaped.contains(r"\u0000"), "a NUL came through: {text}");
    let Ok(Decoded { value, warning }) = lenient::json::<T>(text.as_bytes()) else {
        panic!("refused what it had taken: {text}");
    };
    assert!(!warning, "could not read all of what it had taken: {text}");
    let again = serde_json::to_string(&value).expect("a request can be written");
    assert_eq!(text, again);
}

/// What the rules accept of any message keeps to the rules: texts are cut, lists are short, files are named.
pub(crate) fn message_rules(body: &[u8]) {
    let Ok(decoded) = lenient::json::<qun_protocol::appchat::Send>(body) else {
        return;
    };
    for book in Rulebook::ALL {
        let rules = Rules::of(book);
        if let Ok(message) = qun_domain::rule::message::check(&rules, &decoded.value) {
            let content = message.body["content"].as_str().unwrap_or_default();
            assert!(
                content.len()
                    <= rules
                        .size(Limit::TextBytes)
                        .max(rules.size(Limit::MarkdownBytes))
            );
            let articles = message.body["articles"].as_array().map_or(1, Vec::len);
            assert!((1..=rules.size(Limit::ArticlesMax)).contains(&articles));
            assert!(message.files.iter().all(|file| !file.media_id.is_empty()));
        }
    }
}
