use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicI64};
use std::sync::mpsc;

use tempfile::TempDir;

use super::*;
use crate::db::{Append, Counter, Effect, Kind, ReadExt, Tx, Val};
use crate::postgres::testing::with_schema;
use crate::table::{chat, company, quota};
use crate::writer::{End, Ids, Verdict};

const NOTE: Append = Append {
    table: "note",
    columns: &[("id", Kind::Int), ("body", Kind::Text)],
};
const BODIES: &str = "SELECT body FROM note ORDER BY id";
const NOON: i64 = 1_600_000_000_000_000;

type Run = dyn FnMut(&mut dyn Tx, &mut Ids) -> Result<Verdict> + Send;
type Undo = dyn FnMut(&mut dyn Tx, &mut Ids) -> Result<()> + Send;
type Done = dyn FnOnce(End) + Send;

/// A job made of closures.
struct Fun {
    run: Box<Run>,
    undo: Box<Undo>,
    done: Box<Done>,
}

impl Job for Fun {
    fn corp(&self) -> Option<i64> {
        Some(1)
    }
    fn effect(&self) -> Effect {
        Effect::Append
    }
    fn run(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> Result<Verdict> {
        (self.run)(tx, ids)
    }
    fn after_undo(&mut self, tx: &mut dyn Tx, ids: &mut Ids) -> Result<()> {
        (self.undo)(tx, ids)
    }
    fn done(self: Box<Self>, end: End) {
        (self.done)(end);
    }
}

/// A place, its store and the ends of its jobs.
struct Bench {
    store: Arc<Store>,
    told: crossbeam_channel::Sender<(String, End)>,
    ends: crossbeam_channel::Receiver<(String, End)>,
}

impl Bench {
    fn open(place: &Place) -> Self {
        Self::at(place, Arc::new(|| NOON))
    }

    fn at(place: &Place, clock: Clock) -> Self {
        let (told, ends) = crossbeam_channel::unbounded();
        let bench = Self {
            store: Arc::new(Store::open_with(place, clock, 1).unwrap()),
            told,
            ends,
        };
        let made = bench.write("make", |tx, _| {
            tx.exec(
                "CREATE TABLE IF NOT EXISTS note (id {int} PRIMARY KEY, body {text} NOT NULL)",
                &[],
            )?;
            Ok(Verdict::Keep)
        });
        assert_eq!(made, End::Committed);
        bench
    }

    fn job(
        &self,
        name: &str,
        run: impl FnMut(&mut dyn Tx, &mut Ids) -> Result<Verdict> + Send + 'static,
    ) -> Box<Fun> {
        let (name, told) = (name.to_owned(), self.told.clone());
        Box::new(Fun {
            run: Box::new(run),
            undo: Box::new(|_, _| panic!("nothing was undone")),
            done: Box::new(move |end| drop(told.send((name, end)))),
        })
    }

    fn write(
        &self,
        name: &str,
        run: impl FnMut(&mut dyn Tx, &mut Ids) -> Result<Verdict> + Send + 'static,
    ) -> End {
        assert!(self.store.write(self.job(name, run)).is_ok());
        let (told, end) = self.ends.recv().unwrap();
        assert_eq!(told, name);
        end
    }

    /// Runs the jobs in one batch and tells how each ended.
    #[expect(clippy::vec_box, reason = "the writer takes boxes")]
    fn together(&self, jobs: Vec<Box<Fun>>) -> Vec<(String, End)> {
        let gate = self.gate();
        let count = jobs.len();
        let before = self.store.stats().batches;
        for job in jobs {
            assert!(self.store.write(job).is_ok());
        }
        drop(gate);
        assert_eq!(self.ends.recv().unwrap().0, "gate");
        let ends = (0..count).map(|_| self.ends.recv().unwrap()).collect();
        assert_eq!(self.store.stats().batches, before + 2);
        ends
    }

    /// Holds the writer inside a job until dropped.
    fn gate(&self) -> mpsc::Sender<()> {
        let (open, opened) = mpsc::channel::<()>();
        let (reach, reached) = mpsc::channel();
        let job = self.job("gate", move |_, _| {
            reach.send(()).unwrap();
            let _ = opened.recv();
            Ok(Verdict::Keep)
        });
        assert!(self.store.write(job).is_ok());
        reached.recv().unwrap();
        open
    }

