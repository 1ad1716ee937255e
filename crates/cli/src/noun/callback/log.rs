//! What apps were told, with every attempt.

use anyhow::Result;
use clap::{Args, ValueEnum};
use qun_protocol::{
    CorpId,
    manage::{CallbackState, CallbackWhole, Callbacks, GetCallbackEvent, ResendCallback},
};
use serde_json::json;

use crate::{
    connect::Session,
    output::{line, moment},
};

/// The end of two helps.
pub(super) const SHOW_HELP: &str = "\
Without an id it is the newest.

Example:
  qun trigger enter_agent dev_001 --app 1000002
  qun callback list --jq '.[0].id'
  qun callback show --json";
pub(super) const RESEND_HELP: &str = "\
It is posted after what waits before it. Without an id it is the newest.

Example:
  qun callback resend --dry-run";

#[derive(Args)]
pub(super) struct List {
    /// Only of this app
    #[arg(long, value_name = "AGENTID")]
    app: Option<i64>,
    /// Only in this state
    #[arg(long)]
    state: Option<State>,
    /// Only with this text in it
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// The newest so many
    #[arg(long, value_name = "NUMBER", default_value = "100", value_parser = clap::value_parser!(i64).range(1..=1000))]
    last: i64,
    /// All of them
    #[arg(long, conflicts_with = "last")]
    all: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// To be delivered, or to be tried again
    Waiting,
    /// The app has accepted it
    Delivered,
    /// It was tried as often as the server's settings say
    Exhausted,
}

#[derive(Args)]
pub(super) struct One {
    /// Its id (qun callback list shows them)
    id: Option<String>,
}

pub(super) async fn list(session: &Session, corpid: CorpId, list: List) -> Result<()> {
    let request = Callbacks {
        corpid,
        agentid: list.app,
        state: list.state.map(|state| match state {
            State::Waiting => CallbackState::Waiting,
            State::Delivered => CallbackState::Delivered,
            State::Exhausted => CallbackState::Exhausted,
        }),
        search: list.search,
        limit: Some(if list.all { 1000 } else { list.last }),
        ..Default::default()
    };
    let found = match list.all {
        true => session.all(request).await?,
        false => session.send(request).await?.callbacks,
    };
    let columns = ["id", "time", "agentid", "from", "kind", "state", "attempts"];
    session.output.list(&columns, &found)
}

/// The one that is named, or the newest; nothing where there is none.
async fn which(session: &Session, corpid: &CorpId, one: One) -> Result<Option<String>> {
    if one.id.is_some() {
        return Ok(one.id);
    }
    let newest = Callbacks {
        corpid: corpid.clone(),
        limit: Some(1),
        ..Default::default()
    };
    let newest = session.send(newest).await?.callbacks.pop();
    if newest.is_none() {
        session.output.talk("no app was told anything yet");
    }
    Ok(newest.map(|newest| newest.id))
}

pub(super) async fn show(session: &Session, corpid: CorpId, one: One) -> Result<()> {
    let Some(id) = which(session, &corpid, one).await? else {
        return Ok(());
    };
    let whole = session.send(GetCallbackEvent { corpid, id }).await?;
    session.output.text_or_json(|| print(&whole), &whole)
}

pub(super) async fn resend(session: &Session, corpid: CorpId, one: One) -> Result<()> {
    let Some(id) = which(session, &corpid, one).await? else {
        return Ok(());
    };
    let request = ResendCallback {
        corpid,
        id: id.clone(),
    };
    match session.change(request).await? {
        Some(_) => session
            .output
            .done(format!("{id} is told again"), &json!({ "id": id })),
        None => Ok(()),
    }
}

fn print(whole: &CallbackWhole) -> Result<()> {
    let shown = &whole.callback;
    let state = serde_json::to_value(shown.state)?;
    line(format!(
        "{}  {}  app {}  {}  {}  {}",
        shown.id,
        moment(shown.time),
        shown.agentid,
        shown.from.0,
        shown.kind,
        state.as_str().unwrap_or_default()
    ))?;
    line(plain(&whole.body))?;
    for (number, attempt) in (1..).zip(&whole.attempts) {
        let answered = match (&attempt.error, attempt.status) {
            (Some(error), _) => error.clone(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => "no answer".into(),
        };
        line(format!(
            "\nattempt {number}, {}, {} ms: {}",
            moment(attempt.time_ms / 1000),
            attempt.milliseconds,
            plain(&answered)
        ))?;
        for part in [
            &attempt.request_head,
            &attempt.request_body,
            &attempt.answer,
        ] {
            for text in part.lines().filter(|text| !text.trim().is_empty()) {
                line(format!("  {}", plain(text)))?;
            }
        }
    }
    Ok(())
}

/// What others wrote, without what could move a terminal's cursor.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', " ")
}
