//! A TCP proxy on loopback that fails on demand: for connections to PostgreSQL, over HTTP, to anything.

use std::cmp::min;
use std::collections::VecDeque;
use std::future::pending;
use std::io;
use std::mem;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener as StdListener};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// Read at a time.
const CHUNK: usize = 16 * 1024;
/// Read ahead of what a delayed or slow direction has passed on.
const AHEAD: usize = 1024 * 1024;
const BACKLOG: u32 = 1024;

/// What happens to connections; [`Fault::set`] changes it for new and old ones alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Plan {
    /// Everything passes at once.
    #[default]
    Forward,
    /// Everything passes, later or slowly.
    Slow {
        /// From the client to the target.
        up: Pace,
        /// From the target to the client.
        down: Pace,
    },
    /// A connection is cut on both sides as soon as so many bytes of one side have passed, counted from this plan on.
    /// With 0 it is cut at that side's next byte, which does not pass.
    CutAfter {
        /// Whose bytes are counted.
        from: Side,
        /// How many pass.
        bytes: u64,
        /// How it is cut.
        how: Cut,
    },
    /// Connections are accepted, nothing is read from either side and nobody is answered. Nothing is lost: under the
    /// next plan it all goes on.
    Stall,
    /// Connections stay open, and what either side sends is read and thrown away.
    Swallow,
    /// The client's next bytes are answered with these instead of being forwarded; then the client is told the end.
    Answer(Vec<u8>),
}

/// How late and how slowly bytes pass; the default is neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// Each byte passes so much later. The number of bytes in a time does not suffer.
    pub delay: Duration,
    /// At most so many bytes pass in a second.
    pub bytes_per_second: Option<u64>,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Who connected to the proxy.
    Client,
    /// Whom the proxy connected to.
    Target,
}

/// How a connection ends, for both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// With RST: the next read or write fails.
    Reset,
    /// With FIN: the next read finds the end.
    Close,
}

/// What has come so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Connections that were accepted.
    pub accepted: u64,
    /// Bytes that were read from clients.
    pub from_client: u64,
    /// Bytes that were read from the target.
    pub from_target: u64,
}

/// A proxy that forwards to one address, until it is told otherwise. Dropping it ends it and resets its connections.
#[derive(Debug)]
pub struct Fault {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Mutex<Option<Listening>>,
    /// Bound and never listening: keeps the port while nobody listens, so that nobody else gets it.
    _held: TcpSocket,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    plan: watch::Sender<Plan>,
    next: Mutex<VecDeque<Plan>>,
    cut: Mutex<watch::Sender<Option<Cut>>>,
    tally: Arc<Tally>,
}

