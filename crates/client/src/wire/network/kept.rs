//! Connections that wait for their next request.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::Sender;

/// An idle connection is given up before servers usually do, so that no request meets one that is just being closed.
const IDLE: Duration = Duration::from_secs(20);

/// What can be kept.
pub(super) trait Keep: Send + 'static {
    /// Whether it is known to have ended.
    fn has_ended(&self) -> bool;
}

impl Keep for Sender {
    fn has_ended(&self) -> bool {
        self.is_closed()
    }
}

/// Those that wait, the one that was used last at the end.
pub(super) struct Kept<C>(Mutex<State<C>>);

struct State<C> {
    idle: Vec<(C, Instant)>,
    watched: bool,
}

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::new(State {
            idle: Vec::new(),
            watched: false,
        }))
    }
}

impl<C: Keep> Kept<C> {
    /// One that can be used.
    pub(super) fn take(&self) -> Option<C> {
        let mut state = self.state();
        while let Some((connection, since)) = state.idle.pop() {
            if since.elapsed() >= IDLE {
                // The others have waited longer.
                state.idle.clear();
            } else if !connection.has_ended() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps one, for as long as it may be idle.
    pub(super) fn put(self: &Arc<Self>, connection: C) {
        if connection.has_ended() {
            return;
        }
        let mut state = self.state();
        state.idle.push((connection, Instant::now()));
        if mem::replace(&mut state.watched, true) {
            return;
        }
        let kept = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(IDLE).await;
                let Some(kept) = kept.upgrade() else { return };
                let mut state = kept.state();
                state
                    .idle
                    .retain(|(one, since)| since.elapsed() < IDLE && !one.has_ended());
                if state.idle.is_empty() {
                    state.watched = false;
                    return;
                }
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State<C>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[derive(Clone, Default)]
    struct Fake(Arc<AtomicBool>);

    impl Keep for Fake {
        fn has_ended(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_one_is_used_first_and_what_ended_never() {
        let kept = Arc::new(Kept::default());
        let (first, last) = (Fake::default(), Fake::default());
        kept.put(first.clone());
        kept.put(last.clone());
        last.0.store(true, Ordering::Relaxed);
        let taken = kept.take().unwrap();
        assert!(Arc::ptr_eq(&taken.0, &first.0) && kept.take().is_none());
        kept.put(last);
        assert!(kept.take().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_idle_too_long_is_given_up_though_nobody_asks() {
        let kept = Arc::new(Kept::default());
        let old = Fake::default();
        kept.put(old.clone());
        tokio::time::sleep(IDLE / 2).await;
        let young = Fake::default();
        kept.put(young.clone());
        assert_eq!(Arc::strong_count(&old.0), 2);
        tokio::time::sleep(IDLE * 3 / 4).await;
        assert_eq!(
            (Arc::strong_count(&old.0), Arc::strong_count(&young.0)),
            (1, 2)
        );
        // Later than it may be idle, and before it is looked again.
        tokio::time::sleep(IDLE / 2).await;
        assert!(kept.take().is_none());
        tokio::time::sleep(IDLE).await;
        kept.put(old.clone());
        tokio::time::sleep(IDLE * 2).await;
        assert_eq!(Arc::strong_count(&old.0), 1, "it is watched again");
    }
}
