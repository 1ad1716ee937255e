//! Rooms as Juzi (句子互动, 秒回) serves them: hosted accounts in groups. Document 002.
//!
//! A [`JuziClient`] speaks with one token, which selects a group of hosted accounts. A [`Receiver`] takes what Juzi tells of
//! their rooms.

mod receiver;
mod refusal;

use std::{fmt, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use qun_protocol::{
    Auth, Endpoint, Meta,
    endpoint::Juzi,
    room::{AddMember, Create, CreatedRoom, Exit, ListByLabel, ListByMember, Room, RoomsPage},
};
use serde_json::{Map, Value};

pub use self::{
    receiver::{Event, Receiver},
    refusal::{AddMemberRefusal, CreateRefusal, ExitRefusal, ListRefusal, RoomError},
};

use crate::{
    Error, Transport,
    wire::{
        Answer, Settings, Wire, answer,
        request::{self, Draft},
    },
};

/// Juzi's base URL.
pub const JUZI: &str = "https://ex-api.botorange.com";

/// How many rooms a page has: the most that Juzi gives.
const PAGE: i64 = 100;

/// Speaks with one Juzi token. Cheap to clone. Nothing is sent twice but what certainly did not leave.
///
/// ```no_run
/// use qun_client::juzi::{AddMemberRefusal, JuziClient, RoomError};
///
/// # async fn example() -> Result<(), qun_client::Error> {
/// let juzi = JuziClient::new(qun_client::juzi::JUZI, "the token")?;
/// match juzi.rooms().add_member("zhangsan", "7881302505930144", "R:10696051234567").await {
///     Ok(()) => println!("in, or invited"),
///     Err(RoomError::Refused { reason: AddMemberRefusal::RoomFull, .. }) => println!("500 are in it"),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct JuziClient {
    wire: Arc<Wire>,
    token: Arc<str>,
}

impl fmt::Debug for JuziClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JuziClient")
            .field("base_url", &self.wire.base_url)
            .finish_non_exhaustive()
    }
}

impl JuziClient {
    /// One that calls a server, [`JUZI`] or a qun server, with a token; each call may take 30 seconds.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the URL is none.
    pub fn new(base_url: &str, token: &str) -> Result<Self, Error> {
        Self::builder(token).base_url(base_url).build()
    }

    /// The settings of one with a token.
    ///
    /// ```
    /// use qun_client::juzi::JuziClient;
    ///
    /// let builder = JuziClient::builder("the token").base_url("http://127.0.0.1:7800");
    /// let juzi = builder.timeout(std::time::Duration::from_secs(10)).build()?;
    /// assert!(!format!("{juzi:?}").contains("the token"));
    /// # Ok::<(), qun_client::Error>(())
    /// ```
    pub fn builder(token: &str) -> Builder {
        Builder {
            base_url: JUZI.to_owned(),
            token: token.into(),
            settings: Settings::default(),
        }
    }

    /// Where the API is, without a slash at the end.
    pub fn base_url(&self) -> &str {
        &self.wire.base_url
    }

    /// The rooms.
    pub fn rooms(&self) -> Rooms {
        Rooms(self.clone())
    }

    /// Sends a request; its type is the call.
    ///
    /// ```no_run
    /// use qun_client::{juzi::JuziClient, protocol::room};
    ///
    /// # async fn example(juzi: &JuziClient) -> Result<(), qun_client::Error> {
    /// let request = room::ListByMember { contact_wxid: Some("7888888888".into()), ..Default::default() };
    /// println!("{}", juzi.send(request).await?.data.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Refused`] with a number that each endpoint has its own meaning for, [`Error::TooManyCalls`], and what every
    /// call can meet.
    pub async fn send<E: Endpoint<Auth = Juzi>>(&self, request: E) -> Result<E::Response, Error> {
        let answer = self.exchange(&E::META, request::fields(&request)?).await?;
        answer::typed(&E::META, &answer).map_err(|error| error.scrubbed(&[&self.token]))
    }

    /// Sends a request whose type is known only at run time, and brings the answer as it came.
    ///
    /// # Errors
    /// As [`JuziClient::send`]; [`Error::Invalid`] where the endpoint takes no Juzi token.
    pub async fn call(
        &self,
        meta: &'static Meta,
        fields: Map<String, Value>,
    ) -> Result<Value, Error> {
        let answer = self.exchange(meta, fields).await?;
        answer::value(meta, &answer).map_err(|error| error.scrubbed(&[&self.token]))
    }

    /// The answer, if it says that it worked.
    async fn exchange(
        &self,
        meta: &'static Meta,
        mut fields: Map<String, Value>,
    ) -> Result<Answer, Error> {
        if meta.auth != Auth::Juzi {
            let message = format!("{} takes no Juzi token", meta.path);
            return Err(Error::invalid(message));
        }
        // One that a request names itself counts.
        let token = match fields.shift_remove("token") {
            Some(Value::String(token)) if !token.is_empty() => token,
            _ => self.token.to_string(),
        };
        let result = async {
            let draft = Draft::with(meta, request::with_token(fields, &token))?;
            let answer = self.wire.exchange(&draft, None, Duration::ZERO).await?;
            answer::check(meta, &answer)?;
            Ok(answer)
        };
        let result: Result<Answer, Error> = result.await;
        result.map_err(|error| error.scrubbed(&[&token]))
    }
}

/// The settings of a [`JuziClient`].
#[must_use]
pub struct Builder {
    base_url: String,
    token: Arc<str>,
    settings: Settings,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("base_url", &self.base_url)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// Where the API is; [`JUZI`] where left out.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// How long one exchange may take; 30 seconds where left out.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How often a call is tried again that certainly did not leave; 3 where left out.
    pub fn repeats(mut self, times: u32) -> Self {
        self.settings.repeats = times;
        self
    }

