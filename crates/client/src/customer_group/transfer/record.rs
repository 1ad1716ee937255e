//! What runs of a transfer gave, kept in a file: a line of JSON for each group.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
};

use qun_protocol::{CorpId, GroupChatId, UserId};
use serde::{Deserialize, Serialize};

/// Which transfer a line is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Of {
    pub corpid: CorpId,
    pub owner: UserId,
    pub new_owner: UserId,
    pub on_job: bool,
}

#[derive(Serialize, Deserialize)]
struct Line {
    /// Seconds UTC.
    time: i64,
    chat_id: GroupChatId,
    #[serde(flatten)]
    of: Of,
}

/// The file, and what earlier runs of the same transfer gave.
pub(super) struct Record {
    file: File,
    of: Of,
    /// When, in seconds UTC, and what.
    pub earlier: Vec<(i64, GroupChatId)>,
}

impl Record {
    /// Opens a file, which is made where there is none. It may hold lines of other transfers.
    pub(super) fn open(path: &Path, of: Of) -> io::Result<Self> {
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        // A line that was cut is of a group that the server knows as given.
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        let earlier = lines.filter(|line: &Line| line.of == of);
        let earlier = earlier.map(|line| (line.time, line.chat_id)).collect();
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        if !text.is_empty() && !text.ends_with('\n') {
            file.write_all(b"\n")?;
        }
        Ok(Record { file, of, earlier })
    }

    /// Adds groups that were given now.
    pub(super) fn add(&mut self, time: i64, given: &[GroupChatId]) -> io::Result<()> {
        let mut text = Vec::new();
        for chat_id in given {
            let (of, chat_id) = (self.of.clone(), chat_id.clone());
            serde_json::to_writer(&mut text, &Line { time, chat_id, of })?;
            text.push(b'\n');
        }
        self.file.write_all(&text)?;
        self.file.sync_data()
    }
}