    fn bodies(&self) -> Vec<String> {
        self.store
            .read(|read| read.all(BODIES, &[], |row| row.text(0).to_owned()))
            .unwrap()
    }
}

fn add(tx: &mut dyn Tx, ids: &mut Ids, body: &str) -> Result<Verdict> {
    tx.append(&NOTE, &[Val::Int(ids.next()), Val::Text(body)])?;
    Ok(Verdict::Keep)
}

fn directory() -> (TempDir, Place) {
    let directory = tempfile::tempdir().unwrap();
    let place = Place::Directory(directory.path().join("data"));
    (directory, place)
}

/// In memory, in a directory and on PostgreSQL.
fn everywhere(story: impl Fn(&Place)) {
    story(&Place::Memory);
    let (_keep, place) = directory();
    story(&place);
    with_schema(|url| {
        story(&Place::Postgres {
            url: url.to_owned(),
            password: None,
        });
    });
}

#[test]
fn answers_come_after_commit() {
    everywhere(|place| {
        let bench = Bench::open(place);
        let told = Arc::new(AtomicBool::new(false));
        let (seen, sight) = mpsc::channel();
        let first = {
            let (told, store) = (Arc::clone(&told), Arc::clone(&bench.store));
            Box::new(Fun {
                run: Box::new(|tx, ids| add(tx, ids, "first")),
                undo: Box::new(|_, _| Ok(())),
                done: Box::new(move |end| {
                    told.store(true, Relaxed);
                    let rows = store
                        .read(|read| read.int("SELECT COUNT(*) FROM note", &[]))
                        .unwrap();
                    seen.send((end, rows, store.last_id())).unwrap();
                }),
            })
        };
        let (early, before) = mpsc::channel();
        let second = bench.job("second", move |tx, ids| {
            early.send(told.load(Relaxed)).unwrap();
            add(tx, ids, "second")
        });
        let gate = bench.gate();
        assert!(bench.store.write(first).is_ok());
        assert!(bench.store.write(second).is_ok());
        drop(gate);
        assert!(
            !before.recv().unwrap(),
            "told before the batch was committed"
        );
        let (end, rows, last) = sight.recv().unwrap();
        assert_eq!((end, rows), (End::Committed, Some(2)));
        assert!(last > NOON);
    });
}

#[test]
fn a_refused_jobs_rows_vanish_and_its_neighbours_stay() {
    everywhere(|place| {
        let bench = Bench::open(place);
        let ends = bench.together(vec![
            bench.job("a", |tx, ids| add(tx, ids, "a")),
            bench.job("b", |tx, ids| {
                add(tx, ids, "b").and(Err(Error::Other("refused".into())))
            }),
            bench.job("c", |tx, ids| {
                let id = ids.next();
                tx.exec("INSERT INTO note VALUES ($1, 'c')", &[Val::Int(id)])?;
                tx.exec("INSERT INTO note VALUES ($1, 'c')", &[Val::Int(id)])?;
                Ok(Verdict::Keep)
            }),
            bench.job("d", |tx, ids| add(tx, ids, "d")),
        ]);
        assert_eq!(ends[0].1, End::Committed);
        assert_eq!(ends[1].1, End::Failed(Error::Other("refused".into())));
        assert!(matches!(&ends[2].1, End::Failed(Error::Unique(_))));
        assert_eq!(ends[3].1, End::Committed);
        assert_eq!(bench.bodies(), ["a", "d"]);
    });
}

#[test]
fn nothing_is_written_once_the_transaction_is_lost() {
    let bench = Bench::open(&Place::Memory);
    let ends = bench.together(vec![
        bench.job("a", |tx, ids| add(tx, ids, "a")),
        bench.job("b", |tx, ids| {
            // As SQLite does by itself after some failures.
            tx.exec("ROLLBACK", &[])?;
            let id = Val::Int(ids.next());
            assert!(tx.exec("INSERT INTO note VALUES ($1, 'b')", &[id]).is_err());
            assert!(
                tx.int("INSERT INTO note VALUES ($1, 'b') RETURNING id", &[id])
                    .is_err()
            );
            Ok(Verdict::Keep)
        }),
        bench.job("c", |tx, ids| add(tx, ids, "c")),
    ]);
    for (name, end) in ends {
        assert!(
            matches!(end, End::Failed(Error::Unavailable(_))),
            "{name}: {end:?}"
        );
    }
    assert_eq!(
        bench.write("d", |tx, ids| add(tx, ids, "d")),
        End::Committed
    );
    assert_eq!(bench.bodies(), ["d"]);
}

#[test]
fn after_an_undo_only_the_trace_stays() {
    let bench = Bench::open(&Place::Memory);
    let undone = |name: &str, trace: Result<()>| {
        let mut job = bench.job(name, |tx, ids| add(tx, ids, "work").and(Ok(Verdict::Undo)));
        job.undo = Box::new(move |tx, ids| add(tx, ids, "trace").and(trace.clone()));
        job
    };
    let ends = bench.together(vec![
        undone("a", Ok(())),
        undone("b", Err(Error::Other("no trace".into()))),
    ]);
    assert_eq!(ends[0].1, End::Committed);
    assert_eq!(ends[1].1, End::Failed(Error::Other("no trace".into())));
    assert_eq!(bench.bodies(), ["trace"]);
}

#[test]
fn a_panic_leaves_the_others_alone() {
    everywhere(|place| {
        let bench = Bench::open(place);
        let mut told_badly = bench.job("", |tx, ids| add(tx, ids, "b"));
        told_badly.done = Box::new(|_| panic!("in done"));
        assert!(bench.store.write(told_badly).is_ok());
        let ends = bench.together(vec![
            bench.job("a", |tx, ids| add(tx, ids, "a")),
            bench.job("c", |tx, ids| {
                add(tx, ids, "c")?;
                tx.each("SELECT body FROM note", &[], &mut |row| {
                    row.int(0);
                    Ok(())
                })?;
                Ok(Verdict::Keep)
            }),
            bench.job("d", |tx, ids| add(tx, ids, "d")),
        ]);
        assert_eq!(ends[0].1, End::Committed);
        assert!(
            matches!(&ends[1].1, End::Failed(Error::Other(text)) if text.contains("not a number"))
        );
        assert_eq!(ends[2].1, End::Committed);
        assert_eq!(bench.bodies(), ["b", "a", "d"]);
    });
}

#[test]
fn a_reader_that_panics_leaves_the_store_usable() {
    everywhere(|place| {
        let bench = Bench::open(place);
        bench.write("a", |tx, ids| add(tx, ids, "a"));
        let store = Arc::clone(&bench.store);
        let panicked =
            thread::spawn(move || store.read(|read| read.one(BODIES, &[], |row| row.int(0))))
                .join();
        assert!(panicked.is_err());
        assert_eq!(
            bench.write("b", |tx, ids| add(tx, ids, "b")),
            End::Committed
        );
        assert_eq!(bench.bodies(), ["a", "b"]);
    });
}

#[test]
fn a_reader_sees_one_state_however_long_it_looks() {
    let (_keep, place) = directory();
    let bench = Bench::open(&place);
    bench.write("a", |tx, ids| add(tx, ids, "a"));
    let count = "SELECT COUNT(*) FROM note";
    bench
        .store
        .read(|read| {
            assert_eq!(read.int(count, &[])?, Some(1));
            assert_eq!(
                bench.write("b", |tx, ids| add(tx, ids, "b")),
                End::Committed
            );
            assert_eq!(read.int(count, &[])?, Some(1));
            Ok(())
        })
        .unwrap();
    assert_eq!(bench.bodies(), ["a", "b"]);
    let written = bench
        .store
        .read(|read| read.int("DELETE FROM note RETURNING id", &[]));
    assert!(matches!(written, Err(Error::Other(_))));
    assert_eq!(bench.bodies().len(), 2);
}

#[test]
fn what_was_acknowledged_is_there_after_reopening() {
    let (keep, place) = directory();
    let bench = Bench::open(&place);
    for body in ["a", "b"] {
        assert_eq!(
            bench.write(body, move |tx, ids| add(tx, ids, body)),
            End::Committed
        );
    }
    // The files as they lie there now are what a killed process leaves behind.
    let left = keep.path().join("left");
    fs::create_dir(&left).unwrap();
    for file in ["qun.db", "qun.db-wal"] {
        fs::copy(keep.path().join("data").join(file), left.join(file)).unwrap();
    }
    assert_eq!(Bench::open(&Place::Directory(left)).bodies(), ["a", "b"]);

    bench.store.close();
    assert!(
        !keep.path().join("data/qun.db-wal").exists(),
        "closing folds the log in"
    );
    assert_eq!(Bench::open(&place).bodies(), ["a", "b"]);
}

#[test]
fn closing_finishes_what_waits_and_refuses_what_comes() {
    everywhere(|place| {
        let bench = Bench::open(place);
        let gate = bench.gate();
        for body in ["a", "b"] {
            assert!(
                bench
                    .store
                    .write(bench.job(body, move |tx, ids| add(tx, ids, body)))
                    .is_ok()
            );
        }
        let store = Arc::clone(&bench.store);
        let closing = thread::spawn(move || store.close());
        drop(gate);
        closing.join().unwrap();
        let ends: Vec<_> = bench.ends.try_iter().collect();
        assert_eq!(ends.len(), 3);
        assert!(ends.iter().all(|(_, end)| *end == End::Committed));
        assert!(
            bench
                .store
                .write(bench.job("late", |_, _| Ok(Verdict::Keep)))
                .is_err()
        );
        assert!(matches!(
            bench.store.read(|_| Ok(())),
            Err(Error::Unavailable(_))
        ));
        bench.store.close();
    });
}

#[test]
fn a_reader_that_outlives_the_store_keeps_no_file_open() {
    let (keep, place) = directory();
    let bench = Bench::open(&place);
    let log = keep.path().join("data/qun.db-wal");
    bench
        .store
        .read(|read| {
            assert_eq!(read.exists("SELECT 1 FROM note", &[]), Ok(false));
            bench.store.close();
            assert!(log.exists());
            assert_eq!(read.exists("SELECT 1 FROM note", &[]), Ok(false));
            Ok(())
        })
        .unwrap();
    assert!(!log.exists());
}

#[test]
fn the_last_handle_may_go_with_a_job() {
    let bench = Bench::open(&Place::Memory);
    let (told, end) = mpsc::channel();
    let mut job = bench.job("", |tx, ids| add(tx, ids, "a"));
    let held = Arc::clone(&bench.store);
    let (dropped, gone) = mpsc::channel::<()>();
    job.done = Box::new(move |end| {
        let _ = gone.recv();
        drop(held);
        told.send(end).unwrap();
    });
    assert!(bench.store.write(job).is_ok());
    drop(bench);
    drop(dropped);
    assert_eq!(end.recv(), Ok(End::Committed));
}

#[test]
fn ids_go_on_after_reopening_with_the_clock_set_back() {
    let (_keep, place) = directory();
    let two = |bench: &Bench| {
        let (given, ids) = mpsc::channel();
        bench.write("ids", move |tx, ids| {
            given.send((ids.next(), ids.now_ms())).unwrap();
            given.send((ids.take(10), ids.now_ms())).unwrap();
            add(tx, ids, "x")
        });
        let (first, second) = (ids.recv().unwrap(), ids.recv().unwrap());
        assert_eq!(second, (first.0 + 1, first.1));
        (second.0 + 9, first.1)
    };
    let time = Arc::new(AtomicI64::new(NOON));
    let clock: Clock = {
        let time = Arc::clone(&time);
        Arc::new(move || time.load(Relaxed))
    };
    let bench = Bench::at(&place, Arc::clone(&clock));
    let (before, ms) = two(&bench);
    assert!(before > NOON && ms >= NOON / 1000);
    time.store(NOON - 3_600_000_000, Relaxed);
    let (set_back, _) = two(&bench);
    assert!(set_back > before);
    let last = bench.store.last_id();
    assert!(last > set_back);
    drop(bench);

    let store = Store::open(&place, Arc::clone(&clock)).unwrap();
    assert_eq!(store.last_id(), last);
    drop(store);
    let bench = Bench::at(&place, clock);
    let (after, ms_after) = two(&bench);
    assert!(after > last && ms_after >= ms);
    time.store(NOON + 3_600_000_000, Relaxed);
    assert!(two(&bench).0 >= NOON + 3_600_000_000);
}

#[test]
fn a_second_process_is_told_so() {
    let (keep, place) = directory();
    let data = keep.path().join("data");
    let bench = Bench::open(&place);
    assert_eq!(
        fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for file in ["qun.db", "qun.db-wal"] {
        assert_eq!(
            fs::metadata(data.join(file)).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let second = Store::open(&place, Arc::new(|| NOON)).unwrap_err();
    assert_eq!(second, Error::Locked(data.display().to_string()));
    assert!(second.to_string().contains(&data.display().to_string()));
    bench.store.close();
    Store::open(&place, Arc::new(|| NOON)).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let (_keep, place) = directory();
    let bench = Bench::open(&place);
    let known = migrate::FILES.len() as i64;
    bench.write("newer", move |tx, _| {
        tx.exec(
            "UPDATE meta SET value = $1 WHERE key = 'schema'",
            &[Val::Text(&(known + 1).to_string())],
        )?;
        Ok(Verdict::Keep)
    });
    drop(bench);
    let refused = Store::open(&place, Arc::new(|| NOON)).unwrap_err();
    assert_eq!(
        refused,
        Error::NewerSchema {
            found: known + 1,
            known
        }
    );
    assert!(refused.to_string().contains("start the newer program"));
}

#[test]
fn what_is_no_database_is_refused() {
    let (keep, place) = directory();
    fs::create_dir(keep.path().join("data")).unwrap();
    fs::write(
        keep.path().join("data/qun.db"),
        "not a database at all".repeat(100),
    )
    .unwrap();
    assert!(matches!(
        Store::open(&place, Arc::new(|| NOON)),
        Err(Error::Corrupt(_))
    ));
    let file = Place::Directory(keep.path().join("data/qun.db"));
    assert!(matches!(
        Store::open(&file, Arc::new(|| NOON)),
        Err(Error::Unavailable(_))
    ));
    let postgres = Place::Postgres {
        url: "postgres://me:secret@127.0.0.1:1/qun".into(),
        password: None,
    };
    let refused = Store::open(&postgres, Arc::new(|| NOON)).unwrap_err();
    assert!(
        matches!(&refused, Error::Unavailable(text) if text.contains("refused")),
        "{refused}"
    );
    assert!(!format!("{postgres:?} {refused}").contains("secret"));
}

#[test]
fn a_writer_whose_lane_was_taken_stops() {
    let (_keep, place) = directory();
    let bench = Bench::open(&place);
    let end = bench.write("take", |tx, ids| {
        tx.exec(
            "UPDATE lane SET boot = boot + 1 WHERE lane = $1",
            &[Val::Int(ids.lane())],
        )?;
        add(tx, ids, "lost")
    });
    assert!(matches!(end, End::Failed(Error::Unavailable(_))));
    assert!(
        bench
            .store
            .write(bench.job("late", |_, _| Ok(Verdict::Keep)))
            .is_err()
    );
    assert_eq!(bench.bodies(), [""; 0]);
}

#[test]
fn the_queue_takes_so_many_and_no_more() {
    let bench = Bench::open(&Place::Memory);
    let gate = bench.gate();
    for _ in 0..QUEUE {
        assert!(
            bench
                .store
                .write(bench.job("waiting", |_, _| Ok(Verdict::Keep)))
                .is_ok()
        );
    }
    assert_eq!(bench.store.stats().queue, QUEUE);
    let back = bench
        .store
        .write(bench.job("too many", |_, _| Ok(Verdict::Keep)))
        .unwrap_err();
    back.done(End::Failed(Error::Full));
    assert_eq!(bench.ends.recv().unwrap().0, "too many");
    drop(gate);
    for _ in 0..=QUEUE {
        assert_eq!(bench.ends.recv().unwrap().1, End::Committed);
    }
    bench.store.close();
    let stats = bench.store.stats();
    // One to make the table, the gate's, then 4096 jobs in batches of 512.
    assert_eq!(
        (stats.queue, stats.batches, stats.jobs),
        (0, 2 + 8, 2 + QUEUE as u64)
    );
}

#[test]
fn many_threads_lose_nothing() {
    let (_keep, place) = directory();
    let bench = Bench::open(&place);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let (told, end) = mpsc::channel();
                    let mut job = bench.job("", |tx, ids| add(tx, ids, "x"));
                    job.done = Box::new(move |end| told.send(end).unwrap());
                    assert!(bench.store.write(job).is_ok());
                    assert_eq!(end.recv(), Ok(End::Committed));
                    let rows = bench
                        .store
                        .read(|read| read.int("SELECT COUNT(*) FROM note", &[]))
                        .unwrap();
                    assert!(rows >= Some(1));
                }
            });
        }
    });
    assert_eq!(bench.bodies().len(), 800);
    assert_eq!(bench.store.stats().jobs, 801);
}

