//! The form of a doctor's report: checks, how each ended, and what to do.

use anyhow::{Result, bail};
use qun_client::Error;
use serde::Serialize;

use crate::output::line;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Ok,
    Warning,
    Wrong,
    /// Something that it needs is wrong or not known.
    Skipped,
}

/// One check.
#[derive(Serialize)]
pub(super) struct Check {
    pub state: State,
    pub check: &'static str,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Check {
    pub(super) fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Check {
            state: State::Ok,
            check,
            detail: detail.into(),
            next: None,
        }
    }

    pub(super) fn skipped(check: &'static str, why: &str) -> Self {
        Check {
            state: State::Skipped,
            ..Check::ok(check, why)
        }
    }

    /// A check that failed; the library's errors hold no secret and often know what to do.
    pub(super) fn wrong(check: &'static str, error: &anyhow::Error) -> Self {
        let known = error.downcast_ref::<Error>();
        Check {
            state: State::Wrong,
            check,
            detail: format!("{error:#}"),
            next: known.and_then(Error::advice).map(str::to_owned),
        }
    }

    /// A check that found a mistake, and what to do about it.
    pub(super) fn mistake(
        check: &'static str,
        detail: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Check {
            state: State::Wrong,
            next: Some(next.into()),
            ..Check::ok(check, detail)
        }
    }
}

/// Prints a report under its head.
pub(super) fn print(head: &str, report: &[Check]) -> Result<()> {
    line(head)?;
    for check in report {
        let state = match check.state {
            State::Ok => console::style("ok     ").green(),
            State::Warning => console::style("warning").yellow(),
            State::Wrong => console::style("wrong  ").red(),
            State::Skipped => console::style("skipped").dim(),
        };
        line(format!("{state}  {:<15}  {}", check.check, check.detail))?;
        if let Some(next) = &check.next {
            line(format!("                          what to do: {next}"))?;
        }
    }
    Ok(())
}

/// The error where something is wrong.
pub(super) fn verdict(report: &[Check]) -> Result<()> {
    let wrong = |check: &&Check| check.state == State::Wrong;
    match report.iter().filter(wrong).count() {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        wrong => bail!("{wrong} things are wrong"),
    }
}
