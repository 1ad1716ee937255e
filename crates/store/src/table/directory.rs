//! 通讯录: departments, people and tags.

use crate::{Read, ReadExt, Result, Row, Tx};

statements! {
    PERSON_BY_USERID = "SELECT person, userid, name, alias, mobile, email, status, real_named, customer_contact, licence_end FROM person WHERE corp = $1 AND folded = $2";
    PERSON_BY_KEY = "SELECT person, userid, name, alias, mobile, email, status, real_named, customer_contact, licence_end FROM person WHERE corp = $1 AND person = $2";
    PERSONS = "SELECT person, userid, name, alias, mobile, email, status, real_named, customer_contact, licence_end FROM person WHERE corp = $1 AND person > $2 ORDER BY person LIMIT $3";
    PERSONS_SEARCHED = "SELECT person, userid, name, alias, mobile, email, status, real_named, customer_contact, licence_end, search FROM person WHERE corp = $1 AND person > $2 ORDER BY person";
    KEYS = "SELECT l.n, p.person, p.status FROM {texts $2} AS l JOIN person p ON p.corp = $1 AND p.folded = l.v ORDER BY l.n";
    USERIDS = "SELECT p.person, p.userid FROM {ints $2} AS l JOIN person p ON p.corp = $1 AND p.person = l.v";
    STAFF = "SELECT COUNT(*) FROM (SELECT 1 FROM person WHERE corp = $1 AND status <> 5 LIMIT $2) AS n";
    NEXT_PERSON = "SELECT COALESCE(MAX(person), 0) + 1 FROM person WHERE corp = $1";
    INSERT_PERSON = "INSERT INTO person (corp, person, userid, folded, search, name, alias, mobile, email, status, real_named, customer_contact, licence_end) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    UPDATE_PERSON = "UPDATE person SET userid = $3, folded = $4, search = $5, name = $6, alias = $7, mobile = $8, email = $9, status = $10, real_named = $11, customer_contact = $12, licence_end = $13 WHERE corp = $1 AND person = $2";
    DELETE_PERSON = "DELETE FROM person WHERE corp = $1 AND person = $2";
    DETAIL_TAKEN = "SELECT 1 FROM person WHERE corp = $1 AND person <> $2 AND (mobile = $3 OR email = $4) LIMIT 1";
    DEPARTMENTS_OF = "SELECT department FROM person_department WHERE corp = $1 AND person = $2 ORDER BY department";
    CLEAR_DEPARTMENTS = "DELETE FROM person_department WHERE corp = $1 AND person = $2";
    ADD_DEPARTMENT = "INSERT INTO person_department (corp, person, department) VALUES ($1, $2, $3) ON CONFLICT (corp, person, department) DO NOTHING";
    DEPARTMENT = "SELECT department, parent, name, ord FROM department WHERE corp = $1 AND department = $2";
    DEPARTMENTS = "SELECT department, parent, name, ord FROM department WHERE corp = $1 ORDER BY department";
    PUT_DEPARTMENT = "INSERT INTO department (corp, department, parent, name, ord) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corp, department) DO UPDATE SET parent = excluded.parent, name = excluded.name, ord = excluded.ord";
    DELETE_DEPARTMENT = "DELETE FROM department WHERE corp = $1 AND department = $2";
    DEPARTMENT_CHILD = "SELECT 1 FROM department WHERE corp = $1 AND parent = $2 LIMIT 1";
    DEPARTMENT_MEMBER = "SELECT 1 FROM person_department WHERE corp = $1 AND department = $2 LIMIT 1";
    TAG = "SELECT tag, name FROM tag WHERE corp = $1 AND tag = $2";
    TAGS = "SELECT tag, name FROM tag WHERE corp = $1 ORDER BY tag";
    PUT_TAG = "INSERT INTO tag (corp, tag, name) VALUES ($1, $2, $3) ON CONFLICT (corp, tag) DO UPDATE SET name = excluded.name";
    DELETE_TAG = "DELETE FROM tag WHERE corp = $1 AND tag = $2";
    TAG_MEMBERS = "SELECT kind, id FROM tag_member WHERE corp = $1 AND tag = $2 ORDER BY kind, id";
    CLEAR_TAG = "DELETE FROM tag_member WHERE corp = $1 AND tag = $2";
    ADD_TAG_MEMBER = "INSERT INTO tag_member (corp, tag, kind, id) VALUES ($1, $2, $3, $4) ON CONFLICT (corp, tag, kind, id) DO NOTHING";
    FORGET_TAG_MEMBER = "DELETE FROM tag_member WHERE corp = $1 AND kind = $2 AND id = $3";
}

