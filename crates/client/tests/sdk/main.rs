//! The SDK against servers of the tests' own.

mod callback;
mod card;
mod client;
mod customer_group;
mod directory;
mod facade;
mod join_way;
mod juzi;
mod kit;
mod message;
mod network;
mod outcome;
mod secrets;
mod statistic;
mod token;
mod way;
