//! 可见范围: whom an app sees. People, departments with all below them, and tags.

use std::collections::BTreeSet;

use qun_store::{
    Read,
    table::{
        app::{self, range as kind},
        directory, range,
    },
};

use crate::Outcome;

/// Everybody whom an app sees, who has left among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The whole company.
    Everybody,
    /// These.
    People(BTreeSet<i64>),
}

/// Whether an app sees a person.
pub(crate) fn holds(read: &mut dyn Read, corp: i64, agentid: i64, person: i64) -> Outcome<bool> {
    let entries = app::range(read, corp, agentid)?;
    if sees_all(&entries) || entries.contains(&(kind::PERSON, person)) {
        return Ok(true);
    }
    if entries.iter().all(|(what, _)| *what == kind::PERSON) {
        return Ok(false);
    }
    let mut above: BTreeSet<i64> = BTreeSet::new();
    let mut open = directory::departments_of(read, corp, person)?;
    while let Some(id) = open.pop() {
        if id != 0
            && above.insert(id)
            && let Some(department) = directory::department(read, corp, id)?
        {
            open.push(department.parent);
        }
    }
    for (what, id) in entries {
        let inside =
            match what {
                kind::DEPARTMENT => above.contains(&id),
                kind::TAG => directory::tag_members(read, corp, id)?
                    .iter()
                    .any(|(what, id)| match *what {
                        kind::DEPARTMENT => above.contains(id),
                        _ => *id == person,
                    }),
                _ => false,
            };
        if inside {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Everybody whom an app sees.
pub(crate) fn sight(read: &mut dyn Read, corp: i64, agentid: i64) -> Outcome<Sight> {
    let mut entries = app::range(read, corp, agentid)?;
    if sees_all(&entries) {
        return Ok(Sight::Everybody);
    }
    let tags: Vec<i64> = of_kind(&entries, kind::TAG).collect();
    for tag in tags {
        // A tag's entries have the same kinds.
        entries.extend(directory::tag_members(read, corp, tag)?);
    }
    let mut people: BTreeSet<i64> = of_kind(&entries, kind::PERSON).collect();
    let mut departments: BTreeSet<i64> = of_kind(&entries, kind::DEPARTMENT).collect();
    if departments.contains(&directory::ROOT) {
        return Ok(Sight::Everybody);
    }
    if !departments.is_empty() {
        let all = directory::departments(read, corp)?;
        loop {
            let before = departments.len();
            let below = all.iter().filter(|it| departments.contains(&it.parent));
            let below: Vec<i64> = below.map(|it| it.department).collect();
            departments.extend(below);
            if departments.len() == before {
                break;
            }
        }
        let departments: Vec<i64> = departments.into_iter().collect();
        people.extend(range::in_departments(read, corp, &departments)?);
    }
    Ok(Sight::People(people))
}

impl Sight {
    /// How many of them have not left the company, counted up to a number.
    pub(crate) fn staff(&self, read: &mut dyn Read, corp: i64, most: i64) -> Outcome<i64> {
        match self {
            Sight::Everybody => Ok(range::staff(read, corp, most)?),
            Sight::People(people) => {
                let people: Vec<i64> = people.iter().copied().collect();
                let left = range::left(read, corp, &people)?;
                Ok(((people.len() - left.len()) as i64).min(most))
            }
        }
    }
}

fn of_kind(entries: &[(i64, i64)], wanted: i64) -> impl Iterator<Item = i64> + '_ {
    let of_kind = entries.iter().filter(move |(what, _)| *what == wanted);
    of_kind.map(|(_, id)| *id)
}

fn sees_all(entries: &[(i64, i64)]) -> bool {
    entries.contains(&(kind::DEPARTMENT, directory::ROOT))
}