#[derive(Debug)]
struct Listening {
    /// The same socket as the task's, for connections that it has not seen yet.
    socket: StdListener,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Tally {
    accepted: AtomicU64,
    from_client: AtomicU64,
    from_target: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Fault {
    /// Listens on a free port of 127.0.0.1 and forwards to `target`, which is connected to when a connection needs it.
    pub async fn to(target: SocketAddr) -> io::Result<Fault> {
        let held = bound(0)?;
        let fault = Fault {
            address: held.local_addr()?,
            shared: Arc::new(Shared {
                target,
                plan: watch::Sender::default(),
                next: Mutex::default(),
                cut: Mutex::default(),
                tally: Arc::default(),
            }),
            listening: Mutex::default(),
            _held: held,
        };
        fault.accept()?;
        Ok(fault)
    }

    /// Where it listens; it stays the same.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Sets what happens from now on, to new connections and to those that are there.
    pub fn set(&self, plan: Plan) {
        self.shared.plan.send_replace(plan);
    }

    /// Sets what happens to one connection, the next of those that have no plan of their own yet. It keeps this plan
    /// whatever is [`set`](Fault::set) later.
    pub fn next(&self, plan: Plan) {
        lock(&self.shared.next).push_back(plan);
    }

    /// Cuts all connections and returns when they have gone. New ones are accepted as before.
    pub async fn cut(&self, how: Cut) {
        if let Some(listening) = &*lock(&self.listening) {
            // Clients think that they are connected: this is a connection too.
            while let Ok((client, _)) = listening.socket.accept() {
                if client.set_nonblocking(true).is_ok()
                    && let Ok(client) = TcpStream::from_std(client)
                {
                    self.shared.take(client);
                }
            }
        }
        let old = mem::take(&mut *lock(&self.shared.cut));
        let _ = old.send(Some(how));
        old.closed().await;
    }

    /// Refuses new connections: the listener is closed when this returns, and nobody else gets the port. Old connections go on.
    pub async fn refuse(&self) {
        let listening = lock(&self.listening).take();
        if let Some(Listening { socket, task }) = listening {
            drop(socket);
            task.abort();
            let _ = task.await;
        }
    }

    /// Accepts new connections again, at the same address.
    pub fn accept(&self) -> io::Result<()> {
        let mut listening = lock(&self.listening);
        if listening.is_none() {
            let socket = bound(self.address.port())?.listen(BACKLOG)?.into_std()?;
            let listener = TcpListener::from_std(socket.try_clone()?)?;
            let shared = Arc::clone(&self.shared);
            let task = tokio::spawn(async move {
                loop {
                    // A client that has left again is no concern of the others.
                    if let Ok((client, _)) = listener.accept().await {
                        shared.take(client);
                    }
                }
            });
            *listening = Some(Listening { socket, task });
        }
        Ok(())
    }

    /// What has come so far.
    pub fn counts(&self) -> Counts {
        let tally = &self.shared.tally;
        Counts {
            accepted: tally.accepted.load(Relaxed),
            from_client: tally.from_client.load(Relaxed),
            from_target: tally.from_target.load(Relaxed),
        }
    }
}

impl Drop for Fault {
    fn drop(&mut self) {
        if let Some(listening) = lock(&self.listening).take() {
            // The task's half of what is shared goes with it, and connections end when nobody can cut them any more.
            listening.task.abort();
        }
    }
}

fn bound(port: u16) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    // For the one that keeps the port and the one that listens.
    socket.set_reuseport(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

impl Shared {
    fn take(&self, client: TcpStream) {
        self.tally.accepted.fetch_add(1, Relaxed);
        let plans = match lock(&self.next).pop_front() {
            Some(own) => watch::Sender::new(own).subscribe(),
            None => self.plan.subscribe(),
        };
        let cut = lock(&self.cut).subscribe();
        tokio::spawn(connection(
            client,
            self.target,
            Plans(plans),
            Arc::clone(&self.tally),
            cut,
        ));
    }
}

async fn connection(
    mut client: TcpStream,
    target: SocketAddr,
    plans: Plans,
    tally: Arc<Tally>,
    mut cut: watch::Receiver<Option<Cut>>,
) {
    let mut server = None;
    let how = tokio::select! {
        biased;
        told = cut.wait_for(Option::is_some) => told.ok().and_then(|how| *how).unwrap_or(Cut::Reset),
        how = serve(&mut client, &mut server, target, plans, &tally) => how,
    };
    end(client, how);
    if let Some(server) = server {
        end(server, how);
    }
    // Only now, as `Fault::cut` waits for it.
    drop(cut);
}

fn end(stream: TcpStream, how: Cut) {
    match how {
        Cut::Reset => drop(stream.set_zero_linger()),
        // The end is said first: what is closed with bytes unread is reset.
        Cut::Close => drop(
            stream
                .into_std()
                .and_then(|stream| stream.shutdown(Shutdown::Write)),
        ),
    }
}

/// The plan of one connection.
#[derive(Clone)]
struct Plans(watch::Receiver<Plan>);

impl Plans {
    fn now(&self) -> watch::Ref<'_, Plan> {
        self.0.borrow()
    }

    async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // A plan of its own, for good.
            pending().await
        }
    }
}

/// Goes on until both sides have said all, or one of them or the plan ends it.
async fn serve(
    client: &mut TcpStream,
    server: &mut Option<TcpStream>,
    target: SocketAddr,
    mut plans: Plans,
    tally: &Tally,
) -> Cut {
    let _ = client.set_nodelay(true);
    // The target is not needed by every plan, and may not even be there.
    loop {
        let plan = plans.now().clone();
        let step = async {
            match plan {
                Plan::Stall => pending().await,
                Plan::Swallow => {
                    drain(client, &tally.from_client).await;
                    pending().await
                }
                Plan::Answer(bytes) => Some(answer(client, &bytes, tally).await),
                Plan::Forward | Plan::Slow { .. } | Plan::CutAfter { .. } => None,
            }
        };
        tokio::select! {
            biased;
            () = plans.changed() => {}
            end = step => match end {
                Some(how) => return how,
                None => break,
            }
        }
    }
    let Ok(stream) = TcpStream::connect(target).await else {
        return Cut::Reset;
    };
    let _ = stream.set_nodelay(true);
    let ended = {
        let server = server.insert(stream);
        let ((from_client, to_client), (from_target, to_target)) = (client.split(), server.split());
        let up = Way {
            from: Side::Client,
            reader: from_client,
            writer: to_target,
            plans: plans.clone(),
            count: &tally.from_client,
        };
        let down = Way {
            from: Side::Target,
            reader: from_target,
            writer: to_client,
            plans,
            count: &tally.from_target,
        };
        tokio::try_join!(up.run(), down.run())
    };
    match ended {
        Ok(_) => Cut::Close,
        Err(End::Cut(how)) => how,
        Err(End::Answer(bytes)) => {
            *server = None;
            reply(client, &bytes, tally).await
        }
    }
}

/// Waits for the client's first bytes, and answers.
async fn answer(client: &mut TcpStream, bytes: &[u8], tally: &Tally) -> Cut {
    match client.peek(&mut [0]).await {
        Ok(1..) => reply(client, bytes, tally).await,
        Ok(0) => Cut::Close,
        Err(_) => Cut::Reset,
    }
}

