use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, mpsc};

use proptest::{prelude::*, sample::Index};
use qun_protocol::groupchat::Figures;
use qun_store::{Effect, End, Ids, Job, Store, Verdict, table::customer_group};

use super::*;
use crate::rule::statistic::{Span, by_day, by_owner};

const GROUPS: i64 = 4;
const OWNERS: i64 = 3;
const DAYS: i64 = 12;

/// What happens to a group. People are drawn from those who fit.
#[derive(Clone, Debug)]
enum Step {
    Come(Index, u8),
    Go(Index),
    Say(Index),
    HandOver(i64),
    Migrate,
    Dismiss,
    NextDay(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<Index>(), 1u8..4).prop_map(|(who, n)| Step::Come(who, n)),
        3 => any::<Index>().prop_map(Step::Go),
        6 => any::<Index>().prop_map(Step::Say),
        2 => (1..=OWNERS).prop_map(Step::HandOver),
        1 => Just(Step::Migrate),
        1 => Just(Step::Dismiss),
        6 => (1i64..4).prop_map(Step::NextDay),
    ]
}

/// A raw event, as it would be read from a log.
#[derive(Clone, Debug)]
enum Event {
    Founded { owner: i64, people: Vec<i64> },
    Came(Vec<i64>),
    Went(i64),
    Said(i64),
    HandedOver(i64),
    Migrated,
    Dismissed,
}

/// A group's history: day and event.
fn history(steps: &[Step], owner: i64, founders: i64, day: i64) -> Vec<(i64, Event)> {
    let mut day = day;
    let mut people: BTreeSet<i64> = (1..=founders).collect();
    let founded = people.iter().copied().collect();
    let mut events = vec![(
        day,
        Event::Founded {
            owner,
            people: founded,
        },
    )];
    for step in steps {
        let present: Vec<i64> = people.iter().copied().collect();
        match step {
            Step::NextDay(days) => day += days,
            Step::Come(who, n) => {
                let absent: Vec<i64> = (-4..=4)
                    .filter(|p| *p != 0 && !people.contains(p))
                    .collect();
                if !absent.is_empty() {
                    let first = who.index(absent.len());
                    let come: Vec<i64> = absent[first..]
                        .iter()
                        .copied()
                        .take(usize::from(*n))
                        .collect();
                    people.extend(&come);
                    events.push((day, Event::Came(come)));
                }
            }
            Step::Go(who) if !present.is_empty() => {
                let went = present[who.index(present.len())];
                people.remove(&went);
                events.push((day, Event::Went(went)));
            }
            Step::Say(who) if !present.is_empty() => {
                events.push((day, Event::Said(present[who.index(present.len())])));
            }
            Step::Go(_) | Step::Say(_) => {}
            Step::HandOver(to) => events.push((day, Event::HandedOver(*to))),
            Step::Migrate => events.push((day, Event::Migrated)),
            Step::Dismiss => {
                events.push((day, Event::Dismissed));
                break;
            }
        }
    }
    events
}

/// Tells the events of a group to the counters.
fn tell(tx: &mut dyn Tx, corp: i64, chat: i64, events: &[(i64, Event)]) -> Result<()> {
    let (mut owner, mut members) = (0, 0);
    for (day, event) in events {
        let what = match event {
            Event::Founded { owner: by, people } => {
                owner = *by;
                members += people.len() as i64;
                What::Created
            }
            Event::Came(people) => {
                members += people.len() as i64;
                What::Joined(people)
            }
            Event::Went(person) => {
                members -= 1;
                What::Gone(std::slice::from_ref(person))
            }
            Event::Said(person) => What::Spoken { person: *person },
            Event::HandedOver(to) => What::Owner {
                before: std::mem::replace(&mut owner, *to),
            },
            Event::Migrated => What::Migrated,
            Event::Dismissed => What::Dismissed {
                members: std::mem::take(&mut members),
            },
        };
        let fact = Fact {
            corp,
            chat,
            owner,
            members,
            day: *day,
            what,
        };
        note(tx, &fact)?;
    }
    Ok(())
}

/// The figures of a span by owner, counted from the events alone.
fn recount(histories: &[Vec<(i64, Event)>], span: Span) -> BTreeMap<i64, Figures> {
    let mut figures: BTreeMap<i64, Figures> = BTreeMap::new();
    for events in histories {
        let mut owner = 0;
        let mut present = BTreeSet::new();
        let mut ever = BTreeSet::new();
        let (mut messages, mut is_migrated, mut alive) = (0, false, false);
        for (day, event) in events.iter().filter(|(day, _)| *day <= span.last) {
            let asked = *day >= span.first;
            match event {
                Event::Founded { owner: by, people } => {
                    (owner, alive) = (*by, true);
                    present.extend(people.clone());
                    figures.entry(owner).or_default().new_chat_cnt += i64::from(asked);
                }
                Event::Came(people) => {
                    present.extend(people.clone());
                    let new = if asked { people.len() as i64 } else { 0 };
                    figures.entry(owner).or_default().new_member_cnt += new;
                }
                Event::Went(person) => drop(present.remove(person)),
                Event::Said(person) => {
                    messages += 1;
                    ever.insert(*person);
                }
                Event::HandedOver(to) => owner = *to,
                Event::Migrated => is_migrated = true,
                Event::Dismissed => alive = false,
            }
        }
        let figures = figures.entry(owner).or_default();
        *figures.migrate_trainee_chat_cnt.get_or_insert(0) += i64::from(is_migrated);
        if alive {
            figures.chat_total += 1;
            figures.chat_has_msg += i64::from(messages > 0);
            figures.member_total += present.len() as i64;
            figures.member_has_msg += present.intersection(&ever).count() as i64;
            figures.msg_total += messages;
        }
    }
    for figures in figures.values_mut() {
        figures.migrate_trainee_chat_cnt.get_or_insert(0);
    }
    let nothing = Figures {
        migrate_trainee_chat_cnt: Some(0),
        ..Figures::default()
    };
    figures.retain(|_, figures| *figures != nothing);
    figures
}

