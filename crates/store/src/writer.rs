//! Group commit: one thread, one transaction for all that waits, answers after COMMIT.

use std::any::Any;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::Clock;
use crate::batch::{Batch, Held, Own, State};
use crate::db::{Append, Effect, Error, Read, Result, Tx, Val};
use crate::table::lane;

/// How many jobs may wait.
pub(crate) const QUEUE: usize = 4096;
/// How many jobs share a transaction.
const BATCH: usize = 512;
/// After this long without a job there is time for housekeeping.
const IDLE: Duration = Duration::from_millis(200);
/// For how long a company is held alone at once after jobs had to be run again for it.
const ALONE: Duration = Duration::from_millis(100);
/// How often a job is run again because it needs a company in another way, or because others stood in its way.
const TRIES: u32 = 5;
/// For how long a COMMIT whose answer was lost is asked after.
const DOUBT: Duration = Duration::from_secs(20);

/// What a job that went well wants done with its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep them.
    Keep,
    /// Take them back, then call [`Job::after_undo`].
    Undo,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// What it kept is durable.
    Committed,
    /// Certainly nothing of it was done.
    Failed(Error),
    /// Nobody knows. Do not answer the caller.
    Unknown,
}

/// One piece of writing. Others share its transaction, but none sees it fail.
pub trait Job: Send {
    /// The company whose rows it touches, where that is known before it runs; it need not [`enter`](Tx::enter) it.
    fn corp(&self) -> Option<i64>;
    /// What it does to them.
    fn effect(&self) -> Effect;
    /// Does the work; may be called again after a rollback.
    ///
    /// On an error or a panic its rows are taken back and this job alone ends `Failed`.
    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> Result<Verdict>;
    /// Called after [`Verdict::Undo`] took the rows back: leaves the trace.
    fn after_undo(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> Result<()>;
    /// Called exactly once, after COMMIT. On the writer's thread: be quick.
    fn done(self: Box<Self>, end: End);
}

/// The ids and the time of one lane. Ids are microseconds since 1970, but never the same twice.
pub struct Ids {
    lane: i64,
    last: i64,
    now: i64,
    clock: Clock,
}

impl Ids {
    pub(crate) fn new(lane: i64, last: i64, clock: Clock) -> Self {
        Self {
            lane,
            last,
            now: last,
            clock,
        }
    }

    /// Looks at the clock. It stands still until the next job.
    fn tick(&mut self) {
        self.now = (self.clock)().max(self.last);
    }

    /// From now on ids are above this one.
    fn raise(&mut self, last: i64) {
        self.last = self.last.max(last);
    }

    /// The lane whose ids these are.
    pub fn lane(&self) -> i64 {
        self.lane
    }

    /// A new id, above every earlier one of this lane, also after a restart or with the clock set back.
    #[expect(
        clippy::should_implement_trait,
        reason = "ids never end, and a lane is no iterator"
    )]
    pub fn next(&mut self) -> i64 {
        self.take(1)
    }

    /// The first of `n` new consecutive ids; with `n` below 1 none is used up.
    pub fn take(&mut self, n: i64) -> i64 {
        let first = self.now.max(self.last + 1);
        if n > 0 {
            self.last = first + n - 1;
        }
        first
    }

    /// The time in milliseconds UTC; the same throughout one job, and it never goes back.
    pub fn now_ms(&self) -> i64 {
        self.now / 1000
    }
}

/// What a batch finds when it has its companies.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Each company and the id of its last change.
    pub(crate) companies: Vec<(i64, i64)>,
    /// The last id of any lane.
    pub(crate) last_id: i64,
    /// How many lanes there are.
    pub(crate) lanes: i64,
}

