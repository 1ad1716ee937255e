//! `qun room`: rooms of Juzi, with a Juzi token; their labels with the manage token.

pub(crate) mod bot;
pub(crate) mod hosting;
pub(crate) mod id;
mod label;

use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use futures_util::TryStreamExt;
use qun_client::Error;
use qun_protocol::room::{AddMember, Create, Exit, Room};
use serde_json::{Value, json};

use crate::{
    connect::{Common, Session},
    output::progress,
};

/// The end of the help.
pub(crate) const HELP: &str = "\
The Juzi token stands in QUN_JUZI_TOKEN or in the file of --juzi-token-file. Of the demo company it is abcd.

Example:
  qun room list --label 5eda03260e21f35ca20f9eb4";

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a room with 2 to 40 contacts, and print its ids.
    #[command(
        after_help = "Example:\n  qun room create testUserId 7888888888 wmrRhyBgAANQ1O34HRXfVQh17exxxxxx --name 体验群 --greeting 大家好"
    )]
    Create(New),
    /// Add a contact to a room: at once below 40 members, by an invitation card from 40 on.
    #[command(after_help = "Example:\n  qun room add testUserId 7888888888 R:888888")]
    Add {
        /// The userid of the hosted account that does it
        bot: String,
        /// The contact's wxid
        contact: String,
        /// The room's wxid
        room: String,
    },
    /// Leave a room with a hosted account, which must not own it.
    #[command(after_help = "Example:\n  qun room exit testUserId R:123123123 --yes")]
    Exit {
        /// The userid of the hosted account
        bot: String,
        /// The room's wxid
        room: String,
    },
    /// List the rooms with a label, or those that a contact is in.
    #[command(after_help = "Example:\n  qun room list --member 7888888888")]
    List(Which),
    /// Labels of rooms (needs the manage token).
    #[command(after_help = "Example:\n  qun room label list")]
    Label {
        #[command(subcommand)]
        verb: label::Verb,
    },
}

#[derive(Args)]
struct New {
    /// The userid of the hosted account that makes and owns it
    bot: String,
    /// The contacts: wxids or external_userids
    #[arg(value_name = "CONTACT")]
    contacts: Vec<String>,
    /// More contacts, by unionid
    #[arg(long, value_name = "UNIONID", value_delimiter = ',')]
    unions: Vec<String>,
    /// Colleagues, by userid
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    users: Vec<String>,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// The first thing that is said
    #[arg(long, value_name = "TEXT")]
    greeting: Option<String>,
}

#[derive(Args)]
#[command(group(ArgGroup::new("which").required(true).args(["label", "member"])))]
struct Which {
    /// Those with this label
    #[arg(long, value_name = "ID")]
    label: Option<String>,
    /// Those that this contact is in: a wxid or an external_userid
    #[arg(long, value_name = "CONTACT")]
    member: Option<String>,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::Create(new) => {
            let request = Create {
                bot_user_id: Some(new.bot),
                user_ids: new.users,
                union_ids: new.unions,
                name: new.name,
                greeting: new.greeting,
                wxids: new.contacts,
                ..Create::default()
            };
            match session.change(request).await? {
                Some(made) => session.output.record(&made.data),
                None => Ok(()),
            }
        }
        Verb::Add { bot, contact, room } => {
            let said = format!("{contact} is in {room}, or has an invitation card");
            let request = AddMember {
                bot_user_id: Some(bot),
                contact_wxid: Some(contact),
                room_wxid: Some(room),
                ..AddMember::default()
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::Exit { bot, room } => {
            if !session.confirm(&format!("Leave {room} with {bot}?"))? {
                return Ok(());
            }
            let said = format!("{bot} left {room}");
            let request = Exit {
                wecom_user_id: Some(bot),
                room_wxid: Some(room),
                ..Exit::default()
            };
            session.carry_out(request, said, &json!({})).await
        }
        Verb::List(which) => list(&session, which).await,
        Verb::Label { verb } => label::run(&session, verb).await,
    }
}

async fn list(session: &Session, which: Which) -> Result<()> {
    let rooms = session.juzi()?.rooms();
    let found = async {
        match which.label {
            Some(label) => rooms.with_label(&label).try_collect().await,
            None => rooms.with_member(&which.member.unwrap_or_default()).await,
        }
    };
    let found = progress::during(&session.output, "List rooms", found).await;
    let found: Vec<Room> = found.map_err(Error::from)?;
    let rows = found.iter().map(|room| {
        let mut row = serde_json::to_value(room)?;
        let labels = room.labels.iter().map(|label| label.name.as_str());
        row["bot"] = room.bot_info.weixin.as_str().into();
        row["label_names"] = labels.collect::<Vec<_>>().join(", ").into();
        Ok(row)
    });
    let rows: Vec<Value> = rows.collect::<Result<_>>()?;
    let columns = [
        "wxid",
        "topic",
        "bot",
        "ownerId",
        "memberCount",
        "label_names",
        "wecomChatId",
    ];
    session.output.list(&columns, &rows)
}
