//! `multipart/form-data` by hand: the cloud reads raw UTF-8 file names and nothing of RFC 5987.

use bytes::Bytes;
use memchr::memmem;

/// One part named `media` with a file in it: the value of `Content-Type`, and the body.
pub(crate) fn media(filename: &str, content: &[u8]) -> (String, Bytes) {
    let boundary = boundary(content);
    let filename = filename.replace(['"', '\\', '\r', '\n'], "_");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{filename}\"\r\nContent-Type: application/octet-stream\r\n\r\n"
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let mut body = Vec::with_capacity(head.len() + content.len() + tail.len());
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(tail.as_bytes());
    (
        format!("multipart/form-data; boundary={boundary}"),
        body.into(),
    )
}

/// A boundary that the content does not hold.
fn boundary(content: &[u8]) -> String {
    (0_u64..)
        .map(|n| format!("qun-part-{n:016x}"))
        .find(|boundary| memmem::find(content, boundary.as_bytes()).is_none())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_is_raw_utf8_and_cannot_leave_its_quotes() {
        let (kind, body) = media("周报\"\r\n\\.txt", b"hello");
        assert_eq!(
            kind,
            "multipart/form-data; boundary=qun-part-0000000000000000"
        );
        let text = String::from_utf8(body.to_vec()).unwrap();
        assert_eq!(
            text,
            "--qun-part-0000000000000000\r\nContent-Disposition: form-data; name=\"media\"; filename=\"周报____.txt\"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n--qun-part-0000000000000000--\r\n"
        );
    }

    #[test]
    fn a_boundary_inside_the_file_is_not_used() {
        let (kind, _) = media(
            "a",
            b"x qun-part-0000000000000000 qun-part-0000000000000001",
        );
        assert!(kind.ends_with("qun-part-0000000000000002"), "{kind}");
    }
}
