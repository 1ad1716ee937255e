#![doc = include_str!("../GUIDE.md")]

mod builder;
pub mod callback;
mod chat;
mod client;
mod customer_group;
mod directory;
mod error;
pub mod juzi;
mod manager;
mod media;
mod message;
mod pace;
mod statistic;
mod token;
mod wire;

pub use builder::{Builder, CLOUD};
pub use chat::Chat;
pub use client::{Client, Download};
pub use customer_group::{
    CustomerGroups, GroupTransfer, JoinWays, TransferAll, TransferReport, TransferState,
};
pub use directory::{Directory, LeftOut, Mailbox};
pub use error::Error;
pub use manager::{Manager, Paged};
pub use media::{Attachment, Incoming, Media};
pub use message::{Messages, Plan, Sent, To, Unfinished};
pub use pace::Pacing;
pub use qun_crypt as crypt;
pub use qun_protocol as protocol;
pub use qun_protocol::{
    appchat::{
        Article, ArticlePage, Create, File, Image, Markdown, MpNews, News, Send, Text, TextCard,
        Unfit, Update, Video, Voice,
    },
    groupchat::AddJoinWay,
    media::MediaType,
    message::{
        CardAction, CardButton, CardOption, Checkbox, MiniprogramNotice, Selection,
        Send as Message, SubmitButton, TemplateCard, UpdateTemplateCard,
    },
};
pub use statistic::{Days, Owners};
pub use token::{FileStore, MemoryStore, StoredToken, TokenKey, TokenStore, Turn};
pub use wire::{
    request::http_request,
    transport::{Body, NoAnswer, Transport},
};
