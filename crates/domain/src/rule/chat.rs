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
