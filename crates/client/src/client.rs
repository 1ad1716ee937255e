use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use qun_protocol::{
    Auth, Body, CorpId, Endpoint, MediaId, Meta, endpoint::AccessToken, gettoken, media,
};
use serde_json::{Map, Value};

use crate::{
    Error, Manager, answer,
    request::{self, Attached},
    token::{Handed, Tokens},
    transport::{Answer, JSON_LIMIT, Transport},
};

/// The cloud's base URL.
pub const CLOUD: &str = "https://qyapi.weixin.qq.com";

/// How long a call may take where nothing else is said.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// How many bytes of a file are read.
const FILE_LIMIT: usize = 64 * 1024 * 1024;

/// The settings of a [`Client`].
#[must_use]
pub struct Builder {
    corpid: CorpId,
    secret: String,
    base_url: Option<String>,
    timeout: Duration,
    manage_token: Option<Arc<str>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("corpid", &self.corpid)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Where the API is. Left out, the variable `QUN_URL` says it, and without that it is [`CLOUD`].
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// How long one exchange may take, from connecting to the answer's last byte; 30 seconds where left out.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The manage token of a qun server, for [`Client::manage`].
    pub fn manage_token(mut self, token: impl AsRef<str>) -> Self {
        self.manage_token = Some(token.as_ref().into());
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the base URL is none.
    pub fn build(self) -> Result<Client, Error> {
        let from_environment = || std::env::var("QUN_URL").ok().filter(|url| !url.is_empty());
        let base_url = self
            .base_url
            .or_else(from_environment)
            .unwrap_or_else(|| CLOUD.to_owned());
        let transport = Arc::new(Transport::new(&base_url, self.timeout)?);
        let app = Arc::new(App {
            corpid: self.corpid,
            secret: self.secret,
        });
        let (way, who) = (Arc::clone(&transport), Arc::clone(&app));
        let tokens = Tokens::new(Box::new(move || {
            let (transport, app) = (Arc::clone(&way), Arc::clone(&who));
            Box::pin(async move { app.token(&transport).await })
        }));
        Ok(Client(Arc::new(Inner {
            transport,
            app,
            tokens,
            manage_token: self.manage_token,
        })))
    }
}

/// Speaks for one app of one company. Cheap to clone; clones share the app's token.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    transport: Arc<Transport>,
    app: Arc<App>,
    tokens: Arc<Tokens>,
    manage_token: Option<Arc<str>>,
}

struct App {
    corpid: CorpId,
    secret: String,
}

impl App {
    async fn token(&self, transport: &Transport) -> Result<gettoken::Token, Error> {
        let meta = &gettoken::GetToken::META;
        let asked = gettoken::GetToken {
            corpid: Some(self.corpid.clone()),
            corpsecret: Some(self.secret.clone()),
        };
        let request = request::http_request(&transport.base_url, &asked, None)?;
        let result = async {
            let answer = transport
                .exchange(meta, request, Duration::ZERO, JSON_LIMIT)
                .await?;
            let token: gettoken::Token = answer::typed(meta, answer::read(meta, &answer)?)?;
            if token.access_token.is_empty() {
                return Err(answer::undecodable(meta, &answer));
            }
            Ok(token)
        };
        result
            .await
            .map_err(|error| error.scrubbed(&[&self.secret]))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.0.transport.base_url)
            .field("corpid", &self.0.app.corpid)
            .finish_non_exhaustive()
    }
}

/// A file that was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Download {
    /// The file's name, empty where the server gave none. It is as untrusted as any answer: not a path.
    pub filename: String,
    /// Its MIME type, empty where the server gave none.
    pub content_type: String,
    /// Its content.
    pub bytes: Bytes,
}

impl Client {
    /// A client for the app with this secret.
    pub fn builder(corpid: impl Into<CorpId>, secret: impl Into<String>) -> Builder {
        Builder {
            corpid: corpid.into(),
            secret: secret.into(),
            base_url: None,
            timeout: TIMEOUT,
            manage_token: None,
        }
    }

