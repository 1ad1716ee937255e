//! The SDK against servers of the tests' own.

mod client;
mod kit;
mod token;
