//! Whom an address reaches: worked out once for a state of the company, and kept with its audience.

use std::collections::{BTreeMap, BTreeSet};

use qun_protocol::{Refusal as R, message::Sent};
use qun_store::{
    Effect, Read,
    table::{
        address::{self, Address as Kept},
        company, recipient,
    },
};

use crate::{
    Caller, Cx, Outcome, audience,
    range::{departments, members, visible},
    rule::recipients::{Address, Candidate, Circle, Directory, reached, with_below},
    token,
};

/// The audience of an address, and what the caller is told of those who are not in it. Where nobody is, it is refused.
pub(super) fn reach(cx: &mut Cx, caller: &Caller, address: &Address) -> Outcome<(Kept, Sent)> {
    let corp = caller.corp;
    let hash = token::hash(&address.key(caller.agentid));
    let read = cx.tx.as_read();
    let version = company::version(read, corp)?.unwrap_or(0);
    if let Some(kept) = address::get(read, corp, &hash)?
        && kept.version == version
        && cx.now < kept.until
    {
        let answer = match kept.flawed {
            true => address::answer(read, corp, &hash)?,
            false => None,
        };
        let sent = answer.and_then(|answer| serde_json::from_str(&answer).ok());
        return Ok((kept, sent.unwrap_or_default()));
    }
    let directory = load(read, corp, caller.agentid, address)?;
    let reached = reached(address, &directory, cx.now);
    if reached.people.is_empty() {
        return Err(R::NobodyReached.into());
    }
    cx.tx.enter(corp, Effect::Change)?;
    let sent = reached.answer();
    let kept = Kept {
        version,
        until: reached.until,
        audience: audience::of(cx, corp, &reached.people)?,
        people: reached.people.len() as i64,
        flawed: sent != Sent::default(),
    };
    let answer = match kept.flawed {
        // It has no map with other keys than texts, so it always is JSON.
        true => serde_json::to_string(&sent).unwrap_or_default(),
        false => String::new(),
    };
    address::put(cx.tx, corp, &hash, &kept, &answer, cx.now)?;
    Ok((kept, sent))
}

/// Those whom an address reaches at this moment: key, and userid without case.
pub(super) fn found(
    cx: &mut Cx,
    caller: &Caller,
    address: &Address,
) -> Outcome<Vec<(i64, String)>> {
    let directory = load(cx.tx.as_read(), caller.corp, caller.agentid, address)?;
    let reached: BTreeSet<i64> = reached(address, &directory, cx.now)
        .people
        .into_iter()
        .collect();
    let people = directory.people.into_iter();
    let people = people.filter(|person| reached.contains(&person.person));
    Ok(people
        .map(|person| (person.person, person.userid))
        .collect())
}

/// What of the directory decides whom an address reaches.
fn load(read: &mut dyn Read, corp: i64, agentid: i64, address: &Address) -> Outcome<Directory> {
    let (range, seen_tags) = visible(read, corp, agentid)?;
    let mut directory = Directory {
        range,
        seen_tags,
        ..Default::default()
    };
    if !address.parties.is_empty() || !address.tags.is_empty() {
        directory.departments = departments(read, corp)?;
    }
    let numbers = |texts: &[String]| -> BTreeSet<i64> {
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    };
    directory.tags = members(read, corp, &numbers(&address.tags))?;
    let mut wanted = Circle {
        departments: numbers(&address.parties),
        ..Default::default()
    };
    for tag in directory.tags.values_mut() {
        tag.departments = with_below(&directory.departments, tag.departments.iter().copied());
        wanted.people.extend(&tag.people);
        wanted.departments.extend(&tag.departments);
    }
    wanted.departments = with_below(&directory.departments, wanted.departments);
    let range = &directory.range;
    let mut found = if address.everybody && range.everyone {
        recipient::everyone(read, corp)?
    } else {
        let circle = if address.everybody { range } else { &wanted };
        let list = |ids: &BTreeSet<i64>| ids.iter().copied().collect::<Vec<i64>>();
        let mut found = recipient::in_departments(read, corp, &list(&circle.departments))?;
        found.extend(recipient::keyed(read, corp, &list(&circle.people))?);
        // A list of strings always is JSON.
        let users = serde_json::to_string(&address.users).unwrap_or_default();
        found.extend(recipient::named(read, corp, &users)?);
        found
    };
    found.sort_unstable_by_key(|person| person.person);
    found.dedup_by_key(|person| person.person);
    let mut of_people = BTreeMap::<i64, Vec<i64>>::new();
    if !range.everyone || !wanted.departments.is_empty() {
        let keys: Vec<i64> = found.iter().map(|person| person.person).collect();
        for (person, department) in recipient::departments(read, corp, &keys)? {
            of_people.entry(person).or_default().push(department);
        }
    }
    let candidates = found.into_iter().map(|person| Candidate {
        departments: of_people.remove(&person.person).unwrap_or_default(),
        person: person.person,
        userid: person.userid,
        status: person.status,
        licence_end: person.licence_end,
    });
    directory.people = candidates.collect();
    Ok(directory)
}
