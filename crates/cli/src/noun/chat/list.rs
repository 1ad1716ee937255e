//! `qun chat list`.

use std::time::Duration;

use anyhow::Result;
use clap::Args;
use futures_util::TryStreamExt;
use qun_protocol::{
    ChatId, CorpId,
    manage::{GetClock, GroupShown, Groups, History},
};
use serde_json::{Value, json};

use crate::{connect::Session, output::progress::Steps, time::length};

#[derive(Args)]
pub(super) struct Which {
    /// Part of a name or chatid
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only groups that this app made
    #[arg(long, value_name = "AGENTID")]
    agentid: Option<i64>,
    /// Only groups without a message for so long, such as 30d
    #[arg(long, value_name = "TIME", value_parser = length)]
    inactive: Option<Duration>,
}

pub(super) async fn run(session: &Session, which: Which) -> Result<()> {
    let corpid = session.corpid().await?;
    let groups = all(session, &corpid, which.search, which.agentid).await?;
    let columns = ["chatid", "name", "owner", "member_count", "create_time"];
    let Some(inactive) = which.inactive else {
        return session.output.list(&columns, &groups);
    };
    let now = session.send(GetClock {}).await?.now_ms / 1000;
    let since = now.saturating_sub_unsigned(inactive.as_secs());
    let mut quiet: Vec<Value> = Vec::new();
    let mut steps = Steps::new(&session.output, groups.len());
    for group in groups {
        steps.next(&group.name);
        let heard = Heard::of(session, &corpid, &group.chatid).await?;
        // A group in which nothing was ever said is as old as itself.
        if heard.last.unwrap_or(group.create_time) <= since {
            let mut row = serde_json::to_value(&group)?;
            row["last_message_time"] = json!(heard.last);
            quiet.push(row);
        }
    }
    drop(steps);
    let columns = [&columns[..], &["last_message_time"]].concat();
    session.output.list(&columns, &quiet)
}

/// Every group of a company, in the order in which they were made.
pub(super) async fn all(
    session: &Session,
    corpid: &CorpId,
    search: Option<String>,
    agentid: Option<i64>,
) -> Result<Vec<GroupShown>> {
    let request = Groups {
        corpid: corpid.clone(),
        search,
        agentid,
        after: None,
        limit: Some(1000),
    };
    session.all(request).await
}

/// What was said in a group, counted.
#[derive(Default)]
pub(super) struct Heard {
    /// How many messages.
    pub messages: usize,
    /// When the last one was said, seconds UTC.
    pub last: Option<i64>,
}

impl Heard {
    /// Counts a group's history.
    pub(super) async fn of(session: &Session, corpid: &CorpId, chatid: &ChatId) -> Result<Self> {
        let request = History {
            corpid: corpid.clone(),
            chatid: chatid.clone(),
            after: None,
            limit: Some(1000),
        };
        // Page by page, so that a long history is never held as a whole.
        let history = session.manager()?.list(request);
        let counted = history.try_fold(Heard::default(), |heard, message| async move {
            Ok(Heard {
                messages: heard.messages + 1,
                last: Some(message.time),
            })
        });
        Ok(counted.await?)
    }
}
