//! Secrets come from files, from the environment and from the system's keyring, so that none needs to stand on a command
//! line.

use std::{
    fs,
    io::{self, IsTerminal, Read},
    path::Path,
};

use anyhow::{Context, Result, bail};

use crate::failure::usage;

pub(crate) mod keyring;

/// Nobody's secret is longer, in bytes.
const LONGEST: u64 = 4096;

/// The content of a secret file without the white space around it. One that everybody may read is refused.
pub(crate) fn read(path: &Path) -> Result<String> {
    let shown = path.display();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path)
            .with_context(|| format!("{shown} cannot be read"))?
            .permissions()
            .mode();
        if mode & 0o004 != 0 {
            bail!("{shown} can be read by everybody; say: chmod 600 {shown}");
        }
    }
    let text = fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let secret = text.trim();
    if secret.is_empty() {
        bail!("{shown} holds no secret");
    }
    Ok(secret.to_owned())
}

/// A variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Asks for a secret on the terminal without showing it; what is no terminal gives it by stdin.
pub(crate) fn ask(question: &str) -> Result<String> {
    let terminal = console::Term::stderr();
    let text = if io::stdin().is_terminal() && terminal.is_term() {
        terminal.write_str(question)?;
        terminal.read_secure_line()
    } else {
        io::read_to_string(io::stdin().take(LONGEST))
    };
    let text = text.context("the secret cannot be read")?;
    match text.trim() {
        "" => Err(usage("an empty secret was given")),
        secret => Ok(secret.to_owned()),
    }
}
