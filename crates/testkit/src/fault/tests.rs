use std::future::Future;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::*;

/// Long enough for a slow machine, short enough to be noticed.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing must happen.
const QUIET: Duration = Duration::from_millis(100);

async fn soon<T>(what: impl Future<Output = T>) -> T {
    timeout(PATIENCE, what).await.expect("in time")
}

/// Whoever connects gets the other end of the connection here.
struct Target {
    address: SocketAddr,
    streams: mpsc::UnboundedReceiver<TcpStream>,
}

impl Target {
    async fn start() -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, streams) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if sender.send(stream).is_err() {
                    return;
                }
            }
        });
        Target { address, streams }
    }

    async fn next(&mut self) -> TcpStream {
        soon(self.streams.recv()).await.unwrap()
    }
}

async fn connect(fault: &Fault) -> TcpStream {
    soon(TcpStream::connect(fault.address())).await.unwrap()
}

async fn start() -> (Target, Fault) {
    let target = Target::start().await;
    let fault = Fault::to(target.address).await.unwrap();
    (target, fault)
}

/// A connection through the proxy: both ends.
async fn pair() -> (Fault, TcpStream, TcpStream) {
    let (mut target, fault) = start().await;
    let client = connect(&fault).await;
    let server = target.next().await;
    (fault, client, server)
}

async fn send(stream: &mut TcpStream, bytes: &[u8]) {
    soon(stream.write_all(bytes)).await.unwrap();
}