/// An engine as a writer needs it.
pub(crate) trait Engine: Read + Send + 'static {
    /// Whether other writers share the database.
    const SHARED: bool;

    /// Makes sure that there is a connection. True where it is a new one: a lane must be taken.
    fn connect(&mut self) -> Result<bool>;
    /// Finds a lane that no living writer has, preferably this one, and takes hold of it.
    fn find_lane(&mut self, preferred: Option<i64>) -> Result<i64>;
    /// Begins a transaction that holds these companies, which are in ascending order.
    fn begin(&mut self, held: &[Held]) -> Result<Head>;
    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64>;
    /// Adds rows: their values one after another.
    fn insert(&mut self, table: &'static Append, values: &[Own]) -> Result<()>;
    /// Notes the last change of companies that are held alone.
    fn changed(&mut self, companies: &[i64], id: i64) -> Result<()>;
    fn commit(&mut self) -> Result<()>;
    /// Leaves the transaction, if there is one.
    fn rollback(&mut self);
    /// False as well when a failure has made the engine end it.
    fn in_transaction(&self) -> bool;
    /// Whether a failure has spoilt the transaction up to its last savepoint.
    fn is_aborted(&self) -> bool;
    /// Gives the connection up, and the lane with it.
    fn lose(&mut self);
    /// Time for housekeeping.
    fn idle(&mut self);
}

/// What the store shows of its writers.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) stopped: AtomicBool,
    pub(crate) last_id: AtomicI64,
    pub(crate) batches: AtomicU64,
    pub(crate) jobs: AtomicU64,
    pub(crate) commit_us: AtomicU64,
}

impl Progress {
    fn reached(&self, id: i64) {
        self.last_id.fetch_max(id, Relaxed);
    }
}

pub(crate) struct Writer<E> {
    engine: Arc<Mutex<E>>,
    state: State,
    ids: Ids,
    boot: i64,
    /// The connection is newer than the hold on the lane.
    adrift: bool,
    /// Companies that turned out to be needed alone, and when: the next jobs will need them so too.
    alone: HashMap<i64, Instant>,
    progress: Arc<Progress>,
}

/// A job, and what it turned out to need.
struct Placed {
    job: Box<dyn Job>,
    corp: Option<i64>,
    effect: Effect,
    tries: u32,
}

/// What became of a job within its batch.
enum Outcome {
    /// Well, or failed by itself.
    Over(Result<()>),
    /// To be run again, in another batch.
    Again,
}

/// Whether a batch's COMMIT took effect.
enum Landed {
    Yes,
    No(Error),
    Unknown,
}

impl<E: Engine> Writer<E> {
    /// Takes a lane over: whoever wrote in it before is fenced off.
    pub(crate) fn new(
        engine: Arc<Mutex<E>>,
        clock: Clock,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let mut writer = Self {
            engine: Arc::clone(&engine),
            state: State::default(),
            ids: Ids::new(0, 0, clock),
            boot: 0,
            adrift: false,
            alone: HashMap::new(),
            progress,
        };
        let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
        engine.connect()?;
        writer.take_lane(&mut *engine, None)?;
        drop(engine);
        Ok(writer)
    }

    fn take_lane(&mut self, engine: &mut E, preferred: Option<i64>) -> Result<()> {
        let lane = engine.find_lane(preferred)?;
        let head = engine.begin(&[])?;
        let taken = lane::take(engine, lane).and_then(|mine| {
            engine.commit()?;
            Ok(mine)
        });
        match taken {
            Ok((boot, last)) => {
                (self.boot, self.ids.lane) = (boot, lane);
                self.ids.last = last;
                self.state.forget();
                self.progress.reached(last.max(head.last_id));
                Ok(())
            }
            Err(error) => {
                engine.rollback();
                Err(error)
            }
        }
    }

    /// Works until the queue is closed and empty.
    pub(crate) fn run(mut self, inbox: &Receiver<Box<dyn Job>>) {
        let mut jobs = Vec::with_capacity(BATCH);
        let mut dirty = false;
        loop {
            let first = if dirty {
                match inbox.recv_timeout(IDLE) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout) => {
                        self.idle();
                        dirty = false;
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            } else {
                match inbox.recv() {
                    Ok(job) => job,
                    Err(_) => break,
                }
            };
            jobs.push(first);
            jobs.extend(inbox.try_iter().take(BATCH - 1));
            self.batch(&mut jobs);
            dirty = true;
        }
        self.idle();
    }

    fn idle(&self) {
        self.engine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .idle();
    }

