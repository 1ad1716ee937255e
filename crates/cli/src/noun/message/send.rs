//! `qun message send`.

use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgGroup, Args};
use qun_client::{Message as Sending, Sent, To};
use qun_protocol::{
    Endpoint,
    message::{MiniprogramNotice, TemplateCard},
};
use serde::Serialize;

use super::{
    super::content::{self, Content, syntax},
    Address, known, many,
};
use crate::{connect::Session, failure::usage, output::progress};

/// The end of the help.
pub(super) const HELP: &str = concat!(
    syntax!(),
    "
With --to-file or --mobiles-file a line is printed for each recipient: what stands in the file, the userid, the result (sent,
invalid, unlicensed, not found, unknown, not sent) and the msgid. With --resume FILE the state is kept there: after an
interruption the same command goes on where it stopped, and nobody gets the message twice. What was under way when it was
interrupted is `unknown` and not sent again, unless --once-within still holds.

Example:
  qun message send 今晚八点上线 --to zhangsan,lisi --app 1000002
  echo 构建完成 | qun message send - --party 2 --app 1000002
  qun message send --card '上线|今晚八点|https://ci.example/1|看' --all --app 1000002
  qun message send --file README.md --to zhangsan --app 1000002
  printf '%s\\n' zhangsan lisi > people.txt
  qun message send 请填写调查 --to-file people.txt --resume survey.jsonl --app 1000002"
);

#[derive(Args)]
#[command(group = ArgGroup::new("address").required(true).multiple(true))]
pub(super) struct Message {
    #[command(flatten)]
    address: Address,
    #[command(flatten)]
    files: many::Files,
    #[command(flatten)]
    said: Said,
}

/// What is said.
#[derive(Args, Clone, Debug, Default, Serialize)]
#[group(skip)]
pub(super) struct Said {
    #[command(flatten)]
    #[serde(flatten)]
    content: Content,
    /// A template card (模板卡片), a JSON file
    #[arg(long, value_name = "FILE", group = "content")]
    template_card: Option<PathBuf>,
    /// A notice of a mini program (小程序通知), a JSON file
    #[arg(long, value_name = "FILE", group = "content")]
    notice: Option<PathBuf>,
    /// Put names in the place of $userName=ID$ and the like
    #[arg(long)]
    names: bool,
    /// Let the server deliver the same message to the same people only once in this time, at most 14400
    #[arg(long, value_name = "SECONDS")]
    once_within: Option<u32>,
}

impl Said {
    /// Reads stdin, if that is meant.
    pub(super) fn read(&mut self) -> Result<()> {
        self.content.read()
    }

    /// The message but for whom it addresses. Files go up on the way.
    pub(super) async fn message(&self, session: &Session, app: i64) -> Result<Sending> {
        let mut message: Sending = if let Some(path) = &self.template_card {
            content::file::<TemplateCard>(path)?.into()
        } else if let Some(path) = &self.notice {
            content::file::<MiniprogramNotice>(path)?.into()
        } else {
            self.content.message(session).await?.unwrap_or_default()
        };
        message.agentid = Some(app);
        message.safe = self.content.safe.then_some(1);
        if self.names {
            message = message.with_names();
        }
        if let Some(seconds) = self.once_within {
            message = message.once_within(seconds);
        }
        let rules = qun_protocol::Rules::of(qun_protocol::Rulebook::Live2026);
        message
            .check_content(&rules)
            .map_err(|unfit| usage(unfit.to_string()))?;
        Ok(message)
    }
}

pub(super) async fn run(session: &Session, app: Option<i64>, message: Message) -> Result<()> {
    let mut said = message.said;
    let app = known(app)?;
    let to = message.address.to()?;
    if message.files.any() {
        return many::run(session, app, &to, &message.files, said).await;
    }
    to.check()?;
    said.read()?;
    let message = said.message(session, app).await?;
    if session.dry_run() {
        return show(session, &to, &message);
    }
    let messages = session.client()?.messages();
    let kind = message.msgtype.clone().unwrap_or_default();
    let sending = messages.send(to, message);
    let sent = progress::during(&session.output, Sending::META.title, sending).await?;
    session.output.talk(format!("sent a message ({kind})"));
    complain(session, &sent);
    session.output.bare(&sent.msgids.join("\n"), &sent)
}

/// Shows what would be sent.
pub(super) fn show(session: &Session, to: &To, message: &Sending) -> Result<()> {
    let rules = qun_protocol::Rules::of(qun_protocol::Rulebook::Live2026);
    let Some(parts) = to.parts(&rules) else {
        return Err(usage(
            "this takes several calls, for which the people of departments and tags are looked up: a dry run cannot show them",
        ));
    };
    parts
        .iter()
        .try_for_each(|part| session.show(&part.address(message.clone())))
}

/// Says who does not get it.
fn complain(session: &Session, sent: &Sent) {
    let line = |what: &str, ids: Vec<String>| {
        if !ids.is_empty() {
            session
                .output
                .talk(format!("not sent to {what}: {}", ids.join(", ")));
        }
    };
    let texts = |ids: &[i64]| ids.iter().map(i64::to_string).collect();
    let users = |ids: &[qun_protocol::UserId]| ids.iter().map(|id| id.0.clone()).collect();
    line(
        "people who are unknown, or whom the app does not see",
        users(&sent.invalid_users),
    );
    line("people without a licence", users(&sent.unlicensed));
    line("departments", texts(&sent.invalid_parties));
    line("tags", texts(&sent.invalid_tags));
}
