//! 可见范围: which people an app sees, who have left the company among them.

use std::collections::BTreeMap;

use qun_protocol::world::UserStatus;
use qun_store::{
    Read,
    table::{
        directory,
        recipient::{self, Person},
    },
};

use crate::{Outcome, message::recipients::visible};

/// Everybody whom an app sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The whole company.
    Everybody,
    /// These, and whether they have left the company.
    People(BTreeMap<i64, bool>),
}

/// Whether an app sees a person.
pub(crate) fn holds(read: &mut dyn Read, corp: i64, agentid: i64, person: i64) -> Outcome<bool> {
    let (circle, _) = visible(read, corp, agentid)?;
    let departments = directory::departments_of(read, corp, person)?;
    Ok(circle.holds(person, &departments))
}

/// Everybody whom an app sees.
pub(crate) fn sight(read: &mut dyn Read, corp: i64, agentid: i64) -> Outcome<Sight> {
    let (circle, _) = visible(read, corp, agentid)?;
    if circle.everyone || circle.departments.contains(&directory::ROOT) {
        return Ok(Sight::Everybody);
    }
    let departments: Vec<i64> = circle.departments.into_iter().collect();
    let people: Vec<i64> = circle.people.into_iter().collect();
    let mut found = recipient::in_departments(read, corp, &departments)?;
    found.extend(recipient::keyed(read, corp, &people)?);
    Ok(Sight::People(found.iter().map(leaver).collect()))
}

/// A person, and whether he has left the company.
pub(crate) fn leaver(person: &Person) -> (i64, bool) {
    let left = UserStatus::numbered(person.status) == UserStatus::Left;
    (person.person, left)
}

impl Sight {
    /// How many of them have not left the company, counted up to a number.
    pub(crate) fn staff(&self, read: &mut dyn Read, corp: i64, most: i64) -> Outcome<i64> {
        match self {
            Sight::Everybody => Ok(directory::staff(read, corp, most)?),
            Sight::People(people) => {
                let staff = people.values().filter(|left| !**left).count();
                Ok((staff as i64).min(most))
            }
        }
    }
}
