//! What a group may be: its id, its name, its members.

use std::collections::BTreeSet;

use qun_protocol::{ChatId, Limit, Name, Refusal, Refused, Rules, text};

/// Checks a chatid that a request names.
pub fn chatid(rules: &Rules, chatid: &ChatId) -> Result<(), Refusal> {
    let allowed =
        |c: char| c.is_ascii_alphanumeric() || (c == '_' && rules.choices().underscore_in_chatid);
    if chatid.chars().count() > rules.size(Limit::ChatIdChars) {
        return Err(Refusal::ChatIdTooLong);
    }
    if chatid.is_empty() || !chatid.chars().all(allowed) {
        return Err(Refusal::ChatIdMalformed);
    }
    Ok(())
}

/// What the cloud of 2026 says of a chatid that is accepted here.
pub fn chatid_lint(chatid: &ChatId) -> Option<String> {
    chatid
        .contains('_')
        .then(|| format!("chatid {chatid:?}: `_` is refused by the cloud"))
}

/// What is cut off a group's name.
pub fn name_lint(rules: &Rules, name: &Name) -> Option<String> {
    let Name::Text(name) = name else { return None };
    let (chars, most) = (name.chars().count(), rules.size(Limit::ChatNameChars));
    (chars > most).then(|| format!("name is cut from {chars} to {most} characters"))
}

/// A group's name as it is kept, cut where it is too long.
pub fn name(rules: &Rules, name: &Name) -> Result<String, Refusal> {
    match name {
        Name::Text(name) if !name.trim().is_empty() && !name.chars().any(char::is_control) => {
            Ok(text::cut_chars(name, rules.size(Limit::ChatNameChars)).to_owned())
        }
        _ => Err(Refusal::ChatName),
    }
}

/// A list without what it names again, in its order.
pub fn distinct(people: &[i64]) -> Vec<i64> {
    let mut seen = BTreeSet::new();
    people
        .iter()
        .copied()
        .filter(|person| seen.insert(*person))
        .collect()
}

/// A new group's members, the owner among them, and the owner.
pub fn found(
    rules: &Rules,
    userlist: &[i64],
    owner: Option<i64>,
) -> Result<(Vec<i64>, i64), Refused> {
    let mut members = distinct(userlist);
    count(rules, members.len())?;
    let owner = match owner {
        None => members[0],
        Some(owner) if members.contains(&owner) => owner,
        Some(owner) if rules.choices().outside_owner_joins => {
            members.push(owner);
            owner
        }
        Some(_) => return Err(Refusal::OwnerNotMember.into()),
    };
    count(rules, members.len())?;
    Ok((members, owner))
}

/// Refuses a number of members outside the limits.
pub fn count(rules: &Rules, members: usize) -> Result<(), Refusal> {
    let allowed = members >= rules.size(Limit::ChatMembersMin).max(1)
        && (!rules.enforced || members <= rules.size(Limit::ChatMembersMax));
    if allowed {
        Ok(())
    } else {
        Err(Refusal::MemberCount)
    }
}

/// A wish to change who is in a group.
#[derive(Clone, Debug, Default)]
pub struct Wish<'a> {
    /// Who is in it, in the order in which they joined.
    pub present: &'a [i64],
    /// Who owns it.
    pub owner: i64,
    /// Who is to come in.
    pub add: &'a [i64],
    /// Who is to go.
    pub remove: &'a [i64],
    /// Who is to own it.
    pub new_owner: Option<i64>,
}

/// What the cloud of 2026 says of a wish that is accepted here; a new group is a wish with nobody present.
pub fn wish_lints(wish: &Wish) -> Vec<String> {
    let present: BTreeSet<i64> = wish.present.iter().copied().collect();
    let mut lints = Vec::new();
    let after = |person: &i64| {
        wish.add.contains(person) || (present.contains(person) && !wish.remove.contains(person))
    };
    if wish.new_owner.is_some_and(|owner| !after(&owner)) {
        lints.push("the owner is not among the members: the cloud refuses that (86207)".into());
    }
    if wish.remove.iter().any(|person| !present.contains(person)) {
        lints.push("who is to go is no member: the cloud refuses that (86216)".into());
    }
    lints
}

