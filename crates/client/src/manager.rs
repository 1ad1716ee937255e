use std::{fmt, sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use qun_protocol::{Auth, Endpoint, Meta, endpoint::Manage, manage, people, world};
use serde_json::{Map, Value};

use crate::{
    Error,
    wire::{Answer, Settings, Wire, answer, request, request::Draft},
};

/// Speaks to the own API of a qun server: companies, people's phones, the clock. Cheap to clone.
///
/// ```no_run
/// use qun_client::{Manager, protocol::manage};
///
/// # async fn example() -> Result<(), qun_client::Error> {
/// let manager = Manager::new("http://127.0.0.1:7800", "the manage token")?;
/// let clock = manager.send(manage::GetClock {}).await?;
/// println!("{}", clock.now_ms);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Manager {
    wire: Arc<Wire>,
    token: Arc<str>,
}

impl fmt::Debug for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Manager")
            .field("base_url", &self.wire.base_url)
            .finish_non_exhaustive()
    }
}

/// A list that comes in pages.
///
/// ```
/// use qun_client::{Paged, protocol::people};
///
/// let page = people::InboxPage { more: true, cursor: "7".into(), ..Default::default() };
/// let (messages, next) = people::Inbox::open(page);
/// assert_eq!(next.as_deref(), Some("7"));
/// ```
pub trait Paged: Endpoint<Auth = Manage> + Clone {
    /// What it lists.
    type Item: Send + 'static;

    /// What is on a page, and where the next one begins; nothing at the end.
    fn open(page: Self::Response) -> (Vec<Self::Item>, Option<String>);

    /// Asks for the page that begins there.
    fn after(&mut self, cursor: String);
}

macro_rules! paged {
    ($($request:ty => $item:ty, |$page:ident| $opened:expr;)*) => {$(
        impl Paged for $request {
            type Item = $item;
            fn open($page: Self::Response) -> (Vec<$item>, Option<String>) {
                $opened
            }
            fn after(&mut self, cursor: String) {
                self.after = Some(cursor);
            }
        }
    )*};
}

paged! {
    people::Inbox => people::Arrived, |page| (page.messages, page.more.then_some(page.cursor));
    manage::History => people::Arrived, |page| (page.messages, page.more.then_some(page.cursor));
    manage::Groups => manage::GroupShown, |page| (page.groups, page.next);
    manage::Callbacks => manage::CallbackShown, |page| (page.callbacks, page.cursor);
    manage::Customers => world::Customer, |page| (page.customers, page.next);
    manage::JoinWays => manage::JoinWayShown, |page| (page.join_ways, page.next);
    manage::Users => world::User, |page| (page.users, page.next);
    manage::Companies => manage::CompanyShown, |page| (page.companies, page.next);
}

impl Manager {
    /// One that calls a server with its manage token; each call may take 30 seconds.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the URL is none.
    ///
    /// ```
    /// let manager = qun_client::Manager::new("http://127.0.0.1:7800", "the manage token");
    /// assert!(manager.is_ok());
    /// ```
    pub fn new(base_url: &str, manage_token: &str) -> Result<Self, Error> {
        let wire = Wire::new(base_url, Settings::default())?;
        Ok(Self::over(Arc::new(wire), manage_token.into()))
    }

    pub(crate) fn over(wire: Arc<Wire>, token: Arc<str>) -> Self {
        Self { wire, token }
    }

    /// Sends a request.
    ///
    /// ```no_run
    /// use qun_client::{Manager, protocol::manage};
    ///
    /// # async fn example(manager: &Manager) -> Result<(), qun_client::Error> {
    /// // Three days later the uploads are gone.
    /// let three_days = manage::AdvanceClock { advance: 3 * 86_400 };
    /// manager.send(three_days).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Every kind but [`Error::Refused`] and [`Error::Quota`].
    pub async fn send<E: Endpoint<Auth = Manage>>(&self, request: E) -> Result<E::Response, Error> {
        let meta = &E::META;
        let answer = self.exchange(meta, request::fields(&request)?).await?;
        answer::typed(meta, &answer).map_err(|error| error.scrubbed(&[&self.token]))
    }

