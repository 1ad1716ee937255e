//! `qun group export`: all customer groups with their members, page after page.

mod partial;

use std::{io::Write, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use qun_client::CustomerGroups;
use qun_protocol::groupchat::{GroupChat, List, ListedGroup};
use serde_json::json;

use self::partial::Partial;
use super::Which;
use crate::{
    connect::Session,
    failure::usage,
    output::{self, progress},
};

/// The end of the help.
pub(super) const HELP: &str = "\
A line of JSON is a group as qun group get shows it, and its status; --json and --jq are applied to each. A row of CSV is a
member. An export to a file that was stopped goes on with --resume where it stopped.

Example:
  qun group export --out groups.jsonl
  qun group export --csv --owner abel,ZhuShengBen > members.csv
  qun group export --jq '.owner + \" \" + .name'";

/// A page of the list, after which what was written is safe.
const PAGE: i64 = 100;
/// So many groups are read at once: the cloud takes few calls at the same time.
const AT_ONCE: usize = 4;

#[derive(Args)]
pub(super) struct Export {
    #[command(flatten)]
    which: Which,
    /// Write to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Go on with a file where an earlier export stopped
    #[arg(long, requires = "out")]
    resume: bool,
    /// Write CSV with a header, a row for each member
    #[arg(long, conflicts_with_all = ["json", "jq"])]
    csv: bool,
}

pub(super) async fn run(session: &Session, asked: Export) -> Result<()> {
    let mut list = asked.which.filter();
    list.limit = Some(PAGE);
    if session.dry_run() {
        return session.show(&list);
    }
    let groups = session.client()?.customer_groups();
    let mut partial = match &asked.out {
        None => None,
        Some(path) => {
            let of = json!({
                "url": session.target.url, "corpid": session.target.corpid, "list": list, "csv": asked.csv,
                "form": session.output.form(),
            });
            if path.exists() {
                let question = format!("{} is there. Write it anew?", path.display());
                if !session.confirm(&question)? {
                    return Ok(());
                }
            }
            Some(Partial::open(path, asked.resume, of)?)
        }
    };
    list.cursor = partial.as_ref().and_then(Partial::cursor);
    let resumed = list.cursor.is_some();
    let mut steps = match progress::watched(&session.output) {
        true => {
            let count = progress::during(
                &session.output,
                "Count customer groups",
                count(&groups, &list),
            );
            progress::Steps::new(&session.output, count.await?)
        }
        // Nobody sees the bar.
        false => progress::Steps::new(&session.output, 0),
    };
    let (mut written, mut members) = (0_usize, 0_usize);
    let mut text = match asked.csv && !resumed {
        true => header()?,
        false => Vec::new(),
    };
    loop {
        let page = session.client()?.send(list.clone()).await;
        let page = match page {
            Err(error) if resumed && written == 0 && error.code() == Some(50100) => {
                return Err(usage(
                    "the server does not know any more where the earlier export stopped; begin anew without --resume",
                ));
            }
            page => page?,
        };
        let reads = page
            .group_chat_list
            .into_iter()
            .map(|listed| read(&groups, listed));
        let mut read = std::pin::pin!(stream::iter(reads).buffered(AT_ONCE));
        while let Some(group) = read.try_next().await? {
            let Some((status, group)) = group else {
                continue;
            };
            steps.next(&group.name);
            written += 1;
            members += group.member_list.len();
            match asked.csv {
                true => rows(&mut text, status, &group)?,
                false => {
                    let mut line = serde_json::to_value(&group)?;
                    line["status"] = status.into();
                    text.extend(session.output.lines(line)?.into_bytes());
                }
            }
        }
        match &mut partial {
            Some(partial) => partial.add(&text, &page.next_cursor)?,
            None => output::bytes(&text)?,
        }
        text.clear();
        if page.next_cursor.is_empty() {
            break;
        }
        list.cursor = Some(page.next_cursor);
        list.offset = None;
    }
    drop(steps);
    if let Some(partial) = partial {
        partial.finish()?;
    }
    session
        .output
        .talk(format!("wrote {written} groups with {members} members"));
    Ok(())
}

/// How many groups a list has.
async fn count(groups: &CustomerGroups, list: &List) -> Result<usize> {
    let list = List {
        limit: None,
        ..list.clone()
    };
    let counted = groups
        .list(list)
        .try_fold(0, |count, _| async move { Ok(count + 1) });
    Ok(counted.await?)
}

/// A group of the list, unless it was dismissed since.
async fn read(groups: &CustomerGroups, listed: ListedGroup) -> Result<Option<(i64, GroupChat)>> {
    match groups.get(&listed.chat_id).await {
        Ok(group) => Ok(Some((listed.status, group))),
        Err(error) if error.is_unknown_chat() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

const COLUMNS: [&str; 16] = [
    "chat_id",
    "status",
    "group_name",
    "owner",
    "create_time",
    "notice",
    "userid",
    "type",
    "name",
    "group_nickname",
    "unionid",
    "join_time",
    "join_scene",
    "invitor",
    "state",
    "admin",
];

fn header() -> Result<Vec<u8>> {
    let mut text = Vec::new();
    writer(&mut text).write_record(COLUMNS)?;
    Ok(text)
}

/// A row for each member.
fn rows(text: &mut Vec<u8>, status: i64, group: &GroupChat) -> Result<()> {
    let mut writer = writer(text);
    for member in &group.member_list {
        let admin = group.admin_list.iter().any(|it| it.userid == member.userid);
        writer.write_record([
            &*group.chat_id,
            &*status.to_string(),
            &group.name,
            &group.owner,
            &group.create_time.to_string(),
            &group.notice,
            &member.userid,
            &member.kind.to_string(),
            member.name.as_deref().unwrap_or_default(),
            &member.group_nickname,
            member.unionid.as_deref().unwrap_or_default(),
            &member.join_time.to_string(),
            &member.join_scene.to_string(),
            member.invitor.as_ref().map_or("", |it| &*it.userid),
            member.state.as_deref().unwrap_or_default(),
            if admin { "1" } else { "0" },
        ])?;
    }
    writer.flush().context("the rows cannot be written")
}

fn writer<W: Write>(text: W) -> csv::Writer<W> {
    csv::Writer::from_writer(text)
}
