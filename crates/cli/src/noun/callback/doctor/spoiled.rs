/// What was done to a text that should have been answered as it is, and what to do about it.
pub(super) fn spoiled(body: &[u8], message: &str, receiveid: &str) -> (String, &'static str) {
    let Some(at) = body
        .windows(message.len())
        .position(|part| part == message.as_bytes())
    else {
        return (
            format!(
                "the answer is not the decrypted echostr but {}",
                short(body)
            ),
            "answer the text between the 4-byte length and the receiveid, and nothing else",
        );
    };
    let (before, after) = (&body[..at], &body[at + message.len()..]);
    let whole = "answer the bytes of the decrypted text as they are";
    match (before, after) {
        (b"\"", b"\"") | (b"'", b"'") => (
            "the answer stands in quotes".into(),
            "answer plain text; a framework that writes JSON puts a string in quotes",
        ),
        (b"", b"\n" | b"\r\n") => (
            "a newline follows the answer".into(),
            "write it without a newline: print, not println",
        ),
        (b"\xef\xbb\xbf", b"") => (
            "a byte order mark stands before the answer".into(),
            "write UTF-8 without BOM, and save the source files so",
        ),
        (b"", after) if after == receiveid.as_bytes() && !after.is_empty() => (
            "the receiveid is left behind the answer".into(),
            "cut the text at the length that stands in the 4 bytes before it",
        ),
        (b"", after) => (format!("{} follows the answer", short(after)), whole),
        (before, b"") => (format!("{} stands before the answer", short(before)), whole),
        (before, after) => (
            format!(
                "{} and {} stand around the answer",
                short(before),
                short(after)
            ),
            whole,
        ),
    }
}

/// The beginning of what may be long and of any bytes.
pub(super) fn short(bytes: &[u8]) -> String {
    const MOST: usize = 60;
    let text = bytes.get(..MOST).unwrap_or(bytes).escape_ascii();
    match bytes.len() {
        0 => "nothing".into(),
        length if length > MOST => format!("\"{text}…\" ({length} bytes)"),
        _ => format!("\"{text}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_to_an_answer_is_named() {
        for (body, named) in [
            (&b"\"123\""[..], "quotes"),
            (b"123\n", "newline"),
            (b"123\r\n", "newline"),
            (b"\xef\xbb\xbf123", "byte order mark"),
            (b"123ww1", "receiveid"),
            (b"123ok", "\"ok\" follows"),
            (b"\0\0\0\x03123", "\"\\x00\\x00\\x00\\x03\" stands before"),
            (b"<p>123</p>", "around"),
            (b"", "but nothing"),
            (&[b'x'; 100], "(100 bytes)"),
        ] {
            let (what, _) = spoiled(body, "123", "ww1");
            assert!(what.contains(named), "{what}");
        }
    }
}
