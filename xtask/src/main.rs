//! Tasks of the repository: test, bless, bench, fuzz.

mod step;
mod task;
mod test;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Usage: cargo xtask <task>

  test [--no-postgres] [FILTER]   format, clippy, all tests, a short fuzz run; what a merge needs
  bless [FILTER]                  run the snapshot tests and accept what they produce
  fuzz [--seconds N] [--seed N] [TARGET]
                                  fuzz all targets for N seconds together (60), or only one
  bench [--quick] [--write] [OPTION ...]
                                  compare qun with a bare server on SQLite and PostgreSQL, against its
                                  goals (quarter of an hour; --help lists the options)

test starts a PostgreSQL of its own on 127.0.0.1 and removes it afterwards. When PostgreSQL is not
installed, root installs the package and everyone else is told its name. With FILTER only the tests
whose names contain it run: no formatting, no clippy, no fuzzing.
--no-postgres leaves the PostgreSQL tests out; it is refused when the variable CI is set.
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if step::interrupted() => {
            eprintln!("xtask: interrupted");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut args = lexopt::Parser::from_env();
    let task = match args.next()? {
        Some(Value(name)) => name.string()?,
        Some(Short('h') | Long("help")) | None => {
            print!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    step::catch_interrupts()?;
    match task.as_str() {
        "test" => {
            let (mut no_postgres, mut filter) = (false, None);
            while let Some(arg) = args.next()? {
                match arg {
                    Long("no-postgres") => no_postgres = true,
                    Value(text) if filter.is_none() => filter = Some(text.string()?),
                    Short('h') | Long("help") => return help(),
                    other => return Err(other.unexpected().into()),
                }
            }
            test::run(no_postgres, filter.as_deref())
        }
        "bless" => {
            let mut filter = None;
            while let Some(arg) = args.next()? {
                match arg {
                    Value(text) if filter.is_none() => filter = Some(text.string()?),
                    Short('h') | Long("help") => return help(),
                    other => return Err(other.unexpected().into()),
                }
            }
            task::bless(filter.as_deref())
        }
        "fuzz" => {
            let (mut seconds, mut seed, mut target) = (60, None, None);
            while let Some(arg) = args.next()? {
                match arg {
                    Long("seconds") => seconds = args.value()?.parse()?,
                    Long("seed") => seed = Some(args.value()?.parse()?),
                    Value(text) if target.is_none() => target = Some(text.string()?),
                    Short('h') | Long("help") => return help(),
                    other => return Err(other.unexpected().into()),
                }
            }
            task::fuzz(seconds, seed, target.as_deref())
        }
        "bench" => task::bench(args.raw_args()?.collect()),
        "help" => help(),
        other => bail!("no task `{other}`; `cargo xtask --help` lists them"),
    }
}

fn help() -> Result<()> {
    print!("{HELP}");
    Ok(())
}
