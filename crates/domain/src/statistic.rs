//! Counts what happens in customer groups, as it happens: a change costs the same however large groups and figures are.

use qun_store::{Result, Tx, table::group_day};

use crate::rule::statistic::{State, change};

#[cfg(test)]
mod tests;

/// What the figures need to know of a customer group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The owner.
    pub owner: i64,
    /// How many people are in it.
    pub members: i64,
    /// Whether it is dismissed.
    pub dismissed: bool,
}

impl Facts {
    fn with(self, counters: group_day::Counters) -> State {
        State {
            owner: self.owner,
            members: self.members,
            counters,
            dismissed: self.dismissed,
        }
    }
}

/// A change of a customer group.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The group before; none of a new one, whose first members are no new members.
    pub before: Option<Facts>,
    /// The group after.
    pub after: Facts,
    /// Who came in.
    pub came: &'a [i64],
    /// Who went.
    pub went: &'a [i64],
}

/// Where and when something happened in a customer group.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The company.
    pub corp: i64,
    /// The group.
    pub chat: i64,
    /// The number of the day in UTC+8.
    pub day: i64,
}

/// Counts a change of who is in a group, of its owner, its founding or its end.
pub fn changed(tx: &mut dyn Tx, place: Place, what: &Change<'_>) -> Result<()> {
    let Place { corp, chat, .. } = place;
    let before = group_day::counters(tx.as_read(), corp, chat)?;
    let mut after = before;
    if before.speakers > 0 || before.messages > 0 {
        after.speakers += group_day::speakers(tx.as_read(), corp, chat, what.came)?;
        after.speakers -= group_day::speakers(tx.as_read(), corp, chat, what.went)?;
    }
    if after != before {
        group_day::set_counters(tx, corp, chat, after)?;
    }
    let newcomers = what.before.map_or(0, |_| what.came.len() as i64);
    let states = (
        what.before.map(|facts| facts.with(before)),
        what.after.with(after),
    );
    add(tx, place, states.0, states.1, newcomers)
}

/// Counts a message that a present member says.
pub fn said(tx: &mut dyn Tx, place: Place, group: Facts, person: i64) -> Result<()> {
    let Place { corp, chat, .. } = place;
    let before = group_day::counters(tx.as_read(), corp, chat)?;
    let mut after = before;
    after.messages += 1;
    after.speakers += i64::from(group_day::add_speaker(tx, corp, chat, person)?);
    group_day::set_counters(tx, corp, chat, after)?;
    add(tx, place, Some(group.with(before)), group.with(after), 0)
}

/// Counts that a group is marked as migrated, once and for all.
pub fn migrated(tx: &mut dyn Tx, place: Place, group: Facts) -> Result<()> {
    let Place { corp, chat, .. } = place;
    let before = group_day::counters(tx.as_read(), corp, chat)?;
    if before.migrated {
        return Ok(());
    }
    let after = group_day::Counters {
        migrated: true,
        ..before
    };
    group_day::set_counters(tx, corp, chat, after)?;
    add(tx, place, Some(group.with(before)), group.with(after), 0)
}

fn add(
    tx: &mut dyn Tx,
    place: Place,
    before: Option<State>,
    after: State,
    newcomers: i64,
) -> Result<()> {
    for (owner, more) in change(before.as_ref(), &after, newcomers) {
        group_day::add(tx, place.corp, owner, place.day, more)?;
    }
    Ok(())
}

/// Removes figures that can no longer be asked for, and that no later day needs.
pub fn forget(tx: &mut dyn Tx, corp: i64, rows: &[(i64, i64)]) -> Result<()> {
    for (owner, day) in rows {
        group_day::remove(tx, corp, *owner, *day)?;
    }
    Ok(())
}
