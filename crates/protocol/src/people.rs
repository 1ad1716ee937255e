//! What the people of the groups do on their phones. Own API, with the manage token.

mod app;
mod card;
mod customer_group;
mod groups;
mod inbox;
mod join_way;
mod say;
mod steps;

pub use app::{EnterApp, Place, SayToApp, SharedLink, SubscribeApp, Told, UnsubscribeApp};
pub use card::{Chosen, TapCard};
pub use customer_group::{
    CreateGroup, CreatedGroup, Dismiss, GroupCode, Invite, Invited, Join, Joined, OpenMiniProgram,
    Opengid, SetAdmins, SetNickname, SetNotice, ShareLink, ShowQrCode,
};
pub use groups::{Group, Groups, GroupsOf};
pub use inbox::{Arrived, Drop, Inbox, InboxPage};
pub use join_way::{Scan, TapJoinWay};
pub use say::{Said, Say};
pub use steps::{HandOver, Leave, Remove, Rename};
