use std::collections::{BTreeMap, BTreeSet};

use qun_protocol::world::AppKind;
use qun_store::{
    Read,
    table::directory::{self, Department, Place},
};

use super::department::with_below;
use crate::{Caller, Outcome, range};

/// What an app sees of the directory: its visible range.
#[derive(Debug, Default)]
pub(crate) struct View {
    corp: i64,
    everyone: bool,
    people: BTreeSet<i64>,
    /// Departments that are seen with all below them.
    roots: BTreeSet<i64>,
    /// Departments that were asked for already.
    asked: BTreeMap<i64, bool>,
}

impl View {
    /// What an app sees; contacts sync sees everybody.
    pub(crate) fn of(read: &mut dyn Read, caller: &Caller) -> Outcome<Self> {
        if caller.sees_root || caller.kind == AppKind::ContactsSync {
            return Ok(View {
                corp: caller.corp,
                everyone: true,
                ..View::default()
            });
        }
        View::of_app(read, caller.corp, caller.agentid)
    }

    /// What the visible range of an app holds.
    pub(crate) fn of_app(read: &mut dyn Read, corp: i64, agentid: i64) -> Outcome<Self> {
        let (named, _) = range::named(read, corp, agentid)?;
        Ok(View {
            corp,
            everyone: named.everyone,
            people: named.people,
            roots: named.departments,
            asked: BTreeMap::new(),
        })
    }

    /// Whether a department is seen.
    pub(crate) fn sees_department(&mut self, read: &mut dyn Read, id: i64) -> Outcome<bool> {
        if self.everyone {
            return Ok(true);
        }
        let mut way = Vec::new();
        let mut at = id;
        let seen = loop {
            if let Some(known) = self.asked.get(&at) {
                break *known;
            }
            way.push(at);
            if self.roots.contains(&at) {
                break true;
            }
            match directory::department(read, self.corp, at)? {
                Some(department) if department.parent != 0 => at = department.parent,
                _ => break false,
            }
        };
        self.asked.extend(way.into_iter().map(|id| (id, seen)));
        Ok(seen)
    }

    /// Those departments out of all that are seen, by id.
    pub(crate) fn departments(&self, all: &[Department]) -> Vec<i64> {
        if self.everyone {
            all.iter().map(|one| one.department).collect()
        } else {
            let roots: Vec<i64> = self.roots.iter().copied().collect();
            with_below(all, &roots)
        }
    }

    /// Whether a person with these departments is seen.
    pub(crate) fn sees_person(
        &mut self,
        read: &mut dyn Read,
        key: i64,
        departments: impl IntoIterator<Item = i64>,
    ) -> Outcome<bool> {
        if self.everyone || self.people.contains(&key) {
            return Ok(true);
        }
        for id in departments {
            if self.sees_department(read, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Those of people's places whose departments are seen.
    pub(crate) fn places(
        &mut self,
        read: &mut dyn Read,
        mut places: Vec<Place>,
    ) -> Outcome<Vec<Place>> {
        for place in &places {
            self.sees_department(read, place.department)?;
        }
        places.retain(|place| {
            self.everyone || self.asked.get(&place.department).copied().unwrap_or(false)
        });
        Ok(places)
    }
}
