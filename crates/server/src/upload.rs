//! Receiving a file in a multipart body: found, checked and stored while it streams in.

mod check;
mod feed;
mod part;
mod range;

use std::io;

use bytes::Bytes;
use futures_util::Stream;
use multer::{Field, Multipart};
use qun_protocol::{Refusal, Refused, Rules, media::MediaType};

use crate::blob::Blobs;
use check::Check;
use feed::{Feed, Head, Meter};

pub(crate) use part::boundary_of_first_line;
pub(crate) use range::{RangeAsked, range};

/// Bytes in parts that nobody asked for; more is not read.
const OTHER_PARTS: usize = 1024 * 1024;
/// Bytes of a file name; the rest is cut.
const NAME: usize = 255;

/// What is to be received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// The part named `media`, with the limits of a kind.
    Media(MediaType),
    /// The first part with a file name, a picture.
    Picture,
}

/// A stored file, whose row is still to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    /// Its name without folders, at most 255 bytes.
    pub(crate) filename: String,
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Its MIME type: by content, of other files by the name's ending.
    pub(crate) content_type: String,
    /// Where its content is.
    pub(crate) blob: String,
    /// What the cloud would not have taken, or was changed.
    pub(crate) lints: Vec<String>,
}

/// Reads the wanted part of a body into a new blob. A refused upload leaves none.
pub(crate) async fn receive<E>(
    content_type: Option<&str>,
    body: impl Stream<Item = Result<Bytes, E>> + Send + Unpin + 'static,
    want: Want,
    rules: &Rules,
    blobs: &Blobs,
    corp: i64,
) -> Result<Received, Refused> {
    let mut lints = Vec::new();
    let mut head = Head::new(body);
    let boundary = match content_type.and_then(part::boundary_of_header) {
        Some(boundary) => boundary,
        None => {
            let line = head.first_line().await;
            let boundary = boundary_of_first_line(line)
                .ok_or_else(|| empty("neither the header nor the first line has a boundary"))?;
            lints.push(
                "the multipart Content-Type has no boundary: the cloud answers 44001".to_owned(),
            );
            boundary
        }
    };
    let meter = Meter::default();
    let mut parts = Parts {
        multipart: Multipart::new(Feed::new(head, meter.clone()), boundary),
        meter,
        others: 0,
    };

    let (mut field, name) = parts.find(want).await?;
    let filename = file_name(&name, &mut lints)?;
    let mut check = Check::new(want, rules);
    let mut writing = blobs.create(corp).await.map_err(busy)?;
    while let Some(bytes) = parts.chunk(&mut field).await? {
        check.take(&bytes)?;
        writing.write(bytes).await.map_err(busy)?;
    }
    drop(field);
    let (size, found) = check.end()?;
    parts.skip_rest().await?;
    let content_type = found.unwrap_or_else(|| check::by_name(&filename));
    Ok(Received {
        content_type: content_type.to_owned(),
        blob: writing.finish().await.map_err(busy)?,
        filename,
        size,
        lints,
    })
}

/// The parts of a body. The meter is reset before each step, so that none of them can gather much.
struct Parts {
    multipart: Multipart<'static>,
    meter: Meter,
    others: usize,
}

impl Parts {
    /// The wanted part and its file name as sent.
    async fn find(&mut self, want: Want) -> Result<(Field<'static>, Vec<u8>), Refused> {
        while let Some(field) = self.next().await? {
            let header = field.headers().get(http::header::CONTENT_DISPOSITION);
            let header = header.map_or(&b""[..], |value| value.as_bytes());
            let name = part::parameter(header, "filename");
            match (want, name) {
                (Want::Picture, Some(name)) => return Ok((field, name)),
                (Want::Media(_), name)
                    if part::parameter(header, "name").as_deref() == Some(b"media") =>
                {
                    return match name {
                        Some(name) => Ok((field, name)),
                        None if part::parameter(header, "filename*").is_some() => Err(empty(
                            "the part has only filename*; it needs filename=\"…\" in raw UTF-8",
                        )),
                        None => Err(empty("the part has no filename=\"…\"")),
                    };
                }
                _ => self.skip(field).await?,
            }
        }
        Err(empty(match want {
            Want::Media(_) => "no part is named media",
            Want::Picture => "no part has a filename=\"…\"",
        }))
    }

    async fn skip_rest(&mut self) -> Result<(), Refused> {
        while let Some(field) = self.next().await? {
            self.skip(field).await?;
        }
        Ok(())
    }

    async fn skip(&mut self, mut field: Field<'static>) -> Result<(), Refused> {
        while let Some(bytes) = self.chunk(&mut field).await? {
            self.others += bytes.len();
            if self.others > OTHER_PARTS {
                return Err(empty("the other parts are too large"));
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, Refused> {
        self.meter.reset();
        self.multipart.next_field().await.map_err(unreadable)
    }

    async fn chunk(&mut self, field: &mut Field<'static>) -> Result<Option<Bytes>, Refused> {
        self.meter.reset();
        field.chunk().await.map_err(unreadable)
    }
}

fn file_name(raw: &[u8], lints: &mut Vec<String>) -> Result<String, Refused> {
    let name = String::from_utf8_lossy(raw);
    if name.as_bytes() != raw {
        lints.push("the file name is not UTF-8: what is not is replaced".to_owned());
    }
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    if name.is_empty() {
        return Err(empty("the file name is empty"));
    }
    let cut = &name[..name.floor_char_boundary(NAME)];
    if cut.len() < name.len() {
        lints.push(format!("the file name is cut to {NAME} bytes"));
    }
    Ok(cut.to_owned())
}

fn empty(why: &str) -> Refused {
    Refused::because(Refusal::EmptyMedia, why)
}

fn unreadable(error: multer::Error) -> Refused {
    let why = match error {
        multer::Error::StreamReadFailed(why) => why.to_string(),
        other => other.to_string(),
    };
    empty(&format!("the body cannot be read: {why}"))
}

fn busy(error: io::Error) -> Refused {
    tracing::error!(%error, "an upload could not be stored");
    Refused::because(Refusal::SystemBusy, "the file could not be stored")
}

#[cfg(test)]
mod tests;
