//! The server's settings, the same from flags, environment and file; of two, the earlier in this order counts.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use qun_protocol::{Rulebook, rulebook};
use qun_server::{CallbackSettings, Config, Place};
use serde::{Deserialize, Deserializer, de::Error};
use toml::{Table, Value};

use crate::{failure::usage, secret, world};

/// What can be set. A key is the flag's name; the variable is the same in capitals after `QUN_`.
#[derive(Args, Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub(crate) struct Settings {
    /// Where to listen; port 0 picks a free one [default: 127.0.0.1:7800] [env: QUN_LISTEN]
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Let --listen name an address that other machines can reach [env: QUN_ALLOW_REMOTE]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub allow_remote: Option<bool>,
    /// Keep everything in this directory [default: ~/.local/share/qun, below XDG_DATA_HOME where that is set] [env: QUN_DATA]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Keep everything in memory, for as long as the server runs [env: QUN_MEMORY]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub memory: Option<bool>,
    /// Keep everything in PostgreSQL, which several servers may share: postgres://user@host/name [env: QUN_DATABASE]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// A file with the database's password; QUN_DATABASE_PASSWORD may hold it too [env: QUN_DATABASE_PASSWORD_FILE]
    #[arg(long, value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,
    /// Load this world at the start; companies that are there already stay as they are [env: QUN_WORLD]
    #[arg(long, value_name = "FILE")]
    pub world: Option<PathBuf>,
    /// The rulebook of companies that name none: documented or live-2026 [default: documented] [env: QUN_RULES]
    #[arg(long, value_name = "NAME")]
    pub rules: Option<Rulebook>,
    /// With off, limits are counted and nothing is refused for them [default: on] [env: QUN_LIMITS]
    #[arg(long, value_name = "SWITCH")]
    pub limits: Option<Switch>,
    /// Start the server's clock here, such as 2020-09-20T09:00:00+08:00; it can then be moved [env: QUN_CLOCK]
    #[arg(long, value_name = "RFC3339")]
    pub clock: Option<String>,
    /// A file with the manage token; one is made where it is left out [env: QUN_MANAGE_TOKEN_FILE]
    #[arg(long, value_name = "FILE")]
    pub manage_token_file: Option<PathBuf>,
    /// Hosts, addresses and networks beyond this machine that callbacks may reach, with commas between [env: QUN_CALLBACK_TO]
    #[arg(long, value_name = "LIST")]
    pub callback_to: Option<String>,
    /// Let callbacks reach private and link-local addresses too [env: QUN_CALLBACK_PRIVATE]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub callback_private: Option<bool>,
    /// A PEM file of further authorities that may have signed the certificates of receivers; public ones always may [env: QUN_CALLBACK_CA]
    #[arg(long, value_name = "FILE")]
    pub callback_ca: Option<PathBuf>,
    /// After the cloud's three retries, try a callback again after so many seconds each, such as 60,600,3600 [default: none] [env: QUN_CALLBACK_RETRIES]
    #[arg(long, value_name = "LIST")]
    pub callback_retries: Option<String>,
    /// Keep what apps were told for so many days [default: 30] [env: QUN_CALLBACK_KEEP]
    #[arg(long, value_name = "DAYS")]
    #[serde(deserialize_with = "whole_number")]
    pub callback_keep: Option<u32>,
    /// When ready, print one line of JSON instead of text [env: QUN_JSON]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub json: Option<bool>,
    /// Log in JSON; RUST_LOG says what is logged [env: QUN_LOG_JSON]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true)]
    pub log_json: Option<bool>,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    On,
    Off,
}

/// The keys, and whether each is yes or no.
const KEYS: [(&str, bool); 18] = [
    ("listen", false),
    ("allow-remote", true),
    ("data", false),
    ("memory", true),
    ("database", false),
    ("database-password-file", false),
    ("world", false),
    ("rules", false),
    ("limits", false),
    ("clock", false),
    ("manage-token-file", false),
    ("callback-to", false),
    ("callback-private", true),
    ("callback-ca", false),
    ("callback-retries", false),
    ("callback-keep", false),
    ("json", true),
    ("log-json", true),
];

