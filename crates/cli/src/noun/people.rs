//! `qun people`: what a member's phone shows and does (needs the manage token).

mod customer_group;
mod tap;

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::{
    CorpId, UserId,
    people::{Arrived, Groups, HandOver, Inbox, Leave, Remove, Rename, Say, Scan, TapJoinWay},
};
use serde_json::{Value, json};

pub(crate) use tap::{Tap, tap};

use super::{callback::told, chat::people};
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
    /// Show what arrived on a person's phone, oldest first.
    #[command(after_help = "Example:\n  qun people inbox dev_001")]
    Inbox {
        /// The person
        userid: String,
        /// Only what was said in this group
        #[arg(long)]
        chatid: Option<String>,
        /// Only the last so many
        #[arg(long, value_name = "NUMBER")]
        last: Option<usize>,
    },
    /// List the groups that a person sees.
    #[command(after_help = "Example:\n  qun people groups dev_001")]
    Groups {
        /// The person
        userid: String,
    },
    /// Say something in a group as a member, and print the message's id.
    #[command(after_help = "Example:\n  qun people say dev_001 alpha_project_20231101 收到")]
    Say {
        /// The member
        userid: String,
        /// The group
        chatid: String,
        /// The text
        #[arg(required_unless_present = "media_id")]
        text: Option<String>,
        /// Instead of a text, a file that is there
        #[arg(long, conflicts_with = "text")]
        media_id: Option<String>,
    },
    /// Tap a button or a menu's entry of a card, or send what is chosen on it; the app is told.
    #[command(after_help = "Example:\n  qun people tap dev_002 agree --choose reason=ill")]
    Tap(Tap),
    /// Leave a group.
    #[command(after_help = "Example:\n  qun people leave dev_001 alpha_project_20231101")]
    Leave {
        /// The member
        userid: String,
        /// The group
        chatid: String,
    },
    /// Rename a group.
    #[command(
        after_help = "Example:\n  qun people rename dev_001 alpha_project_20231101 Alpha二期"
    )]
    Rename {
        /// The member
        userid: String,
        /// The group
        chatid: String,
        /// The new name
        name: String,
    },
    /// Hand a group over to another member.
    #[command(
        after_help = "Example:\n  qun people owner project_manager_001 alpha_project_20231101 pm_001"
    )]
    Owner {
        /// The owner
        userid: String,
        /// The group
        chatid: String,
        /// The new owner
        owner: String,
    },
    /// Scan the QR code of a join way, as a customer or employee, and print the group's chat_id.
    #[command(
        after_help = "Example:\n  qun people scan wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA $(qun join-way get 9ad7fa5cdaa6511298498f979c472aaa --jq .qr_code)"
    )]
    Scan {
        /// The customer or employee
        id: String,
        /// What the picture says, the picture's URL, or the code alone
        code: String,
    },
    /// Tap the button of a join way, as a customer or employee, and print the group's chat_id.
    #[command(
        after_help = "Example:\n  qun people tap-join wmOgQhDgAAuXFJGwbve4g4iXknfOAAAA 42b34949e138eb6e027c123cba77faaa"
    )]
    TapJoin {
        /// The customer or employee
        id: String,
        /// The join way
        config_id: String,
    },
    /// Remove members from a group as its owner.
    #[command(
        after_help = "Example:\n  qun people remove project_manager_001 alpha_project_20231101 dev_002"
    )]
    Remove {
        /// The owner
        userid: String,
        /// The group
        chatid: String,
        /// Those who go
        #[arg(required = true, value_delimiter = ',', value_name = "USERID")]
        userlist: Vec<String>,
    },
    #[command(flatten)]
    CustomerGroup(customer_group::Verb),
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let corpid = Some(session.corpid().await?);
    match noun.verb {
        Verb::Inbox {
            userid,
            chatid,
            last,
        } => inbox(&session, corpid, userid.into(), chatid, last).await,
        Verb::Groups { userid } => {
            let userid = userid.into();
            let groups = session.send(Groups { corpid, userid }).await?.groups;
            let columns = ["chatid", "name", "owner", "member_count", "join_time"];
            session.output.list(&columns, &groups)
        }
        Verb::Say {
            userid,
            chatid,
            text,
            media_id,
        } => {
            let said = session.change(Say {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                text,
                media_id: media_id.map(Into::into),
            });
            match said.await? {
                Some(said) => session.output.bare(&said.id, &said),
                None => Ok(()),
            }
        }
        Verb::Tap(card) => told(&session, tap(&session, corpid, card, None).await?),
        Verb::Scan { id, code } => {
            let (url, code) = match code.contains('/') {
                true => (Some(code), None),
                false => (None, Some(code)),
            };
            let joined = session.change(Scan {
                corpid,
                userid: id.into(),
                url,
                code,
            });
            match joined.await? {
                Some(joined) => session.output.bare(&joined.chat_id, &joined),
                None => Ok(()),
            }
        }
        Verb::TapJoin { id, config_id } => {
            let joined = session.change(TapJoinWay {
                corpid,
                userid: id.into(),
                config_id: config_id.into(),
            });
            match joined.await? {
                Some(joined) => session.output.bare(&joined.chat_id, &joined),
                None => Ok(()),
            }
        }
        Verb::Leave { userid, chatid } => {
            let said = format!("{userid} left {chatid}");
            let done = session.change(Leave {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
            });
            done_with(&session, done.await?.is_some(), said)
        }
        Verb::Rename {
            userid,
            chatid,
            name,
        } => {
            let said = format!("{userid} renamed {chatid}");
            let done = session.change(Rename {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                name,
            });
            done_with(&session, done.await?.is_some(), said)
        }
        Verb::Owner {
            userid,
            chatid,
            owner,
        } => {
            let said = format!("{userid} handed {chatid} over to {owner}");
            let done = session.change(HandOver {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                owner: owner.into(),
            });
            done_with(&session, done.await?.is_some(), said)
        }
        Verb::Remove {
            userid,
            chatid,
            userlist,
        } => {
            let said = format!("{userid} removed {} from {chatid}", userlist.join(", "));
            let done = session.change(Remove {
                corpid,
                userid: userid.into(),
                chatid: chatid.into(),
                userlist: people(userlist),
            });
            done_with(&session, done.await?.is_some(), said)
        }
        Verb::CustomerGroup(verb) => customer_group::run(&session, corpid, verb).await,
    }
}

