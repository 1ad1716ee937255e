//! 应用消息: what an app says to people (document 003).

mod recall;
mod send;

pub use recall::Recall;
pub use send::{EVERYBODY, MESSAGE_TYPES, MiniprogramNotice, NoticeItem, Send, Sent};
