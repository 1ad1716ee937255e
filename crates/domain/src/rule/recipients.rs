//! Who gets a message to people: what is addressed, what the app sees, and who can get anything at all.

use std::collections::{BTreeMap, BTreeSet};

use qun_protocol::{
    Limit, Refusal as R, Refused, Rules, UserId,
    message::{EVERYBODY, Send, Sent, ids},
    world::UserStatus,
};

/// Whom a request addresses: each once, in the order of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Everybody whom the app sees; the lists are empty then.
    pub everybody: bool,
    /// Userids without case.
    pub users: Vec<String>,
    /// What stands for departments.
    pub parties: Vec<String>,
    /// What stands for tags.
    pub tags: Vec<String>,
}

impl Address {
    /// Reads it; blanks round the ids are no part of them.
    pub fn read(rules: &Rules, send: &Send) -> Result<Self, Refused> {
        let users = listed(&send.touser, rules, Limit::MessageUsersMax, R::UsersTooMany)?;
        if users.iter().any(|user| user == EVERYBODY) {
            return Ok(Address {
                everybody: true,
                ..Default::default()
            });
        }
        let address = Address {
            everybody: false,
            users: distinct(users.iter().map(|user| user.to_ascii_lowercase())),
            parties: distinct(listed(
                &send.toparty,
                rules,
                Limit::MessagePartiesMax,
                R::PartiesTooMany,
            )?),
            tags: distinct(listed(
                &send.totag,
                rules,
                Limit::MessageTagsMax,
                R::TagsTooMany,
            )?),
        };
        if address == Address::default() {
            return Err(R::NobodyAddressed.into());
        }
        Ok(address)
    }

    /// What lists name.
    pub fn of_lists(users: &[UserId], parties: &[i64], tags: &[i64]) -> Self {
        let numbers = |ids: &[i64]| distinct(ids.iter().map(i64::to_string));
        Address {
            everybody: false,
            users: distinct(users.iter().map(|user| user.folded().into_owned())),
            parties: numbers(parties),
            tags: numbers(tags),
        }
    }

    /// The same text for the same address of the same app, and for no other.
    pub fn key(&self, agentid: i64) -> String {
        let lists = [&self.users, &self.parties, &self.tags].map(|list| list.join("|"));
        format!("{agentid}\n{}\n{}", self.everybody, lists.join("\n"))
    }
}

fn listed(
    text: &Option<String>,
    rules: &Rules,
    limit: Limit,
    refusal: R,
) -> Result<Vec<String>, Refused> {
    let ids: Vec<String> = ids(text).map(str::to_owned).collect();
    if ids.len() > rules.size(limit) {
        return Err(refusal.into());
    }
    Ok(ids)
}

fn distinct(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.into_iter()
        .filter(|id| seen.insert(id.clone()))
        .collect()
}

/// People and departments, together a set of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circle {
    /// Everybody of the company.
    pub everyone: bool,
    /// People.
    pub people: BTreeSet<i64>,
    /// Departments, with all below them.
    pub departments: BTreeSet<i64>,
}

impl Circle {
    /// Whether a person is in it.
    pub fn holds(&self, person: i64, departments: &[i64]) -> bool {
        self.everyone
            || self.people.contains(&person)
            || departments.iter().any(|id| self.departments.contains(id))
    }
}

/// Departments with all below them; `all` are pairs of department and parent.
pub fn with_below(all: &[(i64, i64)], departments: impl IntoIterator<Item = i64>) -> BTreeSet<i64> {
    let mut children = BTreeMap::<i64, Vec<i64>>::new();
    for (id, parent) in all {
        children.entry(*parent).or_default().push(*id);
    }
    let mut found = BTreeSet::new();
    let mut open: Vec<i64> = departments.into_iter().collect();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(children.get(&id).into_iter().flatten());
        }
    }
    found
}

/// A person who may be addressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// The key.
    pub person: i64,
    /// The userid without case.
    pub userid: String,
    /// 1 active, 2 disabled, 4 not activated, 5 left.
    pub status: i64,
    /// When the licence ends, seconds UTC; never where absent.
    pub licence_end: Option<i64>,
    /// The departments.
    pub departments: Vec<i64>,
}

