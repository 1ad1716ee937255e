//! 可见范围: which people an app sees, who have left the company among them.

use std::collections::{BTreeMap, BTreeSet};

use qun_protocol::world::UserStatus;
use qun_store::{
    Read,
    table::{
        app::{self, range},
        directory,
        recipient::{self, Person},
    },
};

use crate::{
    Outcome,
    directory::View,
    rule::recipients::{Circle, with_below},
};

/// Everybody whom an app sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The whole company.
    Everybody,
    /// These, and whether they have left the company.
    People(BTreeMap<i64, bool>),
}

/// What an app's visible range names, with the people and departments of its tags; departments are without those below
/// them. And its tags.
pub(crate) fn named(
    read: &mut dyn Read,
    corp: i64,
    agentid: i64,
) -> Outcome<(Circle, BTreeSet<i64>)> {
    let entries = app::range(read, corp, agentid)?;
    let of_kind = |kind| {
        let entries = entries.iter().filter(move |entry| entry.0 == kind);
        entries.map(|(_, id)| *id).collect::<BTreeSet<i64>>()
    };
    let mut circle = Circle {
        everyone: entries.contains(&(range::DEPARTMENT, directory::ROOT)),
        people: of_kind(range::PERSON),
        departments: of_kind(range::DEPARTMENT),
    };
    let tags = of_kind(range::TAG);
    if circle.everyone {
        return Ok((circle, tags));
    }
    for tag in members(read, corp, &tags)?.into_values() {
        circle.people.extend(tag.people);
        circle.departments.extend(tag.departments);
    }
    circle.everyone = circle.departments.contains(&directory::ROOT);
    Ok((circle, tags))
}

/// Whom an app sees, and the tags in its range.
pub(crate) fn visible(
    read: &mut dyn Read,
    corp: i64,
    agentid: i64,
) -> Outcome<(Circle, BTreeSet<i64>)> {
    let (mut circle, tags) = named(read, corp, agentid)?;
    if !circle.everyone {
        circle.departments = with_below(&departments(read, corp)?, circle.departments);
    }
    Ok((circle, tags))
}

/// All departments: pairs of department and parent.
pub(crate) fn departments(read: &mut dyn Read, corp: i64) -> Outcome<Vec<(i64, i64)>> {
    let all = directory::departments(read, corp)?;
    Ok(all.into_iter().map(|d| (d.department, d.parent)).collect())
}

/// Those of these tags that are there, with the people and departments that have them.
pub(crate) fn members(
    read: &mut dyn Read,
    corp: i64,
    tags: &BTreeSet<i64>,
) -> Outcome<BTreeMap<i64, Circle>> {
    let mut circles = BTreeMap::<i64, Circle>::new();
    if tags.is_empty() {
        return Ok(circles);
    }
    let tags: Vec<i64> = tags.iter().copied().collect();
    for tagged in recipient::tags(read, corp, &tags)? {
        let circle = circles.entry(tagged.tag).or_default();
        match tagged.member {
            Some((range::PERSON, id)) => circle.people.insert(id),
            Some((_, id)) => circle.departments.insert(id),
            None => false,
        };
    }
    Ok(circles)
}

/// Whether an app sees a person. It looks upwards from the person's departments, however many the company has.
pub(crate) fn holds(read: &mut dyn Read, corp: i64, agentid: i64, person: i64) -> Outcome<bool> {
    let mut view = View::of_app(read, corp, agentid)?;
    let departments = directory::departments_of(read, corp, person)?;
    view.sees_person(read, person, departments)
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
