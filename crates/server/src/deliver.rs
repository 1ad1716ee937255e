//! Telling apps what happened: a task per process that claims queues that are due, one delivery per queue at a time.

mod post;
mod reach;
mod verify;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use qun_domain::{
    Outcome, Who,
    callback::{Accepted, Delivery, Settled, claim, free_all, settle},
};
use qun_store::{
    Effect,
    table::callback::{self, Attempt, Queue},
};
use tokio::{sync::Notify, task::JoinSet};

pub use reach::ReachError;
pub(crate) use verify::verify;

use self::reach::Reach;
use crate::{
    app::App,
    clock::system_us,
    run::{Settings, blocking, write},
};

/// How apps are told.
#[derive(Clone, Debug)]
pub struct CallbackSettings {
    /// Hosts, addresses and networks beyond this machine that callbacks may reach.
    pub to: Vec<String>,
    /// Whether private and link-local addresses may be reached too.
    pub private: bool,
    /// Further authorities that may have signed the certificates of receivers, as PEM; public ones always may.
    pub authorities: Vec<u8>,
    /// After so many seconds each it is tried again, once the cloud's three retries are over.
    pub retries: Vec<u32>,
    /// For how many days what was told is kept.
    pub keep_days: u32,
}

impl Default for CallbackSettings {
    fn default() -> Self {
        CallbackSettings {
            to: Vec::new(),
            private: false,
            authorities: Vec::new(),
            retries: Vec::new(),
            keep_days: 30,
        }
    }
}

/// How long an app may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// A claim, ms.
const CLAIM: i64 = 30_000;
/// An attempt begins only while its claim lasts this long yet, ms: nobody else has one until it is over.
const MARGIN: i64 = 15_000;
/// At most so many deliveries at once.
const AT_ONCE: usize = 256;
/// And so many of one app, so that one that is dead leaves room to the others.
const PER_APP: usize = 16;
/// So many events of a queue go one after another; then others have their turn.
const IN_A_ROW: usize = 32;
/// How often it is looked without being told, for what other processes and the clock do.
const LOOK: Duration = Duration::from_secs(1);
/// How long a queue is left alone that could not be claimed.
const SOON: Duration = Duration::from_millis(10);
/// How long it rests after the store has failed.
const REST: Duration = Duration::from_millis(200);

/// What deliveries share.
pub(crate) struct Deliverer {
    wake: Notify,
    reach: Arc<Reach>,
    client: reqwest::Client,
    retries: Vec<i64>,
    keep_ms: i64,
}

impl Deliverer {
    pub(crate) fn new(settings: &CallbackSettings) -> Result<Self, ReachError> {
        let reach = Arc::new(Reach::new(&settings.to, settings.private)?);
        Ok(Deliverer {
            wake: Notify::new(),
            client: reach.client(&settings.authorities)?,
            reach,
            retries: settings
                .retries
                .iter()
                .map(|s| i64::from(*s) * 1000)
                .collect(),
            keep_ms: i64::from(settings.keep_days) * 86_400_000,
        })
    }

    /// Something may be due. The rows are the truth; this is a hint.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// For how long what was told is kept, ms.
    pub(crate) fn keep_ms(&self) -> i64 {
        self.keep_ms
    }
}

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Several nodes may be about to claim the same queues: each does so alone.
const CLAIMING: Settings = Settings {
    effect: Effect::Change,
    wakes: false,
    evicts: false,
};

/// A claimed queue is its owner's, so settling meets nobody else.
const fn settling(wakes: bool) -> Settings {
    Settings {
        effect: Effect::Append,
        wakes,
        evicts: false,
    }
}

/// The machine's clock, ms UTC: by it claims end, whatever the server's own clock is moved to.
fn machine_ms() -> i64 {
    system_us() / 1000
}

/// What is under way here.
#[derive(Default)]
struct UnderWay {
    queues: BTreeSet<Queue>,
    per_app: BTreeMap<(i64, i64), usize>,
}

impl UnderWay {
    fn begin(&mut self, queue: Queue) {
        *self.per_app.entry((queue.corp, queue.app)).or_default() += 1;
        self.queues.insert(queue);
    }

    fn end(&mut self, queue: &Queue) {
        self.queues.remove(queue);
        let app = (queue.corp, queue.app);
        if let Some(count) = self.per_app.get_mut(&app) {
            *count -= 1;
            if *count == 0 {
                self.per_app.remove(&app);
            }
        }
    }
}

