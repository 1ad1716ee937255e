//! What the daily statistics of customer groups are made from: each fact comes here once, in the transaction in which it happens.

use qun_protocol::rulebook::Window;
use qun_store::table::customer_group::Group;

use crate::{Cx, Outcome};

/// Something that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    /// The company.
    pub(crate) corp: i64,
    /// The group.
    pub(crate) chat: i64,
    /// Who owns it now.
    pub(crate) owner: i64,
    /// How many are in it now.
    pub(crate) members: i64,
    /// The start of the day in UTC+8, ms UTC.
    pub(crate) day: i64,
    /// What it is.
    pub(crate) what: What,
}

/// See [`Fact`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The group was made with so many members.
    Created { members: i64 },
    /// So many came in.
    Joined { count: i64 },
    /// So many left or were removed.
    Gone { count: i64 },
    /// It has another owner than this one before.
    Owner { before: i64 },
    /// It was dismissed when it had so many members.
    Dismissed { members: i64 },
    /// A member said something.
    Spoken { person: i64 },
    /// Name or notice changed, which no statistic counts.
    Else,
}

impl Fact {
    /// A fact about a group as it is after it, at a time in ms UTC.
    pub(crate) fn of(corp: i64, group: &Group, time: i64, what: What) -> Self {
        Fact {
            corp,
            chat: group.chat,
            owner: group.owner,
            members: group.member_count,
            day: Window::Day.start(time),
            what,
        }
    }
}

/// Takes note of a fact.
pub(super) fn note(cx: &mut Cx, fact: &Fact) -> Outcome<()> {
    // Read again on demand from groups, members and messages; counters of days, if any, are kept here.
    let _ = (cx, fact);
    Ok(())
}