    /// Writes `jobs`, in one transaction where nothing stands in the way, and empties the list.
    pub(crate) fn batch(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        self.progress.jobs.fetch_add(jobs.len() as u64, Relaxed);
        self.alone.retain(|_, since| since.elapsed() < ALONE);
        let alone = &self.alone;
        let placed = |job: Box<dyn Job>| {
            let corp = job.corp();
            let effect = match corp.is_some_and(|corp| alone.contains_key(&corp)) {
                true => Effect::Change,
                false => job.effect(),
            };
            Placed {
                job,
                corp,
                effect,
                tries: 0,
            }
        };
        let mut waiting: Vec<Placed> = jobs.drain(..).map(placed).collect();
        let mut singly = false;
        while !waiting.is_empty() {
            let rest = if singly {
                waiting.split_off(1)
            } else {
                Vec::new()
            };
            let mut again = self.together(waiting);
            // What was in each other's way goes on one by one.
            singly |= !again.is_empty() && again.iter().any(|placed| placed.tries > 2);
            again.extend(rest);
            waiting = again;
        }
    }

    /// One transaction. Gives back the jobs that have to be run again.
    fn together(&mut self, mut jobs: Vec<Placed>) -> Vec<Placed> {
        let engine = Arc::clone(&self.engine);
        let ends = self.write(
            &mut *engine.lock().unwrap_or_else(PoisonError::into_inner),
            &mut jobs,
        );
        self.progress.batches.fetch_add(1, Relaxed);
        let mut again = Vec::new();
        for (mut placed, end) in jobs.into_iter().zip(ends) {
            let Some(end) = end else {
                if let (Some(corp), Effect::Change) = (placed.corp, placed.effect) {
                    self.alone.insert(corp, Instant::now());
                }
                placed.tries += 1;
                again.push(placed);
                continue;
            };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| placed.job.done(end))) {
                tracing::error!(
                    panic = said(&*panic),
                    "a job panicked when it was told its end"
                );
            }
        }
        again
    }

    /// How each job ended; nothing for those that have to be run again.
    fn write(&mut self, engine: &mut E, jobs: &mut [Placed]) -> Vec<Option<End>> {
        let all = |error: &Error| {
            jobs.iter()
                .map(|_| Some(End::Failed(error.clone())))
                .collect()
        };
        if self.progress.stopped.load(Relaxed) {
            return all(&Error::Unavailable("writing has stopped".into()));
        }
        if let Err(error) = self.connect(engine) {
            return all(&error);
        }
        let held = companies(jobs);
        let outcomes = match self.work(engine, jobs, &held) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                engine.rollback();
                self.state.forget();
                return self.unfinished(jobs, &error);
            }
        };
        let mark = self.ids.last;
        let start = Instant::now();
        let committed = engine.commit();
        self.progress
            .commit_us
            .fetch_add(start.elapsed().as_micros() as u64, Relaxed);
        let landed = match committed {
            Ok(()) => {
                self.state.committed();
                self.progress.reached(mark);
                Landed::Yes
            }
            Err(error) => {
                self.state.forget();
                self.settle(engine, mark, error)
            }
        };
        let end = |outcome: Outcome| match (outcome, &landed) {
            (Outcome::Again, _) => None,
            (Outcome::Over(Err(own)), _) => Some(End::Failed(own)),
            (Outcome::Over(Ok(())), Landed::Yes) => Some(End::Committed),
            (Outcome::Over(Ok(())), Landed::No(error)) => Some(End::Failed(error.clone())),
            (Outcome::Over(Ok(())), Landed::Unknown) => Some(End::Unknown),
        };
        outcomes.into_iter().map(end).collect()
    }

    /// Sees to it that there is a connection and a lane.
    fn connect(&mut self, engine: &mut E) -> Result<()> {
        self.adrift |= engine.connect()?;
        if self.adrift {
            self.take_lane(engine, Some(self.ids.lane))?;
            self.adrift = false;
        }
        Ok(())
    }

    /// After a batch that was rolled back as a whole: where it may go better, its jobs are run again one by one.
    fn unfinished(&self, jobs: &mut [Placed], error: &Error) -> Vec<Option<End>> {
        let shared = jobs.len() > 1;
        let end = |placed: &mut Placed| {
            let again = match error {
                Error::Conflict(_) => placed.tries < TRIES,
                // One of the jobs has spoilt it for all.
                Error::Other(_) | Error::Unique(_) => E::SHARED && shared,
                _ => false,
            };
            if again {
                placed.tries = placed.tries.max(2);
                return None;
            }
            Some(End::Failed(error.clone()))
        };
        if !matches!(error, Error::Conflict(_)) {
            tracing::error!(%error, jobs = jobs.len(), "a batch was rolled back");
        }
        jobs.iter_mut().map(end).collect()
    }

    /// Everything up to COMMIT. The outer error concerns the whole batch, the inner ones each job.
    fn work(&mut self, engine: &mut E, jobs: &mut [Placed], held: &[Held]) -> Result<Vec<Outcome>> {
        let head = engine.begin(held)?;
        let alone: Vec<i64> = held
            .iter()
            .filter(|held| held.effect == Effect::Change)
            .map(|held| held.corp)
            .collect();
        if E::SHARED {
            for (corp, last_change) in &head.companies {
                self.state.check(*corp, *last_change);
                self.ids.raise(*last_change);
            }
            if !alone.is_empty() {
                // Whatever was written here before was committed before: this comes after it, in every lane.
                self.ids.raise(head.last_id);
            }
            self.state.forget_counters();
        }
        let mut batch = Batch::new(engine, &mut self.state, held, self.ids.lane, head.lanes);
        let mut outcomes = Vec::with_capacity(jobs.len());
        for placed in jobs {
            outcomes.push(one(&mut batch, &mut self.ids, placed)?);
        }
        batch.finish()?;
        self.ids.tick();
        // An id of the batch's own: seeing it in the table proves this very COMMIT.
        let mark = self.ids.next();
        if E::SHARED && !alone.is_empty() {
            engine.changed(&alone, mark)?;
        }
        self.keep_lane(engine)?;
        Ok(outcomes)
    }

    fn keep_lane(&self, engine: &mut E) -> Result<()> {
        if lane::keep(engine, self.ids.lane, self.boot, self.ids.last)? {
            return Ok(());
        }
        if E::SHARED {
            // Another writer has the lane now. The next batch finds a free one.
            engine.lose();
        } else {
            self.progress.stopped.store(true, Relaxed);
        }
        tracing::error!(
            lane = self.ids.lane,
            "another process has taken this lane over"
        );
        Err(Error::Unavailable(
            "another process has taken this writer's lane over".into(),
        ))
    }

    /// After a COMMIT that failed: did it take effect? If that cannot be learnt and nobody else can go on here, writing stops.
    fn settle(&mut self, engine: &mut E, mark: i64, error: Error) -> Landed {
        tracing::error!(%error, "COMMIT failed");
        engine.rollback();
        // Without room the record that makes a batch count was not written.
        if error == Error::Full {
            return Landed::No(error);
        }
        let start = Instant::now();
        loop {
            match self.probe(engine, mark) {
                Ok(true) => {
                    self.progress.reached(mark);
                    return Landed::Yes;
                }
                Ok(false) => return Landed::No(error),
                Err(Error::Unavailable(_)) if E::SHARED && start.elapsed() < DOUBT => {
                    std::thread::sleep(IDLE);
                }
                Err(why) => {
                    engine.rollback();
                    self.progress.stopped.store(!E::SHARED, Relaxed);
                    tracing::error!(error = %why, "nobody knows whether a batch was committed");
                    return Landed::Unknown;
                }
            }
        }
    }

    /// Whether the lane's row has this mark, confirmed by a commit that overwrites what a failed one may have left in the log.
    fn probe(&mut self, engine: &mut E, mark: i64) -> Result<bool> {
        // A new connection takes no lane yet: this is about the one of the batch.
        self.adrift |= engine.connect()?;
        let outcome = engine.begin(&[]).and_then(|_| {
            let seen = lane::look(engine, self.ids.lane)?;
            if seen.boot == self.boot {
                self.ids.next();
                self.keep_lane(engine)?;
            }
            engine.commit()?;
            Ok(seen)
        });
        let seen = outcome.inspect_err(|_| engine.rollback())?;
        match seen.boot - self.boot {
            0 => Ok(seen.last_id == mark),
            // Somebody has taken the lane over, and noted where it stood.
            1 => Ok(seen.before == mark),
            _ => Err(Error::Other("the lane has had two other owners".into())),
        }
    }
}

