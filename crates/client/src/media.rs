//! Files: up as streams, down as streams.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, TryStreamExt, stream, stream::BoxStream};
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use qun_protocol::{
    Endpoint, Limit, MediaId, Rules,
    media::{self, MediaType, Picture, Uploaded},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio_util::io::ReaderStream;

use crate::{Client, Error, wire::Opened};

/// A file that goes up: from memory, from a path, or from a reader.
///
/// ```
/// use qun_client::Attachment;
///
/// let report = Attachment::bytes("周报.txt", "本周进展顺利");
/// assert_eq!(report.name(), "周报.txt");
/// ```
pub struct Attachment {
    name: String,
    source: Source,
}

enum Source {
    Bytes(Bytes),
    Path(PathBuf),
    /// Once it is taken it is gone.
    Reader(u64, Mutex<Option<Reader>>),
}

type Reader = Pin<Box<dyn AsyncRead + Send>>;

impl Attachment {
    /// A file in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            name: name.into(),
            source: Source::Bytes(bytes.into()),
        }
    }

    /// A file on disk, under its own name. It is opened when it is sent.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Self {
            name: name.into_owned(),
            source: Source::Path(path),
        }
    }

    /// What a reader gives, which must be `length` bytes. It can be read once, so it is not sent again where the token was
    /// refused meanwhile; the error then says so.
    ///
    /// ```
    /// use qun_client::Attachment;
    ///
    /// let image = Attachment::reader("a.png", 8, &b"\x89PNG\r\n\x1a\n"[..]);
    /// ```
    pub fn reader(
        name: impl Into<String>,
        length: u64,
        reader: impl AsyncRead + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            source: Source::Reader(length, Mutex::new(Some(Box::pin(reader)))),
        }
    }

    /// Under another name. The ending decides how phones show a file.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The file's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn again(&self) -> bool {
        !matches!(self.source, Source::Reader(..))
    }

    /// How many bytes it has.
    pub(crate) async fn size(&self) -> Result<u64, Error> {
        match &self.source {
            Source::Bytes(bytes) => Ok(bytes.len() as u64),
            Source::Reader(length, _) => Ok(*length),
            Source::Path(path) => match tokio::fs::metadata(path).await {
                Ok(metadata) if metadata.is_file() => Ok(metadata.len()),
                Ok(_) => Err(Error::invalid(format!("{} is no file", path.display()))),
                Err(error) => Err(unreadable(path, &error)),
            },
        }
    }

    /// Its first bytes, which stay there.
    async fn head(&mut self, most: usize) -> Result<Bytes, Error> {
        match &mut self.source {
            Source::Bytes(bytes) => Ok(bytes.slice(..most.min(bytes.len()))),
            Source::Path(path) => {
                let head = async { first(tokio::fs::File::open(&path).await?, most).await };
                head.await
                    .map(|(head, _)| head)
                    .map_err(|error| unreadable(path, &error))
            }
            Source::Reader(_, slot) => {
                let slot = slot.get_mut().unwrap_or_else(PoisonError::into_inner);
                let Some(reader) = slot.take() else {
                    return Ok(Bytes::new());
                };
                let (head, rest) = first(reader, most)
                    .await
                    .map_err(|error| Error::invalid(format!("the reader failed: {error}")))?;
                *slot = Some(Box::pin(io::Cursor::new(head.clone()).chain(rest)));
                Ok(head)
            }
        }
    }

    /// Its bytes, exactly so many.
    pub(crate) async fn open(
        &self,
        size: u64,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, Error> {
        let reader: Reader = match &self.source {
            Source::Bytes(bytes) => {
                let bytes = bytes.clone();
                return Ok(stream::once(async { Ok(bytes) }).boxed());
            }
            Source::Path(path) => match tokio::fs::File::open(path).await {
                Ok(file) => Box::pin(file),
                Err(error) => return Err(unreadable(path, &error)),
            },
            Source::Reader(_, slot) => {
                let taken = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                taken.ok_or_else(|| Error::invalid("the reader has been read already"))?
            }
        };
        Ok(ReaderStream::new(reader.take(size)).boxed())
    }
}

impl fmt::Debug for Attachment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attachment")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Error {
    Error::invalid(format!("{}: {error}", path.display()))
}

async fn first<R: AsyncRead + Unpin>(mut reader: R, most: usize) -> io::Result<(Bytes, R)> {
    let mut head = BytesMut::with_capacity(most);
    while head.len() < most {
        let room = most - head.len();
        if (&mut reader).take(room as u64).read_buf(&mut head).await? == 0 {
            break;
        }
    }
    Ok((head.freeze(), reader))
}