/// Answers and says the end, then hears the client out: its request may be longer than what was read of it.
async fn reply(client: &mut TcpStream, bytes: &[u8], tally: &Tally) -> Cut {
    if client.write_all(bytes).await.is_err() || client.shutdown().await.is_err() {
        return Cut::Reset;
    }
    drain(client, &tally.from_client).await;
    Cut::Close
}

async fn drain(client: &mut TcpStream, count: &AtomicU64) {
    let mut waste = vec![0; CHUNK];
    while let Ok(n @ 1..) = client.read(&mut waste).await {
        count.fetch_add(n as u64, Relaxed);
    }
}

/// One direction of a connection.
struct Way<'a> {
    from: Side,
    reader: ReadHalf<'a>,
    writer: WriteHalf<'a>,
    plans: Plans,
    count: &'a AtomicU64,
}

/// Why a connection ends before both sides have said all.
enum End {
    Cut(Cut),
    Answer(Vec<u8>),
}

/// What a plan means for one direction.
#[derive(Clone, Copy)]
enum Rule {
    Pass(Pace),
    CutAfter(u64, Cut),
    Answer,
    Swallow,
    Stall,
}

impl Way<'_> {
    fn rule(&self) -> Rule {
        match *self.plans.now() {
            Plan::Slow { up, down } => Rule::Pass(match self.from {
                Side::Client => up,
                Side::Target => down,
            }),
            Plan::CutAfter { from, bytes, how } if from == self.from => Rule::CutAfter(bytes, how),
            Plan::Answer(_) if self.from == Side::Client => Rule::Answer,
            Plan::Forward | Plan::CutAfter { .. } | Plan::Answer(_) => Rule::Pass(Pace::default()),
            Plan::Swallow => Rule::Swallow,
            Plan::Stall => Rule::Stall,
        }
    }

    /// Passes bytes on until the reader's end has come and was passed on too.
    async fn run(mut self) -> Result<(), End> {
        let reset = |_: io::Error| End::Cut(Cut::Reset);
        let mut buffer = vec![0; CHUNK];
        let mut queue: VecDeque<(Instant, Vec<u8>)> = VecDeque::new();
        let mut queued = 0;
        let mut open = true;
        // Since the plan was set.
        let mut passed = 0;
        // When the throttle lets the next bytes through.
        let mut free = Instant::now();
        loop {
            let rule = self.rule();
            let pace = match rule {
                Rule::Pass(pace) => pace,
                _ => Pace::default(),
            };
            if matches!(rule, Rule::Swallow) {
                queue.clear();
                queued = 0;
            }
            let mut room = min(CHUNK, AHEAD.saturating_sub(queued));
            match rule {
                Rule::CutAfter(bytes, how) if bytes > 0 => {
                    let left = bytes.saturating_sub(passed);
                    if left == 0 && queue.is_empty() {
                        return Err(End::Cut(how));
                    }
                    room = min(room, usize::try_from(left).unwrap_or(room));
                }
                Rule::Stall => {
                    self.plans.changed().await;
                    passed = 0;
                    continue;
                }
                _ => {}
            }
            if !open && queue.is_empty() && !matches!(rule, Rule::Swallow) {
                return self.writer.shutdown().await.map_err(reset);
            }
            let now = Instant::now();
            let (due, piece): (Instant, &[u8]) = match queue.front() {
                Some((due, bytes)) => {
                    let tick = pace.bytes_per_second.map_or(usize::MAX, per_tick);
                    ((*due).max(free), &bytes[..min(bytes.len(), tick)])
                }
                None => (now, &[]),
            };
            tokio::select! {
                biased;
                () = self.plans.changed() => {
                    passed = 0;
                    free = now;
                }
                () = sleep_until(due), if due > now => {}
                written = self.writer.write(piece), if due <= now && !piece.is_empty() => {
                    let n = written.map_err(reset)?;
                    if let Some(rate) = pace.bytes_per_second {
                        free = now + Duration::from_secs_f64(n as f64 / rate.max(1) as f64);
                    }
                    queued -= n;
                    if let Some((_, bytes)) = queue.front_mut() {
                        bytes.drain(..n);
                    }
                    queue.pop_front_if(|(_, bytes)| bytes.is_empty());
                }
                read = self.reader.read(&mut buffer[..room]), if open && room > 0 => {
                    let n = read.map_err(reset)?;
                    open = n > 0;
                    self.count.fetch_add(n as u64, Relaxed);
                    passed += n as u64;
                    match (rule, &*self.plans.now()) {
                        _ if n == 0 => {}
                        (Rule::CutAfter(0, how), _) => return Err(End::Cut(how)),
                        (Rule::Answer, Plan::Answer(bytes)) => return Err(End::Answer(bytes.clone())),
                        (Rule::Swallow, _) => {}
                        _ => {
                            queued += n;
                            queue.push_back((Instant::now() + pace.delay, buffer[..n].to_vec()));
                        }
                    }
                }
            }
        }
    }
}

/// How much of a second's bytes passes at a time.
fn per_tick(bytes_per_second: u64) -> usize {
    usize::try_from(bytes_per_second / 50).map_or(usize::MAX, |bytes| bytes.max(1))
}

#[cfg(test)]
mod tests;
