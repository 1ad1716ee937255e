//! Pacing: calls wait until the server's limits have room for them, so that no block begins.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use qun_protocol::{ChatId, Limit, Meta, Rules, UNLIMITED, Window};

use crate::{
    Error, TokenKey,
    client::clock::NOISE,
    token::{Wall, system_ms},
};

/// Server and client need not agree on the time to the second, and requests travel: what is sent so near to a window's edge
/// counts for both of its sides. In milliseconds.
const MARGIN: i64 = 2_000;

/// How long a call waits where nothing else is said.
const LONGEST: Duration = Duration::from_secs(60);

/// A group's number of members is believed so long, in milliseconds.
const MEMBERS_KNOWN: i64 = 3_600_000;

/// Person-times a day of messages to people by one app, for each account that the company may have (90236).
const SENDS_PER_ACCOUNT: i64 = 200;

/// So many groups' numbers of members are remembered.
const CHATS_KNOWN: usize = 100_000;

/// Keeps calls within the limits that their endpoints spend, in the server's own windows: a minute, an hour, a day, fixed and
/// aligned to UTC+8. A call for which there is no room waits for it, or is refused with the time when there is
/// ([`Error::WouldPass`]). A 45009 of the server, which others may have caused, starts a block.
///
/// A message costs as many person-times as its group has members. The client knows that number from what it created and
/// read, or from [`Chat::has_members`](crate::Chat::has_members). Where it does not, it takes the group for a full one while
/// there is plenty of room, and reads it once (`appchat/get`) before the message where half of a window is spent.
///
/// A message to people costs as many person-times of the app's day ([`Limit::MessageSendsPerAppDay`], 200 times the company's
/// account cap) as it names people. How many are in a department or have a tag is not known here and counts as one;
/// `@all` counts as the whole account cap. Tell it the cap with [`Pacing::account_cap`]; 1000 is taken where nothing is said.
///
/// Most limits are a company's: let the clients of a company's apps share one pacing by clones. Other processes are not seen.
///
/// ```
/// use std::time::Duration;
/// use qun_client::{Client, Pacing, protocol::{Rulebook, Rules}};
///
/// let mut rules = Rules::of(Rulebook::Live2026);
/// rules.set(qun_client::protocol::Limit::ChatSendsPerCorpHour, 150_000);
/// let patient = Pacing::by(rules).longest_wait(Duration::from_secs(3600));
/// let builder = Client::builder("ww1", "secret").pacing(patient.clone());
/// ```
#[derive(Clone)]
pub struct Pacing {
    shared: Option<Arc<Shared>>,
    longest: Duration,
}

struct Shared {
    rules: Rules,
    wall: Wall,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What was spent or is promised, by limit, whose it is, and the start of its window.
    spent: HashMap<(Limit, Who), BTreeMap<i64, i64>>,
    blocks: HashMap<(&'static str, Who), Block>,
    /// Members by chatid, and when that was learned.
    members: HashMap<ChatId, (i64, i64)>,
    /// How far the server's clock is ahead, in milliseconds.
    ahead: i64,
}

/// Whose a limit is: an app's, or the company's.
type Who = Option<TokenKey>;

/// What a call spends more of than its one call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cost {
    /// It is one call.
    Call,
    /// It reaches this many people.
    People(i64),
    /// It reaches everybody.
    Everyone,
}

#[derive(Clone, Copy, Default)]
struct Block {
    until: i64,
    /// How many blocks there were since a call was accepted.
    times: usize,
}

impl Pacing {
    /// By these numbers. A call waits for at most a minute.
    ///
    /// ```
    /// use qun_client::{Pacing, protocol::{Rulebook, Rules}};
    /// let pacing = Pacing::by(Rules::of(Rulebook::Documented));
    /// ```
    pub fn by(rules: Rules) -> Self {
        Self::with(rules, Arc::new(system_ms))
    }

    /// None: calls are sent at once, and 45009 comes when it comes.
    ///
    /// ```
    /// let builder = qun_client::Client::builder("ww1", "secret").pacing(qun_client::Pacing::off());
    /// ```
    pub fn off() -> Self {
        Self {
            shared: None,
            longest: LONGEST,
        }
    }

    /// With another longest wait; zero refuses every call that does not fit at once. Clones made before are not changed.
    ///
    /// ```
    /// # use qun_client::{Pacing, protocol::{Rulebook, Rules}};
    /// let never_waits = Pacing::by(Rules::of(Rulebook::Live2026)).longest_wait(std::time::Duration::ZERO);
    /// ```
    #[must_use]
    pub fn longest_wait(mut self, longest: Duration) -> Self {
        self.longest = longest;
        self
    }

    /// With the account cap (账号上限) of the company, of which an app's messages to people are a multiple a day. What was spent
    /// before is forgotten; clones made before are not changed.
    ///
    /// ```
    /// # use qun_client::{Pacing, protocol::{Rulebook, Rules}};
    /// let large = Pacing::by(Rules::of(Rulebook::Live2026)).account_cap(5000);
    /// ```
    #[must_use]
    pub fn account_cap(mut self, accounts: u32) -> Self {
        if let Some(shared) = &self.shared {
            let mut rules = shared.rules.clone();
            let a_day = i64::from(accounts) * SENDS_PER_ACCOUNT;
            rules.set(Limit::MessageSendsPerAppDay, a_day);
            self.shared = Self::with(rules, Arc::clone(&shared.wall)).shared;
        }
        self
    }

