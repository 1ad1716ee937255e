use anyhow::Result;
use clap::Subcommand;
use qun_protocol::{
    manage::{AddHostingToken, ChangeHosting, CreateHosting, Hostings, RevokeHostingToken},
    room::Token,
    world::{Hosting, HostingToken},
};
use serde_json::{Value, json};

use crate::{
    connect::Session,
    failure::{not_found, usage},
};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// List the groups of hosted accounts.
    #[command(after_help = "Example:\n  qun bot group list")]
    List,
    /// Make a group of hosted accounts, and print its id and its token, which is shown this once.
    #[command(after_help = "Example:\n  qun bot group create 售后组")]
    Create {
        /// Its name
        name: String,
    },
    /// Say where a group is told what happens; events go to fixed paths below it. Empty takes it away.
    #[command(after_help = "Example:\n  qun bot group callback http://127.0.0.1:7801/juzi")]
    Callback {
        /// The URL
        #[arg(value_name = "URL")]
        base: String,
        /// The group; may be left out where there is only one
        #[arg(long, value_name = "ID")]
        group: Option<String>,
    },
    /// Give a group one more token and print it; it is shown this once.
    #[command(after_help = "Example:\n  qun bot group token")]
    Token {
        /// The group; may be left out where there is only one
        #[arg(long, value_name = "ID")]
        group: Option<String>,
        /// It does not see the official ids of customer groups
        #[arg(long)]
        without_wecom_chat_id: bool,
    },
    /// Take the session's own token (QUN_JUZI_TOKEN or --juzi-token-file) away: it selects nothing any more.
    #[command(after_help = "Example:\n  qun bot group revoke --yes")]
    Revoke {
        /// The group; may be left out where there is only one
        #[arg(long, value_name = "ID")]
        group: Option<String>,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> Result<()> {
    let corpid = session.corpid().await?;
    match verb {
        Verb::List => {
            let hostings = session.send(Hostings { corpid }).await?.hostings;
            let columns = [
                "group",
                "name",
                "bots",
                "tokens",
                "callback_url",
                "silent_until",
            ];
            session.output.list(&columns, &hostings)
        }
        Verb::Create { name } => {
            let hosting = Hosting {
                name,
                ..Hosting::default()
            };
            let request = CreateHosting { corpid, hosting };
            match session.change(request).await? {
                Some(made) => {
                    let token = made.tokens.first().and_then(|token| token.token.clone());
                    let token = token.unwrap_or_default().0;
                    let shown: Value = json!({ "group": made.group, "token": token });
                    session.output.record(&shown)
                }
                None => Ok(()),
            }
        }
        Verb::Callback { base, group: named } => {
            let request = ChangeHosting {
                corpid,
                group: group(session, named).await?,
                callback_url: Some(base),
                ..ChangeHosting::default()
            };
            match session.change(request).await? {
                Some(shown) => session.output.record(&shown),
                None => Ok(()),
            }
        }
        Verb::Token {
            group: named,
            without_wecom_chat_id,
        } => {
            let request = AddHostingToken {
                corpid,
                group: group(session, named).await?,
                token: HostingToken {
                    token: None,
                    wecom_chat_id: Some(!without_wecom_chat_id),
                },
            };
            match session.change(request).await? {
                Some(made) => {
                    let token = made.tokens.first().and_then(|token| token.token.clone());
                    session.output.bare(&token.unwrap_or_default().0, &made)
                }
                None => Ok(()),
            }
        }
        Verb::Revoke { group: named } => {
            let token = session.juzi_token()?;
            if !session.confirm("Take the token away?")? {
                return Ok(());
            }
            let request = RevokeHostingToken {
                corpid,
                group: group(session, named).await?,
                token: Token(token),
            };
            let said = "the token selects nothing any more".to_owned();
            session.carry_out(request, said, &json!({})).await
        }
    }
}

/// The group that is named, or the only one there is.
pub(crate) async fn group(session: &Session, named: Option<String>) -> Result<String> {
    if let Some(named) = named {
        return Ok(named);
    }
    let corpid = session.corpid().await?;
    let hostings = session.send(Hostings { corpid }).await?.hostings;
    match hostings.as_slice() {
        [only] => Ok(only.group.clone()),
        [] => Err(not_found(
            "the company hosts no accounts; begin with: qun bot group create NAME",
        )),
        _ => Err(usage(
            "there are several groups of hosted accounts: say --group (qun bot group list shows them)",
        )),
    }
}
