use qun_protocol::{
    UNLIMITED,
    manage::{COUNTED, GetUsage, Spent, Usage},
};
use qun_store::{Counter, table::quota};

use crate::{Outcome, Query, ReadCx, Use};

impl Query<GetUsage> for Use {
    fn run(cx: &mut ReadCx, request: &GetUsage) -> Outcome<Usage> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let rules = cx.rules(corp)?;
        let mut limits = Vec::new();
        for limit in COUNTED {
            let window = limit.window();
            let start = window.start(cx.now);
            let counter = Counter {
                corp,
                key: limit.key(),
                scope: "",
            };
            let (used, blocked) = quota::get(cx.read, &counter, start)?;
            let most = match rules.limit(limit) {
                UNLIMITED => -1,
                most => most,
            };
            limits.push(Spent {
                limit: limit.key().to_owned(),
                window,
                used,
                most,
                blocked_until: (blocked > cx.now).then_some(blocked / 1000),
            });
        }
        Ok(Usage { limits })
    }
}
