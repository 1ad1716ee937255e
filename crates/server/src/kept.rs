//! Answers that are given again until something of their company changes.
//!
//! What a reading found is kept when it was asked for before: what was asked for once is seldom asked for again. An access
//! token is kept at once. Only where this process alone writes: on a shared database nobody would hear of another node's change in time.

use std::{
    any::Any,
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// So many answers are kept, and so many bytes of them; then all are dropped.
const MOST: usize = 10_000;
const BYTES: usize = 16 * 1024 * 1024;

/// How many questions are remembered.
const ASKED: usize = 4096;

/// Which answer: an endpoint's path, and everything that the answer depends on.
pub(crate) type Key = (&'static str, String);
/// What is kept of an answer.
pub(crate) type Value = Arc<dyn Any + Send + Sync>;

/// The answers.
///
/// Whoever makes one notes the number of evictions before reading; it is kept only if there was none since. So a change
/// that is committed is never hidden by something read before it.
pub(crate) struct Kept {
    shelf: RwLock<Shelf>,
    evictions: AtomicU64,
    /// The last question of each place, hashed.
    asked: Vec<AtomicU64>,
    hasher: RandomState,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            shelf: RwLock::default(),
            evictions: AtomicU64::default(),
            asked: (0..ASKED).map(|_| AtomicU64::default()).collect(),
            hasher: RandomState::new(),
        }
    }
}

#[derive(Default)]
struct Shelf {
    answers: HashMap<Key, Entry>,
    bytes: usize,
    /// How often each company has changed.
    changes: HashMap<i64, u64>,
}

struct Entry {
    corp: i64,
    change: u64,
    value: Value,
}

impl Kept {
    /// To be called before reading what is to be kept.
    pub(crate) fn mark(&self) -> u64 {
        self.evictions.load(Relaxed)
    }

    /// A kept answer.
    pub(crate) fn get(&self, key: &Key) -> Option<Value> {
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let entry = shelf.answers.get(key)?;
        let change = shelf.changes.get(&entry.corp).copied().unwrap_or(0);
        (entry.change == change).then(|| Arc::clone(&entry.value))
    }

    /// Whether an answer is worth keeping: it was asked for not long ago. From now on it was.
    pub(crate) fn wants(&self, key: &Key) -> bool {
        let hash = self.hasher.hash_one(key);
        self.asked[hash as usize % ASKED].swap(hash, Relaxed) == hash
    }

    /// Keeps an answer about a company that takes so many bytes.
    pub(crate) fn put(&self, mark: u64, corp: i64, key: Key, value: Value, bytes: usize) {
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        if self.evictions.load(Relaxed) != mark {
            return;
        }
        if shelf.answers.len() >= MOST || shelf.bytes + bytes > BYTES {
            shelf.answers.clear();
            shelf.bytes = 0;
        }
        let change = shelf.changes.get(&corp).copied().unwrap_or(0);
        shelf.bytes += bytes;
        let entry = Entry {
            corp,
            change,
            value,
        };
        shelf.answers.insert(key, entry);
    }

    /// Forgets a company's answers, or all where it is not known whose have changed: after a change is committed and
    /// before it is answered.
    pub(crate) fn evict(&self, corp: Option<i64>) {
        let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
        self.evictions.fetch_add(1, Relaxed);
        match corp {
            // The entries go when the shelf is full.
            Some(corp) if shelf.changes.len() < MOST => {
                *shelf.changes.entry(corp).or_default() += 1;
            }
            _ => {
                shelf.answers.clear();
                shelf.changes.clear();
                shelf.bytes = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Key {
        ("/x", text.to_owned())
    }

    fn put(kept: &Kept, mark: u64, corp: i64, text: &str) {
        kept.put(mark, corp, key(text), Arc::new(text.to_owned()), 10);
    }

    #[test]
    fn a_change_of_a_company_takes_its_answers_and_no_others() {
        let kept = Kept::default();
        put(&kept, kept.mark(), 1, "a");
        put(&kept, kept.mark(), 2, "b");
        assert!(kept.get(&key("a")).is_some() && kept.get(&key("b")).is_some());
        kept.evict(Some(1));
        assert!(kept.get(&key("a")).is_none() && kept.get(&key("b")).is_some());
        put(&kept, kept.mark(), 1, "a");
        assert!(kept.get(&key("a")).is_some());
        kept.evict(None);
        assert!(kept.get(&key("a")).is_none() && kept.get(&key("b")).is_none());
    }

    #[test]
    fn an_answer_is_wanted_when_it_is_asked_for_again() {
        let kept = Kept::default();
        assert!(!kept.wants(&key("a")));
        assert!(kept.wants(&key("a")) && kept.wants(&key("a")));
        // Many others between make it forgotten, never wrong.
        for n in 0..100 * ASKED {
            assert!(!kept.wants(&key(&n.to_string())));
        }
        assert!(!kept.wants(&key("a")));
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let kept = Kept::default();
        let before = kept.mark();
        kept.evict(Some(1));
        put(&kept, before, 1, "a");
        assert!(kept.get(&key("a")).is_none());
    }

    #[test]
    fn the_shelf_does_not_grow_for_ever() {
        let kept = Kept::default();
        for n in 0..3 * MOST {
            put(&kept, kept.mark(), n as i64, &n.to_string());
            assert!(kept.shelf.read().unwrap().answers.len() <= MOST);
            kept.evict(Some(n as i64));
            assert!(kept.shelf.read().unwrap().changes.len() <= MOST);
        }
        kept.put(kept.mark(), 1, key("a"), Arc::new(()), BYTES);
        kept.put(kept.mark(), 1, key("b"), Arc::new(()), 1);
        assert_eq!(kept.shelf.read().unwrap().bytes, 1);
    }
}
