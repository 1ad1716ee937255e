//! A million customer groups, put straight into the store: as JSON they would be too large a world.

use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result, bail};
use qun_protocol::groupchat::day_of;
use qun_store::table::customer_group::{self, Group, Way};
use qun_store::table::group_day::{self, Totals};
use qun_store::table::{chat, company, customer, directory};
use qun_store::{Effect, End, Ids, Job, Place, Store, Tx, Verdict};

use crate::setup::{self, OWNERS};

/// Over so many days the groups were made, up to now.
const DAYS: i64 = 60;
/// In one transaction.
const BATCH: i64 = 1_000;
const DAY: i64 = 86_400_000;

/// How many there are.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) groups: i64,
    /// Of each, its owner among them. The others are customers, each of whom is in as many neighbouring groups.
    pub(crate) members: i64,
}

/// The store of a directory, which no server may have open.
pub(crate) fn open(data: &Path) -> Result<Store> {
    let clock = || UNIX_EPOCH.elapsed().map_or(0, |now| now.as_micros() as i64);
    Ok(Store::open(
        &Place::Directory(data.to_owned()),
        Arc::new(clock),
    )?)
}

/// The company of [`setup::many`], by its key, and its owners.
pub(crate) fn company(store: &Store) -> Result<(i64, Vec<i64>)> {
    let found = store.read(|read| {
        let Some(company) = company::by_corpid(read, setup::MANY)? else {
            return Ok(None);
        };
        let mut owners = Vec::new();
        for number in 0..OWNERS {
            let userid = setup::userid(number);
            let person = directory::person_by_userid(read, company.corp, &userid)?;
            owners.extend(person.map(|person| person.person));
        }
        Ok(Some((company.corp, owners)))
    })?;
    found.context("the company with many groups is not there")
}

/// Fills a directory in which a server has put [`setup::many`].
pub(crate) fn fill(data: &Path, size: Size) -> Result<()> {
    let store = open(data)?;
    let (corp, owners) = company(&store)?;
    let owners: Arc<[i64]> = owners.into();
    let mut begin = 0;
    while begin < size.groups + size.members {
        let end = (begin + BATCH).min(size.groups + size.members);
        write(&store, corp, move |tx, _| customers(tx, corp, begin..end))?;
        begin = end;
    }
    let mut begin = 0;
    while begin < size.groups {
        let end = (begin + BATCH).min(size.groups);
        let owners = Arc::clone(&owners);
        write(&store, corp, move |tx, ids| {
            groups(tx, ids, corp, &owners, size, begin..end)
        })?;
        begin = end;
        if begin % (100 * BATCH) == 0 {
            eprintln!("{begin} groups are there");
        }
    }
    let owners = Arc::clone(&owners);
    write(&store, corp, move |tx, ids| {
        figures(tx, corp, &owners, size, ids.now_ms())?;
        company::changed(tx, corp)
    })
}

fn customers(tx: &mut dyn Tx, corp: i64, numbers: std::ops::Range<i64>) -> qun_store::Result<()> {
    for number in numbers {
        let row = customer::Customer {
            customer: -number - 1,
            external_userid: format!("wm{number:030}"),
            name: format!("顾客{number}"),
            kind: 1,
            ..Default::default()
        };
        customer::put(tx, corp, &row, true)?;
    }
    Ok(())
}

/// When a group was made, ms before now.
fn age(size: Size, number: i64) -> i64 {
    (size.groups - 1 - number) * DAYS * DAY / size.groups
}

fn groups(
    tx: &mut dyn Tx,
    ids: &mut Ids,
    corp: i64,
    owners: &[i64],
    size: Size,
    numbers: std::ops::Range<i64>,
) -> qun_store::Result<()> {
    for number in numbers {
        let owner = owners[number as usize % owners.len()];
        let created = ids.now_ms() - age(size, number);
        let chat = ids.next();
        let from = ids.take(size.members);
        let row = Group {
            chat,
            chat_id: setup::chat_id(number),
            kind: chat::kind::CUSTOMER,
            name: format!("客户群{number}"),
            owner,
            member_count: size.members,
            created,
            version: from,
            ..Default::default()
        };
        customer_group::insert(tx, corp, &row)?;
        let others = (1..size.members).map(|k| -(number + k));
        let people: Vec<i64> = [owner].into_iter().chain(others).collect();
        let way = Way {
            scene: 1,
            invitor: Some(owner),
            ..Default::default()
        };
        customer_group::join(tx, corp, chat, (from, created), &people, way)?;
    }
    Ok(())
}

