//! Decisions: pure functions of rules and facts.

pub mod chat;
pub mod drops;
pub mod message;
pub mod quota;
pub mod rules;
pub mod statistic;
