//! Files that go up.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    pin::Pin,
    sync::{Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream, stream::BoxStream};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_util::io::ReaderStream;

use crate::Error;

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
    ///
    /// ```
    /// let file = qun_client::Attachment::bytes("周报.txt", "本周进展顺利");
    /// ```
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            name: name.into(),
            source: Source::Bytes(bytes.into()),
        }
    }

    /// A file on disk, under its own name. It is opened when it is sent.
    ///
    /// ```
    /// let file = qun_client::Attachment::path("reports/周报.pdf");
    /// assert_eq!(file.name(), "周报.pdf");
    /// ```
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
    ///
    /// ```
    /// let file = qun_client::Attachment::path("/tmp/x17").named("周报.pdf");
    /// assert_eq!(file.name(), "周报.pdf");
    /// ```
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The file's name.
    ///
    /// ```
    /// assert_eq!(qun_client::Attachment::bytes("a.txt", "x").name(), "a.txt");
    /// ```
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
    pub(super) async fn head(&mut self, most: usize) -> Result<Bytes, Error> {
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

pub(super) fn unreadable(path: &Path, error: &io::Error) -> Error {
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
