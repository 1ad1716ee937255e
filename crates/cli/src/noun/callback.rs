//! `qun callback`: what apps are told, and who receives it.

mod doctor;
mod keys;
pub(crate) mod listen;
mod log;
pub(crate) mod trigger;

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::{
    CorpId,
    manage::{DeleteCallback, GetCallback, SetCallback},
    people::Told,
    world,
};
use serde_json::json;

use self::keys::Keys;
use crate::{
    connect::{Common, Session},
    failure::usage,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Do the handshake with somebody's receiver step by step, and name the mistake.
    #[command(after_help = doctor::HELP)]
    Doctor(doctor::Doctor),
    /// List what apps were told and are to be told, newest first (needs the manage token).
    #[command(after_help = "Example:\n  qun callback list --state exhausted")]
    List(log::List),
    /// Show one decrypted, with every attempt to deliver it (needs the manage token).
    #[command(after_help = log::SHOW_HELP)]
    Show(log::One),
    /// Tell it again (needs the manage token).
    #[command(after_help = log::RESEND_HELP)]
    Resend(log::One),
    /// Set where an app is told what happens; the URL is verified first (needs the manage token).
    #[command(after_help = SET_HELP)]
    Set {
        /// The app
        agentid: i64,
        /// The receiver's URL, as the server reaches it
        #[arg(value_name = "RECEIVER")]
        receiver: String,
        #[command(flatten)]
        keys: Keys,
    },
    /// Show where an app is told what happens (needs the manage token).
    #[command(after_help = "Example:\n  qun callback get 1000002")]
    Get(App),
    /// Tell an app nothing any more (needs the manage token).
    #[command(after_help = "Example:\n  qun callback unset 1000002 --yes")]
    Unset(App),
}

const SET_HELP: &str = "\
Refused with the step that failed; `qun callback doctor` says more. Beyond this machine the
server reaches what --callback-to and --callback-private of `qun up` allow.

Example:
  export QUN_CALLBACK_TOKEN=example QUN_CALLBACK_AES_KEY=4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws
  qun callback set 1000002 http://127.0.0.1:7801/callback";

#[derive(Args)]
struct App {
    /// The app [env: QUN_AGENTID]
    agentid: Option<i64>,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    if let Verb::Doctor(doctor) = noun.verb {
        return doctor::run(&session, doctor).await;
    }
    let corpid = session.corpid().await?;
    match noun.verb {
        Verb::Doctor(_) => Ok(()),
        Verb::List(list) => log::list(&session, corpid, list).await,
        Verb::Show(one) => log::show(&session, corpid, one).await,
        Verb::Resend(one) => log::resend(&session, corpid, one).await,
        Verb::Set {
            agentid,
            receiver,
            keys,
        } => {
            let (token, key) = keys.read()?;
            match set(&session, corpid, agentid, receiver.clone(), (token, key)).await? {
                true => session.output.done(
                    format!("app {agentid} is told at {receiver}"),
                    &json!({ "agentid": agentid, "url": receiver }),
                ),
                false => Ok(()),
            }
        }
        Verb::Get(app) => {
            let agentid = agentid(&session, app.agentid)?;
            let set = session.send(GetCallback { corpid, agentid }).await?;
            session.output.record(&set)
        }
        Verb::Unset(app) => {
            let agentid = agentid(&session, app.agentid)?;
            let question = format!("Forget URL, Token and EncodingAESKey of app {agentid}?");
            if !session.confirm(&question)? {
                return Ok(());
            }
            let said = format!("app {agentid} is told nothing any more");
            let request = DeleteCallback { corpid, agentid };
            let done = json!({ "agentid": agentid });
            session.carry_out(request, said, &done).await
        }
    }
}

/// The app that is named, or the one of the environment or profile.
fn agentid(session: &Session, named: Option<i64>) -> Result<i64> {
    named
        .or(session.target.agentid)
        .ok_or_else(|| usage("name the app (qun app list shows them), or set QUN_AGENTID"))
}

/// Prints what became of a step that an app is told of; nothing on a dry run.
pub(crate) fn told(session: &Session, told: Option<Told>) -> Result<()> {
    match &told {
        Some(Told { callback: Some(id) }) => session.output.bare(id, &told),
        Some(nobody) => session.output.done(
            "done, and the app is not told: it has no callback (qun callback set), or nothing has changed",
            nobody,
        ),
        None => Ok(()),
    }
}

/// Sets a callback; not on a dry run, which does not show the Token and the key either.
async fn set(
    session: &Session,
    corpid: CorpId,
    agentid: i64,
    url: String,
    (mut token, mut encoding_aes_key): (String, String),
) -> Result<bool> {
    if session.dry_run() {
        token = "TOKEN".into();
        encoding_aes_key = "ENCODING_AES_KEY".into();
    }
    let callback = world::Callback {
        url,
        token,
        encoding_aes_key,
    };
    let request = SetCallback {
        corpid,
        agentid,
        callback,
    };
    Ok(session.change(request).await?.is_some())
}
