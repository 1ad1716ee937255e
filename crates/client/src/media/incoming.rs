//! Files that come down.

use std::{
    fmt, io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use qun_protocol::{Endpoint, media};
use tokio::io::AsyncWriteExt;

use super::attachment::unreadable;
use crate::{Error, wire::Opened};

/// A file that is coming down: a stream of its bytes.
///
/// ```no_run
/// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
/// use futures_util::TryStreamExt;
///
/// let mut file = wecom.media().get("3aZb").await?;
/// while let Some(bytes) = file.try_next().await? {
///     println!("{} more bytes", bytes.len());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing more is read until the stream is"]
pub struct Incoming {
    filename: String,
    content_type: String,
    length: Option<u64>,
    chunks: BoxStream<'static, Result<Bytes, Error>>,
}

impl Incoming {
    pub(crate) fn new(opened: Opened, clean: impl Fn(String) -> Error + Send + 'static) -> Self {
        let headers = opened.headers();
        let (filename, content_type) = (
            filename(headers),
            header_text(headers, header::CONTENT_TYPE),
        );
        let idle = opened.timeout;
        let (body, permit) = opened.into_body();
        let length = body.length();
        let chunks = body.into_stream();
        // The connection counts as used until the last byte.
        let state = (chunks, permit, clean, false);
        let chunks = stream::unfold(state, move |(mut chunks, permit, clean, over)| async move {
            if over {
                return None;
            }
            let next = next(&mut chunks, idle).await?;
            let over = next.is_err();
            Some((next.map_err(&clean), (chunks, permit, clean, over)))
        });
        Self {
            filename,
            content_type,
            length,
            chunks: chunks.boxed(),
        }
    }

    /// The file's name, empty where the server gave none. It is as untrusted as any answer: not a path.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let file = wecom.media().get("3aZb").await?;
    /// println!("{}", file.filename());
    /// # Ok(())
    /// # }
    /// ```
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// Its MIME type, empty where the server gave none.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let file = wecom.media().get("3aZb").await?;
    /// println!("{}", file.content_type());
    /// # Ok(())
    /// # }
    /// ```
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// How many bytes it has, where the server said it.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let file = wecom.media().get("3aZb").await?;
    /// println!("{:?} bytes", file.length());
    /// # Ok(())
    /// # }
    /// ```
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// All of it in memory, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::Transport`] where it breaks off or is longer.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let file = wecom.media().get("3aZb").await?;
    /// let bytes = file.bytes(1024 * 1024).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.try_next().await? {
            if chunk.len() > limit - all.len() {
                return Err(broken(format!("the file is over {limit} bytes")));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// Writes it into a new file, and brings its size. Where it breaks off nothing is left.
    ///
    /// # Errors
    /// [`Error::Transport`] where it breaks off; [`Error::Invalid`] where there is such a file, or it cannot be written.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let file = wecom.media().get("3aZb").await?;
    /// let size = file.save("周报.pdf").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn save(mut self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref();
        let unwritable = |error: io::Error| unreadable(path, &error);
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        // Removed when it is dropped, so that a cancelled download leaves nothing.
        let place = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        let mut file = tokio::fs::File::from_std(place.reopen().map_err(unwritable)?);
        let mut size = 0;
        while let Some(chunk) = self.try_next().await? {
            size += chunk.len() as u64;
            file.write_all(&chunk).await.map_err(unwritable)?;
        }
        file.flush().await.map_err(unwritable)?;
        place
            .persist_noclobber(path)
            .map_err(|error| unwritable(error.error))?;
        Ok(size)
    }
}

/// The next bytes, if they come within a time.
async fn next(
    chunks: &mut BoxStream<'static, io::Result<Bytes>>,
    idle: Duration,
) -> Option<Result<Bytes, String>> {
    match tokio::time::timeout(idle, chunks.next()).await {
        Ok(next) => next.map(|chunk| chunk.map_err(|error| error.to_string())),
        Err(_) => Some(Err(format!("nothing more within {} s", idle.as_secs_f32()))),
    }
}

pub(crate) fn broken(detail: String) -> Error {
    Error::Transport {
        path: media::Get::META.path,
        detail,
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.chunks.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("filename", &self.filename)
            .field("content_type", &self.content_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Refusals come as JSON with HTTP 200 too; a file that is JSON has a name.
pub(crate) fn is_file(opened: &Opened) -> bool {
    let headers = opened.headers();
    let kind = header_text(headers, header::CONTENT_TYPE);
    (200..300).contains(&opened.status())
        && (headers.contains_key(header::CONTENT_DISPOSITION)
            || !(kind.contains("json") || kind.starts_with("text/")))
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    match headers.get(name) {
        Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        None => String::new(),
    }
}

/// The name in `Content-Disposition`: `filename*` where it is there, otherwise `filename`, quoted or not.
fn filename(headers: &HeaderMap) -> String {
    let text = header_text(headers, header::CONTENT_DISPOSITION);
    let lower = text.to_ascii_lowercase();
    if let Some(at) = lower.find("filename*=utf-8''") {
        let encoded = &text[at + "filename*=utf-8''".len()..];
        let end = encoded.find(';').unwrap_or(encoded.len());
        return percent_decode_str(encoded[..end].trim())
            .decode_utf8_lossy()
            .into_owned();
    }
    let Some(at) = lower.find("filename=") else {
        return String::new();
    };
    let rest = &text[at + "filename=".len()..];
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(';').unwrap_or(rest.len());
        return rest[..end].trim().to_owned();
    };
    let mut name = String::new();
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => name.extend(characters.next()),
            c => name.push(c),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_read_however_they_are_written() {
        for (value, name) in [
            ("attachment; filename=\"周报.txt\"", "周报.txt"),
            ("attachment; filename=\"a\\\"b;c.txt\"; x=1", "a\"b;c.txt"),
            ("attachment; FileName=plain.txt; x=1", "plain.txt"),
            (
                "attachment; filename=\"x\"; filename*=UTF-8''%E5%91%A8.txt",
                "周.txt",
            ),
            ("attachment", ""),
            ("attachment; filename=\"open", "open"),
        ] {
            let mut headers = HeaderMap::new();
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.insert(header::CONTENT_DISPOSITION, value);
            assert_eq!(filename(&headers), name);
        }
    }
}
