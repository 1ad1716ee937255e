//! The program as it is typed.

#![cfg(unix)]

mod codes;
mod examples;
mod kit;
mod nouns;
mod output;
mod profiles;
mod program;
mod session;
