use std::collections::BTreeMap;

use crate::{Read, ReadExt, Result, Row, Tx, table::app};

statements! {
    PERSON_BY_USERID = "SELECT person, userid, name, alias, mobile, email, biz_mail, status, real_named, customer_contact, licence_end FROM person WHERE corp = $1 AND folded = $2";
    PERSON_BY_KEY = "SELECT person, userid, name, alias, mobile, email, biz_mail, status, real_named, customer_contact, licence_end FROM person WHERE corp = $1 AND person = $2";
    PERSONS = "SELECT person, userid, name, alias, mobile, email, biz_mail, status, real_named, customer_contact, licence_end FROM person WHERE corp = $1 AND person > $2 ORDER BY person LIMIT $3";
    PERSONS_SEARCHED = "SELECT person, userid, name, alias, mobile, email, biz_mail, status, real_named, customer_contact, licence_end, search FROM person WHERE corp = $1 AND person > $2 ORDER BY person";
    PERSONS_KEYED = "SELECT p.person, p.userid, p.name, p.alias, p.mobile, p.email, p.biz_mail, p.status, p.real_named, p.customer_contact, p.licence_end, p.profile FROM {ints $2} AS l JOIN person p ON p.corp = $1 AND p.person = l.v ORDER BY l.n";
    KEYS = "SELECT l.n, p.person, p.status FROM {texts $2} AS l JOIN person p ON p.corp = $1 AND p.folded = l.v ORDER BY l.n";
    USERIDS = "SELECT p.person, p.userid FROM {ints $2} AS l CROSS JOIN person p WHERE p.corp = $1 AND p.person = l.v";
    STAFF = "SELECT COUNT(*) FROM (SELECT 1 FROM person WHERE corp = $1 AND status <> 5 LIMIT $2) AS n";
    STATUSES = "SELECT person, status FROM person WHERE corp = $1 LIMIT $2";
    NEXT_PERSON = "SELECT COALESCE(MAX(person), 0) + 1 FROM person WHERE corp = $1";
    INSERT_PERSON = "INSERT INTO person (corp, person, userid, folded, search, name, alias, mobile, email, biz_mail, status, real_named, customer_contact, licence_end) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    UPDATE_PERSON = "UPDATE person SET userid = $3, folded = $4, search = $5, name = $6, alias = $7, mobile = $8, email = $9, biz_mail = $10, status = $11, real_named = $12, customer_contact = $13, licence_end = $14 WHERE corp = $1 AND person = $2";
    DELETE_PERSON = "DELETE FROM person WHERE corp = $1 AND person = $2";
    PROFILE = "SELECT profile FROM person WHERE corp = $1 AND person = $2";
    SET_PROFILE = "UPDATE person SET profile = $3 WHERE corp = $1 AND person = $2";
    BY_MOBILE = "SELECT person FROM person WHERE corp = $1 AND mobile = $2";
    BY_EMAIL = "SELECT person FROM person WHERE corp = $1 AND email = $2";
    BY_BIZ_MAIL = "SELECT person FROM person WHERE corp = $1 AND biz_mail = $2";
    PLACES_OF = "SELECT d.person, d.department, d.ord, d.leader FROM person_department d WHERE d.corp = $1 AND d.person IN (SELECT l.v FROM {ints $2} AS l) ORDER BY d.person, d.department";
    PLACES_AFTER = "SELECT d.person, d.department, p.userid FROM person_department d JOIN person p ON p.corp = d.corp AND p.person = d.person WHERE d.corp = $1 AND (d.person, d.department) > ($2, $3) ORDER BY d.person, d.department LIMIT $4";
    PEOPLE_IN = "SELECT d.person, d.ord FROM person_department d WHERE d.corp = $1 AND d.department IN (SELECT l.v FROM {ints $2} AS l)";
    CLEAR_PLACES = "DELETE FROM person_department WHERE corp = $1 AND person = $2";
    ADD_PLACE = "INSERT INTO person_department (corp, person, department, ord, leader) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (corp, person, department) DO NOTHING";
}

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
    /// The company's e-mail address of the person, unique in the company.
    pub biz_mail: Option<String>,
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
        biz_mail: row.opt_text(6).map(str::to_owned),
        status: row.int(7),
        real_named: row.flag(8),
        customer_contact: row.flag(9),
        licence_end: row.opt_int(10),
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
        |row| row.text(11).contains(text).then(|| person(row)),
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
    let list = crate::table::chat::int_list(keys);
    read.all(USERIDS, &[corp.into(), (&list).into()], |row| {
        (row.int(0), row.text(1).to_owned())
    })
}

/// How many people of a company have not left, counted up to a number.
pub fn staff(read: &mut dyn Read, corp: i64, most: i64) -> Result<i64> {
    Ok(read.int(STAFF, &[corp.into(), most.into()])?.unwrap_or(0))
}

/// Key and status of the people of a company, of at most so many, in no order.
pub fn statuses(read: &mut dyn Read, corp: i64, most: i64) -> Result<Vec<(i64, i64)>> {
    read.all(STATUSES, &[corp.into(), most.into()], |row| {
        (row.int(0), row.int(1))
    })
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
        p.biz_mail.as_ref().into(),
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
    forget_person(tx, corp, key)?;
    tx.exec(DELETE_PERSON, &[corp.into(), key.into()]).map(drop)
}

