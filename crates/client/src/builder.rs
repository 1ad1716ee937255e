use std::{fmt, sync::Arc, time::Duration};

use qun_protocol::{CorpId, Rulebook, Rules};

use crate::{
    Client, Error, Pacing, TokenKey, TokenStore, Transport,
    client::{App, Inner, clock::Clock},
    token::{Tokens, Wall, system_ms},
    wire::{Settings, Wire},
};

/// The cloud's base URL.
///
/// ```
/// let wecom = qun_client::Client::builder("ww1", "secret").base_url(qun_client::CLOUD).build();
/// assert_eq!(wecom.unwrap().base_url(), qun_client::CLOUD);
/// ```
pub const CLOUD: &str = "https://qyapi.weixin.qq.com";

/// The settings of a [`Client`].
///
/// ```
/// use std::time::Duration;
/// use qun_client::{Client, MemoryStore, protocol::Rulebook};
///
/// # fn main() -> Result<(), qun_client::Error> {
/// let wecom = Client::builder("ww0123456789abcdef", "the app's secret")
///     .agent(1_000_002)
///     .base_url("http://127.0.0.1:7800")
///     .rulebook(Rulebook::Documented)
///     .timeout(Duration::from_secs(10))
///     .connections(8)
///     .token_store(MemoryStore::new())
///     .build()?;
/// assert!(!format!("{wecom:?}").contains("secret"));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct Builder {
    corpid: CorpId,
    secret: String,
    agentid: Option<i64>,
    base_url: Option<String>,
    settings: Settings,
    rules: Rules,
    pacing: Option<Pacing>,
    store: Option<Arc<dyn TokenStore>>,
    manage_token: Option<Arc<str>>,
    wall: Wall,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("corpid", &self.corpid)
            .field("agentid", &self.agentid)
            .field("timeout", &self.settings.timeout)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(corpid: CorpId, secret: String) -> Self {
        Self {
            corpid,
            secret,
            agentid: None,
            base_url: None,
            settings: Settings::default(),
            rules: Rules::of(Rulebook::Live2026),
            pacing: None,
            store: None,
            manage_token: None,
            wall: Arc::new(system_ms),
        }
    }

    /// The app's agentid, for what names its app; [`Client::agentid`] tells it.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").agent(1_000_002);
    /// ```
    pub fn agent(mut self, agentid: i64) -> Self {
        self.agentid = Some(agentid);
        self
    }

    /// Where the API is. Left out, the variable `QUN_URL` says it, and without that it is [`CLOUD`].
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800");
    /// ```
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// How long one exchange may take, from connecting to the answer's last byte; 30 seconds where left out. A file that goes
    /// up has more, by its size; of one that comes down each piece has so long.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").timeout(std::time::Duration::from_secs(10));
    /// ```
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How often a call that was certainly not done is tried again; 3 where left out. Those are refused connections and the
    /// errcode -1. The one retry with a fresh token after 40014 or 42001 does not count.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").repeats(0);
    /// ```
    pub fn repeats(mut self, times: u32) -> Self {
        self.settings.repeats = times;
        self
    }

    /// At most so many exchanges at the same time; further ones wait. Without limit where left out.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").connections(8);
    /// ```
    pub fn connections(mut self, most: usize) -> Self {
        self.settings.connections = Some(most);
        self
    }

    /// Goes through this HTTP proxy, as `http://user:password@proxy.example:3128`. Left out, the environment's variables
    /// (`HTTPS_PROXY` and so on) say it, but never for this machine.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").proxy("http://proxy.example:3128");
    /// ```
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.settings.proxy = Some(url.into());
        self
    }

    /// Believes certificates that these authorities have signed, beside those of public ones: one or more certificates in PEM
    /// form. Over HTTPS a server is always verified.
    ///
    /// ```no_run
    /// let ours = std::fs::read("/etc/ssl/our-authority.pem")?;
    /// let builder = qun_client::Client::builder("ww1", "secret").authorities(ours);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn authorities(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.authorities = pem.into();
        self
    }

    /// Another `User-Agent` than `qun/` with its version.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").user_agent("reports/2.1");
    /// ```
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.settings.user_agent = Some(name.into());
        self
    }

    /// Carries requests in another way than the network; proxy and user agent are then its own affair.
    ///
    /// ```
    /// struct Nowhere;
    /// impl qun_client::Transport for Nowhere {
    ///     fn send(
    ///         &self,
    ///         _: http::Request<qun_client::Body>,
    ///     ) -> futures_util::future::BoxFuture<'_, Result<http::Response<qun_client::Body>, qun_client::NoAnswer>> {
    ///         Box::pin(async { Err(qun_client::NoAnswer::not_sent("there is no way")) })
    ///     }
    /// }
    /// let builder = qun_client::Client::builder("ww1", "secret").transport(Nowhere);
    /// ```
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.settings.transport = Some(Arc::new(transport));
        self
    }

    /// Shows every request and every answer, a line each, with secrets and tokens hidden.
    ///
    /// ```
    /// # use qun_client::Client;
    /// let builder = Client::builder("ww1", "secret").watch(|line| eprintln!("{line}"));
    /// ```
    pub fn watch(mut self, say: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.settings.watch = Some(Arc::new(say));
        self
    }

    /// Checks and paces by this rulebook; `live-2026` where left out.
    ///
    /// ```
    /// use qun_client::protocol::Rulebook;
    /// let builder = qun_client::Client::builder("ww1", "secret").rulebook(Rulebook::Documented);
    /// ```
    pub fn rulebook(self, rulebook: Rulebook) -> Self {
        self.rules(Rules::of(rulebook))
    }

    /// Checks and paces by these numbers.
    ///
    /// ```
    /// use qun_client::protocol::{Limit, Rulebook, Rules};
    ///
    /// let mut rules = Rules::of(Rulebook::Live2026);
    /// rules.set(Limit::ChatSendsPerCorpHour, 150_000);
    /// let builder = qun_client::Client::builder("ww1", "secret").rules(rules);
    /// ```
    pub fn rules(mut self, rules: Rules) -> Self {
        self.rules = rules;
        self
    }

    /// Paces in another way than by the rules and with waits of at most a minute; [`Pacing::off`] not at all.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").pacing(qun_client::Pacing::off());
    /// ```
    pub fn pacing(mut self, pacing: Pacing) -> Self {
        self.pacing = Some(pacing);
        self
    }

    /// Shares tokens with other clients or processes.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").token_store(qun_client::MemoryStore::new());
    /// ```
    pub fn token_store(mut self, store: impl TokenStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// The manage token of a qun server, for [`Client::manage`].
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").manage_token("the manage token");
    /// ```
    pub fn manage_token(mut self, token: impl AsRef<str>) -> Self {
        self.manage_token = Some(token.as_ref().into());
        self
    }

    #[cfg(test)]
    pub(crate) fn wall(mut self, wall: Wall) -> Self {
        self.wall = wall;
        self
    }

    /// The client. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the base URL or the proxy's is none, or the authorities are no certificates.
    ///
    /// ```
    /// let wecom = qun_client::Client::builder("ww1", "secret").base_url("http://127.0.0.1:7800").build();
    /// assert!(wecom.is_ok());
    /// let wrong = qun_client::Client::builder("ww1", "secret").base_url("no URL").build();
    /// assert!(wrong.is_err());
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let from_environment = || std::env::var("QUN_URL").ok().filter(|url| !url.is_empty());
        let base_url = self
            .base_url
            .or_else(from_environment)
            .unwrap_or_else(|| CLOUD.to_owned());
        let wire = Arc::new(Wire::new(&base_url, self.settings)?);
        let key = TokenKey::new(&wire.base_url, &self.corpid, &self.secret);
        let app = Arc::new(App {
            corpid: self.corpid,
            secret: self.secret,
            agentid: self.agentid,
            key: key.clone(),
        });
        let (way, who) = (Arc::clone(&wire), Arc::clone(&app));
        let tokens = Tokens::new(
            Box::new(move || {
                let (wire, app) = (Arc::clone(&way), Arc::clone(&who));
                Box::pin(async move { app.token(&wire).await })
            }),
            self.store.map(|store| (store, key)),
            Arc::clone(&self.wall),
        );
        let clock = Clock::new(Arc::clone(&self.wall));
        let pacing = self
            .pacing
            .unwrap_or_else(|| Pacing::with(self.rules.clone(), self.wall));
        Ok(Client(Arc::new(Inner {
            wire,
            app,
            tokens,
            pacing,
            clock,
            rules: self.rules,
            manage_token: self.manage_token,
        })))
    }
}
