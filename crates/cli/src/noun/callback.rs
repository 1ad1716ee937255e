//! `qun callback`: what apps are told, and who receives it.

mod doctor;
mod keys;
pub(crate) mod listen;

use anyhow::Result;
use clap::{Args, Subcommand};

use crate::connect::{Common, Session};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Do the handshake with somebody's receiver step by step, and name the mistake.
    #[command(after_help = doctor::HELP)]
    Doctor(doctor::Doctor),
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::Doctor(doctor) => doctor::run(&session, doctor).await,
    }
}
