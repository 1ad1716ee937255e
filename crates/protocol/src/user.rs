//! 成员管理: the people of a company, as its own tools keep them.

mod change;
mod delete;
mod find;
mod get;
mod list;
mod list_id;
mod profile;

pub use change::{Create, Created, DepartmentInfo, DepartmentList, Update, Updated};
pub use delete::{BatchDelete, Delete};
pub use find::{Found, GetUserId, GetUserIdByEmail};
pub use get::{Detail, Get};
pub use list::{Brief, List, Listed, SimpleList, SimpleListed};
pub use list_id::{DeptUser, ListId, ListedIds};
pub use profile::{Attr, AttrText, AttrWeb, ExtAttr, ExternalProfile, MiniProgram, WechatChannels};
