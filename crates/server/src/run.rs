//! Running use cases on the store's readers and its writer.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use qun_domain::{Command, Cx, Failure, Outcome, Query, ReadCx, Trace, Use, Who};
use qun_protocol::{Auth, Endpoint, Refusal as R};
use qun_store::{Effect, End, Ids, Job, Tx, Verdict};
use tokio::sync::oneshot;

use crate::{
    app::App,
    http::{Answer, Call, Runner},
    serve::Beside,
};

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
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
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
        answer.map(|(response, lints)| Answer::Typed(response, lints))
    }
}

impl<E: Endpoint> Runner<E> for Write
where
    Use: Command<E>,
{
    async fn run(call: Call<E>, _: Beside) -> Result<Answer<E>, Failure> {
        let request = Arc::new(call.request);
        if <Use as Command<E>>::PEEKS {
            let asked = Arc::clone(&request);
            let peek = move |cx: &mut ReadCx| <Use as Command<E>>::peek(cx, &asked);
            let (peeked, _) = read(&call.app, &call.who, call.address, peek).await;
            if let Some(response) = peeked? {
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
            evicts: E::META.auth != Auth::AccessToken,
        };
        let (response, lints) = write(&app, who, address, settings, move |cx| {
            <Use as Command<E>>::run(cx, &request)
        })
        .await?;
        Ok(Answer::Typed(response, lints))
    }
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
    let work = Work {
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
    match answer.await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::Unknown),
    }
}

/// A change on its way through the writer.
struct Work<T, F> {
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
            _ => None,
        }
    }

    fn effect(&self) -> Effect {
        self.settings.effect
    }

    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> qun_store::Result<Verdict> {
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
