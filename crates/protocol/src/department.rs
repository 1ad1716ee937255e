//! 部门管理: the departments of a company, as its own tools keep them.

mod change;
mod list;

pub use change::{Create, Created, Delete, Update};
pub use list::{Department, Get, Got, List, Listed, Node, SimpleList, SimpleListed};
