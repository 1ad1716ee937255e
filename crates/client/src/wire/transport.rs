//! What carries requests: a small trait, so that tests, proxies of another kind and other HTTP libraries can plug in.

use std::{fmt, io};

use bytes::{Bytes, BytesMut};
use futures_util::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use http::{Request, Response};

/// Carries one request and brings its answer. Redirects must not be followed: the URL holds a token.
///
/// ```
/// use futures_util::future::BoxFuture;
/// use qun_client::{Body, Client, NoAnswer, Transport};
///
/// struct Canned;
///
/// impl Transport for Canned {
///     fn send(&self, request: http::Request<Body>) -> BoxFuture<'_, Result<http::Response<Body>, NoAnswer>> {
///         let answer = if request.uri().path() == "/cgi-bin/gettoken" {
///             r#"{"errcode":0,"errmsg":"ok","access_token":"t","expires_in":7200}"#
///         } else {
///             r#"{"errcode":0,"errmsg":"ok","chatid":"launch"}"#
///         };
///         Box::pin(async move { Ok(http::Response::new(Body::from(answer))) })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), qun_client::Error> {
/// use qun_client::Create;
///
/// let wecom = Client::builder("ww1", "secret").transport(Canned).build()?;
/// let made = wecom.chat().create(Create::new(["zhangsan", "lisi"])).await?;
/// assert_eq!(&*made, "launch");
/// # Ok(())
/// # }
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Sends the request and waits for the head of its answer.
    fn send(&self, request: Request<Body>) -> BoxFuture<'_, Result<Response<Body>, NoAnswer>>;
}

/// Why a transport brings no answer.
///
/// ```
/// let refused = qun_client::NoAnswer::not_sent("connection refused");
/// assert_eq!(refused.to_string(), "connection refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct NoAnswer {
    pub(crate) sent: bool,
    pub(crate) detail: String,
}

impl NoAnswer {
    /// Not a byte of the request left, as where the connection was refused. It is tried again.
    ///
    /// ```
    /// let refused = qun_client::NoAnswer::not_sent("connection refused");
    /// ```
    pub fn not_sent(detail: impl Into<String>) -> Self {
        Self {
            sent: false,
            detail: detail.into(),
        }
    }

    /// The request may have arrived. It is not sent again.
    ///
    /// ```
    /// let lost = qun_client::NoAnswer::lost("connection reset");
    /// ```
    pub fn lost(detail: impl Into<String>) -> Self {
        Self {
            sent: true,
            detail: detail.into(),
        }
    }
}

/// The body of a request or of an answer: bytes, or a stream of them.
///
/// ```
/// assert_eq!(qun_client::Body::from("hello").length(), Some(5));
/// ```
pub struct Body(Content);

enum Content {
    Whole(Bytes),
    Stream {
        length: Option<u64>,
        chunks: BoxStream<'static, io::Result<Bytes>>,
    },
}

impl Body {
    /// A body that comes piece by piece; its length where that is known.
    ///
    /// ```
    /// use futures_util::stream;
    /// let body = qun_client::Body::stream(Some(4), stream::iter([Ok("ab".into()), Ok("cd".into())]));
    /// ```
    pub fn stream(
        length: Option<u64>,
        chunks: impl futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> Self {
        Self(Content::Stream {
            length,
            chunks: chunks.boxed(),
        })
    }

    /// How many bytes it has, where that is known.
    ///
    /// ```
    /// assert_eq!(qun_client::Body::from("hello").length(), Some(5));
    /// ```
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Content::Whole(bytes) => Some(bytes.len() as u64),
            Content::Stream { length, .. } => *length,
        }
    }

    /// Its bytes, piece by piece.
    ///
    /// ```
    /// let chunks = qun_client::Body::from("hello").into_stream();
    /// ```
    pub fn into_stream(self) -> BoxStream<'static, io::Result<Bytes>> {
        match self.0 {
            Content::Whole(bytes) if bytes.is_empty() => stream::empty().boxed(),
            Content::Whole(bytes) => stream::once(async { Ok(bytes) }).boxed(),
            Content::Stream { chunks, .. } => chunks,
        }
    }

    /// All its bytes, or the bytes themselves where they are at hand.
    ///
    /// # Errors
    /// Where the stream breaks off, or where there are more than `limit` bytes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let bytes = qun_client::Body::from("hello").collect(1024).await?;
    /// assert_eq!(bytes, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn collect(self, limit: usize) -> io::Result<Bytes> {
        let over = || io::Error::other(format!("there are more than {limit} bytes"));
        let mut chunks = match self.0 {
            Content::Whole(bytes) if bytes.len() <= limit => return Ok(bytes),
            Content::Whole(_) => return Err(over()),
            Content::Stream { chunks, .. } => chunks,
        };
        let mut all = BytesMut::new();
        while let Some(chunk) = chunks.try_next().await? {
            if chunk.len() > limit - all.len() {
                return Err(over());
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// The bytes, where they are at hand; else the body as it was.
    pub(crate) fn whole(self) -> Result<Bytes, Self> {
        match self.0 {
            Content::Whole(bytes) => Ok(bytes),
            stream => Err(Self(stream)),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("length", &self.length())
            .finish_non_exhaustive()
    }
}

impl<B: Into<Bytes>> From<B> for Body {
    fn from(bytes: B) -> Self {
        Self(Content::Whole(bytes.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_collected_up_to_its_limit() {
        let chunks = || Body::stream(None, stream::iter([Ok("ab".into()), Ok("cd".into())]));
        for body in [chunks, || Body::from("abcd")] {
            assert_eq!(body().collect(4).await.unwrap(), "abcd");
            assert!(body().collect(3).await.is_err());
        }
    }
}
