//! `qun wait`: until something is so.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use qun_protocol::people::{Arrived, Inbox};
use serde_json::json;

use super::people::{row, words};
use crate::{
    connect::{Common, Session, probe},
    output::progress,
    time::length,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Wait until a message is on a person's phone, and print it (needs the manage token).
    #[command(
        after_help = "What arrived before counts too, unless --new says otherwise. When the time is over, the exit code is 1.\n\nExample:\n  qun wait message --to dev_001 --contains 启动 --timeout 5s"
    )]
    Message(Message),
    /// Wait until the server is ready.
    #[command(after_help = "Example:\n  qun wait ready --timeout 10s")]
    Ready {
        /// How long at most
        #[arg(long, value_name = "TIME", value_parser = length, default_value = "30s")]
        timeout: Duration,
    },
}

#[derive(Args)]
struct Message {
    /// The person
    #[arg(long, value_name = "USERID")]
    to: String,
    /// Only a message with this in it
    #[arg(long, value_name = "TEXT")]
    contains: Option<String>,
    /// Only a message in this group
    #[arg(long)]
    chatid: Option<String>,
    /// Only a message that comes from now on
    #[arg(long)]
    new: bool,
    /// How long at most
    #[arg(long, value_name = "TIME", value_parser = length, default_value = "30s")]
    timeout: Duration,
}

impl Message {
    fn is(&self, message: &Arrived) -> bool {
        let here = |chatid: &String| *message.chatid == **chatid;
        let said = |part: &String| words(message).contains(part.as_str());
        message.dropped.is_none()
            && self.chatid.as_ref().is_none_or(here)
            && self.contains.as_ref().is_none_or(said)
    }
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::Message(wanted) => {
            let waiting = message(&session, &wanted);
            let found = tokio::time::timeout(wanted.timeout, waiting).await;
            let Ok(found) = found else {
                bail!(
                    "no such message came to {} within {:?}; qun people inbox {} shows what did",
                    wanted.to,
                    wanted.timeout,
                    wanted.to
                );
            };
            session.output.record(&row(&found?)?)
        }
        Verb::Ready { timeout } => {
            // Tells what is no base URL, and sends nothing.
            session.client_for("", "")?;
            let waiting = ready(&session);
            let waiting = progress::during(&session.output, "waiting for the server", waiting);
            let since = Instant::now();
            match tokio::time::timeout(timeout, waiting).await {
                Ok(()) => {
                    let url = &session.target.url;
                    let seconds = since.elapsed().as_secs_f64();
                    let said = format!("{url} is ready");
                    session
                        .output
                        .done(said, &json!({ "url": url, "seconds": seconds }))
                }
                Err(_) => bail!(
                    "{} was not ready within {timeout:?}; start it with: qun up",
                    session.target.url
                ),
            }
        }
    }
}

/// The first message that is wanted.
async fn message(session: &Session, wanted: &Message) -> Result<Arrived> {
    let corpid = Some(session.corpid().await?);
    let mut after = wanted.new.then(|| "latest".to_owned());
    let mut wait = None;
    loop {
        let request = Inbox {
            corpid: corpid.clone(),
            userid: wanted.to.as_str().into(),
            after,
            wait,
            limit: Some(1000),
        };
        let page = session.send(request).await?;
        if let Some(found) = page.messages.into_iter().find(|message| wanted.is(message)) {
            return Ok(found);
        }
        after = Some(page.cursor);
        wait = Some(60);
    }
}

async fn ready(session: &Session) {
    const PAUSE: Duration = Duration::from_millis(50);
    loop {
        let asked = probe::get(session, "/readyz").await;
        if asked.is_ok_and(|answer| answer.status == 200) {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
