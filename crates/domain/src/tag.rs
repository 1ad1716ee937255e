//! 标签管理: what apps read and change of tags.

mod change;
mod list;
mod members;

use qun_protocol::Refusal as R;
use qun_store::{
    Read,
    table::directory::{self, Tag},
};

use crate::{Caller, Outcome};

/// The tag that a call names.
fn named(read: &mut dyn Read, corp: i64, id: Option<i64>) -> Outcome<Tag> {
    let id = id.ok_or(R::TagidMissing)?;
    directory::tag(read, corp, id)?.ok_or_else(|| R::TagidInvalid.into())
}

/// The tag that a call names, which the calling app must have made.
fn own(read: &mut dyn Read, caller: &Caller, id: Option<i64>) -> Outcome<Tag> {
    let tag = named(read, caller.corp, id)?;
    if tag.app == Some(caller.agentid) {
        Ok(tag)
    } else {
        Err(R::NotTagsMaker.into())
    }
}
