//! The HTTP server of qun.
