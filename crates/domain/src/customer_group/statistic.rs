//! What the daily statistics of customer groups are made from: each fact comes here once, in the transaction in which it
//! happens, and costs the same however large groups and figures are.

use qun_protocol::groupchat::day_of;
use qun_store::{
    Result, Tx,
    table::{
        customer_group::Group,
        group_day::{self, Counters},
    },
};

use crate::rule::statistic::{State, change};

#[cfg(test)]
mod tests;

/// Something that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact<'a> {
    /// The company.
    pub(crate) corp: i64,
    /// The group.
    pub(crate) chat: i64,
    /// Who owns it now.
    pub(crate) owner: i64,
    /// How many are in it now.
    pub(crate) members: i64,
    /// The number of the day in UTC+8.
    pub(crate) day: i64,
    /// What it is.
    pub(crate) what: What<'a>,
}

/// See [`Fact`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What<'a> {
    /// The group was made with its members, who are no new members.
    Created,
    /// These came in.
    Joined(&'a [i64]),
    /// These left or were removed.
    Gone(&'a [i64]),
    /// It has another owner than this one before.
    Owner { before: i64 },
    /// It was dismissed when it had so many members.
    Dismissed { members: i64 },
    /// A member said something.
    Spoken { person: i64 },
    /// It is marked as one that was migrated.
    Migrated,
    /// Name or notice changed, which no statistic counts.
    Else,
}

impl<'a> Fact<'a> {
    /// A fact about a group as it is after it, at a time in ms UTC.
    pub(crate) fn of(corp: i64, group: &Group, time: i64, what: What<'a>) -> Self {
        Fact {
            corp,
            chat: group.chat,
            owner: group.owner,
            members: group.member_count,
            day: day_of(time.div_euclid(1000)),
            what,
        }
    }

    /// The group before and after, by its counters before and after.
    fn states(&self, before: Counters, after: Counters) -> (Option<State>, State) {
        let now = State {
            owner: self.owner,
            members: self.members,
            counters: after,
            dismissed: false,
        };
        let was = State {
            counters: before,
            ..now
        };
        match self.what {
            What::Created => (None, now),
            What::Joined(people) => {
                let members = self.members - people.len() as i64;
                (Some(State { members, ..was }), now)
            }
            What::Gone(people) => {
                let members = self.members + people.len() as i64;
                (Some(State { members, ..was }), now)
            }
            What::Owner { before: owner } => (Some(State { owner, ..was }), now),
            What::Dismissed { members } => {
                let dismissed = true;
                (Some(State { members, ..was }), State { dismissed, ..now })
            }
            What::Spoken { .. } | What::Migrated | What::Else => (Some(was), now),
        }
    }
}

/// Takes note of a fact.
pub(crate) fn note(tx: &mut dyn Tx, fact: &Fact<'_>) -> Result<()> {
    let Fact { corp, chat, .. } = *fact;
    let before = group_day::counters(tx.as_read(), corp, chat)?;
    let mut after = before;
    let mut newcomers = 0;
    match fact.what {
        What::Joined(people) => {
            newcomers = people.len() as i64;
            // Whoever has spoken and comes back is one who has spoken.
            if before.messages > 0 {
                after.speakers += group_day::speakers(tx.as_read(), corp, chat, people)?;
            }
        }
        What::Gone(people) if before.speakers > 0 => {
            after.speakers -= group_day::speakers(tx.as_read(), corp, chat, people)?;
        }
        What::Spoken { person } => {
            after.messages += 1;
            after.speakers += i64::from(group_day::add_speaker(tx, corp, chat, person)?);
        }
        What::Migrated => after.migrated = true,
        What::Created
        | What::Gone(_)
        | What::Owner { .. }
        | What::Dismissed { .. }
        | What::Else => {}
    }
    if after != before {
        group_day::set_counters(tx, corp, chat, after)?;
    }
    let (before, after) = fact.states(before, after);
    for (owner, more) in change(before.as_ref(), &after, newcomers) {
        group_day::add(tx, corp, owner, fact.day, more)?;
    }
    Ok(())
}

/// Removes figures that can no longer be asked for and that no later day needs: owner and day.
pub(crate) fn forget(tx: &mut dyn Tx, corp: i64, rows: &[(i64, i64)]) -> Result<()> {
    for (owner, day) in rows {
        group_day::remove(tx, corp, *owner, *day)?;
    }
    Ok(())
}
