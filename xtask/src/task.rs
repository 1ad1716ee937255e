//! The tasks besides `test`.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step::{self, cargo, step};

/// Runs the tests of the packages that use insta and accepts their snapshots.
pub(crate) fn bless(filter: Option<&str>) -> Result<()> {
    let packages = snapshot_packages(&step::root().join("crates"))?;
    if packages.is_empty() {
        bail!("no package under crates/ uses insta, so there are no snapshots");
    }
    let mut command = cargo(["test", "--no-fail-fast"]);
    for package in &packages {
        command.args(["--package", package]);
    }
    command.env("INSTA_UPDATE", "always").args(filter);
    step("accept snapshots", &mut command)?;
    eprintln!("== see what changed: git diff -- '*.snap'");
    Ok(())
}

fn snapshot_packages(crates: &Path) -> Result<Vec<String>> {
    let mut packages = Vec::new();
    let entries =
        std::fs::read_dir(crates).with_context(|| format!("cannot read {}", crates.display()))?;
    for entry in entries {
        let manifest = entry?.path().join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&manifest) else {
            continue;
        };
        packages.extend(package_if_uses_insta(&text));
    }
    packages.sort();
    Ok(packages)
}

fn package_if_uses_insta(manifest: &str) -> Option<String> {
    let key = |line: &str| {
        line.split(['.', '=', ' '])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    manifest.lines().find(|line| key(line) == "insta")?;
    let name = manifest.lines().find(|line| key(line) == "name")?;
    Some(name.split('"').nth(1)?.to_owned())
}

/// Fuzzes for `seconds`; without a seed, from a new one at each call.
pub(crate) fn fuzz(seconds: u64, seed: Option<u64>, target: Option<&str>) -> Result<()> {
    let seed = seed.unwrap_or_else(|| {
        std::time::UNIX_EPOCH
            .elapsed()
            .map_or(1, |since| since.as_secs())
    });
    let mut command = cargo(["run", "--quiet", "--package", "qun-fuzz", "--"]);
    command.args([
        "--seconds",
        &seconds.to_string(),
        "--seed",
        &seed.to_string(),
    ]);
    step("fuzz", command.args(target))
}

/// Builds release binaries of qun and of the bare server, and lets the latter's package compare them.
pub(crate) fn bench(args: Vec<OsString>) -> Result<()> {
    let help = args.iter().any(|arg| arg == "--help" || arg == "-h");
    if !help {
        step(
            "build release binaries",
            &mut cargo([
                "build",
                "--release",
                "--package",
                "qun-cli",
                "--package",
                "qun-bench",
            ]),
        )?;
        let release = step::target().join("release");
        let mut command = Command::new(release.join("qun-bench"));
        command
            .arg("compare")
            .arg("--qun")
            .arg(release.join("qun"))
            .args(args)
            .current_dir(step::root());
        return step("compare", &mut command);
    }
    step(
        "build the benchmark",
        &mut cargo(["build", "--package", "qun-bench"]),
    )?;
    let mut command = Command::new(step::target().join("debug/qun-bench"));
    step("help", command.args(["compare", "--help"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_with_snapshots_are_found_by_their_manifest() {
        let with = "[package]\nname = \"qun-x\"\n[dev-dependencies]\ninsta.workspace = true\n";
        assert_eq!(package_if_uses_insta(with).as_deref(), Some("qun-x"));
        let table =
            "[package]\nname = \"qun-y\"\n[dev-dependencies]\ninsta = { version = \"1\" }\n";
        assert_eq!(package_if_uses_insta(table).as_deref(), Some("qun-y"));
        let without = "[package]\nname = \"qun-z\"\n[dependencies]\ninstant = \"1\"\n";
        assert_eq!(package_if_uses_insta(without), None);
    }
}
