//! The whole benchmark: what is compared with what, and how one measurement is taken.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};

use crate::load::{Outcome, Spec, Target};
use crate::report::{Facts, Measured, Report, Row};
use crate::server::{Server, pinned};
use crate::{deliveries, flush, footprint, groups, machine, postgres, rooms, sdk, sqlite};

const WARM_UP: Duration = Duration::from_millis(300);
const SAMPLE: Duration = Duration::from_millis(100);
const FLUSHES: Duration = Duration::from_secs(1);

/// What `compare` was asked to do.
pub(crate) struct Options {
    pub(crate) qun: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) seconds: Duration,
    pub(crate) groups: i64,
    pub(crate) data: PathBuf,
    pub(crate) write: Option<PathBuf>,
    pub(crate) postgres: bool,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
    // Before anything of our own runs.
    let busy = machine::load_average();
    let own = std::env::current_exe().context("where is this program?")?;
    let cores = machine::two_cores();
    std::fs::create_dir_all(&options.data)
        .with_context(|| format!("cannot make {}", options.data.display()))?;
    let folder = tempfile::Builder::new()
        .prefix("qun-bench-")
        .tempdir_in(&options.data)
        .with_context(|| format!("cannot make a folder in {}", options.data.display()))?;
    let flushes = flush::measure(folder.path(), FLUSHES)?;
    let bench = Bench {
        own,
        options,
        server_core: cores.map(|cores| cores.0),
        load_core: cores.map(|cores| cores.1),
        folder,
    };
    let bare = bench.start_bare().await?;
    let mut rows = sqlite::rows(&bench, &bare).await?;
    rows.extend(rooms::rows(&bench, &bare).await?);
    let sdk = sdk::measure(&bench, &bare).await?;
    let deliveries = deliveries::measure(&bench, &bare).await?;
    let footprint = footprint::measure(&bench).await?;
    let (more, groups) = groups::measure(&bench, &bare).await?;
    rows.extend(more);
    let postgres = if options.postgres {
        postgres::rows(&bench, &bare).await?
    } else {
        None
    };
    bare.stop().await?;
    let postgres = postgres.map(|(more, facts)| {
        rows.extend(more);
        facts
    });
    let report = Report {
        rows,
        sdk,
        deliveries,
        footprint,
        groups,
        facts: Facts {
            machine: machine::describe(),
            day: machine::today(),
            commit: machine::commit(),
            pinned: cores.is_some(),
            busy,
            rounds: options.rounds,
            seconds: options.seconds.as_secs_f64(),
            flushes,
            postgres,
        },
    };
    let text = report.markdown();
    std::io::stdout().write_all(text.as_bytes())?;
    if let Some(file) = &options.write {
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, &text).with_context(|| format!("cannot write {}", file.display()))?;
        eprintln!("written to {}", file.display());
    }
    Ok(())
}

/// One of those that are measured in turns.
pub(crate) struct Subject<'a> {
    /// What the report calls it.
    pub(crate) name: String,
    /// Whose processor time and memory count.
    pub(crate) servers: Vec<&'a Server>,
    pub(crate) targets: Vec<Target>,
    pub(crate) connections: usize,
    /// Whether those who ask stay awake between answers. A server pays for waking those who sleep, and a bare one never
    /// lets them: where a server waits for no disk, that would be counted against it.
    pub(crate) awake: bool,
}

/// What all measurements need.
pub(crate) struct Bench<'a> {
    own: PathBuf,
    pub(crate) options: &'a Options,
    server_core: Option<usize>,
    load_core: Option<usize>,
    folder: TempDir,
}

