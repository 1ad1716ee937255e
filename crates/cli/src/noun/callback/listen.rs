//! `qun listen`: receives what an app is told, prints it and passes it on.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use axum::Router;
use clap::Args;
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
use tokio::sync::{mpsc, oneshot};

use super::keys::{Keys, fresh};
use crate::{
    connect::{Common, Session},
    failure::usage,
    output::{line, moment, tell},
    time::length,
    up::Stop,
};

/// The end of the help.
pub(crate) const HELP: &str = "\
A line for each: time, app, person, kind, text; with --json the whole message as one line of JSON.
Each is printed once, however often it is sent. What the target of --forward-to answers goes back
to the app's person: `success` or nothing, or a plain <xml> message, which is encrypted here.
Where the target fails, the delivery fails too and comes again. With --app, Token and key are
made up unless they are said.

Example:
  export QUN_CALLBACK_TOKEN=example QUN_CALLBACK_AES_KEY=4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws
  qun listen --listen 127.0.0.1:7801";

/// Receive what an app is told, print it, and pass it on.
#[derive(Args)]
pub(crate) struct Listen {
    #[command(flatten)]
    common: Common,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7801")]
    listen: SocketAddr,
    /// Listen beyond this machine too
    #[arg(long)]
    allow_remote: bool,
    /// Let the server tell this app's events here while it listens, and no longer (needs the manage token)
    #[arg(long, value_name = "AGENTID")]
    app: Option<i64>,
    #[command(flatten)]
    keys: Keys,
    /// Post the plain XML there
    #[arg(long, value_name = "URL")]
    forward_to: Option<String>,
    /// End after so many
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after this time; with exit code 1 where --count is not reached
    #[arg(long, value_name = "TIME", value_parser = length)]
    timeout: Option<Duration>,
}

pub(crate) async fn run(listen: Listen) -> Result<()> {
    let session = Session::open(listen.common.clone())?;
    if !listen.listen.ip().is_loopback() && !listen.allow_remote {
        return Err(usage(format!(
            "{} can be reached from beyond this machine; say --allow-remote if that is meant",
            listen.listen
        )));
    }
    let app = match listen.app {
        Some(agentid) => match App::of(&session, agentid, listen.listen).await? {
            Some(app) => Some(app),
            None => return Ok(()),
        },
        None => None,
    };
    let (token, key) = match listen.keys.given()? {
        Some(both) => both,
        None if app.is_some() => (fresh::<32>()?, fresh::<43>()?),
        None => listen.keys.read()?,
    };
    let corpid = app.as_ref().map(|app| &*app.corpid);
    let callback = match corpid.or(session.target.corpid.as_deref()) {
        Some(corpid) => Callback::new(&token, &key, corpid),
        None => Callback::for_anybody(&token, &key),
    }
    .map_err(|error| usage(error.to_string()))?;
    let mut stop = Stop::listen()?;
    let (send, deliveries) = mpsc::channel(64);
    let target = listen.forward_to.as_deref();
    let target = target.map(|url| Target::new(&session, url)).transpose()?;
    let receiver = receiver(callback, target, send);
    let listener = tokio::net::TcpListener::bind(listen.listen)
        .await
        .with_context(|| format!("cannot listen at {}", listen.listen))?;
    let url = format!("http://{}/callback", listener.local_addr()?);
    let (end, ended) = oneshot::channel::<()>();
    let mut served = tokio::spawn(async move {
        let app = Router::new().fallback_service(receiver);
        let ended = async { drop(ended.await) };
        axum::serve(listener, app)
            .with_graceful_shutdown(ended)
            .await
    });
    let shown = tokio::select! {
        shown = async {
            if let Some(app) = &app {
                app.tell(&session, &url, (token, key)).await?;
                if session.dry_run() {
                    return Ok(());
                }
            }
            session.output.talk(format!("listening at {url}"));
            show(&session, deliveries, &listen).await
        } => shown,
        () = stop.wait() => Ok(()),
    };
    let untold = match &app {
        Some(app) => app.tell_no_longer(&session, &url).await,
        None => Ok(()),
    };
    drop(end);
    // Who waits for an answer gets it, unless that takes long or a second signal comes.
    tokio::select! {
        _ = &mut served => {}
        () = tokio::time::sleep(ANSWERS) => {}
        () = stop.wait() => {}
    }
    shown.and(untold)
}

/// The app whose events come here while this listens.
struct App {
    corpid: CorpId,
    agentid: i64,
}

