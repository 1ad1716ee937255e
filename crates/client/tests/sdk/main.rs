//! The SDK against servers of the tests' own.

mod callback;
mod client;
mod facade;
mod kit;
mod network;
mod outcome;
mod secrets;
mod statistic;
mod token;
mod way;
