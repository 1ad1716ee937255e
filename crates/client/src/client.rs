use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use qun_protocol::{
    Auth, Body, ChatId, CorpId, Endpoint, MediaId, Meta, Rules, appchat, endpoint::AccessToken,
    gettoken, media,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    Attachment, Builder, Chat, Error, Incoming, Manager, Media, Pacing,
    media::{broken, is_file},
    pace::Booking,
    token::{Handed, Tokens},
    wire::{Answer, Opened, Wire, answer, multipart::Form, pause, request},
};

/// How many bytes of a file are read into memory.
const FILE_LIMIT: usize = 64 * 1024 * 1024;

/// Speaks for one app of one company. Cheap to clone; clones share the app's token, connections and pacing.
///
/// ```no_run
/// use qun_client::{Client, Text};
///
/// # async fn example() -> Result<(), qun_client::Error> {
/// let wecom = Client::builder("ww0123456789abcdef", "the app's secret").build()?;
/// wecom.chat().send("launch", Text::new("大家好")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub wire: Arc<Wire>,
    pub app: Arc<App>,
    pub tokens: Arc<Tokens>,
    pub pacing: Pacing,
    pub rules: Rules,
    pub manage_token: Option<Arc<str>>,
}

pub(crate) struct App {
    pub corpid: CorpId,
    pub secret: String,
    pub agentid: Option<i64>,
}

impl App {
    pub(crate) async fn token(&self, wire: &Wire) -> Result<gettoken::Token, Error> {
        let meta = &gettoken::GetToken::META;
        let asked = gettoken::GetToken {
            corpid: Some(self.corpid.clone()),
            corpsecret: Some(self.secret.clone()),
        };
        let request = request::http_request(&wire.base_url, &asked, None)?;
        let mut tried = 0;
        loop {
            let result = async {
                let answer = wire.exchange(meta, &request, Duration::ZERO).await?;
                let token: gettoken::Token = answer::typed(meta, answer::read(meta, &answer)?)?;
                if token.access_token.is_empty() {
                    return Err(answer::undecodable(meta, &answer));
                }
                Ok(token)
            };
            match result.await {
                Err(error) if error.code() == Some(-1) && tried < wire.repeats => {
                    pause(tried).await;
                    tried += 1;
                }
                result => return result.map_err(|error| error.scrubbed(&[&self.secret])),
            }
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.0.wire.base_url)
            .field("corpid", &self.0.app.corpid)
            .field("agentid", &self.0.app.agentid)
            .finish_non_exhaustive()
    }
}

/// A file that was downloaded into memory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Download {
    /// The file's name, empty where the server gave none. It is as untrusted as any answer: not a path.
    pub filename: String,
    /// Its MIME type, empty where the server gave none.
    pub content_type: String,
    /// Its content.
    pub bytes: Bytes,
}

/// What came back.
enum Reply {
    Json(Value),
    File(Opened),
}

impl Client {
    /// A client for the app with this secret.
    pub fn builder(corpid: impl Into<CorpId>, secret: impl Into<String>) -> Builder {
        Builder::new(corpid.into(), secret.into())
    }

    /// Internal groups, in document 000's words.
    pub fn chat(&self) -> Chat {
        Chat(self.clone())
    }

    /// The files that messages refer to.
    pub fn media(&self) -> Media {
        Media(self.clone())
    }

    /// The company that the client speaks for.
    pub fn corpid(&self) -> &CorpId {
        &self.0.app.corpid
    }

    /// The app's agentid, where the builder was told it.
    pub fn agentid(&self) -> Option<i64> {
        self.0.app.agentid
    }

