//! `qun callback doctor`: the handshake with somebody's receiver, step by step.

mod probe;
mod spoiled;

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use jiff::Timestamp;
use qun_crypt::{EncodingAesKey, open, verify};
use qun_protocol::event::{EnterAgent, Event, Received, Reply, What};

use self::{
    probe::{Answer, LONG, Letters, Probe, SHORT},
    spoiled::{short, spoiled},
};
use super::{
    super::check::{Check, State, print, verdict},
    keys::Keys,
};
use crate::{connect::Session, failure::usage};

/// The end of the help.
pub(super) const HELP: &str = "\
Every request is right but for one thing, so that what fails names the mistake. At the end one
event is posted: enter_agent of a person `qundoctor`. The report holds no secret and can be
pasted. The exit code is 1 if something is wrong.

Example:
  export QUN_CALLBACK_TOKEN=example QUN_CALLBACK_AES_KEY=4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws
  qun callback doctor http://127.0.0.1:7801/callback";

#[derive(Args)]
pub(super) struct Doctor {
    /// The receiver's URL
    #[arg(value_name = "RECEIVER")]
    receiver: String,
    /// For whom it is encrypted, where that is not the company: a suiteid, or empty
    #[arg(long)]
    receiveid: Option<String>,
    #[command(flatten)]
    keys: Keys,
}

/// How long the platform waits for the echostr and for the answer to an event (pages 90930 and 90238).
const ECHO: Duration = Duration::from_secs(1);
const EVENT: Duration = Duration::from_secs(5);

pub(super) async fn run(session: &Session, doctor: Doctor) -> Result<()> {
    let url = doctor.receiver.parse().ok();
    let url: reqwest::Url = url
        .filter(|url: &reqwest::Url| matches!(url.scheme(), "http" | "https"))
        .with_context(|| format!("{:?} is no URL", doctor.receiver))
        .map_err(|error| usage(error.to_string()))?;
    let (token, key) = doctor.keys.read()?;
    let receiveid = match (&doctor.receiveid, &session.target.corpid) {
        (Some(receiveid), _) => receiveid.clone(),
        (None, Some(corpid)) => corpid.clone(),
        (None, None) => {
            return Err(usage(
                "set QUN_CORPID, or say --corpid or --receiveid: the receiver must know for whom it is",
            ));
        }
    };
    let (settings, key) = settings(&token, &key, &receiveid);
    let mut report = vec![settings];
    if let Some(key) = key {
        let probe = Probe {
            http: session.http(url.host_str(), session.timeout())?,
            url,
            token,
            key,
            receiveid,
        };
        report.extend(examine(&probe, session.target.agentid.unwrap_or(1_000_002)).await?);
    }
    let head = format!("qun {}, {}", env!("CARGO_PKG_VERSION"), doctor.receiver);
    session
        .output
        .text_or_json(|| print(&head, &report), &report)?;
    verdict(&report)
}

fn settings(token: &str, key: &str, receiveid: &str) -> (Check, Option<EncodingAesKey>) {
    const NAME: &str = "settings";
    if !(1..=32).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        let what = "a Token is 1 to 32 letters and digits, this one is not";
        let next = "copy it again from where the callback is set";
        return (Check::mistake(NAME, what, next), None);
    }
    match key.parse() {
        Ok(key) => {
            let what = format!("Token and EncodingAESKey look right; receiveid {receiveid:?}");
            (Check::ok(NAME, what), Some(key))
        }
        Err(error) => {
            let next = "copy all of it again, without the = that decoding needs and without blanks";
            (Check::mistake(NAME, format!("{error}"), next), None)
        }
    }
}

async fn examine(probe: &Probe, agentid: i64) -> Result<Vec<Check>> {
    const NAME: &str = "echostr";
    let echo = probe.echo(Letters::Plain, SHORT, &probe.receiveid)?;
    let answer = match probe.get(&echo.encrypted, &probe.token).await {
        Ok(answer) => answer,
        Err(error) => return Ok(vec![unanswered(NAME, &error)]),
    };
    if (300..400).contains(&answer.status) {
        let to = answer.location.as_deref().unwrap_or("nowhere");
        let what = format!(
            "HTTP {}: a redirect to {to}, which is not followed",
            answer.status
        );
        let next = "set the URL that answers itself; look at http or https and at the / at the end";
        return Ok(vec![Check::mistake(NAME, what, next)]);
    }
    let forged = forged(probe, &echo.encrypted, &echo.message).await;
    if answer.status != 200 {
        let mut report = vec![refused(probe, &answer).await?];
        report.extend(forged);
        return Ok(report);
    }
    let mut report = Vec::new();
    if answer.text() == echo.message {
        report.push(Check::ok(NAME, "decrypted and answered as it should be"));
    } else {
        let (what, next) = spoiled(&answer.body, &echo.message, &probe.receiveid);
        report.push(Check::mistake(NAME, what, next));
    }
    let mut slowest = answer.took;
    for variant in VARIANTS {
        report.push(vary(probe, variant, &answer, &echo.message, &mut slowest).await?);
    }
    report.push(speed("echostr time", slowest, ECHO));
    report.push(receiveid(probe).await?);
    report.extend(forged);
    report.extend(event(probe, agentid).await);
    Ok(report)
}

