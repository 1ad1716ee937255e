//! What apps say to people.

mod msgid;
mod recall;
pub(crate) mod recipients;
mod send;
mod translate;

pub(crate) use send::scope;