fn done_with(session: &Session, done: bool, said: String) -> Result<()> {
    match done {
        true => session.output.done(said, &json!({})),
        false => Ok(()),
    }
}

async fn inbox(
    session: &Session,
    corpid: Option<CorpId>,
    userid: UserId,
    chatid: Option<String>,
    last: Option<usize>,
) -> Result<()> {
    let request = Inbox {
        corpid,
        userid,
        limit: Some(1000),
        ..Default::default()
    };
    let mut arrived: Vec<Arrived> = session.all(request).await?;
    if let Some(chatid) = chatid {
        arrived.retain(|message| *message.chatid == chatid);
    }
    if let Some(last) = last {
        arrived.drain(..arrived.len().saturating_sub(last));
    }
    let rows: Vec<Value> = arrived.iter().map(row).collect::<Result<_>>()?;
    let columns = ["time", "chatid", "sender", "msgtype", "text", "dropped_by"];
    session.output.list(&columns, &rows)
}

/// A message, with its sender, its words and what dropped it in fields of their own.
pub(super) fn row(message: &Arrived) -> Result<Value> {
    let mut row = serde_json::to_value(message)?;
    row["text"] = words(message).into();
    row["sender"] = match (&message.from, message.agentid) {
        (Some(person), _) => person.0.clone().into(),
        (None, agentid) => agentid.into(),
    };
    if let Some(drop) = &message.dropped {
        row["dropped_by"] = format!("{} {}", drop.limit, drop.value).into();
    }
    Ok(row)
}

/// The words of a message, whatever its kind.
pub(super) fn words(message: &Arrived) -> String {
    let content = &message.content;
    let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    match message.msgtype.as_str() {
        "text" | "markdown" => text(content, "content"),
        "textcard" => format!(
            "{}: {}",
            text(content, "title"),
            text(content, "description")
        ),
        "news" | "mpnews" => {
            let articles = content["articles"].as_array().into_iter().flatten();
            let titles: Vec<String> = articles.map(|article| text(article, "title")).collect();
            titles.join(", ")
        }
        "template_card" => {
            let title = text(&content["main_title"], "title");
            match text(content, "replace_text") {
                replaced if replaced.is_empty() => title,
                replaced => format!("{title} [{replaced}]"),
            }
        }
        _ => match text(content, "filename") {
            name if name.is_empty() => content.to_string(),
            name => name,
        },
    }
}
