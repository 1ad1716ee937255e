//! Looks up the names that a message asks for in the place of ids.

use std::collections::{BTreeMap, BTreeSet};

use qun_store::table::{chat, directory, recipient};
use serde_json::Value;

use crate::{
    Caller, Cx, Outcome,
    directory::View,
    rule::translate::{Asked, each, translated},
};

/// Puts names in the place of the ids of those whom the app sees; whatever cannot be translated stays.
pub(super) fn translate(cx: &mut Cx, caller: &Caller, kind: &str, body: &mut Value) -> Outcome<()> {
    let mut asked = BTreeSet::new();
    each(kind, body, &mut |text| {
        translated(text, |what, id| {
            asked.insert((what, id.to_owned()));
            None
        });
    });
    if asked.is_empty() {
        return Ok(());
    }
    let names = names(cx, caller, &asked)?;
    each(kind, body, &mut |text| {
        *text = translated(text, |what, id| names.get(&(what, id.to_owned())).cloned());
    });
    Ok(())
}

type Names = BTreeMap<(Asked, String), String>;

fn names(cx: &mut Cx, caller: &Caller, asked: &BTreeSet<(Asked, String)>) -> Outcome<Names> {
    let corp = caller.corp;
    let read = cx.tx.as_read();
    let mut view = View::of(read, caller)?;
    let mut names = Names::new();
    let people = asked.iter().filter(|(what, _)| {
        matches!(
            what,
            Asked::UserName | Asked::UserAlias | Asked::UserAliasOrName
        )
    });
    let people: Vec<&(Asked, String)> = people.collect();
    let folded: Vec<String> = people
        .iter()
        .map(|(_, id)| id.to_ascii_lowercase())
        .collect();
    // A list of strings always is JSON.
    let titles = recipient::titles(
        read,
        corp,
        &serde_json::to_string(&folded).unwrap_or_default(),
    )?;
    let keys: Vec<i64> = titles.iter().map(|title| title.person).collect();
    let mut departments = BTreeMap::<i64, Vec<i64>>::new();
    for (person, department) in recipient::departments(read, corp, &keys)? {
        departments.entry(person).or_default().push(department);
    }
    for title in titles {
        let of_person = departments
            .get(&title.person)
            .map_or(&[][..], Vec::as_slice);
        let Some(asked) = people.get(title.place) else {
            continue;
        };
        if !view.sees_person(read, title.person, of_person.iter().copied())? {
            continue;
        }
        let alias = title.alias.filter(|alias| !alias.is_empty());
        let name = match asked.0 {
            Asked::UserAlias => alias,
            Asked::UserAliasOrName => alias.or(Some(title.name)),
            _ => Some(title.name),
        };
        names.extend(name.map(|name| ((*asked).clone(), name)));
    }
    for place @ (what, id) in asked {
        let name = match what {
            Asked::DepartmentName => match id.parse::<i64>() {
                Ok(id) if view.sees_department(read, id)? => {
                    directory::department(read, corp, id)?.map(|department| department.name)
                }
                _ => None,
            },
            Asked::ChatName => chat::by_chatid(read, corp, id)?
                .map(|chat| chat.name)
                .filter(|name| !name.is_empty()),
            _ => continue,
        };
        names.extend(name.map(|name| (place.clone(), name)));
    }
    Ok(names)
}
