//! Base call rates: by company and API, and by address and API. Kept in memory, so exact on one node and gone with it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use qun_protocol::{Limit, Rules};

/// How many scopes are kept before ended ones are dropped.
const SCOPES: usize = 10_000;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    scopes: Mutex<Scopes>,
    /// By company and group of hosted accounts; no more than there are of these.
    tokens: Mutex<HashMap<(i64, i64), Count>>,
}

#[derive(Debug, Default)]
struct Scopes {
    counts: HashMap<(Scope, &'static str), [Count; 2]>,
    /// How many there were after the last sweep.
    swept: usize,
}

impl Scopes {
    /// Drops ended ones, once there are twice as many as the last time: a call pays for its own only.
    fn sweep(&mut self, now: i64) {
        if self.counts.len() <= SCOPES.max(2 * self.swept) {
            return;
        }
        self.counts.retain(|_, counts| {
            counts.iter().zip(CORP).any(|(count, limit)| {
                count.blocked > now || count.start == limit.window().start(now)
            })
        });
        self.swept = self.counts.len();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Scope {
    Corp(i64),
    Address(IpAddr),
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    start: i64,
    used: i64,
    blocked: i64,
}

/// A call that was let in.
#[derive(Debug)]
pub(crate) struct Admitted {
    corp: Option<i64>,
    address: IpAddr,
    api: &'static str,
}

const CORP: [Limit; 2] = [Limit::CallsPerCorpMinute, Limit::CallsPerCorpHour];
const ADDRESS: [Limit; 2] = [Limit::CallsPerAddressMinute, Limit::CallsPerAddressHour];

impl Rates {
    /// Counts a call, or says that it is one too many; the first excess blocks.
    pub(crate) fn admit(
        &self,
        rules: &Rules,
        corp: Option<i64>,
        address: IpAddr,
        api: &'static str,
        now: i64,
    ) -> Option<Admitted> {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        scopes.sweep(now);
        let scopes = &mut scopes.counts;
        let wanted = corp
            .map(|corp| (Scope::Corp(corp), CORP))
            .into_iter()
            .chain([(Scope::Address(address), ADDRESS)]);
        if rules.enforced {
            for (scope, limits) in wanted.clone() {
                let counts = scopes.entry((scope, api)).or_default();
                for (count, limit) in counts.iter_mut().zip(limits) {
                    count.turn(limit, now);
                    if count.blocked > now {
                        return None;
                    }
                    if count.used >= rules.limit(limit) {
                        count.blocked = limit.window().blocked_until(now);
                        return None;
                    }
                }
            }
        }
        for (scope, limits) in wanted {
            let counts = scopes.entry((scope, api)).or_default();
            for (count, limit) in counts.iter_mut().zip(limits) {
                count.turn(limit, now);
                count.used += 1;
            }
        }
        Some(Admitted { corp, address, api })
    }

    /// Counts a call of a group of hosted accounts, or says that it is one too many. Refused calls count too.
    pub(crate) fn admit_token(&self, rules: &Rules, scope: (i64, i64), now: i64) -> bool {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tokens.entry(scope).or_default();
        count.turn(Limit::RoomCallsPerToken, now);
        if rules.enforced && count.used >= rules.limit(Limit::RoomCallsPerToken) {
            return false;
        }
        count.used += 1;
        true
    }

    /// Takes a call back that was refused after all: only accepted calls count.
    pub(crate) fn give_back(&self, call: &Admitted) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        for scope in call
            .corp
            .map(Scope::Corp)
            .into_iter()
            .chain([Scope::Address(call.address)])
        {
            if let Some(counts) = scopes.counts.get_mut(&(scope, call.api)) {
                for count in counts {
                    count.used = (count.used - 1).max(0);
                }
            }
        }
    }
}

impl Count {
    fn turn(&mut self, limit: Limit, now: i64) {
        let start = limit.window().start(now);
        if self.start != start {
            (self.start, self.used) = (start, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use qun_protocol::Rulebook;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const NOON: i64 = 1_700_020_800_000;

    fn rules() -> Rules {
        let mut rules = Rules::of(Rulebook::Documented);
        rules.set(Limit::CallsPerCorpMinute, 3);
        rules.set(Limit::CallsPerAddressMinute, 5);
        rules
    }

    #[test]
    fn the_first_excess_blocks_for_a_minute() {
        let (rates, rules) = (Rates::default(), rules());
        for _ in 0..3 {
            assert!(
                rates
                    .admit(&rules, Some(1), HERE, "/a", NOON + 50_000)
                    .is_some()
            );
        }
        assert!(
            rates
                .admit(&rules, Some(1), HERE, "/a", NOON + 59_000)
                .is_none()
        );
        assert!(
            rates
                .admit(&rules, Some(1), HERE, "/a", NOON + 118_999)
                .is_none()
        );
        assert!(
            rates
                .admit(&rules, Some(1), HERE, "/a", NOON + 119_000)
                .is_some()
        );
        assert!(
            rates
                .admit(&rules, Some(1), HERE, "/b", NOON + 59_000)
                .is_some()
        );
    }

    #[test]
    fn an_address_is_counted_over_companies_and_refused_calls_are_given_back() {
        let (rates, rules) = (Rates::default(), rules());
        for corp in 0..5 {
            let call = rates.admit(&rules, Some(corp), HERE, "/a", NOON).unwrap();
            rates.give_back(&call);
            assert!(rates.admit(&rules, Some(corp), HERE, "/a", NOON).is_some());
        }
        assert!(rates.admit(&rules, Some(9), HERE, "/a", NOON).is_none());
    }

    #[test]
    fn what_has_ended_is_forgotten_and_what_runs_is_not() {
        let (rates, rules) = (Rates::default(), rules());
        let kept = || rates.scopes.lock().unwrap().counts.len();
        let call = |n: usize, now: i64| {
            let address = IpAddr::V4(Ipv4Addr::from_bits(n as u32));
            rates.admit(&rules, None, address, "/a", now)
        };
        for n in 0..=2 * SCOPES {
            assert!(call(n, NOON).is_some());
        }
        assert_eq!(kept(), 2 * SCOPES + 1, "all of them count still");
        for n in 0..=2 * SCOPES {
            assert!(call(3 * SCOPES + n, NOON + 3_600_000).is_some());
        }
        assert!(kept() < 3 * SCOPES, "{}", kept());
    }

    #[test]
    fn a_token_has_its_calls_in_each_half_minute() {
        let (rates, mut rules) = (Rates::default(), rules());
        rules.set(Limit::RoomCallsPerToken, 2);
        let admit = |scope, now| rates.admit_token(&rules, scope, now);
        assert!(admit((1, 1), NOON) && admit((1, 1), NOON + 29_999));
        assert!(!admit((1, 1), NOON + 29_999));
        assert!(admit((1, 2), NOON + 29_999) && admit((2, 1), NOON + 29_999));
        assert!(admit((1, 1), NOON + 30_000));
    }

    #[test]
    fn without_enforcement_it_only_counts() {
        let (rates, mut rules) = (Rates::default(), rules());
        rules.enforced = false;
        for _ in 0..10 {
            assert!(rates.admit(&rules, Some(1), HERE, "/a", NOON).is_some());
        }
    }
}
