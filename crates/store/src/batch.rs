//! One batch of a writer: jobs read and write through this, and it comes to the engine as little as it can.
//!
//! Appended rows and counters wait here for the end of the batch, a savepoint is set only before a job's first statement
//! that writes, and the answers of some statements are kept. No job can tell: whatever waits reaches the engine before a
//! statement that could see it.

use std::collections::HashMap;

use crate::db::{Append, Counter, Effect, Error, Read, Result, Row, Spent, Tx, Val};
use crate::table;
use crate::table::quota::{self, Tally};
use crate::writer::Engine;

/// So many answers are kept; then all are dropped.
const ANSWERS: usize = 20_000;
/// So many counters are kept from batch to batch; then all are dropped.
const COUNTERS: usize = 4_000;

/// A value of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Own {
    Null,
    Int(i64),
    Text(Box<str>),
    Bytes(Box<[u8]>),
}

impl Own {
    fn of(val: &Val<'_>) -> Self {
        match *val {
            Val::Null => Self::Null,
            Val::Int(value) => Self::Int(value),
            Val::Text(value) => Self::Text(value.into()),
            Val::Bytes(value) => Self::Bytes(value.into()),
        }
    }

    pub(crate) fn as_val(&self) -> Val<'_> {
        match self {
            Self::Null => Val::Null,
            Self::Int(value) => Val::Int(*value),
            Self::Text(value) => Val::Text(value),
            Self::Bytes(value) => Val::Bytes(value),
        }
    }
}

/// A company that the batch holds, and whether alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) corp: i64,
    pub(crate) effect: Effect,
}

/// What a writer remembers from batch to batch.
#[derive(Default)]
pub(crate) struct State {
    facts: HashMap<(usize, usize), Facts>,
    answers: HashMap<i64, HashMap<Question, Vec<Answer>>>,
    answered: usize,
    counters: HashMap<i64, Vec<Kept>>,
    counted: usize,
    rows: Vec<Rows>,
    /// The last change that the kept answers of a company know of.
    known: HashMap<i64, i64>,
}

impl State {
    /// Drops everything: what was loaded in a batch that came to nothing may never have been true.
    pub(crate) fn forget(&mut self) {
        self.forget_answers();
        self.forget_counters();
        self.rows.clear();
    }

    pub(crate) fn forget_answers(&mut self) {
        self.answers.clear();
        self.known.clear();
        self.answered = 0;
    }

    pub(crate) fn forget_counters(&mut self) {
        self.counters.clear();
        self.counted = 0;
    }

    /// Drops the answers of a company unless they are of its last change.
    pub(crate) fn check(&mut self, corp: i64, last_change: i64) {
        if self.known.insert(corp, last_change) != Some(last_change)
            && let Some(old) = self.answers.remove(&corp)
        {
            self.answered -= old.len();
        }
    }

    /// After COMMIT: what was counted is what the database has.
    pub(crate) fn committed(&mut self) {
        if self.counted > COUNTERS {
            self.forget_counters();
        }
        for kept in self.counters.values_mut().flatten() {
            kept.stored = kept.own;
            kept.dirty = false;
        }
    }
}

type Question = (usize, Box<[Own]>);
type Answer = Box<[Own]>;

/// What is known of a statement.
#[derive(Clone, Copy)]
struct Facts {
    reads: bool,
    kept: bool,
    /// Whether it may see counters.
    counters: bool,
}

/// Rows of one table on their way.
struct Rows {
    table: &'static Append,
    values: Vec<Own>,
    /// How many of the values are of earlier jobs.
    earlier: usize,
}

/// A counter.
struct Kept {
    key: Box<str>,
    scope: Box<str>,
    /// What other writers have spent.
    others: Vec<Tally>,
    own: Tally,
    /// As the database has it.
    stored: Tally,
    dirty: bool,
}

/// What a job may undo of a counter: the company, the place, and what was there before.
struct Step {
    corp: i64,
    at: usize,
    own: Tally,
    dirty: bool,
}

