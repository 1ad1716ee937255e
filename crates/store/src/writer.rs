//! Group commit: one thread, one transaction for all that waits, answers after COMMIT.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::Clock;
use crate::db::{Error, ReadExt, Result, Tx, Val};

/// How many jobs may wait.
pub(crate) const QUEUE: usize = 4096;
/// How many jobs share a transaction.
const BATCH: usize = 512;
/// After this long without a job the log is folded into the database.
const IDLE: Duration = Duration::from_millis(200);

const LAST: &str = "SELECT last_id FROM lane WHERE lane = $1";
const KEEP_LANE: &str = "UPDATE lane SET last_id = $1 WHERE lane = $2 AND boot = $3";
const TAKE_LANE: &str = "INSERT INTO lane (lane, boot, until, last_id) VALUES ($1, 1, 0, 0) \
                         ON CONFLICT (lane) DO UPDATE SET boot = lane.boot + 1";
const MY_LANE: &str = "SELECT boot, last_id FROM lane WHERE lane = $1";

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
    /// Nobody knows; the store accepts no further job. Do not answer the caller.
    Unknown,
}

/// What a job does to its company's rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Only adds rows: may run beside others of the company.
    Append,
    /// Anything else: runs alone in its company.
    Change,
}

/// One piece of writing. Others share its transaction, but none sees it fail.
pub trait Job: Send {
    /// The company whose rows it touches.
    fn corp(&self) -> i64;
    /// What it does to them.
    fn effect(&self) -> Effect;
    /// Does the work in a savepoint of its own; may be called again after a rollback.
    ///
    /// On an error or a panic its rows are taken back and this job alone ends `Failed`.
    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> Result<Verdict>;
    /// Called after [`Verdict::Undo`] took the rows back, in a savepoint of its own: leaves the trace.
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

/// What a writer needs of an engine beyond the transaction itself.
pub(crate) trait Engine: Tx + Send + 'static {
    fn begin(&mut self) -> Result<()>;
    fn commit(&mut self) -> Result<()>;
    /// Leaves the transaction, if there is one.
    fn rollback(&mut self);
    /// False as well when a failure has made the engine end it.
    fn in_transaction(&self) -> bool;
    /// Time for housekeeping.
    fn checkpoint(&mut self);
}

/// What the store shows of its writer.
#[derive(Default)]
pub(crate) struct Progress {
    pub(crate) stopped: AtomicBool,
    pub(crate) last_id: AtomicI64,
    pub(crate) batches: AtomicU64,
    pub(crate) jobs: AtomicU64,
    pub(crate) commit_us: AtomicU64,
}

pub(crate) struct Writer<E> {
    engine: Arc<Mutex<E>>,
    ids: Ids,
    boot: i64,
    progress: Arc<Progress>,
}

/// Whether a batch's COMMIT took effect.
enum Landed {
    Yes,
    No(Error),
    Unknown,
}

impl<E: Engine> Writer<E> {
    /// Takes the lane over: whoever wrote in it before is fenced off.
    pub(crate) fn new(
        engine: Arc<Mutex<E>>,
        lane: i64,
        clock: Clock,
        progress: Arc<Progress>,
    ) -> Result<Self> {
        let (boot, last) = {
            let mut engine = engine.lock().unwrap_or_else(PoisonError::into_inner);
            engine.begin()?;
            match take_lane(&mut *engine, lane) {
                Ok(mine) => {
                    engine.commit()?;
                    mine
                }
                Err(error) => {
                    engine.rollback();
                    return Err(error);
                }
            }
        };
        progress.last_id.store(last, Relaxed);
        Ok(Self {
            engine,
            ids: Ids::new(lane, last, clock),
            boot,
            progress,
        })
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
                        self.checkpoint();
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
        self.checkpoint();
    }

    fn checkpoint(&self) {
        self.engine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .checkpoint();
    }