/// What a job of [`whatever_jobs_do_they_see_what_was_done`] does.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append,
    Insert,
    Read,
    Rename,
    Look,
    Spend(i64),
    Spent,
    Block,
}

/// What the database should hold.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    notes: i64,
    name: i64,
    spent: i64,
    blocked: i64,
}

/// Numbers that look like chance and are the same every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn step(&mut self) -> Step {
        match self.roll(8) {
            0 => Step::Append,
            1 => Step::Insert,
            2 => Step::Read,
            3 => Step::Rename,
            4 => Step::Look,
            5 => Step::Spend(self.roll(5) as i64),
            6 => Step::Spent,
            _ => Step::Block,
        }
    }
}

const WINDOW: i64 = 60_000;
const COUNTED: Counter<'_> = Counter {
    corp: 1,
    key: "k",
    scope: "",
};

/// Does a step and asserts that it shows what the model says.
fn take_step(step: Step, tx: &mut dyn Tx, ids: &mut Ids, model: &mut Model) -> Result<()> {
    match step {
        Step::Append => {
            model.notes += 1;
            add(tx, ids, "appended")?;
        }
        Step::Insert => {
            model.notes += 1;
            let id = Val::Int(ids.next());
            tx.exec("INSERT INTO note (id, body) VALUES ($1, 'inserted')", &[id])?;
        }
        Step::Read => {
            let seen = tx.int("SELECT COUNT(*) FROM note", &[])?;
            assert_eq!(seen, Some(model.notes));
        }
        Step::Rename => {
            model.name += 1;
            let mut known = chat::by_chatid(tx.as_read(), 1, "c")?.unwrap();
            known.name = model.name.to_string();
            chat::update(tx, 1, &known)?;
        }
        Step::Look => {
            let known = chat::by_chatid(tx.as_read(), 1, "c")?.unwrap();
            assert_eq!(known.name, model.name.to_string());
        }
        Step::Spend(amount) => {
            model.spent += amount;
            tx.spend(&COUNTED, WINDOW, amount)?;
        }
        Step::Spent => {
            let spent = tx.spent(&COUNTED, WINDOW)?;
            assert_eq!((spent.amount, spent.blocked), (model.spent, model.blocked));
            // The same by SQL, as a reader would ask.
            let read = quota::get(tx.as_read(), &COUNTED, WINDOW)?;
            assert_eq!(read, (model.spent, model.blocked));
        }
        Step::Block => {
            model.blocked += 1;
            tx.block(&COUNTED, WINDOW, model.blocked)?;
        }
    }
    Ok(())
}