/// A transaction under way.
pub(crate) struct Batch<'a, E: Engine> {
    engine: &'a mut E,
    state: &'a mut State,
    held: &'a [Held],
    lane: i64,
    writers: i64,
    job: Job,
}

/// What the job under way has done.
#[derive(Default)]
struct Job {
    /// Whose rows it may touch; none where nothing is shared.
    entered: Option<Held>,
    savepoint: bool,
    steps: Vec<Step>,
}

impl<'a, E: Engine> Batch<'a, E> {
    pub(crate) fn new(
        engine: &'a mut E,
        state: &'a mut State,
        held: &'a [Held],
        lane: i64,
        writers: i64,
    ) -> Self {
        Self {
            engine,
            state,
            held,
            lane,
            writers,
            job: Job::default(),
        }
    }

    /// Begins a job, whose company may be known.
    pub(crate) fn start(&mut self, corp: Option<i64>) {
        self.job = Job {
            entered: corp.and_then(|corp| self.holding(corp)),
            ..Job::default()
        };
        for rows in &mut self.state.rows {
            rows.earlier = rows.values.len();
        }
    }

    /// Ends a job: keeps what it did, or takes it back.
    pub(crate) fn end(&mut self, keep: bool) -> Result<()> {
        if !keep {
            for step in self.job.steps.drain(..).rev() {
                if let Some(kept) = self
                    .state
                    .counters
                    .get_mut(&step.corp)
                    .and_then(|all| all.get_mut(step.at))
                {
                    kept.own = step.own;
                    kept.dirty = step.dirty;
                }
            }
            for rows in &mut self.state.rows {
                rows.values.truncate(rows.earlier);
            }
        }
        if self.job.savepoint {
            self.job.savepoint = false;
            if !keep {
                // Answers since then may tell of what is taken back.
                self.state.forget_answers();
                self.engine.exec("ROLLBACK TO SAVEPOINT job", &[])?;
            }
            self.engine.exec("RELEASE SAVEPOINT job", &[])?;
        }
        Ok(())
    }

    /// Brings everything that waits to the engine.
    pub(crate) fn finish(&mut self) -> Result<()> {
        self.flush_rows()?;
        self.flush_counters()
    }

    /// Whether the transaction can go on after a job has failed.
    pub(crate) fn is_sound(&self) -> bool {
        self.engine.in_transaction() && (self.job.savepoint || !self.engine.is_aborted())
    }

    fn holding(&self, corp: i64) -> Option<Held> {
        self.held.iter().copied().find(|held| held.corp == corp)
    }

    fn facts(&mut self, sql: &'static str) -> Facts {
        let key = (sql.as_ptr() as usize, sql.len());
        if let Some(facts) = self.state.facts.get(&key) {
            return *facts;
        }
        let facts = Facts {
            reads: sql.starts_with("SELECT"),
            kept: table::is_kept(sql),
            counters: sql.contains("quota"),
        };
        self.state.facts.insert(key, facts);
        facts
    }

    /// Before a statement that writes.
    fn open(&mut self) -> Result<()> {
        if E::SHARED && self.job.entered.is_none() {
            return Err(Error::Other(
                "a job writes before it has said whose rows".into(),
            ));
        }
        if !self.job.savepoint {
            // Rows of earlier jobs must not be inside: they would go with it.
            self.flush_earlier()?;
            self.engine.exec("SAVEPOINT job", &[])?;
            self.job.savepoint = true;
        }
        Ok(())
    }

    fn flush_earlier(&mut self) -> Result<()> {
        for rows in &mut self.state.rows {
            if rows.earlier > 0 {
                let later = rows.values.split_off(rows.earlier);
                self.engine.insert(rows.table, &rows.values)?;
                rows.values = later;
                rows.earlier = 0;
            }
        }
        Ok(())
    }

    fn flush_rows(&mut self) -> Result<()> {
        for rows in &mut self.state.rows {
            if !rows.values.is_empty() {
                self.engine.insert(rows.table, &rows.values)?;
                rows.values.clear();
                rows.earlier = 0;
            }
        }
        Ok(())
    }

