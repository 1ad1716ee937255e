//! Parameters of headers, read from raw bytes as clients really write them.

/// Characters of a boundary; the standard says 70.
const BOUNDARY: usize = 200;

/// The boundary that a Content-Type names.
pub(super) fn boundary_of_header(content_type: &str) -> Option<String> {
    boundary(&parameter(content_type.as_bytes(), "boundary")?)
}

/// The boundary that the first line of a multipart body shows; empty lines before it do not count.
///
/// The line must be whole: without its end there is no answer.
pub(crate) fn boundary_of_first_line(body: &[u8]) -> Option<String> {
    let body = body.trim_ascii_start();
    let end = body.iter().position(|b| *b == b'\n')?;
    boundary(body[..end].trim_ascii_end().strip_prefix(b"--")?)
}

fn boundary(bytes: &[u8]) -> Option<String> {
    let fits = (1..=BOUNDARY).contains(&bytes.len());
    let clean = bytes.iter().all(|b| matches!(b, b' '..=b'~'));
    let text = std::str::from_utf8(bytes).ok()?;
    (fits && clean).then(|| text.to_owned())
}

/// The value of a header's parameter, unquoted, in whatever encoding it was sent. Names are compared without case.
///
/// A backslash escapes a quote or a backslash only: elsewhere it stands in a Windows path.
pub(super) fn parameter(header: &[u8], name: &str) -> Option<Vec<u8>> {
    let mut rest = after(header, b';')?;
    loop {
        let end = rest.iter().position(|b| matches!(b, b'=' | b';'))?;
        let key = rest[..end].trim_ascii();
        let assigned = rest[end] == b'=';
        rest = &rest[end + 1..];
        if !assigned {
            continue;
        }
        let value;
        let text = rest.trim_ascii_start();
        if let Some(quoted) = text.strip_prefix(b"\"") {
            let (unquoted, behind) = unquote(quoted)?;
            value = unquoted;
            rest = after(behind, b';').unwrap_or_default();
        } else {
            let end = text.iter().position(|b| *b == b';').unwrap_or(text.len());
            value = text[..end].trim_ascii().to_vec();
            rest = after(text, b';').unwrap_or_default();
        }
        if key.eq_ignore_ascii_case(name.as_bytes()) {
            return Some(value);
        }
    }
}

fn after(bytes: &[u8], mark: u8) -> Option<&[u8]> {
    let at = bytes.iter().position(|b| *b == mark)?;
    Some(&bytes[at + 1..])
}

/// What stands before the closing quote, and what follows it.
fn unquote(mut rest: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    loop {
        rest = match rest {
            [b'"', rest @ ..] => return Some((value, rest)),
            [b'\\', escaped @ (b'"' | b'\\'), rest @ ..] => {
                value.push(*escaped);
                rest
            }
            [byte, rest @ ..] => {
                value.push(*byte);
                rest
            }
            [] => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(header: &str, name: &str) -> Option<String> {
        parameter(header.as_bytes(), name).map(|value| String::from_utf8(value).unwrap())
    }

    #[test]
    fn parameters() {
        let header = r#"form-data; name="media"; filename="项目 计划.pdf"; filelength=6"#;
        assert_eq!(text(header, "name").as_deref(), Some("media"));
        assert_eq!(text(header, "filename").as_deref(), Some("项目 计划.pdf"));
        assert_eq!(text(header, "filelength").as_deref(), Some("6"));
        assert_eq!(text(header, "form-data"), None);
        for (header, expected) in [
            (r#"x; filename=a.txt"#, Some("a.txt")),
            (r#"x;FileName = "a.txt" ;y"#, Some("a.txt")),
            (r#"x; flag; filename="a.txt""#, Some("a.txt")),
            (r#"x; name=";filename=no"; filename="a;b=c""#, Some("a;b=c")),
            (r#"x; filename="a\"b\\c\d""#, Some(r#"a"b\c\d"#)),
            (r#"x; filename="a"; filename="b""#, Some("a")),
            (
                r#"x; filename*=UTF-8''b.txt; filename="a.txt""#,
                Some("a.txt"),
            ),
            (r#"x; filename="""#, Some("")),
            (r#"x; filename=; y=1"#, Some("")),
            (r#"x; filename*=UTF-8''a.txt"#, None),
            (r#"x; filename="a.txt"#, None),
            (r#"x; filename="a.txt\""#, None),
            (r#"x; filename"#, None),
            (r#"filename="a.txt""#, None),
            ("", None),
        ] {
            assert_eq!(text(header, "filename").as_deref(), expected, "{header}");
        }
        assert_eq!(
            parameter(b"x; filename=\"\xd6\xd0\"", "filename").as_deref(),
            Some(&b"\xd6\xd0"[..])
        );
    }

    #[test]
    fn boundaries_of_headers() {
        for (header, expected) in [
            ("multipart/form-data; boundary=abc", Some("abc")),
            (
                "multipart/form-data; charset=utf-8; Boundary=\"a b/c\"",
                Some("a b/c"),
            ),
            ("multipart/form-data", None),
            ("multipart/form-data; boundary=", None),
            ("multipart/form-data; boundary=Δ", None),
        ] {
            assert_eq!(boundary_of_header(header).as_deref(), expected, "{header}");
        }
        let with = |n| format!("multipart/form-data; boundary={}", "b".repeat(n));
        assert_eq!(boundary_of_header(&with(200)), Some("b".repeat(200)));
        assert_eq!(boundary_of_header(&with(201)), None);
    }

    #[test]
    fn boundaries_of_first_lines() {
        for (body, expected) in [
            (&b"--abc\r\nrest"[..], Some("abc")),
            (b"----abc\nrest", Some("--abc")),
            (b"\r\n\r\n--abc \t\r\n", Some("abc")),
            (b"--abc", None),
            (b"--abc\r", None),
            (b"-abc\r\n", None),
            (b"--\r\n", None),
            (b"--a\x01c\r\n", None),
            (b"--a\xffc\r\n", None),
            (b"{\"a\":1}\r\n--abc\r\n", None),
            (b"\r\n", None),
            (b"", None),
        ] {
            assert_eq!(
                boundary_of_first_line(body).as_deref(),
                expected,
                "{}",
                body.escape_ascii()
            );
        }
        let with = |n| format!("--{}\r\n", "b".repeat(n));
        assert!(boundary_of_first_line(with(200).as_bytes()).is_some());
        assert!(boundary_of_first_line(with(201).as_bytes()).is_none());
    }
}