impl App {
    /// Nothing where its callback is another's and shall stay so.
    async fn of(session: &Session, agentid: i64, listen: SocketAddr) -> Result<Option<Self>> {
        if listen.ip().is_unspecified() {
            return Err(usage(format!(
                "{listen} is no address that the server could post to; say one with --listen"
            )));
        }
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
        Ok(Some(Self { corpid, agentid }))
    }

    async fn tell(&self, session: &Session, url: &str, keys: (String, String)) -> Result<()> {
        super::set(session, self.corpid.clone(), self.agentid, url.into(), keys).await?;
        Ok(())
    }

    /// Takes the callback away, unless somebody has set another meanwhile.
    async fn tell_no_longer(&self, session: &Session, url: &str) -> Result<()> {
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

/// How long the last answers may take: as long as the platform waits.
const ANSWERS: Duration = Duration::from_secs(5);

/// Something to print, and whom to tell that it is printed.
struct Printing {
    delivery: Delivery,
    printed: oneshot::Sender<()>,
}

/// Prints what comes, until it is enough or too late.
async fn show(
    session: &Session,
    mut deliveries: mpsc::Receiver<Printing>,
    listen: &Listen,
) -> Result<()> {
    let mut left = listen.count;
    let coming = async {
        while left != Some(0) {
            let Some(Printing { delivery, printed }) = deliveries.recv().await else {
                break;
            };
            print(session, &delivery)?;
            if printed.send(()).is_ok() {
                left = left.map(|left| left - 1);
            }
        }
        Ok(())
    };
    let Some(timeout) = listen.timeout else {
        return coming.await;
    };
    match tokio::time::timeout(timeout, coming).await {
        Ok(done) => done,
        Err(_) if listen.count.is_none() => Ok(()),
        Err(_) => bail!("what was waited for did not come within {timeout:?}"),
    }
}

fn print(session: &Session, delivery: &Delivery) -> Result<()> {
    let xml = Element::read(&delivery.xml)?;
    session
        .output
        .text_or_json(|| Ok(line(in_a_line(delivery))?), &value(&xml))
}

/// Time, app, person, kind and words.
fn in_a_line(delivery: &Delivery) -> String {
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
    let cells = [
        moment(received.create_time),
        agent.unwrap_or_default(),
        received.from_user_name.clone(),
        kind.to_owned(),
        words,
    ];
    cells
        .map(|text| text.replace(char::is_control, " "))
        .join("\t")
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
    deliveries: mpsc::Sender<Printing>,
) -> Receiver {
    Receiver::new(callback, move |delivery: Delivery| {
        let (deliveries, target) = (deliveries.clone(), target.clone());
        async move {
            let (printed, done) = oneshot::channel();
            let xml = delivery.xml.clone();
            deliveries.send(Printing { delivery, printed }).await?;
            done.await?;
            match target {
                Some(target) => target.forward(xml).await.inspect_err(|error| {
                    tell(format!("not forwarded, it will come again: {error}"));
                }),
                None => Ok::<_, Fault>(None),
            }
        }
    })
}

/// Where plain messages go.
#[derive(Clone)]
struct Target {
    url: reqwest::Url,
    http: reqwest::Client,
}

/// The most of an answer that is read.
const ANSWER: usize = 64 << 10;

impl Target {
    fn new(session: &Session, url: &str) -> Result<Self> {
        let parsed = url.parse().ok();
        let url = parsed
            .filter(|url: &reqwest::Url| matches!(url.scheme(), "http" | "https"))
            .ok_or_else(|| {
                usage(format!(
                    "{url:?} is no URL; it looks like http://127.0.0.1:8080/"
                ))
            })?;
        let http = session.http(url.host_str(), ANSWERS)?;
        Ok(Self { url, http })
    }

    async fn forward(self, xml: String) -> Result<Option<PassiveReply>, Fault> {
        let request = self.http.post(self.url);
        let request = request.header("Content-Type", "text/xml; charset=utf-8");
        let sent = request.body(xml).send().await;
        let mut answer = sent.map_err(reqwest::Error::without_url)?;
        if !answer.status().is_success() {
            return Err(format!("the target answered HTTP {}", answer.status().as_u16()).into());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER {
                return Err("the target's answer is too long".into());
            }
        }
        let text = String::from_utf8(body)?;
        match text.trim() {
            "" => Ok(None),
            text if text.eq_ignore_ascii_case("success") => Ok(None),
            text => Ok(Some(Reply::read(text)?.what)),
        }
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
