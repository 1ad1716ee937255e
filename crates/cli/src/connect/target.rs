//! Flags, variables and profiles put together.

use std::path::PathBuf;

use anyhow::Result;

use super::{
    Connection, URL,
    profile::{Profile, Profiles},
};
use crate::{
    failure::usage,
    secret::{self, keyring},
    settings::Home,
};

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A file that not everybody may read.
    File(PathBuf),
    /// A variable.
    Variable(String),
    /// An entry of the system's keyring, by the profile's name.
    Keyring(String),
    /// Nothing says it.
    Nowhere,
}

impl Source {
    pub(super) fn read(&self, what: &str, flag: &str, variable: &str) -> Result<String> {
        match self {
            Source::File(path) => secret::read(path),
            Source::Variable(name) => secret::variable(name)
                .ok_or_else(|| usage(format!("{name} should hold {what} and is not set"))),
            Source::Keyring(name) => keyring::read(name),
            Source::Nowhere => Err(usage(format!(
                "set {variable} or say --{flag}: {what} is not known"
            ))),
        }
    }

    /// The source in words, never the secret.
    pub(crate) fn shown(&self) -> String {
        match self {
            Source::File(path) => path.display().to_string(),
            Source::Variable(name) => name.clone(),
            Source::Keyring(name) => format!("the keyring, {name}"),
            Source::Nowhere => "not known".into(),
        }
    }
}

/// All sources put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// The profile's name, if one counts.
    pub profile: Option<String>,
    pub url: String,
    pub corpid: Option<String>,
    pub agentid: Option<i64>,
    pub secret: Source,
    pub manage_token: Source,
    pub juzi_token: Source,
}

impl Target {
    /// Flags count before variables, and variables before a profile; but a profile that a flag names counts as flags do.
    pub(super) fn of(
        flags: &Connection,
        variable: impl Fn(&str) -> Option<String>,
        profiles: impl FnOnce() -> Result<Profiles>,
    ) -> Result<Self> {
        let (mut named, mut silent) = (Profile::default(), Profile::default());
        let mut chosen = flags.profile.clone().or_else(|| variable("QUN_PROFILE"));
        match &chosen {
            Some(name) => {
                let profile = profiles()?.get(name)?;
                match flags.profile {
                    Some(_) => named = profile,
                    None => silent = profile,
                }
            }
            // Without a home there is no default profile, and that is no mistake.
            None => {
                if let Some((name, profile)) = default_profile(profiles)? {
                    chosen = Some(name);
                    silent = profile;
                }
            }
        }
        let agentid = match variable("QUN_AGENTID") {
            Some(text) => Some(text.parse().map_err(|_| {
                usage(format!(
                    "QUN_AGENTID is a number such as 1000002, not {text:?}"
                ))
            })?),
            None => None,
        };
        let own = |name: &str| variable(name).map(|_| Source::Variable(name.to_owned()));
        let file = |path: &Option<PathBuf>| path.clone().map(Source::File);
        let kept = |profile: &Profile| {
            let variable = profile.secret_env.clone().map(Source::Variable);
            let entry = profile.secret_keyring.clone().map(Source::Keyring);
            file(&profile.secret_file).or(variable).or(entry)
        };
        Ok(Target {
            profile: chosen,
            url: [
                flags.url.clone(),
                named.url.clone(),
                variable("QUN_URL"),
                silent.url.clone(),
            ]
            .into_iter()
            .flatten()
            .next()
            .unwrap_or_else(|| URL.to_owned()),
            corpid: flags
                .corpid
                .clone()
                .or_else(|| named.corpid.clone())
                .or_else(|| variable("QUN_CORPID"))
                .or_else(|| silent.corpid.clone()),
            agentid: named.agentid.or(agentid).or(silent.agentid),
            secret: file(&flags.secret_file)
                .or_else(|| kept(&named))
                .or_else(|| own("QUN_SECRET"))
                .or_else(|| kept(&silent))
                .unwrap_or(Source::Nowhere),
            manage_token: file(&flags.manage_token_file)
                .or_else(|| file(&named.manage_token_file))
                .or_else(|| own("QUN_MANAGE_TOKEN"))
                .or_else(|| file(&silent.manage_token_file))
                .unwrap_or(Source::Nowhere),
            juzi_token: file(&flags.juzi_token_file)
                .or_else(|| file(&named.juzi_token_file))
                .or_else(|| own("QUN_JUZI_TOKEN"))
                .or_else(|| file(&silent.juzi_token_file))
                .unwrap_or(Source::Nowhere),
        })
    }
}

fn default_profile(
    profiles: impl FnOnce() -> Result<Profiles>,
) -> Result<Option<(String, Profile)>> {
    if Home::of_environment().profiles().is_none() {
        return Ok(None);
    }
    let profiles = profiles()?;
    match profiles.default() {
        Some(name) => Ok(Some((name.to_owned(), profiles.get(name)?))),
        None => Ok(None),
    }
}
