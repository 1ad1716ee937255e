//! What an app is told.

use anyhow::Result;
use axum::Router;
use qun_client::{
    callback::{Callback, Delivery, Fault, Receiver},
    crypt::xml::Element,
    protocol::{
        CorpId,
        event::{PassiveReply, Reply, What},
        manage::{DeleteCallback, GetCallback},
    },
};
use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::{Listen, Prepared, Printing, Target, Told, print};
use crate::{
    connect::Session,
    failure::usage,
    noun::callback::{keys::fresh, set},
    output::{moment, tell},
};

/// Nothing where the app's callback is another's and shall stay so.
pub(super) async fn prepare(
    session: &Session,
    listen: &Listen,
    target: Option<Target>,
    printer: mpsc::Sender<Printing>,
) -> Result<Option<Prepared>> {
    let keys = match listen.keys.given()? {
        Some(both) => both,
        None if listen.app.is_some() => (fresh::<32>()?, fresh::<43>()?),
        None => listen.keys.read()?,
    };
    let app = match listen.app {
        Some(agentid) => match App::of(session, agentid, keys.clone()).await? {
            Some(app) => Some(app),
            None => return Ok(None),
        },
        None => None,
    };
    let corpid = app.as_ref().map(|app| &*app.corpid);
    let (token, key) = keys;
    let callback = match corpid.or(session.target.corpid.as_deref()) {
        Some(corpid) => Callback::new(&token, &key, corpid),
        None => Callback::for_anybody(&token, &key),
    }
    .map_err(|error| usage(error.to_string()))?;
    Ok(Some(Prepared {
        told: app.map(Told::App),
        path: "/callback",
        router: Router::new().fallback_service(receiver(callback, target, printer)),
    }))
}

/// The app whose events come here while this listens.
pub(super) struct App {
    corpid: CorpId,
    agentid: i64,
    /// Token and EncodingAESKey.
    keys: (String, String),
}

impl App {
    /// Nothing where its callback is another's and shall stay so.
    async fn of(session: &Session, agentid: i64, keys: (String, String)) -> Result<Option<Self>> {
        let corpid = session.corpid().await?;
        let get = GetCallback {
            corpid: corpid.clone(),
            agentid,
        };
        if let Some(url) = session.send(get).await?.url {
            let question = format!(
                "App {agentid} is told at {url}. Replace that, with no way back to its Token and key?"
            );
            if !session.confirm(&question)? {
                return Ok(None);
            }
        }
        Ok(Some(Self {
            corpid,
            agentid,
            keys,
        }))
    }

    pub(super) async fn tell(&self, session: &Session, url: &str) -> Result<()> {
        let keys = self.keys.clone();
        set(session, self.corpid.clone(), self.agentid, url.into(), keys).await?;
        Ok(())
    }

    /// Takes the callback away, unless somebody has set another meanwhile.
    pub(super) async fn tell_no_longer(&self, session: &Session, url: &str) -> Result<()> {
        let get = GetCallback {
            corpid: self.corpid.clone(),
            agentid: self.agentid,
        };
        if session.send(get).await?.url.as_deref() == Some(url) {
            let unset = DeleteCallback {
                corpid: self.corpid.clone(),
                agentid: self.agentid,
            };
            session.change(unset).await?;
        }
        Ok(())
    }
}

/// Time, app, person, kind and words.
fn cells(delivery: &Delivery) -> Vec<String> {
    let received = &delivery.received;
    let agent = received.agent_id.map(|agent| agent.to_string());
    let (kind, words) = match &received.what {
        What::Text(text) => ("text", text.content.clone()),
        What::Image(image) => ("image", image.media_id.clone()),
        What::Voice(voice) => ("voice", voice.media_id.clone()),
        What::Video(video) => ("video", video.media_id.clone()),
        What::Location(place) => ("location", place.label.clone()),
        What::Link(link) => ("link", format!("{} {}", link.title, link.url)),
        What::Event(event) => (event.name(), String::new()),
        other => (other.name(), String::new()),
    };
    vec![
        moment(received.create_time),
        agent.unwrap_or_default(),
        received.from_user_name.clone(),
        kind.to_owned(),
        words,
    ]
}

/// A message as JSON: names as in the XML, what stands more than once as a list, bare numbers as numbers.
fn value(xml: &Element) -> Value {
    if xml.children.is_empty() {
        return match xml.text.parse::<i64>() {
            Ok(number) if !xml.cdata => number.into(),
            _ => xml.text.clone().into(),
        };
    }
    let mut fields = Map::new();
    for child in &xml.children {
        match fields.get_mut(&child.name) {
            None => {
                fields.insert(child.name.clone(), value(child));
            }
            Some(Value::Array(all)) => all.push(value(child)),
            Some(one) => *one = Value::Array(vec![one.take(), value(child)]),
        }
    }
    Value::Object(fields)
}

/// Prints each, and then asks the target for the answer.
fn receiver(
    callback: Callback,
    target: Option<Target>,
    printer: mpsc::Sender<Printing>,
) -> Receiver {
    Receiver::new(callback, move |delivery: Delivery| {
        let (printer, target) = (printer.clone(), target.clone());
        async move {
            let xml = delivery.xml.clone();
            let json = value(&Element::read(&xml)?);
            print(&printer, cells(&delivery), json).await?;
            match target {
                Some(target) => forward(target, xml).await.inspect_err(|error| {
                    tell(format!("not forwarded, it will come again: {error}"));
                }),
                None => Ok::<_, Fault>(None),
            }
        }
    })
}

async fn forward(target: Target, xml: String) -> Result<Option<PassiveReply>, Fault> {
    let text = target.post("", "text/xml; charset=utf-8", xml).await?;
    match text.trim() {
        "" => Ok(None),
        text if text.eq_ignore_ascii_case("success") => Ok(None),
        text => Ok(Some(Reply::read(text)?.what)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_as_json_keeps_all_of_it() {
        let xml = "<xml><ToUserName><![CDATA[007]]></ToUserName><AgentID>218</AgentID><MsgId>4561255354251345929</MsgId>\
            <List><Item><![CDATA[a]]></Item><Item><![CDATA[b]]></Item><Item><![CDATA[c]]></Item></List><Empty/></xml>";
        assert_eq!(
            value(&Element::read(xml).unwrap()),
            json!({ "ToUserName": "007", "AgentID": 218, "MsgId": 4_561_255_354_251_345_929_i64,
                "List": { "Item": ["a", "b", "c"] }, "Empty": "" })
        );
    }
}
