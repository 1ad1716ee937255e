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
        self.flight(round, None).await
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
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Source {
        calls: AtomicUsize,
        answers: Mutex<Vec<Result<&'static str, ()>>>,
    }

    /// Gives the answers in order, the last for ever.
    fn tokens(answers: &[Result<&'static str, ()>]) -> (Arc<Tokens>, Arc<Source>) {
        sharing(answers, None)
    }

    /// Milliseconds that the standing clock has been moved.
    fn wall() -> Wall {
        let begun = Instant::now();
        Arc::new(move || i64::try_from(begun.elapsed().as_millis()).unwrap())
    }

    fn sharing(
        answers: &[Result<&'static str, ()>],
        store: Option<&MemoryStore>,
    ) -> (Arc<Tokens>, Arc<Source>) {
        let key = TokenKey::new("http://a", "ww1", "s");
        let stored = store.map(|store| (Arc::new(store.clone()) as Arc<dyn TokenStore>, key));
        let source = Arc::new(Source {
            calls: AtomicUsize::new(0),
            answers: Mutex::new(answers.to_vec()),
        });
        let shared = Arc::clone(&source);
        let tokens = Tokens::new(
            Box::new(move || {
                let source = Arc::clone(&shared);
                Box::pin(async move {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    source.calls.fetch_add(1, Ordering::SeqCst);
                    let mut answers = source.answers.lock().unwrap();
                    let answer = if answers.len() > 1 {
                        answers.remove(0)
                    } else {
                        answers[0]
                    };
                    match answer {
                        Ok(text) => Ok(Token {
                            access_token: text.into(),
                            expires_in: 7200,
                        }),
                        Err(()) => Err(Error::invalid("no")),
                    }
                })
            }),
            stored,
            wall(),
        );
        (tokens, source)
    }

    fn calls(source: &Source) -> usize {
        source.calls.load(Ordering::SeqCst)
    }

    /// Lets what runs beside the test come to its end; the clock stands still, so this takes no time.
    async fn settle() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    async fn advance(seconds: u64) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_shared_by_those_who_wait_and_by_nobody_later() {
        let (tokens, source) = tokens(&[Err(()), Ok("a")]);
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let tokens = Arc::clone(&tokens);
                tokio::spawn(async move { tokens.get().await.is_err() })
            })
            .collect();
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert_eq!(calls(&source), 1);
        assert_eq!(&*tokens.get().await.unwrap().value, "a");
        assert_eq!(calls(&source), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_renewed_five_minutes_early_and_the_old_one_serves_meanwhile() {
        let (tokens, source) = tokens(&[Ok("a"), Ok("b")]);
        tokens.get().await.unwrap();
        advance(6890).await;
        assert_eq!(&*tokens.get().await.unwrap().value, "a");
        settle().await;
        assert_eq!(calls(&source), 1);
        advance(10).await;
        assert_eq!(&*tokens.get().await.unwrap().value, "a");
        settle().await;
        assert_eq!(calls(&source), 2);
        assert_eq!(&*tokens.get().await.unwrap().value, "b");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_early_renewal_leaves_the_old_one_and_rests() {
        let (tokens, source) = tokens(&[Ok("a"), Err(())]);
        tokens.get().await.unwrap();
        advance(6900).await;
        for _ in 0..10 {
            assert_eq!(&*tokens.get().await.unwrap().value, "a");
            settle().await;
        }
        assert_eq!(calls(&source), 2);
        advance(30).await;
        assert!(tokens.get().await.is_ok());
        settle().await;
        assert_eq!(calls(&source), 3);
        advance(300).await;
        assert!(tokens.get().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_early_renewal_that_brings_the_same_is_not_repeated() {
        let (tokens, source) = tokens(&[Ok("a")]);
        tokens.get().await.unwrap();
        advance(6900).await;
        for _ in 0..10 {
            tokens.get().await.unwrap();
            settle().await;
        }
        assert_eq!(calls(&source), 2);
        advance(300).await;
        tokens.get().await.unwrap();
        assert_eq!(calls(&source), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn many_refused_callers_make_one_refresh_even_for_the_same_token() {
        let (tokens, source) = tokens(&[Ok("a")]);
        let refused = tokens.get().await.unwrap();
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let (tokens, refused) = (Arc::clone(&tokens), refused.clone());
                tokio::spawn(async move { tokens.after(&refused).await.is_ok() })
            })
            .collect();
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert_eq!(calls(&source), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_fetch_leaves_the_turn_to_the_next() {
        let (tokens, source) = tokens(&[Ok("a")]);
        let first = tokio::time::timeout(Duration::from_millis(1), tokens.get()).await;
        assert!(first.is_err());
        assert_eq!(&*tokens.get().await.unwrap().value, "a");
        assert_eq!(calls(&source), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn clients_of_one_store_fetch_together_and_renew_together() {
        let store = MemoryStore::new();
        let (one, first) = sharing(&[Ok("a"), Ok("b")], Some(&store));
        let (other, second) = sharing(&[Ok("x")], Some(&store));
        let (a, b) = tokio::join!(one.get(), other.get());
        assert_eq!((&*a.unwrap().value, &*b.unwrap().value), ("a", "a"));
        assert_eq!(calls(&first) + calls(&second), 1);
        advance(6900).await;
        one.get().await.unwrap();
        settle().await;
        assert_eq!(&*other.get().await.unwrap().value, "a");
        settle().await;
        assert_eq!(&*other.get().await.unwrap().value, "b");
        assert_eq!((calls(&first), calls(&second)), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_refused_to_one_is_renewed_once_for_all() {
        let store = MemoryStore::new();
        let (one, first) = sharing(&[Ok("a"), Ok("b")], Some(&store));
        let (other, second) = sharing(&[Ok("x")], Some(&store));
        let refused = one.get().await.unwrap();
        let refused_too = other.get().await.unwrap();
        advance(1).await;
        assert_eq!(&*one.after(&refused).await.unwrap().value, "b");
        assert_eq!(&*other.after(&refused_too).await.unwrap().value, "b");
        assert_eq!((calls(&first), calls(&second)), (2, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_is_done_without_and_one_that_is_open_stops_the_call() {
        struct Broken(io::ErrorKind);
        type Doing<'a, T> = futures_util::future::BoxFuture<'a, io::Result<T>>;
        impl TokenStore for Broken {
            fn turn<'a>(&'a self, _: &'a TokenKey) -> Doing<'a, Turn> {
                Box::pin(async { Err(self.0.into()) })
            }
            fn load<'a>(&'a self, _: &'a TokenKey) -> Doing<'a, Option<StoredToken>> {
                Box::pin(async { Err(self.0.into()) })
            }
            fn save<'a>(&'a self, _: &'a TokenKey, _: StoredToken) -> Doing<'a, ()> {
                Box::pin(async { Err(self.0.into()) })
            }
        }
        for (kind, works) in [
            (io::ErrorKind::StorageFull, true),
            (io::ErrorKind::PermissionDenied, false),
        ] {
            let key = TokenKey::new("http://a", "ww1", "s");
            let fetch: Fetch = Box::new(|| {
                Box::pin(async {
                    Ok(Token {
                        access_token: "a".into(),
                        expires_in: 7200,
                    })
                })
            });
            let tokens = Tokens::new(fetch, Some((Arc::new(Broken(kind)), key)), wall());
            assert_eq!(tokens.get().await.is_ok(), works, "{kind:?}");
        }
    }
}
