//! 成员管理: what apps read and change of people.

mod change;
mod delete;
mod find;
mod list_id;
mod read;

use qun_protocol::{Refusal as R, UserId, world::AppKind};
use qun_store::{Read, table::directory::Person};

use crate::{Caller, Outcome, directory::person};

/// Refuses contacts sync where it may read ids alone.
pub(crate) fn may_read(caller: &Caller) -> Outcome<()> {
    if caller.kind == AppKind::ContactsSync && !caller.rules.choices().sync_reads {
        return Err(R::SyncReads.into());
    }
    Ok(())
}

/// The person whom a call names.
fn named(read: &mut dyn Read, corp: i64, userid: &UserId) -> Outcome<Person> {
    if userid.is_empty() {
        return Err(R::UseridMissing.into());
    }
    person::known(read, corp, userid)?.ok_or_else(|| R::UseridUnknown.into())
}