/// The root department, which every company has.
pub const ROOT: i64 = 1;

/// An employee.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The key.
    pub person: i64,
    /// The userid as written.
    pub userid: String,
    /// The name.
    pub name: String,
    /// The alias.
    pub alias: Option<String>,
    /// The mobile number, unique in the company.
    pub mobile: Option<String>,
    /// The e-mail address, unique in the company.
    pub email: Option<String>,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    pub status: i64,
    /// 实名认证
    pub real_named: bool,
    /// Has customer contact.
    pub customer_contact: bool,
    /// When the licence ends, seconds UTC.
    pub licence_end: Option<i64>,
}

fn person(row: &dyn Row) -> Person {
    Person {
        person: row.int(0),
        userid: row.text(1).to_owned(),
        name: row.text(2).to_owned(),
        alias: row.opt_text(3).map(str::to_owned),
        mobile: row.opt_text(4).map(str::to_owned),
        email: row.opt_text(5).map(str::to_owned),
        status: row.int(6),
        real_named: row.flag(7),
        customer_contact: row.flag(8),
        licence_end: row.opt_int(9),
    }
}

/// The person with a userid, which must already be without case.
pub fn person_by_userid(read: &mut dyn Read, corp: i64, folded: &str) -> Result<Option<Person>> {
    read.one(PERSON_BY_USERID, &[corp.into(), folded.into()], person)
}

/// The person with a key.
pub fn person_by_key(read: &mut dyn Read, corp: i64, key: i64) -> Result<Option<Person>> {
    read.one(PERSON_BY_KEY, &[corp.into(), key.into()], person)
}

/// A page of people after a key, by key.
pub fn persons(read: &mut dyn Read, corp: i64, after: i64, limit: i64) -> Result<Vec<Person>> {
    read.all(PERSONS, &[corp.into(), after.into(), limit.into()], person)
}

/// The first `limit` people after a key whose userid or name holds a text (already without case).
pub fn search_persons(
    read: &mut dyn Read,
    corp: i64,
    after: i64,
    limit: usize,
    text: &str,
) -> Result<Vec<Person>> {
    read.first(
        PERSONS_SEARCHED,
        &[corp.into(), after.into()],
        limit,
        |row| row.text(10).contains(text).then(|| person(row)),
    )
}

/// For a JSON list of userids without case: place in the list, key and status of each that is known.
pub fn keys(read: &mut dyn Read, corp: i64, folded: &str) -> Result<Vec<(usize, i64, i64)>> {
    read.all(KEYS, &[corp.into(), folded.into()], |row| {
        (
            usize::try_from(row.int(0)).unwrap_or(0),
            row.int(1),
            row.int(2),
        )
    })
}

