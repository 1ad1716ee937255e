//! The body on its way to the multipart reader, which takes all it can get: here it gets a little at a time.

use std::{
    cmp,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

/// Bytes given at a time.
const PIECE: usize = 16 * 1024;
/// Bytes given within one step of the reader: a part's headers, or what precedes the first part.
const STEP: usize = 64 * 1024;
/// Bytes among which the first line must end.
const LINE: usize = 1024;

/// Why a body ends early.
#[derive(Debug, thiserror::Error)]
pub(super) enum Stopped {
    /// The connection failed.
    #[error("the transfer broke off")]
    Transfer,
    /// A step that finds no end.
    #[error("no part begins or ends where one should")]
    Endless,
}

/// A body whose beginning can be looked at.
pub(super) struct Head<S> {
    seen: BytesMut,
    body: S,
    broken: bool,
}

impl<S, E> Head<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub(super) fn new(body: S) -> Self {
        Self {
            seen: BytesMut::new(),
            body,
            broken: false,
        }
    }

    /// The body's beginning with at least its first line that is not empty, unless the body ends or the line does not.
    pub(super) async fn first_line(&mut self) -> &[u8] {
        while !self.has_line() && self.seen.len() < LINE {
            match self.body.next().await {
                Some(Ok(bytes)) => self.seen.extend_from_slice(&bytes),
                Some(Err(_)) => {
                    self.broken = true;
                    break;
                }
                None => break,
            }
        }
        &self.seen
    }

    fn has_line(&self) -> bool {
        self.seen.trim_ascii_start().contains(&b'\n')
    }
}

/// How much the reader may still be given in this step.
#[derive(Clone, Default)]
pub(super) struct Meter(Arc<AtomicUsize>);

impl Meter {
    /// Begins a step.
    pub(super) fn reset(&self) {
        self.0.store(STEP, Relaxed);
    }
}

/// A body in small pieces with a pause after each.
pub(super) struct Feed<S> {
    rest: Bytes,
    body: S,
    broken: bool,
    meter: Meter,
    pause: bool,
}

impl<S> Feed<S> {
    pub(super) fn new(head: Head<S>, meter: Meter) -> Self {
        Self {
            rest: head.seen.freeze(),
            body: head.body,
            broken: head.broken,
            meter,
            pause: false,
        }
    }
}

impl<S, E> Stream for Feed<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<Bytes, Stopped>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let feed = self.get_mut();
        if std::mem::take(&mut feed.pause) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        while feed.rest.is_empty() {
            if feed.broken {
                return Poll::Ready(Some(Err(Stopped::Transfer)));
            }
            match ready!(feed.body.poll_next_unpin(cx)) {
                Some(Ok(bytes)) => feed.rest = bytes,
                Some(Err(_)) => feed.broken = true,
                None => return Poll::Ready(None),
            }
        }
        let left = feed.meter.0.load(Relaxed);
        if left == 0 {
            return Poll::Ready(Some(Err(Stopped::Endless)));
        }
        let piece = feed.rest.split_to(cmp::min(PIECE, feed.rest.len()));
        feed.meter
            .0
            .store(left.saturating_sub(piece.len()), Relaxed);
        feed.pause = true;
        Poll::Ready(Some(Ok(piece)))
    }
}
