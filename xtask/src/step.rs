//! Running programs one after another, so that an interrupt ends them and whatever was set up is taken down.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

static INTERRUPTS: AtomicU32 = AtomicU32::new(0);
static RUNNING: Mutex<Option<Pid>> = Mutex::new(None);

fn running() -> MutexGuard<'static, Option<Pid>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes SIGINT, SIGTERM and SIGHUP end the running step instead of this program, which then cleans up.
pub(crate) fn catch_interrupts() -> Result<()> {
    ctrlc::set_handler(|| {
        INTERRUPTS.fetch_add(1, Ordering::SeqCst);
        end(*running());
    })
    .context("cannot install the signal handler")
}

/// Whether a signal asked this program to stop.
pub(crate) fn interrupted() -> bool {
    INTERRUPTS.load(Ordering::SeqCst) > 0
}

/// Fails when a signal asked this program to stop.
pub(crate) fn check_interrupt() -> Result<()> {
    if interrupted() {
        bail!("interrupted");
    }
    Ok(())
}

/// The first interrupt asks the step's processes to end, a second one kills them.
fn end(group: Option<Pid>) {
    let signal = match INTERRUPTS.load(Ordering::SeqCst) {
        0 => return,
        1 => Signal::SIGTERM,
        _ => Signal::SIGKILL,
    };
    if let Some(group) = group {
        // It may have ended in the meantime.
        let _ = killpg(group, signal);
    }
}

/// Runs `command` without input, as a process group of its own, with its output shown.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    check_interrupt()?;
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {name}"))?;
    let group = i32::try_from(child.id()).ok().map(Pid::from_raw);
    *running() = group;
    // An interrupt between spawn and the line above found nothing to end.
    end(group);
    let status = child
        .wait()
        .with_context(|| format!("lost sight of {name}"));
    *running() = None;
    check_interrupt()?;
    status
}

/// Announces a step, runs it, and says how long it took; a step that fails is an error that names it.
pub(crate) fn step(title: &str, command: &mut Command) -> Result<()> {
    timed(title, || {
        let status = status(command)?;
        if !status.success() {
            bail!("`{title}` failed ({status}); the reason stands above");
        }
        Ok(())
    })
}

/// Announces a step, does it, and says how long it took.
pub(crate) fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("== {title}");
    let start = Instant::now();
    let result = work();
    let end = if result.is_ok() { "ok" } else { "FAILED" };
    eprintln!("== {title}: {end}, {:.1} s", start.elapsed().as_secs_f64());
    result
}

/// `cargo` in the workspace's root.
pub(crate) fn cargo<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.args(args).current_dir(root());
    // Cargo set these for this program; some build scripts run again when they change.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// The workspace's root. Cargo names it anew at each run: a checkout can move after it was built.
pub(crate) fn root() -> PathBuf {
    let own = std::env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let own = PathBuf::from(own);
    own.parent().map_or_else(|| own.clone(), Path::to_path_buf)
}

/// The folder in which cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.parent()?.to_path_buf()))
        .unwrap_or_else(|| root().join("target"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_step_is_named() {
        step("good", &mut Command::new("true")).unwrap();
        let error = step("bad", &mut Command::new("false")).unwrap_err();
        assert!(error.to_string().starts_with("`bad` failed"), "{error}");
        let error = step("absent", &mut Command::new("./no-such-program")).unwrap_err();
        assert!(error.to_string().contains("no-such-program"), "{error}");
    }

    #[test]
    fn cargo_gets_no_variables_of_this_package() {
        let command = cargo(["--version"]);
        let removed = command
            .get_envs()
            .any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none());
        assert!(removed);
        assert!(root().join("xtask/Cargo.toml").exists());
    }
}
