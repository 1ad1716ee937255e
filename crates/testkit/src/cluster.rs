//! A PostgreSQL of the tests' own: found or installed, started on loopback, always removed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use crate::package;

const PACKAGE: &str = "postgresql";
/// Also on a slow machine under load a cluster is ready long before.
const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// The folder with `postgres` and `initdb`; as root the package is installed when it is missing.
///
/// `run` runs the programs that install it, with their output shown. Who is not root is told the package's name.
pub fn find_or_install(run: impl FnMut(&mut Command) -> Result<ExitStatus>) -> Result<PathBuf> {
    if let Some(bin) = find() {
        return Ok(bin);
    }
    package::install(&[PACKAGE], run)
        .context("PostgreSQL is not installed; --no-postgres leaves its tests out")?;
    find().with_context(|| {
        format!("`{PACKAGE}` is installed, but no folder with postgres and initdb was found")
    })
}

/// The folder with `postgres` and `initdb`, if they are installed: from PATH, from where Debian puts them, from `pg_config`.
pub fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"));
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    std::env::split_paths(&path)
        .chain(newest_first(debian.collect()))
        .chain(asked.map(|output| String::from_utf8_lossy(&output.stdout).trim().into()))
        .find_map(|bin| usable(&bin))
}

/// Orders `…/<major version>/bin`.
fn newest_first(mut bins: Vec<PathBuf>) -> Vec<PathBuf> {
    let version =
        |bin: &PathBuf| -> Option<u32> { bin.parent()?.file_name()?.to_str()?.parse().ok() };
    bins.sort_by_key(|bin| std::cmp::Reverse(version(bin)));
    bins
}

/// PATH may hold only links: the programs find their libraries and each other beside the real ones.
fn usable(bin: &Path) -> Option<PathBuf> {
    let real = bin.join("postgres").canonicalize().ok()?;
    let bin = real.parent()?;
    bin.join("initdb").is_file().then(|| bin.to_path_buf())
}

/// How a server is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Connections are ended, transactions rolled back, everything is written.
    Fast,
    /// As if the power failed: the next start recovers from the log.
    Immediate,
}

/// A cluster of its own on 127.0.0.1, with `postgres` as superuser and no password.
///
/// Dropping it stops it and removes its files, and so does a watchdog if this process is killed.
#[derive(Debug)]
pub struct Cluster {
    bin: PathBuf,
    account: Account,
    interrupted: fn() -> bool,
    port: u16,
    server: Option<Child>,
    /// Keeps the port while no server has it.
    held: Option<Socket>,
    watchdog: Watchdog,
    // Last, so that the files go after the server.
    home: TempDir,
}

impl Cluster {
    /// Makes a cluster with the programs of [`find`] and starts it. When this returns, it takes connections.
    pub fn create(bin: &Path) -> Result<Cluster> {
        Cluster::create_unless(bin, || false)
    }