/// What of the directory decides.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// All departments as pairs of department and parent, where any is asked for.
    pub departments: Vec<(i64, i64)>,
    /// Whom the app sees.
    pub range: Circle,
    /// The tags that the app sees.
    pub seen_tags: BTreeSet<i64>,
    /// The tags that are addressed and there.
    pub tags: BTreeMap<i64, Circle>,
    /// Everybody who may be addressed, and perhaps others.
    pub people: Vec<Candidate>,
}

/// Who gets it, and who does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Who gets it, each once.
    pub people: Vec<i64>,
    /// Who was named and is unknown, gone, switched off or not seen by the app.
    pub invalid_users: Vec<String>,
    /// The same of departments.
    pub invalid_parties: Vec<String>,
    /// The same of tags.
    pub invalid_tags: Vec<String>,
    /// Who would get it with a licence.
    pub unlicensed: Vec<String>,
    /// Until when this holds, ms UTC: then a licence ends.
    pub until: i64,
}

impl Reached {
    /// What the caller is told of those who do not get it.
    pub fn answer(&self) -> Sent {
        let joined = |ids: &[String]| (!ids.is_empty()).then(|| ids.join("|"));
        Sent {
            invaliduser: joined(&self.invalid_users),
            invalidparty: joined(&self.invalid_parties),
            invalidtag: joined(&self.invalid_tags),
            unlicenseduser: joined(&self.unlicensed),
            ..Default::default()
        }
    }
}

/// Whom an address reaches at a time, ms UTC.
pub fn reached(address: &Address, directory: &Directory, now: i64) -> Reached {
    let range = &directory.range;
    let mut reached = Reached {
        until: i64::MAX,
        ..Default::default()
    };
    let known: BTreeSet<i64> = directory.departments.iter().map(|(id, _)| *id).collect();
    let mut parties = Vec::new();
    for text in &address.parties {
        match text.parse::<i64>() {
            Ok(id)
                if known.contains(&id) && (range.everyone || range.departments.contains(&id)) =>
            {
                parties.push(id);
            }
            _ => reached.invalid_parties.push(text.clone()),
        }
    }
    let mut addressed = Circle {
        everyone: address.everybody,
        people: BTreeSet::new(),
        departments: with_below(&directory.departments, parties),
    };
    for text in &address.tags {
        let tag = text
            .parse::<i64>()
            .ok()
            .and_then(|id| Some((id, directory.tags.get(&id)?)));
        match tag {
            Some((id, tag)) if sees_tag(directory, id, tag) => {
                addressed.people.extend(&tag.people);
                addressed.departments.extend(&tag.departments);
            }
            _ => reached.invalid_tags.push(text.clone()),
        }
    }
    let mut named: BTreeMap<&str, bool> =
        address.users.iter().map(|user| (&**user, false)).collect();
    for person in &directory.people {
        let by_name = named.get_mut(&*person.userid);
        let can = can_get(person) && range.holds(person.person, &person.departments);
        if !can || (by_name.is_none() && !addressed.holds(person.person, &person.departments)) {
            continue;
        }
        if let Some(good) = by_name {
            *good = true;
        }
        match person.licence_end.map(|end| end.saturating_mul(1000)) {
            Some(end) if end <= now => reached.unlicensed.push(person.userid.clone()),
            end => {
                reached.people.push(person.person);
                reached.until = reached.until.min(end.unwrap_or(i64::MAX));
            }
        }
    }
    let bad = address
        .users
        .iter()
        .filter(|user| named.get(&***user) == Some(&false));
    reached.invalid_users = bad.cloned().collect();
    reached
}

/// Whether somebody can get messages at all.
fn can_get(person: &Candidate) -> bool {
    matches!(
        UserStatus::numbered(person.status),
        UserStatus::Active | UserStatus::NotActivated
    )
}

/// Whether the app sees a tag or anybody who has it.
fn sees_tag(directory: &Directory, id: i64, tag: &Circle) -> bool {
    let range = &directory.range;
    range.everyone
        || directory.seen_tags.contains(&id)
        || directory.people.iter().any(|person| {
            tag.holds(person.person, &person.departments)
                && range.holds(person.person, &person.departments)
        })
}

#[cfg(test)]
mod tests;
