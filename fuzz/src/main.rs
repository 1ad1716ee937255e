//! Drives the fuzz targets: `qun-fuzz --seconds 60 [TARGET]`.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use qun_fuzz::{Failure, Plan, TARGETS, Target, fuzz, replay};

const HELP: &str = "\
Usage: qun-fuzz [--seconds N] [--seed N] [TARGET]
       qun-fuzz --replay FILE TARGET

  --seconds N    for all targets together (60)
  --seed N       the same seed gives the same inputs (1)
  --replay FILE  give the target this one input
  --list         name the targets
";

type Error = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("qun-fuzz: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode, Error> {
    let (mut seconds, mut seed, mut name, mut file) = (60.0, 1, None, None);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Long("seconds") => seconds = args.value()?.parse()?,
            Long("seed") => seed = args.value()?.parse()?,
            Long("replay") => file = Some(PathBuf::from(args.value()?)),
            Long("list") => {
                TARGETS
                    .iter()
                    .for_each(|target| println!("{}", target.name));
                return Ok(ExitCode::SUCCESS);
            }
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(ExitCode::SUCCESS);
            }
            Value(text) if name.is_none() => name = Some(text.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    let chosen: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| name.as_deref().is_none_or(|name| name == target.name))
        .collect();
    if let (Some(name), []) = (&name, chosen.as_slice()) {
        return Err(format!("no target `{name}`; --list names them").into());
    }
    if chosen.is_empty() {
        return Err("there are 0 targets, so nothing was fuzzed".into());
    }
    if let Some(file) = file {
        let ([target], true) = (chosen.as_slice(), name.is_some()) else {
            return Err("--replay needs the target's name".into());
        };
        let input = std::fs::read(&file)
            .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        return Ok(match replay(target, &input) {
            Ok(()) => {
                println!("{}: survives", target.name);
                ExitCode::SUCCESS
            }
            Err(message) => {
                println!("{}: fails: {message}", target.name);
                ExitCode::FAILURE
            }
        });
    }
    let time = Duration::try_from_secs_f64(seconds)?.div_f64(chosen.len() as f64);
    for target in chosen {
        // Before the run: after an abort (a stack overflow) this line is all there is.
        println!("{}: seed {seed}", target.name);
        let plan = Plan {
            time,
            runs: u64::MAX,
            seed,
            hang: Duration::from_secs(10),
        };
        match fuzz(target, plan) {
            Ok(report) => println!("{}: {} inputs, no failure", target.name, report.runs),
            Err(failure) => {
                show(target, &failure);
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(target: &Target, failure: &Failure) {
    let mut hex = String::new();
    for byte in &failure.input {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    println!("{}: FAILED: {}", target.name, failure.message);
    println!("input: {}", failure.input.escape_ascii());
    println!("hex:   {hex}");
    match keep(target, failure) {
        Ok(path) => println!(
            "again: cargo run -p qun-fuzz -- --replay {} {}",
            path.display(),
            target.name
        ),
        Err(error) => println!("the input could not be written to a file: {error}"),
    }
}

fn keep(target: &Target, failure: &Failure) -> std::io::Result<PathBuf> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .unwrap_or_else(|| OsString::from(env!("CARGO_MANIFEST_DIR")));
    let folder = Path::new(&package).join("../target/fuzz");
    std::fs::create_dir_all(&folder)?;
    let path = folder
        .canonicalize()?
        .join(format!("{}-{}.bin", target.name, std::process::id()));
    std::fs::write(&path, &failure.input)?;
    Ok(path)
}
