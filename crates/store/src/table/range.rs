//! Who is inside a visible range.

use super::chat::int_list;
use crate::{Read, ReadExt, Result};

statements! {
    STAFF = "SELECT COUNT(*) FROM (SELECT 1 FROM person WHERE corp = $1 AND status <> 5 LIMIT $2) AS n";
    EVERYBODY = "SELECT person, status FROM person WHERE corp = $1 ORDER BY person";
    IN_DEPARTMENTS = "SELECT DISTINCT d.person FROM {ints $2} AS l JOIN person_department d ON d.corp = $1 AND d.department = l.v";
    LEFT = "SELECT p.person FROM {ints $2} AS l JOIN person p ON p.corp = $1 AND p.person = l.v WHERE p.status = 5";
}

/// How many people of a company have not left, counted up to a number.
pub fn staff(read: &mut dyn Read, corp: i64, most: i64) -> Result<i64> {
    Ok(read.int(STAFF, &[corp.into(), most.into()])?.unwrap_or(0))
}

/// Everybody of a company, and whether that person has left.
pub fn everybody(read: &mut dyn Read, corp: i64) -> Result<Vec<(i64, bool)>> {
    read.all(EVERYBODY, &[corp.into()], |row| {
        (row.int(0), row.int(1) == 5)
    })
}

/// Who is in one of these departments, each once, in no order.
pub fn in_departments(read: &mut dyn Read, corp: i64, departments: &[i64]) -> Result<Vec<i64>> {
    let list = int_list(departments);
    read.all(IN_DEPARTMENTS, &[corp.into(), (&list).into()], |row| {
        row.int(0)
    })
}

/// Those among people who have left.
pub fn left(read: &mut dyn Read, corp: i64, people: &[i64]) -> Result<Vec<i64>> {
    let list = int_list(people);
    read.all(LEFT, &[corp.into(), (&list).into()], |row| row.int(0))
}