/// Where it listens unless told otherwise.
pub(crate) const LISTEN: &str = "127.0.0.1:7800";

/// What the server does, once all sources are put together.
pub(crate) struct Plan {
    pub config: Config,
    pub json: bool,
    pub log_json: bool,
    /// The data directory, if the server has one.
    pub data: Option<PathBuf>,
}

impl Settings {
    /// The environment's layer.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let mut table = Table::new();
        for (key, yes_or_no) in KEYS {
            let name = format!("QUN_{}", key.to_ascii_uppercase().replace('-', "_"));
            let Some(text) = variable(&name).filter(|text| !text.is_empty()) else {
                continue;
            };
            let value = match (yes_or_no, text.to_ascii_lowercase().as_str()) {
                (false, _) => Value::String(text),
                (true, "1" | "true" | "yes" | "on") => Value::Boolean(true),
                (true, "0" | "false" | "no" | "off") => Value::Boolean(false),
                (true, _) => return Err(usage(format!("{name} is 1 or 0, not {text:?}"))),
            };
            // Each alone, so that an error names its variable.
            let alone: Table = [(key.to_owned(), value.clone())].into_iter().collect();
            Settings::deserialize(alone)
                .map_err(|error| usage(format!("{name}: {}", one_line(&error))))?;
            table.insert(key.to_owned(), value);
        }
        Settings::deserialize(table).map_err(|error| usage(one_line(&error)))
    }

    /// The layer of the settings file: of the named one, or of the usual one if it is there.
    pub(crate) fn of_config(named: Option<PathBuf>, home: &Home) -> Result<Self> {
        let named = named.or_else(|| secret::variable("QUN_CONFIG").map(PathBuf::from));
        match named.or_else(|| home.settings().filter(|path| path.exists())) {
            Some(path) => Self::of_file(&path),
            None => Ok(Self::default()),
        }
    }

    /// A settings file's layer.
    fn of_file(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the settings file {} cannot be read", path.display()))?;
        Self::of_toml(&text).map_err(|error| usage(format!("{}: {error:#}", path.display())))
    }

    fn of_toml(text: &str) -> Result<Self> {
        let table: Table = text.parse()?;
        for key in table.keys() {
            if KEYS.iter().any(|(known, _)| known == key) {
                continue;
            }
            let known = KEYS.iter().map(|(known, _)| *known);
            let near = match rulebook::nearest(key, known) {
                Some(near) => format!("; did you mean {near:?}?"),
                None => format!("; there are {}", KEYS.map(|(known, _)| known).join(", ")),
            };
            return Err(usage(format!("no setting {key:?}{near}")));
        }
        Settings::deserialize(table).map_err(|error| usage(one_line(&error)))
    }

    /// These where they are set, the other's where not. Where the data live is one choice, whatever its key.
    fn or(self, other: Self) -> Self {
        let placed = self.data.is_some() || self.memory == Some(true) || self.database.is_some();
        let (data, memory, database) = if placed {
            (self.data, self.memory, self.database)
        } else {
            // --memory=false takes back what a later layer says of it.
            (other.data, self.memory.or(other.memory), other.database)
        };
        Settings {
            data,
            memory,
            database,
            database_password_file: self.database_password_file.or(other.database_password_file),
            listen: self.listen.or(other.listen),
            allow_remote: self.allow_remote.or(other.allow_remote),
            world: self.world.or(other.world),
            rules: self.rules.or(other.rules),
            limits: self.limits.or(other.limits),
            clock: self.clock.or(other.clock),
            manage_token_file: self.manage_token_file.or(other.manage_token_file),
            callback_to: self.callback_to.or(other.callback_to),
            callback_private: self.callback_private.or(other.callback_private),
            callback_ca: self.callback_ca.or(other.callback_ca),
            callback_retries: self.callback_retries.or(other.callback_retries),
            callback_keep: self.callback_keep.or(other.callback_keep),
            json: self.json.or(other.json),
            log_json: self.log_json.or(other.log_json),
        }
    }

    /// All layers together.
    fn over(self, environment: Self, file: Self) -> Result<Self> {
        for layer in [&self, &environment, &file] {
            layer.check_place()?;
        }
        Ok(self.or(environment).or(file))
    }

    /// Where a server with these settings keeps everything.
    fn place(&self, home: &Home) -> Result<Place> {
        Ok(match (self.memory, &self.database, &self.data) {
            (Some(true), ..) => Place::Memory,
            (_, Some(url), _) => Place::Postgres {
                url: url.clone(),
                password: match &self.database_password_file {
                    Some(path) => Some(secret::read(path)?),
                    None => secret::variable("QUN_DATABASE_PASSWORD"),
                },
            },
            (.., Some(directory)) => Place::Directory(directory.clone()),
            _ => Place::Directory(home.data().ok_or_else(|| {
                usage("neither HOME nor XDG_DATA_HOME is set; say --data DIR or --memory")
            })?),
        })
    }

    /// The data directory of a server with these settings; a usage error where it has none.
    pub(crate) fn directory(self, environment: Self, file: Self, home: &Home) -> Result<PathBuf> {
        match self.over(environment, file)?.place(home)? {
            Place::Directory(directory) => Ok(directory),
            Place::Memory => Err(usage(
                "the settings say memory, of which there is no copy; name a directory with --data DIR",
            )),
            Place::Postgres { .. } => Err(usage(
                "the settings name a PostgreSQL database; copy it with pg_dump or pg_basebackup, or name a directory with --data DIR",
            )),
        }
    }

    /// The plan of all layers together.
    pub(crate) fn plan(self, environment: Self, file: Self, home: &Home) -> Result<Plan> {
        let settings = self.over(environment, file)?;
        let listen = address(settings.listen.as_deref().unwrap_or(LISTEN))?;
        if !listen.ip().is_loopback() && settings.allow_remote != Some(true) {
            return Err(usage(format!(
                "{listen} can be reached from other machines; if that is meant, add --allow-remote"
            )));
        }
        let place = settings.place(home)?;
        let data = match &place {
            Place::Directory(directory) => Some(directory.clone()),
            _ => None,
        };
        let callbacks = settings.callbacks()?;
        let manage_token = match &settings.manage_token_file {
            Some(path) => Some(secret::read(path)?),
            None => None,
        };
        Ok(Plan {
            config: Config {
                listen,
                place,
                world: settings.world.as_deref().map(world::read).transpose()?,
                rules: settings.rules.unwrap_or_default(),
                limits_off: settings.limits == Some(Switch::Off),
                clock: settings.clock.as_deref().map(moment).transpose()?,
                manage_token,
                callbacks,
            },
            json: settings.json.unwrap_or(false),
            log_json: settings.log_json.unwrap_or(false),
            data,
        })
    }

    /// How apps are told what happens.
    fn callbacks(&self) -> Result<CallbackSettings> {
        let usual = CallbackSettings::default();
        let retries = entries(self.callback_retries.as_deref()).map(|text| {
            let seconds = text.parse().ok().filter(|seconds| *seconds <= FAR);
            seconds.ok_or_else(|| {
                usage(format!(
                    "--callback-retries: {text:?} is no number of seconds up to {FAR}"
                ))
            })
        });
        Ok(CallbackSettings {
            to: entries(self.callback_to.as_deref())
                .map(str::to_owned)
                .collect(),
            private: self.callback_private.unwrap_or(usual.private),
            authorities: self.callback_ca.as_deref().map_or(Ok(Vec::new()), |path| {
                std::fs::read(path)
                    .map_err(|error| usage(format!("--callback-ca: {}: {error}", path.display())))
            })?,
            retries: retries.collect::<Result<_>>()?,
            keep_days: self.callback_keep.unwrap_or(usual.keep_days),
        })
    }

    fn check_place(&self) -> Result<()> {
        let named: Vec<&str> = [
            ("data", self.data.is_some()),
            ("memory", self.memory == Some(true)),
            ("database", self.database.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, there)| there.then_some(key))
        .collect();
        match named.as_slice() {
            [] | [_] => Ok(()),
            more => Err(usage(format!(
                "{} exclude each other: choose one place for the data",
                more.join(" and ")
            ))),
        }
    }
}

