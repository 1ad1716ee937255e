//! What the people of the groups do on their phones. Own API, with the manage token.

mod app;
mod card;
mod groups;
mod inbox;
mod say;
mod steps;

pub use app::{EnterApp, Place, SayToApp, SharedLink, SubscribeApp, Told, UnsubscribeApp};
pub use card::{Chosen, TapCard};
pub use groups::{Group, Groups, GroupsOf};
pub use inbox::{Arrived, Drop, Inbox, InboxPage};
pub use say::{Said, Say};
pub use steps::{HandOver, Leave, Remove, Rename};
