//! What apps say to people.

pub(crate) mod card;
mod msgid;
mod recall;
pub(crate) mod recipients;
mod send;
mod translate;

pub(crate) use send::scope;