#[test]
fn whatever_jobs_do_they_see_what_was_done() {
    everywhere(|place| {
        let bench = Bench::open(place);
        let made = bench.write("group", |tx, _| {
            let c = chat::Chat {
                chat: 7,
                chatid: "c".into(),
                name: "0".into(),
                ..chat::Chat::default()
            };
            chat::insert(tx, 1, &c)?;
            Ok(Verdict::Keep)
        });
        assert_eq!(made, End::Committed);
        let model = Arc::new(Mutex::new(Model::default()));
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for _ in 0..60 {
            let jobs = (0..1 + dice.roll(6)).map(|_| {
                let steps: Vec<Step> = (0..dice.roll(7)).map(|_| dice.step()).collect();
                let traces: Vec<Step> = (0..dice.roll(3)).map(|_| dice.step()).collect();
                // Well, taken back with a trace, failed, or failed by the database.
                let way = dice.roll(4);
                let (kept, traced) = (Arc::clone(&model), Arc::clone(&model));
                let mut job = bench.job("job", move |tx, ids| {
                    let mut mine = kept.lock().unwrap().clone();
                    for step in &steps {
                        take_step(*step, tx, ids, &mut mine)?;
                    }
                    match way {
                        0 => {
                            *kept.lock().unwrap() = mine;
                            Ok(Verdict::Keep)
                        }
                        1 => Ok(Verdict::Undo),
                        2 => Err(Error::Other("own".into())),
                        _ => {
                            let id = Val::Int(ids.next());
                            for _ in 0..2 {
                                tx.exec("INSERT INTO note (id, body) VALUES ($1, 'twice')", &[id])?;
                            }
                            unreachable!("the second is refused")
                        }
                    }
                });
                job.undo = Box::new(move |tx, ids| {
                    let mut mine = traced.lock().unwrap().clone();
                    for step in &traces {
                        take_step(*step, tx, ids, &mut mine)?;
                    }
                    *traced.lock().unwrap() = mine;
                    Ok(())
                });
                job
            });
            for (_, end) in bench.together(jobs.collect()) {
                assert!(
                    !matches!(&end, End::Failed(Error::Other(text)) if text.contains("panicked")),
                    "{end:?}"
                );
            }
            let expected = model.lock().unwrap().clone();
            let found = bench
                .store
                .read(|read| {
                    let (spent, blocked) = quota::get(read, &COUNTED, WINDOW)?;
                    Ok(Model {
                        notes: read.int("SELECT COUNT(*) FROM note", &[])?.unwrap(),
                        name: chat::by_chatid(read, 1, "c")?
                            .unwrap()
                            .name
                            .parse()
                            .unwrap(),
                        spent,
                        blocked,
                    })
                })
                .unwrap();
            assert_eq!(found, expected);
        }
        let ended = model.lock().unwrap().clone();
        assert!(ended.notes > 20 && ended.name > 5 && ended.spent > 20 && ended.blocked > 5);
    });
}

