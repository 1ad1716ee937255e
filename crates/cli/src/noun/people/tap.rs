//! Taps on cards.

use anyhow::{Result, bail};
use clap::Args;
use qun_protocol::{
    CorpId, UserId,
    people::{Arrived, Chosen, Inbox, TapCard, Told},
};

use crate::connect::Session;

/// A tap as it is written on the command line.
#[derive(Args)]
pub(crate) struct Tap {
    /// The person
    userid: String,
    /// The key of the button or of the menu's entry [default: the only one]
    key: Option<String>,
    /// The message's id [default: the newest card in the inbox]
    #[arg(long)]
    id: Option<String>,
    /// Choose these options for a question
    #[arg(long, value_name = "QUESTION=OPTION,...", value_parser = chosen)]
    choose: Vec<Chosen>,
}

fn chosen(text: &str) -> Result<Chosen, String> {
    let (question, options) = text
        .rsplit_once('=')
        .ok_or("a choice is written QUESTION=OPTION, several options with commas between")?;
    let options = options.split(',').filter(|id| !id.is_empty());
    Ok(Chosen {
        question_key: question.to_owned(),
        option_ids: options.map(str::to_owned).collect(),
    })
}

/// Taps a card, of this app if one is named.
pub(crate) async fn tap(
    session: &Session,
    corpid: Option<CorpId>,
    tap: Tap,
    agentid: Option<i64>,
) -> Result<Option<Told>> {
    let userid: UserId = tap.userid.into();
    let id = match tap.id {
        Some(id) => id,
        None => newest(session, corpid.clone(), userid.clone(), agentid).await?,
    };
    let tap = TapCard {
        corpid,
        userid,
        id,
        key: tap.key,
        selected: tap.choose,
    };
    session.change(tap).await
}

/// The id of the newest card that lies in a person's inbox.
async fn newest(
    session: &Session,
    corpid: Option<CorpId>,
    userid: UserId,
    agentid: Option<i64>,
) -> Result<String> {
    let inbox = Inbox {
        corpid,
        userid: userid.clone(),
        limit: Some(1000),
        ..Default::default()
    };
    let arrived: Vec<Arrived> = session.all(inbox).await?;
    let card = arrived.into_iter().rev().find(|message| {
        message.msgtype == "template_card"
            && message.dropped.is_none()
            && (agentid.is_none() || message.agentid == agentid)
    });
    match card {
        Some(card) => Ok(card.id),
        None => bail!("{userid} has got no card"),
    }
}
