//! 部门管理: what apps read and change of departments.

mod change;
mod list;

use qun_protocol::Refusal as R;
use qun_store::{
    Read,
    table::directory::{self, Department},
};

use crate::{
    Caller, Outcome,
    directory::{View, department},
};

/// The department that a call names.
fn named(read: &mut dyn Read, corp: i64, id: i64) -> Outcome<Department> {
    if !department::is_id(id) {
        return Err(R::DepartmentIdInvalid.into());
    }
    directory::department(read, corp, id)?.ok_or_else(|| R::DepartmentNotFound.into())
}

/// The department that a call names, which the app must see.
pub(crate) fn seen(
    read: &mut dyn Read,
    caller: &Caller,
    view: &mut View,
    id: i64,
) -> Outcome<Department> {
    let department = named(read, caller.corp, id)?;
    if view.sees_department(read, id)? {
        Ok(department)
    } else {
        Err(R::NoPrivilege.into())
    }
}
