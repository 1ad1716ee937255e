use proptest::{collection::vec, option, prelude::*, sample::subsequence};
use qun_protocol::Rulebook;

use super::*;

const NOW: i64 = 1_698_811_200_000;
const DEPARTMENTS: i64 = 7;
const PEOPLE: i64 = 9;
const TAGS: i64 = 3;

fn read(touser: &str, toparty: &str, totag: &str) -> Result<Address, R> {
    let send = Send {
        touser: Some(touser.into()),
        toparty: Some(toparty.into()),
        totag: Some(totag.into()),
        ..Default::default()
    };
    Address::read(&Rules::of(Rulebook::Documented), &send).map_err(|refused| refused.refusal)
}

#[test]
fn an_address_is_read_as_it_is_meant() {
    let address = read(" A|b | a||", "2| 2 |x", "TagID1 | TagID2").unwrap();
    assert_eq!(address.users, ["a", "b"]);
    assert_eq!(address.parties, ["2", "x"]);
    assert_eq!(address.tags, ["TagID1", "TagID2"]);
    let all = read("@all", "2", "3").unwrap();
    assert!(all.everybody && all.parties.is_empty() && all.tags.is_empty());
    assert_eq!(read("", " ", "|"), Err(R::NobodyAddressed));
}

#[test]
fn the_last_one_that_may_be_named_is_taken_and_the_next_refused() {
    let list = |n: usize| {
        let ids: Vec<String> = (1..=n).map(|n| n.to_string()).collect();
        ids.join("|")
    };
    assert_eq!(read(&list(1000), "", "").unwrap().users.len(), 1000);
    assert_eq!(read(&list(1001), "", ""), Err(R::UsersTooMany));
    assert_eq!(read("", &list(100), "").unwrap().parties.len(), 100);
    assert_eq!(read("", &list(101), ""), Err(R::PartiesTooMany));
    assert_eq!(read("", "", &list(100)).unwrap().tags.len(), 100);
    assert_eq!(read("", "", &list(101)), Err(R::TagsTooMany));
    // Whoever is named twice is named twice; for everybody nothing else is looked at.
    assert_eq!(read(&"a|".repeat(1001), "", ""), Err(R::UsersTooMany));
    assert!(read("@all", &list(101), &list(101)).is_ok());
}

#[test]
fn keys_differ_where_addresses_do() {
    let key = |touser, toparty, totag| read(touser, toparty, totag).unwrap().key(1);
    assert_eq!(key("A|b", "", ""), key(" a | b|a", "", ""));
    let keys = [
        key("a|b", "", ""),
        key("b|a", "", ""),
        key("1", "2", ""),
        key("1", "", "2"),
        key("", "1", "2"),
        key("@all", "", ""),
    ];
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    assert_ne!(
        read("a", "", "").unwrap().key(1),
        read("a", "", "").unwrap().key(2)
    );
}

/// A directory as it is written, nothing worked out.
#[derive(Clone, Debug)]
struct Plain {
    /// The parent of department `n + 2`.
    parents: Vec<i64>,
    people: Vec<Candidate>,
    /// The people and departments of tag `n + 1`.
    tags: Vec<(Vec<i64>, Vec<i64>)>,
    /// The people, departments and tags that the app sees.
    range: (Vec<i64>, Vec<i64>, Vec<i64>),
}

impl Plain {
    fn parent(&self, id: i64) -> Option<i64> {
        (id >= 2).then(|| self.parents[id as usize - 2])
    }

    /// Whether a department is another, or below it.
    fn is_below(&self, id: i64, top: i64) -> bool {
        id == top
            || self
                .parent(id)
                .is_some_and(|parent| self.is_below(parent, top))
    }

    fn is_in(&self, person: &Candidate, (people, departments): (&[i64], &[i64])) -> bool {
        let below = |id: &i64| departments.iter().any(|top| self.is_below(*id, *top));
        people.contains(&person.person) || person.departments.iter().any(below)
    }

    fn has_tag(&self, person: &Candidate, tag: i64) -> bool {
        let tag = self
            .tags
            .get(usize::try_from(tag - 1).unwrap_or(usize::MAX));
        tag.is_some_and(|(people, departments)| self.is_in(person, (people, departments)))
    }

    fn sees(&self, person: &Candidate) -> bool {
        let (people, departments, tags) = &self.range;
        departments.contains(&1)
            || self.is_in(person, (people, departments))
            || tags.iter().any(|tag| self.has_tag(person, *tag))
    }

    fn sees_party(&self, id: i64) -> bool {
        let of_tags = self
            .range
            .2
            .iter()
            .flat_map(|tag| &self.tags[*tag as usize - 1].1);
        let mut tops = self.range.1.iter().chain(of_tags);
        (1..=DEPARTMENTS).contains(&id) && tops.any(|top| self.is_below(id, *top))
    }

    fn sees_tag(&self, id: i64) -> bool {
        let all = self.range.1.contains(&1) || self.range.2.contains(&id);
        let mut people = self.people.iter();
        (1..=TAGS).contains(&id)
            && (all || people.any(|person| self.has_tag(person, id) && self.sees(person)))
    }