/// The longest wait of a list of waits: thirty days, seconds.
const FAR: u32 = 30 * 86_400;

/// The entries of a list with commas between.
fn entries(list: Option<&str>) -> impl Iterator<Item = &str> {
    let entries = list.unwrap_or_default().split(',').map(str::trim);
    entries.filter(|entry| !entry.is_empty())
}

/// A whole number; variables have it as text.
fn whole_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    let number = match Value::deserialize(from)? {
        Value::Integer(number) => u32::try_from(number).ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let number = number.ok_or_else(|| D::Error::custom("a whole number is needed"))?;
    Ok(Some(number))
}

/// The user's directories, by the XDG rules.
pub(crate) struct Home {
    pub home: Option<PathBuf>,
    pub data_home: Option<PathBuf>,
    pub config_home: Option<PathBuf>,
    pub cache_home: Option<PathBuf>,
}

impl Home {
    /// From the environment.
    pub(crate) fn of_environment() -> Self {
        let path = |name| {
            std::env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        Home {
            home: path("HOME"),
            // The rules take relative paths as not set.
            data_home: path("XDG_DATA_HOME").filter(|p| p.is_absolute()),
            config_home: path("XDG_CONFIG_HOME").filter(|p| p.is_absolute()),
            cache_home: path("XDG_CACHE_HOME").filter(|p| p.is_absolute()),
        }
    }

    fn data(&self) -> Option<PathBuf> {
        let below = |home: &PathBuf| home.join(".local/share");
        let data = self.data_home.clone().or(self.home.as_ref().map(below))?;
        Some(data.join("qun"))
    }

    /// Where the settings file is, unless one is named.
    fn settings(&self) -> Option<PathBuf> {
        Some(self.config()?.join("server.toml"))
    }

    /// Where the profiles are.
    pub(crate) fn profiles(&self) -> Option<PathBuf> {
        Some(self.config()?.join("profiles.toml"))
    }

    /// Where access tokens are kept from one command to the next.
    pub(crate) fn cache(&self) -> Option<PathBuf> {
        let below = |home: &PathBuf| home.join(".cache");
        let cache = self.cache_home.clone().or(self.home.as_ref().map(below))?;
        Some(cache.join("qun"))
    }

    fn config(&self) -> Option<PathBuf> {
        let below = |home: &PathBuf| home.join(".config");
        let config = self.config_home.clone().or(self.home.as_ref().map(below))?;
        Some(config.join("qun"))
    }
}

/// An address with its port; `localhost` is 127.0.0.1.
pub(crate) fn address(text: &str) -> Result<SocketAddr> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    numeric.parse().map_err(|_| {
        usage(format!(
            "{text:?} is no address to listen on; it looks like {LISTEN}"
        ))
    })
}

