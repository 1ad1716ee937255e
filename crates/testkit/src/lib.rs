//! What the tests of qun share.
