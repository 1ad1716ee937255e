//! The server's one clock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// The system's time, moved by an offset. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock {
    offset_us: Arc<AtomicI64>,
    movable: Arc<std::sync::OnceLock<()>>,
}

impl Clock {
    /// Now, microseconds UTC.
    pub(crate) fn now_us(&self) -> i64 {
        system_us().saturating_add(self.offset_us.load(Relaxed))
    }

    /// By how much it is ahead of the system's, microseconds.
    pub(crate) fn offset_us(&self) -> i64 {
        self.offset_us.load(Relaxed)
    }

    /// Moves it for good.
    pub(crate) fn set_offset_us(&self, offset: i64) {
        self.offset_us.store(offset, Relaxed);
    }

    /// Moves it for good, but never back.
    pub(crate) fn move_to_offset_us(&self, offset: i64) {
        self.offset_us.fetch_max(offset, Relaxed);
    }

    /// From now on it may be moved.
    pub(crate) fn allow_moves(&self) {
        let _ = self.movable.set(());
    }

    /// Whether it may be moved.
    pub(crate) fn is_movable(&self) -> bool {
        self.movable.get().is_some()
    }
}

/// The system's time, microseconds UTC.
pub(crate) fn system_us() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
