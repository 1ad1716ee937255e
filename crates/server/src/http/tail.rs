//! What is left of a request once its answer is known. Many clients write their whole request before they look for an
//! answer: were the connection closed under them, they would see a broken pipe instead of the refusal.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    middleware::Next,
    response::Response,
};
use futures_util::StreamExt;
use http::header;
use hyper::body::{Frame, SizeHint};

/// At most so much is read for nothing, bytes: more than a file has in any rulebook.
const MOST: usize = 64 * 1024 * 1024;
/// And for so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Answers a request, after reading what its handler has left of the body. Who asked whether to send it at all
/// (`Expect: 100-continue`) is answered at once.
pub(super) async fn read_on(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let asked = request.headers().contains_key(header::EXPECT);
    let left = Left::default();
    let request = request.map(|body| {
        Body::new(Watched {
            body,
            begun: false,
            ended: false,
            left: left.clone(),
        })
    });
    let response = next.run(request).await;
    let rest = left.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some((body, begun)) = rest
        && (begun || !asked)
    {
        let _ = tokio::time::timeout(PATIENCE, discard(body)).await;
    }
    response
}

async fn discard(body: Body) {
    let mut stream = body.into_data_stream();
    let mut read = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        read += chunk.len();
        if read > MOST {
            return;
        }
    }
}

/// A body that was given up before its end, and whether it had been begun.
type Left = Arc<Mutex<Option<(Body, bool)>>>;

/// A body that is put aside when it is given up.
struct Watched {
    body: Body,
    begun: bool,
    ended: bool,
    left: Left,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let watched = self.get_mut();
        watched.begun = true;
        let polled = Pin::new(&mut watched.body).poll_frame(cx);
        watched.ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            let body = std::mem::take(&mut self.body);
            *self.left.lock().unwrap_or_else(PoisonError::into_inner) = Some((body, self.begun));
        }
    }
}
