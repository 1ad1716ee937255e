//! The doctor of callbacks, against receivers that make one mistake each.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use aes::Aes256;
use cbc::cipher::{BlockDecryptMut, KeyIvInit, block_padding::Pkcs7};
use qun_crypt::{EncodingAesKey, Envelope, Opened, open_any, sign};
use serde_json::Value;
use tempfile::TempDir;

use crate::kit::{Ran, qun};

const TOKEN: &str = "QDG6eK";
const KEY: &str = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C";
const OTHER_KEY: &str = "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws";
const CORPID: &str = "wx5823bf96d3bd56c7";

/// What a receiver does wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    None,
    NotChecked,
    EventsNotChecked,
    OtherToken,
    BlankForPlus,
    NotDecoded,
    OtherKey,
    Blocks16,
    OtherReceiveid,
    EmptyReceiveid,
    AnyReceiveid,
    LeavesReceiveid,
    Quotes,
    Newline,
    Bom,
    SlowEcho,
    SlowEvent,
    Broken,
    BrokenEvents,
    Chatty,
    Redirect,
}
use Mistake as M;

impl Mistake {
    /// The message for an encrypted text, or the status of the refusal.
    fn open(self, query: &[(String, String)], encrypted: &str) -> Result<String, u16> {
        let of = |name: &str| query.iter().find(|(key, _)| key == name).unwrap().1.clone();
        let event = of("echostr").is_empty();
        let token = if self == M::OtherToken {
            "other"
        } else {
            TOKEN
        };
        let signature = sign(token, &of("timestamp"), &of("nonce"), encrypted);
        let unchecked = self == M::NotChecked || (self == M::EventsNotChecked && event);
        if !unchecked && signature != of("msg_signature") {
            return Err(403);
        }
        let key = if self == M::OtherKey { OTHER_KEY } else { KEY };
        let Opened { message, receiveid } = match self {
            M::Blocks16 => unpadded_as_16(encrypted).ok_or(500_u16)?,
            _ => {
                open_any(&key.parse::<EncodingAesKey>().unwrap(), encrypted).map_err(|_| 500_u16)?
            }
        };
        let expected = match self {
            M::OtherReceiveid => "wwother",
            M::EmptyReceiveid => "",
            _ => CORPID,
        };
        if receiveid != expected && self != M::AnyReceiveid {
            return Err(401);
        }
        let message = String::from_utf8(message).unwrap();
        Ok(match self {
            M::LeavesReceiveid => format!("{message}{receiveid}"),
            M::Quotes => format!("\"{message}\""),
            M::Newline => format!("{message}\n"),
            M::Bom => format!("\u{feff}{message}"),
            _ => message,
        })
    }

    /// Status, a header and body.
    fn answer(self, target: &str, body: &str) -> (u16, String, String) {
        let raw = target.split_once('?').unwrap().1;
        let mut query: Vec<(String, String)> = raw
            .split('&')
            .map(|pair| {
                let (name, text) = pair.split_once('=').unwrap();
                (name.to_owned(), self.decoded(text))
            })
            .collect();
        let header = || "X-None: x".to_owned();
        let echostr = query.iter().find(|(name, _)| name == "echostr").cloned();
        if self == M::Redirect {
            return (302, "Location: /elsewhere".into(), String::new());
        }
        if self == M::Broken {
            return (500, header(), "oops".into());
        }
        if let Some((_, encrypted)) = echostr {
            if self == M::SlowEcho {
                thread::sleep(Duration::from_millis(1100));
            }
            return match self.open(&query, &encrypted) {
                Ok(message) => (200, header(), message),
                Err(status) => (status, header(), "refused".into()),
            };
        }
        query.push(("echostr".into(), String::new()));
        let encrypted = Envelope::read(body).unwrap().encrypt;
        match self.open(&query, &encrypted) {
            Ok(_) if self == M::BrokenEvents => (404, header(), "no such event".into()),
            Ok(_) if self == M::Chatty => (200, header(), "{\"code\":0}".into()),
            Ok(_) => {
                if self == M::SlowEvent {
                    thread::sleep(Duration::from_millis(5100));
                }
                (200, header(), "success".into())
            }
            Err(status) => (status, header(), "refused".into()),
        }
    }

    fn decoded(self, text: &str) -> String {
        let once = text
            .replace("%2B", "+")
            .replace("%2F", "/")
            .replace("%3D", "=");
        match self {
            M::NotDecoded => text.to_owned(),
            M::BlankForPlus => once.replace('+', " "),
            _ => once,
        }
    }
}

/// As libraries do that know AES and not WeCom.
fn unpadded_as_16(encrypted: &str) -> Option<Opened> {
    use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
    let lenient = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone),
    );
    let key = lenient.decode(KEY).unwrap();
    let sealed = STANDARD_NO_PAD
        .decode(encrypted.trim_end_matches('='))
        .ok()?;
    let cipher = cbc::Decryptor::<Aes256>::new_from_slices(&key, &key[..16]).unwrap();
    let bytes = cipher.decrypt_padded_vec_mut::<Pkcs7>(&sealed).ok()?;
    let length = u32::from_be_bytes(bytes[16..20].try_into().unwrap()) as usize;
    let (message, receiveid) = bytes[20..].split_at_checked(length)?;
    Some(Opened {
        message: message.to_vec(),
        receiveid: String::from_utf8(receiveid.to_vec()).ok()?,
    })
}

