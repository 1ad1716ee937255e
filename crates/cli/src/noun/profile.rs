//! `qun profile`: servers, companies and apps under names of one's own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{
    connect::{
        confirm,
        profile::{Profile, Profiles},
    },
    failure::usage,
    output::{Format, Output},
    secret::{self, keyring},
    settings::Home,
};

/// The end of the help.
pub(crate) const HELP: &str = "\
A profile says the server, the company and the app; secrets stand in files of their own (0600), in a variable or,
with --keyring, in the system's keyring. The default one counts wherever neither a flag nor a variable says
otherwise. One that --profile names counts before variables.

Example:
  qun profile set local --url http://127.0.0.1:7800 --corpid wwqundemo000000001 --agentid 1000002";

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    format: Format,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the profiles.
    #[command(after_help = "Example:\n  qun profile list")]
    List,
    /// Show a profile.
    #[command(
        after_help = "Example:\n  qun profile set local --url http://127.0.0.1:7800\n  qun profile show local"
    )]
    Show {
        /// The profile; otherwise the default one
        name: Option<String>,
    },
    /// Make a profile, or change what is given of one. The first one becomes the default.
    #[command(
        after_help = "Example:\n  qun profile set local --url http://127.0.0.1:7800 --corpid wwqundemo000000001 --secret-env QUN_SECRET"
    )]
    Set(Given),
    /// Make a profile the default.
    #[command(
        after_help = "Example:\n  qun profile set local --url http://127.0.0.1:7800\n  qun profile use local"
    )]
    Use {
        /// The profile
        name: String,
    },
    /// Take a profile away, and its secret in the keyring; its secret files stay.
    #[command(
        after_help = "Example:\n  qun profile set local --url http://127.0.0.1:7800\n  qun profile remove local --yes"
    )]
    Remove {
        /// The profile
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Args)]
struct Given {
    /// The profile
    name: String,
    #[command(flatten)]
    values: Values,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Values {
    /// The server or the cloud
    #[arg(long)]
    url: Option<String>,
    /// 企业ID
    #[arg(long)]
    corpid: Option<String>,
    /// 应用id
    #[arg(long)]
    agentid: Option<i64>,
    /// A file with the app's secret
    #[arg(long, value_name = "FILE", conflicts_with_all = ["secret_env", "keyring"])]
    secret_file: Option<PathBuf>,
    /// The variable that holds the app's secret
    #[arg(long, value_name = "NAME", conflicts_with = "keyring")]
    secret_env: Option<String>,
    /// Ask for the app's secret (or read it from stdin) and keep it in the system's keyring
    #[arg(long)]
    keyring: bool,
    /// A file with the manage token
    #[arg(long, value_name = "FILE")]
    manage_token_file: Option<PathBuf>,
    /// A file with a Juzi token
    #[arg(long, value_name = "FILE")]
    juzi_token_file: Option<PathBuf>,
}

pub(crate) fn run(noun: Noun) -> Result<()> {
    let output = Output::new(noun.format)?;
    let mut profiles = Profiles::load(&Home::of_environment())?;
    match noun.verb {
        Verb::List => {
            let rows: Vec<Value> = profiles
                .all()
                .iter()
                .map(|(name, profile)| row(&profiles, name, profile))
                .collect::<Result<_>>()?;
            output.list(&["name", "default", "url", "corpid", "agentid"], &rows)
        }
        Verb::Show { name } => {
            let name = name.or_else(|| profiles.default().map(str::to_owned));
            let Some(name) = name else {
                return Err(usage(
                    "there is no default profile; qun profile use NAME sets one",
                ));
            };
            output.record(&row(&profiles, &name, &profiles.get(&name)?)?)
        }
        Verb::Set(given) => {
            let name = given.name;
            let keyring = given.values.keyring;
            let mut values = checked(given.values)?;
            if keyring {
                keyring::write(&name, &secret::ask("The app's secret: ")?)?;
                values.secret_keyring = Some(name.clone());
            }
            profiles.set(&name, &values)?;
            let said = format!("profile {name:?} is in {}", profiles.path().display());
            output.done(said, &json!({ "name": name }))
        }
        Verb::Use { name } => {
            profiles.choose(&name)?;
            output.done(
                format!("{name:?} is the default now"),
                &json!({ "name": name }),
            )
        }
        Verb::Remove { name, yes } => {
            let entry = profiles.get(&name)?.secret_keyring;
            if !yes && !confirm(&output, &format!("Remove the profile {name:?}?"))? {
                return Ok(());
            }
            profiles.remove(&name)?;
            if let Some(entry) = entry {
                keyring::remove(&entry)?;
            }
            output.done(format!("removed {name:?}"), &json!({ "name": name }))
        }
    }
}

fn row(profiles: &Profiles, name: &str, profile: &Profile) -> Result<Value> {
    let mut row = json!({ "name": name, "default": profiles.default() == Some(name) });
    let fields = serde_json::to_value(profile)?;
    for (key, value) in fields.as_object().into_iter().flatten() {
        row[key.replace('-', "_")] = value.clone();
    }
    Ok(row)
}

/// The values, with whole paths, after a look at what the files hold.
fn checked(values: Values) -> Result<Profile> {
    let whole = |path: Option<PathBuf>| path.map(|path| readable(&path)).transpose();
    if let Some(url) = &values.url {
        // Tells what is no base URL, and sends nothing.
        qun_client::Client::builder("", "").base_url(url).build()?;
    }
    Ok(Profile {
        url: values.url,
        corpid: values.corpid,
        agentid: values.agentid,
        secret_file: whole(values.secret_file)?,
        secret_env: values.secret_env,
        secret_keyring: None,
        manage_token_file: whole(values.manage_token_file)?,
        juzi_token_file: whole(values.juzi_token_file)?,
    })
}

fn readable(path: &Path) -> Result<PathBuf> {
    secret::read(path)?;
    std::path::absolute(path).with_context(|| format!("{} has no whole path", path.display()))
}