/// What a wish comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Who comes in, in this order.
    pub joins: Vec<i64>,
    /// Who goes.
    pub leaves: Vec<i64>,
    /// Who owns it afterwards.
    pub owner: i64,
    /// How many are in it afterwards.
    pub count: usize,
}

/// Decides a wish: removals first, then additions, then the owner. Who is in both lists stays.
pub fn decide(rules: &Rules, wish: &Wish) -> Result<Decided, Refusal> {
    let present: BTreeSet<i64> = wish.present.iter().copied().collect();
    let add: BTreeSet<i64> = wish.add.iter().copied().collect();
    let remove: BTreeSet<i64> = wish.remove.iter().copied().collect();
    if !rules.choices().stranger_removal_ignored && !remove.is_subset(&present) {
        return Err(Refusal::NotMember);
    }
    let stays = |person: &i64| !remove.contains(person) || add.contains(person);
    let mut joins: Vec<i64> = distinct(wish.add)
        .into_iter()
        .filter(|person| !present.contains(person))
        .collect();
    let mut leaves: Vec<i64> = wish
        .present
        .iter()
        .copied()
        .filter(|person| !stays(person))
        .collect();
    let owner = match wish.new_owner {
        Some(owner) if joins.contains(&owner) || (present.contains(&owner) && stays(&owner)) => {
            owner
        }
        Some(owner) if rules.choices().outside_owner_joins => {
            // Who was only just removed stays instead: that is what joining again comes to.
            if present.contains(&owner) {
                leaves.retain(|person| *person != owner);
            } else {
                joins.push(owner);
            }
            owner
        }
        Some(_) => return Err(Refusal::OwnerNotMember),
        None if stays(&wish.owner) => wish.owner,
        None => *wish
            .present
            .iter()
            .find(|person| stays(person))
            .or(joins.first())
            .ok_or(Refusal::MemberCount)?,
    };
    let count = wish.present.len() - leaves.len() + joins.len();
    self::count(rules, count)?;
    Ok(Decided {
        joins,
        leaves,
        owner,
        count,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::{collection::vec, option, prelude::*, sample::Index};
    use qun_protocol::Rulebook;

    use super::*;

    /// Few people and narrow limits, so that every edge is met often.
    const PEOPLE: std::ops::Range<i64> = 0..9;

    fn rules(book: Rulebook, max: i64) -> Rules {
        let mut rules = Rules::of(book);
        rules.set(Limit::ChatMembersMax, max);
        rules
    }

    fn book() -> impl Strategy<Value = Rulebook> {
        prop_oneof![Just(Rulebook::Documented), Just(Rulebook::Live2026)]
    }

    fn people(most: usize) -> impl Strategy<Value = Vec<i64>> {
        vec(PEOPLE, 0..=most)
    }

    fn set(people: &[i64]) -> BTreeSet<i64> {
        people.iter().copied().collect()
    }

    /// Who is in the group afterwards and owns it, by sets alone.
    fn expected(book: Rulebook, max: usize, wish: &Wish) -> Result<(BTreeSet<i64>, i64), Refusal> {
        let (present, remove) = (set(wish.present), set(wish.remove));
        if book == Rulebook::Live2026 && remove.difference(&present).count() > 0 {
            return Err(Refusal::NotMember);
        }
        let mut after: BTreeSet<i64> = &(&present - &remove) | &set(wish.add);
        if let Some(owner) = wish.new_owner {
            match book {
                Rulebook::Documented => after.extend([owner]),
                Rulebook::Live2026 if after.contains(&owner) => {}
                Rulebook::Live2026 => return Err(Refusal::OwnerNotMember),
            }
        }
        if after.len() < 2 || after.len() > max {
            return Err(Refusal::MemberCount);
        }
        let by_age = || wish.present.iter().chain(wish.add).copied();
        let heir = by_age().find(|person| after.contains(person));
        let owner = wish
            .new_owner
            .or_else(|| Some(wish.owner).filter(|owner| after.contains(owner)))
            .or(heir);
        Ok((after, owner.unwrap()))
    }

    proptest! {
        #[test]
        fn members_afterwards_are_those_who_stay_and_those_who_come(
            book in book(),
            max in 2usize..7,
            present in people(7),
            owner: Index,
            add in people(5),
            remove in people(5),
            new_owner in option::of(PEOPLE),
        ) {
            let present = distinct(&present);
            prop_assume!(!present.is_empty());
            let owner = *owner.get(&present);
            let wish = Wish { present: &present, owner, add: &add, remove: &remove, new_owner };
            let rules = rules(book, max as i64);
            let decided = decide(&rules, &wish);
            prop_assert_eq!(&decided, &decide(&rules, &wish), "decided twice alike");
            let decided = match (decided, expected(book, max, &wish)) {
                (Ok(decided), Ok((after, owner))) => {
                    let (joins, leaves) = (set(&decided.joins), set(&decided.leaves));
                    prop_assert_eq!(&(&set(&present) - &leaves) | &joins, after.clone());
                    prop_assert_eq!(decided.owner, owner);
                    prop_assert!(after.contains(&decided.owner));
                    prop_assert_eq!(decided.count, after.len());
                    decided
                }
                (decided, expected) => {
                    prop_assert_eq!(decided.map(|_| ()), expected.map(|_| ()));
                    return Ok(());
                }
            };
            // Nobody joins or leaves twice, who stays keeps the place, and who comes does so in the order of the list.
            prop_assert!((2..=max).contains(&decided.count));
            prop_assert!(decided.joins.iter().all(|person| !present.contains(person)));
            prop_assert!(decided.leaves.iter().all(|person| present.contains(person)));
            prop_assert_eq!(distinct(&decided.leaves), decided.leaves);
            let mut order = add.clone();
            order.extend(new_owner);
            order.retain(|person| !present.contains(person));
            prop_assert_eq!(decided.joins, distinct(&order));
        }

        #[test]
        fn a_new_group_is_its_list_with_its_owner(
            book in book(),
            max in 2usize..6,
            list in people(7),
            owner in option::of(PEOPLE),
        ) {
            let members = set(&list);
            let fits = |members: &BTreeSet<i64>| (2..=max).contains(&members.len());
            let mut after = members.clone();
            after.extend(owner);
            let expected = if !fits(&members) {
                Err(Refusal::MemberCount)
            } else if book == Rulebook::Live2026 && after.len() > members.len() {
                Err(Refusal::OwnerNotMember)
            } else if !fits(&after) {
                Err(Refusal::MemberCount)
            } else {
                Ok((after, owner.unwrap_or_else(|| list[0])))
            };
            let found = found(&rules(book, max as i64), &list, owner);
            let found = found.map_err(|refused| refused.refusal);
            if let Ok((members, _)) = &found {
                prop_assert_eq!(&distinct(members), members);
            }
            prop_assert_eq!(found.map(|(members, owner)| (set(&members), owner)), expected);
        }
    }

    #[test]
    fn without_enforcement_only_the_least_number_counts() {
        let mut rules = rules(Rulebook::Documented, 3);
        assert_eq!(count(&rules, 4), Err(Refusal::MemberCount));
        rules.enforced = false;
        assert_eq!(count(&rules, 4), Ok(()));
        assert_eq!(count(&rules, 2), Ok(()));
        assert_eq!(count(&rules, 1), Err(Refusal::MemberCount));
    }
}