/// An echostr that is right, and has one thing that some receivers cannot read.
struct Variant {
    name: &'static str,
    letters: Letters,
    padding: usize,
    good: &'static str,
    wrong: &'static str,
    next: &'static str,
}

const VARIANTS: [Variant; 3] = [
    Variant {
        name: "URL-decoding",
        letters: Letters::Encoded,
        padding: SHORT,
        good: "%2F and %3D are read as / and =",
        wrong: "an echostr with %2F and %3D is not read",
        next: "URL-decode the parameters, once",
    },
    Variant {
        name: "+ as blank",
        letters: Letters::Plus,
        padding: SHORT,
        good: "%2B is read as +",
        wrong: "an echostr with %2B is not read: the + has become a blank",
        next: "URL-decode the parameters once and not twice; the framework does it already",
    },
    Variant {
        name: "padding",
        letters: Letters::Plain,
        padding: LONG,
        good: "1 to 32 bytes are taken away",
        wrong: "24 bytes of padding are not read: it is unpadded as if blocks had 16 bytes",
        next: "decrypt without padding (NoPadding), then take away as many bytes as the last one says, 1 to 32",
    },
];

async fn vary(
    probe: &Probe,
    variant: Variant,
    plain: &Answer,
    plain_message: &str,
    slowest: &mut Duration,
) -> Result<Check> {
    let echo = probe.echo(variant.letters, variant.padding, &probe.receiveid)?;
    let answer = match probe.get(&echo.encrypted, &probe.token).await {
        Ok(answer) => answer,
        Err(error) => return Ok(unanswered(variant.name, &error)),
    };
    *slowest = answer.took.max(*slowest);
    // What spoils every answer was named already.
    let as_the_plain_one = plain.text().replace(plain_message, &echo.message);
    Ok(
        match answer.status == 200 && answer.text() == as_the_plain_one {
            true => Check::ok(variant.name, variant.good),
            false => Check::mistake(variant.name, variant.wrong, variant.next),
        },
    )
}

/// Why something right was refused: by what else is refused in the same way.
async fn refused(probe: &Probe, answer: &Answer) -> Result<Check> {
    let refusal = format!("HTTP {} {}", answer.status, short(&answer.body));
    let forged = probe
        .echo(Letters::Plain, SHORT, &probe.receiveid)?
        .encrypted;
    let forged = probe.get(&forged, &another(&probe.token)).await;
    // Letters that nobody has encrypted, well signed.
    let garbage = probe.get(&"Qun1".repeat(32), &probe.token).await;
    let (Ok(forged), Ok(garbage)) = (forged, garbage) else {
        let next = "look at its log; it does not always answer";
        return Ok(Check::mistake("echostr", refusal, next));
    };
    let nobodys = probe.echo(Letters::Plain, SHORT, "")?;
    let nobodys_answer = probe.get(&nobodys.encrypted, &probe.token).await;
    if nobodys_answer.is_ok_and(|answer| answer.text().contains(&nobodys.message)) {
        return Ok(Check::mistake(
            "receiveid",
            format!(
                "{refusal}: it expects an empty receiveid, not {:?}",
                probe.receiveid
            ),
            "compare the receiveid with the corpid; it is empty for a person's callbacks alone",
        ));
    }
    if answer.is_like(&forged) && (answer.status >= 500 || matches!(answer.status, 404 | 405)) {
        return Ok(Check::mistake(
            "echostr",
            format!("{refusal}, whatever is asked"),
            "look at the path in the URL, and at the receiver's log: it must answer GET and POST",
        ));
    }
    Ok(match (answer.is_like(&forged), answer.is_like(&garbage)) {
        (true, _) => Check::mistake(
            "signature",
            format!("{refusal}, as for a wrong signature: what is signed well is refused"),
            "check the Token; sort the four texts byte by byte (token, timestamp, nonce, echostr), SHA-1, lower-case hex",
        ),
        (false, true) => Check::mistake(
            "key length",
            format!(
                "{refusal}, as for what cannot be decrypted: the signature is right, the key is not"
            ),
            "check the EncodingAESKey: 43 characters and = are base64 of 32 bytes, for AES-256-CBC; the IV is the first 16 of them",
        ),
        (false, false) => Check::mistake(
            "receiveid",
            format!("{refusal}: signature and key are right, and still it is refused"),
            format!(
                "check with which receiveid it compares; this was for {:?}",
                probe.receiveid
            ),
        ),
    })
}

