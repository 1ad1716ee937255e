//! `qun chat report`: document 000's statistics report.

use anyhow::Result;
use clap::Args;
use qun_protocol::{
    ChatId,
    appchat::Get,
    manage::{GetGroup, GroupShown},
};
use serde::Serialize;

use super::list::{self, Heard};
use crate::{
    connect::{Session, Source},
    failure::usage,
    output::progress::Steps,
};

/// The end of the help.
pub(super) const HELP: &str = "\
With the manage token messages are counted too, and without ids every group is.
Without it the groups are read as their app reads them, as in the cloud.

Example:
  qun chat report alpha_project_20231101 beta_project_20231015 gamma_project_20231020
  qun chat report --jq 'map(.members) | add'";

#[derive(Args)]
pub(super) struct Which {
    /// The groups
    #[arg(value_delimiter = ',')]
    chatid: Vec<String>,
}

#[derive(Serialize)]
struct Row {
    chatid: ChatId,
    name: String,
    owner: String,
    members: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<usize>,
}

pub(super) async fn run(session: &Session, which: Which) -> Result<()> {
    let ids: Vec<ChatId> = which.chatid.into_iter().map(ChatId).collect();
    let rows = if session.target.manage_token != Source::Nowhere {
        counted(session, ids).await?
    } else if ids.is_empty() {
        return Err(usage(
            "name the groups, or set QUN_MANAGE_TOKEN for a report of all",
        ));
    } else {
        named(session, ids).await?
    };
    let mut columns = vec!["chatid", "name", "owner", "members"];
    let mut total = format!(
        "{} groups, {} members",
        rows.len(),
        rows.iter().map(|row| row.members).sum::<i64>()
    );
    if rows.iter().any(|row| row.messages.is_some()) {
        columns.push("messages");
        let messages: usize = rows.iter().filter_map(|row| row.messages).sum();
        total.push_str(&format!(", {messages} messages"));
    }
    session.output.list(&columns, &rows)?;
    session.output.talk(total);
    Ok(())
}

/// As the operator sees them.
async fn counted(session: &Session, ids: Vec<ChatId>) -> Result<Vec<Row>> {
    let corpid = session.corpid().await?;
    let mut groups: Vec<GroupShown> = Vec::new();
    if ids.is_empty() {
        groups = list::all(session, &corpid, None, None).await?;
    }
    for chatid in ids {
        let corpid = corpid.clone();
        groups.push(session.send(GetGroup { corpid, chatid }).await?);
    }
    let mut steps = Steps::new(&session.output, groups.len());
    let mut rows = Vec::new();
    for group in groups {
        steps.next(&group.name);
        let heard = Heard::of(session, &corpid, &group.chatid).await?;
        rows.push(Row {
            chatid: group.chatid,
            name: group.name,
            owner: group.owner.0,
            members: group.member_count,
            messages: Some(heard.messages),
        });
    }
    Ok(rows)
}

/// As their app sees them.
async fn named(session: &Session, ids: Vec<ChatId>) -> Result<Vec<Row>> {
    let mut steps = Steps::new(&session.output, ids.len());
    let mut rows = Vec::new();
    for chatid in ids {
        steps.next(&chatid);
        let chatid = Some(chatid);
        let group = session.send(Get { chatid }).await?.chat_info;
        rows.push(Row {
            chatid: group.chatid,
            name: group.name,
            owner: group.owner.0,
            members: i64::try_from(group.userlist.len()).unwrap_or(i64::MAX),
            messages: None,
        });
    }
    Ok(rows)
}
