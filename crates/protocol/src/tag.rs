//! 标签管理: the tags of a company, each of which one app keeps.

mod change;
mod list;
mod members;

pub use change::{Create, Created, Delete, Update};
pub use list::{Get, Got, List, Listed, Tag, Tagged};
pub use members::{AddTagUsers, DelTagUsers, Invalid};
