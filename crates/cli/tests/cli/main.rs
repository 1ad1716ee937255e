//! The program as it is typed.

#![cfg(unix)]

mod callback;
mod codes;
mod examples;
mod group;
mod join_way;
mod keyring;
mod kit;
mod listen;
mod message;
mod nouns;
mod output;
mod profiles;
mod program;
mod room;
mod session;
