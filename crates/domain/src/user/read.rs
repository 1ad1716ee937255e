use std::collections::BTreeMap;

use qun_protocol::{
    Refusal as R, UserId,
    user::{Brief, Detail, Get, List, Listed, SimpleList, SimpleListed},
    world::{AppKind, UserStatus},
};
use qun_store::{
    Read,
    table::directory::{self, Person, Place},
};

use super::{may_read, named};
use crate::{
    Caller, Outcome, Query, ReadCx, Use,
    directory::{View, department, person::Profile},
};

impl Query<Get> for Use {
    fn run(cx: &mut ReadCx, request: &Get) -> Outcome<Detail> {
        let caller = cx.who.caller()?.clone();
        may_read(&caller)?;
        let person = named(cx.read, caller.corp, &request.userid)?;
        let key = person.person;
        let mut view = View::of(cx.read, &caller)?;
        let departments = directory::departments_of(cx.read, caller.corp, key)?;
        if !view.sees_person(cx.read, key, departments)? {
            return Err(R::NoPrivilege.into());
        }
        let shown = details(cx.read, &caller, &mut view, &[key])?;
        shown
            .into_iter()
            .next()
            .ok_or_else(|| R::UseridUnknown.into())
    }
}

impl Query<List> for Use {
    fn run(cx: &mut ReadCx, request: &List) -> Outcome<Listed> {
        let caller = cx.who.caller()?.clone();
        let (mut view, keys) = people_of(cx, &caller, request.department_id, request.fetch_child)?;
        let userlist = details(cx.read, &caller, &mut view, &keys)?;
        Ok(Listed { userlist })
    }
}

impl Query<SimpleList> for Use {
    fn run(cx: &mut ReadCx, request: &SimpleList) -> Outcome<SimpleListed> {
        let caller = cx.who.caller()?.clone();
        let (mut view, keys) = people_of(cx, &caller, request.department_id, request.fetch_child)?;
        let mut places = places(cx.read, &caller, &mut view, &keys)?;
        let userlist = directory::people(cx.read, caller.corp, &keys)?
            .into_iter()
            .map(|(person, _)| Brief {
                department: departments(&places.remove(&person.person).unwrap_or_default()),
                userid: UserId(person.userid),
                name: person.name,
            })
            .collect();
        Ok(SimpleListed { userlist })
    }
}

/// What the app sees, and the people of a department that it names.
fn people_of(
    cx: &mut ReadCx,
    caller: &Caller,
    id: Option<i64>,
    fetch_child: Option<i64>,
) -> Outcome<(View, Vec<i64>)> {
    may_read(caller)?;
    let id = id.ok_or(R::DepartmentMissing)?;
    let mut view = View::of(cx.read, caller)?;
    crate::department::seen(cx.read, caller, &mut view, id)?;
    let ids = if fetch_child.unwrap_or(0) == 0 {
        vec![id]
    } else {
        department::with_below(&directory::departments(cx.read, caller.corp)?, &[id])
    };
    let keys = directory::people_in(cx.read, caller.corp, &ids)?;
    Ok((view, keys))
}

/// The places of people that the app sees, by person.
fn places(
    read: &mut dyn Read,
    caller: &Caller,
    view: &mut View,
    keys: &[i64],
) -> Outcome<BTreeMap<i64, Vec<Place>>> {
    let all = directory::places_of(read, caller.corp, keys)?;
    let mut places = BTreeMap::<i64, Vec<Place>>::new();
    for place in view.places(read, all)? {
        places.entry(place.person).or_default().push(place);
    }
    Ok(places)
}

fn departments(places: &[Place]) -> Vec<i64> {
    places.iter().map(|place| place.department).collect()
}

/// People as the app may know them.
fn details(
    read: &mut dyn Read,
    caller: &Caller,
    view: &mut View,
    keys: &[i64],
) -> Outcome<Vec<Detail>> {
    let mut places = places(read, caller, view, keys)?;
    let people: Vec<(Person, Profile)> = directory::people(read, caller.corp, keys)?
        .into_iter()
        .map(|(person, kept)| (person, Profile::read(kept.as_deref())))
        .collect();
    let leaders = leaders(read, caller, view, &people)?;
    let full = caller.kind == AppKind::ContactsSync;
    let shown = people.into_iter().map(|(person, profile)| {
        let places = places.remove(&person.person).unwrap_or_default();
        let only = |value: Option<String>| full.then(|| value.unwrap_or_default());
        let main = profile
            .main_department
            .or_else(|| places.first().map(|place| place.department));
        let status = UserStatus::numbered(person.status);
        Detail {
            userid: UserId(person.userid),
            name: person.name,
            department: departments(&places),
            order: places.iter().map(|place| place.ord).collect(),
            position: profile.position,
            mobile: only(person.mobile),
            gender: only(Some(profile.gender.to_string())),
            email: only(person.email),
            biz_mail: only(person.biz_mail),
            is_leader_in_dept: places.iter().map(|place| place.leader.into()).collect(),
            direct_leader: profile
                .direct_leader
                .iter()
                .filter_map(|key| leaders.get(key).cloned())
                .collect(),
            avatar: only(None),
            thumb_avatar: only(None),
            telephone: profile.telephone,
            alias: person.alias.unwrap_or_default(),
            enable: (status != UserStatus::Disabled).into(),
            status: person.status,
            address: only(Some(profile.address)),
            main_department: main.filter(|id| places.iter().any(|place| place.department == *id)),
            extattr: profile.extattr.unwrap_or_default(),
            qr_code: only(None),
            external_position: profile.external_position,
            external_profile: profile.external_profile,
        }
    });
    Ok(shown.collect())
}

/// The direct leaders of people whom the app sees, by key.
fn leaders(
    read: &mut dyn Read,
    caller: &Caller,
    view: &mut View,
    people: &[(Person, Profile)],
) -> Outcome<BTreeMap<i64, UserId>> {
    let mut keys: Vec<i64> = people
        .iter()
        .flat_map(|(_, profile)| profile.direct_leader.iter().copied())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let mut leaders = BTreeMap::new();
    for (leader, _) in directory::people(read, caller.corp, &keys)? {
        let departments = directory::departments_of(read, caller.corp, leader.person)?;
        if !departments.is_empty() && view.sees_person(read, leader.person, departments)? {
            leaders.insert(leader.person, UserId(leader.userid));
        }
    }
    Ok(leaders)
}
