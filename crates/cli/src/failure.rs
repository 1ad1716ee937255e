//! How a failure is said, and the exit code that it has.

use std::{fmt, io, process::ExitCode};

use qun_client::Error;
use qun_server::BackupError;

use crate::output::tell;

/// The command line, the environment or the settings file are not as they should be: exit code 2.
#[derive(Debug)]
pub(crate) struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A usage error.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Usage(message.into()).into()
}

/// Something that was named is not there: exit code 3.
#[derive(Debug)]
pub(crate) struct NotFound(pub String);

impl fmt::Display for NotFound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotFound {}

/// An error for something that is not there.
pub(crate) fn not_found(message: impl Into<String>) -> anyhow::Error {
    NotFound(message.into()).into()
}

/// Some of several things were not done.
#[derive(Debug)]
pub(crate) enum Partly {
    /// They have to wait until a limit has room: exit code 5.
    Waits(String),
    /// The API refused them: exit code 6.
    Refused(String),
}

impl fmt::Display for Partly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Partly::Waits(message) | Partly::Refused(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for Partly {}

/// Prints what clap has to say: help on stdout, errors on stderr.
pub(crate) fn of_arguments(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() {
        ExitCode::from(2)
    } else {
        ExitCode::SUCCESS
    }
}

/// Prints a failure on stderr and gives its exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if let Some(error) = error.downcast_ref::<clap::Error>() {
        return of_arguments(error);
    }
    let reader_left = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    if error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(reader_left))
    {
        return ExitCode::SUCCESS;
    }
    tell(format!("error: {error:#}"));
    if let Some(refusal) = error.downcast_ref::<Error>() {
        explain(refusal);
        return ExitCode::from(code(refusal));
    }
    match error.downcast_ref() {
        Some(Partly::Waits(_)) => return ExitCode::from(5),
        Some(Partly::Refused(_)) => return ExitCode::from(6),
        None => {}
    }
    ExitCode::from(match error.downcast_ref() {
        // As shells say it of a program that a signal has ended.
        Some(BackupError::Stopped) => 130,
        _ if error.is::<Usage>() => 2,
        _ if error.is::<NotFound>() => 3,
        _ => 1,
    })
}

fn explain(error: &Error) {
    for cause in error.causes().iter().skip(1) {
        tell(format!("  or: {}", cause.meaning()));
    }
    if let Some(advice) = error.advice() {
        tell(format!("  what to do: {advice}"));
    }
    if let Some(hint) = error.hint() {
        tell(format!("  hint: {hint}"));
    }
    if let Some(code) = error.code() {
        tell(format!("  more: qun explain {code}"));
    }
}

fn code(error: &Error) -> u8 {
    if error.is_not_found() {
        3
    } else if error.is_unauthorised() || error.is_not_allowed() {
        4
    } else if error.is_frequency() {
        5
    } else {
        match error {
            Error::Refused { code: -1, .. } => 1,
            Error::Refused { .. } => 6,
            Error::Problem { status, .. } if *status < 500 => 6,
            Error::Invalid { .. } => 2,
            Error::Unfinished(unfinished) => code(&unfinished.cause),
            _ => 1,
        }
    }
}
