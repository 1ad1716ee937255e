//! The bare server and the load generator of the benchmark.

fn main() {}
