//! `qun group`: customer groups, as the apps of customer contact see them.

mod export;
mod transfer;

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use futures_util::TryStreamExt;
use qun_protocol::{
    groupchat::{FollowStatus, Get, List, ListedGroup, OwnerFilter},
    manage::MarkMigrated,
};
use serde_json::{Value, json};

use super::chat::people;
use crate::{
    connect::{Common, Session},
    output::progress,
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
    /// List customer groups whose owners the app sees.
    #[command(after_help = "Example:\n  qun group list --owner ZhuShengBen,abel")]
    List(Which),
    /// Show a customer group with its members.
    #[command(after_help = "Example:\n  qun group get wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA")]
    Get {
        /// The group
        chat_id: String,
    },
    /// Give all groups of an owner to another.
    #[command(after_help = transfer::HELP)]
    Transfer(transfer::Transfer),
    /// Write all groups with their members, as JSON lines or CSV.
    #[command(after_help = export::HELP)]
    Export(export::Export),
    /// Mark a customer group as migrated, which statistics of a company in education count (needs the manage token).
    #[command(after_help = "Example:\n  qun group migrate wrOgQhDgAAMYQiS5ol9G7gK9JVAAAA")]
    Migrate {
        /// The group
        chat_id: String,
    },
}

#[derive(Args)]
struct Which {
    /// Only groups of these owners, at most 100
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    owner: Vec<String>,
    /// Only groups that are so far
    #[arg(long)]
    status: Option<Status>,
}

impl Which {
    fn filter(self) -> List {
        let owners = people(self.owner);
        List {
            status_filter: self.status.map(|it| FollowStatus::from(it).number()),
            owner_filter: (!owners.is_empty()).then_some(OwnerFilter {
                userid_list: owners,
            }),
            ..Default::default()
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Status {
    /// 离职待继承
    Resigned,
    /// 离职继承中
    UnderWay,
    /// 离职继承完成
    Done,
}

impl From<Status> for FollowStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Resigned => FollowStatus::Resigned,
            Status::UnderWay => FollowStatus::UnderWay,
            Status::Done => FollowStatus::Done,
        }
    }
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::List(which) => list(&session, which).await,
        Verb::Get { chat_id } => {
            let request = Get {
                chat_id: Some(chat_id.into()),
                need_name: Some(1),
            };
            let group = session.send(request).await?.group_chat;
            session.output.record(&group)
        }
        Verb::Transfer(asked) => transfer::run(&session, asked).await,
        Verb::Export(asked) => export::run(&session, asked).await,
        Verb::Migrate { chat_id } => {
            let request = MarkMigrated {
                corpid: session.corpid().await?,
                chatid: chat_id.as_str().into(),
            };
            if let Some(done) = session.change(request).await? {
                session.output.done(format!("marked {chat_id}"), &done)?;
            }
            Ok(())
        }
    }
}

async fn list(session: &Session, which: Which) -> Result<()> {
    let groups = session.client()?.customer_groups().list(which.filter());
    let groups = groups.try_collect::<Vec<_>>();
    let groups = progress::during(&session.output, "List customer groups", groups).await?;
    let rows: Vec<Value> = groups.iter().map(row).collect();
    session.output.list(&["chat_id", "status", "means"], &rows)
}

/// A group, and what its status means.
fn row(group: &ListedGroup) -> Value {
    let means = match FollowStatus::numbered(group.status) {
        Some(FollowStatus::Normal) => "跟进人正常",
        Some(FollowStatus::Resigned) => "跟进人离职",
        Some(FollowStatus::UnderWay) => "离职继承中",
        Some(FollowStatus::Done) => "离职继承完成",
        None => "",
    };
    json!({ "chat_id": group.chat_id, "status": group.status, "means": means })
}
