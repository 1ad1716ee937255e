//! A file that is written in pieces, and goes on after an interruption with the first piece that is not safe yet.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::usage;

/// What is written beside the target, under its name with `.part`; how far it is safe stands under the same with `.resume`.
pub(super) struct Partial {
    target: PathBuf,
    part: PathBuf,
    note: PathBuf,
    file: File,
    safe: Safe,
}

/// How much of the file is safe.
#[derive(Serialize, Deserialize)]
struct Safe {
    /// What is exported, and how.
    of: Value,
    /// Where the list goes on.
    cursor: Option<String>,
    bytes: u64,
}

impl Partial {
    /// Begins a file, or goes on with one where there is one and that is asked for. `of` is what is exported: something else
    /// does not go on with it.
    pub(super) fn open(target: &Path, resume: bool, of: Value) -> Result<Self> {
        let beside = |ending: &str| {
            let mut name = OsString::from(target);
            name.push(ending);
            PathBuf::from(name)
        };
        let (part, note) = (beside(".part"), beside(".resume"));
        let shown = part.display();
        let mut safe = Safe {
            of,
            cursor: None,
            bytes: 0,
        };
        if !resume && part.exists() {
            return Err(usage(format!(
                "an earlier export stopped: --resume goes on with {shown}; remove it to begin anew"
            )));
        }
        match fs::read(&note) {
            Ok(noted) if part.exists() => {
                let noted: Safe = serde_json::from_slice(&noted)
                    .with_context(|| format!("{} cannot be read", note.display()))?;
                if noted.of != safe.of {
                    return Err(usage(format!(
                        "{shown} is another export: of another company, other groups or in another form"
                    )));
                }
                safe = noted;
            }
            // It is of an export that has ended since.
            Ok(_) => fs::remove_file(&note)
                .with_context(|| format!("{} cannot be removed", note.display()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be read", note.display()));
            }
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        // Names and ids of people are nobody else's business.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let cannot = || format!("{shown} cannot be written");
        let mut file = options.open(&part).with_context(cannot)?;
        if file.metadata().with_context(cannot)?.len() < safe.bytes {
            return Err(usage(format!("{shown} was cut; remove it to begin anew")));
        }
        // What came after the last safe piece is written again.
        file.set_len(safe.bytes).with_context(cannot)?;
        file.seek(SeekFrom::End(0)).with_context(cannot)?;
        Ok(Partial {
            target: target.to_owned(),
            file,
            safe,
            part,
            note,
        })
    }

    /// Where the list goes on; nothing at its beginning.
    pub(super) fn cursor(&self) -> Option<String> {
        self.safe.cursor.clone()
    }

    /// Adds a piece, which is safe from then on.
    pub(super) fn add(&mut self, piece: &[u8], next_cursor: &str) -> Result<()> {
        let mut add = || {
            self.file.write_all(piece)?;
            self.file.sync_data()?;
            self.safe.bytes += piece.len() as u64;
            if next_cursor.is_empty() {
                return Ok(());
            }
            self.safe.cursor = Some(next_cursor.to_owned());
            // The note is whole, or the one before.
            let new = self.note.with_extension("resume-new");
            fs::write(&new, serde_json::to_vec(&self.safe)?)?;
            fs::rename(new, &self.note)
        };
        add().with_context(|| format!("{} cannot be written", self.part.display()))
    }

    /// All is there: the file gets its name.
    pub(super) fn finish(self) -> Result<()> {
        fs::rename(&self.part, &self.target)
            .with_context(|| format!("{} cannot be written", self.target.display()))?;
        match fs::remove_file(&self.note) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.note.display()))
            }
            _ => Ok(()),
        }
    }
}