    /// Everything that a list has, page after page, as it is read: a person's inbox, a group's history, the groups, people,
    /// companies or callbacks. After an error it ends.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    /// use qun_client::{Manager, protocol::people};
    ///
    /// # async fn example(manager: &Manager) -> Result<(), qun_client::Error> {
    /// let inbox = people::Inbox { userid: "zhangsan".into(), ..Default::default() };
    /// let mut arrived = std::pin::pin!(manager.list(inbox));
    /// while let Some(message) = arrived.try_next().await? {
    ///     println!("{}: {}", message.chatid, message.content);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list<L: Paged>(
        &self,
        request: L,
    ) -> impl Stream<Item = Result<L::Item, Error>> + Send + 'static {
        let this = self.clone();
        stream::try_unfold(Some(request), move |next| {
            let this = this.clone();
            async move {
                let Some(mut request) = next else {
                    return Ok::<_, Error>(None);
                };
                let (items, cursor) = L::open(this.send(request.clone()).await?);
                let next = cursor.map(|cursor| {
                    request.after(cursor);
                    request
                });
                Ok(Some((stream::iter(items).map(Ok), next)))
            }
        })
        .try_flatten()
    }

    /// Follows a person's inbox from now on: the stream waits for what arrives and ends only with an error.
    ///
    /// ```no_run
    /// use futures_util::TryStreamExt;
    /// use qun_client::{Manager, protocol::people};
    ///
    /// # async fn example(manager: &Manager) -> Result<(), qun_client::Error> {
    /// let inbox = people::Inbox { userid: "zhangsan".into(), ..Default::default() };
    /// let mut phone = std::pin::pin!(manager.follow(inbox).await?);
    /// if let Some(message) = phone.try_next().await? {
    ///     println!("{}", message.content);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Manager::send`]. Where it begins is fixed when this returns; an `after` in the request is respected.
    pub async fn follow(
        &self,
        mut inbox: people::Inbox,
    ) -> Result<impl Stream<Item = Result<people::Arrived, Error>> + Send + 'static, Error> {
        if inbox.after.is_none() {
            inbox.after = Some("latest".into());
            let page = self.send(inbox.clone()).await?;
            inbox.after = Some(page.cursor);
        }
        inbox.wait = Some(inbox.wait.unwrap_or(30));
        let this = self.clone();
        let pages = stream::try_unfold(inbox, move |mut inbox| {
            let this = this.clone();
            async move {
                let page = this.send(inbox.clone()).await?;
                inbox.after = Some(page.cursor);
                Ok::<_, Error>(Some((stream::iter(page.messages).map(Ok), inbox)))
            }
        });
        Ok(pages.try_flatten())
    }

    /// Sends a request whose type is known only at run time, and brings the answer as it came.
    ///
    /// # Errors
    /// As [`Manager::send`]; [`Error::Invalid`] where the endpoint takes no manage token.
    ///
    /// ```no_run
    /// # async fn example(manager: &qun_client::Manager) -> Result<(), qun_client::Error> {
    /// use qun_client::protocol::{Endpoint, manage};
    ///
    /// let answer = manager.call(&manage::GetClock::META, Default::default()).await?;
    /// println!("{}", answer["now_ms"]);
    /// # Ok(())
    /// # }
    /// ```
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
        fields: Map<String, Value>,
    ) -> Result<Answer, Error> {
        if meta.auth != Auth::Manage {
            return Err(Error::invalid(format!(
                "{} takes no manage token",
                meta.path
            )));
        }
        // A long-poll's own waiting comes on top of the time that a call may take.
        let wait = match fields.get("wait").and_then(Value::as_u64) {
            Some(seconds) => Duration::from_secs(seconds.min(60)),
            None => Duration::ZERO,
        };
        let result = async {
            let draft = Draft::with(meta, fields)?;
            let token = Some(&*self.token);
            let answer = self.wire.exchange(&draft, token, wait).await?;
            answer::check(meta, &answer)?;
            Ok(answer)
        };
        result
            .await
            .map_err(|error: Error| error.scrubbed(&[&self.token]))
    }
}
