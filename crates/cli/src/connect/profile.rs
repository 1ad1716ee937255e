//! Profiles: which server, company and app a command is for, by name, in one TOML file.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use qun_protocol::rulebook;
use serde::{Deserialize, Serialize};
use toml_edit::{DocumentMut, Item, Table, value};

use crate::{
    failure::{not_found, usage},
    settings::Home,
};

/// What a profile can say. Secrets stand in files of their own, never in this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Profile {
    /// The base URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// 企业ID
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corpid: Option<String>,
    /// 应用id
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agentid: Option<i64>,
    /// A file with the app's secret; relative to the profiles' file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// The variable that holds the app's secret, instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// The profile whose entry in the system's keyring holds the app's secret, instead of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_keyring: Option<String>,
    /// A file with the manage token; relative to the profiles' file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manage_token_file: Option<PathBuf>,
    /// A file with a Juzi token; relative to the profiles' file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub juzi_token_file: Option<PathBuf>,
}

const KEYS: [&str; 8] = [
    "url",
    "corpid",
    "agentid",
    "secret-file",
    "secret-env",
    "secret-keyring",
    "manage-token-file",
    "juzi-token-file",
];

/// The places that an app's secret can have; a profile names one of them.
const SECRETS: [&str; 3] = ["secret-file", "secret-env", "secret-keyring"];

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Content {
    /// The profile that counts where none is named.
    default: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// The profiles as they stand in their file.
#[derive(Debug)]
pub(crate) struct Profiles {
    path: PathBuf,
    content: Content,
    document: DocumentMut,
}

impl Profiles {
    /// Reads the file; where there is none, there are no profiles.
    pub(crate) fn load(home: &Home) -> Result<Self> {
        let Some(path) = home.profiles() else {
            return Err(usage(
                "neither HOME nor XDG_CONFIG_HOME is set, so there is no place for profiles",
            ));
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(error).context(format!("{} cannot be read", path.display()));
            }
        };
        let content = parse(&text).map_err(|reason| {
            let line = reason.trim().lines().next().unwrap_or_default().to_owned();
            usage(format!("{}: {line}", path.display()))
        })?;
        let document = text.parse().context("the profiles cannot be read")?;
        Ok(Profiles {
            path,
            content,
            document,
        })
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The profile that counts where none is named.
    pub(crate) fn default(&self) -> Option<&str> {
        self.content.default.as_deref()
    }

    /// All of them by name.
    pub(crate) fn all(&self) -> &BTreeMap<String, Profile> {
        &self.content.profiles
    }

    /// One of them, with its files' whole paths.
    pub(crate) fn get(&self, name: &str) -> Result<Profile> {
        let Some(profile) = self.content.profiles.get(name) else {
            let names = self.content.profiles.keys().map(String::as_str);
            let next = match rulebook::nearest(name, names) {
                Some(near) => format!("did you mean {near:?}?"),
                None => format!("make it with: qun profile set {name} --url URL"),
            };
            return Err(not_found(format!("no profile {name:?}; {next}")));
        };
        let mut profile = profile.clone();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        for file in [
            &mut profile.secret_file,
            &mut profile.manage_token_file,
            &mut profile.juzi_token_file,
        ] {
            *file = file.as_deref().map(|file| folder.join(file));
        }
        Ok(profile)
    }

    /// Makes a profile, or changes what is given of it. The first one becomes the default.
    pub(crate) fn set(&mut self, name: &str, given: &Profile) -> Result<()> {
        let table = self.document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let entry = &mut table[name];
        if !entry.is_table_like() {
            *entry = Item::Table(Table::new());
        }
        let text = |path: &Option<PathBuf>| path.as_ref().map(|p| p.display().to_string().into());
        let values: [Option<toml_edit::Value>; 8] = [
            given.url.clone().map(Into::into),
            given.corpid.clone().map(Into::into),
            given.agentid.map(Into::into),
            text(&given.secret_file),
            given.secret_env.clone().map(Into::into),
            given.secret_keyring.clone().map(Into::into),
            text(&given.manage_token_file),
            text(&given.juzi_token_file),
        ];
        for (key, given) in KEYS.into_iter().zip(values) {
            if let Some(given) = given {
                if SECRETS.contains(&key) {
                    let before = entry.as_table_like_mut();
                    before.map(|before| SECRETS.map(|place| before.remove(place)));
                }
                entry[key] = value(given);
            }
        }
        if self.content.default.is_none() {
            self.document["default"] = value(name);
        }
        self.save()
    }

    /// Makes a profile the default.
    pub(crate) fn choose(&mut self, name: &str) -> Result<()> {
        self.get(name)?;
        self.document["default"] = value(name);
        self.save()
    }

    /// Takes a profile away.
    pub(crate) fn remove(&mut self, name: &str) -> Result<()> {
        self.get(name)?;
        if let Some(table) = self.document["profiles"].as_table_like_mut() {
            table.remove(name);
        }
        if self.default() == Some(name) {
            self.document.remove("default");
        }
        self.save()
    }

    fn save(&mut self) -> Result<()> {
        let text = self.document.to_string();
        self.content = parse(&text).map_err(usage)?;
        let shown = self.path.display();
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{shown} cannot be written"))?;
        }
        // Written beside and renamed, so that no reader sees half a file.
        let beside = self.path.with_extension("toml.new");
        fs::write(&beside, text)
            .and_then(|()| fs::rename(&beside, &self.path))
            .with_context(|| format!("{shown} cannot be written"))
    }
}

fn parse(text: &str) -> Result<Content, String> {
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    known(&table, &["default", "profiles"])?;
    let profiles = table.get("profiles").and_then(toml::Value::as_table);
    for (name, profile) in profiles.into_iter().flatten() {
        let profile = profile.as_table().ok_or("a profile is a table")?;
        known(profile, &KEYS).map_err(|reason| format!("profile {name:?}: {reason}"))?;
    }
    Content::deserialize(table).map_err(|error| error.message().to_owned())
}

fn known(table: &toml::Table, keys: &[&str]) -> Result<(), String> {
    match table.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(match rulebook::nearest(key, keys.iter().copied()) {
            Some(near) => format!("no setting {key:?}; did you mean {near:?}?"),
            None => format!("no setting {key:?}; there are {}", keys.join(", ")),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profiles(text: &str) -> Profiles {
        Profiles {
            path: "/c/qun/profiles.toml".into(),
            content: parse(text).unwrap(),
            document: text.parse().unwrap(),
        }
    }

    #[test]
    fn files_of_a_profile_are_relative_to_the_profiles() {
        let all = profiles("[profiles.a]\nsecret-file = 's'\nmanage-token-file = '/m'\n");
        let a = all.get("a").unwrap();
        assert_eq!(a.secret_file, Some("/c/qun/s".into()));
        assert_eq!(a.manage_token_file, Some("/m".into()));
        assert!(all.get("b").is_err());
    }

    #[test]
    fn mistakes_are_told_with_a_suggestion() {
        for (text, part) in [
            ("defalt = 'a'", "did you mean \"default\""),
            ("[profiles.a]\nsecret = 's'", "no setting \"secret\""),
            ("[profiles.a]\ncorp-id = 's'", "did you mean \"corpid\""),
            ("[profiles.a]\nagentid = 'x'", "invalid type"),
            ("profiles = 3", "invalid type"),
            ("x", "expected"),
        ] {
            let reason = parse(text).unwrap_err();
            assert!(reason.contains(part), "{text}: {reason}");
        }
    }
}
