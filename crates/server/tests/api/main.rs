//! The server over the wire. The files follow the paths of the API.

#![allow(missing_docs)]

mod kit;
mod story;
