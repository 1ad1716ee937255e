use qun_protocol::{
    Limit, UNLIMITED,
    manage::{COUNTED, GetUsage, Spent, Usage},
};
use qun_store::{
    Counter,
    table::{app, quota},
};

use crate::{Outcome, Query, ReadCx, Use, message::scope};

impl Query<GetUsage> for Use {
    fn run(cx: &mut ReadCx, request: &GetUsage) -> Outcome<Usage> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let rules = cx.rules(corp)?;
        let mut limits = Vec::new();
        for limit in COUNTED {
            let scopes = match limit {
                Limit::MessageSendsPerAppDay => {
                    let apps = app::all(cx.read, corp)?;
                    let apps = apps.iter().map(|app| (Some(app.app), scope(app.app)));
                    apps.collect()
                }
                _ => vec![(None, String::new())],
            };
            for (agentid, scope) in scopes {
                let window = limit.window();
                let counter = Counter {
                    corp,
                    key: limit.key(),
                    scope: &scope,
                };
                let (used, blocked) = quota::get(cx.read, &counter, window.start(cx.now))?;
                let most = match rules.limit(limit) {
                    UNLIMITED => -1,
                    most => most,
                };
                limits.push(Spent {
                    limit: limit.key().to_owned(),
                    agentid,
                    window,
                    used,
                    most,
                    blocked_until: (blocked > cx.now).then_some(blocked / 1000),
                });
            }
        }
        Ok(Usage { limits })
    }
}