/// A moment in milliseconds UTC.
fn moment(text: &str) -> Result<i64> {
    let moment: jiff::Timestamp = text.parse().map_err(|_| {
        usage(format!(
            "{text:?} is no time with an offset; it looks like 2020-09-20T09:00:00+08:00"
        ))
    })?;
    Ok(moment.as_millisecond())
}

fn one_line(error: &toml::de::Error) -> String {
    error.message().trim().replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use clap::FromArgMatches;

    use super::*;

    fn flags(words: &[&str]) -> Settings {
        let command = Settings::augment_args(clap::Command::new("up").no_binary_name(true));
        Settings::from_arg_matches(&command.get_matches_from(words)).unwrap()
    }

    fn home() -> Home {
        Home {
            home: Some("/home/a".into()),
            data_home: None,
            config_home: None,
            cache_home: None,
        }
    }

    fn place(flags: Settings, environment: Settings, file: Settings) -> String {
        match flags.plan(environment, file, &home()).unwrap().config.place {
            Place::Memory => "memory".into(),
            Place::Directory(path) => path.display().to_string(),
            Place::Postgres { url, .. } => url,
        }
    }

    #[test]
    fn the_keys_are_the_flags() {
        let command = Settings::augment_args(clap::Command::new("up"));
        let flags: Vec<&str> = command
            .get_arguments()
            .filter_map(clap::Arg::get_long)
            .collect();
        assert_eq!(flags, KEYS.map(|(key, _)| key));
        for argument in command.get_arguments() {
            let name = argument.get_long().unwrap_or_default();
            let variable = format!("[env: QUN_{}]", name.to_ascii_uppercase().replace('-', "_"));
            let help = argument.get_help().unwrap().to_string();
            assert!(help.ends_with(&variable), "{help}");
        }
        let all = "listen='127.0.0.1:1'\nallow-remote=true\ndata='d'\nmemory=false\ndatabase='u'\ndatabase-password-file='p'\nworld='w'\nrules='live-2026'\nlimits='off'\nclock='c'\nmanage-token-file='m'\ncallback-to='h, 10.0.0.0/8'\ncallback-private=true\ncallback-ca='/dev/null'\ncallback-retries='60,600'\ncallback-keep=7\njson=true\nlog-json=true";
        let settings = Settings::of_toml(all).unwrap();
        assert_eq!(
            (settings.rules, settings.limits, settings.log_json),
            (Some(Rulebook::Live2026), Some(Switch::Off), Some(true))
        );
        assert_eq!(settings.manage_token_file, Some("m".into()));
        let callbacks = settings.callbacks().unwrap();
        assert_eq!(callbacks.to, ["h", "10.0.0.0/8"]);
        assert_eq!(callbacks.retries, [60, 600]);
        assert_eq!((callbacks.private, callbacks.keep_days), (true, 7));
    }

    #[test]
    fn flags_before_environment_before_file_before_default() {
        let file = || Settings::of_toml("listen = '127.0.0.1:3'\nrules = 'live-2026'").unwrap();
        let environment = || {
            Settings::of_environment(|name| {
                (name == "QUN_LISTEN").then(|| "127.0.0.1:2".to_owned())
            })
            .unwrap()
        };
        let plan = |flags: Settings, environment, file| {
            flags.plan(environment, file, &home()).unwrap().config
        };
        let one = plan(flags(&["--listen", "127.0.0.1:1"]), environment(), file());
        assert_eq!((one.listen.port(), one.rules), (1, Rulebook::Live2026));
        assert_eq!(plan(flags(&[]), environment(), file()).listen.port(), 2);
        assert_eq!(
            plan(flags(&[]), Settings::default(), file()).listen.port(),
            3
        );
        let none = plan(flags(&[]), Settings::default(), Settings::default());
        assert_eq!(
            (none.listen.port(), none.rules),
            (7800, Rulebook::Documented)
        );
    }

    #[test]
    fn the_place_is_one_choice_over_all_layers() {
        let file = || Settings::of_toml("data = '/file'").unwrap();
        let none = Settings::default;
        assert_eq!(place(none(), none(), none()), "/home/a/.local/share/qun");
        assert_eq!(place(none(), none(), file()), "/file");
        assert_eq!(place(flags(&["--memory"]), none(), file()), "memory");
        let database = flags(&["--database", "postgres://x"]);
        let memory = Settings::of_toml("memory = true").unwrap();
        assert_eq!(place(database, memory.clone(), file()), "postgres://x");
        assert_eq!(
            place(flags(&["--memory=false"]), none(), memory),
            "/home/a/.local/share/qun"
        );
        let both = flags(&["--memory", "--data", "d"]);
        let error = both.plan(none(), none(), &home()).err().unwrap();
        assert!(
            error.to_string().contains("data and memory exclude"),
            "{error}"
        );
    }

    #[test]
    fn a_copy_is_of_the_directory_that_the_server_has() {
        let none = Settings::default;
        let directory = |flags: Settings, file| flags.directory(none(), file, &home());
        let file = |text| Settings::of_toml(text).unwrap();
        assert_eq!(
            directory(none(), none()).unwrap(),
            Path::new("/home/a/.local/share/qun")
        );
        assert_eq!(
            directory(none(), file("data = '/file'")).unwrap(),
            Path::new("/file")
        );
        let database = "database = 'postgres://u:hidden@h/d'";
        let named = directory(flags(&["--data", "d"]), file(database));
        assert_eq!(named.unwrap(), Path::new("d"));
        let refused = directory(none(), file(database)).unwrap_err().to_string();
        assert!(refused.contains("pg_dump") && !refused.contains("hidden"));
        assert!(directory(none(), file("memory = true")).is_err());
    }

    #[test]
    fn other_machines_only_when_it_is_said() {
        for (words, good) in [
            (vec!["--listen", "0.0.0.0:0"], false),
            (vec!["--listen", "0.0.0.0:0", "--allow-remote=false"], false),
            (vec!["--listen", "0.0.0.0:0", "--allow-remote"], true),
            (vec!["--listen", "[::1]:0"], true),
            (vec!["--listen", "localhost:0"], true),
        ] {
            let plan = flags(&words).plan(Settings::default(), Settings::default(), &home());
            assert_eq!(plan.is_ok(), good, "{words:?}");
            if let Err(error) = plan {
                assert!(error.to_string().contains("--allow-remote"));
            }
        }
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let error = Settings::of_toml("lisen = '127.0.0.1:1'").unwrap_err();
        assert!(
            error.to_string().contains("did you mean \"listen\""),
            "{error}"
        );
        assert!(Settings::of_toml("memory = 'x'").is_err());
        assert!(Settings::of_toml("rules = 'old'").is_err());
        let error = Settings::of_environment(|name| (name == "QUN_MEMORY").then(|| "maybe".into()));
        assert!(error.unwrap_err().to_string().contains("QUN_MEMORY"));
        let keep = |text: &'static str| {
            Settings::of_environment(|name| (name == "QUN_CALLBACK_KEEP").then(|| text.into()))
        };
        assert_eq!(keep("3").unwrap().callback_keep, Some(3));
        let error = keep("x").unwrap_err().to_string();
        assert!(error.contains("QUN_CALLBACK_KEEP"), "{error}");
        for list in ["1,x", "-1", "9999999999"] {
            let list = format!("--callback-retries={list}");
            assert!(flags(&[&list]).callbacks().is_err(), "{list}");
        }
        let error = Settings::of_environment(|name| (name == "QUN_RULES").then(|| "old".into()));
        assert!(error.unwrap_err().to_string().contains("QUN_RULES"));
        assert!(address("7800").is_err() && address("example.com:1").is_err());
    }

    #[test]
    fn a_clock_is_a_moment_with_an_offset() {
        assert_eq!(
            moment("2020-09-20T09:00:00+08:00").unwrap(),
            1_600_563_600_000
        );
        assert_eq!(moment("1970-01-01T00:00:00Z").unwrap(), 0);
        assert!(moment("2020-09-20").is_err() && moment("2020-09-20T09:00:00").is_err());
    }
}
