//! Whom a command talks to: flags, variables and profiles put together, and the calls.

pub(crate) mod probe;
pub(crate) mod profile;
mod target;

use std::{cell::OnceCell, fs, io, path::PathBuf, time::Duration};

use anyhow::{Context, Result};
use clap::Args;
use futures_util::TryStreamExt;
use qun_client::{
    Builder, Client, FileStore, Manager, Pacing, Paged, http_request, juzi::JuziClient,
};
use qun_protocol::{
    CorpId, Endpoint, Method,
    endpoint::{AccessToken, Authorised, Juzi, Manage},
    manage::Companies,
};
use serde_json::{Value, json};

pub(crate) use self::target::{Source, Target};

use self::profile::Profiles;
use crate::{
    failure::usage,
    output::{Format, Output, progress, tell},
    secret,
    settings::Home,
};

/// Where the server is looked for.
pub(crate) const URL: &str = "http://127.0.0.1:7800";

/// Flags of every command that calls a server.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Common {
    #[command(flatten)]
    pub format: Format,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub caution: Caution,
}

/// Which server, company and app.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Use this profile [env: QUN_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub profile: Option<String>,
    /// The server or the cloud [default: http://127.0.0.1:7800] [env: QUN_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub url: Option<String>,
    /// The company [env: QUN_CORPID]
    #[arg(long, global = true, value_name = "CORPID")]
    pub corpid: Option<String>,
    /// A file with the app's secret [env: QUN_SECRET, the secret itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// A file with the manage token [env: QUN_MANAGE_TOKEN, the token itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub manage_token_file: Option<PathBuf>,
    /// A file with a Juzi token, for rooms [env: QUN_JUZI_TOKEN, the token itself]
    #[arg(long, global = true, value_name = "FILE")]
    pub juzi_token_file: Option<PathBuf>,
    /// Authorities (PEM) that may have signed the certificates of servers and receivers, beside the public ones [env: QUN_CA]
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// How long one call may take, in seconds [default: 30]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub call_timeout: Option<u64>,
}

/// How much is asked, and whether anything is done at all.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Caution")]
pub(crate) struct Caution {
    /// Do not ask before something is lost
    #[arg(short, long, global = true)]
    pub yes: bool,
    /// Show what would be sent, and send nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
}

/// One command's way to its server.
pub(crate) struct Session {
    pub output: Output,
    pub target: Target,
    /// Authorities beside the public ones, PEM.
    authorities: Vec<u8>,
    timeout: Duration,
    yes: bool,
    dry_run: bool,
    client: OnceCell<Client>,
    manager: OnceCell<Manager>,
}

impl Session {
    /// Puts all sources together. Nothing is sent yet, and no secret is read.
    pub(crate) fn open(common: Common) -> Result<Self> {
        let output = Output::new(common.format)?;
        let mut session = Self::of(&common.connection, output)?;
        session.yes = common.caution.yes;
        session.dry_run = common.caution.dry_run;
        Ok(session)
    }

    /// The same without asking and dry runs.
    pub(crate) fn of(connection: &Connection, output: Output) -> Result<Self> {
        let home = Home::of_environment();
        let target = Target::of(connection, secret::variable, || Profiles::load(&home))?;
        let ca = connection.ca.clone();
        let ca = ca.or_else(|| secret::variable("QUN_CA").map(PathBuf::from));
        let authorities = ca.map_or(Ok(Vec::new()), |path| {
            let read = fs::read(&path);
            read.map_err(|error| usage(format!("--ca: {}: {error}", path.display())))
        })?;
        Ok(Session {
            output,
            target,
            authorities,
            timeout: Duration::from_secs(connection.call_timeout.unwrap_or(30)),
            yes: false,
            dry_run: false,
            client: OnceCell::new(),
            manager: OnceCell::new(),
        })
    }

    /// Bare requests to a host, each of which may take so long.
    pub(crate) fn http(&self, host: Option<&str>, timeout: Duration) -> Result<reqwest::Client> {
        probe::client(host, timeout, &self.authorities)
    }

    /// How long one call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The app's secret.
    pub(crate) fn secret(&self) -> Result<String> {
        self.target
            .secret
            .read("the app's secret", "secret-file", "QUN_SECRET")
    }

