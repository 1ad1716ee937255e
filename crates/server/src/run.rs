//! Running use cases on the store's readers and its writer.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use qun_domain::{Command, Cx, Failure, Outcome, Query, ReadCx, Trace, Use, Who};
use qun_protocol::{Auth, Endpoint, Refusal as R, envelope};
use qun_store::{Effect, End, Ids, Job, Tx, Verdict};
use tokio::sync::oneshot;

use crate::{
    app::App,
    http::{Answer, Call, Runner},
    kept::Key,
    serve::Beside,
};

/// How long a change may wait for a database that other processes share. The network may be silent for as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(12);

/// Runs queries.
pub(crate) enum Read {}
/// Runs commands.
pub(crate) enum Write {}

/// Reads once, from one snapshot; gives the company that was read beside the answer.
pub(crate) async fn read<T: Send + 'static>(
    app: &Arc<App>,
    who: &Who,
    address: IpAddr,
    run: impl FnOnce(&mut ReadCx) -> Outcome<T> + Send + 'static,
) -> (Outcome<T>, Option<i64>) {
    let (app, who) = (Arc::clone(app), who.clone());
    let shared = app.store.is_shared();
    blocking(shared, move || look(&app, &who, address, run)).await
}

/// Runs what asks the store: on the spot where that takes microseconds, elsewhere on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    elsewhere: bool,
    run: impl FnOnce() -> T + Send + 'static,
) -> T {
    if !elsewhere {
        return run();
    }
    match tokio::task::spawn_blocking(run).await {
        Ok(answer) => answer,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is stopping, and whoever waits with it.
            Err(_) => std::future::pending().await,
        },
    }
}

fn look<T>(
    app: &App,
    who: &Who,
    address: IpAddr,
    run: impl FnOnce(&mut ReadCx) -> Outcome<T>,
) -> (Outcome<T>, Option<i64>) {
    let now = app.now_ms();
    let mut answer = None;
    let mut touched = None;
    let walk = app.store.read(|snapshot| {
        let mut cx = ReadCx {
            read: snapshot,
            who,
            address,
            now,
            default_rules: &app.default_rules,
            touched: None,
            lints: Vec::new(),
        };
        answer = Some(run(&mut cx));
        touched = cx.touched;
        Ok(())
    });
    let answer = match (walk, answer) {
        (Ok(()), Some(answer)) => answer,
        (Err(error), _) => Err(error.into()),
        (Ok(()), None) => Err(R::SystemBusy.into()),
    };
    (answer, touched)
}

impl<E: Endpoint> Runner<E> for Read
where
    Use: Query<E>,
{
    async fn run(call: Call<E>, _: Beside) -> Result<Answer<E>, Failure> {
        let keep = key::<E>(&call, |request| <Use as Query<E>>::kept_as(request));
        if let Some(body) = keep.as_ref().and_then(|(_, key)| call.app.kept.get(key))
            && let Some(body) = body.downcast_ref::<Bytes>()
        {
            return Ok(Answer::Kept(body.clone()));
        }
        let mark = call.app.kept.mark();
        let request = Arc::new(call.request);
        let look = || {
            let request = Arc::clone(&request);
            read(&call.app, &call.who, call.address, move |cx| {
                let answer = <Use as Query<E>>::run(cx, &request)?;
                Ok((answer, std::mem::take(&mut cx.lints)))
            })
        };
        let (mut answer, touched) = look().await;
        let wait = <Use as Query<E>>::wait(&request);
        if wait > 0
            && let Some(corp) = touched
        {
            let until = Instant::now() + Duration::from_secs(wait.unsigned_abs());
            let mut stopping = call.app.stopping.clone();
            let mut woken = call.app.waiters.subscribe(corp);
            loop {
                // Looked at only after subscribing, so that nothing between is missed.
                answer = look().await.0;
                if !matches!(&answer, Ok((response, _)) if !<Use as Query<E>>::is_something(response))
                    || *stopping.borrow()
                {
                    break;
                }
                tokio::select! {
                    changed = woken.changed() => if changed.is_err() { break },
                    _ = stopping.changed() => {}
                    () = tokio::time::sleep_until(until.into()) => break,
                }
            }
        }
        let (response, lints) = answer?;
        if let Some((corp, key)) =
            keep.filter(|(_, key)| lints.is_empty() && call.app.kept.wants(key))
            && let Ok(body) = envelope::success(&response, "ok")
        {
            let body = Bytes::from(body);
            let size = body.len();
            let kept = Arc::new(body.clone());
            call.app.kept.put(mark, corp, key, kept, size);
            return Ok(Answer::Kept(body));
        }
        Ok(Answer::Typed(response, lints))
    }
}