    /// Where the API is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.0.wire.base_url
    }

    /// The numbers by which it checks and paces.
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(crate) fn pacing(&self) -> &Pacing {
        &self.0.pacing
    }

    /// The same server's own API.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the client was built without a manage token.
    ///
    /// ```
    /// # use qun_client::Client;
    /// # fn main() -> Result<(), qun_client::Error> {
    /// let builder = Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800");
    /// let manager = builder.manage_token("the manage token").build()?.manage()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn manage(&self) -> Result<Manager, Error> {
        match &self.0.manage_token {
            Some(token) => Ok(Manager::over(Arc::clone(&self.0.wire), Arc::clone(token))),
            None => Err(Error::invalid(
                "the client was built without a manage token",
            )),
        }
    }

    /// Sends a request with the app's token; the request's type is the call. It is sent as it is: nothing is checked. A token
    /// that is refused as unknown or expired is renewed once, and the request sent once more. Where the server was not reached
    /// or was busy (-1) it is tried again, a few times with growing pauses. Nothing else that may have been taken is sent again.
    ///
    /// # Errors
    /// Every kind but [`Error::Problem`].
    ///
    /// ```no_run
    /// use qun_client::{Client, protocol::appchat};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let request = appchat::Get { chatid: Some("launch".into()) };
    /// let group = wecom.send(request).await?.chat_info;
    /// # Ok(())
    /// # }
    /// ```
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
    ///
    /// ```no_run
    /// use qun_client::{Client, protocol::{Endpoint, appchat}};
    /// use serde_json::{Map, json};
    ///
    /// # async fn example(wecom: &Client) -> Result<(), qun_client::Error> {
    /// let fields = Map::from_iter([("chatid".to_owned(), json!("launch"))]);
    /// let answer = wecom.call(&appchat::Get::META, fields).await?;
    /// println!("{}", answer["chat_info"]["name"]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Value, Error> {
        if meta.file {
            return Err(Error::invalid(format!("{} answers with a file", meta.path)));
        }
        self.json(meta, fields, None).await
    }

    /// Uploads a file; its name goes as raw UTF-8, with quotes, backslashes and line ends replaced. Nothing is checked;
    /// [`Client::media`] does that.
    ///
    /// # Errors
    /// As [`Client::send`].
    pub async fn upload<E: Endpoint<Auth = AccessToken>>(
        &self,
        request: E,
        filename: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Result<E::Response, Error> {
        let bytes = Bytes::copy_from_slice(bytes.as_ref());
        self.attach(request, Attachment::bytes(filename, bytes))
            .await
    }

    pub(crate) async fn attach<E: Endpoint<Auth = AccessToken>>(
        &self,
        request: E,
        file: Attachment,
    ) -> Result<E::Response, Error> {
        let fields = request::fields(&request)?;
        let answer = self.json(&E::META, fields, Some(&file)).await?;
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
        let file = Attachment::bytes(filename, Bytes::copy_from_slice(content));
        self.json(meta, fields, Some(&file)).await
    }

    /// Downloads an uploaded file of at most 64 MiB into memory; [`Media::get`] brings it as a stream.
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
        let file = self.incoming(meta, fields).await?;
        Ok(Download {
            filename: file.filename().to_owned(),
            content_type: file.content_type().to_owned(),
            bytes: file.bytes(FILE_LIMIT).await?,
        })
    }

    pub(crate) async fn incoming(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Incoming, Error> {
        if !meta.file {
            return Err(Error::invalid(format!("{} gives no file", meta.path)));
        }
        match self.exchange(meta, fields, None).await? {
            Reply::File(opened) => {
                let this = self.clone();
                Ok(Incoming::new(opened, move |detail| {
                    this.clean(broken(detail), None)
                }))
            }
            Reply::Json(value) => {
                let answer = Answer {
                    status: 200,
                    body: value.to_string().into(),
                };
                Err(self.clean(answer::undecodable(meta, &answer), None))
            }
        }
    }

    async fn json(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        file: Option<&Attachment>,
    ) -> Result<Value, Error> {
        match self.exchange(meta, fields, file).await? {
            Reply::Json(value) => Ok(value),
            Reply::File(_) => Err(Error::invalid(format!(
                "{} answered with a file",
                meta.path
            ))),
        }
    }

    /// Sends, and again where that is certainly not twice.
    async fn exchange(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        file: Option<&Attachment>,
    ) -> Result<Reply, Error> {
        if meta.auth == Auth::Manage {
            let message = format!("{} takes the manage token", meta.path);
            return Err(Error::invalid(message));
        }
        if file.is_some() && meta.body != Body::Upload {
            return Err(Error::invalid(format!("{} takes no file", meta.path)));
        }
        let form = match file {
            Some(file) => Some(Form::new(file, file.size().await?)),
            None => None,
        };
        let mut room = self.room(meta, &fields).await?;
        let again = form.as_ref().is_none_or(Form::again);
        let (mut fresh, mut renewed, mut busy) = (None, false, 0);
        let result = loop {
            let token = match (meta.auth, fresh.take()) {
                (Auth::AccessToken, None) => Some(self.0.tokens.get().await?),
                (_, fresh) => fresh,
            };
            room.used();
            let result = self
                .once(meta, fields.clone(), token.as_ref(), form.as_ref())
                .await;
            let code = result.as_ref().err().and_then(Error::code);
            match (code, &token) {
                (Some(40014 | 42001), Some(refused)) if !renewed => {
                    renewed = true;
                    // A new token is there for the next call in any case.
                    fresh = Some(self.0.tokens.after(refused).await?);
                    if again {
                        tracing::debug!(
                            path = meta.path,
                            "the token was refused, trying a new one"
                        );
                        continue;
                    }
                }
                (Some(-1), _) if again && busy < self.0.wire.repeats => {
                    pause(busy).await;
                    busy += 1;
                    fresh = token;
                    continue;
                }
                _ => {}
            }
            break result;
        };
        self.learn(meta, &fields, &result, &mut room);
        result
    }

    async fn once(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        token: Option<&Handed>,
        form: Option<&Form<'_>>,
    ) -> Result<Reply, Error> {
        let wire = &self.0.wire;
        let value = token.map(|token| &*token.value);
        let result = async {
            let request = request::build(&wire.base_url, meta, fields, value, form)?;
            let opened = wire.open(meta, &request, form, Duration::ZERO).await?;
            self.0.pacing.dated(opened.headers());
            if meta.file && is_file(&opened) {
                return Ok(Reply::File(opened));
            }
            let answer = opened.read(meta).await?;
            answer::read(meta, &answer).map(Reply::Json)
        };
        result.await.map_err(|error| self.clean(error, value))
    }

    /// Room within the limits that the call spends.
    async fn room(
        &self,
        meta: &'static Meta,
        fields: &Map<String, Value>,
    ) -> Result<Booking, Error> {
        let pacing = &self.0.pacing;
        let mut members = 1;
        if meta.path == appchat::Send::META.path
            && pacing.is_on()
            && let Some(chatid) = chatid(fields)
        {
            if pacing.members(&chatid).is_none() && pacing.is_tight(meta) {
                // Its answer is learned like any other. Where it is refused, so will be the message.
                let get = appchat::Get {
                    chatid: Some(chatid.clone()),
                };
                let fields = request::fields(&get)?;
                let _ = Box::pin(self.exchange(&appchat::Get::META, fields, None)).await;
                members = pacing.members(&chatid).unwrap_or(1);
            } else {
                let most = || pacing.most_members();
                members = pacing.members(&chatid).unwrap_or_else(most);
            }
        }
        pacing.room(meta, members).await
    }

    /// Keeps what a call tells about limits and members.
    fn learn(
        &self,
        meta: &'static Meta,
        fields: &Map<String, Value>,
        result: &Result<Reply, Error>,
        room: &mut Booking,
    ) {
        let pacing = &self.0.pacing;
        if !pacing.is_on() {
            return;
        }
        let answer = match result {
            Ok(Reply::Json(answer)) => answer,
            Ok(Reply::File(_)) => return pacing.answered(meta, false),
            Err(Error::Quota { .. }) => {
                room.unused();
                return pacing.answered(meta, true);
            }
            Err(error) => {
                if error.code().is_some() || matches!(error, Error::Transport { .. }) {
                    room.unused();
                }
                return;
            }
        };
        pacing.answered(meta, false);
        let count = |list: &Value| list.as_array().map(Vec::len);
        let path = meta.path;
        if path == appchat::Create::META.path {
            let made: Option<ChatId> = ChatId::deserialize(&answer["chatid"]).ok();
            if let (Some(made), Some(list)) = (made, fields.get("userlist")) {
                // With an owner from outside it is one more.
                pacing.learn(&made, count(list).map(|members| members + 1));
            }
            return;
        }
        let Some(chatid) = chatid(fields) else { return };
        if path == appchat::Get::META.path {
            pacing.learn(&chatid, count(&answer["chat_info"]["userlist"]));
        } else if path == appchat::Members::META.path {
            pacing.learn(&chatid, count(&answer["userlist"]));
        } else if path == appchat::Update::META.path || path == appchat::Quit::META.path {
            pacing.learn(&chatid, None);
        }
    }

    pub(crate) fn clean(&self, error: Error, token: Option<&str>) -> Error {
        let last = self.0.tokens.last();
        let secrets = [
            self.0.app.secret.as_str(),
            token.unwrap_or_default(),
            last.as_deref().unwrap_or_default(),
            self.0.manage_token.as_deref().unwrap_or_default(),
        ];
        error.scrubbed(&secrets)
    }
}

fn chatid(fields: &Map<String, Value>) -> Option<ChatId> {
    let chatid = fields.get("chatid")?.as_str()?;
    (!chatid.is_empty()).then(|| chatid.into())
}
