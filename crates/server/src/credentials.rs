//! The file that keeps the manage token and the first company's secrets, readable by its owner alone.

use std::{
    fs, io,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::start::AgentReady;

/// What the file holds.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) manage_token: String,
    #[serde(default)]
    pub(crate) corpid: String,
    #[serde(default)]
    pub(crate) agents: Vec<AgentReady>,
}

impl Credentials {
    /// Reads the file, if it is there. One that others may read is refused.
    pub(crate) fn load(path: &Path) -> io::Result<Option<Self>> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mode = fs::metadata(path)?.permissions().mode();
        if mode & 0o077 != 0 {
            let text = format!("others may read it (mode {:o}); chmod 600 it", mode & 0o777);
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        serde_json::from_str(&text)
            .map(Some)
            .map_err(io::Error::other)
    }

    /// Writes the file whole or not at all.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let next = path.with_extension("json.new");
        // A leftover of a crash may have other permissions.
        match fs::remove_file(&next) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&next)?;
        file.write_all(&serde_json::to_vec_pretty(self).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&next, path)
    }
}
