//! How far a message to many people has come: JSON lines in a file, only added to, so that an interruption loses nothing.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::Path,
};

use anyhow::{Context, Result};
use qun_client::Message;
use qun_protocol::UserId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::failure::usage;

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// What is sent; the first line.
    Message(Box<Header>),
    /// Who has a mobile number.
    Found {
        mobile: String,
        userid: Option<UserId>,
    },
    /// A call begins; seconds UTC.
    Sending { time: i64, users: Vec<UserId> },
    /// It was done.
    Sent(Answer),
    /// It was certainly not done.
    NotSent {},
}

/// What belongs to the whole of it.
#[derive(Serialize, Deserialize)]
struct Header {
    whole: Whole,
    message: Message,
}

/// What must be the same where it goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Whole {
    pub url: String,
    pub corpid: String,
    pub app: i64,
    pub said: Value,
}

/// What a call brought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    pub msgid: String,
    pub invalid: Vec<UserId>,
    pub unlicensed: Vec<UserId>,
}

/// People whom a call addressed of which nobody knows whether it was done.
#[derive(Clone, Debug)]
pub(super) struct Unclear {
    /// When it began, seconds UTC; the first time, where it was made again.
    pub time: i64,
    pub users: Vec<UserId>,
    /// Whether it is being made again.
    again: bool,
}