    /// The same, but gives up as soon as `interrupted` says so, now and at each later [`start`](Cluster::start).
    pub fn create_unless(bin: &Path, interrupted: fn() -> bool) -> Result<Cluster> {
        let account = Account::for_postgres()?;
        let home = tempfile::Builder::new()
            .prefix("qun-postgres-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()?;
        if let Account::Other { uid, gid } = account {
            chown(home.path(), Some(uid), Some(gid))?;
        }
        initdb(bin, &home.path().join("data"), account)?;
        let held = hold(0)?;
        let mut cluster = Cluster {
            bin: bin.to_owned(),
            account,
            interrupted,
            port: port_of(&held)?,
            server: None,
            held: Some(held),
            watchdog: Watchdog::start(home.path())?,
            home,
        };
        // Another program can take the port in the moment in which nobody holds it.
        let mut last = None;
        for _ in 0..3 {
            match cluster.start() {
                Ok(()) => return Ok(cluster),
                Err(error) if interrupted() => return Err(error),
                Err(error) => last = Some(error),
            }
            let held = hold(0)?;
            cluster.port = port_of(&held)?;
            cluster.held = Some(held);
        }
        Err(last.unwrap_or_else(|| anyhow!("no attempt was made")))
    }

    /// The superuser's URL. It stays the same over a restart.
    pub fn url(&self) -> String {
        format!("postgres://postgres@{}/postgres", self.address())
    }

    /// Where the server listens, or will again.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Stops the server and returns when it has ended; its data stay, and connections are refused. Nothing happens if it is stopped.
    ///
    /// One that does not end in ten seconds is ended less politely.
    pub fn stop(&mut self, how: Shutdown) -> Result<()> {
        if let Some(mut server) = self.server.take() {
            end(&mut server, how);
            self.watchdog.tell("none")?;
            // Otherwise a client that tries again and again could be given this very port, and reach itself.
            self.held = Some(hold(self.port)?);
        }
        Ok(())
    }

    /// From the next start on only encrypted connections are taken, with this certificate and key (PEM), and a password
    /// is asked for.
    pub fn encrypt(&self, certificate: &str, key: &str) -> Result<()> {
        let data = self.home.path().join("data");
        for (name, text) in [("server.crt", certificate), ("server.key", key)] {
            let path = data.join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
            if let Account::Other { uid, gid } = self.account {
                chown(&path, Some(uid), Some(gid))?;
            }
        }
        let rules = "hostssl all all 127.0.0.1/32 scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules)?;
        let settings = data.join("postgresql.auto.conf");
        let mut text = fs::read_to_string(&settings)?;
        text.push_str("ssl = on\n");
        Ok(fs::write(settings, text)?)
    }

    /// Starts the server on the same port and data. When this returns, it takes connections. Nothing happens if it runs.
    pub fn start(&mut self) -> Result<()> {
        if self.server.is_some() {
            return Ok(());
        }
        self.held = None;
        let home = self.home.path();
        let mut server = spawn(&self.bin, home, self.port, self.account)?;
        let pid = server.id();
        let ready = self
            .watchdog
            .tell(&pid.to_string())
            .and_then(|()| wait_until_ready(&mut server, home, self.interrupted));
        if let Err(error) = ready {
            end(&mut server, Shutdown::Fast);
            self.watchdog.tell("none")?;
            let log = fs::read_to_string(home.join("log")).unwrap_or_default();
            bail!("PostgreSQL did not start: {error:#}\n{}", log.trim());
        }
        self.server = Some(server);
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            end(server, Shutdown::Fast);
        }
        self.watchdog.dismiss();
    }
}

/// Who runs the server: initdb and postgres refuse root.
#[derive(Clone, Copy, Debug)]
enum Account {
    Own,
    Other { uid: u32, gid: u32 },
}