/// The companies of jobs in ascending order; alone where one of the jobs needs it.
fn companies(jobs: &[Placed]) -> Vec<Held> {
    let mut held: Vec<Held> = jobs
        .iter()
        .filter_map(|placed| {
            placed.corp.map(|corp| Held {
                corp,
                effect: placed.effect,
            })
        })
        .collect();
    held.sort_unstable_by_key(|held| (held.corp, std::cmp::Reverse(held.effect)));
    held.dedup_by_key(|held| held.corp);
    held
}

fn one<E: Engine>(batch: &mut Batch<'_, E>, ids: &mut Ids, placed: &mut Placed) -> Result<Outcome> {
    ids.tick();
    let job = placed.job.as_mut();
    let verdict = guarded(batch, placed.corp, |tx| job.run(tx, ids))?;
    Ok(match verdict {
        Ok(Verdict::Keep) => Outcome::Over(Ok(())),
        Ok(Verdict::Undo) => {
            let trace = guarded(batch, placed.corp, |tx| {
                job.after_undo(tx, ids).map(|()| Verdict::Keep)
            })?;
            Outcome::Over(trace.map(drop))
        }
        Err(Error::Elsewhere(corp, effect)) if placed.tries < TRIES => {
            (placed.corp, placed.effect) = (Some(corp), effect.max(placed.effect));
            Outcome::Again
        }
        Err(error) => Outcome::Over(Err(error)),
    })
}

