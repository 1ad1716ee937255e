//! Several nodes on one PostgreSQL: what holds over all of them, and what happens when one, the database or the network fails.
//!
//! `QUN_TEST_POSTGRES` names a server; each test has a schema of its own there, or a cluster of its own.

#![cfg(unix)]
#![allow(missing_docs)]

#[path = "../api/kit.rs"]
#[expect(dead_code, reason = "the tests of the API use the rest")]
mod kit;

mod arrival;
mod card;
mod customer_group;
mod database;
mod fault;
mod groups;
mod join_way;
mod lane;
mod load;
mod media;
mod message;
mod quota;
mod restart;
mod room;
mod start;
mod together;
mod token;
mod transfer;
