//! What other nodes on the same database do, noticed by looking.

use std::{sync::Arc, time::Duration};

use qun_store::{
    Result,
    table::{company, lane, meta},
};

use crate::{app::App, run::blocking, serve::OFFSET};

/// How often it is looked for messages while somebody waits.
const LOOK: Duration = Duration::from_millis(40);
/// Every so many looks also for changed apps and for the clock.
const SELDOM: u32 = 8;

/// What was seen.
#[derive(Default)]
struct Seen {
    lanes: Option<Vec<(i64, i64)>>,
    offset: Option<String>,
    versions: Vec<(i64, i64)>,
}

/// Looks until the server stops.
pub(crate) async fn watch(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let mut lanes = Vec::new();
    let mut look = 0_u32;
    while !*stopping.borrow() {
        let waited_for = app.waiters.any();
        let seldom = look.is_multiple_of(SELDOM);
        if waited_for || seldom {
            let (known, store) = (app.callers.versions(), Arc::clone(&app.store));
            let clock = seldom && app.clock.is_movable();
            let see = move || {
                store.read(|read| {
                    let mut seen = Seen::default();
                    if waited_for {
                        seen.lanes = Some(lane::all(read)?);
                    }
                    if seldom && !known.is_empty() {
                        let companies: Vec<i64> = known.keys().copied().collect();
                        seen.versions = company::versions(read, &companies)?;
                        seen.versions
                            .retain(|(corp, version)| known.get(corp) != Some(version));
                    }
                    if clock {
                        seen.offset = meta::get(read, OFFSET)?;
                    }
                    Ok(seen)
                })
            };
            note(&app, blocking(true, see).await, &mut lanes);
        }
        look = look.wrapping_add(1);
        tokio::select! {
            _ = stopping.changed() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

fn note(app: &App, seen: Result<Seen>, lanes: &mut Vec<(i64, i64)>) {
    let seen = match seen {
        Ok(seen) => seen,
        Err(error) => {
            // What is known may be out of date, and cannot be looked up: nobody goes in on the strength of it.
            app.callers.evict_all();
            tracing::debug!(%error, "the database cannot be looked at");
            return;
        }
    };
    for (corp, _) in seen.versions {
        app.callers.evict(corp);
    }
    if let Some(now) = seen.lanes
        && now != *lanes
    {
        *lanes = now;
        app.waiters.wake_all();
    }
    if let Some(offset) = seen.offset.and_then(|text| text.parse().ok()) {
        // What was read may be older than what this node has moved it to since.
        app.clock.move_to_offset_us(offset);
    }
}
