//! One app's access token: fetched once however many wait, renewed early, never asked for in a loop.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use qun_protocol::gettoken::Token;
use tokio::time::Instant;

use crate::Error;

/// A token is renewed so long before its end, or at half its life where that is shorter.
const EARLY: Duration = Duration::from_secs(300);
/// After an early renewal failed, the next is tried so much later.
const PAUSE: Duration = Duration::from_secs(30);
/// No token is believed to live longer.
const LONGEST: i64 = 7 * 86_400;

type Fetching = Pin<Box<dyn Future<Output = Result<Token, Error>> + Send>>;
type Fetch = Box<dyn Fn() -> Fetching + Send + Sync>;

pub(crate) struct Tokens {
    fetch: Fetch,
    /// Whoever holds it fetches; the others wait for it and then look at what came.
    turn: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<State>,
}

/// A token as handed to one call.
#[derive(Clone)]
pub(crate) struct Handed {
    pub value: Arc<str>,
    round: u64,
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
    pub(crate) fn new(fetch: Fetch) -> Arc<Self> {
        Arc::new(Self {
            fetch,
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
        self.flight(round).await
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
        self.flight(round).await
    }

    /// The last token that was fetched, to be kept out of texts.
    pub(crate) fn last(&self) -> Option<Arc<str>> {
        self.state()
            .held
            .as_ref()
            .map(|held| held.token.value.clone())
    }

    /// Waits for a round after `seen`, or makes it.
    async fn flight(self: &Arc<Self>, seen: u64) -> Result<Handed, Error> {
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
        let asked = Instant::now();
        let result = (self.fetch)().await;
        let mut state = self.state();
        state.round += 1;
        match result {
            Ok(token) => {
                let held = Held::new(&token, asked, state.round);
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
            let asked = Instant::now();
            let due = |held: &Held| asked >= held.renew;
            if this.state().held.as_ref().is_none_or(|held| !due(held)) {
                return;
            }
            let result = (this.fetch)().await;
            let mut state = this.state();
            let round = state.round + 1;
            let Some(held) = &mut state.held else { return };
            match result {
                Ok(token) if *token.access_token == *held.token.value => {
                    // Asking again before the end would bring the same.
                    held.renew = held.end;
                }
                Ok(token) => {
                    *held = Held::new(&token, asked, round);
                    state.round = round;
                    state.failure = None;
                }
                Err(_) => held.renew = Instant::now() + PAUSE,
            }
        });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn new(token: &Token, asked: Instant, round: u64) -> Self {
        let life = Duration::from_secs(token.expires_in.clamp(0, LONGEST).unsigned_abs());
        Held {
            token: Handed {
                value: token.access_token.as_str().into(),
                round,
            },
            renew: asked + life - EARLY.min(life / 2),
            end: asked + life,
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
        let source = Arc::new(Source {
            calls: AtomicUsize::new(0),
            answers: Mutex::new(answers.to_vec()),
        });
        let shared = Arc::clone(&source);
        let tokens = Tokens::new(Box::new(move || {
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
        }));
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
}