    /// Writes the counters. They stay to be written: the job may still take its savepoint back, and the row with it.
    fn flush_counters(&mut self) -> Result<()> {
        for (corp, all) in &self.state.counters {
            for kept in all.iter().filter(|kept| kept.dirty) {
                let counter = Counter {
                    corp: *corp,
                    key: &kept.key,
                    scope: &kept.scope,
                };
                quota::keep(&counter, self.lane, kept.own, |sql, vals| {
                    self.engine.exec(sql, vals)
                })?;
            }
        }
        Ok(())
    }

    /// Before a statement that may see what waits.
    fn show(&mut self, facts: Facts) -> Result<()> {
        if self.state.rows.iter().any(|rows| !rows.values.is_empty()) {
            if self
                .state
                .rows
                .iter()
                .any(|rows| rows.values.len() > rows.earlier)
            {
                self.open()?;
            }
            self.flush_rows()?;
        }
        if facts.counters {
            if !self.job.steps.is_empty() {
                self.open()?;
            }
            self.flush_counters()?;
        }
        Ok(())
    }

    /// The place of a counter, loaded where it is not known yet.
    fn counter(&mut self, counter: &Counter<'_>) -> Result<usize> {
        let known = self.state.counters.get(&counter.corp);
        let found = known.and_then(|all| {
            all.iter()
                .position(|kept| *kept.key == *counter.key && *kept.scope == *counter.scope)
        });
        if let Some(at) = found {
            return Ok(at);
        }
        let mut own = Tally::default();
        let mut others = Vec::new();
        for (node, tally) in quota::load(self.engine, counter)? {
            if node == self.lane {
                own = tally;
            } else {
                others.push(tally);
            }
        }
        let all = self.state.counters.entry(counter.corp).or_default();
        all.push(Kept {
            key: counter.key.into(),
            scope: counter.scope.into(),
            others,
            own,
            stored: own,
            dirty: false,
        });
        self.state.counted += 1;
        Ok(all.len() - 1)
    }

    /// Changes this writer's tally of a counter.
    fn step(&mut self, counter: &Counter<'_>, change: impl FnOnce(&mut Tally)) -> Result<()> {
        let at = self.counter(counter)?;
        if let Some(kept) = self
            .state
            .counters
            .get_mut(&counter.corp)
            .and_then(|all| all.get_mut(at))
        {
            self.job.steps.push(Step {
                corp: counter.corp,
                at,
                own: kept.own,
                dirty: kept.dirty,
            });
            change(&mut kept.own);
            kept.dirty = true;
        }
        Ok(())
    }

    /// Answers from what is kept, or asks and keeps.
    fn kept(
        &mut self,
        corp: i64,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let question = (
            sql.as_ptr() as usize,
            vals.iter().map(Own::of).collect::<Box<[Own]>>(),
        );
        if let Some(rows) = self
            .state
            .answers
            .get(&corp)
            .and_then(|of_corp| of_corp.get(&question))
        {
            return rows.iter().try_for_each(|found| row(&Stored(found)));
        }
        let mut rows: Vec<Answer> = Vec::new();
        self.engine.each(sql, vals, &mut |found| {
            rows.push((0..found.width()).map(|i| own(found, i)).collect());
            Ok(())
        })?;
        let outcome = rows.iter().try_for_each(|found| row(&Stored(found)));
        if self.state.answered >= ANSWERS {
            let known = std::mem::take(&mut self.state.known);
            self.state.forget_answers();
            self.state.known = known;
        }
        self.state.answered += 1;
        self.state
            .answers
            .entry(corp)
            .or_default()
            .insert(question, rows);
        outcome
    }
}

impl<E: Engine> Read for Batch<'_, E> {
    fn each(
        &mut self,
        sql: &'static str,
        vals: &[Val<'_>],
        row: &mut dyn FnMut(&dyn Row) -> Result<()>,
    ) -> Result<()> {
        let facts = self.facts(sql);
        if facts.kept
            && let Some(Val::Int(corp)) = vals.first()
            && (!E::SHARED || self.holding(*corp).is_some())
        {
            return self.kept(*corp, sql, vals, row);
        }
        if !facts.reads {
            self.open()?;
            self.state.forget_answers();
        }
        self.show(facts)?;
        self.engine.each(sql, vals, row)
    }
}

