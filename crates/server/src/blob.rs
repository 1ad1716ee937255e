//! Content of uploaded files: in files beside SQLite's database, otherwise in rows.

pub(crate) mod copy;
mod files;
mod rows;

use std::{cmp, io, mem, ops::Range};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;

pub(crate) use files::{Files, make_dir, sync_dir};
pub(crate) use rows::Rows;

/// Bytes that are written and read at a time; also the size of a row, which must therefore never change.
const CHUNK: usize = 256 * 1024;

/// A part of a blob, in pieces. It ends early with `UnexpectedEof` if the blob is shorter than it should be.
pub(crate) type Content = BoxStream<'static, io::Result<Bytes>>;

/// Where content is kept.
pub(crate) enum Blobs {
    /// In files below a directory.
    Files(Files),
    /// In rows of the store.
    Rows(Rows),
}

impl Blobs {
    /// Begins a blob of a company.
    pub(crate) async fn create(&self, corp: i64) -> io::Result<Writing> {
        let id = new_id()?;
        let sink = match self {
            Blobs::Files(files) => Sink::File(Some(files.create(corp, id).await?)),
            Blobs::Rows(rows) => Sink::Rows(rows.create(corp, id)),
        };
        Ok(Writing {
            buffer: BytesMut::new(),
            sink,
            whole: true,
        })
    }

    /// The bytes of a range. Fails with `NotFound` when there is no such blob, also before any byte is read.
    pub(crate) async fn read(
        &self,
        corp: i64,
        blob: &str,
        range: Range<u64>,
    ) -> io::Result<Content> {
        check(blob)?;
        match self {
            Blobs::Files(files) => files.read(corp, blob, range).await,
            Blobs::Rows(rows) => rows.read(corp, blob, range).await,
        }
    }

    /// Removes a blob; one that is not there is no error.
    pub(crate) async fn remove(&self, corp: i64, blob: &str) -> io::Result<()> {
        check(blob)?;
        match self {
            Blobs::Files(files) => files.remove(corp, blob).await,
            Blobs::Rows(rows) => rows.remove(corp, blob).await,
        }
    }

    /// Removes every blob that is not known, and what a killed process left unfinished; tells how many it were.
    ///
    /// Only before the first upload: a blob whose row is still to be written would be taken for a lost one.
    pub(crate) async fn sweep(
        &self,
        known: &mut (dyn FnMut(i64, &str) -> bool + Send),
    ) -> io::Result<usize> {
        let mut removed = match self {
            Blobs::Files(files) => files.remove_unfinished().await?,
            Blobs::Rows(_) => 0,
        };
        let mut lost = self.list().await?;
        lost.retain(|(corp, blob)| !known(*corp, blob));
        removed += lost.len();
        for (corp, blob) in lost {
            self.remove(corp, &blob).await?;
        }
        Ok(removed)
    }

    async fn list(&self) -> io::Result<Vec<(i64, String)>> {
        match self {
            Blobs::Files(files) => files.list().await,
            Blobs::Rows(rows) => rows.list().await,
        }
    }
}

/// An unfinished blob. Dropped unfinished, it is removed.
pub(crate) struct Writing {
    buffer: BytesMut,
    sink: Sink,
    /// False from the start of a step until its success: a failed or abandoned step leaves a gap.
    whole: bool,
}

enum Sink {
    /// Away while a thread writes.
    File(Option<files::Unfinished>),
    Rows(rows::Unfinished),
}

impl Writing {
    /// Adds bytes.
    pub(crate) async fn write(&mut self, mut bytes: Bytes) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = CHUNK - self.buffer.len();
            let piece = bytes.split_to(cmp::min(room, bytes.len()));
            self.buffer.extend_from_slice(&piece);
            if self.buffer.len() == CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Makes the blob durable and answers its id.
    pub(crate) async fn finish(mut self) -> io::Result<String> {
        self.flush().await?;
        match self.sink {
            Sink::File(Some(file)) => file.finish().await,
            Sink::File(None) => Err(broken()),
            Sink::Rows(rows) => Ok(rows.finish()),
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if !mem::take(&mut self.whole) {
            return Err(broken());
        }
        let chunk = mem::take(&mut self.buffer).freeze();
        match &mut self.sink {
            Sink::File(file) => {
                let unfinished = file.take().ok_or_else(broken)?;
                *file = Some(unfinished.write(chunk).await?);
            }
            Sink::Rows(rows) => rows.write(chunk).await?,
        }
        self.whole = true;
        Ok(())
    }
}

fn broken() -> io::Error {
    io::Error::other("an earlier write of this blob was not completed")
}

fn new_id() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// Ids become parts of paths: nothing but what [`new_id`] makes may pass.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn check(blob: &str) -> io::Result<()> {
    if is_id(blob) {
        Ok(())
    } else {
        Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("{blob:?} is not the id of a blob"),
        ))
    }
}

fn too_short() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "the blob is shorter than its row says",
    )
}

async fn blocking<T: Send + 'static>(
    f: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(f)
        .await
        .map_err(io::Error::other)?
}

#[cfg(test)]
pub(crate) mod tests;
