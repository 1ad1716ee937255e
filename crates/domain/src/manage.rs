//! Companies and what is in them, as the operator sees and changes them.

pub(crate) mod app;
pub(crate) mod company;
pub(crate) mod customer;
pub(crate) mod directory;
mod group;
mod statistic;
mod usage;

use qun_protocol::{Refusal as R, Refused};

use crate::Failure;

/// A request that cannot be done as it is, with the reason.
pub(crate) fn bad(detail: impl Into<String>) -> Failure {
    Refused::because(R::BadRequest, detail).into()
}
