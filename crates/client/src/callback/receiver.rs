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
use qun_protocol::event::PassiveReply;
use tower::Service;

use super::{Callback, Delivery, Error, LIMIT, Seen};

/// Why a delivery could not be handled, in whatever form the handler has it.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

type Handling = Pin<Box<dyn Future<Output = Result<Option<PassiveReply>, Fault>> + Send>>;
type Handler = dyn Fn(Delivery) -> Handling + Send + Sync;

/// Receives callbacks as a `tower::Service`, for axum's `route_service` and others. Cheap to clone; clones share what they
/// have seen.
///
/// A GET verifies the URL. A POST is checked, opened and given to the handler, once however often it is sent (see [`Seen`]);
/// what the handler answers is encrypted, `None` is answered with `success`, and a failure with 500 so that the server sends
/// it again. The handler goes on when the server hangs up, which it does after 5 seconds. What is not signed well gets 403,
/// what else cannot be read 400, and the handler does not hear of it.
#[derive(Clone)]
pub struct Receiver {
    callback: Callback,
    handler: Arc<Handler>,
    seen: Arc<Seen>,
    limit: usize,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("callback", &self.callback)
            .field("seen", &self.seen)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl Receiver {
    /// Gives what comes to a handler.
    ///
    /// ```
    /// use qun_client::callback::{Callback, Delivery, Receiver};
    ///
    /// let callback = Callback::new("token", "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws", "ww0123456789abcdef")?;
    /// let receiver = Receiver::new(callback, async |delivery: Delivery| {
    ///     println!("{} from {}", delivery.received.what.name(), delivery.received.from_user_name);
    ///     Ok::<_, std::io::Error>(None)
    /// });
    /// # Ok::<(), qun_client::callback::Error>(())
    /// ```
    pub fn new<H, F, E>(callback: Callback, handler: H) -> Self
    where
        H: Fn(Delivery) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Option<PassiveReply>, E>> + Send + 'static,
        E: Into<Fault> + 'static,
    {
        let handler = move |delivery| -> Handling {
            let handling = handler(delivery);
            Box::pin(async move { handling.await.map_err(Into::into) })
        };
        Self {
            callback,
            handler: Arc::new(handler),
            seen: Arc::default(),
            limit: LIMIT,
        }
    }

    /// Remembers in this; for instance more than the 4096 of the default.
    pub fn seen(mut self, seen: Seen) -> Self {
        self.seen = Arc::new(seen);
        self
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
        let query = head.uri.query().unwrap_or_default();
        if head.method == Method::GET {
            return match self.callback.verify_url(query) {
                Ok(message) => plain(StatusCode::OK, message),
                Err(error) => refused(&error),
            };
        }
        if head.method != Method::POST {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET or POST");
            let allowed = header::HeaderValue::from_static("GET, POST");
            response.headers_mut().insert(header::ALLOW, allowed);
            return response;
        }
        let body = match Limited::new(body, self.limit).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return refused(&Error::TooLong(self.limit));
            }
            Err(_) => return plain(StatusCode::BAD_REQUEST, "the body ends too early"),
        };
        match self.callback.open(query, &body) {
            Ok(delivery) => self.handle(delivery).await,
            Err(error) => refused(&error),
        }
    }

    async fn handle(self, delivery: Delivery) -> Response<Full<Bytes>> {
        let Self {
            callback,
            handler,
            seen,
            ..
        } = self;
        let opened = delivery.clone();
        let handling = tokio::spawn(async move {
            let received = delivery.received.clone();
            seen.once(&received, || handler(delivery)).await
        });
        let failed = |why: &dyn fmt::Display| {
            tracing::warn!(target: "qun::callback", "not handled, it will come again: {why}");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "not handled")
        };
        match handling.await {
            Ok(Ok(None)) => plain(StatusCode::OK, "success"),
            Ok(Ok(Some(reply))) => match callback.reply(&opened, reply) {
                Ok(body) => {
                    let mut response = plain(StatusCode::OK, body);
                    let xml = header::HeaderValue::from_static("application/xml; charset=utf-8");
                    response.headers_mut().insert(header::CONTENT_TYPE, xml);
                    response
                }
                Err(error) => failed(&error),
            },
            Ok(Err(fault)) => failed(&fault),
            Err(ended) => failed(&ended),
        }
    }
}

fn refused(error: &Error) -> Response<Full<Bytes>> {
    let status = match error {
        Error::Crypt(qun_crypt::Error::Signature) => StatusCode::FORBIDDEN,
        Error::TooLong(_) => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    tracing::warn!(target: "qun::callback", "refused with {status}: {error}");
    plain(status, error.to_string())
}

pub(crate) fn plain(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let text = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
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