    pub(crate) fn with(rules: Rules, wall: Wall) -> Self {
        let state = Mutex::default();
        Self {
            shared: Some(Arc::new(Shared { rules, wall, state })),
            longest: LONGEST,
        }
    }

    /// Waits until the limits that an endpoint spends have room, and takes it.
    pub(crate) async fn room(
        &self,
        meta: &'static Meta,
        app: &TokenKey,
        cost: Cost,
    ) -> Result<Booking, Error> {
        let Some(shared) = &self.shared else {
            return Ok(Booking::default());
        };
        loop {
            let (booking, wait) = shared.book(meta, app, cost, self.longest)?;
            if wait.is_zero() {
                return Ok(booking);
            }
            tracing::debug!(path = meta.path, ms = wait.as_millis(), "waiting for room");
            tokio::time::sleep(wait).await;
            let (state, now) = shared.state();
            if state.blocked(meta, app) <= now {
                return Ok(booking);
            }
            // A block began meanwhile; the room is given back and found anew.
        }
    }

    /// Whether half of a window is spent, this one or the one before, so that estimates would cost time.
    pub(crate) fn is_tight(&self, meta: &'static Meta) -> bool {
        let Some(shared) = &self.shared else {
            return false;
        };
        let most = self.most_members();
        let (state, now) = shared.state();
        meta.spends.iter().any(|limit| {
            let (window, allowed) = (limit.window(), shared.rules.limit(*limit));
            let spent = |moment| {
                let spent = state.spent.get(&(*limit, None));
                spent.and_then(|spent| spent.get(&window.start(moment)).copied())
            };
            let spent = spent(now).max(spent(now - window.length())).unwrap_or(0);
            spent + most > allowed / 2
        })
    }

    /// How many members a group can have.
    pub(crate) fn most_members(&self) -> i64 {
        let limit = Limit::ChatMembersMax;
        let most = self
            .shared
            .as_ref()
            .map_or(1, |shared| shared.rules.limit(limit));
        most.clamp(1, 2_000)
    }

    /// How many members a group has, where that is known.
    pub(crate) fn members(&self, chatid: &ChatId) -> Option<i64> {
        let (state, now) = self.shared.as_ref()?.state();
        let (members, learned) = *state.members.get(chatid)?;
        (now - learned < MEMBERS_KNOWN).then_some(members)
    }

    /// Learns how many members a group has, or that this is no longer known.
    pub(crate) fn learn(&self, chatid: &ChatId, members: Option<usize>) {
        let Some(shared) = &self.shared else { return };
        let (mut state, now) = shared.state();
        if state.members.len() >= CHATS_KNOWN {
            state.members.clear();
        }
        match members {
            Some(members) => {
                let members = i64::try_from(members).unwrap_or(i64::MAX);
                state.members.insert(chatid.clone(), (members, now));
            }
            None => {
                state.members.remove(chatid);
            }
        }
    }

    pub(crate) fn is_on(&self) -> bool {
        self.shared.is_some()
    }

    /// Learns the server's time.
    pub(crate) fn dated(&self, server: i64) {
        let Some(shared) = &self.shared else { return };
        let ahead = server - (shared.wall)();
        let (mut state, _) = shared.state();
        if (state.ahead - ahead).abs() > NOISE {
            state.ahead = ahead;
        }
    }

    /// The server said that a limit was passed, or that none was.
    pub(crate) fn answered(&self, meta: &'static Meta, app: &TokenKey, passed: bool) {
        let Some(shared) = &self.shared else { return };
        let (mut state, now) = shared.state();
        if !passed {
            state.blocks.remove(&(meta.path, blocked(meta, app)));
            return;
        }
        let block = state
            .blocks
            .entry((meta.path, blocked(meta, app)))
            .or_default();
        if block.until > now {
            return;
        }
        // Which limit it was is not said: the shortest first, and the next longer where that was not it.
        let base = [Window::Minute, Window::Hour];
        let mut windows: Vec<Window> = meta.spends.iter().map(|limit| limit.window()).collect();
        if windows.is_empty() {
            windows.extend(base);
        }
        windows.sort_by_key(|window| window.length());
        let window = windows[block.times.min(windows.len() - 1)];
        block.until = window.blocked_until(now) + MARGIN;
        block.times += 1;
        tracing::warn!(
            path = meta.path,
            ?window,
            "a limit was passed; calls wait for the block's end"
        );
    }
}

impl fmt::Debug for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacing")
            .field("on", &self.is_on())
            .field("longest_wait", &self.longest)
            .finish_non_exhaustive()
    }
}

/// Limits that are multiples of a company's account cap, which is not known here, or that good calls do not spend.
const OF_THE_COMPANY: [Limit; 2] = [Limit::AccountsPerCorpMonth, Limit::WrongLookupsPerCorpDay];

