//! `qun up`: runs the server.

use std::{io::IsTerminal, path::PathBuf};

use anyhow::{Context, Result, anyhow};
use clap::Args;
use qun_server::{Ready, Running};
use tracing_subscriber::EnvFilter;

use crate::{
    output,
    settings::{Home, Plan, Settings},
};

/// The end of the help.
pub(crate) const HELP: &str = "\
Flags count before variables, variables before the file, the file before defaults. In the file
the keys are the flags' names: listen = \"127.0.0.1:7800\".

Example:
  qun up --memory";

#[derive(Args)]
pub(crate) struct Up {
    #[command(flatten)]
    settings: Settings,
    /// A TOML file with settings [default: ~/.config/qun/server.toml, if it is there] [env: QUN_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub(crate) async fn run(up: Up) -> Result<()> {
    let home = Home::of_environment();
    let environment = Settings::of_environment(crate::secret::variable)?;
    let file = Settings::of_config(up.config, &home)?;
    let plan = up.settings.plan(environment, file, &home)?;
    log(plan.log_json, "info");
    let Plan {
        config, json, data, ..
    } = plan;
    let local = config.listen.ip().is_loopback();
    let stop = Stop::listen()?;
    let running = start(config).await?;
    if json {
        output::line(serde_json::to_string(running.ready())?)?;
    } else {
        let kept = data.map(|directory| directory.join("credentials.json"));
        output::line(welcome(running.ready(), kept, local))?;
    }
    finish(running, stop).await;
    Ok(())
}

/// Starts a server; its error says what to do.
pub(crate) async fn start(config: qun_server::Config) -> Result<Running> {
    qun_server::start(config)
        .await
        .map_err(|error| anyhow!("{error}"))
}

/// Waits for a signal and stops; a second signal ends at once.
pub(crate) async fn finish(running: Running, mut stop: Stop) {
    stop.wait().await;
    tracing::info!("stopping");
    tokio::select! {
        () = running.stop() => {}
        () = stop.wait() => std::process::exit(130),
    }
}

/// Ctrl-C and SIGTERM.
pub(crate) struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 2],
}

impl Stop {
    pub(crate) fn listen() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let hear = |kind| signal(kind).context("signals cannot be heard");
            Ok(Stop {
                signals: [
                    hear(SignalKind::terminate())?,
                    hear(SignalKind::interrupt())?,
                ],
            })
        }
        #[cfg(not(unix))]
        Ok(Stop {})
    }

    /// Waits for one of them.
    pub(crate) async fn wait(&mut self) {
        #[cfg(unix)]
        {
            let [terminate, interrupt] = &mut self.signals;
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Logs to stderr; RUST_LOG says what.
pub(crate) fn log(json: bool, level: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let log = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .with_ansi(false);
    let set = if json {
        log.json().try_init()
    } else {
        log.try_init()
    };
    if set.is_err() && std::io::stderr().is_terminal() {
        eprintln!("logging is set up already");
    }
}

fn welcome(ready: &Ready, kept: Option<PathBuf>, local: bool) -> String {
    let mut text = format!(
        "qun is ready at {}\n\n  company  {}\n",
        ready.url, ready.corpid
    );
    for agent in &ready.agents {
        let secret = if local {
            agent.secret.as_str()
        } else {
            "(kept apart)"
        };
        text.push_str(&format!(
            "  app      {} {}, secret {secret}\n",
            agent.agentid, agent.name
        ));
    }
    match kept {
        Some(path) => text.push_str(&format!(
            "\nSecrets and the manage token are kept in {}\n",
            path.display()
        )),
        None if local => text.push_str(&format!("  manage   {}\n", ready.manage_token)),
        None => {}
    }
    if let Some(agent) = ready.agents.first().filter(|_| local) {
        text.push_str(&first_steps(ready, &agent.secret));
    }
    text.push_str("\nCtrl-C stops it.");
    text
}

/// The first lines to type.
pub(crate) fn first_steps(ready: &Ready, secret: &str) -> String {
    let Ready { url, corpid, .. } = ready;
    format!(
        "\nFirst call:\n  curl '{url}/cgi-bin/gettoken?corpid={corpid}&corpsecret={secret}'\n\nOr:\n  export QUN_URL={url} QUN_CORPID={corpid} QUN_SECRET={secret}\n  qun call appchat/create --userlist zhangsan,lisi\n"
    )
}

#[cfg(test)]
mod tests {
    use qun_server::AgentReady;

    use super::*;

    fn ready() -> Ready {
        Ready {
            url: "http://127.0.0.1:7800".into(),
            corpid: "ww1".into(),
            agents: vec![AgentReady {
                agentid: 1_000_002,
                secret: "s3cret".into(),
                name: "项目".into(),
            }],
            manage_token: "m4nage".into(),
        }
    }

    #[test]
    fn the_first_call_stands_in_the_welcome() {
        let text = welcome(&ready(), None, true);
        assert!(text.contains(
            "curl 'http://127.0.0.1:7800/cgi-bin/gettoken?corpid=ww1&corpsecret=s3cret'"
        ));
        assert!(text.contains("m4nage") && text.contains("1000002 项目"));
    }

    #[test]
    fn beyond_this_machine_no_secret_is_printed() {
        let text = welcome(&ready(), Some("/d/credentials.json".into()), false);
        assert!(!text.contains("s3cret") && !text.contains("m4nage"));
        assert!(text.contains("/d/credentials.json"));
    }
}
