//! Data goes to stdout, and a reader who leaves is no error.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

/// Writes a line.
pub(crate) fn line(text: impl AsRef<str>) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_ref().as_bytes())?;
    stdout.write_all(b"\n")?;
    stdout.flush()
}

/// Writes JSON: indented on a terminal, one line otherwise.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let text = if io::stdout().is_terminal() {
        serde_json::to_string_pretty(value)?
    } else {
        serde_json::to_string(value)?
    };
    Ok(line(text)?)
}

/// Writes two columns: aligned on a terminal, separated by a tab otherwise.
pub(crate) fn columns(rows: &[(String, String)]) -> io::Result<()> {
    let terminal = io::stdout().is_terminal();
    let width = rows.iter().map(|(first, _)| first.len()).max().unwrap_or(0);
    for (first, second) in rows {
        if terminal {
            line(format!("{first:width$}  {second}"))?;
        } else {
            line(format!("{first}\t{second}"))?;
        }
    }
    Ok(())
}
