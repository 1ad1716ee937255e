//! What all requests share.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use qun_domain::Caller;
use qun_protocol::Rules;
use qun_store::Store;
use tokio::sync::watch;

use crate::{
    blob::Blobs, clock::Clock, deliver::Deliverer, http::rates::Rates, kept::Kept,
    metrics::Metrics, wait::Waiters,
};

/// The server, shared by all requests.
pub(crate) struct App {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Clock,
    pub(crate) blobs: Blobs,
    pub(crate) callers: Callers,
    pub(crate) kept: Kept,
    pub(crate) rates: Rates,
    pub(crate) waiters: Waiters,
    pub(crate) metrics: Metrics,
    pub(crate) deliverer: Deliverer,
    /// The hash of the manage token.
    pub(crate) manage_hash: String,
    /// The rules of companies that name no rulebook.
    pub(crate) default_rules: Rules,
    /// The base URL that the server gives out.
    pub(crate) url: String,
    /// True once the server stops.
    pub(crate) stopping: watch::Receiver<bool>,
}

impl App {
    /// Now, ms UTC; never before what is stored.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_us().max(self.store.last_id()) / 1000
    }
}

/// The apps that call, kept until something of their company changes.
///
/// A loader notes the number of evictions before it reads; what it read is kept only if there was none since. So a
/// change that is committed is never hidden by something read before it.
#[derive(Default)]
pub(crate) struct Callers {
    known: RwLock<HashMap<(i64, i64), Arc<Caller>>>,
    evictions: AtomicU64,
}

impl Callers {
    /// An app that is known.
    pub(crate) fn known(&self, corp: i64, agentid: i64) -> Option<Arc<Caller>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(corp, agentid)).cloned()
    }

    /// An app as it is now, by loading it; from now on it is known.
    pub(crate) fn load(
        &self,
        corp: i64,
        agentid: i64,
        load: impl FnOnce() -> qun_store::Result<Option<Caller>>,
    ) -> qun_store::Result<Option<Arc<Caller>>> {
        let before = self.evictions.load(Relaxed);
        let Some(caller) = load()? else {
            return Ok(None);
        };
        let caller = Arc::new(caller);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if self.evictions.load(Relaxed) == before {
            known.insert((corp, agentid), caller.clone());
        }
        Ok(Some(caller))
    }

    /// The companies of which an app is known, and the oldest version that is known of each.
    pub(crate) fn versions(&self) -> BTreeMap<i64, i64> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut versions = BTreeMap::new();
        for ((corp, _), caller) in known.iter() {
            let version = versions.entry(*corp).or_insert(caller.version);
            *version = caller.version.min(*version);
        }
        versions
    }

    /// Forgets every app.
    pub(crate) fn evict_all(&self) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.evictions.fetch_add(1, Relaxed);
        known.clear();
    }

    /// Forgets the apps of a company, after a change of it is committed and before the change is answered.
    pub(crate) fn evict(&self, corp: i64) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.evictions.fetch_add(1, Relaxed);
        known.retain(|(company, _), _| *company != corp);
    }
}

/// From where a request came, as a key: an IPv4 address in IPv6 clothes is the same caller.
pub(crate) fn caller_address(address: IpAddr) -> IpAddr {
    address.to_canonical()
}
