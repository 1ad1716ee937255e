//! The benchmark: a bare server, a load generator, and what compares qun with the bare server.

mod bare;
mod compare;
mod deliveries;
mod flush;
mod footprint;
mod goals;
mod groups;
mod histogram;
mod load;
mod machine;
mod many;
mod postgres;
mod report;
mod rooms;
mod sdk;
mod server;
mod setup;
mod sqlite;
mod wire;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use lexopt::prelude::*;

const HELP: &str = "\
Usage: qun-bench compare --qun PATH [OPTION ...]     (cargo xtask bench passes --qun)
       qun-bench bare [--listen ADDR]
       qun-bench receiver [--listen ADDR]
       qun-bench load < SPEC
       qun-bench client sdk|hyper ADDR SECONDS

compare lets a bare server and qun answer the same requests in turns, on SQLite and on a PostgreSQL of
its own, and prints a Markdown report with the goals and what falls short of them (about 20 minutes).
  --rounds N      rounds per row, each one of the bare server and one of qun (5)
  --seconds S     length of each measurement (4)
  --groups N      customer groups among which is read (1000000)
  --quick         two rounds of one second, 20000 groups: shows that it works, its figures mean little
  --data DIR      where qun's temporary data go; decides which disk is measured (target)
  --write [FILE]  also write the report to FILE (docs/benchmarks.md)
  --no-postgres   leave the rows on PostgreSQL out; so it is, too, where PostgreSQL is not installed

bare answers {\"errcode\":0,\"errmsg\":\"ok\"} and prints its address as a line of JSON.
receiver takes callbacks: it refuses them until POST /open, and GET /counted tells how many came.
client calls from 64 tasks with the SDK, or with bare hyper connections, and prints what it cost.
load reads one JSON object on stdin and prints one:
  {\"targets\": [{\"address\", \"method\", \"target\", \"body\"}], \"connections\", \"seconds\", \"warm_up\", \"awake\"}
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("qun-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut args = lexopt::Parser::from_env();
    match args.next()? {
        Some(Value(name)) if name == "bare" => {
            many_threads()?.block_on(bare::serve(listen(&mut args)?))
        }
        Some(Value(name)) if name == "receiver" => {
            let listen = listen(&mut args)?;
            one_thread()?.block_on(deliveries::receive(listen))
        }
        Some(Value(name)) if name == "load" => {
            let spec = std::io::read_to_string(std::io::stdin())?;
            let spec = serde_json::from_str(&spec).context("stdin is not a load specification")?;
            let runtime = one_thread()?;
            let outcome = runtime.block_on(load::run(&spec))?;
            println!("{}", serde_json::to_string(&outcome)?);
            Ok(())
        }
        Some(Value(name)) if name == "client" => {
            let kind = sdk::Kind::named(&args.value()?.string()?)?;
            let address = args.value()?.parse()?;
            let seconds = args.value()?.parse()?;
            let runtime = one_thread()?;
            let cost = runtime.block_on(sdk::run(kind, address, seconds))?;
            println!("{}", serde_json::to_string(&cost)?);
            Ok(())
        }
        Some(Value(name)) if name == "compare" => {
            let Some(options) = compare_options(&mut args)? else {
                print!("{HELP}");
                return Ok(());
            };
            many_threads()?.block_on(until_interrupted(compare::run(&options)))
        }
        Some(Short('h') | Long("help")) | None => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(other.unexpected().into()),
    }
}

/// Where a server is to listen.
fn listen(args: &mut lexopt::Parser) -> Result<SocketAddr> {
    let mut listen = SocketAddr::from(([127, 0, 0, 1], 0));
    while let Some(arg) = args.next()? {
        match arg {
            Long("listen") => listen = args.value()?.parse()?,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(listen)
}

fn one_thread() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn many_threads() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
}

/// Dropping the work ends the servers and removes their data.
async fn until_interrupted(work: impl Future<Output = Result<()>>) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
        _ = terminate.recv() => bail!("interrupted"),
    }
}

fn compare_options(args: &mut lexopt::Parser) -> Result<Option<compare::Options>> {
    let mut options = compare::Options {
        qun: PathBuf::new(),
        rounds: 5,
        seconds: Duration::from_secs(4),
        groups: 1_000_000,
        data: PathBuf::from("target"),
        write: None,
        postgres: true,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Long("qun") => options.qun = args.value()?.into(),
            Long("rounds") => options.rounds = args.value()?.parse()?,
            Long("seconds") => {
                options.seconds = Duration::try_from_secs_f64(args.value()?.parse()?)?;
            }
            Long("groups") => options.groups = args.value()?.parse()?,
            Long("quick") => {
                options.rounds = 2;
                options.seconds = Duration::from_secs(1);
                options.groups = 20_000;
            }
            Long("data") => options.data = args.value()?.into(),
            Long("write") => {
                let file = args.optional_value().or_else(|| next_value(args));
                options.write = Some(file.map_or_else(|| "docs/benchmarks.md".into(), Into::into));
            }
            Long("no-postgres") => options.postgres = false,
            Short('h') | Long("help") => return Ok(None),
            other => return Err(other.unexpected().into()),
        }
    }
    if options.rounds == 0 || options.seconds.is_zero() {
        bail!("--rounds and --seconds must be more than 0");
    }
    // Pages are compared, and owners have some each.
    if options.groups < 1_000 {
        bail!("--groups is 1000 at least");
    }
    if options.qun.as_os_str().is_empty() {
        bail!("--qun PATH names the binary to compare");
    }
    Ok(Some(options))
}

/// The next argument, unless it is an option.
fn next_value(args: &mut lexopt::Parser) -> Option<std::ffi::OsString> {
    args.try_raw_args()?
        .next_if(|next| !next.as_encoded_bytes().starts_with(b"-"))
}
