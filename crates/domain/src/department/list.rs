use std::collections::BTreeMap;

use qun_protocol::{
    Refusal as R, UserId,
    department::{Department, Get, Got, List, Listed, Node, SimpleList, SimpleListed},
};
use qun_store::{
    Read,
    table::directory::{self, Department as Row},
};

use super::seen;
use crate::{
    Caller, Outcome, Query, ReadCx, Use,
    directory::{View, department},
    user::may_read,
};

impl Query<List> for Use {
    fn run(cx: &mut ReadCx, request: &List) -> Outcome<Listed> {
        let caller = cx.who.caller()?.clone();
        may_read(&caller)?;
        let rows = rows(cx.read, &caller, request.id)?;
        let department = shown(cx.read, caller.corp, rows)?;
        Ok(Listed { department })
    }
}

impl Query<SimpleList> for Use {
    fn run(cx: &mut ReadCx, request: &SimpleList) -> Outcome<SimpleListed> {
        let caller = cx.who.caller()?.clone();
        let department_id = rows(cx.read, &caller, request.id)?
            .into_iter()
            .map(|row| Node {
                id: row.department,
                parentid: row.parent,
                order: row.ord,
            })
            .collect();
        Ok(SimpleListed { department_id })
    }
}

impl Query<Get> for Use {
    fn run(cx: &mut ReadCx, request: &Get) -> Outcome<Got> {
        let caller = cx.who.caller()?.clone();
        may_read(&caller)?;
        let id = request.id.ok_or(R::DepartmentIdInvalid)?;
        let mut view = View::of(cx.read, &caller)?;
        let row = seen(cx.read, &caller, &mut view, id)?;
        let shown = shown(cx.read, caller.corp, vec![row])?;
        let department = shown.into_iter().next().ok_or(R::DepartmentNotFound)?;
        Ok(Got { department })
    }
}

/// A department with all below it, or all that the app sees.
fn rows(read: &mut dyn Read, caller: &Caller, id: Option<i64>) -> Outcome<Vec<Row>> {
    let mut view = View::of(read, caller)?;
    let below = match id {
        Some(id) => Some(seen(read, caller, &mut view, id)?.department),
        None => None,
    };
    let mut rows = directory::departments(read, caller.corp)?;
    let ids = match below {
        Some(id) => department::with_below(&rows, &[id]),
        None => view.departments(&rows),
    };
    rows.retain(|row| ids.binary_search(&row.department).is_ok());
    Ok(rows)
}

fn shown(read: &mut dyn Read, corp: i64, rows: Vec<Row>) -> Outcome<Vec<Department>> {
    let ids: Vec<i64> = rows.iter().map(|row| row.department).collect();
    let mut leaders = BTreeMap::<i64, Vec<UserId>>::new();
    for (id, userid) in directory::leaders(read, corp, &ids)? {
        leaders.entry(id).or_default().push(UserId(userid));
    }
    let shown = rows.into_iter().map(|row| Department {
        department_leader: leaders.remove(&row.department).unwrap_or_default(),
        id: row.department,
        name: row.name,
        name_en: row.name_en,
        parentid: row.parent,
        order: row.ord,
    });
    Ok(shown.collect())
}
