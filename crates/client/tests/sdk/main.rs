//! The SDK against servers of the tests' own.

mod client;
mod facade;
mod kit;
mod outcome;
mod secrets;
mod token;
mod way;
