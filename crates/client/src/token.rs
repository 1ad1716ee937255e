//! One app's access token: fetched once however many wait, renewed early, shared through a store where there is one, never
//! asked for in a loop.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use qun_protocol::gettoken::Token;
use tokio::time::Instant;

use crate::Error;

mod file;
mod store;

pub use file::FileStore;
pub use store::{MemoryStore, StoredToken, TokenKey, TokenStore, Turn};

/// A token is renewed so long before its end, or at half its life where that is shorter.
const EARLY: Duration = Duration::from_secs(300);
/// After an early renewal failed, the next is tried so much later.
const PAUSE: Duration = Duration::from_secs(30);
/// No token is believed to live longer.
const LONGEST: i64 = 7 * 86_400;
/// Longer than this nobody waits for another process that fetches.
const TURN: Duration = Duration::from_secs(60);

type Fetching = Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>;
type Fetch = Box<dyn Fn() -> Fetching + Send + Sync>;
/// Milliseconds since 1970 in UTC.
pub(crate) type Wall = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Now by the system's clock, in milliseconds since 1970 in UTC.
pub(crate) fn system_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

pub(crate) struct Tokens {
    fetch: Fetch,
    shared: Option<(Arc<dyn TokenStore>, TokenKey)>,
    wall: Wall,
    /// Whoever holds it fetches; the others wait for it and then look at what came.
    turn: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<State>,
}

/// A token as handed to one call.
#[derive(Clone)]
pub(crate) struct Handed {
    pub value: Arc<str>,
    round: u64,
    asked_ms: i64,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// How many fetches have changed the state.
    round: u64,
    /// Why the last round brought no token.
    failure: Option<Error>,
}

struct Held {
    token: Handed,
    renew: Instant,
    end: Instant,
}

impl Tokens {
    pub(crate) fn new(
        fetch: Fetch,
        shared: Option<(Arc<dyn TokenStore>, TokenKey)>,
        wall: Wall,
    ) -> Arc<Self> {
        Arc::new(Self {
            fetch,
            shared,
            wall,
            turn: Arc::default(),
            state: Mutex::default(),
        })
    }

    /// A token that lives.
    pub(crate) async fn get(self: &Arc<Self>) -> Result<Handed, Error> {
        let now = Instant::now();
        let round = {
            let state = self.state();
            if let Some(held) = state.held.as_ref().filter(|held| now < held.end) {
                let token = held.token.clone();
                let due = now >= held.renew;
                drop(state);
                if due {
                    self.renew();
                }
                return Ok(token);
            }
            state.round
        };
        Box::pin(self.flight(round, None)).await
    }

    /// Another token than one that was refused; the same only if the server insists on it.
    pub(crate) async fn after(self: &Arc<Self>, refused: &Handed) -> Result<Handed, Error> {
        let round = {
            let mut state = self.state();
            match &state.held {
                Some(held) if held.token.round > refused.round => return Ok(held.token.clone()),
                _ => state.held = None,
            }
            // Whatever came in a round after the refused token's is news, good or bad.
            refused.round
        };
        self.flight(round, Some(refused)).await
    }

    /// The last token that was fetched, to be kept out of texts.
    pub(crate) fn last(&self) -> Option<Arc<str>> {
        self.state()
            .held
            .as_ref()
            .map(|held| held.token.value.clone())
    }

