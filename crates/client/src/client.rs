use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use qun_protocol::{
    CorpId, Endpoint, MediaId, Meta, Rules, endpoint::AccessToken, gettoken, media,
};
use serde_json::{Map, Value};

use crate::{
    Attachment, Builder, Chat, CustomerGroups, Directory, Error, Manager, Media, Messages, Pacing,
    TokenKey,
    token::Tokens,
    wire::{Wire, answer, pause, request::Draft},
};

pub(crate) mod clock;
mod exchange;

use self::clock::Clock;

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
    pub clock: Clock,
    pub rules: Rules,
    pub manage_token: Option<Arc<str>>,
}

pub(crate) struct App {
    pub corpid: CorpId,
    pub secret: String,
    pub agentid: Option<i64>,
    /// Which app it is, for what is kept of several.
    pub key: TokenKey,
}

impl App {
    pub(crate) async fn token(&self, wire: &Wire) -> Result<gettoken::Token, Error> {
        let meta = &gettoken::GetToken::META;
        let asked = gettoken::GetToken {
            corpid: Some(self.corpid.clone()),
            corpsecret: Some(self.secret.clone()),
        };
        let draft = Draft::of(&asked)?;
        let mut tried = 0;
        loop {
            let result = async {
                let answer = wire.exchange(&draft, None, Duration::ZERO).await?;
                answer::check(meta, &answer)?;
                let token: gettoken::Token = answer::typed(meta, &answer)?;
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
///
/// ```no_run
/// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
/// let qun_client::Download { filename, bytes, .. } = wecom.download("3aZb").await?;
/// # Ok(())
/// # }
/// ```
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

impl Client {
    /// A client for the app with this secret.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww0123456789abcdef", "the app's secret");
    /// ```
    pub fn builder(corpid: impl Into<CorpId>, secret: impl Into<String>) -> Builder {
        Builder::new(corpid.into(), secret.into())
    }

    /// Now by the server's clock, as far as it is known, in milliseconds UTC.
    pub(crate) fn now_ms(&self) -> i64 {
        self.0.clock.now_ms()
    }

    /// Internal groups, in document 000's words.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let chat = wecom.chat();
    /// ```
    pub fn chat(&self) -> Chat {
        Chat(self.clone())
    }

    /// Messages to people.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let messages = wecom.messages();
    /// ```
    pub fn messages(&self) -> Messages {
        Messages(self.clone())
    }

    /// 客户群: groups of employees and customers.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let groups = wecom.customer_groups();
    /// ```
    pub fn customer_groups(&self) -> CustomerGroups {
        CustomerGroups(self.clone())
    }

    /// The files that messages refer to.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let media = wecom.media();
    /// ```
    pub fn media(&self) -> Media {
        Media(self.clone())
    }

    /// The company's people, departments and tags.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// let directory = wecom.directory();
    /// ```
    pub fn directory(&self) -> Directory {
        Directory(self.clone())
    }

    /// The company that the client speaks for.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// assert_eq!(&**wecom.corpid(), "ww1");
    /// ```
    pub fn corpid(&self) -> &CorpId {
        &self.0.app.corpid
    }

    /// The app's agentid, where the builder was told it.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// assert_eq!(wecom.agentid(), Some(7));
    /// ```
    pub fn agentid(&self) -> Option<i64> {
        self.0.app.agentid
    }

    /// Where the API is, without a slash at the end.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// assert_eq!(wecom.base_url(), "http://127.0.0.1:7800");
    /// ```
    pub fn base_url(&self) -> &str {
        &self.0.wire.base_url
    }

    /// The numbers by which it checks and paces.
    ///
    /// ```
    /// # let wecom = qun_client::Client::builder("ww1", "secret").agent(7).base_url("http://127.0.0.1:7800/").build().unwrap();
    /// use qun_client::protocol::Limit;
    /// assert_eq!(wecom.rules().limit(Limit::ChatMembersMax), 2000);
    /// ```
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
        let draft = Draft::of(&request)?;
        self.answer(&draft, None).await
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
        let draft = Draft::with(meta, fields)?;
        let answer = self.json(&draft, None).await?;
        answer::value(meta, &answer).map_err(|error| self.clean(error, None))
    }

    /// Uploads a file; its name goes as raw UTF-8, with quotes, backslashes and line ends replaced. Nothing is checked;
    /// [`Client::media`] does that.
    ///
    /// # Errors
    /// As [`Client::send`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::media;
    ///
    /// let request = media::Upload { kind: Some("file".into()) };
    /// let uploaded = wecom.upload(request, "周报.txt", "本周进展顺利").await?;
    /// # Ok(())
    /// # }
    /// ```
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
        let draft = Draft::of(&request)?;
        self.answer(&draft, Some(&file)).await
    }

    /// Uploads a file to an endpoint whose type is known only at run time, and brings the answer as it came.
    ///
    /// # Errors
    /// As [`Client::send`]; [`Error::Invalid`] where the endpoint takes no file.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::{Endpoint, media};
    /// use serde_json::{Map, json};
    ///
    /// let fields = Map::from_iter([("type".to_owned(), json!("file"))]);
    /// let answer = wecom.call_upload(&media::Upload::META, fields, "a.txt", b"content").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call_upload(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
        filename: &str,
        content: &[u8],
    ) -> Result<Value, Error> {
        let file = Attachment::bytes(filename, Bytes::copy_from_slice(content));
        let draft = Draft::with(meta, fields)?;
        let answer = self.json(&draft, Some(&file)).await?;
        answer::value(meta, &answer).map_err(|error| self.clean(error, None))
    }

    /// Downloads an uploaded file of at most 64 MiB into memory; [`Media::get`] brings it as a stream.
    ///
    /// # Errors
    /// As [`Client::send`]; a longer file is [`Error::Transport`].
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// let file = wecom.download("3aZb").await?;
    /// println!("{}: {} bytes", file.filename, file.bytes.len());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn download(&self, media_id: impl Into<MediaId>) -> Result<Download, Error> {
        let request = media::Get {
            media_id: Some(media_id.into()),
        };
        self.fetched(&Draft::of(&request)?).await
    }

    /// Downloads from an endpoint whose type is known only at run time.
    ///
    /// # Errors
    /// As [`Client::download`]; [`Error::Invalid`] where the endpoint gives no file.
    ///
    /// ```no_run
    /// # async fn example(wecom: &qun_client::Client) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::{Endpoint, media};
    /// use serde_json::{Map, json};
    ///
    /// let fields = Map::from_iter([("media_id".to_owned(), json!("3aZb"))]);
    /// let file = wecom.call_download(&media::Get::META, fields).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call_download(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Download, Error> {
        self.fetched(&Draft::with(meta, fields)?).await
    }

    async fn fetched(&self, draft: &Draft) -> Result<Download, Error> {
        let file = self.incoming(draft).await?;
        Ok(Download {
            filename: file.filename().to_owned(),
            content_type: file.content_type().to_owned(),
            bytes: file.bytes(FILE_LIMIT).await?,
        })
    }
}