/// What the groups come to, day by day.
fn figures(
    tx: &mut dyn Tx,
    corp: i64,
    owners: &[i64],
    size: Size,
    now: i64,
) -> qun_store::Result<()> {
    let mut of_day = std::collections::BTreeMap::<(i64, i64), i64>::new();
    for number in 0..size.groups {
        let owner = owners[number as usize % owners.len()];
        let day = day_of((now - age(size, number)) / 1000);
        *of_day.entry((owner, day)).or_default() += 1;
    }
    for ((owner, day), count) in of_day {
        let more = Totals {
            new_chats: count,
            chats: count,
            members: count * size.members,
            ..Default::default()
        };
        group_day::add(tx, corp, owner, day, more)?;
    }
    Ok(())
}

type Work = Box<dyn FnMut(&mut dyn Tx, &mut Ids) -> qun_store::Result<()> + Send>;

/// A job of a closure.
struct Once(i64, Work, mpsc::Sender<End>);

impl Job for Once {
    fn corp(&self) -> Option<i64> {
        Some(self.0)
    }
    fn effect(&self) -> Effect {
        Effect::Change
    }
    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> qun_store::Result<Verdict> {
        (self.1)(tx, ids).map(|()| Verdict::Keep)
    }
    fn after_undo(&mut self, _: &mut dyn Tx, _: &mut Ids) -> qun_store::Result<()> {
        Ok(())
    }
    fn done(self: Box<Self>, end: End) {
        // Whoever waits may have gone.
        let _ = self.2.send(end);
    }
}

fn write(
    store: &Store,
    corp: i64,
    work: impl FnMut(&mut dyn Tx, &mut Ids) -> qun_store::Result<()> + Send + 'static,
) -> Result<()> {
    let (sender, end) = mpsc::channel();
    if store
        .write(Box::new(Once(corp, Box::new(work), sender)))
        .is_err()
    {
        bail!("the store takes no work");
    }
    match end.recv()? {
        End::Committed => Ok(()),
        other => bail!("the store did not keep the groups: {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_adds_up() {
        let data = tempfile::tempdir().unwrap();
        let store = open(data.path()).unwrap();
        let corp = 1;
        write(&store, corp, move |tx, _| {
            let row = company::Company {
                corp,
                corpid: setup::MANY.into(),
                ..Default::default()
            };
            company::insert(tx, &row, 0)?;
            for number in 0..OWNERS {
                let person = directory::Person {
                    person: number as i64 + 1,
                    userid: setup::userid(number),
                    status: 1,
                    ..Default::default()
                };
                directory::put_person(tx, corp, &person, true)?;
            }
            Ok(())
        })
        .unwrap();
        drop(store);
        let size = Size {
            groups: 2_500,
            members: 7,
        };
        fill(data.path(), size).unwrap();
        let store = open(data.path()).unwrap();
        let (corp, owners) = company(&store).unwrap();
        assert_eq!(owners.len(), OWNERS);
        let (groups, members, rows) = store
            .read(|read| {
                let groups = customer_group::all(read, corp, 0, 10_000)?;
                let members = customer_group::members(read, corp, groups[2_499].chat)?;
                let rows = group_day::at(read, corp, &owners, i64::MAX)?;
                Ok((groups, members, rows))
            })
            .unwrap();
        assert_eq!(groups.len(), 2_500);
        assert_eq!(members.len(), 7);
        assert!(members.iter().all(|member| !member.id.is_empty()));
        assert_eq!(rows.iter().map(|row| row.totals.chats).sum::<i64>(), 2_500);
        assert_eq!(
            rows.iter().map(|row| row.totals.members).sum::<i64>(),
            17_500
        );
    }
}
