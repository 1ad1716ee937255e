//! The SDK against servers of the tests' own.

mod callback;
mod client;
mod facade;
mod join_way;
mod kit;
mod outcome;
mod secrets;
mod token;
mod way;
