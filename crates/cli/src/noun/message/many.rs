//! A message to recipients out of files: numbers are looked up, people are sent to in portions, and each has a result.

use std::{
    collections::HashSet,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use qun_client::{Error, Message, Sent, To};
use qun_protocol::{Rulebook, Rules, UserId};
use serde::Serialize;

use super::{
    journal::{Answer, Journal, Whole},
    send::{Said, show},
};
use crate::{connect::Session, failure::usage, output::progress::Steps};

/// None of those who were addressed can get it.
const NOBODY_REACHED: i64 = 81013;

/// Clocks differ, and a call takes time: so many seconds before its end a check for duplicates is not relied on any more.
const MARGIN: i64 = 300;

/// Where recipients stand.
#[derive(Args, Clone, Debug, Default)]
#[group(skip)]
pub(super) struct Files {
    /// People out of a file, a userid on each line; - is stdin
    #[arg(long, value_name = "FILE", group = "address")]
    to_file: Option<PathBuf>,
    /// People by mobile number, one on each line; - is stdin
    #[arg(long, value_name = "FILE", group = "address")]
    mobiles_file: Option<PathBuf>,
    /// Keep in this file how far it has come, and go on from there
    #[arg(long, value_name = "FILE")]
    resume: Option<PathBuf>,
}

impl Files {
    /// Whether any is named.
    pub(super) fn any(&self) -> bool {
        self.to_file.is_some() || self.mobiles_file.is_some() || self.resume.is_some()
    }
}

/// Somebody who is to get it.
#[derive(Serialize)]
struct Recipient {
    /// As it was given.
    recipient: String,
    /// Known from the beginning, or by the mobile number.
    userid: Option<UserId>,
    result: &'static str,
    msgid: String,
    #[serde(skip)]
    is_mobile: bool,
}

pub(super) async fn run(
    session: &Session,
    app: i64,
    to: &To,
    files: &Files,
    mut said: Said,
) -> Result<()> {
    let mut people = recipients(to, files)?;
    said.read()?;
    if session.dry_run() {
        return rehearse(session, &people, &said.message(session, app).await?);
    }
    let whole = Whole {
        url: session.target.url.clone(),
        corpid: session.target.corpid.clone().unwrap_or_default(),
        app,
        said: serde_json::to_value(&said)?,
    };
    let mut journal = match &files.resume {
        Some(path) => Journal::open(path, &whole)?,
        None => Journal::default(),
    };
    let message = match &journal.message {
        Some(message) => message.clone(),
        None => {
            let message = said.message(session, app).await?;
            journal.begin(whole, &message)?;
            message
        }
    };
    look_up(session, &mut people, &mut journal).await?;
    let failed = send(session, &people, &message, &mut journal).await?;
    tell(session, people, &journal)?;
    let unknown: usize = journal.unclear.iter().map(|it| it.users.len()).sum();
    match failed {
        Some(error) if files.resume.is_some() => {
            Err(anyhow::Error::from(error).context("stopped; the same command goes on from here"))
        }
        Some(error) => Err(error.into()),
        None if unknown > 0 => Err(anyhow!(
            "whether {unknown} people got it is unknown; it was not sent to them again"
        )),
        None => Ok(()),
    }
}

/// All who are named, each once.
fn recipients(to: &To, files: &Files) -> Result<Vec<Recipient>> {
    if to.everyone || !to.parties.is_empty() || !to.tags.is_empty() {
        return Err(usage(
            "--party, --tag and --all go without --to-file, --mobiles-file and --resume, which tell the result of each person",
        ));
    }
    let mut all: Vec<(String, bool)> = to
        .users
        .iter()
        .map(|user| (user.0.clone(), false))
        .collect();
    for (file, is_mobile) in [(&files.to_file, false), (&files.mobiles_file, true)] {
        let Some(path) = file else { continue };
        for (n, line) in lines(path)? {
            if is_mobile && !may_be_mobile(&line)
                || !is_mobile && To::users([&*line]).check().is_err()
            {
                let what = if is_mobile { "mobile number" } else { "userid" };
                let path = path.display();
                return Err(usage(format!("{path}:{n}: {line:?} is no {what}")));
            }
            all.push((line, is_mobile));
        }
    }
    let mut seen = HashSet::new();
    all.retain(|(given, is_mobile)| seen.insert((given.to_ascii_lowercase(), *is_mobile)));
    if all.is_empty() {
        return Err(usage("nobody is named: the files are empty"));
    }
    let people = all.into_iter().map(|(given, is_mobile)| Recipient {
        userid: (!is_mobile).then(|| given.as_str().into()),
        recipient: given,
        result: "not sent",
        msgid: String::new(),
        is_mobile,
    });
    Ok(people.collect())
}

/// A file's lines with their numbers, but for empty ones.
fn lines(path: &Path) -> Result<Vec<(usize, String)>> {
    let text = match path == Path::new("-") {
        true => {
            let mut text = String::new();
            io::stdin().read_to_string(&mut text).map(|_| text)
        }
        false => std::fs::read_to_string(path),
    };
    let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
    let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim);
    let lines = (1..).zip(lines).filter(|(_, line)| !line.is_empty());
    Ok(lines.map(|(n, line)| (n, line.to_owned())).collect())
}