impl<E: Endpoint> Runner<E> for Write
where
    Use: Command<E>,
{
    async fn run(call: Call<E>, _: Beside) -> Result<Answer<E>, Failure> {
        let now = call.app.now_ms() / 1000;
        let alone = !call.app.store.is_shared();
        let keep = <Use as Command<E>>::kept_as(&call.request, call.address)
            .filter(|_| alone)
            .map(|key| (E::META.path, key));
        if let Some(value) = keep.as_ref().and_then(|key| call.app.kept.get(key))
            && let Some((given, response)) = value.downcast_ref::<(i64, E::Response)>()
            && let Some(response) = <Use as Command<E>>::again(response, now - given)
        {
            return Ok(Answer::Typed(response, Vec::new()));
        }
        let mark = call.app.kept.mark();
        let request = Arc::new(call.request);
        if <Use as Command<E>>::PEEKS {
            let asked = Arc::clone(&request);
            let peek = move |cx: &mut ReadCx| <Use as Command<E>>::peek(cx, &asked);
            let (peeked, touched) = read(&call.app, &call.who, call.address, peek).await;
            if let Some(response) = peeked? {
                if let (Some(key), Some(corp)) = (keep, touched)
                    && let Some(copy) = <Use as Command<E>>::again(&response, 0)
                {
                    let size = size_of::<E::Response>() + key.1.len();
                    call.app
                        .kept
                        .put(mark, corp, key, Arc::new((now, copy)), size);
                }
                return Ok(Answer::Typed(response, Vec::new()));
            }
        }
        let Call {
            app, who, address, ..
        } = call;
        let settings = Settings {
            effect: <Use as Command<E>>::EFFECT,
            wakes: <Use as Command<E>>::WAKES,
            // What an app does to groups leaves the apps themselves as they are.
            evicts: !matches!(E::META.auth, Auth::AccessToken | Auth::Juzi)
                || <Use as Command<E>>::EVICTS,
        };
        let (response, lints) = write(&app, who, address, settings, move |cx| {
            <Use as Command<E>>::run(cx, &request)
        })
        .await?;
        Ok(Answer::Typed(response, lints))
    }
}

/// Where an answer to the calling app may be kept, and of which company it is.
fn key<E: Endpoint>(
    call: &Call<E>,
    kept_as: impl FnOnce(&E) -> Option<String>,
) -> Option<(i64, Key)> {
    if call.warning || call.app.store.is_shared() {
        return None;
    }
    let Who::App(caller) = &call.who else {
        return None;
    };
    let key = format!(
        "{} {} {}",
        caller.corp,
        caller.agentid,
        kept_as(&call.request)?
    );
    Some((caller.corp, (E::META.path, key)))
}

/// How a change is run.
#[derive(Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) effect: Effect,
    /// Whether people who wait should look.
    pub(crate) wakes: bool,
    /// Whether cached apps of the company are stale afterwards.
    pub(crate) evicts: bool,
}

/// Changes something in the writer's next transaction; answers after it is committed, with the lints.
pub(crate) async fn write<T: Send + 'static>(
    app: &Arc<App>,
    who: Who,
    address: IpAddr,
    settings: Settings,
    run: impl FnMut(&mut Cx) -> Outcome<T> + Send + 'static,
) -> Outcome<(T, Vec<String>)> {
    let (reply, answer) = oneshot::channel();
    let turn = Arc::new(Turn::default());
    let work = Work {
        turn: Arc::clone(&turn),
        app: app.clone(),
        who,
        address,
        settings,
        run,
        reply,
        state: State::default(),
    };
    if app.store.write(Box::new(work)).is_err() {
        return Err(R::SystemBusy.into());
    }
    let answer = if app.store.is_shared() {
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(answer) => answer,
            Err(_) if turn.give_up() => return Err(R::SystemBusy.into()),
            Err(_) => return Err(Failure::Unknown),
        }
    } else {
        answer.await
    };
    answer.unwrap_or(Err(Failure::Unknown))
}

/// Whether a change has begun, or its caller has gone before that.
#[derive(Default)]
struct Turn(AtomicU8);

impl Turn {
    const BEGUN: u8 = 1;
    const GIVEN_UP: u8 = 2;

    /// False where the caller has been told that nothing was done.
    fn begin(&self) -> bool {
        let before = self
            .0
            .compare_exchange(0, Self::BEGUN, SeqCst, SeqCst)
            .unwrap_or_else(|before| before);
        before != Self::GIVEN_UP
    }

