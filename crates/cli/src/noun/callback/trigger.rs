//! `qun trigger`: the steps of people that apps are told.

use std::path::PathBuf;

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::{
    CorpId, UserId,
    media::MediaType,
    people::{EnterApp, Place, SayToApp, SharedLink, SubscribeApp, Told, UnsubscribeApp},
};

use super::{
    super::{
        media,
        people::{Tap, tap},
    },
    agentid, told,
};
use crate::connect::{Common, Session};

/// Do what a person does to an app, so that the app is told (needs the manage token).
///
/// The step is a real one: what is said lies in the app's history, and who unsubscribes is out.
/// Prints the id under which `qun callback show` finds what the app is told.
#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    /// The app [env: QUN_AGENTID]
    #[arg(long, global = true, value_name = "AGENTID")]
    app: Option<i64>,
    #[command(subcommand)]
    event: Event,
}

#[derive(Subcommand)]
enum Event {
    /// Write a text.
    #[command(after_help = "Example:\n  qun trigger text dev_001 你好 --app 1000002")]
    Text {
        /// The person
        userid: String,
        /// The text
        text: String,
    },
    /// Send a picture.
    #[command(after_help = "Example:\n  qun trigger image dev_001 picture.png --app 1000002")]
    Image(File),
    /// Send a recording (AMR).
    #[command(after_help = "Example:\n  qun trigger voice dev_001 voice.amr --app 1000002")]
    Voice(File),
    /// Send a film (MP4).
    #[command(after_help = "Example:\n  qun trigger video dev_001 film.mp4 --app 1000002")]
    Video(File),
    /// Send a place.
    #[command(
        after_help = "Example:\n  qun trigger location dev_001 23.134 113.358 广州 --app 1000002"
    )]
    Location {
        /// The person
        userid: String,
        /// Degrees north
        #[arg(allow_negative_numbers = true)]
        latitude: f64,
        /// Degrees east
        #[arg(allow_negative_numbers = true)]
        longitude: f64,
        /// What the place is called
        label: String,
    },
    /// Send a link.
    #[command(
        after_help = "Example:\n  qun trigger link dev_001 https://example.com/ 周报 --app 1000002"
    )]
    Link {
        /// The person
        userid: String,
        /// Where it leads
        #[arg(value_name = "LINK")]
        link: String,
        /// Its title
        title: String,
    },
    /// Open the app.
    #[command(
        name = "enter_agent",
        after_help = "Example:\n  qun trigger enter_agent dev_001 --app 1000002"
    )]
    EnterAgent(Person),
    /// Follow the app.
    #[command(after_help = "Example:\n  qun trigger subscribe dev_001 --app 1000002")]
    Subscribe(Person),
    /// Follow the app no longer.
    #[command(after_help = "Example:\n  qun trigger unsubscribe dev_001 --app 1000002")]
    Unsubscribe(Person),
    /// Tap a card of the app, as `qun people tap`.
    #[command(
        name = "template_card_event",
        after_help = "Example:\n  qun trigger template_card_event dev_002 agree --choose reason=ill --app 1000002"
    )]
    TemplateCard(Tap),
}

#[derive(Args)]
struct Person {
    /// The person
    userid: String,
}

#[derive(Args)]
struct File {
    /// The person
    userid: String,
    /// The file; it is uploaded with the secret of any app
    file: PathBuf,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let agentid = agentid(&session, noun.app)?;
    let corpid = session.corpid().await?;
    let done = match noun.event {
        Event::EnterAgent(person) => {
            let step = EnterApp {
                corpid: Some(corpid),
                userid: person.userid.into(),
                agentid,
            };
            session.change(step).await?
        }
        Event::Subscribe(person) => {
            let step = SubscribeApp {
                corpid: Some(corpid),
                userid: person.userid.into(),
                agentid,
            };
            session.change(step).await?
        }
        Event::Unsubscribe(person) => {
            let step = UnsubscribeApp {
                corpid: Some(corpid),
                userid: person.userid.into(),
                agentid,
            };
            session.change(step).await?
        }
        Event::TemplateCard(card) => tap(&session, Some(corpid), card, Some(agentid)).await?,
        Event::Text { userid, text } => {
            let text = SayToApp {
                text: Some(text),
                ..say(corpid, userid.into(), agentid)
            };
            session.change(text).await?
        }
        Event::Image(file) => said(&session, corpid, agentid, MediaType::Image, file).await?,
        Event::Voice(file) => said(&session, corpid, agentid, MediaType::Voice, file).await?,
        Event::Video(file) => said(&session, corpid, agentid, MediaType::Video, file).await?,
        Event::Location {
            userid,
            latitude,
            longitude,
            label,
        } => {
            let location = SayToApp {
                location: Some(Place {
                    latitude,
                    longitude,
                    scale: None,
                    label,
                }),
                ..say(corpid, userid.into(), agentid)
            };
            session.change(location).await?
        }
        Event::Link {
            userid,
            link,
            title,
        } => {
            let link = SayToApp {
                link: Some(SharedLink {
                    title,
                    url: link,
                    ..Default::default()
                }),
                ..say(corpid, userid.into(), agentid)
            };
            session.change(link).await?
        }
    };
    told(&session, done)
}

fn say(corpid: CorpId, userid: UserId, agentid: i64) -> SayToApp {
    SayToApp {
        corpid: Some(corpid),
        userid,
        agentid,
        ..Default::default()
    }
}

async fn said(
    session: &Session,
    corpid: CorpId,
    agentid: i64,
    kind: MediaType,
    file: File,
) -> Result<Option<Told>> {
    let media_id = media::uploaded(session, kind, &file.file).await?;
    let message = SayToApp {
        media_id: Some(media_id),
        ..say(corpid, file.userid.into(), agentid)
    };
    session.change(message).await
}
