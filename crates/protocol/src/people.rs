//! What the people of the groups do on their phones. Own API, with the manage token.

mod app;
mod groups;
mod inbox;
mod room;
mod say;
mod steps;

pub use app::{EnterApp, Place, SayToApp, SharedLink, SubscribeApp, Told, UnsubscribeApp};
pub use groups::{Group, Groups, GroupsOf};
pub use inbox::{Arrived, Drop, Inbox, InboxPage};
pub use room::{AcceptCard, Card, CardState, Cards, CardsOf, IgnoreCard, SyncRoom};
pub use say::{Said, Say};
pub use steps::{HandOver, Leave, Remove, Rename};
