use crate::{Read, ReadExt, Result, Row, Tx, table::app};

statements! {
    DEPARTMENT = "SELECT department, parent, name, name_en, ord FROM department WHERE corp = $1 AND department = $2";
    DEPARTMENTS = "SELECT department, parent, name, name_en, ord FROM department WHERE corp = $1 ORDER BY department";
    PUT_DEPARTMENT = "INSERT INTO department (corp, department, parent, name, name_en, ord) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (corp, department) DO UPDATE SET parent = excluded.parent, name = excluded.name, name_en = excluded.name_en, ord = excluded.ord";
    DELETE_DEPARTMENT = "DELETE FROM department WHERE corp = $1 AND department = $2";
    COUNT = "SELECT COUNT(*) FROM department WHERE corp = $1";
    NEXT = "SELECT COALESCE(MAX(department), 1) + 1 FROM department WHERE corp = $1";
    NAMED = "SELECT department FROM department WHERE corp = $1 AND parent = $2 AND name = $3 ORDER BY department LIMIT 1";
    CHILD = "SELECT 1 FROM department WHERE corp = $1 AND parent = $2 LIMIT 1";
    MEMBER = "SELECT 1 FROM person_department WHERE corp = $1 AND department = $2 LIMIT 1";
    CHILDREN = "SELECT COUNT(*) FROM department WHERE corp = $1 AND parent = $2";
    MEMBERS = "SELECT COUNT(*) FROM person_department WHERE corp = $1 AND department = $2";
    LEADERS = "SELECT d.department, p.userid FROM person_department d JOIN person p ON p.corp = d.corp AND p.person = d.person WHERE d.corp = $1 AND d.leader = 1 AND d.department IN (SELECT l.v FROM {ints $2} AS l) ORDER BY d.department, d.ord DESC, p.person";
}

/// The root department, which every company has.
pub const ROOT: i64 = 1;

/// A department; the root's parent is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Department {
    /// Its id.
    pub department: i64,
    /// The one above.
    pub parent: i64,
    /// Its name.
    pub name: String,
    /// Its English name.
    pub name_en: Option<String>,
    /// Its place among its siblings.
    pub ord: i64,
}

fn department_row(row: &dyn Row) -> Department {
    Department {
        department: row.int(0),
        parent: row.int(1),
        name: row.text(2).to_owned(),
        name_en: row.opt_text(3).map(str::to_owned),
        ord: row.int(4),
    }
}

/// The department with an id.
pub fn department(read: &mut dyn Read, corp: i64, id: i64) -> Result<Option<Department>> {
    read.one(DEPARTMENT, &[corp.into(), id.into()], department_row)
}

/// All departments, by id.
pub fn departments(read: &mut dyn Read, corp: i64) -> Result<Vec<Department>> {
    read.all(DEPARTMENTS, &[corp.into()], department_row)
}

/// How many departments there are, the root among them.
pub fn department_count(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(COUNT, &[corp.into()])?.unwrap_or(0))
}

/// The id for one more department.
pub fn next_department(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT, &[corp.into()])?.unwrap_or(ROOT + 1))
}

/// The department with a name directly below another.
pub fn department_named(
    read: &mut dyn Read,
    corp: i64,
    parent: i64,
    name: &str,
) -> Result<Option<i64>> {
    read.int(NAMED, &[corp.into(), parent.into(), name.into()])
}

/// How many departments and people stand directly below a department.
pub fn nodes_below(read: &mut dyn Read, corp: i64, id: i64) -> Result<i64> {
    let vals = [corp.into(), id.into()];
    let children = read.int(CHILDREN, &vals)?.unwrap_or(0);
    Ok(children + read.int(MEMBERS, &vals)?.unwrap_or(0))
}

/// Who leads departments: pairs of department and userid, by department, and in it as its people are ordered.
pub fn leaders(read: &mut dyn Read, corp: i64, ids: &[i64]) -> Result<Vec<(i64, String)>> {
    let list = crate::table::chat::int_list(ids);
    read.all(LEADERS, &[corp.into(), (&list).into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}

/// Adds or replaces a department.
pub fn put_department(tx: &mut dyn Tx, corp: i64, d: &Department) -> Result<()> {
    let vals = [
        corp.into(),
        d.department.into(),
        d.parent.into(),
        (&d.name).into(),
        d.name_en.as_ref().into(),
        d.ord.into(),
    ];
    tx.exec(PUT_DEPARTMENT, &vals).map(drop)
}

/// Whether there are departments below one.
pub fn has_children(read: &mut dyn Read, corp: i64, id: i64) -> Result<bool> {
    read.exists(CHILD, &[corp.into(), id.into()])
}

/// Whether there are people in a department.
pub fn has_members(read: &mut dyn Read, corp: i64, id: i64) -> Result<bool> {
    read.exists(MEMBER, &[corp.into(), id.into()])
}

/// Removes a department.
pub fn delete_department(tx: &mut dyn Tx, corp: i64, id: i64) -> Result<()> {
    super::forget_tag_member(tx, corp, app::range::DEPARTMENT, id)?;
    app::forget(tx, corp, app::range::DEPARTMENT, id)?;
    tx.exec(DELETE_DEPARTMENT, &[corp.into(), id.into()])
        .map(drop)
}