/// How far it has come, and the file in which that is kept, if there is one.
#[derive(Default)]
pub(super) struct Journal {
    file: Option<File>,
    pub message: Option<Message>,
    pub found: HashMap<String, Option<UserId>>,
    /// What became of people: the result, and the msgid.
    pub done: HashMap<UserId, (&'static str, String)>,
    pub unclear: Vec<Unclear>,
}

impl Journal {
    /// Opens the file, or begins it.
    pub(super) fn open(path: &Path, whole: &Whole) -> Result<Self> {
        let what = || format!("{} cannot be used to resume", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        // It holds the message.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).with_context(what)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(usage(format!(
                    "{} is in use by another command",
                    path.display()
                )));
            }
            locked => locked.with_context(what)?,
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text).with_context(what)?;
        // A line that was not written to its end never counted.
        let whole_lines = text
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut journal = Journal::default();
        for line in text[..whole_lines].split(|byte| *byte == b'\n') {
            if line.is_empty() {
                continue;
            }
            let line = serde_json::from_slice(line)
                .map_err(|_| usage(format!("{} is no file of --resume", path.display())))?;
            match line {
                Line::Message(header) if header.whole != *whole => {
                    return Err(usage(format!(
                        "{} belongs to another message, app or server: name another file",
                        path.display()
                    )));
                }
                Line::Message(header) => journal.message = Some(header.message),
                line => journal.take(line),
            }
        }
        if whole_lines > 0 && journal.message.is_none() || whole_lines == 0 && !text.is_empty() {
            return Err(usage(format!("{} is no file of --resume", path.display())));
        }
        file.set_len(whole_lines as u64)
            .and_then(|()| file.seek(SeekFrom::End(0)))
            .with_context(what)?;
        journal.file = Some(file);
        Ok(journal)
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Message(_) => {}
            Line::Found { mobile, userid } => {
                self.found.insert(mobile, userid);
            }
            Line::Sending { time, users } => {
                let before = self.unclear.iter().position(|it| it.users == users);
                let unclear = match before.map(|n| self.unclear.remove(n)) {
                    Some(unclear) => Unclear {
                        again: true,
                        ..unclear
                    },
                    None => Unclear {
                        time,
                        users,
                        again: false,
                    },
                };
                self.unclear.push(unclear);
            }
            Line::Sent(answer) => {
                for userid in self.unclear.pop().map(|it| it.users).unwrap_or_default() {
                    let result = if answer.invalid.contains(&userid) {
                        "invalid"
                    } else if answer.unlicensed.contains(&userid) {
                        "unlicensed"
                    } else {
                        "sent"
                    };
                    self.done.insert(userid, (result, answer.msgid.clone()));
                }
            }
            // Made again in vain, it may still have been done the first time.
            Line::NotSent {} => match self.unclear.last_mut() {
                Some(unclear) if unclear.again => unclear.again = false,
                _ => {
                    self.unclear.pop();
                }
            },
        }
    }

    fn write(&mut self, line: Line) -> Result<()> {
        if let Some(file) = &mut self.file {
            let mut text = serde_json::to_vec(&line)?;
            text.push(b'\n');
            file.write_all(&text)
                .and_then(|()| file.sync_data())
                .context("the file of --resume cannot be written")?;
        }
        self.take(line);
        Ok(())
    }

    /// The message is as it will be sent.
    pub(super) fn begin(&mut self, whole: Whole, message: &Message) -> Result<()> {
        self.message = Some(message.clone());
        let message = message.clone();
        self.write(Line::Message(Box::new(Header { whole, message })))
    }

    /// A number was looked up.
    pub(super) fn found(&mut self, mobile: String, userid: Option<UserId>) -> Result<()> {
        self.write(Line::Found { mobile, userid })
    }

    /// A call begins.
    pub(super) fn sending(&mut self, time: i64, users: Vec<UserId>) -> Result<()> {
        self.write(Line::Sending { time, users })
    }

    /// It was done.
    pub(super) fn sent(&mut self, answer: Answer) -> Result<()> {
        self.write(Line::Sent(answer))
    }

    /// It was certainly not done.
    pub(super) fn not_sent(&mut self) -> Result<()> {
        self.write(Line::NotSent {})
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use qun_client::{Text, To};

    use super::*;

    fn whole() -> Whole {
        Whole {
            url: "http://127.0.0.1:7800".into(),
            corpid: "ww1".into(),
            app: 1,
            said: "大家好".into(),
        }
    }

    fn users(ids: &[&str]) -> Vec<UserId> {
        To::users(ids.iter().copied()).users
    }

    fn left(journal: &Journal) -> Vec<(i64, Vec<UserId>)> {
        let unclear = journal.unclear.iter();
        unclear.map(|it| (it.time, it.users.clone())).collect()
    }

    #[test]
    fn nothing_is_lost_wherever_it_is_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let open = || Journal::open(&path, &whole()).unwrap();
        let mut journal = open();
        assert!(Journal::open(&path, &whole()).is_err(), "one at a time");
        let message = Text::new("大家好").into();
        journal.begin(whole(), &message).unwrap();
        journal
            .found("13800000001".into(), Some("a".into()))
            .unwrap();
        journal.found("13800000002".into(), None).unwrap();
        journal.sending(5, users(&["a", "b", "c"])).unwrap();
        let answer = Answer {
            msgid: "m".into(),
            invalid: users(&["B"]),
            unlicensed: users(&["c"]),
        };
        journal.sent(answer).unwrap();
        journal.sending(6, users(&["d"])).unwrap();
        journal.not_sent().unwrap();
        journal.sending(7, users(&["d"])).unwrap();
        drop(journal);

        let text = fs::read(&path).unwrap();
        fs::write(&path, [&text[..], br#"{"sent":{"ms"#].concat()).unwrap();
        let mut journal = open();
        assert_eq!(journal.message.as_ref(), Some(&message));
        assert_eq!(journal.found["13800000001"], Some("a".into()));
        assert_eq!(journal.found["13800000002"], None);
        let result = |id: &str| journal.done.get(&UserId::from(id)).map(|it| it.0);
        assert_eq!(
            ["a", "b", "c", "d"].map(result),
            [Some("sent"), Some("invalid"), Some("unlicensed"), None]
        );
        assert_eq!(left(&journal), [(7, users(&["d"]))]);
        assert_eq!(fs::read(&path).unwrap(), text, "half a line is gone");

        // Made again and not taken, it may still have been done before.
        journal.sending(9, users(&["d"])).unwrap();
        journal.not_sent().unwrap();
        assert_eq!(left(&journal), [(7, users(&["d"]))]);
        journal.sending(10, users(&["d"])).unwrap();
        journal.sent(Answer::default()).unwrap();
        drop(journal);
        let journal = open();
        assert!(journal.unclear.is_empty() && journal.done.contains_key(&"d".into()));
    }

    #[test]
    fn another_message_or_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.jsonl");
        let mut journal = Journal::open(&path, &whole()).unwrap();
        journal.begin(whole(), &Text::new("大家好").into()).unwrap();
        drop(journal);
        let other = Whole { app: 2, ..whole() };
        let error = Journal::open(&path, &other).err().unwrap().to_string();
        assert!(error.contains("belongs to another message"), "{error}");
        for text in ["zhangsan\nlisi\n", "zhangsan", r#"{"not_sent":{}}"#] {
            fs::write(&path, text).unwrap();
            let error = Journal::open(&path, &whole()).err().unwrap().to_string();
            assert!(
                error.contains("is no file of --resume"),
                "{text:?}: {error}"
            );
            assert_eq!(
                fs::read_to_string(&path).unwrap(),
                text,
                "it is left as it was"
            );
        }
    }
}
