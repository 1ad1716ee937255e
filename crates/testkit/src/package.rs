//! What the tests need and a machine may lack.

use std::process::{Command, ExitStatus};

use anyhow::{Context, Result, bail};

/// Installs packages of Debian as root; who is not root is told their names.
pub(crate) fn install(
    packages: &[&str],
    mut run: impl FnMut(&mut Command) -> Result<ExitStatus>,
) -> Result<()> {
    let names = packages.join(" ");
    if !nix::unistd::geteuid().is_root() {
        bail!("install what is missing (Debian, Ubuntu: sudo apt-get install {names})");
    }
    eprintln!("== apt-get install {names}");
    let install = [&["install", "-y", "--no-install-recommends"], packages].concat();
    for args in [&["update"][..], &install] {
        let mut command = Command::new("apt-get");
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        let status = run(&mut command).with_context(|| format!("install {names} by hand"))?;
        if !status.success() {
            bail!("apt-get {} failed ({status})", args.join(" "));
        }
    }
    Ok(())
}
