//! `cargo xtask test`: everything that a merge needs, in one command.

use std::process::Command;

use anyhow::{Result, bail};
use qun_testkit::{
    cluster::{self, Cluster},
    keyring,
};

use crate::step::{self, cargo, step, timed};

/// The variable through which tests find PostgreSQL: a URL of a superuser.
const POSTGRES: &str = "QUN_TEST_POSTGRES";

/// The variable that says on which engine the API's tests run.
const ENGINE: &str = "QUN_TEST_ENGINE";

pub(crate) fn run(no_postgres: bool, filter: Option<&str>) -> Result<()> {
    let ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if no_postgres && ci {
        bail!("--no-postgres is refused under CI, where every test runs");
    }
    if filter.is_none() {
        for name in ["fmt", "clippy"] {
            require_component(name)?;
        }
    }
    let cluster = if no_postgres {
        None
    } else {
        Some(timed("start PostgreSQL", || {
            let bin = cluster::find_or_install(step::status)?;
            Cluster::create_unless(&bin, step::interrupted)
        })?)
    };
    let no_keyring = match keyring::find_or_install(step::status) {
        Err(reason) if ci => return Err(reason.context("no keyring to test with")),
        found => found.err(),
    };
    if filter.is_none() {
        step(
            "cargo fmt --check",
            &mut cargo(["fmt", "--all", "--", "--check"]),
        )?;
        step(
            "cargo clippy",
            &mut cargo([
                "clippy",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        )?;
    }
    let mut tests = cargo(["test", "--workspace", "--no-fail-fast"]);
    match &cluster {
        Some(cluster) => tests.env(POSTGRES, cluster.url()),
        None => tests.env_remove(POSTGRES),
    };
    step("cargo test", tests.args(filter))?;
    if let Some(cluster) = &cluster {
        let mut tests = cargo(["test", "--workspace", "--test", "api"]);
        tests.env(POSTGRES, cluster.url()).env(ENGINE, "postgres");
        step("the API's tests on PostgreSQL", tests.args(filter))?;
    }
    if filter.is_none() {
        // Built with the features that the tests have: building it alone would compile half of it again.
        step(
            "build the fuzz targets",
            &mut cargo(["build", "--quiet", "--workspace", "--bin", "qun-fuzz"]),
        )?;
        let mut fuzz = Command::new(step::target().join("debug/qun-fuzz"));
        step("fuzz for 5 seconds", fuzz.args(["--seconds", "5"]))?;
    }
    drop(cluster);
    if let Some(reason) = no_keyring {
        eprintln!("== the keyring was not tested: {reason:#}");
    }
    match filter {
        Some(filter) => eprintln!(
            "== passed: the tests with `{filter}` in their names (no formatting, clippy, fuzzing)"
        ),
        None if no_postgres => eprintln!("== passed, without PostgreSQL"),
        None => eprintln!("== passed"),
    }
    Ok(())
}

fn require_component(name: &str) -> Result<()> {
    let there = cargo([name, "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if there {
        return Ok(());
    }
    let component = if name == "fmt" { "rustfmt" } else { name };
    bail!("{component} is not installed; type: rustup component add {component}")
}