    /// Waits for a round after `seen`, or makes it.
    async fn flight(
        self: &Arc<Self>,
        seen: u64,
        refused: Option<&Handed>,
    ) -> Result<Handed, Error> {
        let waiting_since = self.state().round;
        let _turn = self.turn.lock().await;
        {
            let state = self.state();
            match (&state.held, &state.failure) {
                (Some(held), _) if held.token.round > seen && Instant::now() < held.end => {
                    return Ok(held.token.clone());
                }
                // A failure is shared by those who waited for it; who comes later tries again.
                (_, Some(failure)) if state.round > waiting_since => return Err(failure.clone()),
                _ => {}
            }
        }
        let after_ms = refused.map_or(i64::MIN, |refused| refused.asked_ms);
        let result = self
            .bring(after_ms, refused.map(|refused| &*refused.value))
            .await;
        let mut state = self.state();
        state.round += 1;
        match result {
            Ok(token) => {
                let held = self.held(&token, state.round);
                let handed = held.token.clone();
                state.held = Some(held);
                state.failure = None;
                Ok(handed)
            }
            Err(error) => {
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Renews beside the calls, which go on with the old token.
    fn renew(self: &Arc<Self>) {
        let Ok(turn) = Arc::clone(&self.turn).try_lock_owned() else {
            return;
        };
        let this = Arc::clone(self);
        tokio::spawn(async move {
            let _turn = turn;
            let begun = Instant::now();
            let due = match &this.state().held {
                Some(held) if begun >= held.renew => held.token.asked_ms,
                _ => return,
            };
            let result = this.bring(due, None).await;
            let mut state = this.state();
            let round = state.round + 1;
            let Some(held) = &mut state.held else { return };
            match result {
                Ok(token) if *token.value == *held.token.value => {
                    // Asking again before the end would bring the same.
                    held.renew = held.end;
                    held.token.asked_ms = token.asked_ms;
                }
                Ok(token) => {
                    *held = this.held(&token, round);
                    state.round = round;
                    state.failure = None;
                }
                Err(error) => {
                    tracing::warn!(%error, "the token could not be renewed early; the old one serves");
                    held.renew = Instant::now() + PAUSE;
                }
            }
        });
    }

    /// A token that was asked for after a time and is not the refused one: from the store, or else from the server and
    /// then into the store.
    async fn bring(&self, after_ms: i64, refused: Option<&str>) -> Result<StoredToken, Error> {
        let Some((store, key)) = &self.shared else {
            return self.ask().await;
        };
        let load = || async {
            let loaded = trouble("read", store.load(key).await)?;
            Ok::<_, Error>(loaded.flatten())
        };
        let good = |token: &StoredToken| {
            let now = (self.wall)();
            // A time that is yet to come was written by a clock that was wrong.
            let newer = token.asked_ms > after_ms && token.asked_ms < now + 60_000;
            newer && token.ends_ms > now && refused != Some(token.value.as_str())
        };
        if let Some(token) = load().await?.filter(good) {
            return Ok(token);
        }
        let turn = match tokio::time::timeout(TURN, store.turn(key)).await {
            Ok(turn) => trouble("locked", turn)?,
            Err(_) => trouble("locked", Err(io::ErrorKind::TimedOut.into()))?,
        };
        let there = load().await?;
        if let Some(token) = there.clone().filter(good) {
            return Ok(token);
        }
        let mut token = self.ask().await?;
        if let Some(there) = there.filter(|there| there.value == token.value) {
            token.ends_ms = token.ends_ms.min(there.ends_ms);
            token.renew_ms = token.ends_ms;
        }
        trouble("written", store.save(key, token.clone()).await)?;
        drop(turn);
        Ok(token)
    }

    async fn ask(&self) -> Result<StoredToken, Error> {
        let asked_ms = (self.wall)();
        let token = (self.fetch)().await?;
        let life = token.expires_in.clamp(0, LONGEST) * 1000;
        let early = i64::try_from(EARLY.as_millis()).unwrap_or(0).min(life / 2);
        tracing::debug!(seconds = life / 1000, "a token was fetched");
        Ok(StoredToken {
            value: token.access_token,
            asked_ms,
            renew_ms: asked_ms + life - early,
            ends_ms: asked_ms + life,
        })
    }

    fn held(&self, token: &StoredToken, round: u64) -> Held {
        let (now, now_ms) = (Instant::now(), (self.wall)());
        let at = |ms: i64| now + Duration::from_millis((ms - now_ms).max(0).unsigned_abs());
        Held {
            token: Handed {
                value: token.value.as_str().into(),
                round,
                asked_ms: token.asked_ms,
            },
            renew: at(token.renew_ms),
            end: at(token.ends_ms),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A store that is not safe to use stops the call; with any other trouble the call goes on without it.
fn trouble<T>(what: &str, result: io::Result<T>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(Error::invalid(error.to_string()))
        }
        Err(error) => {
            tracing::warn!(%error, "the token store could not be {what}");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests;
