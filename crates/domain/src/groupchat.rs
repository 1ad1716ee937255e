//! Customer groups as the apps of customer contact see them.

mod get;
mod join_way;
mod list;
mod opengid;
mod statistic;
mod transfer;

use qun_protocol::Refusal as R;
use qun_store::Read;

use crate::{Caller, Outcome, range};

/// Refuses a group whose owner the app does not see.
pub(crate) fn sees(read: &mut dyn Read, caller: &Caller, owner: i64) -> Outcome<()> {
    if caller.sees_root || range::holds(read, caller.corp, caller.agentid, owner)? {
        Ok(())
    } else {
        Err(R::NoPrivilege.into())
    }
}
