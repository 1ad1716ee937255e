//! Limits that count: only accepted calls count, the first excess starts a block.

use qun_protocol::{Limit, Refusal, Rules};
use qun_store::{Counter, Effect};

use crate::{Cx, Failure, Outcome, Trace};

/// Spends of a company's limit, or refuses; a first excess is kept as a block.
pub fn spend(
    cx: &mut Cx,
    rules: &Rules,
    corp: i64,
    limit: Limit,
    amount: i64,
    refusal: Refusal,
) -> Outcome<()> {
    spend_within(cx, rules, corp, "", limit, amount, refusal)
}

/// The same of a limit that something within the company has for itself.
pub fn spend_within(
    cx: &mut Cx,
    rules: &Rules,
    corp: i64,
    scope: &str,
    limit: Limit,
    amount: i64,
    refusal: Refusal,
) -> Outcome<()> {
    let window = limit.window();
    let start = window.start(cx.now);
    let counter = Counter {
        corp,
        key: limit.key(),
        scope,
    };
    if rules.enforced {
        let spent = cx.tx.spent(&counter, start)?;
        if spent.blocked > cx.now {
            return Err(refusal.into());
        }
        let most = rules.limit(limit);
        if !spent.is_certain(amount, most) {
            cx.tx.enter(corp, Effect::Change)?;
        }
        if spent.amount.saturating_add(amount) > most {
            let trace = Trace::Block {
                corp,
                key: limit.key(),
                scope: scope.to_owned(),
                start,
                until: window.blocked_until(cx.now),
            };
            return Err(Failure::Traced(refusal.into(), Box::new(trace)));
        }
    }
    Ok(cx.tx.spend(&counter, start, amount)?)
}
