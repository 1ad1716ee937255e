use proptest::prelude::*;
use qun_protocol::{
    Rulebook,
    message::{Sent as Answer, ids},
};

use super::*;

fn rules(users: i64) -> Rules {
    let mut rules = Rules::of(Rulebook::Live2026);
    rules.set(Limit::MessageUsersMax, users);
    rules
}

proptest! {
    /// Nobody is lost, nobody gets it twice, and no call takes too many.
    #[test]
    fn people_are_cut_into_portions(names in prop::collection::vec("[abAB]{1,3}", 0..60), most in 1..9_i64) {
        let to = To::users(names.iter().map(String::as_str));
        let distinct: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
        prop_assert_eq!(to.users.len(), distinct.len());

        let rules = rules(most);
        let parts = portions(&to.users, &rules);
        prop_assert_eq!(parts.len(), distinct.len().div_ceil(rules.size(Limit::MessageUsersMax)));
        prop_assert!(parts.iter().all(|part| is_one(part, &rules) && !part.is_empty()));
        let all: Vec<UserId> = parts.iter().flat_map(|part| part.users.clone()).collect();
        prop_assert_eq!(&all, &to.users);

        // Wherever it stops, each is in exactly one place.
        for failed in 0..parts.len() {
            let plan = Plan { parts: parts.clone(), ..Plan::default() };
            for cause in [
                Error::Quota { path: "p", message: String::new(), hint: None },
                Error::OutcomeUnknown { path: "p", detail: String::new() },
            ] {
                let maybe = cause.may_have_been_done();
                match plan.unfinished(failed, Sent::default(), cause) {
                    Error::Unfinished(it) => {
                        prop_assert!(parts.len() > 1);
                        prop_assert_eq!(it.unclear.is_empty(), !maybe);
                        prop_assert_eq!(it.done, parts[..failed].iter().map(|part| part.users.len()).sum::<usize>());
                        let left: Vec<UserId> = [it.unclear.users, it.rest.users].concat();
                        prop_assert_eq!(&left[..], &all[it.done..]);
                    }
                    _ => prop_assert_eq!(parts.len(), 1),
                }
            }
        }
    }
}

#[test]
fn an_address_is_written_as_the_api_reads_it() {
    let message = To::users(["a", "b", "A"])
        .parties([2, 3, 2])
        .tags([7])
        .address(Send::default());
    assert_eq!(message.touser.as_deref(), Some("a|b"));
    assert_eq!(message.toparty.as_deref(), Some("2|3"));
    assert_eq!(message.totag.as_deref(), Some("7"));
    let message = To::everyone().address(message);
    assert_eq!(
        (message.touser.as_deref(), &message.toparty),
        (Some("@all"), &None)
    );
    assert_eq!(ids(&Some(" a | |b".into())).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn userids_that_would_be_read_as_others_are_found() {
    for wrong in ["", "@all", "a|b", " a", "a\n"] {
        assert!(To::users([wrong]).check().is_err(), "{wrong:?}");
    }
    assert!(To::users(["a", "张三"]).check().is_ok());
    assert!(To::default().check().is_err());
    assert!(To::everyone().tags([1]).check().is_err());
}

#[test]
fn answers_are_merged_and_those_who_were_only_found_are_no_mistake() {
    let plan = Plan {
        invalid_tags: vec![9],
        found: ["found".into()].into(),
        ..Plan::default()
    };
    let mut sent = plan.begun();
    for (users, msgid) in [("a|Found", "1"), ("b", "2")] {
        let answer = Answer {
            invaliduser: Some(users.into()),
            invalidparty: Some("3".into()),
            unlicenseduser: Some("c".into()),
            msgid: msgid.into(),
            ..Default::default()
        };
        sent.merge(answer, &plan);
    }
    assert_eq!(sent.msgids, ["1", "2"]);
    assert_eq!(sent.invalid_users, ["a".into(), "b".into()]);
    assert_eq!(
        (sent.invalid_parties, sent.invalid_tags),
        (vec![3, 3], vec![9])
    );
    assert_eq!(sent.unlicensed.len(), 2);
}
