use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Random, Target, mutate};

/// How long to fuzz one target, and from which seed.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Ends after this time.
    pub time: Duration,
    /// Ends after this many inputs.
    pub runs: u64,
    /// The same seed gives the same inputs in the same order.
    pub seed: u64,
    /// One input that takes longer is a failure.
    pub hang: Duration,
}

/// What a run without a failure did.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Inputs tried.
    pub runs: u64,
}

/// An input that a target does not survive.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    /// The input, made as small as could be done quickly.
    pub input: Vec<u8>,
    /// What the panic said, or that the target did not end.
    pub message: String,
}

/// Fuzzes a target: first its seeds as they are, then changed ones.
///
/// A target that hangs is left behind on its thread; the caller should end the process.
pub fn fuzz(target: &Target, plan: Plan) -> Result<Report, Failure> {
    let target = *target;
    let watch = Arc::new(Watch::default());
    let (sender, receiver) = mpsc::channel();
    let seen = Arc::clone(&watch);
    thread::spawn(move || sender.send(run(&target, plan, &seen)));
    loop {
        match receiver.recv_timeout(plan.hang.min(Duration::from_millis(200))) {
            Ok(result) => return result,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                if let Some(input) = watch.hanging(plan.hang) {
                    let message = format!("did not end within {:?}", plan.hang);
                    return Err(Failure { input, message });
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let message = "the loop itself failed".to_owned();
                let input = watch.lock().0.clone();
                return Err(Failure { input, message });
            }
        }
    }
}

/// Gives a target one input; a panic's message when it fails.
pub fn replay(target: &Target, input: &[u8]) -> Result<(), String> {
    quiet_panics();
    QUIET.set(true);
    let result = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    QUIET.set(false);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        text.unwrap_or("a panic without a message").to_owned()
    })
}

fn run(target: &Target, plan: Plan, watch: &Watch) -> Result<Report, Failure> {
    let end = Instant::now() + plan.time;
    let mut random = Random::new(plan.seed, target.name);
    let mut input = Vec::new();
    let mut runs = 0;
    while runs < plan.runs && (runs == 0 || Instant::now() < end) {
        match usize::try_from(runs).ok().and_then(|n| target.seeds.get(n)) {
            Some(seed) => (**seed).clone_into(&mut input),
            None => mutate::next(&mut random, target, &mut input),
        }
        watch.begin(&input);
        let result = replay(target, &input);
        runs += 1;
        if result.is_err() {
            return Err(smaller(target, input, watch));
        }
    }
    watch.rest();
    Ok(Report { runs })
}

/// Leaves out parts, and then single bytes, as long as the target still fails.
fn smaller(target: &Target, mut input: Vec<u8>, watch: &Watch) -> Failure {
    let end = Instant::now() + Duration::from_secs(2);
    let mut message = replay(target, &input).err();
    let mut part = input.len() / 2;
    while part > 0 {
        let mut at = 0;
        while at < input.len() && Instant::now() < end {
            let mut shorter = input.clone();
            shorter.drain(at..(at + part).min(input.len()));
            watch.begin(&shorter);
            match replay(target, &shorter) {
                Err(text) => {
                    input = shorter;
                    message = Some(text);
                }
                Ok(()) => at += part,
            }
        }
        part /= 2;
    }
    let message = message.unwrap_or_else(|| "failed once, but not again".to_owned());
    Failure { input, message }
}

/// The input at work and since when, so that one that never ends can be shown.
#[derive(Default)]
struct Watch(Mutex<(Vec<u8>, Option<Instant>)>);

impl Watch {
    fn lock(&self) -> MutexGuard<'_, (Vec<u8>, Option<Instant>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, input: &[u8]) {
        let mut current = self.lock();
        input.clone_into(&mut current.0);
        current.1 = Some(Instant::now());
    }

    fn rest(&self) {
        self.lock().1 = None;
    }

    fn hanging(&self, limit: Duration) -> Option<Vec<u8>> {
        let current = self.lock();
        let since = current.1?;
        (since.elapsed() > limit).then(|| current.0.clone())
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Making an input smaller panics thousands of times: only the last message is of interest.
fn quiet_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                usual(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan {
        time: Duration::from_secs(60),
        runs: 200_000,
        seed: 1,
        hang: Duration::from_secs(30),
    };

    fn target(run: fn(&[u8])) -> Target {
        Target {
            name: "test",
            run,
            seeds: &[b"key=value&other=thing"],
            words: &[b"%00"],
        }
    }

    #[test]
    fn a_rare_panic_is_found_and_made_small() {
        let bad = target(|input| {
            assert!(
                !input.windows(3).any(|part| part == b"%00"),
                "a NUL came through"
            );
        });
        let failure = fuzz(&bad, PLAN).unwrap_err();
        assert_eq!(failure.input, b"%00");
        assert_eq!(failure.message, "a NUL came through");
        assert_eq!(
            replay(&bad, &failure.input),
            Err("a NUL came through".to_owned())
        );
    }

    #[test]
    fn a_sound_target_uses_up_its_runs() {
        let plan = Plan { runs: 1000, ..PLAN };
        let report = fuzz(&target(|_| {}), plan).unwrap();
        assert_eq!(report, Report { runs: 1000 });
    }

    #[test]
    fn time_ends_a_run_but_the_first_seed_is_tried() {
        let plan = Plan {
            time: Duration::ZERO,
            ..PLAN
        };
        let fails_on_seed = target(|input| assert!(input.is_empty()));
        assert_eq!(fuzz(&target(|_| {}), plan), Ok(Report { runs: 1 }));
        assert_eq!(fuzz(&fails_on_seed, plan).unwrap_err().input.len(), 1);
    }

    #[test]
    fn an_input_that_never_ends_is_shown() {
        let endless = target(|_| {
            loop {
                thread::park();
            }
        });
        let plan = Plan {
            hang: Duration::from_millis(50),
            ..PLAN
        };
        let failure = fuzz(&endless, plan).unwrap_err();
        assert_eq!(failure.input, b"key=value&other=thing");
        assert!(failure.message.contains("did not end"), "{failure:?}");
    }
}