    /// The same as the rule gets it.
    fn directory(&self) -> Directory {
        let pairs: Vec<(i64, i64)> = (1..=DEPARTMENTS)
            .map(|id| (id, self.parent(id).unwrap_or(0)))
            .collect();
        let circle = |people: &[i64], departments: &[i64]| Circle {
            everyone: false,
            people: people.iter().copied().collect(),
            departments: with_below(&pairs, departments.iter().copied()),
        };
        let tag = |id: i64| {
            let (people, departments) = &self.tags[id as usize - 1];
            circle(people, departments)
        };
        let mut range = circle(&self.range.0, &self.range.1);
        range.everyone = self.range.1.contains(&1);
        for id in &self.range.2 {
            range.people.extend(tag(*id).people);
            range.departments.extend(tag(*id).departments);
        }
        Directory {
            range,
            seen_tags: self.range.2.iter().copied().collect(),
            tags: (1..=TAGS).map(|id| (id, tag(id))).collect(),
            people: self.people.clone(),
            departments: pairs,
        }
    }
}

fn some(most: i64, up_to: usize) -> impl Strategy<Value = Vec<i64>> {
    subsequence((1..=most).collect::<Vec<i64>>(), 0..=up_to)
}

fn candidate() -> impl Strategy<Value = Candidate> {
    let status = prop_oneof![4 => Just(1), 1 => Just(2), 1 => Just(4), 1 => Just(5)];
    let licence = option::weighted(0.3, -1i64..=1);
    (some(DEPARTMENTS, 2), status, licence).prop_map(|(departments, status, end)| Candidate {
        status,
        licence_end: end.map(|seconds| NOW / 1000 + seconds),
        departments,
        ..Default::default()
    })
}

fn plain() -> impl Strategy<Value = Plain> {
    let parents: Vec<_> = (2..=DEPARTMENTS).map(|id| 1..id).collect();
    let tag = (some(PEOPLE, 3), some(DEPARTMENTS, 2));
    let narrow = (some(PEOPLE, 3), some(DEPARTMENTS, 2), some(TAGS, 2));
    let range = prop_oneof![narrow, Just((vec![], vec![1], vec![]))];
    let people = vec(candidate(), PEOPLE as usize);
    (parents, people, vec(tag, TAGS as usize), range).prop_map(
        |(parents, mut people, tags, range)| {
            for (n, person) in people.iter_mut().enumerate() {
                person.person = n as i64 + 1;
                person.userid = format!("p{}", n + 1);
            }
            Plain {
                parents,
                people,
                tags,
                range,
            }
        },
    )
}

/// Ids, some of which are nobody's.
fn address() -> impl Strategy<Value = Address> {
    let texts = |prefix: &'static str, ids: Vec<i64>| {
        ids.into_iter()
            .map(move |id| format!("{prefix}{id}"))
            .collect::<Vec<_>>()
    };
    let lists = (
        some(PEOPLE + 2, 4),
        some(DEPARTMENTS + 2, 2),
        some(TAGS + 1, 2),
    );
    (prop::bool::weighted(0.2), lists).prop_map(move |(everybody, (users, parties, tags))| {
        if everybody {
            return Address {
                everybody,
                ..Default::default()
            };
        }
        Address {
            everybody,
            users: texts("p", users),
            parties: texts("", parties),
            tags: texts("", tags),
        }
    })
}

proptest! {
    #[test]
    fn who_gets_it_is_who_is_addressed_and_seen_and_can(plain in plain(), address in address()) {
        let found = reached(&address, &plain.directory(), NOW);
        let number = |text: &String| text.parse::<i64>().unwrap();
        let mut expected = Reached { until: i64::MAX, ..Default::default() };
        for person in &plain.people {
            let of_party = |text: &String| {
                plain.sees_party(number(text)) && plain.is_in(person, (&[], &[number(text)]))
            };
            let addressed = address.everybody
                || address.users.contains(&person.userid)
                || address.parties.iter().any(of_party)
                || address.tags.iter().any(|text| plain.sees_tag(number(text)) && plain.has_tag(person, number(text)));
            let can = matches!(person.status, 1 | 4) && plain.sees(person);
            if addressed && can {
                if person.licence_end.is_some_and(|end| end * 1000 <= NOW) {
                    expected.unlicensed.push(person.userid.clone());
                } else {
                    expected.people.push(person.person);
                    expected.until = expected.until.min(person.licence_end.map_or(i64::MAX, |end| end * 1000));
                }
            }
        }
        let valid = |userid: &String| {
            plain.people.iter().any(|person| person.userid == *userid && matches!(person.status, 1 | 4) && plain.sees(person))
        };
        expected.invalid_users = address.users.iter().filter(|userid| !valid(userid)).cloned().collect();
        expected.invalid_parties = address.parties.iter().filter(|text| !plain.sees_party(number(text))).cloned().collect();
        expected.invalid_tags = address.tags.iter().filter(|text| !plain.sees_tag(number(text))).cloned().collect();
        prop_assert_eq!(&found, &expected);
        // Nobody gets it twice, and whoever is named is told of or gets it.
        let distinct: BTreeSet<i64> = found.people.iter().copied().collect();
        prop_assert_eq!(distinct.len(), found.people.len());
    }
}
