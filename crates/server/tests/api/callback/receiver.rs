//! A receiver of callbacks: what an app's own server does, with `qun_crypt` alone.

#![allow(dead_code)]

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use qun_crypt::{EncodingAesKey, Envelope, Reply as Sealed, open, verify};
use qun_protocol::event::Received;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

/// What a connection is made of.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

pub const TOKEN: &str = "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme";
pub const KEY: &str = "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws";

/// How to answer what is posted.
#[derive(Clone)]
pub enum Answer {
    /// The body of a 200.
    Ok(String),
    /// A whole HTTP answer as it goes over the wire.
    Raw(Vec<u8>),
    /// The same, a while later.
    Slow(String),
    /// Never.
    Silence,
    /// An encrypted reply with this plain text.
    Sealed(String),
}

/// One that was posted.
#[derive(Clone, Debug)]
pub struct Got {
    pub received: Received,
    pub plain: String,
    pub timestamp: i64,
    pub nonce: String,
    pub encrypt: String,
    pub head: String,
}

struct Shared {
    corpid: String,
    /// How the next ones are answered; the last goes on.
    answers: Mutex<Vec<Answer>>,
    got: watch::Sender<Vec<Got>>,
    verified: watch::Sender<usize>,
    /// By person, how many are being answered, and the most there ever were.
    at_once: Mutex<(BTreeMap<String, usize>, usize)>,
}

impl Shared {
    fn new(corpid: &str, answers: Vec<Answer>) -> Arc<Shared> {
        Arc::new(Shared {
            corpid: corpid.into(),
            answers: Mutex::new(answers),
            got: watch::channel(Vec::new()).0,
            verified: watch::channel(0).0,
            at_once: Mutex::default(),
        })
    }
}

#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
}

impl Receiver {
    pub async fn start(corpid: &str, answers: Vec<Answer>) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/callback?app=1", listener.local_addr().unwrap());
        let shared = Shared::new(corpid, answers);
        let mine = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&mine)));
            }
        });
        Receiver { url, shared }
    }

    /// One over HTTPS, at a host that leads to this machine, with the certificate of the moment for every connection.
    pub async fn start_tls(
        corpid: &str,
        host: &str,
        answers: Vec<Answer>,
        certificate: watch::Receiver<TlsAcceptor>,
    ) -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Shared::new(corpid, answers);
        let mine = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, mine) = (certificate.borrow().clone(), Arc::clone(&mine));
                tokio::spawn(async move {
                    // Whoever does not trust the certificate goes.
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, mine).await;
                    }
                });
            }
        });
        Receiver {
            url: format!("https://{host}:{port}/callback?app=1"),
            shared,
        }
    }

    /// What was posted once it is so much.
    pub async fn got(&self, count: usize) -> Vec<Got> {
        let mut got = self.shared.got.subscribe();
        let wait = got.wait_for(|got| got.len() >= count);
        match tokio::time::timeout(Duration::from_secs(60), wait).await {
            Ok(got) => got.unwrap().clone(),
            Err(_) => panic!("{} of {count}", self.so_far().len()),
        }
    }

    pub fn so_far(&self) -> Vec<Got> {
        self.shared.got.borrow().clone()
    }

    pub fn verified(&self) -> usize {
        *self.shared.verified.borrow()
    }

    /// The most posts of one person that were being answered slowly at the same time.
    pub fn most_at_once(&self) -> usize {
        self.shared.at_once.lock().unwrap().1
    }

    pub fn answer(&self, answers: Vec<Answer>) {
        *self.shared.answers.lock().unwrap() = answers;
    }
}

/// One request: its head, query and body.
async fn request(stream: &mut impl Stream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut chunk = [0; 8192];
        let count = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().unwrap())
    });
    let mut body = bytes[end..].to_vec();
    let length = length.unwrap_or(0);
    while body.len() < length {
        let mut chunk = [0; 8192];
        let count = stream.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        body.extend_from_slice(&chunk[..count]);
    }
    Some((head, String::from_utf8(body).unwrap()))
}

async fn serve(mut stream: impl Stream, shared: Arc<Shared>) {
    while let Some((head, body)) = request(&mut stream).await {
        let path = head.split_ascii_whitespace().nth(1).unwrap();
        assert!(path.starts_with("/callback?app=1&"), "{path}");
        let query: BTreeMap<String, String> =
            qun_protocol::query::pairs(path.split_once('?').unwrap().1)
                .into_iter()
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
        let key: EncodingAesKey = KEY.parse().unwrap();
        let checked = |encrypt: &str| {
            verify(
                TOKEN,
                &query["timestamp"],
                &query["nonce"],
                encrypt,
                &query["msg_signature"],
            )
            .unwrap();
            String::from_utf8(open(&key, encrypt, &shared.corpid).unwrap()).unwrap()
        };
        if head.starts_with("GET ") {
            let plain = checked(&query["echostr"]);
            shared.verified.send_modify(|count| *count += 1);
            write(&mut stream, whole(&plain)).await;
            continue;
        }
        let envelope = Envelope::read(&body).unwrap();
        assert_eq!(envelope.to_user_name, shared.corpid);
        let plain = checked(&envelope.encrypt);
        let received = Received::read(&plain).unwrap();
        assert_eq!(
            envelope.agent_id,
            received.agent_id.map(|id| id.to_string())
        );
        let got = Got {
            received,
            plain,
            timestamp: query["timestamp"].parse().unwrap(),
            nonce: query["nonce"].clone(),
            encrypt: envelope.encrypt,
            head,
        };
        let person = got.received.from_user_name.clone();
        let answer = {
            let mut answers = shared.answers.lock().unwrap();
            if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0].clone()
            }
        };
        shared.got.send_modify(|all| all.push(got));
        match answer {
            Answer::Ok(text) => write(&mut stream, whole(&text)).await,
            Answer::Raw(bytes) => {
                write(&mut stream, bytes).await;
                return;
            }
            Answer::Slow(text) => {
                let begin = |by: isize| {
                    let (counts, most) = &mut *shared.at_once.lock().unwrap();
                    let count = counts.entry(person.clone()).or_default();
                    *count = count.checked_add_signed(by).unwrap();
                    *most = (*most).max(*count);
                };
                begin(1);
                tokio::time::sleep(Duration::from_millis(10)).await;
                begin(-1);
                write(&mut stream, whole(&text)).await;
            }
            Answer::Silence => std::future::pending().await,
            Answer::Sealed(plain) => {
                let sealed = Sealed::seal(
                    &key,
                    TOKEN,
                    *b"0123456789abcdef",
                    ("1700000000", "n"),
                    plain.as_bytes(),
                    &shared.corpid,
                );
                write(&mut stream, whole(&sealed.write())).await;
            }
        }
    }
}

fn whole(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn write(stream: &mut impl Stream, bytes: Vec<u8>) {
    // Whoever asked may be gone.
    let _ = stream.write_all(&bytes).await;
}