/// Two nodes on one database.
fn two_nodes(story: impl Fn(&Bench, &Bench)) {
    with_schema(|url| {
        let place = Place::Postgres {
            url: url.to_owned(),
            password: None,
        };
        story(&Bench::open(&place), &Bench::open(&place));
    });
}

#[test]
fn what_one_node_changes_the_other_sees_in_its_next_batch() {
    two_nodes(|a, b| {
        let company = company::Company {
            corp: 1,
            corpid: "ww1".into(),
            ..company::Company::default()
        };
        a.write("make", move |tx, _| {
            company::insert(tx, &company, 0)?;
            let c = chat::Chat {
                chat: 7,
                chatid: "c".into(),
                ..chat::Chat::default()
            };
            chat::insert(tx, 1, &c)?;
            Ok(Verdict::Keep)
        });
        let rename = |node: &Bench, name: &'static str| {
            let end = node.write("rename", move |tx, _| {
                tx.enter(1, Effect::Change)?;
                let mut known = chat::by_chatid(tx.as_read(), 1, "c")?.unwrap();
                known.name = name.into();
                chat::update(tx, 1, &known)?;
                Ok(Verdict::Keep)
            });
            assert_eq!(end, End::Committed);
        };
        let look = |node: &Bench, name: &'static str| {
            let end = node.write("look", move |tx, _| {
                assert_eq!(chat::by_chatid(tx.as_read(), 1, "c")?.unwrap().name, name);
                Ok(Verdict::Keep)
            });
            assert_eq!(end, End::Committed);
        };
        for name in ["one", "two", "three"] {
            rename(a, name);
            look(b, name);
            look(a, name);
            look(b, name);
        }
    });
}