/// The userids of keys, in no order.
pub fn userids(read: &mut dyn Read, corp: i64, keys: &[i64]) -> Result<Vec<(i64, String)>> {
    let list = super::chat::int_list(keys);
    read.all(USERIDS, &[corp.into(), (&list).into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}

/// How many people of a company have not left, counted up to a number.
pub fn staff(read: &mut dyn Read, corp: i64, most: i64) -> Result<i64> {
    Ok(read.int(STAFF, &[corp.into(), most.into()])?.unwrap_or(0))
}

/// The key for one more person.
pub fn next_person(read: &mut dyn Read, corp: i64) -> Result<i64> {
    Ok(read.int(NEXT_PERSON, &[corp.into()])?.unwrap_or(1))
}

/// Adds a person, or saves one who is there.
pub fn put_person(tx: &mut dyn Tx, corp: i64, p: &Person, new: bool) -> Result<()> {
    let folded = p.userid.to_ascii_lowercase();
    let search = format!("{folded}\n{}", p.name.to_ascii_lowercase());
    let vals = [
        corp.into(),
        p.person.into(),
        (&p.userid).into(),
        (&folded).into(),
        (&search).into(),
        (&p.name).into(),
        p.alias.as_ref().into(),
        p.mobile.as_ref().into(),
        p.email.as_ref().into(),
        p.status.into(),
        p.real_named.into(),
        p.customer_contact.into(),
        p.licence_end.into(),
    ];
    tx.exec(if new { INSERT_PERSON } else { UPDATE_PERSON }, &vals)
        .map(drop)
}

/// Removes a person with departments and tags.
pub fn delete_person(tx: &mut dyn Tx, corp: i64, key: i64) -> Result<()> {
    tx.exec(CLEAR_DEPARTMENTS, &[corp.into(), key.into()])?;
    tx.exec(
        FORGET_TAG_MEMBER,
        &[corp.into(), super::app::range::PERSON.into(), key.into()],
    )?;
    super::app::forget(tx, corp, super::app::range::PERSON, key)?;
    tx.exec(DELETE_PERSON, &[corp.into(), key.into()]).map(drop)
}

/// Whether someone else has this mobile number or e-mail address.
pub fn detail_taken(
    read: &mut dyn Read,
    corp: i64,
    key: i64,
    mobile: Option<&str>,
    email: Option<&str>,
) -> Result<bool> {
    read.exists(
        DETAIL_TAKEN,
        &[corp.into(), key.into(), mobile.into(), email.into()],
    )
}

/// The departments of a person.
pub fn departments_of(read: &mut dyn Read, corp: i64, key: i64) -> Result<Vec<i64>> {
    read.all(DEPARTMENTS_OF, &[corp.into(), key.into()], |row| row.int(0))
}

/// Replaces the departments of a person.
pub fn set_departments(tx: &mut dyn Tx, corp: i64, key: i64, departments: &[i64]) -> Result<()> {
    tx.exec(CLEAR_DEPARTMENTS, &[corp.into(), key.into()])?;
    for department in departments {
        tx.exec(
            ADD_DEPARTMENT,
            &[corp.into(), key.into(), (*department).into()],
        )?;
    }
    Ok(())
}

/// A department; the root's parent is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Department {
    /// Its id.
    pub department: i64,
    /// The one above.
    pub parent: i64,
    /// Its name.
    pub name: String,
    /// Its place among its siblings.
    pub ord: i64,
}

fn department_row(row: &dyn Row) -> Department {
    Department {
        department: row.int(0),
        parent: row.int(1),
        name: row.text(2).to_owned(),
        ord: row.int(3),
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

/// Adds or replaces a department.
pub fn put_department(tx: &mut dyn Tx, corp: i64, d: &Department) -> Result<()> {
    let vals = [
        corp.into(),
        d.department.into(),
        d.parent.into(),
        (&d.name).into(),
        d.ord.into(),
    ];
    tx.exec(PUT_DEPARTMENT, &vals).map(drop)
}

/// Whether a department has members or children.
pub fn department_in_use(read: &mut dyn Read, corp: i64, id: i64) -> Result<bool> {
    let vals = [corp.into(), id.into()];
    Ok(read.exists(DEPARTMENT_CHILD, &vals)? || read.exists(DEPARTMENT_MEMBER, &vals)?)
}

/// Removes a department.
pub fn delete_department(tx: &mut dyn Tx, corp: i64, id: i64) -> Result<()> {
    tx.exec(
        FORGET_TAG_MEMBER,
        &[corp.into(), super::app::range::DEPARTMENT.into(), id.into()],
    )?;
    super::app::forget(tx, corp, super::app::range::DEPARTMENT, id)?;
    tx.exec(DELETE_DEPARTMENT, &[corp.into(), id.into()])
        .map(drop)
}

/// The name of a tag.
pub fn tag(read: &mut dyn Read, corp: i64, id: i64) -> Result<Option<String>> {
    read.one(TAG, &[corp.into(), id.into()], |row| row.text(1).to_owned())
}

/// All tags, by id: id and name.
pub fn tags(read: &mut dyn Read, corp: i64) -> Result<Vec<(i64, String)>> {
    read.all(TAGS, &[corp.into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}

/// The members of a tag: pairs of kind (1 person, 2 department) and id.
pub fn tag_members(read: &mut dyn Read, corp: i64, id: i64) -> Result<Vec<(i64, i64)>> {
    read.all(TAG_MEMBERS, &[corp.into(), id.into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// Adds or replaces a tag with its members.
pub fn put_tag(
    tx: &mut dyn Tx,
    corp: i64,
    id: i64,
    name: &str,
    members: &[(i64, i64)],
) -> Result<()> {
    tx.exec(PUT_TAG, &[corp.into(), id.into(), name.into()])?;
    tx.exec(CLEAR_TAG, &[corp.into(), id.into()])?;
    for (kind, member) in members {
        tx.exec(
            ADD_TAG_MEMBER,
            &[corp.into(), id.into(), (*kind).into(), (*member).into()],
        )?;
    }
    Ok(())
}

/// Removes a tag.
pub fn delete_tag(tx: &mut dyn Tx, corp: i64, id: i64) -> Result<()> {
    tx.exec(CLEAR_TAG, &[corp.into(), id.into()])?;
    super::app::forget(tx, corp, super::app::range::TAG, id)?;
    tx.exec(DELETE_TAG, &[corp.into(), id.into()]).map(drop)
}
