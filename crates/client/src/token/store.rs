//! Where tokens are kept between clients and between processes.

use std::{
    any::Any,
    collections::HashMap,
    fmt, io,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Whose token it is: a hash of base URL, corpid and the hash of the secret, in hexadecimal digits.
///
/// ```
/// use qun_client::TokenKey;
///
/// let one = TokenKey::new("http://127.0.0.1:7800", "ww1", "the contacts secret");
/// let other = TokenKey::new("http://127.0.0.1:7800", "ww1", "the app's secret");
/// assert_ne!(one, other);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenKey(String);

impl TokenKey {
    /// The key of an app's token at a server.
    pub fn new(base_url: &str, corpid: &str, secret: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [base_url.as_bytes(), corpid.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(Sha256::digest(secret));
        let digits = hash
            .finalize()
            .into_iter()
            .map(|byte| format!("{byte:02x}"));
        Self(digits.collect())
    }

    /// The 64 hexadecimal digits.
    ///
    /// ```
    /// let key = qun_client::TokenKey::new("http://127.0.0.1:7800", "ww1", "secret");
    /// assert_eq!(key.as_str().len(), 64);
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A token as stores keep it. Times are milliseconds since 1970 in UTC.
///
/// ```
/// use qun_client::StoredToken;
///
/// let stored = r#"{"value":"t","asked_ms":0,"renew_ms":6900000,"ends_ms":7200000}"#;
/// let token: StoredToken = serde_json::from_str(stored).unwrap();
/// assert_eq!(token.ends_ms - token.renew_ms, 300_000);
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub value: String,
    /// When it was asked for; of two tokens the one that was asked for later is the newer.
    pub asked_ms: i64,
    /// From when on it is renewed while it still serves.
    pub renew_ms: i64,
    /// When it ends.
    pub ends_ms: i64,
}

impl fmt::Debug for StoredToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredToken")
            .field("asked_ms", &self.asked_ms)
            .field("ends_ms", &self.ends_ms)
            .finish_non_exhaustive()
    }
}

/// The right to fetch one key's token; given back when it is dropped.
///
/// ```
/// let turn = qun_client::Turn::holding("whatever gives the lock back when it is dropped");
/// ```
pub struct Turn(#[allow(dead_code)] Box<dyn Any + Send>);

impl Turn {
    /// Keeps something, as a lock's guard, until the fetch is done.
    ///
    /// ```
    /// let lock = std::sync::Arc::new(tokio::sync::Mutex::new(()));
    /// let guard = lock.try_lock_owned().unwrap();
    /// let turn = qun_client::Turn::holding(guard);
    /// ```
    pub fn holding(guard: impl Any + Send) -> Self {
        Self(Box::new(guard))
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").finish_non_exhaustive()
    }
}

/// Keeps tokens for several clients or processes, so that they fetch one together. [`MemoryStore`] and
/// [`FileStore`](crate::FileStore) come with the crate; a database or a cache server can be another.
///
/// An error of the kind [`io::ErrorKind::PermissionDenied`] stops the call, because the store is not safe to use. Any other is
/// logged, and the client goes on with a token of its own.
///
/// ```
/// use qun_client::{MemoryStore, StoredToken, TokenKey, TokenStore};
///
/// /// Whether a token is there that lives for another minute.
/// async fn is_there(store: &impl TokenStore, key: &TokenKey, now_ms: i64) -> bool {
///     match store.load(key).await {
///         Ok(Some(token)) => token.ends_ms > now_ms + 60_000,
///         _ => false,
///     }
/// }
/// ```
pub trait TokenStore: Send + Sync + 'static {
    /// Waits until this key's token may be fetched, which one holder at a time may. It must be free again when its holder
    /// is gone, also when its process is.
    fn turn<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, io::Result<Turn>>;

    /// The token that is there.
    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, io::Result<Option<StoredToken>>>;

    /// Keeps a token, unless a newer one is there.
    fn save<'a>(&'a self, key: &'a TokenKey, token: StoredToken) -> BoxFuture<'a, io::Result<()>>;
}

/// Keeps tokens for the clients of one process. Clones share them.
///
/// ```
/// use qun_client::{Client, MemoryStore};
///
/// let store = MemoryStore::new();
/// let builder = Client::builder("ww0123456789abcdef", "the app's secret").token_store(store.clone());
/// ```
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<HashMap<TokenKey, Slot>>>);

#[derive(Default)]
struct Slot {
    token: Option<StoredToken>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl MemoryStore {
    /// An empty one.
    ///
    /// ```
    /// let store = qun_client::MemoryStore::new();
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, key: &TokenKey, use_it: impl FnOnce(&mut Slot) -> T) -> T {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        use_it(slots.entry(key.clone()).or_default())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl TokenStore for MemoryStore {
    fn turn<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, io::Result<Turn>> {
        let turn = self.with(key, |slot| Arc::clone(&slot.turn));
        Box::pin(async move { Ok(Turn::holding(turn.lock_owned().await)) })
    }

    fn load<'a>(&'a self, key: &'a TokenKey) -> BoxFuture<'a, io::Result<Option<StoredToken>>> {
        let token = self.with(key, |slot| slot.token.clone());
        Box::pin(async move { Ok(token) })
    }

    fn save<'a>(&'a self, key: &'a TokenKey, token: StoredToken) -> BoxFuture<'a, io::Result<()>> {
        self.with(key, |slot| keep_newer(&mut slot.token, token));
        Box::pin(async { Ok(()) })
    }
}

/// Never an older token over a newer.
pub(super) fn keep_newer(there: &mut Option<StoredToken>, token: StoredToken) {
    if there
        .as_ref()
        .is_none_or(|there| there.asked_ms <= token.asked_ms)
    {
        *there = Some(token);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_counts_for_the_key() {
        let key = TokenKey::new("http://a", "ww1", "s");
        assert_eq!(key, TokenKey::new("http://a", "ww1", "s"));
        for other in [
            TokenKey::new("http://b", "ww1", "s"),
            TokenKey::new("http://a", "ww2", "s"),
            TokenKey::new("http://a", "ww1", "t"),
            TokenKey::new("http://aw", "w1", "s"),
        ] {
            assert_ne!(key, other);
        }
        assert_eq!(key.as_str().len(), 64);
    }

    #[tokio::test]
    async fn an_older_token_does_not_replace_a_newer() {
        let (store, key) = (MemoryStore::new(), TokenKey::new("http://a", "ww1", "s"));
        let token = |value: &str, asked_ms| StoredToken {
            value: value.into(),
            asked_ms,
            renew_ms: asked_ms,
            ends_ms: i64::MAX,
        };
        store.save(&key, token("new", 2)).await.unwrap();
        store.save(&key, token("old", 1)).await.unwrap();
        assert_eq!(store.load(&key).await.unwrap().unwrap().value, "new");
        assert!(!format!("{:?}", token("s3cret", 1)).contains("s3cret"));
    }
}
