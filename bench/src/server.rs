//! Starting the servers that are compared, and watching them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::machine;
use crate::wire::{self, Connection};

const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(10);

/// A program, on one core when `core` is given.
pub(crate) fn pinned(program: &Path, core: Option<usize>) -> Command {
    let Some(core) = core else {
        return Command::new(program);
    };
    // taskset becomes the program, so the process stays the same.
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// A server of our own. Dropping it kills it.
pub(crate) struct Server {
    child: Child,
    pid: u32,
    pub(crate) address: SocketAddr,
    /// The line of JSON it printed when it was ready.
    pub(crate) ready: Value,
    /// From the start of the process to its first answer.
    pub(crate) start_up: Duration,
}

impl Server {
    pub(crate) async fn start(mut command: Command, log: PathBuf) -> Result<Server> {
        let stderr = std::fs::File::create(&log)?;
        let name = format!("{:?}", command.as_std());
        let begin = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let started = timeout(START, Server::wait(child, begin))
            .await
            .unwrap_or_else(|_| bail!("no answer within {} s", START.as_secs()));
        started.map_err(|error| {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let lines: Vec<&str> = said.lines().collect();
            let last = lines[lines.len().saturating_sub(10)..].join("\n");
            anyhow!("{name} did not start: {error:#}\n{last}")
        })
    }

    async fn wait(mut child: Child, begin: Instant) -> Result<Server> {
        let stdout = child.stdout.take().context("no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let line = lines
            .next_line()
            .await?
            .context("it ended without saying where it listens")?;
        let ready: Value = serde_json::from_str(&line)
            .with_context(|| format!("its first line is not JSON: {line}"))?;
        let address = ready["url"]
            .as_str()
            .and_then(|url| url.strip_prefix("http://"))
            .and_then(|rest| rest.trim_end_matches('/').parse().ok())
            .with_context(|| format!("no http://ADDRESS:PORT under \"url\" in {line}"))?;
        let mut connection = Connection::open(address).await?;
        let probe = wire::request(address, "GET", "/livez", "", "");
        let reply = connection.call(&probe).await?;
        if reply.status != 200 {
            bail!("GET /livez: {}", reply.describe());
        }
        let start_up = begin.elapsed();
        let pid = child.id().context("it ended at once")?;
        // Whatever else it says must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Server {
            child,
            pid,
            address,
            ready,
            start_up,
        })
    }

    /// Asks it to end; kills it when it does not.
    pub(crate) async fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(i32::try_from(self.pid)?), Signal::SIGTERM)?;
        if timeout(STOP, self.child.wait()).await.is_err() {
            self.child.kill().await?;
            bail!("the server did not end within {} s", STOP.as_secs());
        }
        Ok(())
    }

    /// Ends it without a warning, as a crash would.
    pub(crate) async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    pub(crate) fn cpu_micros(&self) -> Option<u64> {
        machine::cpu_micros(self.pid)
    }

    pub(crate) fn resident_kib(&self) -> Option<u64> {
        machine::resident_kib(self.pid)
    }
}
