use qun_protocol::{
    CorpId, Refusal as R, Refused, UserId,
    groupchat::JoinWayScene,
    people::{Joined, Scan, TapJoinWay},
    world::UserStatus,
};
use qun_store::table::join_way::{JoinWay, by_code, by_config_id};

use crate::{
    Command, Cx, Outcome, Use,
    join_way::{code_in, come_in},
    participant::Participant,
};

/// The key of somebody who may come in: a customer, or an employee who has not left.
fn comer(cx: &mut Cx, corp: i64, id: &UserId) -> Outcome<i64> {
    let comer = cx.participant(corp, id)?;
    match &comer {
        Participant::Employee(person)
            if UserStatus::numbered(person.status) == UserStatus::Left =>
        {
            Err(Refused::because(R::PersonUnknown, format!("{id} has left the company")).into())
        }
        comer => Ok(comer.key()),
    }
}

fn of_scene(way: Option<JoinWay>, scene: JoinWayScene, refusal: R) -> Outcome<JoinWay> {
    let way = way.filter(|way| way.scene == scene.number());
    way.ok_or_else(|| refusal.into())
}

impl Command<Scan> for Use {
    fn run(cx: &mut Cx, request: &Scan) -> Outcome<Joined> {
        let (corpid, code) = match (&request.url, &request.code) {
            (Some(url), None) => code_in(url).ok_or(R::CodeUnknown)?,
            (None, Some(code)) => ("", code.as_str()),
            _ => return Err(Refused::because(R::BadRequest, "either url or code").into()),
        };
        let in_url = Some(CorpId::from(corpid)).filter(|corpid| !corpid.is_empty());
        let named = request.corpid.as_ref();
        if in_url.is_some() && named.is_some_and(|named| **named != *corpid) {
            return Err(R::CodeUnknown.into());
        }
        let company = cx.company(named.or(in_url.as_ref()))?;
        let comer = comer(cx, company.corp, &request.userid)?;
        let way = by_code(cx.tx.as_read(), company.corp, code)?;
        let way = of_scene(way, JoinWayScene::QrCode, R::CodeUnknown)?;
        let chat_id = come_in(cx, &company, way, comer)?;
        Ok(Joined { chat_id })
    }
}

impl Command<TapJoinWay> for Use {
    fn run(cx: &mut Cx, request: &TapJoinWay) -> Outcome<Joined> {
        let company = cx.company(request.corpid.as_ref())?;
        let comer = comer(cx, company.corp, &request.userid)?;
        let way = by_config_id(cx.tx.as_read(), company.corp, &request.config_id)?;
        let way = of_scene(way, JoinWayScene::MiniProgram, R::ConfigIdUnknown)?;
        let chat_id = come_in(cx, &company, way, comer)?;
        Ok(Joined { chat_id })
    }
}
