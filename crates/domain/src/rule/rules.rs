//! Which rules are in force for a company at a time.

use qun_protocol::{Limit, Rulebook, Rules};
use qun_store::{Read, Result, table::company};

/// The rules of a company at a time, ms UTC.
pub fn in_force(read: &mut dyn Read, corp: i64, at: i64, default: &Rules) -> Result<Rules> {
    let rows = company::rules(read, corp)?;
    let company = company::by_corp(read, corp)?.unwrap_or_default();
    Ok(resolve(&rows, &company, at, default))
}

/// Limits that follow the company's account cap (帐号上限) where they are not set: so many times the cap, over so many.
const PER_ACCOUNT: [(Limit, i64, i64); 3] = [
    (Limit::MessageSendsPerAppDay, 200, 1),
    (Limit::AccountsPerCorpMonth, 3, 1),
    (Limit::WrongLookupsPerCorpDay, 1, 5),
];

/// Rows, oldest first, and the company's own caps, as rules.
pub fn resolve(
    rows: &[company::RuleRow],
    company: &company::Company,
    at: i64,
    default: &Rules,
) -> Rules {
    let book = rows
        .iter()
        .filter(|row| row.since <= at)
        .filter_map(|row| row.rulebook.as_deref()?.parse::<Rulebook>().ok())
        .next_back();
    let mut rules = book.map(Rules::of).unwrap_or_else(|| default.clone());
    rules.enforced = default.enforced;
    for (limit, times, over) in PER_ACCOUNT {
        rules.set(limit, company.account_cap.saturating_mul(times) / over);
    }
    for (limit, value) in overrides(rows, at) {
        rules.set(limit, value);
    }
    if let Some(cap) = company.chat_member_cap {
        rules.set(
            Limit::ChatMembersMax,
            cap.min(rules.limit(Limit::ChatMembersMax)),
        );
    }
    rules
}

/// The numbers that differ from the rulebook at a time.
pub fn overrides(rows: &[company::RuleRow], at: i64) -> Vec<(Limit, i64)> {
    let mut overrides: Vec<(Limit, i64)> = Vec::new();
    // An empty key sets the rulebook. Looking for the limit that it may have meant is not for every request.
    let changes = rows.iter().filter(|row| !row.key.is_empty());
    for row in changes.filter(|row| row.since <= at) {
        let Ok(limit) = row.key.parse::<Limit>() else {
            continue;
        };
        overrides.retain(|(known, _)| *known != limit);
        overrides.extend(row.value.map(|value| (limit, value)));
    }
    overrides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(since: i64, rulebook: Option<&str>, key: &str, value: Option<i64>) -> company::RuleRow {
        company::RuleRow {
            since,
            rulebook: rulebook.map(str::to_owned),
            key: key.into(),
            value,
        }
    }

    #[test]
    fn the_newest_row_of_its_time_counts() {
        let rows = [
            row(0, Some("live-2026"), "", None),
            row(10, None, "chat_members_max", Some(30)),
            row(20, None, "chat_members_max", None),
            row(30, Some("documented"), "", None),
        ];
        let default = Rules::of(Rulebook::Documented);
        let company = |chat_member_cap| company::Company {
            chat_member_cap,
            account_cap: 1000,
            ..Default::default()
        };
        let most =
            |at, cap| resolve(&rows, &company(cap), at, &default).limit(Limit::ChatMembersMax);
        assert_eq!(most(-1, None), 500);
        assert_eq!(most(9, None), 2000);
        assert_eq!(most(10, None), 30);
        assert_eq!(most(20, None), 2000);
        assert_eq!(most(30, None), 500);
        assert_eq!(most(30, Some(40)), 40);
        assert_eq!(most(30, Some(4000)), 500);
        let multiples = resolve(&rows, &company(None), 0, &default);
        assert_eq!(multiples.limit(Limit::AccountsPerCorpMonth), 3000);
        assert_eq!(multiples.limit(Limit::WrongLookupsPerCorpDay), 200);
    }

    #[test]
    fn some_limits_follow_the_account_cap_unless_they_are_set() {
        let set = [row(10, None, "message_sends_per_app_day", Some(7))];
        let company = company::Company {
            account_cap: 500,
            ..Default::default()
        };
        let default = Rules::of(Rulebook::Documented);
        let most = |at| resolve(&set, &company, at, &default).limit(Limit::MessageSendsPerAppDay);
        assert_eq!((most(9), most(10)), (100_000, 7));
    }
}
