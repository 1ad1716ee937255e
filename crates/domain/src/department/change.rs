use qun_protocol::{
    Done, Limit, Refusal as R,
    department::{Create, Created, Delete, Update},
};
use qun_store::table::directory::{self, Department, ROOT};

use super::named;
use crate::{
    Command, Cx, Outcome, Use,
    directory::{changed, department, is_over},
};

impl Command<Create> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Create) -> Outcome<Created> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let id = match request.id {
            None | Some(0) => directory::next_department(cx.tx.as_read(), corp)?,
            Some(ROOT) => return Err(R::DepartmentIdInvalid.into()),
            Some(id) if directory::department(cx.tx.as_read(), corp, id)?.is_some() => {
                return Err(R::DepartmentExists.into());
            }
            Some(id) => id,
        };
        let wanted = Department {
            department: id,
            parent: request
                .parentid
                .filter(|parent| *parent > 0)
                .ok_or(R::ParentNotFound)?,
            name: request.name.clone().unwrap_or_default(),
            name_en: request.name_en.clone(),
            ord: request.order.unwrap_or(0),
        };
        department::save(cx, corp, rules, &wanted)?;
        // The new one stands there already.
        let nodes = directory::nodes_below(cx.tx.as_read(), corp, wanted.parent)?;
        let all = directory::department_count(cx.tx.as_read(), corp)?;
        if is_over(rules, Limit::DepartmentNodesMax, nodes.max(all)) {
            return Err(R::DepartmentFull.into());
        }
        changed(cx, corp)?;
        Ok(Created { id })
    }
}

impl Command<Update> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Update) -> Outcome<Done> {
        let caller = cx.caller()?;
        let (corp, rules) = (caller.corp, &*caller.rules);
        let id = request.id.ok_or(R::DepartmentIdInvalid)?;
        let before = named(cx.tx.as_read(), corp, id)?;
        let mut wanted = before.clone();
        // The root has nothing above it.
        if let Some(parent) = request.parentid.filter(|_| id != ROOT) {
            if parent <= 0 {
                return Err(R::ParentNotFound.into());
            }
            wanted.parent = parent;
        }
        if let Some(name) = &request.name {
            wanted.name.clone_from(name);
        }
        if request.name_en.is_some() {
            wanted.name_en.clone_from(&request.name_en);
        }
        wanted.ord = request.order.unwrap_or(wanted.ord);
        department::save(cx, corp, rules, &wanted)?;
        if wanted.parent != before.parent {
            let nodes = directory::nodes_below(cx.tx.as_read(), corp, wanted.parent)?;
            if is_over(rules, Limit::DepartmentNodesMax, nodes) {
                return Err(R::DepartmentFull.into());
            }
        }
        changed(cx, corp)?;
        Ok(Done {})
    }
}

impl Command<Delete> for Use {
    const EVICTS: bool = true;

    fn run(cx: &mut Cx, request: &Delete) -> Outcome<Done> {
        let corp = cx.caller()?.corp;
        let id = request.id.ok_or(R::DepartmentIdInvalid)?;
        named(cx.tx.as_read(), corp, id)?;
        if id == ROOT {
            return Err(R::RootStays.into());
        }
        if directory::has_children(cx.tx.as_read(), corp, id)? {
            return Err(R::DepartmentHasChildren.into());
        }
        if directory::has_members(cx.tx.as_read(), corp, id)? {
            return Err(R::DepartmentHasMembers.into());
        }
        directory::delete_department(cx.tx, corp, id)?;
        changed(cx, corp)?;
        Ok(Done {})
    }
}