impl<E: Engine> Tx for Batch<'_, E> {
    fn enter(&mut self, corp: i64, effect: Effect) -> Result<()> {
        if !E::SHARED {
            return Ok(());
        }
        match self.holding(corp).filter(|held| held.effect >= effect) {
            Some(held) => {
                self.job.entered = Some(held);
                Ok(())
            }
            None => Err(Error::Elsewhere(corp, effect)),
        }
    }

    fn exec(&mut self, sql: &'static str, vals: &[Val<'_>]) -> Result<u64> {
        let facts = self.facts(sql);
        if facts.counters {
            if !self.job.steps.is_empty() {
                return Err(Error::Other(
                    "a job that has counted may not change counters by a statement".into(),
                ));
            }
            // Before the savepoint: what earlier jobs have counted must not go with it.
            self.flush_counters()?;
        }
        self.open()?;
        self.flush_rows()?;
        self.state.forget_answers();
        let rows = self.engine.exec(sql, vals);
        if facts.counters {
            self.state.forget_counters();
        }
        rows
    }

    fn append(&mut self, table: &'static Append, row: &[Val<'_>]) -> Result<()> {
        if E::SHARED && self.job.entered.is_none() {
            return Err(Error::Other(
                "a job writes before it has said whose rows".into(),
            ));
        }
        debug_assert_eq!(row.len(), table.columns.len(), "{}", table.table);
        let rows = &mut self.state.rows;
        let at = match rows.iter().position(|rows| rows.table.table == table.table) {
            Some(at) => at,
            None => {
                rows.push(Rows {
                    table,
                    values: Vec::new(),
                    earlier: 0,
                });
                rows.len() - 1
            }
        };
        rows[at].values.extend(row.iter().map(Own::of));
        Ok(())
    }

    fn spent(&mut self, counter: &Counter<'_>, start: i64) -> Result<Spent> {
        let at = self.counter(counter)?;
        let alone = !E::SHARED
            || self
                .holding(counter.corp)
                .is_some_and(|held| held.effect == Effect::Change);
        let kept = &self.state.counters[&counter.corp][at];
        let in_window = |tally: &Tally| {
            if tally.start == start {
                tally.amount
            } else {
                0
            }
        };
        let others: i64 = kept.others.iter().map(in_window).sum();
        let own = in_window(&kept.own);
        let blocked = kept.others.iter().map(|tally| tally.blocked).max();
        Ok(Spent {
            amount: others.saturating_add(own),
            here: own - in_window(&kept.stored),
            blocked: blocked.unwrap_or(0).max(kept.own.blocked),
            writers: if alone { 1 } else { self.writers.max(2) },
        })
    }

    fn spend(&mut self, counter: &Counter<'_>, start: i64, amount: i64) -> Result<()> {
        self.step(counter, |own| {
            if own.start == start {
                own.amount = own.amount.saturating_add(amount);
            } else {
                (own.start, own.amount) = (start, amount);
            }
        })
    }

    fn block(&mut self, counter: &Counter<'_>, start: i64, until: i64) -> Result<()> {
        self.step(counter, |own| {
            if own.start < start {
                (own.start, own.amount) = (start, 0);
            }
            own.blocked = until;
        })
    }

    fn as_read(&mut self) -> &mut dyn Read {
        self
    }
}

fn own(row: &dyn Row, i: usize) -> Own {
    Own::of(&row.val(i))
}

/// A kept row.
struct Stored<'r>(&'r [Own]);

impl Row for Stored<'_> {
    fn width(&self) -> usize {
        self.0.len()
    }

    fn val(&self, i: usize) -> Val<'_> {
        match self.0.get(i) {
            Some(value) => value.as_val(),
            None => panic!("the answer has no column {i}"),
        }
    }
}