/// Whose a limit is.
fn whose(limit: Limit, app: &TokenKey) -> Who {
    (limit == Limit::MessageSendsPerAppDay).then(|| app.clone())
}

/// Who is blocked at an endpoint once a limit was passed.
fn blocked(meta: &'static Meta, app: &TokenKey) -> Who {
    meta.spends.iter().find_map(|limit| whose(*limit, app))
}

impl Shared {
    /// The state, and the server's time.
    fn state(&self) -> (MutexGuard<'_, State>, i64) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.wall)() + state.ahead;
        (state, now)
    }

    /// Takes room at the first moment at which every limit has it, unless that is too far away.
    fn book(
        self: &Arc<Self>,
        meta: &'static Meta,
        app: &TokenKey,
        cost: Cost,
        longest: Duration,
    ) -> Result<(Booking, Duration), Error> {
        let (mut state, now) = self.state();
        let costs: Vec<(Limit, i64)> = meta
            .spends
            .iter()
            .filter(|limit| !OF_THE_COMPANY.contains(limit))
            .map(|limit| (*limit, self.cost(*limit, cost)))
            .filter(|(limit, _)| (1..UNLIMITED).contains(&self.rules.limit(*limit)))
            .collect();
        let mut at = now.max(state.blocked(meta, app));
        let mut full = None;
        while let Some((limit, next)) = costs.iter().find_map(|(limit, cost)| {
            Some((
                *limit,
                self.no_room(&state, (*limit, whose(*limit, app)), *cost, at)?,
            ))
        }) {
            (at, full) = (next, Some(limit));
        }
        let wait = Duration::from_millis((at - now).max(0).unsigned_abs());
        if wait > longest {
            return Err(Error::WouldPass {
                path: meta.path,
                limit: full,
                retry_after: wait,
            });
        }
        let mut booking = Booking {
            shared: Some(Arc::clone(self)),
            entries: Vec::new(),
            kept: false,
        };
        for (limit, cost) in costs {
            let window = limit.window();
            let key = (limit, whose(limit, app));
            let spent = state.spent.entry(key.clone()).or_default();
            // What no call can touch any more is forgotten.
            while spent
                .first_key_value()
                .is_some_and(|(start, _)| start + window.length() + 2 * MARGIN < now)
            {
                spent.pop_first();
            }
            let (before, after) = (window.start(at - MARGIN), window.start(at + MARGIN));
            for start in [before, after]
                .into_iter()
                .take(if before == after { 1 } else { 2 })
            {
                *spent.entry(start).or_default() += cost;
                booking.entries.push((key.clone(), start, cost));
            }
        }
        Ok((booking, wait))
    }

    /// What a call spends of a limit. One that is larger than a whole window takes the whole.
    fn cost(&self, limit: Limit, cost: Cost) -> i64 {
        let allowed = self.rules.limit(limit);
        let cost = match (limit, cost) {
            (
                Limit::ChatSendsPerCorpMinute
                | Limit::ChatSendsPerCorpHour
                | Limit::MessageSendsPerAppDay,
                Cost::People(people),
            ) => people,
            (Limit::MessageSendsPerAppDay, Cost::Everyone) => allowed / SENDS_PER_ACCOUNT,
            _ => 1,
        };
        cost.clamp(1, allowed.max(1))
    }

    /// The earliest moment to look at instead, if a limit has no room at this one.
    fn no_room(&self, state: &State, key: (Limit, Who), cost: i64, at: i64) -> Option<i64> {
        let limit = key.0;
        let window = limit.window();
        [at - MARGIN, at + MARGIN].into_iter().find_map(|edge| {
            let start = window.start(edge);
            let spent = state.spent.get(&key).and_then(|spent| spent.get(&start));
            let full = spent.copied().unwrap_or(0) + cost > self.rules.limit(limit);
            full.then(|| start + window.length() + MARGIN)
        })
    }
}

impl State {
    /// Until when an endpoint is blocked.
    fn blocked(&self, meta: &'static Meta, app: &TokenKey) -> i64 {
        let key = (meta.path, blocked(meta, app));
        self.blocks.get(&key).map_or(0, |block| block.until)
    }
}

/// Room that was taken; given back when it is dropped before it was used.
#[derive(Default)]
pub(crate) struct Booking {
    shared: Option<Arc<Shared>>,
    entries: Vec<((Limit, Who), i64, i64)>,
    kept: bool,
}

impl Booking {
    /// The call is sent: from now on it counts, also if nobody waits for it any more.
    pub(crate) fn used(&mut self) {
        self.kept = true;
    }

    /// The call was refused, so it did not count after all.
    pub(crate) fn unused(&mut self) {
        self.kept = false;
    }
}

impl Drop for Booking {
    fn drop(&mut self) {
        let (Some(shared), false) = (&self.shared, self.kept) else {
            return;
        };
        let (mut state, _) = shared.state();
        for (key, start, cost) in &self.entries {
            let spent = state.spent.get_mut(key);
            if let Some(spent) = spent.and_then(|spent| spent.get_mut(start)) {
                *spent -= cost;
            }
        }
    }
}

#[cfg(test)]
mod tests;
