//! A keyring of the tests' own: GNOME Keyring on a bus of its own, unlocked, for as long as one program runs. What is kept
//! in it stays in the program's home.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use anyhow::{Context, Result};

use crate::package;

const PROGRAMS: [&str; 3] = ["dbus-run-session", "dbus-send", "gnome-keyring-daemon"];
const PACKAGES: [&str; 2] = ["dbus", "gnome-keyring"];

/// Without service folders, so that nothing but what [`SCRIPT`] starts answers.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Starts the keyring, waits until it is on the bus, runs the program and ends the keyring.
const SCRIPT: &str = r#"
printf password | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
tries=0
until dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner \
    string:org.freedesktop.secrets >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ $tries -gt 600 ] && { echo "the keyring did not start" >&2; exit 125; }
  sleep 0.05
done
"$@"
code=$?
# The last process of the job is the daemon.
kill $!
exit $code
"#;

/// Sees to it that the programs are there; as root, missing packages are installed with `run`.
pub fn find_or_install(run: impl FnMut(&mut Command) -> Result<ExitStatus>) -> Result<()> {
    if missing().is_some() {
        package::install(&PACKAGES, run)?;
    }
    match missing() {
        None => Ok(()),
        Some(program) => anyhow::bail!("`{program}` was not found"),
    }
}

/// The first program that is not installed, if one is missing.
pub fn missing() -> Option<&'static str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = |program: &&str| folders.iter().any(|folder| folder.join(program).is_file());
    PROGRAMS.into_iter().find(|program| !found(program))
}

/// A program's command with an unlocked keyring in reach, kept under `home`.
pub fn beside(program: &Path, home: &Path) -> Result<Command> {
    let bus = home.join("bus.conf");
    std::fs::write(&bus, BUS).with_context(|| bus.display().to_string())?;
    let mut command = Command::new("dbus-run-session");
    command
        .arg(format!("--config-file={}", bus.display()))
        .args(["--", "sh", "-c", SCRIPT, "sh"])
        .arg(program)
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_RUNTIME_DIR", home);
    Ok(command)
}
