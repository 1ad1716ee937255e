//! The server over the wire. The files follow the paths of the API.

#![allow(missing_docs)]

mod appchat;
mod callback;
mod card;
mod department;
mod gettoken;
mod golden;
mod groupchat;
mod join_way;
mod kit;
mod manage;
mod media;
mod message;
mod people;
mod statistic;
mod story;
mod tag;
mod transport;
mod user;
mod worlds;
