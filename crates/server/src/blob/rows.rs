//! Blobs in rows of [`CHUNK`] bytes, the last one shorter. Even an empty blob has a row.

use std::{cmp, io, ops::Range, sync::Arc};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use qun_store::{Effect, End, Error, Ids, Job, Result, Store, Tx, Verdict, table};
use tokio::sync::oneshot;

use super::{CHUNK, Content, blocking, too_short};
use crate::run::PATIENCE;

/// Blobs in a store.
pub(crate) struct Rows {
    store: Arc<Store>,
}

impl Rows {
    /// Keeps blobs in this store.
    pub(crate) fn new(store: Arc<Store>) -> Self {
        Self { store }
    }

    pub(super) fn create(&self, corp: i64, id: String) -> Unfinished {
        Unfinished {
            store: Arc::clone(&self.store),
            corp,
            id,
            parts: 0,
            kept: false,
        }
    }

    pub(super) async fn read(
        &self,
        corp: i64,
        blob: &str,
        range: Range<u64>,
    ) -> io::Result<Content> {
        let source = Source {
            store: Arc::clone(&self.store),
            corp,
            blob: blob.to_owned(),
        };
        // Found missing now, the caller can still answer so.
        let first = source.part(part_of(range.start)).await?;
        if first.is_none() && source.part(0).await?.is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let pieces = stream::try_unfold(
            (source, range, first),
            |(source, range, loaded)| async move {
                if range.is_empty() {
                    return Ok(None);
                }
                let part = part_of(range.start);
                let chunk = match loaded {
                    Some(chunk) => Some(chunk),
                    None => source.part(part).await?,
                };
                let start = part * CHUNK as u64;
                let piece = chunk.and_then(|mut chunk| {
                    chunk.truncate(cmp::min(range.end - start, CHUNK as u64) as usize);
                    let skipped = (range.start - start) as usize;
                    (skipped < chunk.len()).then(|| chunk.split_off(skipped))
                });
                let piece = piece.ok_or_else(too_short)?;
                let rest = range.start + piece.len() as u64..range.end;
                Ok(Some((piece, (source, rest, None))))
            },
        );
        Ok(pieces.boxed())
    }

    pub(super) async fn remove(&self, corp: i64, blob: &str) -> io::Result<()> {
        change(&self.store, corp, blob, Step::Delete).await
    }

    pub(super) async fn list(&self) -> io::Result<Vec<(i64, String)>> {
        let store = Arc::clone(&self.store);
        blocking(move || store.read(table::blob::all).map_err(io::Error::other)).await
    }
}

fn part_of(position: u64) -> u64 {
    position / CHUNK as u64
}

struct Source {
    store: Arc<Store>,
    corp: i64,
    blob: String,
}

impl Source {
    async fn part(&self, part: u64) -> io::Result<Option<Bytes>> {
        let (store, corp, blob) = (Arc::clone(&self.store), self.corp, self.blob.clone());
        let part = i64::try_from(part).map_err(io::Error::other)?;
        let chunk = blocking(move || {
            store
                .read(|read| table::blob::get(read, corp, &blob, part))
                .map_err(io::Error::other)
        });
        Ok(chunk.await?.map(Bytes::from))
    }
}

/// Rows that are still being written. Dropped, they are removed.
pub(super) struct Unfinished {
    store: Arc<Store>,
    corp: i64,
    id: String,
    parts: i64,
    kept: bool,
}

impl Unfinished {
    pub(super) async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        // The last flush of a blob whose size is a multiple of a row's brings nothing.
        if bytes.is_empty() && self.parts > 0 {
            return Ok(());
        }
        let part = self.parts;
        self.parts += 1;
        change(&self.store, self.corp, &self.id, Step::Put { part, bytes }).await
    }

    pub(super) fn finish(mut self) -> String {
        self.kept = true;
        self.id.clone()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.kept || self.parts == 0 {
            return;
        }
        // Another writer may still be at a row of it: what comes after this is swept later.
        let job = Change {
            corp: self.corp,
            blob: self.id.clone(),
            step: Step::Delete,
            ended: None,
        };
        if self.store.write(Box::new(job)).is_err() {
            tracing::warn!("the rows of an unfinished upload stay behind until they are swept");
        }
    }
}

enum Step {
    Put { part: i64, bytes: Bytes },
    Delete,
}

struct Change {
    corp: i64,
    blob: String,
    step: Step,
    ended: Option<oneshot::Sender<End>>,
}

impl Job for Change {
    fn corp(&self) -> Option<i64> {
        Some(self.corp)
    }

    fn effect(&self) -> Effect {
        // Nobody else touches a blob while it is made or removed.
        Effect::Append
    }

    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> Result<Verdict> {
        match &self.step {
            Step::Put { part, bytes } => {
                table::blob::put(tx, self.corp, &self.blob, *part, ids.now_ms(), bytes)?;
            }
            Step::Delete => table::blob::delete(tx, self.corp, &self.blob)?,
        }
        Ok(Verdict::Keep)
    }

    fn after_undo(&mut self, _: &mut dyn Tx, _: &mut Ids) -> Result<()> {
        Ok(())
    }

    fn done(mut self: Box<Self>, end: End) {
        match (self.ended.take(), end) {
            // Whoever asked may have gone away.
            (Some(ended), end) => drop(ended.send(end)),
            (None, End::Committed) => {}
            (None, end) => tracing::warn!(?end, "the rows of an unfinished upload stay behind"),
        }
    }
}

async fn change(store: &Store, corp: i64, blob: &str, step: Step) -> io::Result<()> {
    let (ended, end) = oneshot::channel();
    let job = Change {
        corp,
        blob: blob.to_owned(),
        step,
        ended: Some(ended),
    };
    store
        .write(Box::new(job))
        .map_err(|_| io::Error::new(io::ErrorKind::ResourceBusy, "the store's queue is full"))?;
    let unknown = || io::Error::other("the store does not know the outcome");
    match tokio::time::timeout(PATIENCE, end).await {
        Ok(Ok(End::Committed)) => Ok(()),
        Ok(Ok(End::Failed(Error::Full))) => Err(io::ErrorKind::StorageFull.into()),
        Ok(Ok(End::Failed(error))) => Err(io::Error::other(error)),
        Ok(Ok(End::Unknown) | Err(_)) | Err(_) => Err(unknown()),
    }
}
