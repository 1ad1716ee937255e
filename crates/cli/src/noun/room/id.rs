//! `qun id`: what an id is (needs the manage token).

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::manage::{ExplainId, Explained};

use crate::{
    connect::{Common, Session},
    failure::not_found,
    output::line,
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
    /// Say what an id is, whose it is, and what else the same thing is called.
    #[command(after_help = "Example:\n  qun id explain R:888888")]
    Explain {
        /// Any id: of people, contacts, accounts, groups, rooms, conversations, labels, apps
        id: String,
    },
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let Verb::Explain { id } = noun.verb;
    let corpid = session.corpid().await?;
    let explained = session.send(ExplainId { corpid, id }).await?;
    if explained.meanings.is_empty() {
        return Err(not_found(format!(
            "nothing here has the id {:?}",
            explained.id
        )));
    }
    session
        .output
        .text_or_json(|| print(&explained), &explained)
}

fn print(explained: &Explained) -> Result<()> {
    line(&explained.id)?;
    for meaning in &explained.meanings {
        line(format!("  {}: {}", meaning.kind, meaning.what))?;
        for sibling in &meaning.siblings {
            let of = sibling.of.as_ref().map(|of| format!("  ({of})"));
            let of = of.unwrap_or_default();
            line(format!("    {:<16} {}{of}", sibling.kind, sibling.id))?;
        }
    }
    Ok(())
}
