use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use qun_protocol::event::{PassiveReply, Received};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

/// Knows what came before, so that what a server sends again is handled once.
///
/// A message is known by app and MsgId. An event has no number, so all that is in it makes it the same: two events of one
/// member in one second are two, unless nothing at all tells them apart. Times and nonces of the request do not count, they
/// are fresh on each attempt. The oldest are forgotten when there are more than it may hold.
///
/// ```
/// use qun_client::{callback::Seen, protocol::event::Received};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let seen = Seen::new(4096);
/// let received = Received::default();
/// let mut handled = 0;
/// for _ in 0..2 {
///     seen.once(&received, async || { handled += 1; Ok::<_, ()>(None) }).await.unwrap();
/// }
/// assert_eq!(handled, 1);
/// # });
/// ```
pub struct Seen(Memory<Option<PassiveReply>>);

type Key = [u8; 32];

/// What was made of each of the last things that came. Empty while it is handled for the first time.
pub(crate) struct Memory<T> {
    capacity: usize,
    inner: Mutex<Inner<T>>,
}

struct Inner<T> {
    answers: HashMap<Key, Arc<OnceCell<T>>>,
    oldest: VecDeque<Key>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self::new(4096)
    }
}

impl<T> Memory<T> {
    fn new(capacity: usize) -> Self {
        let inner = Inner {
            answers: HashMap::new(),
            oldest: VecDeque::new(),
        };
        Self {
            capacity: capacity.max(1),
            inner: Mutex::new(inner),
        }
    }

    /// The place for what is made of something.
    pub(crate) fn of(&self, key: Key) -> Arc<OnceCell<T>> {
        // What is behind it is whole at every moment.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = inner.answers.get(&key) {
            return Arc::clone(answer);
        }
        if inner.oldest.len() >= self.capacity
            && let Some(oldest) = inner.oldest.pop_front()
        {
            inner.answers.remove(&oldest);
        }
        inner.oldest.push_back(key);
        Arc::clone(inner.answers.entry(key).or_default())
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seen")
            .field("capacity", &self.0.capacity)
            .finish_non_exhaustive()
    }
}

impl Default for Seen {
    /// Holds 4096.
    fn default() -> Self {
        Self::new(4096)
    }
}

impl Seen {
    /// Holds so many, at least one. Each takes about 200 bytes, and its answer.
    pub fn new(capacity: usize) -> Self {
        Self(Memory::new(capacity))
    }

    /// Handles what came, unless that was done. Gives the same answer each time; who comes while it is being handled waits for
    /// it; where handling failed, the next attempt tries again.
    ///
    /// # Errors
    /// Those of `handle`.
    pub async fn once<E, F>(
        &self,
        received: &Received,
        handle: impl FnOnce() -> F,
    ) -> Result<Option<PassiveReply>, E>
    where
        F: Future<Output = Result<Option<PassiveReply>, E>>,
    {
        let answer = self.0.of(key(received));
        answer.get_or_try_init(handle).await.cloned()
    }
}

/// What makes it the same when it comes again.
fn key(received: &Received) -> Key {
    let text = match received.what.msg_id() {
        Some(number) if number != 0 => {
            let agent = received.agent_id.unwrap_or_default();
            format!("{}\n{agent}\n{number}", received.to_user_name)
        }
        // As written here, so that layout does not count.
        _ => received.write(),
    };
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use qun_protocol::event::{EnterAgent, Event, Subscribe, Text, What};

    use super::*;

    fn received(what: What) -> Received {
        Received {
            to_user_name: "ww1".into(),
            from_user_name: "zhangsan".into(),
            create_time: 1_700_000_000,
            agent_id: Some(1_000_002),
            what,
        }
    }

    fn text(msg_id: u64, content: &str) -> Received {
        received(What::Text(Text {
            content: content.into(),
            msg_id,
        }))
    }

    #[test]
    fn what_makes_two_of_them_one() {
        let key = |received: &Received| super::key(received);
        // A message is its number, whatever else is different.
        assert_eq!(key(&text(1, "a")), key(&text(1, "b")));
        assert_ne!(key(&text(1, "a")), key(&text(2, "a")));
        let other_app = Received {
            agent_id: Some(1_000_003),
            ..text(1, "a")
        };
        assert_ne!(key(&text(1, "a")), key(&other_app));
        // Without a number, all of it counts.
        assert_ne!(key(&text(0, "a")), key(&text(0, "b")));
        // The same member in the same second.
        let enter = received(What::Event(Event::EnterAgent(EnterAgent::default())));
        let subscribe = received(What::Event(Event::Subscribe(Subscribe {})));
        assert_ne!(key(&enter), key(&subscribe));
        let unknown = |detail: &str| {
            let xml = format!(
                "<xml><FromUserName>sys</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>\
                 <Event>change_external_chat</Event><UpdateDetail>{detail}</UpdateDetail></xml>"
            );
            Received::read(&xml).unwrap()
        };
        assert_ne!(key(&unknown("add_member")), key(&unknown("del_member")));
        assert_eq!(key(&unknown("add_member")), key(&unknown("add_member")));
    }

    #[tokio::test]
    async fn failures_are_tried_again_and_answers_are_kept() {
        let seen = Seen::default();
        let reply = PassiveReply::Text {
            content: "收到".into(),
        };
        let once = async |result: Result<Option<PassiveReply>, &'static str>| {
            seen.once(&text(1, "a"), async || result).await
        };
        assert_eq!(once(Err("later")).await, Err("later"));
        assert_eq!(once(Ok(Some(reply.clone()))).await, Ok(Some(reply.clone())));
        assert_eq!(once(Err("never called")).await, Ok(Some(reply)));
    }

    #[tokio::test]
    async fn who_comes_meanwhile_waits() {
        let seen = Arc::new(Seen::default());
        let (release, held) = tokio::sync::oneshot::channel::<()>();
        let first = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                let handle = async || {
                    held.await.map_err(|_| ())?;
                    Ok::<_, ()>(None)
                };
                seen.once(&text(1, "a"), handle).await
            }
        });
        // The first has begun when the cell is there.
        while seen.0.inner.lock().unwrap().answers.is_empty() {
            tokio::task::yield_now().await;
        }
        let message = text(1, "a");
        let second = seen.once(&message, async || Err(()));
        release.send(()).unwrap();
        assert_eq!(second.await, Ok(None));
        assert_eq!(first.await.unwrap(), Ok(None));
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let seen = Seen::new(3);
        for number in 1..100 {
            let done = seen
                .once(&text(number, ""), async || Ok::<_, ()>(None))
                .await;
            assert_eq!(done, Ok(None));
        }
        {
            let inner = seen.0.inner.lock().unwrap();
            assert_eq!((inner.answers.len(), inner.oldest.len()), (3, 3));
        }
        // The last ones are those that are known.
        assert_eq!(seen.once(&text(99, ""), async || Err(())).await, Ok(None));
        assert_eq!(seen.once(&text(1, ""), async || Err(())).await, Err(()));
    }
}