/// Takes a person out of departments, tags and visible ranges.
pub fn forget_person(tx: &mut dyn Tx, corp: i64, key: i64) -> Result<()> {
    tx.exec(CLEAR_PLACES, &[corp.into(), key.into()])?;
    super::forget_tag_member(tx, corp, app::range::PERSON, key)?;
    app::forget(tx, corp, app::range::PERSON, key)
}

/// What is shown of a person beside the row itself, as JSON.
pub fn profile(read: &mut dyn Read, corp: i64, key: i64) -> Result<Option<String>> {
    let shown = read.one(PROFILE, &[corp.into(), key.into()], |row| {
        row.opt_text(0).map(str::to_owned)
    })?;
    Ok(shown.flatten())
}

/// Sets what is shown of a person beside the row itself, as JSON.
pub fn set_profile(tx: &mut dyn Tx, corp: i64, key: i64, profile: Option<&str>) -> Result<()> {
    tx.exec(SET_PROFILE, &[corp.into(), key.into(), profile.into()])
        .map(drop)
}

/// People by their keys, in that order, each with the profile; keys of nobody are left out.
pub fn people(
    read: &mut dyn Read,
    corp: i64,
    keys: &[i64],
) -> Result<Vec<(Person, Option<String>)>> {
    let list = crate::table::chat::int_list(keys);
    read.all(PERSONS_KEYED, &[corp.into(), (&list).into()], |row| {
        (person(row), row.opt_text(11).map(str::to_owned))
    })
}

/// A detail that no two people of a company share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The mobile number.
    Mobile,
    /// The e-mail address.
    Email,
    /// The company's e-mail address of the person.
    BizMail,
}

/// The key of the person who has a detail.
pub fn person_with(
    read: &mut dyn Read,
    corp: i64,
    detail: Detail,
    value: &str,
) -> Result<Option<i64>> {
    let sql = match detail {
        Detail::Mobile => BY_MOBILE,
        Detail::Email => BY_EMAIL,
        Detail::BizMail => BY_BIZ_MAIL,
    };
    read.int(sql, &[corp.into(), value.into()])
}

/// A person's place in a department.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The person.
    pub person: i64,
    /// The department.
    pub department: i64,
    /// The place among the department's people, higher first.
    pub ord: i64,
    /// Whether the person leads the department.
    pub leader: bool,
}

/// The departments of a person, by id.
pub fn departments_of(read: &mut dyn Read, corp: i64, key: i64) -> Result<Vec<i64>> {
    let places = places_of(read, corp, &[key])?;
    Ok(places.into_iter().map(|place| place.department).collect())
}

/// The places of people, by person and department.
pub fn places_of(read: &mut dyn Read, corp: i64, keys: &[i64]) -> Result<Vec<Place>> {
    let list = crate::table::chat::int_list(keys);
    read.all(PLACES_OF, &[corp.into(), (&list).into()], |row| Place {
        person: row.int(0),
        department: row.int(1),
        ord: row.int(2),
        leader: row.flag(3),
    })
}

/// A page of all places, by person and department: person, department and userid.
pub fn places_after(
    read: &mut dyn Read,
    corp: i64,
    after: (i64, i64),
    limit: i64,
) -> Result<Vec<(i64, i64, String)>> {
    let vals = [corp.into(), after.0.into(), after.1.into(), limit.into()];
    read.all(PLACES_AFTER, &vals, |row| {
        (row.int(0), row.int(1), row.text(2).to_owned())
    })
}

/// The people of any of these departments, each once, in the order in which a department shows them.
pub fn people_in(read: &mut dyn Read, corp: i64, departments: &[i64]) -> Result<Vec<i64>> {
    let list = crate::table::chat::int_list(departments);
    let mut highest = BTreeMap::<i64, i64>::new();
    read.each(PEOPLE_IN, &[corp.into(), (&list).into()], &mut |row| {
        let (person, ord) = (row.int(0), row.int(1));
        let known = highest.entry(person).or_insert(ord);
        *known = ord.max(*known);
        Ok(())
    })?;
    let mut people: Vec<(i64, i64)> = highest.into_iter().collect();
    // Those of one order stay in the order in which they were made.
    people.sort_by_key(|(_, ord)| std::cmp::Reverse(*ord));
    Ok(people.into_iter().map(|(person, _)| person).collect())
}

/// Replaces the places of a person; one who is `new` has none yet.
pub fn set_places(tx: &mut dyn Tx, corp: i64, key: i64, new: bool, places: &[Place]) -> Result<()> {
    if !new {
        tx.exec(CLEAR_PLACES, &[corp.into(), key.into()])?;
    }
    for place in places {
        let vals = [
            corp.into(),
            key.into(),
            place.department.into(),
            place.ord.into(),
            place.leader.into(),
        ];
        tx.exec(ADD_PLACE, &vals)?;
    }
    Ok(())
}
