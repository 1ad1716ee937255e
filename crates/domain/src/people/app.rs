use qun_protocol::{
    CorpId, Limit, Refusal as R, Refused, UserId,
    event::{
        EnterAgent, Event, Image, Link, Location, Subscribe, Text, Unsubscribe, Video, Voice, What,
    },
    people::{EnterApp, Place, SayToApp, SharedLink, SubscribeApp, Told, UnsubscribeApp},
};
use qun_store::table::{company::Company, directory::Person};

use crate::{Command, Cx, Outcome, Use, callback, manage::bad, media, range};

// What takes a place in a queue changes the queue's row: it runs alone in its company, so that no two batches wait for each other's.
impl Command<SayToApp> for Use {
    fn run(cx: &mut Cx, request: &SayToApp) -> Outcome<Told> {
        let (company, person) = meet(cx, &request.corpid, &request.userid, request.agentid)?;
        let text = request.text.as_deref().filter(|text| !text.is_empty());
        let what = match (text, &request.media_id, &request.location, &request.link) {
            (Some(text), None, None, None) => said(cx, company.corp, text)?,
            (None, Some(media_id), None, None) => {
                let file = media::usable(cx.tx.as_read(), company.corp, media_id, cx.now)?;
                shared_file(&file.kind, file.media_id)?
            }
            (None, None, Some(place), None) => located(place)?,
            (None, None, None, Some(link)) => linked(link)?,
            (None, None, None, None) => return Err(R::EmptyContent.into()),
            _ => return Err(bad("one of text, media_id, location and link")),
        };
        tell(cx, &company, &person, request.agentid, what)
    }
}

impl Command<EnterApp> for Use {
    fn run(cx: &mut Cx, request: &EnterApp) -> Outcome<Told> {
        let (company, person) = meet(cx, &request.corpid, &request.userid, request.agentid)?;
        let what = What::Event(Event::EnterAgent(EnterAgent::default()));
        tell(cx, &company, &person, request.agentid, what)
    }
}

impl Command<SubscribeApp> for Use {
    fn run(cx: &mut Cx, request: &SubscribeApp) -> Outcome<Told> {
        let (company, person) = meet(cx, &request.corpid, &request.userid, request.agentid)?;
        let what = What::Event(Event::Subscribe(Subscribe {}));
        tell(cx, &company, &person, request.agentid, what)
    }
}

impl Command<UnsubscribeApp> for Use {
    fn run(cx: &mut Cx, request: &UnsubscribeApp) -> Outcome<Told> {
        let (company, person) = known(cx, &request.corpid, &request.userid, request.agentid)?;
        let what = What::Event(Event::Unsubscribe(Unsubscribe {}));
        tell(cx, &company, &person, request.agentid, what)
    }
}

/// The company and the person, where the app is there, switched on, and sees the person.
fn meet(
    cx: &mut Cx,
    corpid: &Option<CorpId>,
    userid: &UserId,
    agentid: i64,
) -> Outcome<(Company, Person)> {
    let (company, person) = known(cx, corpid, userid, agentid)?;
    if range::holds(cx.tx.as_read(), company.corp, agentid, person.person)? {
        Ok((company, person))
    } else {
        let detail = format!("{} is not within {agentid}", person.userid);
        Err(Refused::because(R::AppNotVisible, detail).into())
    }
}

/// The company and the person, where the app is there and switched on.
fn known(
    cx: &mut Cx,
    corpid: &Option<CorpId>,
    userid: &UserId,
    agentid: i64,
) -> Outcome<(Company, Person)> {
    let company = cx.company(corpid.as_ref())?;
    let person = cx.person(company.corp, userid)?;
    if callback::known_app(cx.tx.as_read(), company.corp, agentid)?.disabled {
        return Err(R::AppDisabled.into());
    }
    Ok((company, person))
}

/// Tells the app, after everything that this person did to it before.
pub(super) fn tell(
    cx: &mut Cx,
    company: &Company,
    person: &Person,
    agentid: i64,
    mut what: What,
) -> Outcome<Told> {
    let queue = format!("person {}", person.person);
    let callback = callback::raise(cx, company, agentid, queue, person, |msg_id| {
        what.set_msg_id(msg_id);
        what
    })?;
    Ok(Told { callback })
}

fn said(cx: &mut Cx, corp: i64, text: &str) -> Outcome<What> {
    let limit = cx.rules(corp)?.size(Limit::TextBytes);
    if text.len() > limit {
        return Err(Refused::too_long("text", limit).into());
    }
    Ok(What::Text(Text {
        content: text.to_owned(),
        ..Default::default()
    }))
}

fn shared_file(kind: &str, media_id: String) -> Outcome<What> {
    Ok(match kind {
        "image" => What::Image(Image {
            media_id,
            ..Default::default()
        }),
        "voice" => What::Voice(Voice {
            media_id,
            format: "amr".into(),
            ..Default::default()
        }),
        "video" => What::Video(Video {
            media_id,
            ..Default::default()
        }),
        _ => {
            return Err(bad(
                "an app is told of pictures, recordings and films alone",
            ));
        }
    })
}

/// Texts of places and links, bytes.
const LONG: usize = 2048;

fn short(field: &'static str, text: &str) -> Outcome<String> {
    if text.len() > LONG {
        return Err(Refused::too_long(field, LONG).into());
    }
    Ok(text.to_owned())
}

fn located(place: &Place) -> Outcome<What> {
    if !(-90.0..=90.0).contains(&place.latitude) || !(-180.0..=180.0).contains(&place.longitude) {
        return Err(bad("latitude is -90 to 90, longitude -180 to 180"));
    }
    Ok(What::Location(Location {
        location_x: place.latitude.to_string(),
        location_y: place.longitude.to_string(),
        scale: place.scale.unwrap_or(16).to_string(),
        label: short("label", &place.label)?,
        app_type: "wxwork".into(),
        ..Default::default()
    }))
}

fn linked(link: &SharedLink) -> Outcome<What> {
    if link.url.is_empty() {
        return Err(R::EmptyContent.into());
    }
    Ok(What::Link(Link {
        title: short("title", &link.title)?,
        description: short("description", &link.description)?,
        url: short("url", &link.url)?,
        pic_url: short("pic_url", &link.pic_url)?,
        ..Default::default()
    }))
}
