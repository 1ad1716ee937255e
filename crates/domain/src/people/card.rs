use qun_protocol::{
    Refusal as R,
    event::{Event, TemplateCard as Tapped, TemplateCardMenu, What},
    message::TemplateCard,
    people::{TapCard, Told},
};
use qun_store::table::{
    audience,
    card::{self, Code},
    message,
};

use super::{
    app::tell,
    inbox::{dropped, id_parts},
};
use crate::{
    Command, Cx, Outcome, Use, callback,
    message::card::{KIND, allow, code, read},
    participant::Participant,
    rule,
};

// It takes a place in a queue, as everything that an app is told.
impl Command<TapCard> for Use {
    fn run(cx: &mut Cx, request: &TapCard) -> Outcome<Told> {
        let company = cx.company(request.corpid.as_ref())?;
        let corp = company.corp;
        let person = cx.person(corp, &request.userid)?;
        let place @ (lane, id) = id_parts(&request.id).ok_or(R::CardUnknown)?;
        let rows = cx.tx.as_read();
        let message = message::by_id(rows, corp, lane, id)?
            .filter(|message| message.kind == KIND && message.app != 0)
            .ok_or(R::CardUnknown)?;
        let reader = Participant::Employee(person.clone());
        let got = audience::among(rows, corp, message.chat, &[person.person])?;
        if got.is_empty()
            || !message::recalled(rows, corp, lane, &[id])?.is_empty()
            || dropped(&mut cx.reading(), corp, &reader, &message)?
        {
            return Err(R::CardUnknown.into());
        }
        let rows = cx.tx.as_read();
        if callback::known_app(rows, corp, message.app)?.disabled {
            return Err(R::AppDisabled.into());
        }
        let changes = card::changes(rows, corp, lane, &[id], person.person)?;
        let changes: Vec<card::Change> = changes.into_iter().map(|(_, change)| change).collect();
        let now = rule::card::now(read(serde_json::from_str(&message.body))?, &changes);
        let now: TemplateCard = read(serde_json::from_value(now))?;
        let tap = rule::card::tap(&now, request.key.as_deref(), &request.selected)?;
        let code = code(cx);
        let (task_id, card_type) = (
            now.task_id.unwrap_or_default(),
            now.card_type.unwrap_or_default(),
        );
        let event = if tap.menu {
            Event::TemplateCardMenu(TemplateCardMenu {
                event_key: tap.key,
                task_id,
                card_type,
                response_code: code.clone(),
            })
        } else {
            Event::TemplateCard(Tapped {
                event_key: tap.key,
                task_id,
                card_type,
                response_code: code.clone(),
                selected_items: tap.selected,
            })
        };
        let told = tell(cx, &company, &person, message.app, What::Event(event))?;
        if told.callback.is_some() {
            let rules = cx.rules(corp)?;
            allow(
                cx,
                corp,
                &rules,
                &code,
                Code {
                    app: message.app,
                    place,
                },
            )?;
        }
        Ok(told)
    }
}
