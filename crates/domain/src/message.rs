//! What apps say to people.

mod msgid;
mod recall;
mod recipients;
mod send;
mod translate;

pub(crate) use send::scope;