    /// True where it has not begun, and now never will.
    fn give_up(&self) -> bool {
        self.0
            .compare_exchange(0, Self::GIVEN_UP, SeqCst, SeqCst)
            .is_ok()
    }
}

/// A change on its way through the writer.
struct Work<T, F> {
    turn: Arc<Turn>,
    app: Arc<App>,
    who: Who,
    address: IpAddr,
    settings: Settings,
    run: F,
    reply: oneshot::Sender<Outcome<(T, Vec<String>)>>,
    state: State<T>,
}

/// What one run came to; a second run begins anew.
struct State<T> {
    outcome: Option<Outcome<T>>,
    lints: Vec<String>,
    touched: Option<i64>,
    raised: bool,
}

impl<T> Default for State<T> {
    fn default() -> Self {
        State {
            outcome: None,
            lints: Vec::new(),
            touched: None,
            raised: false,
        }
    }
}

impl<T, F> Work<T, F> {
    fn trace(&self) -> Option<&Trace> {
        match &self.state.outcome {
            Some(Err(Failure::Traced(_, trace))) => Some(trace),
            _ => None,
        }
    }
}

impl<T: Send, F: FnMut(&mut Cx) -> Outcome<T> + Send> Job for Work<T, F> {
    fn corp(&self) -> Option<i64> {
        match &self.who {
            Who::App(caller) => Some(caller.corp),
            Who::Juzi(hosted) => Some(hosted.corp),
            _ => None,
        }
    }

    fn effect(&self) -> Effect {
        self.settings.effect
    }

    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> qun_store::Result<Verdict> {
        if !self.turn.begin() {
            let gone = "whoever asked was told that nothing was done";
            return Err(qun_store::Error::Unavailable(gone.into()));
        }
        self.state = State::default();
        let mut chance = Ok(());
        let mut random = |bytes: &mut [u8]| {
            if let Err(error) = getrandom::fill(bytes) {
                chance = Err(error);
            }
        };
        let now = ids.now_ms();
        let mut cx = Cx {
            tx,
            ids,
            random: &mut random,
            effect: self.settings.effect,
            who: &self.who,
            address: self.address,
            now,
            default_rules: &self.app.default_rules,
            lints: Vec::new(),
            touched: None,
            raised: false,
        };
        let outcome = (self.run)(&mut cx);
        let (lints, touched) = (std::mem::take(&mut cx.lints), cx.touched);
        let raised = cx.raised;
        chance.map_err(|error| qun_store::Error::Unavailable(format!("no randomness: {error}")))?;
        match outcome {
            Err(Failure::Store(error)) => Err(error),
            outcome => {
                let verdict = if outcome.is_ok() {
                    Verdict::Keep
                } else {
                    Verdict::Undo
                };
                self.state = State {
                    outcome: Some(outcome),
                    lints,
                    touched,
                    raised,
                };
                Ok(verdict)
            }
        }
    }

    fn after_undo(&mut self, tx: &mut dyn Tx, _: &mut Ids) -> qun_store::Result<()> {
        match self.trace() {
            Some(trace) => trace.leave(tx),
            None => Ok(()),
        }
    }

    fn done(self: Box<Self>, end: End) {
        let Work {
            app,
            settings,
            reply,
            state,
            ..
        } = *self;
        let answer = match end {
            End::Committed => {
                match &state.outcome {
                    Some(Ok(_)) if settings.effect == Effect::Change => {
                        app.kept.evict(state.touched);
                    }
                    Some(Err(Failure::Traced(..))) => app.kept.evict(None),
                    _ => {}
                }
                if let Some(corp) = state
                    .touched
                    .filter(|_| matches!(state.outcome, Some(Ok(_))))
                {
                    if settings.evicts {
                        app.callers.evict(corp);
                    }
                    if settings.wakes {
                        app.waiters.wake(corp);
                    }
                }
                if state.raised && matches!(state.outcome, Some(Ok(_))) {
                    app.deliverer.wake();
                }
                match state.outcome {
                    Some(outcome) => outcome.map(|response| (response, state.lints)),
                    None => Err(R::SystemBusy.into()),
                }
            }
            End::Failed(error) => Err(error.into()),
            // The database goes on without this process, and no restart would tell.
            End::Unknown if app.store.is_shared() => Err(Failure::Unknown),
            End::Unknown => {
                // Neither yes nor no would be true. The next start reads what the disk has.
                tracing::error!(
                    "a commit ended without an answer from the disk: stopping, so that the next start can tell"
                );
                std::process::abort();
            }
        };
        // Whoever asked may be gone.
        let _ = reply.send(answer);
    }
}
