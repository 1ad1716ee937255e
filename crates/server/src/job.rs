//! Work that is due from time to time.

use std::{net::IpAddr, sync::Arc, time::Duration};

use qun_domain::{
    Outcome, Who, callback,
    customer_group::{forget_codes, forget_figures, inherit},
    media::forget,
    rule::statistic::first_kept,
    world::EVERYBODY,
};
use qun_store::{
    Effect,
    table::{
        address, blob, callback as told, card, customer_group, group_day, media, message, quota,
    },
};

use crate::{
    app::App,
    run::{Settings, blocking, read, write},
};

/// How often the small work is done.
const TICK: Duration = Duration::from_secs(5);
/// Every so many ticks ended things are removed.
const SWEEP: u32 = 60;
/// Counters of windows this long past are of no use, nor is what was kept to save work, ms.
const OLD: i64 = 40 * 86_400_000;
/// Ended files are kept this long, so that a download that has begun can end, ms.
const GRACE: i64 = 3_600_000;
/// At most so many files at once.
const FILES: i64 = 500;
/// At most so many customer groups, or codes into them, at once.
const GROUPS: i64 = 500;

const QUIET: Settings = Settings {
    effect: Effect::Change,
    wakes: false,
    evicts: false,
};
const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

/// Runs until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let mut tick = 0;
    while !*stopping.borrow() {
        app.metrics.upkeep();
        inherit_due(&app).await;
        if tick % SWEEP == 0 {
            sweep(&app).await;
        }
        tick += 1;
        tokio::select! {
            _ = stopping.changed() => {}
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

/// Gives customer groups on whose inheritance is due, until none is.
pub(crate) async fn inherit_due(app: &Arc<App>) {
    loop {
        let (now, store) = (app.now_ms(), Arc::clone(&app.store));
        let look = move || store.read(|read| customer_group::due(read, now, GROUPS));
        let due = match blocking(app.store.is_shared(), look).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "inheritances of customer groups could not be listed");
                return;
            }
        };
        for (corp, chat) in &due {
            let (corp, chat) = (*corp, *chat);
            let inherit = move |cx: &mut qun_domain::Cx| inherit(cx, corp, chat);
            if let Err(failure) = write(app, Who::Operator, HERE, QUIET, inherit).await {
                tracing::warn!(
                    ?failure,
                    "a customer group could not be inherited; it is tried again"
                );
                return;
            }
        }
        if (due.len() as i64) < GROUPS {
            return;
        }
    }
}

async fn sweep(app: &Arc<App>) {
    let now = app.now_ms();
    let (store, shared) = (Arc::clone(&app.store), app.store.is_shared());
    let look = move || {
        store.read(|read| {
            let ended = media::ended(read, now - GRACE, FILES)?;
            // Of a process that was killed. Where files are used, the next start finds them.
            let lost = if shared {
                blob::lost(read, now - GRACE, FILES)?
            } else {
                Vec::new()
            };
            Ok((ended, lost))
        })
    };
    match blocking(shared, look).await {
        Ok((ended, mut unused)) => {
            let rows: Vec<(i64, String)> = ended
                .iter()
                .map(|(corp, id, _)| (*corp, id.clone()))
                .collect();
            // The row goes first: a file without a row is swept later, a row without a file is a broken promise.
            let forgotten = rows.is_empty()
                || write(app, Who::Operator, HERE, QUIET, move |cx| forget(cx, &rows))
                    .await
                    .is_ok();
            if forgotten {
                unused.extend(ended.into_iter().map(|(corp, _, blob)| (corp, blob)));
            }
            for (corp, blob) in unused {
                if let Err(error) = app.blobs.remove(corp, &blob).await {
                    tracing::warn!(%error, "an ended file could not be removed; it is tried again");
                }
            }
        }
        Err(error) => tracing::warn!(%error, "ended files could not be listed"),
    }
    if let Err(failure) = forget_ended_codes(app, now).await {
        tracing::warn!(
            ?failure,
            "ended codes of customer groups could not be removed"
        );
    }
    forget_old_figures(app).await;
    if let Err(failure) = forget_callbacks(app, now).await {
        tracing::warn!(?failure, "old callbacks could not be removed");
    }
    let swept = write(app, Who::Operator, HERE, QUIET, move |cx| {
        cx.tx.enter(EVERYBODY, Effect::Change)?;
        quota::sweep(cx.tx, now - OLD)?;
        address::sweep(cx.tx, now - OLD)?;
        message::sweep_once(cx.tx, (now - OLD) * 1000)?;
        card::sweep_codes(cx.tx, now)?;
        Ok(())
    })
    .await;
    if let Err(failure) = swept {
        tracing::warn!(?failure, "old counters could not be removed");
    }
}

/// Removes links and QR codes into customer groups that have ended.
async fn forget_ended_codes(app: &Arc<App>, now: i64) -> Outcome<()> {
    let store = Arc::clone(&app.store);
    let look = move || store.read(|read| customer_group::ended_codes(read, now, GROUPS));
    let ended = blocking(app.store.is_shared(), look).await?;
    if !ended.is_empty() {
        let run = move |cx: &mut qun_domain::Cx| forget_codes(cx, &ended);
        write(app, Who::Operator, HERE, QUIET, run).await?;
    }
    Ok(())
}

/// Removes the figures of days that nobody can ask for any more.
pub(crate) async fn forget_old_figures(app: &Arc<App>) {
    if let Err(failure) = forget_figures_of_all(app).await {
        tracing::warn!(
            ?failure,
            "old figures of customer groups could not be removed"
        );
    }
}

async fn forget_figures_of_all(app: &Arc<App>) -> Outcome<()> {
    let (store, shared) = (Arc::clone(&app.store), app.store.is_shared());
    for corp in blocking(shared, move || store.read(group_day::companies)).await? {
        loop {
            let look = move |cx: &mut qun_domain::ReadCx| {
                let needed = first_kept(&cx.rules(corp)?, cx.now).saturating_sub(1);
                Ok(group_day::old(cx.read, corp, needed, GROUPS)?)
            };
            let (old, _) = read(app, &Who::Operator, HERE, look).await;
            let old = old?;
            let all = (old.len() as i64) < GROUPS;
            if !old.is_empty() {
                let run = move |cx: &mut qun_domain::Cx| forget_figures(cx, corp, &old);
                write(app, Who::Operator, HERE, QUIET, run).await?;
            }
            if all {
                break;
            }
        }
    }
    Ok(())
}

/// Removes what apps were told long ago, company by company.
async fn forget_callbacks(app: &Arc<App>, now: i64) -> Outcome<()> {
    let before = (now - app.deliverer.keep_ms()) * 1000;
    let (store, shared) = (Arc::clone(&app.store), app.store.is_shared());
    for corp in blocking(shared, move || store.read(told::companies)).await? {
        loop {
            let store = Arc::clone(&app.store);
            let look = move || store.read(|read| told::old(read, corp, before, FILES));
            let old = blocking(shared, look).await?;
            let all = (old.len() as i64) < FILES;
            if !old.is_empty() {
                let run = move |cx: &mut qun_domain::Cx| callback::forget(cx, corp, &old);
                write(app, Who::Operator, HERE, QUIET, run).await?;
            }
            if all {
                break;
            }
        }
    }
    Ok(())
}