#[test]
fn a_job_that_needs_its_company_alone_is_run_again_and_has_it() {
    two_nodes(|a, _| {
        let runs = Arc::new(AtomicI64::new(0));
        let seen = Arc::clone(&runs);
        let end = a.write("alone", move |tx, ids| {
            seen.fetch_add(1, Relaxed);
            add(tx, ids, "before")?;
            tx.enter(1, Effect::Change)?;
            add(tx, ids, "after")
        });
        assert_eq!(end, End::Committed);
        assert_eq!(runs.load(Relaxed), 2);
        assert_eq!(
            a.bodies(),
            ["before", "after"],
            "the first run left nothing"
        );
    });
}

#[test]
fn both_nodes_together_never_spend_more_than_there_is() {
    const MOST: i64 = 1003;
    two_nodes(|a, b| {
        let spend = |node: &Bench| {
            for _ in 0..600 {
                let mut job = node.job("spend", |tx, _| {
                    let spent = tx.spent(&COUNTED, WINDOW)?;
                    if !spent.is_certain(2, MOST) {
                        tx.enter(1, Effect::Change)?;
                    }
                    if spent.amount + 2 > MOST {
                        return Ok(Verdict::Undo);
                    }
                    tx.spend(&COUNTED, WINDOW, 2)?;
                    Ok(Verdict::Keep)
                });
                job.undo = Box::new(|_, _| Ok(()));
                assert!(node.store.write(job).is_ok());
            }
        };
        thread::scope(|scope| {
            scope.spawn(|| spend(a));
            scope.spawn(|| spend(b));
        });
        for node in [a, b] {
            for _ in 0..600 {
                assert_eq!(node.ends.recv().unwrap().1, End::Committed);
            }
        }
        let spent = a.store.read(|read| quota::get(read, &COUNTED, WINDOW));
        assert_eq!(spent, Ok((MOST - 1, 0)));
    });
}