    /// The same server's own API.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the client was built without a manage token.
    pub fn manage(&self) -> Result<Manager, Error> {
        match &self.0.manage_token {
            Some(token) => Ok(Manager::over(
                Arc::clone(&self.0.transport),
                Arc::clone(token),
            )),
            None => Err(Error::invalid(
                "the client was built without a manage token",
            )),
        }
    }

    /// Sends a request with the app's token. A token that is refused as unknown or expired is renewed once, and the
    /// request sent once more; nothing else that may have been taken is sent again.
    ///
    /// # Errors
    /// Every kind but [`Error::Problem`].
    pub async fn send<E: Endpoint<Auth = AccessToken>>(
        &self,
        request: E,
    ) -> Result<E::Response, Error> {
        let answer = self.call(&E::META, request::fields(&request)?).await?;
        answer::typed(&E::META, answer).map_err(|error| self.clean(error, None))
    }

    /// Sends a request whose type is known only at run time, and brings the answer as it came, `errcode` and all.
    ///
    /// # Errors
    /// As [`Client::send`]; [`Error::Invalid`] where the endpoint is none of an app's, or moves a file.
    pub async fn call(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Value, Error> {
        if meta.file {
            return Err(Error::invalid(format!("{} answers with a file", meta.path)));
        }
        let (_, value) = self.exchange(meta, fields, None, JSON_LIMIT).await?;
        value.ok_or_else(|| Error::invalid(format!("{} answered with a file", meta.path)))
    }

    /// Uploads a file; its name goes as raw UTF-8, with quotes, backslashes and line ends replaced.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn upload<E: Endpoint<Auth = AccessToken>>(
        &self,
        request: E,
        filename: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Result<E::Response, Error> {
        let fields = request::fields(&request)?;
        let answer = self
            .call_upload(&E::META, fields, filename, bytes.as_ref())
            .await?;
        answer::typed(&E::META, answer).map_err(|error| self.clean(error, None))
    }

    /// Uploads a file to an endpoint whose type is known only at run time, and brings the answer as it came.
    ///
    /// # Errors
    /// As [`Client::send`]; [`Error::Invalid`] where the endpoint takes no file.
    pub async fn call_upload(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        filename: &str,
        content: &[u8],
    ) -> Result<Value, Error> {
        if meta.body != Body::Upload {
            return Err(Error::invalid(format!("{} takes no file", meta.path)));
        }
        let file = Attached { filename, content };
        let (_, value) = self.exchange(meta, fields, Some(file), JSON_LIMIT).await?;
        value.ok_or_else(|| Error::invalid(format!("{} answered with a file", meta.path)))
    }

    /// Downloads an uploaded file of at most 64 MiB.
    ///
    /// # Errors
    /// As [`Client::send`]; a longer file is [`Error::Transport`].
    pub async fn download(&self, media_id: impl Into<MediaId>) -> Result<Download, Error> {
        let request = media::Get {
            media_id: Some(media_id.into()),
        };
        self.call_download(&media::Get::META, request::fields(&request)?)
            .await
    }

    /// Downloads from an endpoint whose type is known only at run time.
    ///
    /// # Errors
    /// As [`Client::download`]; [`Error::Invalid`] where the endpoint gives no file.
    pub async fn call_download(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Download, Error> {
        if !meta.file {
            return Err(Error::invalid(format!("{} gives no file", meta.path)));
        }
        let (answer, value) = self.exchange(meta, fields, None, FILE_LIMIT).await?;
        if value.is_some() {
            return Err(self.clean(answer::undecodable(meta, &answer), None));
        }
        Ok(Download {
            filename: filename(&answer.headers),
            content_type: header_text(&answer.headers, header::CONTENT_TYPE),
            bytes: answer.body,
        })
    }

    /// Sends, and once more with a fresh token where the token was refused. The value is absent where a file came.
    async fn exchange(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        attached: Option<Attached<'_>>,
        limit: usize,
    ) -> Result<(Answer, Option<Value>), Error> {
        match meta.auth {
            Auth::Manage => Err(Error::invalid(format!(
                "{} takes the manage token",
                meta.path
            ))),
            Auth::Open => self.once(meta, fields, None, attached, limit).await,
            Auth::AccessToken => {
                let token = self.0.tokens.get().await?;
                let first = self
                    .once(meta, fields.clone(), Some(&token), attached, limit)
                    .await;
                match first {
                    Err(error) if matches!(error.code(), Some(40014 | 42001)) => {
                        let fresh = self.0.tokens.after(&token).await?;
                        self.once(meta, fields, Some(&fresh), attached, limit).await
                    }
                    result => result,
                }
            }
        }
    }

    async fn once(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        token: Option<&Handed>,
        attached: Option<Attached<'_>>,
        limit: usize,
    ) -> Result<(Answer, Option<Value>), Error> {
        let transport = &self.0.transport;
        let value = token.map(|token| &*token.value);
        let result = async {
            let request = request::build(&transport.base_url, meta, fields, value, attached)?;
            let answer = transport
                .exchange(meta, request, Duration::ZERO, limit)
                .await?;
            if meta.file && is_file(&answer) {
                return Ok((answer, None));
            }
            let read = answer::read(meta, &answer)?;
            Ok((answer, Some(read)))
        };
        result.await.map_err(|error| self.clean(error, value))
    }

    fn clean(&self, error: Error, token: Option<&str>) -> Error {
        let last = self.0.tokens.last();
        let secrets = [
            self.0.app.secret.as_str(),
            token.unwrap_or_default(),
            last.as_deref().unwrap_or_default(),
        ];
        error.scrubbed(&secrets)
    }
}

/// Refusals come as JSON with HTTP 200 too; a file that is JSON has a name.
fn is_file(answer: &Answer) -> bool {
    let kind = header_text(&answer.headers, header::CONTENT_TYPE);
    (200..300).contains(&answer.status)
        && (answer.headers.contains_key(header::CONTENT_DISPOSITION)
            || !(kind.contains("json") || kind.starts_with("text/")))
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> String {
    match headers.get(name) {
        Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        None => String::new(),
    }
}

/// The name in `Content-Disposition`: `filename*` where it is there, otherwise `filename`, quoted or not.
fn filename(headers: &HeaderMap) -> String {
    let text = header_text(headers, header::CONTENT_DISPOSITION);
    let lower = text.to_ascii_lowercase();
    if let Some(at) = lower.find("filename*=utf-8''") {
        let encoded = &text[at + "filename*=utf-8''".len()..];
        let end = encoded.find(';').unwrap_or(encoded.len());
        return percent_decode_str(encoded[..end].trim())
            .decode_utf8_lossy()
            .into_owned();
    }
    let Some(at) = lower.find("filename=") else {
        return String::new();
    };
    let rest = &text[at + "filename=".len()..];
    let Some(quoted) = rest.strip_prefix('"') else {
        let end = rest.find(';').unwrap_or(rest.len());
        return rest[..end].trim().to_owned();
    };
    let mut name = String::new();
    let mut characters = quoted.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => break,
            '\\' => name.extend(characters.next()),
            c => name.push(c),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_read_however_they_are_written() {
        for (value, name) in [
            ("attachment; filename=\"周报.txt\"", "周报.txt"),
            ("attachment; filename=\"a\\\"b;c.txt\"; x=1", "a\"b;c.txt"),
            ("attachment; FileName=plain.txt; x=1", "plain.txt"),
            (
                "attachment; filename=\"x\"; filename*=UTF-8''%E5%91%A8.txt",
                "周.txt",
            ),
            ("attachment", ""),
            ("attachment; filename=\"open", "open"),
        ] {
            let mut headers = HeaderMap::new();
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.insert(header::CONTENT_DISPOSITION, value);
            assert_eq!(filename(&headers), name);
        }
    }
}