/// Runs `f` as a job or its trace. The outer error means that the transaction itself is lost.
fn guarded<E: Engine>(
    batch: &mut Batch<'_, E>,
    corp: Option<i64>,
    f: impl FnOnce(&mut dyn Tx) -> Result<Verdict>,
) -> Result<Result<Verdict>> {
    batch.start(corp);
    let outcome = catch_unwind(AssertUnwindSafe(|| f(batch))).unwrap_or_else(|panic| {
        let said = said(&*panic);
        tracing::error!(panic = said, "a job panicked");
        Err(Error::Other(format!("a job panicked: {said}")))
    });
    if !batch.is_sound() || matches!(outcome, Err(Error::Conflict(_))) {
        let lost = || Error::Unavailable("the database gave the transaction up".into());
        return Err(outcome.err().unwrap_or_else(lost));
    }
    batch.end(outcome == Ok(Verdict::Keep))?;
    Ok(outcome)
}

fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::db::{ReadExt, Row};
    use crate::migrate;
    use crate::sqlite::Sqlite;

    const INSERT: &str = "INSERT INTO meta (key, value) VALUES ($1, '')";

    /// SQLite whose COMMIT can go wrong.
    struct Faulty {
        inner: Sqlite,
        plan: Vec<Fault>,
    }

    #[derive(Clone, Copy)]
    enum Fault {
        None,
        /// Nothing is committed.
        Lost(fn() -> Error),
        /// Committed, yet an error is reported.
        Misreported,
        BeginFails,
    }

    fn broken() -> Error {
        Error::Unavailable("broken".into())
    }

    impl Read for Faulty {
        fn each(
            &mut self,
            sql: &'static str,
            vals: &[Val<'_>],
            row: &mut dyn FnMut(&dyn Row) -> Result<()>,
        ) -> Result<()> {
            self.inner.each(sql, vals, row)
        }
    }

    impl Engine for Faulty {
        const SHARED: bool = false;

        fn connect(&mut self) -> Result<bool> {
            self.inner.connect()
        }
        fn find_lane(&mut self, preferred: Option<i64>) -> Result<i64> {
            self.inner.find_lane(preferred)
        }
        fn begin(&mut self, held: &[Held]) -> Result<Head> {
            if let Some(Fault::BeginFails) = self.plan.first() {
                self.plan.remove(0);
                return Err(broken());
            }
            Engine::begin(&mut self.inner, held)
        }
        fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
            Engine::exec(&mut self.inner, sql, vals)
        }
        fn insert(&mut self, table: &'static Append, values: &[Own]) -> Result<()> {
            self.inner.insert(table, values)
        }
        fn changed(&mut self, companies: &[i64], id: i64) -> Result<()> {
            self.inner.changed(companies, id)
        }
        fn commit(&mut self) -> Result<()> {
            let fault = if self.plan.is_empty() {
                Fault::None
            } else {
                self.plan.remove(0)
            };
            match fault {
                Fault::Lost(error) => {
                    Engine::rollback(&mut self.inner);
                    Err(error())
                }
                Fault::Misreported => Engine::commit(&mut self.inner).and(Err(broken())),
                Fault::None | Fault::BeginFails => Engine::commit(&mut self.inner),
            }
        }
        fn rollback(&mut self) {
            Engine::rollback(&mut self.inner);
        }
        fn in_transaction(&self) -> bool {
            self.inner.in_transaction()
        }
        fn is_aborted(&self) -> bool {
            false
        }
        fn lose(&mut self) {}
        fn idle(&mut self) {}
    }

    struct Insert {
        key: String,
        verdict: Result<Verdict>,
        ended: mpsc::Sender<(String, End)>,
    }

    impl Job for Insert {
        fn corp(&self) -> Option<i64> {
            Some(1)
        }
        fn effect(&self) -> Effect {
            Effect::Append
        }
        fn run(&mut self, tx: &mut dyn Tx, _: &mut Ids) -> Result<Verdict> {
            tx.exec(INSERT, &[Val::Text(&self.key)])?;
            self.verdict.clone()
        }
        fn after_undo(&mut self, _: &mut dyn Tx, _: &mut Ids) -> Result<()> {
            Ok(())
        }
        fn done(self: Box<Self>, end: End) {
            self.ended.send((self.key, end)).unwrap();
        }
    }

    /// Two jobs in one batch, the first good and the second failing by itself; then one more batch.
    /// Answers the three ends and the keys that are in the table.
    fn story(plan: &[Fault]) -> (Vec<End>, Vec<String>, Writer<Faulty>) {
        let mut inner = Sqlite::memory().unwrap();
        migrate::run(&mut inner, migrate::FILES).unwrap();
        let engine = Arc::new(Mutex::new(Faulty {
            inner,
            plan: vec![],
        }));
        let mut writer =
            Writer::new(Arc::clone(&engine), Arc::new(|| 1_000_000), Arc::default()).unwrap();
        engine.lock().unwrap().plan = plan.to_vec();
        let (ended, ends) = mpsc::channel();
        let job = |key: &str, verdict| -> Box<dyn Job> {
            Box::new(Insert {
                key: key.into(),
                verdict,
                ended: ended.clone(),
            })
        };
        writer.batch(&mut vec![
            job("a", Ok(Verdict::Keep)),
            job("b", Err(Error::Other("own".into()))),
        ]);
        writer.batch(&mut vec![job("c", Ok(Verdict::Keep))]);
        drop(ended);
        let (names, ends): (Vec<_>, Vec<_>) = ends.iter().unzip();
        assert_eq!(names, ["a", "b", "c"]);
        let sql = "SELECT key FROM meta WHERE key <> 'schema' ORDER BY key";
        let keys = engine
            .lock()
            .unwrap()
            .all(sql, &[], |row| row.text(0).to_owned())
            .unwrap();
        (ends, keys, writer)
    }

    fn own() -> End {
        End::Failed(Error::Other("own".into()))
    }

    #[test]
    fn without_faults() {
        let (ends, keys, writer) = story(&[]);
        assert_eq!(ends, [End::Committed, own(), End::Committed]);
        assert_eq!(keys, ["a", "c"]);
        assert_eq!(writer.progress.last_id.load(Relaxed), writer.ids.last);
    }

    #[test]
    fn a_commit_that_took_no_effect_is_failed() {
        let (ends, keys, writer) = story(&[Fault::Lost(broken)]);
        assert_eq!(ends, [End::Failed(broken()), own(), End::Committed]);
        assert_eq!(keys, ["c"]);
        assert!(!writer.progress.stopped.load(Relaxed));
    }

    #[test]
    fn a_commit_that_took_effect_is_committed_whatever_it_said() {
        let (ends, keys, writer) = story(&[Fault::Misreported]);
        assert_eq!(ends, [End::Committed, own(), End::Committed]);
        assert_eq!(keys, ["a", "c"]);
        assert!(!writer.progress.stopped.load(Relaxed));
    }

    #[test]
    fn nobody_knows_and_writing_stops() {
        let refused = End::Failed(Error::Unavailable("writing has stopped".into()));
        for plan in [
            [Fault::Lost(broken), Fault::BeginFails],
            [Fault::Misreported, Fault::Lost(broken)],
        ] {
            let (ends, keys, writer) = story(&plan);
            assert_eq!(ends, [End::Unknown, own(), refused.clone()]);
            assert!(!keys.contains(&"c".to_owned()));
            assert!(writer.progress.stopped.load(Relaxed));
        }
    }

    #[test]
    fn a_full_disk_fails_the_batch_only() {
        let (ends, keys, _) = story(&[Fault::Lost(|| Error::Full)]);
        assert_eq!(ends, [End::Failed(Error::Full), own(), End::Committed]);
        assert_eq!(keys, ["c"]);
    }

    /// Needs more room than there is.
    struct Huge(mpsc::Sender<(String, End)>);

    impl Job for Huge {
        fn corp(&self) -> Option<i64> {
            Some(1)
        }
        fn effect(&self) -> Effect {
            Effect::Append
        }
        fn run(&mut self, tx: &mut dyn Tx, _: &mut Ids) -> Result<Verdict> {
            tx.exec(INSERT, &[Val::Text(&"x".repeat(1 << 20))])?;
            Ok(Verdict::Keep)
        }
        fn after_undo(&mut self, _: &mut dyn Tx, _: &mut Ids) -> Result<()> {
            Ok(())
        }
        fn done(self: Box<Self>, end: End) {
            self.0.send(("huge".into(), end)).unwrap();
        }
    }

    #[test]
    fn answers_are_true_when_the_database_is_full() {
        let mut engine = Sqlite::memory().unwrap();
        migrate::run(&mut engine, migrate::FILES).unwrap();
        engine.int("PRAGMA max_page_count = 20", &[]).unwrap();
        let engine = Arc::new(Mutex::new(engine));
        let mut writer = Writer::new(Arc::clone(&engine), Arc::new(|| 1), Arc::default()).unwrap();
        let (ended, ends) = mpsc::channel();
        let job = |key: &str| -> Box<dyn Job> {
            Box::new(Insert {
                key: key.into(),
                verdict: Ok(Verdict::Keep),
                ended: ended.clone(),
            })
        };
        writer.batch(&mut vec![job("a"), Box::new(Huge(ended.clone())), job("b")]);
        writer.batch(&mut vec![job("c")]);
        drop(ended);
        let ends: Vec<_> = ends.iter().collect();
        assert_eq!(ends[1], ("huge".into(), End::Failed(Error::Full)));
        assert_eq!(ends[3], ("c".into(), End::Committed));
        for (key, end) in ends {
            let there = "SELECT 1 FROM meta WHERE key = $1";
            let there = engine
                .lock()
                .unwrap()
                .exists(there, &[Val::Text(&key)])
                .unwrap();
            assert_eq!(there, end == End::Committed, "{key}");
        }
    }

    #[test]
    fn a_batch_that_cannot_begin_is_failed() {
        let (ends, keys, _) = story(&[Fault::BeginFails]);
        assert_eq!(
            ends,
            [End::Failed(broken()), End::Failed(broken()), End::Committed]
        );
        assert_eq!(keys, ["c"]);
    }

    #[test]
    fn ids_follow_the_clock_but_never_go_back() {
        let time = Arc::new(AtomicI64::new(5_000_500));
        let clock = Arc::clone(&time);
        let mut ids = Ids::new(3, 1_000, Arc::new(move || clock.load(Relaxed)));
        ids.tick();
        assert_eq!((ids.lane(), ids.now_ms()), (3, 5_000));
        assert_eq!((ids.next(), ids.next()), (5_000_500, 5_000_501));
        assert_eq!(ids.take(2_000), 5_000_502);
        assert_eq!(
            (ids.take(0), ids.take(-1), ids.next()),
            (5_002_502, 5_002_502, 5_002_502)
        );
        assert_eq!(ids.now_ms(), 5_000, "stands still within a job");
        time.store(4_000_000, Relaxed);
        ids.tick();
        assert_eq!((ids.now_ms(), ids.next()), (5_002, 5_002_503));
        time.store(9_000_000, Relaxed);
        assert_eq!(ids.next(), 5_002_504);
        ids.tick();
        assert_eq!((ids.now_ms(), ids.next()), (9_000, 9_000_000));
    }
}