    /// The app.
    pub(crate) fn client(&self) -> Result<&Client> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let corpid = self
            .target
            .corpid
            .clone()
            .ok_or_else(|| usage("set QUN_CORPID or say --corpid: the company is not known"))?;
        let client = self.client_for(&corpid, &self.secret()?)?;
        Ok(self.client.get_or_init(|| client))
    }

    /// A client with other credentials.
    pub(crate) fn client_for(&self, corpid: &str, secret: &str) -> Result<Client> {
        Ok(self.builder(corpid, secret).build()?)
    }

    fn builder(&self, corpid: &str, secret: &str) -> Builder {
        let mut builder = Client::builder(corpid, secret)
            .base_url(&self.target.url)
            .timeout(self.timeout)
            .authorities(self.authorities.clone())
            // One command is one call or a few, so nothing is known of what was spent before.
            .pacing(Pacing::off());
        if let Some(store) = tokens() {
            builder = builder.token_store(store);
        }
        if let Some(agentid) = self.target.agentid {
            builder = builder.agent(agentid);
        }
        if secret::variable("QUN_DEBUG").as_deref() == Some("api") {
            builder = builder.watch(|line| tell(line));
        }
        builder
    }

    /// The operator.
    pub(crate) fn manager(&self) -> Result<&Manager> {
        if let Some(manager) = self.manager.get() {
            return Ok(manager);
        }
        let token = self.target.manage_token.read(
            "the manage token",
            "manage-token-file",
            "QUN_MANAGE_TOKEN",
        )?;
        let manager = self.builder("", "").manage_token(token).build()?.manage()?;
        Ok(self.manager.get_or_init(|| manager))
    }

    /// The Juzi token.
    pub(crate) fn juzi_token(&self) -> Result<String> {
        self.target
            .juzi_token
            .read("a Juzi token", "juzi-token-file", "QUN_JUZI_TOKEN")
    }

    /// Whoever has the Juzi token.
    pub(crate) fn juzi(&self) -> Result<JuziClient> {
        let mut builder = JuziClient::builder(&self.juzi_token()?)
            .base_url(&self.target.url)
            .authorities(self.authorities.clone())
            .timeout(self.timeout);
        if secret::variable("QUN_DEBUG").as_deref() == Some("api") {
            builder = builder.watch(|line| tell(line));
        }
        Ok(builder.build()?)
    }

    /// The company of a manage call: the one that is named, or the only one there is.
    pub(crate) async fn corpid(&self) -> Result<CorpId> {
        if let Some(corpid) = &self.target.corpid {
            return Ok(corpid.as_str().into());
        }
        let page = self
            .send(Companies {
                limit: Some(2),
                ..Default::default()
            })
            .await?;
        match page.companies.as_slice() {
            [only] => Ok(only.corpid.clone()),
            [] => Err(usage(
                "the server has no company; make one with: qun company create NAME",
            )),
            _ => Err(usage(
                "there are several companies: say --corpid (qun company list shows them)",
            )),
        }
    }

    /// Sends a request that reads.
    pub(crate) async fn send<E: Endpoint>(&self, request: E) -> Result<E::Response>
    where
        E::Auth: Carrier,
    {
        let what = E::META.title;
        progress::during(&self.output, what, E::Auth::carry(self, request)).await
    }

    /// All pages of a list together.
    pub(crate) async fn all<L: Paged>(&self, request: L) -> Result<Vec<L::Item>> {
        let items = self.manager()?.list(request).try_collect();
        Ok(progress::during(&self.output, L::META.title, items).await?)
    }

    /// Sends a request that changes something; on a dry run it is shown instead, and nothing comes back.
    pub(crate) async fn change<E: Endpoint>(&self, request: E) -> Result<Option<E::Response>>
    where
        E::Auth: Carrier,
    {
        debug_assert!(E::META.method != Method::Get);
        if self.dry_run {
            self.show(&request)?;
            return Ok(None);
        }
        self.send(request).await.map(Some)
    }

    /// Sends a request of which only that it was done is worth telling; on a dry run it is shown instead.
    pub(crate) async fn carry_out<E: Endpoint>(
        &self,
        request: E,
        said: String,
        done: &Value,
    ) -> Result<()>
    where
        E::Auth: Carrier,
    {
        match self.change(request).await? {
            Some(_) => self.output.done(said, done),
            None => Ok(()),
        }
    }

    /// Whether this is a dry run.
    pub(crate) fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// Shows a request instead of sending it.
    pub(crate) fn show<E: Endpoint>(&self, request: &E) -> Result<()> {
        let request = http_request(self.target.url.trim_end_matches('/'), request, None)?;
        let body = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
        self.would(request.method().as_str(), &request.uri().to_string(), body)
    }

    /// Shows what would be sent.
    pub(crate) fn would(&self, method: &str, url: &str, body: Value) -> Result<()> {
        self.output.talk("nothing was sent; this would be:");
        self.output.bare(
            format!("{method} {url} {body}").trim_end_matches(" null"),
            &json!({ "method": method, "url": url, "body": body }),
        )
    }

    /// Asks on a terminal before something is lost; elsewhere `--yes` must stand in the command.
    pub(crate) fn confirm(&self, question: &str) -> Result<bool> {
        if self.yes || self.dry_run {
            return Ok(true);
        }
        confirm(&self.output, question)
    }
}

/// The tokens that commands share, in a folder that is the user's alone.
pub(crate) fn tokens() -> Option<FileStore> {
    let folder = Home::of_environment().cache()?;
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // Without it every command fetches a token of its own, which works as well.
    builder.create(&folder).ok()?;
    Some(FileStore::new(folder.join("tokens.json")))
}

/// Asks a question with yes and no.
pub(crate) fn confirm(output: &Output, question: &str) -> Result<bool> {
    use io::{BufRead, IsTerminal, Write};
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(usage(format!(
            "{question} There is no terminal to ask on: add --yes if that is meant"
        )));
    }
    let mut stderr = io::stderr();
    write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush())?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .context("the answer cannot be read")?;
    let yes = matches!(answer.trim(), "y" | "Y" | "yes");
    if !yes {
        output.talk("nothing was done");
    }
    Ok(yes)
}

/// How requests of one kind of authorisation travel.
pub(crate) trait Carrier: Authorised {
    fn carry<E: Endpoint<Auth = Self>>(
        session: &Session,
        request: E,
    ) -> impl Future<Output = Result<E::Response>>;
}

impl Carrier for AccessToken {
    async fn carry<E: Endpoint<Auth = Self>>(session: &Session, request: E) -> Result<E::Response> {
        Ok(session.client()?.send(request).await?)
    }
}

impl Carrier for Juzi {
    async fn carry<E: Endpoint<Auth = Self>>(session: &Session, request: E) -> Result<E::Response> {
        Ok(session.juzi()?.send(request).await?)
    }
}

impl Carrier for Manage {
    async fn carry<E: Endpoint<Auth = Self>>(session: &Session, request: E) -> Result<E::Response> {
        Ok(session.manager()?.send(request).await?)
    }
}
