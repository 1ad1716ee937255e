//! A PostgreSQL of the tests' own: found or installed, started on loopback, always removed.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::step;

const PACKAGE: &str = "postgresql";
/// Also on a slow machine under load a fresh cluster is ready long before.
const START: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// The folder with `postgres` and `initdb`; as root the package is installed when it is missing.
pub(crate) fn find_or_install() -> Result<PathBuf> {
    if let Some(bin) = find() {
        return Ok(bin);
    }
    if !nix::unistd::geteuid().is_root() {
        bail!(
            "PostgreSQL is not installed. Install the package `{PACKAGE}` \
             (Debian, Ubuntu: sudo apt-get install {PACKAGE}), or leave its tests out with --no-postgres"
        );
    }
    eprintln!("== PostgreSQL is not installed: apt-get install {PACKAGE}");
    for args in [&["update"][..], &["install", "-y", PACKAGE]] {
        let status = step::status(
            Command::new("apt-get")
                .args(args)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )
        .with_context(|| format!("install the package `{PACKAGE}` by hand"))?;
        if !status.success() {
            bail!("apt-get {} failed ({status})", args.join(" "));
        }
    }
    find().with_context(|| {
        format!("`{PACKAGE}` is installed, but no folder with postgres and initdb was found")
    })
}

fn find() -> Option<PathBuf> {
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

/// A running cluster. Dropping it stops it and removes its files.
pub(crate) struct Cluster {
    port: u16,
    server: Child,
    watchdog: Child,
    // Last, so that the files go after the server.
    _home: TempDir,
}

impl Cluster {
    pub(crate) fn start(bin: &Path) -> Result<Cluster> {
        let account = Account::for_postgres()?;
        let home = tempfile::Builder::new()
            .prefix("qun-postgres-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()?;
        if let Account::Other { uid, gid } = account {
            chown(home.path(), Some(uid), Some(gid))?;
        }
        let data = home.path().join("data");
        initdb(bin, &data, account)?;
        // Another program can take the port between looking for it and using it.
        let mut last = anyhow!("no attempt was made");
        for _ in 0..3 {
            step::check_interrupt()?;
            match start_on(bin, home.path(), free_port()?, account) {
                Ok((port, server, watchdog)) => {
                    return Ok(Cluster {
                        port,
                        server,
                        watchdog,
                        _home: home,
                    });
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// The superuser's URL.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&mut self.server);
        dismiss(&mut self.watchdog);
    }
}

/// Who runs the server: initdb and postgres refuse root.
#[derive(Clone, Copy)]
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

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

fn start_on(bin: &Path, home: &Path, port: u16, account: Account) -> Result<(u16, Child, Child)> {
    let data = home.join("data");
    let log = home.join("log");
    let output = File::create(&log)?;
    let mut server = account
        .command(&bin.join("postgres"), home)
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1"])
        .arg("-c")
        .arg(format!("unix_socket_directories={}", home.display()))
        .args(["-c", "max_connections=200", "-c", "fsync=on"])
        .stdout(output.try_clone()?)
        .stderr(output)
        .spawn()
        .with_context(|| format!("cannot start postgres in {}", bin.display()))?;
    let ready = wait_until_ready(&mut server, &data.join("postmaster.pid"));
    match ready.and_then(|()| watch(&server, home)) {
        Ok(watchdog) => Ok((port, server, watchdog)),
        Err(error) => {
            stop(&mut server);
            let log = fs::read_to_string(&log).unwrap_or_default();
            Err(anyhow!(
                "PostgreSQL did not start: {error:#}\n{}",
                log.trim()
            ))
        }
    }
}

fn wait_until_ready(server: &mut Child, status_file: &Path) -> Result<()> {
    let start = Instant::now();
    loop {
        step::check_interrupt()?;
        if let Some(status) = server.try_wait()? {
            bail!("it ended at once ({status})");
        }
        if fs::read_to_string(status_file).is_ok_and(|text| is_ready(&text)) {
            return Ok(());
        }
        if start.elapsed() > START {
            bail!("it was not ready after {} s", START.as_secs());
        }
        sleep(POLL);
    }
}

/// The eighth line of postmaster.pid says how far the server is.
fn is_ready(status: &str) -> bool {
    status.lines().nth(7).map(str::trim) == Some("ready")
}

/// A shell that does what `Drop` does if this program is killed: its input then ends without a word.
fn watch(server: &Child, home: &Path) -> Result<Child> {
    const SCRIPT: &str = r#"
        read -r word
        [ "$word" = done ] && exit
        kill -INT "$1"
        n=0
        while [ -e "$2/data/postmaster.pid" ] && [ "$n" -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
        rm -rf -- "$2"
    "#;
    Command::new("sh")
        .args(["-c", SCRIPT, "watchdog", &server.id().to_string()])
        .arg(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start sh")
}

fn dismiss(watchdog: &mut Child) {
    use std::io::Write;
    let told = watchdog
        .stdin
        .take()
        .is_some_and(|mut input| input.write_all(b"done\n").is_ok());
    if !told {
        let _ = watchdog.kill();
    }
    let _ = watchdog.wait();
}

/// Asks politely, then less so; killed servers leave shared memory behind.
fn stop(server: &mut Child) {
    for (signal, patience) in [(Signal::SIGINT, 10), (Signal::SIGQUIT, 5)] {
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
    fn readiness_is_the_eighth_line() {
        let text = |word: &str| format!("1\n/d\n2\n5432\n/d\n127.0.0.1\n7\n{word}\n");
        assert!(is_ready(&text("ready   ")));
        assert!(!is_ready(&text("starting")));
        assert!(!is_ready("1\n/d\nready"));
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

    #[test]
    fn a_cluster_answers_and_leaves_nothing() {
        let Some(bin) = find() else {
            let there = std::env::var_os("QUN_TEST_POSTGRES").is_some();
            assert!(!there, "PostgreSQL runs, but its programs were not found");
            return;
        };
        let cluster = Cluster::start(&bin).unwrap();
        let home = cluster._home.path().to_path_buf();
        let mode = fs::metadata(&home).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "others may look into {}", home.display());
        let address = ("127.0.0.1", cluster.port);
        assert!(cluster.url().contains(&cluster.port.to_string()));
        std::net::TcpStream::connect(address).unwrap();
        let pid = Pid::from_raw(cluster.server.id().cast_signed());
        drop(cluster);
        assert!(std::net::TcpStream::connect(address).is_err());
        assert!(kill(pid, None).is_err());
        assert!(!home.exists());
    }
}
