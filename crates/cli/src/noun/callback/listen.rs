//! `qun listen`: receives what an app or a group of hosted accounts is told, prints it and passes it on.

mod app;
mod rooms;

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use axum::Router;
use clap::Args;
use qun_client::callback::Fault;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

use super::keys::Keys;
use crate::{
    connect::{Common, Session},
    failure::usage,
    output::line,
    time::length,
    up::Stop,
};

/// The end of the help.
pub(crate) const HELP: &str = "\
A line for each: time, app, person, kind, text; with --json the whole message as one line of JSON.
Each is printed once, however often it is sent. What the target of --forward-to answers goes back
to the app's person: `success` or nothing, or a plain <xml> message, which is encrypted here.
Where the target fails, the delivery fails too and comes again. With --app, Token and key are
made up unless they are said.

With --juzi a line is time, account, event, room, name and number of members; with --json
{\"path\", \"body\"}. The body is posted as it came to the path below the target.

Example:
  export QUN_CALLBACK_TOKEN=example QUN_CALLBACK_AES_KEY=4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws
  qun listen --listen 127.0.0.1:7801";

/// Receive what an app or a group of hosted accounts is told, print it, and pass it on.
#[derive(Args)]
pub(crate) struct Listen {
    #[command(flatten)]
    common: Common,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7801")]
    listen: SocketAddr,
    /// Listen beyond this machine too
    #[arg(long)]
    allow_remote: bool,
    /// Let the server tell this app's events here while it listens, and no longer (needs the manage token)
    #[arg(long, value_name = "AGENTID", conflicts_with_all = ["juzi", "group"])]
    app: Option<i64>,
    /// Receive what Juzi tells of rooms: plain JSON, without Token and key
    #[arg(long)]
    juzi: bool,
    /// Let the server tell this group of hosted accounts' events here while it listens, and afterwards where it told them
    /// before (needs the manage token); without an ID the only group there is
    #[arg(long, value_name = "ID", num_args = 0..=1, default_missing_value = "")]
    group: Option<String>,
    #[command(flatten)]
    keys: Keys,
    /// Post the plain XML there, or the JSON below it
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
    /// End after so many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time; with exit code 1 where --count is not reached
    #[arg(long, value_name = "TIME", value_parser = length)]
    timeout: Option<Duration>,
}

pub(crate) async fn run(listen: Listen) -> Result<()> {
    let session = Session::open(listen.common.clone())?;
    if !listen.listen.ip().is_loopback() && !listen.allow_remote {
        return Err(usage(format!(
            "{} can be reached from beyond this machine; say --allow-remote if that is meant",
            listen.listen
        )));
    }
    if (listen.app.is_some() || listen.group.is_some()) && listen.listen.ip().is_unspecified() {
        return Err(usage(format!(
            "{} is no address that the server could post to; say one with --listen",
            listen.listen
        )));
    }
    let mut stop = Stop::listen()?;
    let (printer, coming) = mpsc::channel(64);
    let target = listen.forward_to.as_deref();
    let target = target.map(|url| Target::new(&session, url)).transpose()?;
    let prepared = if listen.juzi || listen.group.is_some() {
        rooms::prepare(&session, &listen, target, printer).await?
    } else {
        app::prepare(&session, &listen, target, printer).await?
    };
    let Some(Prepared { told, path, router }) = prepared else {
        return Ok(());
    };
    let listener = tokio::net::TcpListener::bind(listen.listen)
        .await
        .with_context(|| format!("cannot listen at {}", listen.listen))?;
    let url = format!("http://{}{path}", listener.local_addr()?);
    let (end, ended) = oneshot::channel::<()>();
    let mut served = tokio::spawn(async move {
        let ended = async { drop(ended.await) };
        axum::serve(listener, router)
            .with_graceful_shutdown(ended)
            .await
    });
    let shown = tokio::select! {
        shown = async {
            if let Some(told) = &told {
                told.tell(&session, &url).await?;
                if session.dry_run() {
                    return Ok(());
                }
            }
            session.output.talk(format!("listening at {url}"));
            show(&session, coming, &listen).await
        } => shown,
        () = stop.wait() => Ok(()),
    };
    let untold = match &told {
        Some(told) => told.tell_no_longer(&session, &url).await,
        None => Ok(()),
    };
    drop(end);
    // Who waits for an answer gets it, unless that takes long or a second signal comes.
    tokio::select! {
        _ = &mut served => {}
        () = tokio::time::sleep(ANSWERS) => {}
        () = stop.wait() => {}
    }
    shown.and(untold)
}

/// What is needed to listen.
struct Prepared {
    told: Option<Told>,
    /// Where the URL ends.
    path: &'static str,
    router: Router,
}

/// Whose events come here while this listens.
enum Told {
    App(app::App),
    Group(rooms::Group),
}

impl Told {
    async fn tell(&self, session: &Session, url: &str) -> Result<()> {
        match self {
            Told::App(app) => app.tell(session, url).await,
            Told::Group(group) => group.tell(session, url).await,
        }
    }

    /// Ends it, unless somebody has set another URL meanwhile.
    async fn tell_no_longer(&self, session: &Session, url: &str) -> Result<()> {
        match self {
            Told::App(app) => app.tell_no_longer(session, url).await,
            Told::Group(group) => group.tell_no_longer(session, url).await,
        }
    }
}

/// How long the last answers may take: as long as the platform waits.
const ANSWERS: Duration = Duration::from_secs(5);

/// Something to print, and whom to tell that it is printed.
struct Printing {
    cells: Vec<String>,
    json: Value,
    printed: oneshot::Sender<()>,
}

/// Prints something, and waits until it is done.
async fn print(
    printer: &mpsc::Sender<Printing>,
    cells: Vec<String>,
    json: Value,
) -> Result<(), Fault> {
    let (printed, done) = oneshot::channel();
    let printing = Printing {
        cells,
        json,
        printed,
    };
    printer.send(printing).await?;
    Ok(done.await?)
}

/// Prints what comes, until it is enough or too late.
async fn show(
    session: &Session,
    mut printings: mpsc::Receiver<Printing>,
    listen: &Listen,
) -> Result<()> {
    let mut left = listen.count;
    let coming = async {
        while left != Some(0) {
            let Some(Printing {
                cells,
                json,
                printed,
            }) = printings.recv().await
            else {
                break;
            };
            let cells = cells.iter().map(|text| text.replace(char::is_control, " "));
            let text = cells.collect::<Vec<_>>().join("\t");
            session.output.text_or_json(|| Ok(line(text)?), &json)?;
            if printed.send(()).is_ok() {
                left = left.map(|left| left - 1);
            }
        }
        Ok(())
    };
    let Some(timeout) = listen.timeout else {
        return coming.await;
    };
    match tokio::time::timeout(timeout, coming).await {
        Ok(done) => done,
        Err(_) if listen.count.is_none() => Ok(()),
        Err(_) => bail!("what was waited for did not come within {timeout:?}"),
    }
}

/// Where plain messages go.
#[derive(Clone)]
struct Target {
    url: reqwest::Url,
    http: reqwest::Client,
}

/// The most of an answer that is read.
const ANSWER: usize = 64 << 10;

impl Target {
    fn new(session: &Session, url: &str) -> Result<Self> {
        let parsed = url.parse().ok();
        let url = parsed
            .filter(|url: &reqwest::Url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                usage(format!(
                    "{url:?} is no URL; it looks like http://127.0.0.1:8080/"
                ))
            })?;
        let http = session.http(url.host_str(), ANSWERS)?;
        Ok(Self { url, http })
    }

    /// Posts a message below the URL; gives what is answered.
    async fn post(
        self,
        path: &str,
        kind: &'static str,
        body: impl Into<reqwest::Body>,
    ) -> Result<String, Fault> {
        let mut url = self.url;
        if !path.is_empty() {
            let below = format!("{}{path}", url.path().trim_end_matches('/'));
            url.set_path(&below);
        }
        let request = self.http.post(url).header("Content-Type", kind);
        let sent = request.body(body).send().await;
        let mut answer = sent.map_err(reqwest::Error::without_url)?;
        if !answer.status().is_success() {
            return Err(format!("the target answered HTTP {}", answer.status().as_u16()).into());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER {
                return Err("the target's answer is too long".into());
            }
        }
        Ok(String::from_utf8(body)?)
    }
}
