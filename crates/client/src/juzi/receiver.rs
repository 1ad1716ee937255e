use std::{
    convert::Infallible,
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use qun_protocol::room::{JOINED, LOADED, Synced};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tower::Service;

use crate::callback::{Fault, LIMIT, Memory, plain};

/// Something that Juzi tells of a room.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// 加入群事件: somebody has joined a room of a running account. All members come with it.
    Joined(Synced),
    /// 同步到群事件: an account has loaded a room.
    Loaded(Synced),
    /// Something else, whole.
    Other {
        /// The path that it was posted to.
        path: String,
        /// Its body.
        body: Value,
    },
}

impl Event {
    /// Reads what was posted to a path, of which only the end counts.
    ///
    /// ```
    /// use qun_client::juzi::Event;
    ///
    /// let body = br#"{"wxid": "R:888888", "topic": "VIP", "syncedTime": "1600000000123"}"#;
    /// let event = Event::read("/juzi/chatroom/joined", body)?;
    /// let room = event.room().unwrap();
    /// assert_eq!((&*room.wxid, room.synced_time), ("R:888888", 1_600_000_000_123));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Where the body is none of its event.
    pub fn read(path: &str, body: &[u8]) -> Result<Self, serde_json::Error> {
        let path = path.trim_end_matches('/');
        Ok(if path.ends_with(JOINED) {
            Event::Joined(serde_json::from_slice(body)?)
        } else if path.ends_with(LOADED) {
            Event::Loaded(serde_json::from_slice(body)?)
        } else {
            Event::Other {
                path: path.to_owned(),
                body: serde_json::from_slice(body)?,
            }
        })
    }

    /// The room, where it is an event of one.
    pub fn room(&self) -> Option<&Synced> {
        match self {
            Event::Joined(room) | Event::Loaded(room) => Some(room),
            Event::Other { .. } => None,
        }
    }
}

type Handling = Pin<Box<dyn Future<Output = Result<(), Fault>> + Send>>;
type Handler = dyn Fn(Event, Bytes) -> Handling + Send + Sync;

/// Receives what Juzi tells, as a `tower::Service`; put it at the callback URL and whatever is below. Cheap to clone; clones
/// share what they have seen.
///
/// Each event goes to the handler once, however often it is sent: Juzi tries five times more where no 200 comes. A failure is
/// answered with 500, so that it comes again. The handler goes on when Juzi hangs up. Nothing in a body says who sent it: let
/// the URL hold something that nobody guesses.
#[derive(Clone)]
pub struct Receiver {
    handler: Arc<Handler>,
    seen: Arc<Memory<()>>,
    limit: usize,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Receiver {
    /// Gives what comes to a handler.
    ///
    /// ```no_run
    /// use axum::Router;
    /// use qun_client::juzi::{Event, Receiver};
    ///
    /// # async fn example() -> std::io::Result<()> {
    /// let receiver = Receiver::new(async |event: Event| {
    ///     if let Event::Joined(room) = event {
    ///         println!("{} has {} members now", room.topic, room.members.len());
    ///     }
    ///     Ok::<_, std::io::Error>(())
    /// });
    /// let app: Router = Router::new().nest_service("/juzi/7c1e", receiver);
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:7801").await?;
    /// axum::serve(listener, app).await
    /// # }
    /// ```
    pub fn new<H, F, E>(handler: H) -> Self
    where
        H: Fn(Event) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Fault> + 'static,
    {
        Self::with_body(move |event, _| handler(event))
    }

    /// The same with the body as it came, for whoever passes it on: an event of a newer version may hold more than its type.
    pub fn with_body<H, F, E>(handler: H) -> Self
    where
        H: Fn(Event, Bytes) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Fault> + 'static,
    {
        let handler = move |event, body| -> Handling {
            let handling = handler(event, body);
            Box::pin(async move { handling.await.map_err(Into::into) })
        };
        Self {
            handler: Arc::new(handler),
            seen: Arc::default(),
            limit: LIMIT,
        }
    }

    /// Reads at most so many bytes of a POST instead of [`LIMIT`]; what is longer gets 413.
    pub fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    async fn answer<B>(self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body,
        B::Error: Into<Fault>,
    {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "POST");
            let allowed = header::HeaderValue::from_static("POST");
            response.headers_mut().insert(header::ALLOW, allowed);
            return response;
        }
        let body = match Limited::new(body, self.limit).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return plain(StatusCode::PAYLOAD_TOO_LARGE, "too long");
            }
            Err(_) => return plain(StatusCode::BAD_REQUEST, "the body ends too early"),
        };
        let path = head.uri.path();
        let event = match Event::read(path, &body) {
            Ok(event) => event,
            Err(error) => return plain(StatusCode::BAD_REQUEST, error.to_string()),
        };
        let mut digest = Sha256::new();
        digest.update(path.as_bytes());
        digest.update([0]);
        digest.update(&body);
        let once = self.seen.of(digest.finalize().into());
        let handling = tokio::spawn(async move {
            let handled = once.get_or_try_init(|| (self.handler)(event, body)).await;
            handled.copied()
        });
        let failed = |why: &dyn fmt::Display| {
            tracing::warn!(target: "qun::callback", "not handled, it will come again: {why}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "not handled")
        };
        match handling.await {
            Ok(Ok(())) => plain(StatusCode::OK, "success"),
            Ok(Err(fault)) => failed(&fault),
            Err(ended) => failed(&ended),
        }
    }
}

impl<B> Service<Request<B>> for Receiver
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Fault>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let receiver = self.clone();
        Box::pin(async move { Ok(receiver.answer(request).await) })
    }
}
