//! `qun app`: the apps of a company and their secrets (needs the manage token).

use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use qun_protocol::{
    manage::{AppSecret, Apps, ChangeApp, CreateApp, ResetSecret, RevokeTokens},
    world::{App, AppKind, Range},
};
use serde_json::json;

use super::chat::people;
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
    /// List the apps.
    #[command(after_help = "Example:\n  qun app list")]
    List,
    /// Make an app, and print its secret, which is shown this once.
    #[command(
        after_help = "Example:\n  qun app create 机器人 --trusted-address 127.0.0.1 --departments 2"
    )]
    Create(New),
    /// Change an app.
    #[command(
        after_help = "Example:\n  qun app update 1000003 --name 值班助手 --trusted-address 10.0.0.0/8"
    )]
    Update(Change),
    /// Give an app a new secret and print it; the old one and its tokens are dead at once.
    #[command(after_help = "Example:\n  qun app secret 1000003 --yes")]
    Secret(One),
    /// Make an app's tokens dead before their end; the secret stays.
    #[command(after_help = "Example:\n  qun app revoke 1000003 --yes")]
    Revoke(One),
}

#[derive(Args)]
struct One {
    /// The app [env: QUN_AGENTID]
    agentid: Option<i64>,
}

#[derive(Args)]
struct New {
    /// Its name
    name: String,
    /// Its id; otherwise the next free one from 1000002
    #[arg(long)]
    agentid: Option<i64>,
    /// Its kind
    #[arg(long, default_value = "self-built")]
    kind: Kind,
    /// 可调用应用: let it call customer contact
    #[arg(long)]
    customer_contact: bool,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Args)]
struct Change {
    /// The app [env: QUN_AGENTID]
    agentid: Option<i64>,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// 可调用应用: let it call customer contact
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    customer_contact: Option<bool>,
    /// Switch it off
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    disabled: Option<bool>,
    #[command(flatten)]
    reach: Reach,
}

/// Whom an app sees, and from where it may be called.
#[derive(Args)]
struct Reach {
    /// 企业可信IP: an address or network that may call it; all where none is named
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    trusted_address: Vec<String>,
    /// 可见范围: people
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    users: Vec<String>,
    /// 可见范围: departments with all below them; 1 is the root
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    departments: Vec<i64>,
    /// 可见范围: tags
    #[arg(long, value_name = "TAGID", value_delimiter = ',')]
    tags: Vec<i64>,
}

impl Reach {
    fn visible(&mut self) -> Option<Range> {
        let range = Range {
            users: people(std::mem::take(&mut self.users)),
            departments: std::mem::take(&mut self.departments),
            tags: std::mem::take(&mut self.tags),
        };
        (range != Range::default()).then_some(range)
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// 自建应用
    SelfBuilt,
    /// 通讯录同步
    ContactsSync,
    /// 客户联系
    CustomerContact,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let corpid = session.corpid().await?;
    let which = |agentid: Option<i64>| {
        agentid
            .or(session.target.agentid)
            .ok_or_else(|| usage("name the app (qun app list shows them), or set QUN_AGENTID"))
    };
    match noun.verb {
        Verb::List => {
            let apps = session.send(Apps { corpid }).await?.apps;
            let columns = ["agentid", "name", "kind", "disabled", "trusted_addresses"];
            session.output.list(&columns, &apps)
        }
        Verb::Create(mut new) => {
            let app = App {
                agentid: new.agentid,
                name: new.name,
                kind: match new.kind {
                    Kind::SelfBuilt => AppKind::SelfBuilt,
                    Kind::ContactsSync => AppKind::ContactsSync,
                    Kind::CustomerContact => AppKind::CustomerContact,
                },
                customer_contact: new.customer_contact,
                visible: new.reach.visible(),
                trusted_addresses: new.reach.trusted_address,
                ..Default::default()
            };
            secret(&session, session.change(CreateApp { corpid, app }).await?)
        }
        Verb::Update(mut change) => {
            let visible = change.reach.visible();
            let trusted = change.reach.trusted_address;
            let request = ChangeApp {
                corpid,
                agentid: which(change.agentid)?,
                name: change.name,
                customer_contact: change.customer_contact,
                disabled: change.disabled,
                visible,
                trusted_addresses: (!trusted.is_empty()).then_some(trusted),
            };
            match session.change(request).await? {
                Some(app) => session.output.record(&app),
                None => Ok(()),
            }
        }
        Verb::Secret(one) => {
            let agentid = which(one.agentid)?;
            if !session.confirm(&format!("Make the secret of app {agentid} useless?"))? {
                return Ok(());
            }
            secret(
                &session,
                session.change(ResetSecret { corpid, agentid }).await?,
            )
        }
        Verb::Revoke(one) => {
            let agentid = which(one.agentid)?;
            if !session.confirm(&format!("Make the tokens of app {agentid} useless?"))? {
                return Ok(());
            }
            let said = format!("revoked the tokens of app {agentid}");
            let request = RevokeTokens { corpid, agentid };
            let done = json!({ "agentid": agentid });
            session.carry_out(request, said, &done).await
        }
    }
}

fn secret(session: &Session, made: Option<AppSecret>) -> Result<()> {
    match made {
        Some(made) => session.output.record(&made),
        None => Ok(()),
    }
}