/// Delivers until the server stops, and then ends what is under way.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    if !app.store.is_shared() {
        // What a killed process had claimed: there is no other.
        let freed = write(&app, Who::Operator, HERE, CLAIMING, free_all).await;
        if let Err(failure) = freed {
            tracing::warn!(?failure, "old claims of callbacks go on until they end");
        }
    }
    let mut under_way = UnderWay::default();
    let mut tasks: JoinSet<Queue> = JoinSet::new();
    while !*stopping.borrow() {
        while let Some(ended) = tasks.try_join_next() {
            over(&mut under_way, ended);
        }
        let (due, wait) = look(&app, &under_way).await;
        for queue in due {
            under_way.begin(queue.clone());
            tasks.spawn(deliver(Arc::clone(&app), queue));
        }
        tokio::select! {
            _ = stopping.changed() => {}
            () = app.deliverer.wake.notified() => {}
            Some(ended) = tasks.join_next() => over(&mut under_way, ended),
            () = tokio::time::sleep(wait) => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

fn over(under_way: &mut UnderWay, ended: Result<Queue, tokio::task::JoinError>) {
    match ended {
        Ok(queue) => under_way.end(&queue),
        // Its queue is not known any more: it stays taken here, and comes back with the next start.
        Err(error) => tracing::error!(%error, "a delivery panicked"),
    }
}

/// The queues that are due and for which there is room, and when to look again.
async fn look(app: &Arc<App>, under_way: &UnderWay) -> (Vec<Queue>, Duration) {
    let room = AT_ONCE.saturating_sub(under_way.queues.len());
    if room == 0 {
        return (Vec::new(), LOOK);
    }
    let (store, now) = (Arc::clone(&app.store), app.now_ms());
    let (queues, mut per_app) = (under_way.queues.clone(), under_way.per_app.clone());
    let see = move || {
        store.read(|read| {
            let due = callback::due(read, now, machine_ms(), room, |queue| {
                let count = per_app.entry((queue.corp, queue.app)).or_default();
                let take = *count < PER_APP && !queues.contains(queue);
                *count += usize::from(take);
                take
            })?;
            Ok((due, callback::next_due(read, now)?))
        })
    };
    match blocking(app.store.is_shared(), see).await {
        Ok((due, next)) => {
            let until = next.map(|next| u64::try_from(next - now).unwrap_or(0));
            let wait = until.map_or(LOOK, Duration::from_millis);
            (due, wait.min(LOOK))
        }
        Err(error) => {
            tracing::debug!(%error, "callbacks that are due cannot be looked up");
            (Vec::new(), LOOK)
        }
    }
}

/// Delivers what waits in a queue, as long as it goes well.
async fn deliver(app: Arc<App>, queue: Queue) -> Queue {
    let wanted = queue.clone();
    let claimed = write(&app, Who::Operator, HERE, CLAIMING, move |cx| {
        let machine = machine_ms();
        claim(cx, &wanted, (machine, machine + CLAIM))
    });
    let mut next = match claimed.await {
        Ok((Some(next), _)) => Some(next),
        Ok((None, _)) => {
            // Another was faster, or the writer's clock stands a moment behind: it is not looked at again at once.
            tokio::time::sleep(SOON).await;
            None
        }
        Err(failure) => {
            tracing::warn!(?failure, "a queue of callbacks cannot be claimed");
            tokio::time::sleep(REST).await;
            None
        }
    };
    let mut sent = 0;
    while let Some(delivery) = next.take() {
        if machine_ms() + MARGIN > delivery.until {
            tracing::warn!(
                "the store is slow: a claim of callbacks has almost ended before it was used"
            );
            break;
        }
        let (attempt, accepted) = post::post(&app, &delivery).await;
        app.metrics.attempted(&attempt);
        sent += 1;
        let (agentid, kind) = (delivery.event.app, &delivery.event.kind);
        match &attempt.error {
            Some(error) => {
                tracing::info!(agentid, %kind, accepted = attempt.accepted, "a callback: {error}")
            }
            None => tracing::debug!(agentid, %kind, "a callback was accepted"),
        }
        let more = sent < IN_A_ROW && !*app.stopping.borrow();
        next = settled(&app, delivery, attempt, accepted, more).await;
    }
    queue
}

/// Records an attempt; tries again where the store is away, for as long as the claim lasts.
async fn settled(
    app: &Arc<App>,
    delivery: Delivery,
    attempt: Attempt,
    accepted: Option<Accepted>,
    more: bool,
) -> Option<Delivery> {
    let wakes = accepted.as_ref().is_some_and(|it| it.reply.is_some());
    let until = delivery.until;
    let all = Arc::new((delivery, attempt, accepted));
    loop {
        let (all, retries) = (Arc::clone(&all), app.deliverer.retries.clone());
        let run = move |cx: &mut qun_domain::Cx| {
            let (delivery, attempt, accepted) = &*all;
            let settled = Settled {
                attempt,
                accepted: accepted.as_ref(),
                retries: &retries,
                go_on: more.then(|| machine_ms() + CLAIM),
            };
            settle(cx, delivery, settled)
        };
        let outcome: Outcome<_> = write(app, Who::Operator, HERE, settling(wakes), run).await;
        match outcome {
            Ok((next, _)) => return next,
            Err(failure) => {
                tracing::warn!(?failure, "what became of a callback cannot be written down");
                if machine_ms() + REST.as_millis() as i64 > until {
                    return None;
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
}
