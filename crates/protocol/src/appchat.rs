//! 应用发送消息到群聊会话: internal groups that an app makes and speaks in (documents 000 and 001).

mod check;
mod create;
mod get;
mod members;
mod quit;
mod send;
mod update;
mod write;

pub use crate::check::Unfit;
pub use create::{Create, Created};
pub use get::{ChatInfo, Get, Got};
pub use members::{Member, Members, MembersOf};
pub use quit::Quit;
pub use send::{
    Article, ArticlePage, File, Image, MESSAGE_TYPES, Markdown, MpNews, News, Send, Text, TextCard,
    Video, Voice,
};
pub use update::Update;
pub(crate) use write::kinds;
