//! Endpoints, refusals, rulebooks, codes and ids of WeCom group chats, as data that server and client share.

pub mod all;
pub mod appchat;
pub mod check;
pub mod department;
pub mod endpoint;
pub mod envelope;
pub mod errcode;
pub mod event;
pub mod gettoken;
pub mod groupchat;
mod id;
pub mod ip_list;
pub mod lenient;
pub mod manage;
pub mod media;
pub mod message;
pub mod openapi;
pub mod people;
pub mod query;
mod refusal;
pub mod room;
pub mod rulebook;
pub mod tag;
pub mod text;
pub mod user;
pub mod world;

pub use endpoint::{Auth, Body, Callers, Endpoint, Envelope, Meta, Method};
pub use id::{ChatId, ConfigId, CorpId, ExternalUserId, GroupChatId, MediaId, Name, UserId, fold};
pub use refusal::{Refusal, Refused};
pub use rulebook::{Limit, Rulebook, Rules, UNLIMITED, Window};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An answer that says nothing but that it worked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {}
