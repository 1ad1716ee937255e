use qun_protocol::{
    Done, Refusal as R, UserId,
    groupchat::JoinScene,
    people::{
        AcceptInvitation, IgnoreInvitation, Invitation, InvitationState, Invitations, InvitationsOf,
    },
};
use qun_store::table::{
    company::Company,
    customer_group::{self as groups, Way},
    message,
    room::{
        self, Room,
        bot::Bot,
        invitation::{self, state},
    },
};
use serde_json::json;

use super::id;
use crate::{Command, Cx, Outcome, Query, ReadCx, Use, audience, customer_group, participant};

/// Sends an invitation card, which stands in the person's inbox too.
pub(super) fn send(cx: &mut Cx, corp: i64, bot: &Bot, room: &Room, person: i64) -> Outcome<()> {
    // A number of the same sequence as its message's, so it is of its time.
    let key = cx.ids.next();
    let row = invitation::Invitation {
        card: key,
        chat: room.chat,
        inviter: bot.person,
        person,
        state: state::OPEN,
    };
    invitation::insert(cx.tx, corp, &row)?;
    let body = json!({
        "id": key,
        "room": id::of_room(cx.tx.as_read(), corp, room)?,
        "name": room.name,
    });
    let message = message::Message {
        chat: audience::of(cx, corp, &[person])?,
        id: cx.ids.next(),
        app: 0,
        sender: bot.person,
        kind: "room_card".into(),
        safe: 0,
        body: body.to_string(),
    };
    Ok(message::append(cx.tx, corp, cx.ids.lane(), &message)?)
}

impl Query<Invitations> for Use {
    fn run(cx: &mut ReadCx, request: &Invitations) -> Outcome<InvitationsOf> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let person = cx.participant(corp, &request.userid)?.key();
        let mut invitations = Vec::new();
        for card in invitation::of_person(cx.read, corp, person)? {
            let room = room::by_key(cx.read, corp, card.chat)?;
            let room = room.unwrap_or_default();
            invitations.push(Invitation {
                id: card.card,
                room: if room.chat == 0 {
                    String::new()
                } else {
                    id::of_room(cx.read, corp, &room)?
                },
                name: room.name,
                from: participant::id_of(cx.read, corp, card.inviter)?,
                time: card.card / 1_000_000,
                state: match card.state {
                    state::ACCEPTED => InvitationState::Accepted,
                    state::IGNORED => InvitationState::Ignored,
                    _ => InvitationState::Open,
                },
            });
        }
        Ok(InvitationsOf { invitations })
    }
}

/// The open card that a person answers.
fn open(
    cx: &mut Cx,
    company: &Company,
    userid: &UserId,
    key: i64,
) -> Outcome<invitation::Invitation> {
    let person = cx.participant(company.corp, userid)?.key();
    let card = invitation::by_key(cx.tx.as_read(), company.corp, key)?;
    let card = card.filter(|card| card.person == person && card.state == state::OPEN);
    card.ok_or_else(|| R::InvitationUnknown.into())
}

impl Command<AcceptInvitation> for Use {
    fn run(cx: &mut Cx, request: &AcceptInvitation) -> Outcome<Done> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let card = open(cx, &company, &request.userid, request.id)?;
        let rules = cx.rules(corp)?;
        let group = groups::by_key(cx.tx.as_read(), corp, card.chat)?;
        let group = group.filter(|group| group.dismissed.is_none());
        let mut group = group.ok_or(R::GroupUnknown)?;
        let way = Way {
            scene: JoinScene::Link.number(),
            invitor: Some(card.inviter),
            state: None,
        };
        let joined = customer_group::join(cx, &company, &rules, &mut group, &[card.person], way)?;
        if joined.is_empty() {
            return Err(R::AlreadyInRoom.into());
        }
        invitation::answer(cx.tx, corp, card.card, state::ACCEPTED)?;
        Ok(Done {})
    }
}

impl Command<IgnoreInvitation> for Use {
    fn run(cx: &mut Cx, request: &IgnoreInvitation) -> Outcome<Done> {
        let company = cx.company(request.corpid.as_ref())?;
        let card = open(cx, &company, &request.userid, request.id)?;
        invitation::answer(cx.tx, company.corp, card.card, state::IGNORED)?;
        Ok(Done {})
    }
}
