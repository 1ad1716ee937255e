//! Invitation cards on a person's phone.

use anyhow::Result;
use clap::Args;
use qun_protocol::{
    CorpId,
    people::{AcceptInvitation, IgnoreInvitation, Invitations},
};
use serde_json::json;

use crate::connect::Session;

#[derive(Args)]
pub(super) struct One {
    /// The person: a userid, an external_userid or a wxid
    person: String,
    /// The card's id
    card: i64,
}

pub(super) async fn list(session: &Session, corpid: Option<CorpId>, person: String) -> Result<()> {
    let userid = person.into();
    let invitations = session
        .send(Invitations { corpid, userid })
        .await?
        .invitations;
    let columns = ["id", "room", "name", "from", "time", "state"];
    session.output.list(&columns, &invitations)
}

pub(super) async fn accept(session: &Session, corpid: Option<CorpId>, one: One) -> Result<()> {
    let said = format!("{} is in the room", one.person);
    let request = AcceptInvitation {
        corpid,
        userid: one.person.into(),
        id: one.card,
    };
    session.carry_out(request, said, &json!({})).await
}

pub(super) async fn ignore(session: &Session, corpid: Option<CorpId>, one: One) -> Result<()> {
    let said = format!("{} ignores the card", one.person);
    let request = IgnoreInvitation {
        corpid,
        userid: one.person.into(),
        id: one.card,
    };
    session.carry_out(request, said, &json!({})).await
}
