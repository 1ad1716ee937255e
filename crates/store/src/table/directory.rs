//! 通讯录: departments, people and tags.

mod department;
mod person;
mod tag;

pub use department::*;
pub use person::*;
pub use tag::*;

/// The statements of these tables.
pub(super) fn statements() -> Vec<&'static str> {
    [department::STATEMENTS, person::STATEMENTS, tag::STATEMENTS].concat()
}
