//! What the tests of the program share.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    os::fd::OwnedFd,
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
};

use nix::pty::{Winsize, openpty};
use serde_json::Value;
use tempfile::TempDir;

/// When the servers of most tests begin.
pub(crate) const NOON: &str = "2023-11-01T12:00:00+08:00";

/// The program in an environment where nothing is set, with its home in a directory of its own.
pub(crate) fn qun(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_qun"));
    command
        .env_clear()
        .env("HOME", home)
        .current_dir(home)
        .stdin(Stdio::null());
    command
}

pub(crate) struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn run(words: &[&str]) -> Ran {
    let home = TempDir::new().unwrap();
    qun(home.path()).args(words).output().unwrap().into()
}

/// A server that ends with the test.
pub(crate) struct Server {
    pub child: Child,
    pub home: TempDir,
    pub ready: Value,
}

impl Server {
    pub(crate) fn start(words: &[&str]) -> Self {
        let home = TempDir::new().unwrap();
        let mut command = qun(home.path());
        command.arg("up").args(words);
        Self::spawn(command, home)
    }

    /// One in memory with the demo company and a clock that can be moved.
    pub(crate) fn clocked() -> Self {
        Self::start(&[
            "--memory",
            "--listen",
            "127.0.0.1:0",
            "--json",
            "--clock",
            NOON,
        ])
    }

    pub(crate) fn memory() -> Self {
        Self::start(&["--memory", "--listen", "127.0.0.1:0", "--json"])
    }

    pub(crate) fn spawn(mut command: Command, home: TempDir) -> Self {
        Self::spawn_with(command.env("RUST_LOG", "error"), home)
    }

    pub(crate) fn spawn_with(command: &mut Command, home: TempDir) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_default();
        let server = Server { child, home, ready };
        assert!(server.ready.is_object(), "not ready: {line:?}");
        server
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap()
    }

    pub(crate) fn address(&self) -> &str {
        self.text("url").trim_start_matches("http://")
    }

    /// `qun call` with everything in the environment that this server needs.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.qun(&[&["call"], words].concat())
    }

    /// The program with everything in the environment that this server needs.
    pub(crate) fn qun(&self, words: &[&str]) -> Command {
        let mut command = qun(self.home.path());
        command
            .args(words)
            .env("QUN_URL", self.text("url"))
            .env("QUN_CORPID", self.text("corpid"))
            .env("QUN_JUZI_TOKEN", "abcd")
            .env(
                "QUN_SECRET",
                self.ready["agents"][0]["secret"].as_str().unwrap(),
            )
            .env("QUN_MANAGE_TOKEN", self.text("manage_token"));
        command
    }

    /// A command, whatever comes of it.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.qun(words).output().unwrap().into()
    }

    /// What a command that works writes.
    pub(crate) fn good(&self, words: &[&str]) -> String {
        let ran = self.run(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
        ran.out
    }

    /// The same as JSON.
    pub(crate) fn value(&self, words: &[&str]) -> Value {
        let out = self.good(&[words, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{words:?}: {error}: {out}"))
    }

    pub(crate) fn call(&self, words: &[&str]) -> Ran {
        self.command(words).output().unwrap().into()
    }

    /// A call that works, as its JSON.
    pub(crate) fn json(&self, words: &[&str]) -> Value {
        let ran = self.call(words);
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
        assert_eq!(
            ran.out.lines().count(),
            1,
            "one line when piped: {}",
            ran.out
        );
        serde_json::from_str(&ran.out).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command on a terminal of this width, types the input there, and gives back its exit code and all that the
/// terminal shows.
pub(crate) fn on_terminal(mut command: Command, columns: u16, input: &str) -> (i32, String) {
    let size = Winsize {
        ws_row: 50,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = openpty(Some(&size), None).unwrap();
    let end = |fd: &OwnedFd| Stdio::from(fd.try_clone().unwrap());
    command
        .env("TERM", "xterm-256color")
        .stdin(end(&pty.slave))
        .stdout(end(&pty.slave))
        .stderr(end(&pty.slave));
    let mut child = command.spawn().unwrap();
    // The ends that the command object and this process hold would keep the terminal open.
    drop(command);
    drop(pty.slave);
    let mut terminal = File::from(pty.master);
    terminal.write_all(input.as_bytes()).unwrap();
    let reading = thread::spawn(move || {
        let mut shown = Vec::new();
        // A terminal whose other end is closed ends with an error.
        let _ = terminal.read_to_end(&mut shown);
        shown
    });
    let code = child.wait().unwrap().code().unwrap_or(-1);
    let shown = String::from_utf8(reading.join().unwrap()).unwrap();
    (code, shown.replace("\r\n", "\n"))
}

/// Waits for a line with this in it.
pub(crate) fn await_line(lines: impl Read, part: &str) {
    let mut seen = String::new();
    for line in BufReader::new(lines).lines() {
        let line = line.unwrap();
        if line.contains(part) {
            return;
        }
        seen.push_str(&line);
    }
    panic!("no {part:?} in {seen}");
}

/// Text with the minute and second of the test's day taken out.
pub(crate) fn timeless(text: &str) -> String {
    let mut clean = text.to_owned();
    for (hour, rest) in [("2023-11-01T12:", "mm:ss"), ("2023-11-01 12:", "mm")] {
        let mut parts = clean.split(hour);
        let mut next = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            next.push_str(hour);
            next.push_str(rest);
            next.push_str(&part[rest.len()..]);
        }
        clean = next;
    }
    clean
}