impl Bench<'_> {
    /// Where the bench keeps its files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// This program on the core of those who ask.
    pub(crate) fn load_command(&self) -> Command {
        pinned(&self.own, self.load_core)
    }

    pub(crate) async fn start_bare(&self) -> Result<Server> {
        let mut command = pinned(&self.own, self.server_core);
        command.args(["bare", "--listen", "127.0.0.1:0"]);
        Server::start(command, self.folder().join("bare.log")).await
    }

    /// Starts a receiver of callbacks, on the core of those who ask.
    pub(crate) async fn start_receiver(&self) -> Result<Server> {
        let mut command = self.load_command();
        command.args(["receiver", "--listen", "127.0.0.1:0"]);
        Server::start(command, self.folder().join("receiver.log")).await
    }

    /// Starts `qun up` with more arguments; `name` is that of its log.
    pub(crate) async fn start_qun(&self, name: &str, args: &[&str]) -> Result<Server> {
        let mut command = pinned(&self.options.qun, self.server_core);
        command
            .args(["up", "--listen", "127.0.0.1:0", "--json"])
            .args(args);
        // The user's own settings must not take part.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"QUN_") {
                command.env_remove(name);
            }
        }
        command.env_remove("RUST_LOG");
        // Neither must a settings file.
        command.env("XDG_CONFIG_HOME", self.folder());
        Server::start(command, self.folder().join(name).with_extension("log")).await
    }

    /// Puts a world into a file of its own and names it.
    pub(crate) fn world(&self, name: &str, world: &Value) -> Result<String> {
        let file = self.path(&format!("{name}.json"))?;
        std::fs::write(&file, world.to_string())?;
        Ok(file)
    }

    /// A place in the bench's folder, as an argument.
    pub(crate) fn path(&self, name: &str) -> Result<String> {
        let path = self.folder().join(name).into_os_string();
        path.into_string()
            .map_err(|path| anyhow::anyhow!("{} is not UTF-8", path.display()))
    }

    /// Lets the subjects answer in turns, round by round. The first is the bare server; each other one makes a row.
    pub(crate) async fn rows(&self, what: &str, subjects: &[Subject<'_>]) -> Result<Vec<Row>> {
        let mut measured: Vec<Vec<Measured>> = subjects.iter().map(|_| Vec::new()).collect();
        for round in 1..=self.options.rounds {
            let mut line = format!("{what}, round {round}:");
            for (subject, into) in subjects.iter().zip(&mut measured) {
                let one = self
                    .measure(subject)
                    .await
                    .with_context(|| format!("{what}, {}, round {round}", subject.name))?;
                line += &format!(" {} {:.0}/s", subject.name, one.load.per_second);
                into.push(one);
            }
            eprintln!("{line}");
        }
        let mut measured = measured.into_iter();
        let bare = measured.next().context("there is no bare server")?;
        let row = |(subject, qun): (&Subject<'_>, Vec<Measured>)| Row {
            what: what.to_owned(),
            subject: subject.name.clone(),
            connections: subject.connections,
            bare: bare.clone(),
            qun,
        };
        Ok(subjects[1..].iter().zip(measured).map(row).collect())
    }

    /// One measurement.
    pub(crate) async fn measure(&self, subject: &Subject<'_>) -> Result<Measured> {
        let cpu = || -> Option<u64> { subject.servers.iter().map(|one| one.cpu_micros()).sum() };
        let memory =
            || -> Option<u64> { subject.servers.iter().map(|one| one.resident_kib()).sum() };
        let before = cpu();
        let mut most = memory();
        let mut spec = spec(&subject.targets, subject.connections, self.options.seconds);
        // On a core that others need too they would be in the way.
        spec.awake = subject.awake && self.load_core.is_some();
        let work = self.load(&spec);
        tokio::pin!(work);
        let mut tick = interval(SAMPLE);
        let load = loop {
            tokio::select! {
                outcome = &mut work => break outcome?,
                _ = tick.tick() => most = most.max(memory()),
            }
        };
        let spent = before.zip(cpu());
        Ok(Measured {
            cpu_micros: spent.map(|(from, to)| (to - from) as f64 / load.requests as f64),
            resident_kib: most,
            load,
        })
    }

    /// Load to its end.
    pub(crate) async fn load(&self, spec: &Spec) -> Result<Outcome> {
        let child = self.start_load(spec).await?;
        // It has a limit of its own; this one is for the case that it hangs.
        let limit = Duration::try_from_secs_f64(spec.seconds)? + Duration::from_secs(30);
        let output = timeout(limit, child.wait_with_output())
            .await
            .with_context(|| format!("the load generator did not end within {limit:?}"))??;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("the load generator's result is unreadable")
    }

    /// Starts the load generator as a process of its own, so that it can have a core of its own.
    pub(crate) async fn start_load(&self, spec: &Spec) -> Result<Child> {
        let mut child = self
            .load_command()
            .arg("load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the load generator")?;
        let mut input = child.stdin.take().context("no input")?;
        input.write_all(&serde_json::to_vec(spec)?).await?;
        Ok(child)
    }
}

/// Load until `seconds` after the warm-up.
pub(crate) fn spec(targets: &[Target], connections: usize, seconds: Duration) -> Spec {
    Spec {
        targets: targets.to_vec(),
        connections,
        seconds: seconds.as_secs_f64(),
        warm_up: WARM_UP.as_secs_f64(),
        awake: false,
    }
}
