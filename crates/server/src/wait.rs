//! Waking those who wait for messages of a company. The rows are the truth; a wake is a hint.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use tokio::sync::watch;

/// Who waits, by company.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    by_corp: Mutex<HashMap<i64, watch::Sender<()>>>,
}

impl Waiters {
    /// To be called before looking, so that nothing between is missed.
    pub(crate) fn subscribe(&self, corp: i64) -> watch::Receiver<()> {
        let mut by_corp = self.by_corp.lock().unwrap_or_else(PoisonError::into_inner);
        by_corp
            .entry(corp)
            .or_insert_with(|| watch::channel(()).0)
            .subscribe()
    }

    /// Whether anybody waits.
    pub(crate) fn any(&self) -> bool {
        let by_corp = self.by_corp.lock().unwrap_or_else(PoisonError::into_inner);
        by_corp.values().any(|sender| sender.receiver_count() > 0)
    }

    /// Makes everyone look again.
    pub(crate) fn wake_all(&self) {
        let mut by_corp = self.by_corp.lock().unwrap_or_else(PoisonError::into_inner);
        by_corp.retain(|_, sender| sender.receiver_count() > 0);
        for sender in by_corp.values() {
            let _ = sender.send(());
        }
    }

    /// Makes everyone who waits for a company look again.
    pub(crate) fn wake(&self, corp: i64) {
        let mut by_corp = self.by_corp.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = by_corp.get(&corp) {
            if sender.receiver_count() == 0 {
                by_corp.remove(&corp);
            } else {
                let _ = sender.send(());
            }
        }
    }
}
