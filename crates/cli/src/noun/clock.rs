//! `qun clock`: the server's clock (needs the manage token).

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::manage::{AdvanceClock, ClockShown, GetClock};
use serde_json::json;

use crate::{
    connect::{Common, Session},
    output::moment,
    time::length,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Subcommand)]
enum Verb {
    /// Move the clock forward; only where the server was started with --clock.
    #[command(after_help = "Example:\n  qun clock advance 3d")]
    Advance {
        /// How far, such as 90m or 3d
        #[arg(value_parser = length)]
        time: Duration,
    },
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let clock = match noun.verb {
        None => session.send(GetClock {}).await?,
        Some(Verb::Advance { time }) => {
            let advance = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
            match session.change(AdvanceClock { advance }).await? {
                Some(clock) => clock,
                None => return Ok(()),
            }
        }
    };
    show(&session, &clock)
}

fn show(session: &Session, clock: &ClockShown) -> Result<()> {
    let now = moment(clock.now_ms.div_euclid(1000));
    session.output.record(&json!({
        "now": now,
        "now_ms": clock.now_ms,
        "movable": clock.movable,
    }))
}
