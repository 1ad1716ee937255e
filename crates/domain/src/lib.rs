//! The rules and use cases of WeCom group chats, pure and synchronous.
//!
//! A use case loads through [`qun_store::table`], decides in [`rule`], and saves. Time, ids and chance come in through
//! [`Cx`]; nothing here waits, reads a clock or rolls dice.

mod appchat;
mod audience;
pub mod callback;
pub mod caller;
pub mod customer_group;
pub mod demo;
mod department;
mod directory;
mod env;
mod gettoken;
mod groupchat;
mod ip_list;
pub mod join_way;
mod manage;
pub mod media;
mod message;
mod participant;
mod people;
mod range;
pub mod room;
pub mod rule;
pub mod seal;
mod tag;
pub mod token;
mod user;
pub mod world;

pub use env::{
    Caller, Command, Cx, Everybody, Failure, Hosted, Outcome, Query, ReadCx, Trace, Who,
};

/// Carries every use case: `Use: Command<E>` or `Use: Query<E>` for each endpoint of the list.
#[derive(Debug)]
pub enum Use {}