async fn receiveid(probe: &Probe) -> Result<Check> {
    const NAME: &str = "receiveid";
    let echo = probe.echo(Letters::Plain, SHORT, "wwsomebodyelse0001")?;
    Ok(match probe.get(&echo.encrypted, &probe.token).await {
        Err(error) => unanswered(NAME, &error),
        Ok(answer) if answer.text().contains(&echo.message) => Check::mistake(
            NAME,
            "what was encrypted for somebody else is accepted",
            "compare what follows the text with the corpid (or suiteid), and refuse the rest",
        ),
        Ok(_) => Check::ok(NAME, "what is for somebody else is refused"),
    })
}

/// A receiver that accepts any signature lets everybody in.
async fn forged(probe: &Probe, encrypted: &str, message: &str) -> Option<Check> {
    const NAME: &str = "signature";
    let answer = probe.get(encrypted, &another(&probe.token)).await.ok()?;
    Some(match answer.text().contains(message) {
        true => Check::mistake(
            NAME,
            "a wrong signature is accepted: a security hole, anybody can send what was sent before",
            "compute the signature and compare it, in constant time, before anything is decrypted",
        ),
        false => Check::ok(NAME, "a wrong one is refused"),
    })
}

async fn event(probe: &Probe, agentid: i64) -> Vec<Check> {
    const NAME: &str = "event";
    const SIGNATURE: &str = "event signature";
    let mut xml = Received {
        to_user_name: probe.receiveid.clone(),
        from_user_name: "qundoctor".into(),
        create_time: Timestamp::now().as_second(),
        agent_id: Some(agentid),
        what: What::Event(Event::EnterAgent(EnterAgent::default())),
    }
    .write();
    // Blanks after the end, so that the padding is one that every unpadder takes: it has a check of its own.
    while !probe.has_padding(&xml, SHORT) {
        xml.push('\n');
    }
    let mut report = Vec::new();
    match probe.post(&xml, agentid, &probe.token).await {
        Err(error) => return vec![unanswered(NAME, &error)],
        Ok(answer) => {
            report.push(accepted(probe, &answer));
            report.push(speed("event time", answer.took, EVENT));
        }
    }
    report.push(match probe.post(&xml, agentid, &another(&probe.token)).await {
        Err(error) => unanswered(SIGNATURE, &error),
        Ok(answer) if answer.status == 200 && is_receipt(&answer) => Check::mistake(
            SIGNATURE,
            "a wrong signature is accepted: a security hole, anybody can send events",
            "compute the signature over the text of <Encrypt> and compare it before anything is decrypted; answer 403",
        ),
        Ok(_) => Check::ok(SIGNATURE, "a wrong one is refused"),
    });
    report
}

/// Whether an answer says no more than that the event has come.
fn is_receipt(answer: &Answer) -> bool {
    let text = answer.text();
    text.trim().is_empty() || text.trim().eq_ignore_ascii_case("success")
}

/// What became of an event.
fn accepted(probe: &Probe, answer: &Answer) -> Check {
    const NAME: &str = "event";
    if answer.status != 200 {
        let what = format!("HTTP {} {}", answer.status, short(&answer.body));
        let next =
            "answer 200 to every event, also of kinds that you do not use; others are sent again";
        return Check::mistake(NAME, what, next);
    }
    if is_receipt(answer) {
        return Check::ok(NAME, "accepted");
    }
    let opened = || -> Result<Reply, qun_crypt::Error> {
        let reply = qun_crypt::Reply::read(&answer.text())?;
        let (time, nonce) = (&reply.timestamp, &reply.nonce);
        verify(
            &probe.token,
            time,
            nonce,
            &reply.encrypt,
            &reply.msg_signature,
        )?;
        let plain = open(&probe.key, &reply.encrypt, &probe.receiveid)?;
        Reply::read(&String::from_utf8_lossy(&plain))
    };
    match opened() {
        Ok(reply) => Check::ok(NAME, format!("answered with {}", reply.what.msg_type())),
        Err(error) => Check::mistake(
            NAME,
            format!("the answer {} cannot be read: {error}", short(&answer.body)),
            "answer `success`, nothing, or an encrypted message in <xml> with Encrypt, MsgSignature, TimeStamp and Nonce",
        ),
    }
}

fn speed(check: &'static str, took: Duration, most: Duration) -> Check {
    let what = format!("answered in {} ms", took.as_millis());
    match took <= most {
        true => Check::ok(check, what),
        false => Check::mistake(
            check,
            format!("{what}; the platform waits {} s", most.as_secs()),
            "answer first and work then: put events into a queue",
        ),
    }
}

fn unanswered(check: &'static str, error: &anyhow::Error) -> Check {
    Check {
        state: State::Wrong,
        next: Some("check the URL, and that the receiver runs and can be reached from here".into()),
        ..Check::wrong(check, error)
    }
}

/// Some other Token.
fn another(token: &str) -> String {
    token.chars().rev().chain("x".chars()).collect()
}