impl Account {
    fn for_postgres() -> Result<Account> {
        if !nix::unistd::geteuid().is_root() {
            return Ok(Account::Own);
        }
        let ask = |flag: &str| -> Option<u32> {
            let output = Command::new("id").args([flag, "postgres"]).output().ok()?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        match (ask("-u"), ask("-g")) {
            (Some(uid), Some(gid)) => Ok(Account::Other { uid, gid }),
            _ => bail!(
                "PostgreSQL refuses to run as root and there is no user `postgres`; \
                 type: useradd --system --user-group postgres"
            ),
        }
    }

    fn command(self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        if let Account::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
            .current_dir(home)
            .env("HOME", home)
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .process_group(0);
        command
    }
}

fn initdb(bin: &Path, data: &Path, account: Account) -> Result<()> {
    let home = data.parent().unwrap_or(data);
    let output = account
        .command(&bin.join("initdb"), home)
        .arg("-D")
        .arg(data)
        .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"])
        .output()
        .with_context(|| format!("cannot run initdb in {}", bin.display()))?;
    if !output.status.success() {
        bail!(
            "initdb failed ({}):\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    // Not the socket: only what the tests use.
    let rules = data.join("pg_hba.conf");
    fs::write(&rules, "host all all 127.0.0.1/32 trust\n")?;
    Ok(())
}

/// Takes a port of 127.0.0.1 without listening on it, so that connections to it are refused and nobody else gets it; 0 takes a free one.
fn hold(port: u16) -> Result<Socket> {
    let take = || -> io::Result<Socket> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // The server's old connections may still be in their last wait.
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        Ok(socket)
    };
    take().with_context(|| format!("no port on 127.0.0.1 (asked for {port})"))
}

fn port_of(socket: &Socket) -> Result<u16> {
    let address = socket.local_addr()?.as_socket();
    Ok(address.context("a socket without an address")?.port())
}

fn spawn(bin: &Path, home: &Path, port: u16, account: Account) -> Result<Child> {
    let output = File::options()
        .create(true)
        .append(true)
        .open(home.join("log"))?;
    account
        .command(&bin.join("postgres"), home)
        .arg("-D")
        .arg(home.join("data"))
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", home.display()))
        .args(["-c", "max_connections=200", "-c", "fsync=on"])
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot start postgres in {}", bin.display()))
}

fn wait_until_ready(server: &mut Child, home: &Path, interrupted: fn() -> bool) -> Result<()> {
    let status_file = home.join("data/postmaster.pid");
    let start = Instant::now();
    loop {
        if interrupted() {
            bail!("interrupted");
        }
        if let Some(status) = server.try_wait()? {
            bail!("it ended at once ({status})");
        }
        if fs::read_to_string(&status_file).is_ok_and(|text| is_ready(&text, server.id())) {
            return Ok(());
        }
        if start.elapsed() > START {
            bail!("it was not ready after {} s", START.as_secs());
        }
        sleep(POLL);
    }
}

/// postmaster.pid says in its first line whose it is, and in its eighth how far the server is.
fn is_ready(status: &str, pid: u32) -> bool {
    let mut lines = status.lines().map(str::trim);
    lines.next() == Some(&pid.to_string()) && lines.nth(6) == Some("ready")
}

/// A shell that does what `Drop` does if this program is killed: its input then ends without a word.
#[derive(Debug)]
struct Watchdog(Child);

impl Watchdog {
    fn start(home: &Path) -> Result<Watchdog> {
        const SCRIPT: &str = r#"
            server=none
            while read -r word; do
                [ "$word" = done ] && exit
                server=$word
            done
            [ "$server" = none ] || kill -INT "$server"
            n=0
            while [ -e "$1/data/postmaster.pid" ] && [ "$n" -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
            rm -rf -- "$1"
        "#;
        let shell = Command::new("sh")
            .args(["-c", SCRIPT, "watchdog"])
            .arg(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start sh")?;
        Ok(Watchdog(shell))
    }

    /// Tells it a server's process, `none` or `done`.
    fn tell(&mut self, word: &str) -> Result<()> {
        let input = self.0.stdin.as_mut().context("the watchdog was told off")?;
        writeln!(input, "{word}").context("the watchdog has gone")
    }

    fn dismiss(&mut self) {
        if self.tell("done").is_err() {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// Asks, then asks less politely; killed servers leave shared memory behind.
fn end(server: &mut Child, how: Shutdown) {
    let polite = match how {
        Shutdown::Fast => Signal::SIGINT,
        Shutdown::Immediate => Signal::SIGQUIT,
    };
    for (signal, patience) in [(polite, 10), (Signal::SIGQUIT, 5)] {
        if let Ok(pid) = i32::try_from(server.id()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(patience) {
            if !matches!(server.try_wait(), Ok(None)) {
                return;
            }
            sleep(POLL);
        }
    }
    let _ = server.kill();
    let _ = server.wait();
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn newest_version_comes_first() {
        let bins = ["9", "15", "x", "17"].map(|v| PathBuf::from(format!("/p/{v}/bin")));
        let sorted = newest_first(bins.to_vec());
        assert_eq!(sorted[0], Path::new("/p/17/bin"));
        assert_eq!(sorted[2], Path::new("/p/9/bin"));
        assert_eq!(sorted[3], Path::new("/p/x/bin"));
    }

    #[test]
    fn readiness_is_the_eighth_line_of_its_own_file() {
        let text = |word: &str| format!("17\n/d\n2\n5432\n/d\n127.0.0.1\n7\n{word}\n");
        assert!(is_ready(&text("ready   "), 17));
        assert!(!is_ready(&text("ready   "), 18), "left by another");
        assert!(!is_ready(&text("starting"), 17));
        assert!(!is_ready("17\n/d\nready", 17));
    }

    #[test]
    fn a_folder_needs_both_programs() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(usable(folder.path()), None);
        File::create(folder.path().join("postgres")).unwrap();
        assert_eq!(usable(folder.path()), None);
        File::create(folder.path().join("initdb")).unwrap();
        let real = folder.path().canonicalize().unwrap();
        assert_eq!(usable(folder.path()), Some(real));
    }

    /// A cluster, where PostgreSQL is installed.
    fn cluster() -> Option<Cluster> {
        let Some(bin) = find() else {
            let there = std::env::var_os("QUN_TEST_POSTGRES").is_some();
            assert!(!there, "PostgreSQL runs, but its programs were not found");
            return None;
        };
        Some(Cluster::create(&bin).unwrap())
    }

    fn pid(cluster: &Cluster) -> Pid {
        Pid::from_raw(cluster.server.as_ref().unwrap().id().cast_signed())
    }

    fn refused(cluster: &Cluster) -> bool {
        let answer = TcpStream::connect(cluster.address());
        answer.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
    }

    #[test]
    fn a_cluster_answers_and_leaves_nothing() {
        let Some(cluster) = cluster() else { return };
        let home = cluster.home.path().to_path_buf();
        let mode = fs::metadata(&home).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may look into {}", home.display());
        let address = cluster.address();
        assert!(cluster.url().contains(&address.to_string()));
        TcpStream::connect(address).unwrap();
        let pid = pid(&cluster);
        drop(cluster);
        assert!(TcpStream::connect(address).is_err());
        assert!(kill(pid, None).is_err());
        assert!(!home.exists());
    }

    #[test]
    fn a_restart_keeps_port_and_data() {
        let Some(mut cluster) = cluster() else { return };
        let url = cluster.url();
        for how in [Shutdown::Fast, Shutdown::Immediate] {
            let before = pid(&cluster);
            let note = cluster.home.path().join("data/note");
            fs::write(&note, "kept").unwrap();
            cluster.stop(how).unwrap();
            assert!(refused(&cluster), "{how:?}");
            cluster.stop(how).unwrap();
            cluster.start().unwrap();
            assert_ne!(pid(&cluster), before);
            cluster.start().unwrap();
            TcpStream::connect(cluster.address()).unwrap();
            assert_eq!(cluster.url(), url);
            assert_eq!(fs::read_to_string(&note).unwrap(), "kept");
        }
        let log = fs::read_to_string(cluster.home.path().join("log")).unwrap();
        assert!(log.contains("received fast shutdown request"), "{log}");
        assert!(log.contains("automatic recovery in progress"), "{log}");
    }

    #[test]
    fn a_killed_program_leaves_no_server_and_no_files() {
        let Some(mut cluster) = cluster() else { return };
        // A restart first: the watchdog must know the newer server.
        cluster.stop(Shutdown::Fast).unwrap();
        cluster.start().unwrap();
        let home = cluster.home.path().to_path_buf();
        let mut server = cluster.server.take().unwrap();
        // What the system does to a killed program's pipes.
        drop(cluster.watchdog.0.stdin.take());
        cluster.watchdog.0.wait().unwrap();
        assert!(server.wait().unwrap().success());
        assert!(!home.exists());
    }

    #[test]
    fn an_interrupt_ends_the_start() {
        let Some(bin) = find() else { return };
        let error = Cluster::create_unless(&bin, || true).unwrap_err();
        assert!(error.to_string().contains("interrupted"), "{error}");
    }
}
