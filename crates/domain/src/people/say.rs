use qun_protocol::{
    Limit, Refusal as R, Refused,
    people::{Said, Say},
};
use qun_store::{Effect, table::message};
use serde_json::json;

use super::{Seen, inbox::id_text, seen};
use crate::{Command, Cx, Outcome, Use, customer_group, media};

impl Command<Say> for Use {
    const EFFECT: Effect = Effect::Append;
    const WAKES: bool = true;

    fn run(cx: &mut Cx, request: &Say) -> Outcome<Said> {
        let corp = cx.company(request.corpid.as_ref())?.corp;
        let rules = cx.rules(corp)?;
        let person = cx.participant(corp, &request.userid)?.key();
        let seen = seen(cx.tx.as_read(), corp, person, &request.chatid)?;
        let text = request.text.as_deref().filter(|text| !text.is_empty());
        let (kind, body) = match (text, &request.media_id) {
            (Some(text), None) => {
                if text.len() > rules.size(Limit::TextBytes) {
                    return Err(Refused::too_long("text", rules.size(Limit::TextBytes)).into());
                }
                ("text".to_owned(), json!({ "content": text }))
            }
            (None, Some(media_id)) => {
                let file = media::usable(cx.tx.as_read(), corp, media_id, cx.now)?;
                let mut body = json!({});
                media::draw(&mut body, &file);
                (file.kind, body)
            }
            (Some(_), Some(_)) => {
                return Err(Refused::because(R::BadRequest, "either text or media_id").into());
            }
            (None, None) => return Err(R::EmptyContent.into()),
        };
        let id = cx.ids.next();
        let body = body.to_string();
        let message = message::Message {
            id,
            chat: match &seen {
                Seen::Internal(chat, _) => chat.chat,
                Seen::Customer(group) => group.chat,
            },
            app: 0,
            sender: person,
            kind,
            safe: 0,
            body,
        };
        let lane = cx.ids.lane();
        message::append(cx.tx, corp, lane, &message)?;
        if let Seen::Customer(group) = &seen {
            customer_group::spoken(cx, corp, group, person, id)?;
        }
        Ok(Said {
            id: id_text(lane, id),
        })
    }
}