/// The files that messages refer to: 素材管理. From [`Client::media`].
#[derive(Clone, Debug)]
pub struct Media(pub(crate) Client);

impl Media {
    /// Uploads a file for three days. Its size and its first bytes are looked at before anything is sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the file cannot be read, is too small or too large, or is not of its kind; else as
    /// [`Client::send`].
    ///
    /// ```no_run
    /// use qun_client::{Attachment, Client, File, MediaType};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let report = Attachment::path("周报.pdf");
    /// let uploaded = wecom.media().upload(MediaType::File, report).await?;
    /// wecom.chat().send("launch", File::new(uploaded.media_id)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upload(&self, kind: MediaType, mut file: Attachment) -> Result<Uploaded, Error> {
        check(self.0.rules(), Want::Media(kind), &mut file).await?;
        let request = media::Upload {
            kind: Some(kind.as_str().to_owned()),
        };
        self.0.attach(request, file).await
    }

    /// Uploads a JPG or PNG picture for good and brings its URL, for the content of articles.
    ///
    /// # Errors
    /// As [`Media::upload`].
    ///
    /// ```no_run
    /// use qun_client::{Attachment, Client};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let url = wecom.media().upload_image(Attachment::path("图.png")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn upload_image(&self, mut file: Attachment) -> Result<String, Error> {
        check(self.0.rules(), Want::Picture, &mut file).await?;
        let Picture { url } = self.0.attach(media::UploadImg {}, file).await?;
        Ok(url)
    }

    /// Begins to download an uploaded file; its content comes as a stream.
    ///
    /// # Errors
    /// As [`Client::send`]. [`Error::is_not_found`] where the id is unknown or older than three days.
    ///
    /// ```no_run
    /// use qun_client::Client;
    ///
    /// # async fn example(wecom: &Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let file = wecom.media().get("3aZb").await?;
    /// println!("{} ({})", file.filename(), file.content_type());
    /// file.save("download.bin").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn get(&self, media_id: impl Into<MediaId>) -> Result<Incoming, Error> {
        let request = media::Get {
            media_id: Some(media_id.into()),
        };
        self.0
            .incoming(&media::Get::META, crate::wire::request::fields(&request)?)
            .await
    }
}

#[derive(Clone, Copy)]
enum Want {
    Media(MediaType),
    Picture,
}

/// Looks at a file's size and first bytes.
async fn check(rules: &Rules, want: Want, file: &mut Attachment) -> Result<(), Error> {
    let (limit, kind) = match want {
        Want::Media(MediaType::Image) => (Limit::ImageBytes, "an image is JPG or PNG"),
        Want::Media(MediaType::Voice) => (Limit::VoiceBytes, "a voice is AMR"),
        Want::Media(MediaType::Video) => (Limit::VideoBytes, "a video is MP4"),
        Want::Media(MediaType::File) => (Limit::FileBytes, ""),
        Want::Picture => (Limit::PictureBytes, "a picture is JPG or PNG"),
    };
    if file.name.is_empty() {
        return Err(Error::invalid("a file needs a name"));
    }
    let (least, most) = (rules.limit(Limit::MediaMinBytes), rules.limit(limit));
    let size = file.size().await?;
    if !(least..=most).contains(&i64::try_from(size).unwrap_or(i64::MAX)) {
        let name = &file.name;
        return Err(Error::invalid(format!(
            "{name} has {size} bytes, and {least} to {most} are allowed"
        )));
    }
    let head = file.head(8).await?;
    let good = match want {
        Want::Media(MediaType::File) => true,
        Want::Media(MediaType::Image) | Want::Picture => {
            head.starts_with(b"\xff\xd8\xff") || *head == *b"\x89PNG\r\n\x1a\n"
        }
        Want::Media(MediaType::Voice) => head.starts_with(b"#!AMR\n"),
        Want::Media(MediaType::Video) => head.get(4..) == Some(&b"ftyp"[..]),
    };
    if good {
        Ok(())
    } else {
        let name = &file.name;
        Err(Error::invalid(format!("{name}: {kind}, and this is not")))
    }
}

/// A file that is coming down: a stream of its bytes.
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
    pub fn filename(&self) -> &str {
        &self.filename
    }

    /// Its MIME type, empty where the server gave none.
    pub fn content_type(&self) -> &str {
        &self.content_type
    }

    /// How many bytes it has, where the server said it.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// All of it in memory, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::Transport`] where it breaks off or is longer.
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
