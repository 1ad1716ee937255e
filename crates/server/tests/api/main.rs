//! The server over the wire. The files follow the paths of the API.

#![allow(missing_docs)]

mod appchat;
mod callback;
mod card;
mod gettoken;
mod golden;
mod kit;
mod manage;
mod media;
mod message;
mod people;
mod story;
mod transport;
mod worlds;
