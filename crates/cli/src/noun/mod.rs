//! The nouns: one file each, with its verbs as data and a small function per verb.

pub(crate) mod app;
pub(crate) mod callback;
pub(crate) mod chat;
mod check;
pub(crate) mod clock;
pub(crate) mod company;
mod content;
pub(crate) mod customer;
pub(crate) mod department;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod group;
pub(crate) mod join_way;
pub(crate) mod media;
pub(crate) mod message;
pub(crate) mod people;
pub(crate) mod profile;
pub(crate) mod room;
pub(crate) mod shell;
pub(crate) mod stats;
pub(crate) mod tag;
pub(crate) mod token;
pub(crate) mod user;
pub(crate) mod wait;