/// 5 to 32 bytes (95402) of what numbers are written with.
fn may_be_mobile(text: &str) -> bool {
    (5..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-".contains(&byte))
}

/// Shows what would be sent, without looking anybody up.
fn rehearse(session: &Session, people: &[Recipient], message: &Message) -> Result<()> {
    let mobiles = people.iter().filter(|person| person.is_mobile).count();
    if mobiles > 0 {
        let said = format!(
            "{mobiles} mobile numbers would be looked up, and the message sent to those found"
        );
        session.output.talk(said);
    }
    let known = To::users(people.iter().filter_map(|person| person.userid.clone()));
    match known.is_empty() {
        true => show(session, &To::from("USERID"), message),
        false => show(session, &known, message),
    }
}

/// Finds the people of mobile numbers.
async fn look_up(session: &Session, people: &mut [Recipient], journal: &mut Journal) -> Result<()> {
    let unknown = people.iter().filter(|person| person.is_mobile).count();
    let mut steps = Steps::new(&session.output, unknown);
    for person in people.iter_mut().filter(|person| person.is_mobile) {
        steps.next(&person.recipient);
        let mobile = &person.recipient;
        if !journal.found.contains_key(mobile) {
            let directory = session.client()?.directory();
            let found = directory.find_by_mobile(mobile).await;
            let userid = found.with_context(|| format!("{mobile} cannot be looked up"))?;
            journal.found(mobile.clone(), userid)?;
        }
        person.userid = journal.found.get(mobile).cloned().flatten();
        if person.userid.is_none() {
            person.result = "not found";
        }
    }
    Ok(())
}

/// Sends to all to whom that is safe, until something fails.
async fn send(
    session: &Session,
    people: &[Recipient],
    message: &Message,
    journal: &mut Journal,
) -> Result<Option<Error>> {
    let mut parts = again(message, journal);
    let maybe: HashSet<UserId> = journal
        .unclear
        .iter()
        .flat_map(|it| it.users.clone())
        .collect();
    let left = people.iter().filter_map(|person| person.userid.clone());
    let left = To::users(left.filter(|id| !maybe.contains(id) && !journal.done.contains_key(id)));
    if !left.is_empty() {
        let rules = Rules::of(Rulebook::Live2026);
        parts.extend(left.parts(&rules).unwrap_or_default());
    }
    let task = message
        .template_card
        .as_ref()
        .is_some_and(|card| card.task_id.is_some());
    if task && parts.len() + journal.done.len().min(1) > 1 {
        return Err(usage(
            "a card with a task_id goes out in one call, to at most 1000 people",
        ));
    }
    let all = parts.iter().map(|part| part.users.len()).sum();
    let mut steps = Steps::new(&session.output, all);
    for part in parts {
        steps.by(0, &format!("{} people", part.users.len()));
        let messages = session.client()?.messages();
        journal.sending(Timestamp::now().as_second(), part.users.clone())?;
        match messages.send(part.clone(), message.clone()).await {
            Ok(sent) => journal.sent(answer(sent))?,
            Err(error) if error.code() == Some(NOBODY_REACHED) => journal.sent(Answer {
                invalid: part.users.clone(),
                ..Answer::default()
            })?,
            Err(error) => {
                if !error.may_have_been_done() {
                    journal.not_sent()?;
                }
                return Ok(Some(error));
            }
        }
        steps.by(part.users.len(), "");
    }
    Ok(None)
}

/// Calls that may have been done and are made again all the same, since the server delivers their message once.
fn again(message: &Message, journal: &Journal) -> Vec<To> {
    let interval = match message.enable_duplicate_check {
        Some(1) => message.duplicate_check_interval.unwrap_or(0),
        _ => 0,
    };
    let now = Timestamp::now().as_second();
    let holds = |time: i64| now - time < interval - MARGIN;
    let unclear = journal.unclear.iter().filter(|it| holds(it.time));
    unclear.map(|it| To::users(it.users.clone())).collect()
}

fn answer(sent: Sent) -> Answer {
    Answer {
        msgid: sent.msgids.into_iter().next().unwrap_or_default(),
        invalid: sent.invalid_users,
        unlicensed: sent.unlicensed,
    }
}

/// The result of each.
fn tell(session: &Session, mut people: Vec<Recipient>, journal: &Journal) -> Result<()> {
    let unclear: HashSet<&UserId> = journal.unclear.iter().flat_map(|it| &it.users).collect();
    for person in &mut people {
        let Some(userid) = &person.userid else {
            continue;
        };
        if let Some((result, msgid)) = journal.done.get(userid) {
            person.result = result;
            // Who does not get it has no message to be taken back.
            person.msgid = Some(msgid.clone())
                .filter(|_| *result == "sent")
                .unwrap_or_default();
        } else if unclear.contains(userid) {
            person.result = "unknown";
        }
    }
    let got = people
        .iter()
        .filter(|person| person.result == "sent")
        .count();
    session
        .output
        .talk(format!("sent to {got} of {}", people.len()));
    session
        .output
        .list(&["recipient", "userid", "result", "msgid"], &people)
}