    /// Believes certificates that these authorities have signed too; PEM.
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.authorities = pem.into();
        self
    }

    /// Carries requests in another way than the network.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.settings.transport = Some(Arc::new(transport));
        self
    }

    /// Shows every request and every answer, a line each, with tokens hidden.
    pub fn watch(mut self, say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.settings.watch = Some(Arc::new(say));
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the base URL is none, or the authorities are no certificates.
    pub fn build(self) -> Result<JuziClient, Error> {
        Ok(JuziClient {
            wire: Arc::new(Wire::new(&self.base_url, self.settings)?),
            token: self.token,
        })
    }
}

/// The rooms of a token's accounts.
#[derive(Clone, Debug)]
pub struct Rooms(JuziClient);

impl Rooms {
    /// Makes a room; its account owns it. `bot_user_id` and 2 to 40 contacts are needed.
    ///
    /// ```no_run
    /// use qun_client::{juzi::JuziClient, protocol::room::Create};
    ///
    /// # async fn example(juzi: &JuziClient) -> Result<(), qun_client::Error> {
    /// let room = juzi.rooms().create(Create {
    ///     bot_user_id: Some("zhangsan".into()),
    ///     wxids: vec!["7881302505930144".into(), "wmrRhyBgAANQ1O34HRXfVQh17ex".into()],
    ///     name: Some("体验群".into()),
    ///     greeting: Some("大家好".into()),
    ///     ..Default::default()
    /// }).await?;
    /// println!("{} is {}", room.room_wxid, room.chat_id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RoomError::Refused`] with a [`CreateRefusal`].
    pub async fn create(&self, request: Create) -> Result<CreatedRoom, RoomError<CreateRefusal>> {
        Ok(self.0.send(request).await?.data)
    }

    /// Adds a contact to a room; from 40 members on the contact gets an invitation card. Juzi advises at most 50 a minute.
    ///
    /// # Errors
    /// [`RoomError::Refused`] with an [`AddMemberRefusal`].
    pub async fn add_member(
        &self,
        bot_user_id: &str,
        contact_wxid: &str,
        room_wxid: &str,
    ) -> Result<(), RoomError<AddMemberRefusal>> {
        let request = AddMember {
            bot_user_id: Some(bot_user_id.to_owned()),
            contact_wxid: Some(contact_wxid.to_owned()),
            room_wxid: Some(room_wxid.to_owned()),
            ..AddMember::default()
        };
        self.0.send(request).await?;
        Ok(())
    }

    /// Leaves a room with an account, which must not own it.
    ///
    /// # Errors
    /// [`RoomError::Refused`] with an [`ExitRefusal`].
    pub async fn exit(
        &self,
        wecom_user_id: &str,
        room_wxid: &str,
    ) -> Result<(), RoomError<ExitRefusal>> {
        let request = Exit {
            wecom_user_id: Some(wecom_user_id.to_owned()),
            room_wxid: Some(room_wxid.to_owned()),
            ..Exit::default()
        };
        self.0.send(request).await?;
        Ok(())
    }

    /// One page of the rooms with a label, counted from 1, of at most 100 rooms.
    ///
    /// # Errors
    /// [`RoomError::Refused`] with a [`ListRefusal`].
    pub async fn page(
        &self,
        label: &str,
        current: i64,
        page_size: i64,
    ) -> Result<RoomsPage, RoomError<ListRefusal>> {
        let request = ListByLabel {
            mh_tag_id: Some(label.to_owned()),
            current: Some(current),
            page_size: Some(page_size),
            ..ListByLabel::default()
        };
        Ok(self.0.send(request).await?)
    }

    /// All rooms with a label, page after page, as they are read. After an error it ends. Pages are numbered: what gets or
    /// loses the label meanwhile may come twice or not at all.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(juzi: &qun_client::juzi::JuziClient) -> Result<(), qun_client::Error> {
    /// let rooms = juzi.rooms();
    /// let mut rooms = std::pin::pin!(rooms.with_label("5eda03260e21f35ca20f9eb4"));
    /// while let Some(room) = rooms.try_next().await? {
    ///     println!("{}: {}", room.topic, room.member_count);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_label(
        &self,
        label: &str,
    ) -> impl Stream<Item = Result<Room, RoomError<ListRefusal>>> + Send + 'static {
        let (this, label) = (self.clone(), label.to_owned());
        stream::try_unfold(Some(1), move |next| {
            let (this, label) = (this.clone(), label.clone());
            async move {
                let Some(current) = next else {
                    return Ok::<_, RoomError<ListRefusal>>(None);
                };
                let page = this.page(&label, current, PAGE).await?;
                // An empty page ends it too, whatever the total says.
                let more = !page.data.is_empty() && current.saturating_mul(PAGE) < page.page.total;
                Ok(Some((
                    stream::iter(page.data).map(Ok),
                    more.then_some(current + 1),
                )))
            }
        })
        .try_flatten()
    }

    /// The rooms that a contact is in: one entry for each account and room.
    ///
    /// # Errors
    /// [`RoomError::Refused`] with a [`ListRefusal`].
    pub async fn with_member(
        &self,
        contact_wxid: &str,
    ) -> Result<Vec<Room>, RoomError<ListRefusal>> {
        let request = ListByMember {
            contact_wxid: Some(contact_wxid.to_owned()),
            ..ListByMember::default()
        };
        Ok(self.0.send(request).await?.data)
    }
}
