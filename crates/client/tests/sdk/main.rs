//! The SDK against servers of the tests' own.

mod callback;
mod card;
mod client;
mod facade;
mod kit;
mod outcome;
mod secrets;
mod token;
mod way;
