//! What the tests of several crates, the benchmark and the repository's tasks share: a PostgreSQL of their own, and a
//! network that fails on demand. On Unix only.

pub mod cluster;
pub mod fault;