fn serve_one(stream: TcpStream, mistake: Mistake) {
    let mut reader = BufReader::new(stream);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, header, answer) = mistake.answer(&target, &String::from_utf8(body).unwrap());
    // Whoever asked may have left.
    let _ = write!(
        reader.get_mut(),
        "HTTP/1.1 {status} x\r\n{header}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
}

/// A receiver; it ends with the test's process.
fn receiver(mistake: Mistake) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/callback", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve_one(stream.unwrap(), mistake));
        }
    });
    url
}

fn doctor(url: &str, key: &str) -> Ran {
    let home = TempDir::new().unwrap();
    let mut command = qun(home.path());
    command
        .args(["callback", "doctor", url, "--json"])
        .env("QUN_CALLBACK_TOKEN", TOKEN)
        .env("QUN_CALLBACK_AES_KEY", key)
        .env("QUN_CORPID", CORPID);
    command.output().unwrap().into()
}

/// Name and detail of what is wrong.
fn wrong(ran: &Ran) -> Vec<(String, String)> {
    let report: Value = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{}", ran.err));
    let checks = report.as_array().unwrap().iter();
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    checks
        .filter(|check| check["state"] == "wrong")
        .map(|check| {
            assert!(!text(check, "next").is_empty(), "{check}");
            (text(check, "check"), text(check, "detail"))
        })
        .collect()
}

fn recognises(mistake: Mistake, check: &str, part: &str) {
    let ran = doctor(&receiver(mistake), KEY);
    let wrong = wrong(&ran);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].0, check, "{wrong:?}");
    assert!(wrong[0].1.contains(part), "{wrong:?}");
    assert!(!ran.out.contains(KEY) && !ran.out.contains(TOKEN));
}

#[test]
fn a_good_receiver_is_healthy() {
    let ran = doctor(&receiver(M::None), KEY);
    assert_eq!((ran.code, wrong(&ran)), (0, vec![]), "{}", ran.out);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report.as_array().unwrap().len(), 11, "{report:#}");
}

#[test]
fn a_signature_that_nobody_checks_is_a_hole() {
    let ran = doctor(&receiver(M::NotChecked), KEY);
    let wrong = wrong(&ran);
    let names: Vec<&str> = wrong.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((ran.code, names), (1, vec!["signature", "event signature"]));
    assert!(wrong[0].1.contains("security hole"), "{wrong:?}");
    recognises(M::EventsNotChecked, "event signature", "security hole");
}

#[test]
fn another_token_is_recognised() {
    recognises(M::OtherToken, "signature", "what is signed well is refused");
}

#[test]
fn a_plus_that_becomes_a_blank_is_recognised() {
    recognises(M::BlankForPlus, "+ as blank", "become a blank");
}

#[test]
fn parameters_that_nobody_decodes_are_recognised() {
    let ran = doctor(&receiver(M::NotDecoded), KEY);
    let wrong = wrong(&ran);
    assert_eq!(wrong[0].0, "URL-decoding", "{wrong:?}");
}

#[test]
fn a_wrong_key_is_recognised_on_either_side() {
    recognises(M::OtherKey, "key length", "the key is not");
    for (key, part) in [
        (&KEY[1..], "42 characters"),
        (&format!("{KEY}="), "44 characters"),
    ] {
        let ran = doctor("http://127.0.0.1:9/", key);
        let wrong = wrong(&ran);
        assert_eq!((ran.code, wrong.len()), (1, 1));
        assert!(wrong[0].1.contains(part), "{wrong:?}");
        assert!(!ran.out.contains(key) && !ran.err.contains(key));
    }
}

#[test]
fn an_unpadder_of_16_is_recognised() {
    recognises(M::Blocks16, "padding", "blocks had 16 bytes");
}

#[test]
fn receiveids_are_looked_at() {
    recognises(M::OtherReceiveid, "receiveid", "still it is refused");
    recognises(M::EmptyReceiveid, "receiveid", "expects an empty receiveid");
    recognises(M::AnyReceiveid, "receiveid", "somebody else is accepted");
    recognises(M::LeavesReceiveid, "echostr", "receiveid is left");
}

#[test]
fn what_is_added_to_the_answer_is_named() {
    recognises(M::Quotes, "echostr", "quotes");
    recognises(M::Newline, "echostr", "newline");
    recognises(M::Bom, "echostr", "byte order mark");
}

#[test]
fn slow_answers_are_told() {
    let slow = thread::spawn(|| recognises(M::SlowEvent, "event time", "waits 5 s"));
    recognises(M::SlowEcho, "echostr time", "waits 1 s");
    slow.join().unwrap();
}

#[test]
fn other_answers_than_200_are_told() {
    recognises(M::Redirect, "echostr", "a redirect to /elsewhere");
    recognises(M::Broken, "echostr", "HTTP 500 \"oops\", whatever");
    recognises(M::BrokenEvents, "event", "HTTP 404");
    recognises(M::Chatty, "event", "cannot be read");
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let ran = doctor(&format!("http://{closed}/"), KEY);
    assert_eq!((ran.code, wrong(&ran).len()), (1, 1), "{}", ran.out);
    assert_eq!(doctor("no URL", KEY).code, 2);
}
