//! Limits that count: only accepted calls count, the first excess starts a block.

use qun_protocol::{Limit, Refusal, Rules};
use qun_store::table::quota;

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
    let window = limit.window();
    let start = window.start(cx.now);
    let (used, blocked) = quota::get(cx.tx.as_read(), corp, limit.key(), "", start)?;
    if rules.enforced {
        if blocked > cx.now {
            return Err(refusal.into());
        }
        if used.saturating_add(amount) > rules.limit(limit) {
            let until = window.blocked_until(cx.now);
            let trace = Trace::Block {
                corp,
                key: limit.key(),
                scope: String::new(),
                start,
                until,
            };
            return Err(Failure::Traced(refusal.into(), Box::new(trace)));
        }
    }
    let lane = cx.ids.lane();
    Ok(quota::add(
        cx.tx,
        corp,
        limit.key(),
        "",
        lane,
        start,
        amount,
    )?)
}
