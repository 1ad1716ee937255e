//! Cutting text at a limit without splitting a character, and text that is there.

/// The text of a field, if one is there: an empty one is none.
pub fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// The longest prefix of at most `bytes` bytes of UTF-8.
pub fn cut_bytes(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// The longest prefix of at most `chars` characters.
pub fn cut_chars(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_is_never_split() {
        assert_eq!(cut_bytes("群聊", 6), "群聊");
        assert_eq!(cut_bytes("群聊", 5), "群");
        assert_eq!(cut_bytes("群聊", 2), "");
        assert_eq!(cut_chars("群聊a", 2), "群聊");
        assert_eq!(cut_chars("群聊a", 3), "群聊a");
        assert_eq!(cut_chars("", 0), "");
    }
}
