//! `qun backup` and `qun restore`: verified copies of a data directory.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::Args;
use qun_server::{BackupError, Copied, Progress, Step};

use crate::{
    output,
    settings::{Home, Settings},
    up::Stop,
};

/// Whatever takes less is not worth a word.
const FIRST_NEWS: Duration = Duration::from_secs(1);
/// Between two lines, later on.
const NEWS: Duration = Duration::from_secs(10);

/// The end of the help of `qun backup`.
pub(crate) const HELP: &str = "\
The server may go on running: the copy is of the moment at which it began. It has the database, the
files that its rows name, and credentials.json. TARGET appears when the copy is verified and on the
disk; whoever interrupts it finds nothing. Keep it as secret as the data: it holds them all.
A PostgreSQL database has tools of its own for this, pg_dump and pg_basebackup.

Example:
  qun backup qun-2026-11-21";

/// The end of the help of `qun restore`.
pub(crate) const RESTORE_HELP: &str = "\
The copy is verified first. The directory must not exist or be empty, and no server may use it; it
appears when it is verified and on the disk. A server that starts on it has the secrets and the
manage token of the copy.

Example:
  qun backup qun-2026-11-21
  qun restore --data qun-again qun-2026-11-21";

#[derive(Args)]
struct Directory {
    /// The server's data directory [default: the one that qun up has] [env: QUN_DATA]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's TOML file with settings, which may name the data directory [default: ~/.config/qun/server.toml, if it is there] [env: QUN_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Directory {
    fn find(self) -> Result<PathBuf> {
        let home = Home::of_environment();
        let environment = Settings::of_environment(crate::secret::variable)?;
        let file = Settings::of_config(self.config, &home)?;
        let flags = Settings {
            data: self.data,
            ..Settings::default()
        };
        flags.directory(environment, file, &home)
    }
}

#[derive(Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    directory: Directory,
    /// The copy's directory; it must not exist
    target: PathBuf,
}

#[derive(Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    directory: Directory,
    /// The copy's directory
    source: PathBuf,
}

pub(crate) async fn backup(args: Backup) -> Result<()> {
    let (source, target) = (args.directory.find()?, args.target);
    let shown = format!("copied {} to {}", source.display(), target.display());
    let work = move |progress: &_| qun_server::backup(&source, &target, progress);
    let copied = follow(work, to_stderr).await?;
    Ok(output::line(format!("{shown}: {}", described(&copied)))?)
}

pub(crate) async fn restore(args: Restore) -> Result<()> {
    let (source, target) = (args.source, args.directory.find()?);
    let shown = format!("restored {} from {}", target.display(), source.display());
    let work = move |progress: &_| qun_server::restore(&source, &target, progress);
    let copied = follow(work, to_stderr).await?;
    Ok(output::line(format!("{shown}: {}", described(&copied)))?)
}

/// Does the work on a thread of its own and shows how far it is, if it takes long. A signal stops it, a second one ends at once.
async fn follow(
    work: impl FnOnce(&Progress) -> Result<Copied, BackupError> + Send + 'static,
    mut show: impl FnMut(String),
) -> Result<Copied> {
    let mut stop = Stop::listen()?;
    let progress = Progress::default();
    let seen = progress.clone();
    let mut work = tokio::task::spawn_blocking(move || work(&progress));
    let mut pause = FIRST_NEWS;
    loop {
        tokio::select! {
            done = &mut work => return Ok(done??),
            () = stop.wait() => {
                if seen.is_stopped() {
                    std::process::exit(130);
                }
                seen.stop();
            }
            () = tokio::time::sleep(pause) => {
                show(progressed(seen.now()));
                pause = NEWS.min(pause * 2);
            }
        }
    }
}

fn to_stderr(line: String) {
    eprintln!("{line}");
}

fn progressed((step, done, total): (Step, u64, u64)) -> String {
    let what = match step {
        Step::Database => "the database",
        Step::Files => "the files",
        Step::Check => return "verifying".into(),
    };
    format!(
        "copying {what}: {} of {}",
        megabytes(done),
        megabytes(total)
    )
}

fn described(copied: &Copied) -> String {
    format!(
        "verified, schema {}, database of {}, {} files of {}",
        copied.schema,
        megabytes(copied.database),
        copied.files,
        megabytes(copied.bytes)
    )
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Instant};

    use super::*;

    const COPIED: Copied = Copied {
        schema: 2,
        database: 4096,
        files: 3,
        bytes: 0,
    };

    #[tokio::test]
    async fn only_what_takes_long_tells_how_far_it_is() {
        let start = Instant::now();
        let quick = follow(|_| Ok(COPIED), |line| panic!("{line}")).await;
        assert_eq!(quick.unwrap(), COPIED);
        let (shown, seen) = mpsc::channel();
        let work = move |progress: &Progress| {
            progress.begin(Step::Files, 3_000_000);
            progress.add(1_500_000);
            let line: String = seen.recv().unwrap();
            assert_eq!(line, "copying the files: 1.5 MB of 3.0 MB");
            Ok(COPIED)
        };
        let slow = follow(work, |line| shown.send(line).unwrap()).await;
        assert_eq!(slow.unwrap(), COPIED);
        assert!(start.elapsed() >= FIRST_NEWS);
    }

    #[test]
    fn progress_in_words() {
        assert_eq!(
            progressed((Step::Files, 1_250_000, 30_000_000)),
            "copying the files: 1.2 MB of 30.0 MB"
        );
        assert_eq!(progressed((Step::Check, 0, 0)), "verifying");
        assert_eq!(
            described(&COPIED),
            "verified, schema 2, database of 0.0 MB, 3 files of 0.0 MB"
        );
    }
}
