//! Fuzz targets as plain functions, and the loop that drives them on stable Rust.
//!
//! A target is a `fn(&[u8])` that panics when something is wrong. Every target stands in [`TARGETS`].

mod callback;
mod engine;
mod mutate;
mod request;
mod target;

pub use engine::{Failure, Plan, Report, fuzz, replay};
pub use mutate::Random;
pub use target::{TARGETS, Target};
