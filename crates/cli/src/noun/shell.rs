//! `qun completions` and `qun man`: what the shell and the manual know of the commands.

use std::{fs, io::Write, path::PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Command};
use clap_complete::Shell;

use crate::output;

/// Print completions for a shell.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

/// Make man pages.
#[derive(Args)]
pub(crate) struct Man {
    /// Where they go, a file for each command; without it the first page is printed
    directory: Option<PathBuf>,
}

pub(crate) fn completions(given: &Completions, mut command: Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(given.shell, &mut command, "qun", &mut script);
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(&script)?;
    Ok(stdout.flush()?)
}

pub(crate) fn man(given: &Man, command: Command) -> Result<()> {
    match &given.directory {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command).render(&mut page)?;
            output::line(String::from_utf8_lossy(&page).trim_end())?;
        }
        Some(directory) => {
            let shown = directory.display();
            fs::create_dir_all(directory).with_context(|| format!("{shown} cannot be made"))?;
            clap_mangen::generate_to(command, directory)
                .with_context(|| format!("{shown} cannot be written"))?;
        }
    }
    Ok(())
}
