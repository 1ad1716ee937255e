//! `qun chat`: internal groups, as their app sees them; `list` and `report` as the operator does.

mod list;
mod report;
mod send;

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_client::Error;
use qun_protocol::{
    ChatId, UserId,
    appchat::{Create, Get, Members, Quit, Update},
};
use serde_json::json;

use crate::connect::{Common, Session};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Create a group and print its chatid.
    #[command(
        after_help = "Example:\n  qun chat create zhangsan lisi --name 发布小组 --chatid launch"
    )]
    Create(New),
    /// Show a group.
    #[command(after_help = "Example:\n  qun chat get alpha_project_20231101")]
    Get(One),
    /// Change a group's name, owner or members.
    #[command(
        after_help = "Example:\n  qun chat update alpha_project_20231101 --name Alpha二期 --add zhangsan,lisi"
    )]
    Update(Change),
    /// Dissolve a group; its chatid is free again.
    #[command(after_help = "Example:\n  qun chat quit alpha_project_20231101 --yes")]
    Quit(One),
    /// Let people in.
    #[command(after_help = "Example:\n  qun chat add alpha_project_20231101 zhangsan lisi")]
    Add(Several),
    /// Take people out.
    #[command(after_help = "Example:\n  qun chat remove alpha_project_20231101 dev_002 qa_001")]
    Remove(Several),
    /// List a group's members.
    #[command(after_help = "Example:\n  qun chat members alpha_project_20231101")]
    Members(One),
    /// Send a message to a group.
    #[command(after_help = send::HELP)]
    Send(Box<send::Message>),
    /// List groups, or those in which nothing was said for a while (needs the manage token).
    #[command(after_help = "Example:\n  qun chat list --inactive 30d")]
    List(list::Which),
    /// Count groups, members and messages.
    #[command(after_help = report::HELP)]
    Report(report::Which),
}

#[derive(Args)]
struct One {
    /// The group
    chatid: String,
}

#[derive(Args)]
struct Several {
    /// The group
    chatid: String,
    /// The people, separated by blanks or commas
    #[arg(required = true, value_delimiter = ',', value_name = "USERID")]
    userlist: Vec<String>,
}

#[derive(Args)]
struct New {
    /// The members, separated by blanks or commas
    #[arg(required = true, value_delimiter = ',', value_name = "USERID")]
    userlist: Vec<String>,
    /// Its name, at most 50 characters
    #[arg(long)]
    name: Option<String>,
    /// Its owner; otherwise the first member
    #[arg(long, value_name = "USERID")]
    owner: Option<String>,
    /// Its id; otherwise one is made
    #[arg(long)]
    chatid: Option<String>,
}

#[derive(Args)]
struct Change {
    /// The group
    chatid: String,
    #[command(flatten)]
    values: Values,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Values {
    /// Its new name, at most 50 characters
    #[arg(long)]
    name: Option<String>,
    /// Its new owner
    #[arg(long, value_name = "USERID")]
    owner: Option<String>,
    /// People who come
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    add: Vec<String>,
    /// People who go
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    remove: Vec<String>,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::Create(new) => create(&session, new).await,
        Verb::Get(one) => get(&session, one.chatid).await,
        Verb::Update(change) => {
            let given = change.values;
            let request = Update {
                name: given.name.map(Into::into),
                owner: given.owner.map(Into::into),
                add_user_list: people(given.add),
                del_user_list: people(given.remove),
                ..Default::default()
            };
            update(&session, change.chatid, request, "changed").await
        }
        Verb::Quit(one) => quit(&session, one.chatid).await,
        Verb::Add(who) => {
            let request = Update {
                add_user_list: people(who.userlist),
                ..Default::default()
            };
            update(&session, who.chatid, request, "let people into").await
        }
        Verb::Remove(who) => {
            let request = Update {
                del_user_list: people(who.userlist),
                ..Default::default()
            };
            update(&session, who.chatid, request, "took people out of").await
        }
        Verb::Members(one) => members(&session, one.chatid).await,
        Verb::Send(message) => send::run(&session, *message).await,
        Verb::List(which) => list::run(&session, which).await,
        Verb::Report(which) => report::run(&session, which).await,
    }
}

/// Typed ids as userids.
pub(super) fn people(ids: Vec<String>) -> Vec<UserId> {
    ids.into_iter().map(UserId::from).collect()
}

async fn create(session: &Session, new: New) -> Result<()> {
    let request = Create {
        name: new.name.map(Into::into),
        owner: new.owner.map(Into::into),
        userlist: people(new.userlist),
        chatid: new.chatid.map(Into::into),
    };
    let Some(made) = session.change(request).await? else {
        return Ok(());
    };
    session.output.bare(&made.chatid, &made)
}

async fn get(session: &Session, chatid: String) -> Result<()> {
    let chatid = Some(chatid.into());
    let group = session.send(Get { chatid }).await?.chat_info;
    session.output.record(&group)
}

async fn update(session: &Session, chatid: String, request: Update, what: &str) -> Result<()> {
    let chatid = ChatId(chatid);
    let request = Update {
        chatid: Some(chatid.clone()),
        ..request
    };
    if session.change(request).await?.is_some() {
        let said = format!("{what} {chatid}");
        session.output.done(said, &json!({ "chatid": chatid }))?;
    }
    Ok(())
}

async fn quit(session: &Session, chatid: String) -> Result<()> {
    if !session.confirm(&format!("Dissolve {chatid} for all its members?"))? {
        return Ok(());
    }
    let chatid = ChatId(chatid);
    let request = Quit {
        chatid: Some(chatid.clone()),
    };
    let said = format!("dissolved {chatid}");
    let done = json!({ "chatid": chatid });
    session.carry_out(request, said, &done).await
}

/// The members; where the server has no such endpoint, as the cloud, their ids alone.
async fn members(session: &Session, chatid: String) -> Result<()> {
    let columns = ["userid", "status", "join_time"];
    let chatid = Some(ChatId(chatid));
    let listed = session
        .send(Members {
            chatid: chatid.clone(),
        })
        .await;
    let missing =
        |error: &anyhow::Error| matches!(error.downcast_ref(), Some(Error::NoSuchCall { .. }));
    match listed {
        Err(error) if missing(&error) => {
            let group = session.send(Get { chatid }).await?.chat_info;
            let row = |userid| json!({ "userid": userid });
            let rows: Vec<_> = group.userlist.iter().map(row).collect();
            session.output.list(&columns, &rows)
        }
        listed => session.output.list(&columns, &listed?.userlist),
    }
}
