//! `multipart/form-data` by hand: the cloud reads raw UTF-8 file names and nothing of RFC 5987.

use std::io;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::transport::Body;
use crate::{Attachment, Error};

/// One part named `media` with a file in it.
pub(crate) struct Form<'a> {
    file: &'a Attachment,
    size: u64,
    boundary: String,
    head: Bytes,
    tail: Bytes,
}

impl<'a> Form<'a> {
    /// A form for a file of this many bytes.
    pub(crate) fn new(file: &'a Attachment, size: u64) -> Self {
        // So long that no file holds it by chance, and nobody can guess it.
        let mut random = [0; 16];
        let _ = getrandom::fill(&mut random);
        let boundary = format!("qun-{:032x}", u128::from_be_bytes(random));
        let name = file.name().replace(['"', '\\', '\r', '\n'], "_");
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{name}\"; filelength={size}\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{boundary}--\r\n");
        Self {
            file,
            size,
            boundary,
            head: head.into(),
            tail: tail.into(),
        }
    }

    pub(crate) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// How many bytes it has.
    pub(crate) fn length(&self) -> u64 {
        self.head.len() as u64 + self.size + self.tail.len() as u64
    }

    /// Whether it can be sent more than once.
    pub(crate) fn again(&self) -> bool {
        self.file.again()
    }

    pub(crate) async fn body(&self) -> Result<Body, Error> {
        let ends = |bytes: &Bytes| {
            let bytes = bytes.clone();
            stream::once(async { Ok::<_, io::Error>(bytes) })
        };
        let content = self.file.open(self.size).await?;
        let chunks = ends(&self.head).chain(content).chain(ends(&self.tail));
        Ok(Body::stream(Some(self.length()), chunks))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_file_name_is_raw_utf8_and_cannot_leave_its_quotes() {
        let file = Attachment::bytes("周报\"\r\n\\.txt", "hello");
        let form = Form::new(&file, 5);
        let boundary = form.boundary.clone();
        assert_ne!(Form::new(&file, 5).boundary, boundary);
        let body = form.body().await.unwrap();
        assert_eq!(body.length(), Some(form.length()));
        let body = body.collect(1000).await.unwrap();
        assert_eq!(body.len() as u64, form.length());
        assert_eq!(
            String::from_utf8_lossy(&body),
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"周报____.txt\"; filelength=5\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n--{boundary}--\r\n"
            )
        );
    }
}
