//! Departments: what one must be, and how it is saved.

use qun_protocol::{Limit, Refusal as R, Refused, Rules};
use qun_store::{
    Read,
    table::directory::{self, Department, ROOT},
};

use super::is_over;
use crate::{Cx, Outcome, rule::recipients};

/// The largest id.
const LARGEST: i64 = u32::MAX as i64;

/// Characters that no name of a department holds.
pub(crate) const FORBIDDEN: [char; 8] = ['\\', ':', '*', '?', '"', '<', '>', '|'];

/// The department for people who are in no other, and for departments that were named before they were made.
pub(crate) const PENDING: &str = "待设置部门";

/// Checks a department and saves it.
pub(crate) fn save(cx: &mut Cx, corp: i64, rules: &Rules, wanted: &Department) -> Outcome<()> {
    check(cx.tx.as_read(), corp, rules, wanted)?;
    Ok(directory::put_department(cx.tx, corp, wanted)?)
}

/// Whether something can be the id of a department.
pub(crate) fn is_id(id: i64) -> bool {
    (1..=LARGEST).contains(&id)
}

fn check(read: &mut dyn Read, corp: i64, rules: &Rules, wanted: &Department) -> Outcome<()> {
    let id = wanted.department;
    if !is_id(id) {
        let detail = format!("a department's id is 1 to {LARGEST}");
        return Err(Refused::because(R::DepartmentIdInvalid, detail).into());
    }
    for name in [Some(&wanted.name), wanted.name_en.as_ref()]
        .into_iter()
        .flatten()
    {
        let detail =
            || format!("department {id}: its name has 1 to 64 characters without \\:*?\"<>|");
        if !(1..=64).contains(&name.chars().count()) {
            return Err(Refused::because(R::DepartmentNameLength, detail()).into());
        }
        if name.contains(FORBIDDEN) {
            return Err(Refused::because(R::DepartmentNameCharacters, detail()).into());
        }
    }
    if !(0..=LARGEST).contains(&wanted.ord) {
        return Err(Refused {
            detail: Some(format!("department {id}: order is 0 to {LARGEST}")),
            ..Refused::invalid("order")
        }
        .into());
    }
    check_place(read, corp, rules, wanted)?;
    let namesake = directory::department_named(read, corp, wanted.parent, &wanted.name)?;
    if namesake.is_some_and(|other| other != id) {
        let detail = format!("department {id}: another one beside it has its name");
        return Err(Refused::because(R::DepartmentExists, detail).into());
    }
    Ok(())
}

/// Up to the root: the parent is there, the department is not its own ancestor, and nothing stands too deep.
fn check_place(read: &mut dyn Read, corp: i64, rules: &Rules, wanted: &Department) -> Outcome<()> {
    let id = wanted.department;
    let deepest = rules.limit(Limit::DepartmentDepthMax);
    let too_deep = || {
        let detail = format!("department {id}: at most {deepest} deep, and not below itself");
        Refused::because(R::DepartmentDepth, detail)
    };
    let mut above = wanted.parent;
    let mut depth = 0;
    while above != 0 {
        depth += 1;
        if above == id {
            return Err(Refused {
                refusal: R::DepartmentCycle,
                ..too_deep()
            }
            .into());
        }
        if depth > deepest {
            return Err(too_deep().into());
        }
        above = directory::department(read, corp, above)?
            .ok_or_else(|| Refused::because(R::ParentNotFound, above.to_string()))?
            .parent;
    }
    if wanted.parent != 0 {
        depth += height_below(read, corp, id, wanted.parent)?;
    }
    if depth > deepest {
        let detail = format!("department {id}: what is below it would be more than {deepest} deep");
        return Err(Refused::because(R::DepartmentDepth, detail).into());
    }
    Ok(())
}

/// How many levels there are below a department that moves under another parent; 0 where it stays or is new.
fn height_below(read: &mut dyn Read, corp: i64, id: i64, parent: i64) -> Outcome<i64> {
    if directory::department(read, corp, id)?.is_none_or(|known| known.parent == parent) {
        return Ok(0);
    }
    let all = directory::departments(read, corp)?;
    let mut level = vec![id];
    let mut height = 0;
    loop {
        let below = all.iter().filter(|d| level.contains(&d.parent));
        level = below.map(|d| d.department).collect();
        if level.is_empty() {
            return Ok(height);
        }
        height += 1;
    }
}

/// Refuses one more person or department below a department that is full.
pub(crate) fn has_room(read: &mut dyn Read, corp: i64, rules: &Rules, id: i64) -> Outcome<()> {
    let nodes = directory::nodes_below(read, corp, id)?;
    if is_over(rules, Limit::DepartmentNodesMax, nodes + 1) {
        return Err(R::DepartmentFull.into());
    }
    Ok(())
}

/// The department for people who are in no other, made where it is not there.
pub(crate) fn pending(cx: &mut Cx, corp: i64, rules: &Rules) -> Outcome<i64> {
    if let Some(id) = directory::department_named(cx.tx.as_read(), corp, ROOT, PENDING)? {
        return Ok(id);
    }
    let wanted = Department {
        department: directory::next_department(cx.tx.as_read(), corp)?,
        parent: ROOT,
        name: PENDING.into(),
        ..Department::default()
    };
    save(cx, corp, rules, &wanted)?;
    Ok(wanted.department)
}

/// Departments with all below them, out of all; by id.
pub(crate) fn with_below(all: &[Department], ids: &[i64]) -> Vec<i64> {
    let parents: Vec<(i64, i64)> = all.iter().map(|one| (one.department, one.parent)).collect();
    let found = recipients::with_below(&parents, ids.iter().copied());
    found.into_iter().collect()
}
