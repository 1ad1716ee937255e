//! Rounds of fetching on a clock that stands still.

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
