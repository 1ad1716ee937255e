//! Measures the bare server and qun in turns.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncWriteExt;
use tokio::time::{interval, timeout};

use crate::load::{Outcome, Spec};
use crate::report::{Facts, Measured, Report, Row};
use crate::server::{Server, pinned};
use crate::setup::{Call, Calls, prepare};
use crate::{flush, machine};

const WARM_UP: Duration = Duration::from_millis(300);
const SAMPLE: Duration = Duration::from_millis(100);
const FLUSHES: Duration = Duration::from_secs(1);

/// Which request a row measures.
type Pick = fn(&Calls) -> &Call;

/// What `compare` was asked to do.
pub(crate) struct Options {
    pub(crate) qun: PathBuf,
    pub(crate) rounds: usize,
    pub(crate) seconds: Duration,
    pub(crate) data: PathBuf,
    pub(crate) write: Option<PathBuf>,
    pub(crate) noise: bool,
}

pub(crate) async fn run(options: &Options) -> Result<()> {
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
        own: &own,
        options,
        server_core: cores.map(|cores| cores.0),
        load_core: cores.map(|cores| cores.1),
        folder: folder.path(),
    };

    let bare = bench.start_bare("bare").await?;
    let mut bare_memory = Memory::of(&bare);
    let (qun, again, qun_calls) = if options.noise {
        (bench.start_bare("second").await?, None, Calls::for_bare())
    } else {
        let first = bench.start_qun().await?;
        let first_start = first.start_up;
        first.stop().await?;
        let qun = bench.start_qun().await?;
        let calls = prepare(&qun).await?;
        (qun, Some(first_start), calls)
    };
    let mut qun_memory = Memory::of(&qun);
    let bare_calls = Calls::for_bare();

    let rows: [(&str, Pick, usize); 4] = [
        ("appchat/send", |calls| &calls.send, 64),
        ("appchat/send", |calls| &calls.send, 256),
        ("gettoken", |calls| &calls.gettoken, 64),
        ("appchat/get, 20 members", |calls| &calls.get, 64),
    ];
    let mut report = Vec::new();
    for (name, pick, connections) in rows {
        let mut row = Row::new(name, connections);
        for round in 1..=options.rounds {
            let what = format!("{name}, {connections} connections, round {round}");
            let left = bench
                .measure(&bare, pick(&bare_calls), connections, &mut bare_memory)
                .await
                .with_context(|| format!("{what}, bare"))?;
            let right = bench
                .measure(&qun, pick(&qun_calls), connections, &mut qun_memory)
                .await
                .with_context(|| format!("{what}, {}", bench.subject()))?;
            eprintln!(
                "{what}: {:.0} and {:.0} requests/s, ratio {:.2}",
                left.load.per_second,
                right.load.per_second,
                right.load.per_second / left.load.per_second
            );
            row.bare.push(left);
            row.qun.push(right);
        }
        report.push(row);
    }
    let report = Report {
        rows: report,
        facts: Facts {
            subject: bench.subject(),
            machine: machine::describe(),
            commit: machine::commit(),
            pinned: cores.is_some(),
            rounds: options.rounds,
            seconds: options.seconds.as_secs_f64(),
            flushes,
            bare_start: bare.start_up,
            qun_start: qun.start_up,
            qun_first_start: again,
            bare_memory: (bare_memory.empty, bare_memory.loaded),
            qun_memory: (qun_memory.empty, qun_memory.loaded),
        },
    };
    bare.stop().await?;
    qun.stop().await?;
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

/// Resident memory in KiB.
struct Memory {
    empty: Option<u64>,
    loaded: Option<u64>,
}

impl Memory {
    fn of(server: &Server) -> Memory {
        let empty = server.resident_kib();
        Memory {
            empty,
            loaded: empty,
        }
    }

    fn sample(&mut self, server: &Server) {
        self.loaded = self.loaded.max(server.resident_kib());
    }
}

struct Bench<'a> {
    own: &'a Path,
    options: &'a Options,
    server_core: Option<usize>,
    load_core: Option<usize>,
    folder: &'a Path,
}

impl Bench<'_> {
    fn subject(&self) -> &'static str {
        if self.options.noise {
            "bare again"
        } else {
            "qun"
        }
    }

    async fn start_bare(&self, name: &str) -> Result<Server> {
        let mut command = pinned(self.own, self.server_core);
        command.args(["bare", "--listen", "127.0.0.1:0"]);
        Server::start(command, self.folder.join(name).with_extension("log")).await
    }

    async fn start_qun(&self) -> Result<Server> {
        let mut command = pinned(&self.options.qun, self.server_core);
        command
            // gettoken belongs to no company whose limits could be raised: everything is counted, nothing refused.
            .args([
                "up",
                "--listen",
                "127.0.0.1:0",
                "--limits",
                "off",
                "--json",
                "--data",
            ])
            .arg(self.folder.join("data"));
        // The user's own settings must not take part.
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"QUN_") {
                command.env_remove(name);
            }
        }
        Server::start(command, self.folder.join("qun.log")).await
    }

    async fn measure(
        &self,
        server: &Server,
        call: &Call,
        connections: usize,
        memory: &mut Memory,
    ) -> Result<Measured> {
        let spec = Spec {
            address: server.address,
            method: call.method.to_owned(),
            target: call.target.clone(),
            body: call.body.clone(),
            connections,
            seconds: self.options.seconds.as_secs_f64(),
            warm_up: WARM_UP.as_secs_f64(),
        };
        let before = server.cpu_micros();
        let work = self.load(&spec);
        tokio::pin!(work);
        let mut tick = interval(SAMPLE);
        let load = loop {
            tokio::select! {
                outcome = &mut work => break outcome?,
                _ = tick.tick() => memory.sample(server),
            }
        };
        let cpu = before.zip(server.cpu_micros());
        Ok(Measured {
            cpu_micros: cpu.map(|(from, to)| (to - from) as f64 / load.requests as f64),
            load,
        })
    }

    /// Runs the load generator as a process of its own, so that it can have a core of its own.
    async fn load(&self, spec: &Spec) -> Result<Outcome> {
        let mut child = pinned(self.own, self.load_core)
            .arg("load")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the load generator")?;
        let mut input = child.stdin.take().context("no input")?;
        input.write_all(&serde_json::to_vec(spec)?).await?;
        drop(input);
        // It has a limit of its own; this one is for the case that it hangs.
        let limit = self.options.seconds + Duration::from_secs(30);
        let output = timeout(limit, child.wait_with_output())
            .await
            .with_context(|| format!("the load generator did not end within {limit:?}"))??;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("the load generator's result is unreadable")
    }
}
