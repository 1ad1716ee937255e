//! Taking secrets out of text that is shown.

/// What stands where a secret was.
const HIDDEN: &str = "***";

/// Names whose values are secrets, in URLs and in JSON.
const NAMES: [&str; 4] = [
    "access_token",
    "corpsecret",
    "manage_token",
    "response_code",
];

/// The text without the given secrets and without the value of any parameter that holds one.
pub(crate) fn scrub(text: &str, secrets: &[&str]) -> String {
    let mut clean = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        clean = clean.replace(secret, HIDDEN);
    }
    for name in NAMES {
        clean = hide_values(&clean, name);
    }
    clean
}

/// The text without the values that stand after a name and `=` or `:`.
pub(crate) fn hide_values(text: &str, name: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let after = &rest[at + name.len()..];
        let value = after.trim_start_matches(['"', '\'', ' ', ':', '=']);
        let between = &after[..after.len() - value.len()];
        clean.push_str(&rest[..at + name.len()]);
        clean.push_str(between);
        rest = value;
        if between.contains(['=', ':']) {
            let ends = |c: char| c.is_whitespace() || "\"'&<>,}#)".contains(c);
            let length = value.find(ends).unwrap_or(value.len());
            if length > 0 {
                clean.push_str(HIDDEN);
            }
            rest = &value[length..];
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::scrub;

    #[test]
    fn values_go_and_words_stay() {
        assert_eq!(
            scrub("GET /x?access_token=abc%2F&chatid=c failed", &[]),
            "GET /x?access_token=***&chatid=c failed"
        );
        assert_eq!(
            scrub(r#"{"access_token": "abc", "corpsecret":"s"}"#, &[]),
            r#"{"access_token": "***", "corpsecret":"***"}"#
        );
        for text in [
            "access_token missing, hint: [1]",
            "invalid access_token",
            "access_token=&x=1",
            "群聊",
        ] {
            assert_eq!(scrub(text, &[]), text);
        }
        assert_eq!(
            scrub("wrong s3cret! s3cret", &["s3cret", ""]),
            "wrong ***! ***"
        );
    }
}
