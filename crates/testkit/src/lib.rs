//! What the tests of several crates, the benchmark and the repository's tasks share: a PostgreSQL of their own, and a
//! network that fails on demand, a keyring, a certificate authority. On Unix only.

pub mod authority;
pub mod cluster;
pub mod fault;
pub mod keyring;
mod package;
