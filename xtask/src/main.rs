//! Tasks of the repository: test, bless, bench, fuzz.

fn main() {}
