//! Secrets come from files and from the environment, so that none needs to stand on a command line.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

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
