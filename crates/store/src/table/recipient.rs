//! What of the directory decides who gets a message: many people, departments and tags at once.

use crate::{Read, ReadExt, Result, Row};

use super::chat::int_list;

statements! {
    NAMED = "SELECT p.person, p.folded, p.status, p.licence_end FROM {texts $2} AS l CROSS JOIN person p WHERE p.corp = $1 AND p.folded = l.v";
    KEYED = "SELECT p.person, p.folded, p.status, p.licence_end FROM {ints $2} AS l CROSS JOIN person p WHERE p.corp = $1 AND p.person = l.v";
    IN_DEPARTMENTS = "SELECT p.person, p.folded, p.status, p.licence_end FROM person p WHERE p.corp = $1 AND p.person IN (SELECT d.person FROM {ints $2} AS l CROSS JOIN person_department d WHERE d.corp = $1 AND d.department = l.v)";
    EVERYONE = "SELECT person, folded, status, licence_end FROM person WHERE corp = $1";
    DEPARTMENTS = "SELECT d.person, d.department FROM {ints $2} AS l CROSS JOIN person_department d WHERE d.corp = $1 AND d.person = l.v";
    TAGS = "SELECT t.tag, m.kind, m.id FROM {ints $2} AS l CROSS JOIN tag t LEFT JOIN tag_member m ON m.corp = t.corp AND m.tag = t.tag WHERE t.corp = $1 AND t.tag = l.v";
    TITLES = "SELECT l.n, p.person, p.name, p.alias FROM {texts $2} AS l CROSS JOIN person p WHERE p.corp = $1 AND p.folded = l.v";
}

/// A person who may get a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The key.
    pub person: i64,
    /// The userid without case.
    pub userid: String,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    pub status: i64,
    /// When the licence ends, seconds UTC; never where absent.
    pub licence_end: Option<i64>,
}

fn person(row: &dyn Row) -> Person {
    Person {
        person: row.int(0),
        userid: row.text(1).to_owned(),
        status: row.int(2),
        licence_end: row.opt_int(3),
    }
}

/// The people of a JSON list of userids without case, in no order.
pub fn named(read: &mut dyn Read, corp: i64, userids: &str) -> Result<Vec<Person>> {
    read.all(NAMED, &[corp.into(), userids.into()], person)
}

/// The people with these keys, in no order.
pub fn keyed(read: &mut dyn Read, corp: i64, keys: &[i64]) -> Result<Vec<Person>> {
    let list = int_list(keys);
    read.all(KEYED, &[corp.into(), (&list).into()], person)
}

/// The people of these departments, each once, in no order.
pub fn in_departments(read: &mut dyn Read, corp: i64, departments: &[i64]) -> Result<Vec<Person>> {
    let list = int_list(departments);
    read.all(IN_DEPARTMENTS, &[corp.into(), (&list).into()], person)
}

/// Everybody.
pub fn everyone(read: &mut dyn Read, corp: i64) -> Result<Vec<Person>> {
    read.all(EVERYONE, &[corp.into()], person)
}

/// The departments of people: pairs of person and department.
pub fn departments(read: &mut dyn Read, corp: i64, keys: &[i64]) -> Result<Vec<(i64, i64)>> {
    let list = int_list(keys);
    read.all(DEPARTMENTS, &[corp.into(), (&list).into()], |row| {
        (row.int(0), row.int(1))
    })
}

/// A tag that is there, with one of its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The tag.
    pub tag: i64,
    /// Kind, as [`super::app::range`] has them, and id of the member; none where the tag has no member.
    pub member: Option<(i64, i64)>,
}

/// Those of these tags that are there, once for each member.
pub fn tags(read: &mut dyn Read, corp: i64, tags: &[i64]) -> Result<Vec<Tagged>> {
    let list = int_list(tags);
    read.all(TAGS, &[corp.into(), (&list).into()], |row| Tagged {
        tag: row.int(0),
        member: row.opt_int(1).zip(row.opt_int(2)),
    })
}

/// What a person is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    /// The place of the userid in the list that was asked for.
    pub place: usize,
    /// The key.
    pub person: i64,
    /// The name.
    pub name: String,
    /// The alias.
    pub alias: Option<String>,
}

/// What the people of a JSON list of userids without case are called.
pub fn titles(read: &mut dyn Read, corp: i64, userids: &str) -> Result<Vec<Title>> {
    read.all(TITLES, &[corp.into(), userids.into()], |row| Title {
        place: usize::try_from(row.int(0)).unwrap_or(usize::MAX),
        person: row.int(1),
        name: row.text(2).to_owned(),
        alias: row.opt_text(3).map(str::to_owned),
    })
}