async fn receive(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// Everything that still comes, and how it ends.
async fn rest(stream: &mut TcpStream) -> (Vec<u8>, Result<(), io::ErrorKind>) {
    let mut bytes = Vec::new();
    let end = soon(stream.read_to_end(&mut bytes)).await;
    (bytes, end.map(drop).map_err(|error| error.kind()))
}

const RESET: Result<(), io::ErrorKind> = Err(io::ErrorKind::ConnectionReset);

async fn until(what: impl Fn() -> bool) {
    soon(async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn bytes_pass_both_ways_and_so_does_each_end() {
    let (fault, mut client, mut server) = pair().await;
    let long: Vec<u8> = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let (sent, received) = tokio::join!(
        async {
            send(&mut client, &long).await;
            client.shutdown().await
        },
        rest(&mut server)
    );
    sent.unwrap();
    assert!(received == (long, Ok(())), "{} bytes", received.0.len());
    send(&mut server, b"heard").await;
    drop(server);
    assert_eq!(rest(&mut client).await, (b"heard".to_vec(), Ok(())));
    let counts = Counts {
        accepted: 1,
        from_client: 3_000_000,
        from_target: 5,
    };
    assert_eq!(fault.counts(), counts);
}

#[tokio::test]
async fn refused_for_a_while_at_the_same_port() {
    let (mut target, fault) = start().await;
    let mut old = connect(&fault).await;
    let mut server = target.next().await;
    for _ in 0..3 {
        fault.refuse().await;
        let refused = TcpStream::connect(fault.address()).await.unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        send(&mut old, b"still").await;
        assert_eq!(receive(&mut server, 5).await, b"still");
        fault.accept().unwrap();
        connect(&fault).await;
        target.next().await;
    }
    assert_eq!(fault.counts().accepted, 4);
}

#[tokio::test]
async fn all_connections_are_cut_and_new_ones_pass() {
    let (mut target, fault) = start().await;
    for (how, end) in [(Cut::Reset, RESET), (Cut::Close, Ok(()))] {
        let (mut one, mut two) = (connect(&fault).await, connect(&fault).await);
        let (mut first, mut second) = (target.next().await, target.next().await);
        // Unread by the proxy or not: a FIN stays a FIN.
        fault.set(Plan::Stall);
        send(&mut one, b"lost").await;
        soon(fault.cut(how)).await;
        for stream in [&mut one, &mut two, &mut first, &mut second] {
            assert_eq!(rest(stream).await, (Vec::new(), end), "{how:?}");
        }
        fault.set(Plan::Forward);
    }
    // One that the proxy's task has not seen yet.
    let mut fresh = connect(&fault).await;
    soon(fault.cut(Cut::Reset)).await;
    assert_eq!(rest(&mut fresh).await.1, RESET);
    let mut client = connect(&fault).await;
    send(&mut client, b"on").await;
    let mut server = target.next().await;
    while server.peek(&mut [0]).await.is_err() {
        server = target.next().await;
    }
    assert_eq!(receive(&mut server, 2).await, b"on");
}

#[tokio::test]
async fn a_request_is_cut_at_a_byte() {
    for (bytes, how) in [
        (0, Cut::Reset),
        (0, Cut::Close),
        (1, Cut::Reset),
        (4, Cut::Close),
    ] {
        let (fault, mut client, mut server) = pair().await;
        send(&mut client, b"before").await;
        assert_eq!(receive(&mut server, 6).await, b"before");
        let from = Side::Client;
        fault.set(Plan::CutAfter { from, bytes, how });
        send(&mut client, b"request").await;
        let (passed, end) = rest(&mut server).await;
        assert_eq!(passed, b"request"[..bytes as usize]);
        let expected = if how == Cut::Reset { RESET } else { Ok(()) };
        assert_eq!(end, expected);
        assert_eq!(rest(&mut client).await, (Vec::new(), expected));
    }
}

#[tokio::test]
async fn an_answer_is_cut_at_a_byte() {
    for (bytes, how) in [(0, Cut::Reset), (3, Cut::Reset), (3, Cut::Close)] {
        let (fault, mut client, mut server) = pair().await;
        let from = Side::Target;
        fault.set(Plan::CutAfter { from, bytes, how });
        send(&mut client, b"request").await;
        assert_eq!(receive(&mut server, 7).await, b"request");
        send(&mut server, b"answer").await;
        let (passed, end) = rest(&mut client).await;
        assert_eq!(passed, b"answer"[..bytes as usize]);
        assert_eq!(end, if how == Cut::Reset { RESET } else { Ok(()) });
    }
}

#[tokio::test]
async fn each_direction_has_its_delay() {
    let (fault, mut client, mut server) = pair().await;
    let late = Pace {
        delay: Duration::from_millis(200),
        ..Pace::default()
    };
    fault.set(Plan::Slow {
        up: late,
        down: Pace::default(),
    });
    let start = Instant::now();
    // Many pieces at once: the delay is the way's length, not its width.
    for n in 0..50 {
        send(&mut client, &[n]).await;
    }
    assert_eq!(receive(&mut server, 50).await, (0..50).collect::<Vec<u8>>());
    assert!(start.elapsed() >= late.delay, "{:?}", start.elapsed());
    assert!(start.elapsed() < 25 * late.delay, "{:?}", start.elapsed());
    fault.set(Plan::Slow {
        up: Pace::default(),
        down: late,
    });
    let start = Instant::now();
    send(&mut server, b"down").await;
    receive(&mut client, 4).await;
    assert!(start.elapsed() >= late.delay, "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_throttled_direction_takes_its_time() {
    let (fault, mut client, mut server) = pair().await;
    let slow = Pace {
        bytes_per_second: Some(20_000),
        ..Pace::default()
    };
    fault.set(Plan::Slow {
        up: slow,
        down: Pace::default(),
    });
    let start = Instant::now();
    send(&mut client, &[7; 6_000]).await;
    receive(&mut server, 6_000).await;
    // The first piece goes at once.
    let least = Duration::from_millis(270);
    assert!(start.elapsed() >= least, "{:?}", start.elapsed());
}

#[tokio::test]
async fn what_is_stalled_goes_on_without_a_loss() {
    let (fault, mut client, mut server) = pair().await;
    fault.set(Plan::Stall);
    send(&mut client, b"waits").await;
    assert!(timeout(QUIET, server.read_u8()).await.is_err());
    let mut second = connect(&fault).await;
    send(&mut second, b"GET /").await;
    assert!(timeout(QUIET, second.read_u8()).await.is_err());
    assert_eq!(fault.counts().from_client, 0);
    fault.set(Plan::Forward);
    assert_eq!(receive(&mut server, 5).await, b"waits");
    until(|| fault.counts().from_client == 10).await;
}

#[tokio::test]
async fn what_is_swallowed_is_gone_and_the_connection_stays() {
    let (fault, mut client, mut server) = pair().await;
    fault.set(Plan::Swallow);
    let mut second = connect(&fault).await;
    for stream in [&mut client, &mut second] {
        send(stream, b"gone").await;
    }
    send(&mut server, b"gone too").await;
    until(|| fault.counts().from_client == 8 && fault.counts().from_target == 8).await;
    fault.set(Plan::Forward);
    send(&mut client, b"heard").await;
    assert_eq!(receive(&mut server, 5).await, b"heard");
    send(&mut server, b"answered").await;
    assert_eq!(receive(&mut client, 8).await, b"answered");
}

#[tokio::test]
async fn a_fixed_answer_needs_no_target() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fault = Fault::to(nobody.local_addr().unwrap()).await.unwrap();
    drop(nobody);
    let page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 5\r\n\r\n<html";
    fault.set(Plan::Answer(page.to_vec()));
    let mut client = connect(&fault).await;
    // Longer than what the system's buffers take: the request is heard out.
    send(&mut client, &vec![b'x'; 4_000_000]).await;
    assert_eq!(rest(&mut client).await, (page.to_vec(), Ok(())));
    drop(client);
    until(|| fault.counts().from_client == 4_000_000).await;
    fault.set(Plan::Forward);
    assert_eq!(rest(&mut connect(&fault).await).await.1, RESET);
}

#[tokio::test]
async fn a_connection_in_use_gets_the_fixed_answer_too() {
    let (fault, mut client, mut server) = pair().await;
    send(&mut client, b"one").await;
    receive(&mut server, 3).await;
    fault.set(Plan::Answer(b"no".to_vec()));
    send(&mut client, b"two").await;
    client.shutdown().await.unwrap();
    assert_eq!(rest(&mut client).await, (b"no".to_vec(), Ok(())));
    assert_eq!(rest(&mut server).await.0, b"");
}

#[tokio::test]
async fn one_connection_has_a_plan_of_its_own() {
    let (mut target, fault) = start().await;
    fault.next(Plan::Answer(b"busy".to_vec()));
    let mut first = connect(&fault).await;
    // It keeps it.
    until(|| fault.counts().accepted == 1).await;
    fault.set(Plan::Stall);
    fault.set(Plan::Forward);
    send(&mut first, b"hello").await;
    assert_eq!(receive(&mut first, 4).await, b"busy");
    let mut second = connect(&fault).await;
    send(&mut second, b"hello").await;
    assert_eq!(receive(&mut target.next().await, 5).await, b"hello");
}

#[tokio::test]
async fn dropped_it_leaves_nothing() {
    let (fault, mut client, mut server) = pair().await;
    let address = fault.address();
    drop(fault);
    assert_eq!(rest(&mut client).await.1, RESET);
    assert_eq!(rest(&mut server).await.1, RESET);
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
}
