//! Decisions: pure functions of rules and facts.

pub mod card;
pub mod chat;
pub mod drops;
pub mod message;
pub mod quota;
pub mod recipients;
pub mod rules;
pub mod statistic;
pub mod translate;