fn summed(records: impl IntoIterator<Item = Figures>) -> Figures {
    let mut sum = Figures {
        migrate_trainee_chat_cnt: Some(0),
        ..Figures::default()
    };
    for figures in records {
        sum.new_chat_cnt += figures.new_chat_cnt;
        sum.chat_total += figures.chat_total;
        sum.chat_has_msg += figures.chat_has_msg;
        sum.new_member_cnt += figures.new_member_cnt;
        sum.member_total += figures.member_total;
        sum.member_has_msg += figures.member_has_msg;
        sum.msg_total += figures.msg_total;
        if let (Some(sum), Some(more)) = (
            &mut sum.migrate_trainee_chat_cnt,
            figures.migrate_trainee_chat_cnt,
        ) {
            *sum += more;
        }
    }
    sum
}

type Work = Box<dyn FnMut(&mut dyn Tx) -> Result<()> + Send>;

/// A job of a closure.
struct Told(i64, Work, mpsc::Sender<End>);

impl Job for Told {
    fn corp(&self) -> Option<i64> {
        Some(self.0)
    }
    fn effect(&self) -> Effect {
        Effect::Change
    }
    fn run(&mut self, tx: &mut dyn Tx, _: &mut Ids) -> Result<Verdict> {
        (self.1)(tx).map(|()| Verdict::Keep)
    }
    fn after_undo(&mut self, _: &mut dyn Tx, _: &mut Ids) -> Result<()> {
        Ok(())
    }
    fn done(self: Box<Self>, end: End) {
        self.2.send(end).unwrap();
    }
}

fn write(store: &Store, corp: i64, work: Work) {
    let (sender, end) = mpsc::channel();
    let job = Told(corp, work, sender);
    assert!(store.write(Box::new(job)).is_ok());
    assert_eq!(end.recv().unwrap(), End::Committed);
}

/// What the store answers for a span: by owner, and by day.
fn asked(store: &Store, corp: i64, span: Span) -> (BTreeMap<i64, Figures>, Vec<(i64, Figures)>) {
    let owners: Vec<i64> = (1..=OWNERS).collect();
    store
        .read(|read| {
            let before = group_day::at(read, corp, &owners, span.first - 1)?;
            let end = group_day::at(read, corp, &owners, span.last)?;
            let within = group_day::span(read, corp, &owners, span.first - 1, span.last)?;
            let owners = by_owner(&before, &end, true).into_iter().collect();
            Ok((owners, by_day(span, &before, &within, true)))
        })
        .unwrap()
}

fn histories() -> impl Strategy<Value = Vec<Vec<(i64, Event)>>> {
    let one = (
        prop::collection::vec(step(), 0..24),
        1..=OWNERS,
        0i64..4,
        0i64..4,
    )
        .prop_map(|(steps, owner, founders, day)| history(&steps, owner, founders, 1000 + day));
    prop::collection::vec(one, 1..=GROUPS as usize)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Group by group, so that one owner's events come in another order than they happened in, and days are late.
    #[test]
    fn figures_equal_a_recount_of_the_events(histories in histories(), kept in 1000i64..1000 + DAYS) {
        let store = Store::open(&qun_store::Place::Memory, Arc::new(|| 1_000_000)).unwrap();
        let corp = 1;
        let all = histories.clone();
        write(&store, corp, Box::new(move |tx| {
            for (n, events) in all.iter().enumerate() {
                let chat = n as i64 + 1;
                let row = customer_group::Group { chat, chat_id: format!("wr{n}"), kind: 1, ..Default::default() };
                customer_group::insert(tx, corp, &row)?;
                tell(tx, corp, chat, events)?;
            }
            Ok(())
        }));
        let last = histories.iter().flatten().map(|(day, _)| *day).max().unwrap_or(1000).max(1000 + DAYS);
        let check = |from: i64| {
            for first in from..=last {
                for last in [first, first + 2, last] {
                    let span = Span { first, last: last.max(first) };
                    let (owners, days) = asked(&store, corp, span);
                    prop_assert_eq!(&owners, &recount(&histories, span), "{:?}", span);
                    prop_assert_eq!(days.len() as i64, span.last - span.first + 1);
                    for (day, figures) in days {
                        let recount = recount(&histories, Span { first: day, last: day });
                        prop_assert_eq!(figures, summed(recount.into_values()), "{}", day);
                    }
                }
            }
            Ok(())
        };
        check(1000)?;
        // What is too old to be asked for goes, and nothing else is missed.
        let old = store.read(|read| group_day::old(read, corp, kept - 1, i64::MAX)).unwrap();
        let rows = old.clone();
        write(&store, corp, Box::new(move |tx| forget(tx, corp, &rows)));
        check(kept)?;
        let left = store.read(|read| {
            let owners: Vec<i64> = (1..=OWNERS).collect();
            group_day::span(read, corp, &owners, i64::MIN, kept - 1)
        }).unwrap();
        let mut of_owner: Vec<i64> = left.iter().map(|row| row.owner).collect();
        of_owner.dedup();
        prop_assert_eq!(of_owner.len(), left.len(), "one row of an owner is enough: {:?}", left);
    }
}
