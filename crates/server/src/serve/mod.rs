//! What the server does itself: moving files, loading worlds, its clock.

mod callback;
pub(crate) mod clock;
mod join_way;
mod media;
mod world;

use std::{io, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::HeaderMap;
use qun_domain::Failure;
use qun_protocol::{Endpoint, Refusal as R};

pub(crate) use clock::OFFSET;
pub(crate) use join_way::join;
pub(crate) use media::picture;
pub(crate) use world::load;

use crate::{
    app::App,
    http::{Answer, Call, Runner},
};

/// What travels beside a request.
pub(crate) struct Beside {
    headers: HeaderMap,
    body: Option<Body>,
}

impl Beside {
    pub(crate) fn new(headers: HeaderMap, body: Option<Body>) -> Self {
        Beside { headers, body }
    }

    fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    fn bytes(&mut self) -> impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static {
        let body = self.body.take().unwrap_or_else(Body::empty);
        body.into_data_stream()
            .map(|chunk| chunk.map_err(io::Error::other))
    }
}

/// Runs what the server does itself.
pub(crate) enum Own {}

/// One thing that the server does itself.
pub(crate) trait Serve<E: Endpoint> {
    /// Does it.
    fn serve(
        call: Call<E>,
        beside: Beside,
    ) -> impl Future<Output = Result<Answer<E>, Failure>> + Send;
}

impl<E: Endpoint> Runner<E> for Own
where
    Own: Serve<E>,
{
    fn run(
        call: Call<E>,
        beside: Beside,
    ) -> impl Future<Output = Result<Answer<E>, Failure>> + Send {
        <Own as Serve<E>>::serve(call, beside)
    }
}

/// An error of the file system or the store, which the caller cannot help.
fn broken(app: &Arc<App>, error: &io::Error) -> Failure {
    let queue = app.store.stats().queue;
    tracing::error!(%error, queue, "a file could not be moved");
    R::SystemBusy.into()
}