    /// Writes `jobs` in one transaction and empties the list.
    pub(crate) fn batch(&mut self, jobs: &mut Vec<Box<dyn Job>>) {
        let engine = Arc::clone(&self.engine);
        let ends = self.write(
            &mut *engine.lock().unwrap_or_else(PoisonError::into_inner),
            jobs,
        );
        self.progress.batches.fetch_add(1, Relaxed);
        self.progress.jobs.fetch_add(jobs.len() as u64, Relaxed);
        for (job, end) in jobs.drain(..).zip(ends) {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job.done(end))) {
                tracing::error!(
                    panic = said(&*panic),
                    "a job panicked when it was told its end"
                );
            }
        }
    }

    fn write(&mut self, engine: &mut E, jobs: &mut [Box<dyn Job>]) -> Vec<End> {
        if self.progress.stopped.load(Relaxed) {
            let refused = || End::Failed(Error::Unavailable("writing has stopped".into()));
            return jobs.iter().map(|_| refused()).collect();
        }
        let outcomes = match self.work(engine, jobs) {
            Ok(outcomes) => outcomes,
            Err(error) => {
                engine.rollback();
                tracing::error!(%error, jobs = jobs.len(), "a batch was rolled back");
                return jobs.iter().map(|_| End::Failed(error.clone())).collect();
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
                self.progress.last_id.store(mark, Relaxed);
                Landed::Yes
            }
            Err(error) => self.settle(engine, mark, error),
        };
        let end = |outcome: Result<()>| match (outcome, &landed) {
            (Err(own), _) => End::Failed(own),
            (Ok(()), Landed::Yes) => End::Committed,
            (Ok(()), Landed::No(error)) => End::Failed(error.clone()),
            (Ok(()), Landed::Unknown) => End::Unknown,
        };
        outcomes.into_iter().map(end).collect()
    }

    /// Everything up to COMMIT. The outer error concerns the whole batch, the inner ones each job.
    fn work(&mut self, engine: &mut E, jobs: &mut [Box<dyn Job>]) -> Result<Vec<Result<()>>> {
        engine.begin()?;
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(self.one(engine, job.as_mut())?);
        }
        self.ids.tick();
        // An id of the batch's own: seeing it in the table proves this very COMMIT.
        self.ids.next();
        self.keep_lane(engine)?;
        Ok(outcomes)
    }

    fn one(&mut self, engine: &mut E, job: &mut dyn Job) -> Result<Result<()>> {
        let ids = &mut self.ids;
        ids.tick();
        let verdict = guarded(engine, |tx| job.run(tx, ids))?;
        Ok(match verdict {
            Ok(Verdict::Keep) => Ok(()),
            Ok(Verdict::Undo) => {
                guarded(engine, |tx| job.after_undo(tx, ids).map(|()| Verdict::Keep))?.map(drop)
            }
            Err(error) => Err(error),
        })
    }

    fn keep_lane(&self, engine: &mut E) -> Result<()> {
        let vals = [
            Val::Int(self.ids.last),
            Val::Int(self.ids.lane),
            Val::Int(self.boot),
        ];
        if engine.exec(KEEP_LANE, &vals)? == 0 {
            self.progress.stopped.store(true, Relaxed);
            tracing::error!("another process has taken this store over; writing has stopped");
            return Err(Error::Unavailable(
                "another process has taken this store over".into(),
            ));
        }
        Ok(())
    }

    /// After a COMMIT that failed: did it take effect? If that cannot be learnt, writing stops.
    fn settle(&mut self, engine: &mut E, mark: i64, error: Error) -> Landed {
        tracing::error!(%error, "COMMIT failed");
        engine.rollback();
        // Without room the record that makes a batch count was not written.
        if error == Error::Full {
            return Landed::No(error);
        }
        match self.probe(engine) {
            Ok(last) => {
                self.progress.last_id.store(self.ids.last, Relaxed);
                if last == mark {
                    Landed::Yes
                } else {
                    Landed::No(error)
                }
            }
            Err(why) => {
                engine.rollback();
                self.progress.stopped.store(true, Relaxed);
                tracing::error!(error = %why, "nobody knows whether a batch was committed; writing has stopped");
                Landed::Unknown
            }
        }
    }

    /// The lane's last id, confirmed by a commit that overwrites what a failed one may have left in the log.
    fn probe(&mut self, engine: &mut E) -> Result<i64> {
        engine.begin()?;
        let last = engine.int(LAST, &[Val::Int(self.ids.lane)])?;
        let last = last.ok_or_else(|| Error::Corrupt("the lane's row is gone".into()))?;
        self.ids.next();
        self.keep_lane(engine)?;
        engine.commit()?;
        Ok(last)
    }
}

fn take_lane(tx: &mut dyn Tx, lane: i64) -> Result<(i64, i64)> {
    tx.exec(TAKE_LANE, &[Val::Int(lane)])?;
    tx.one(MY_LANE, &[Val::Int(lane)], |row| (row.int(0), row.int(1)))?
        .ok_or_else(|| Error::Corrupt("the lane's row is gone".into()))
}

/// Runs `f` in a savepoint. The outer error means that the transaction itself is lost.
fn guarded<E: Engine>(
    engine: &mut E,
    f: impl FnOnce(&mut dyn Tx) -> Result<Verdict>,
) -> Result<Result<Verdict>> {
    engine.exec("SAVEPOINT job", &[])?;
    let outcome = catch_unwind(AssertUnwindSafe(|| f(engine))).unwrap_or_else(|panic| {
        let said = said(&*panic);
        tracing::error!(panic = said, "a job panicked");
        Err(Error::Other(format!("a job panicked: {said}")))
    });
    if !engine.in_transaction() {
        let lost = || Error::Unavailable("the database gave the transaction up".into());
        return Err(outcome.err().unwrap_or_else(lost));
    }
    if outcome != Ok(Verdict::Keep) {
        // Also ends what a panic left open inside.
        engine.exec("ROLLBACK TO SAVEPOINT job", &[])?;
    }
    engine.exec("RELEASE SAVEPOINT job", &[])?;
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
    use crate::db::{Append, Read, Row};
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

    impl Tx for Faulty {
        fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
            self.inner.exec(sql, vals)
        }
        fn append(&mut self, table: &'static Append, row: &[Val<'_>]) -> Result<()> {
            self.inner.append(table, row)
        }
        fn savepoint(&mut self, f: &mut dyn FnMut(&mut dyn Tx) -> Result<()>) -> Result<()> {
            self.inner.savepoint(f)
        }
        fn as_read(&mut self) -> &mut dyn Read {
            self
        }
    }

    impl Engine for Faulty {
        fn begin(&mut self) -> Result<()> {
            if let Some(Fault::BeginFails) = self.plan.first() {
                self.plan.remove(0);
                return Err(broken());
            }
            Engine::begin(&mut self.inner)
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
        fn checkpoint(&mut self) {}
    }

    struct Insert {
        key: String,
        verdict: Result<Verdict>,
        ended: mpsc::Sender<(String, End)>,
    }

    impl Job for Insert {
        fn corp(&self) -> i64 {
            1
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
        let mut writer = Writer::new(
            Arc::clone(&engine),
            0,
            Arc::new(|| 1_000_000),
            Arc::default(),
        )
        .unwrap();
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
        fn corp(&self) -> i64 {
            1
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
        let mut writer =
            Writer::new(Arc::clone(&engine), 0, Arc::new(|| 1), Arc::default()).unwrap();
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
