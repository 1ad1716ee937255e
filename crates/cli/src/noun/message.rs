//! `qun message`: messages to people, as an app sends them.

mod journal;
mod many;
mod send;

use std::path::PathBuf;

use anyhow::Result;
use clap::{ArgGroup, Args, Subcommand};
use qun_client::To;
use qun_protocol::message::{Recall, ReplacedButton, UpdateTemplateCard};
use serde_json::json;

use super::content;
use crate::{
    connect::{Common, Session},
    failure::usage,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    /// The app that speaks [env: QUN_AGENTID]
    #[arg(long, global = true, value_name = "AGENTID")]
    app: Option<i64>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Send a message to people.
    #[command(after_help = send::HELP)]
    Send(Box<send::Message>),
    /// Take messages back that the app sent in the last 24 hours.
    #[command(
        after_help = "Example:\n  MSGID=$(qun message send 发错了 --to zhangsan --app 1000002)\n  qun message recall \"$MSGID\" --yes"
    )]
    Recall {
        /// The messages, as sending them has printed
        #[arg(required = true, value_name = "MSGID")]
        msgids: Vec<String>,
    },
    /// Change a card that was sent, with the response_code that came with it or with a tap; each is good for one change.
    #[command(
        after_help = "Example:\n  qun message update-card RESPONSE_CODE --button 已同意 --all --app 1000002"
    )]
    UpdateCard(Box<Change>),
}

/// Whom a message goes to.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(super) struct Address {
    /// These people
    #[arg(long, value_name = "USERID", value_delimiter = ',', group = "address")]
    to: Vec<String>,
    /// The people of these departments and of all below them
    #[arg(long, value_name = "ID", value_delimiter = ',', group = "address")]
    party: Vec<i64>,
    /// The people with these tags
    #[arg(long, value_name = "ID", value_delimiter = ',', group = "address")]
    tag: Vec<i64>,
    /// Everybody whom the app sees
    #[arg(long, group = "address", conflicts_with_all = ["to", "party", "tag"])]
    all: bool,
}

impl Address {
    fn to(&self) -> Result<To> {
        if self.all {
            return Ok(To::everyone());
        }
        if self.to.iter().any(|userid| userid == "@all") {
            return Err(usage("for everybody say --all"));
        }
        let to = To::users(self.to.iter().map(String::as_str))
            .parties(self.party.iter().copied())
            .tags(self.tag.iter().copied());
        Ok(to)
    }
}

#[derive(Args)]
#[command(group = ArgGroup::new("address").required(true).multiple(true))]
#[command(group = ArgGroup::new("change").required(true))]
struct Change {
    /// The code
    response_code: String,
    /// Put one grey button with this text in the place of the card's buttons
    #[arg(long, value_name = "TEXT", group = "change")]
    button: Option<String>,
    /// Put the card of this JSON file in its place
    #[arg(long, value_name = "FILE", group = "change")]
    template_card: Option<PathBuf>,
    #[command(flatten)]
    address: Address,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let app = noun.app.or(session.target.agentid);
    match noun.verb {
        Verb::Send(message) => send::run(&session, app, *message).await,
        Verb::Recall { msgids } => recall(&session, msgids).await,
        Verb::UpdateCard(change) => update_card(&session, app, *change).await,
    }
}

/// The app that speaks.
fn known(app: Option<i64>) -> Result<i64> {
    app.ok_or_else(|| usage("set QUN_AGENTID or say --app: the app that speaks is not known"))
}

async fn recall(session: &Session, msgids: Vec<String>) -> Result<()> {
    if !session.confirm("Take it back for all who got it?")? {
        return Ok(());
    }
    for msgid in msgids {
        let request = Recall {
            msgid: Some(msgid.clone()),
        };
        if session.change(request).await?.is_some() {
            let said = format!("took back {msgid}");
            session.output.done(said, &json!({ "msgid": msgid }))?;
        }
    }
    Ok(())
}

async fn update_card(session: &Session, app: Option<i64>, change: Change) -> Result<()> {
    let to = change.address.to()?;
    let template_card = match &change.template_card {
        Some(path) => Some(content::file(path)?),
        None => None,
    };
    let button = change.button.map(|text| ReplacedButton {
        replace_name: Some(text),
    });
    let request = UpdateTemplateCard {
        userids: to.users,
        partyids: to.parties,
        tagids: to.tags,
        atall: to.everyone.then_some(1),
        agentid: Some(known(app)?),
        response_code: Some(change.response_code.into()),
        button,
        template_card,
        ..Default::default()
    };
    request.check().map_err(|unfit| usage(unfit.to_string()))?;
    let Some(changed) = session.change(request).await? else {
        return Ok(());
    };
    for userid in &changed.invaliduser {
        session
            .output
            .talk(format!("not for {userid}: the card was not sent there"));
    }
    session.output.done("changed the card", &changed)
}
