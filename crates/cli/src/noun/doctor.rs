//! `qun doctor`: what is wrong with the way to the server, and what to do about it.

use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use qun_client::Error;
use qun_protocol::{
    appchat::Get,
    ip_list::ApiAddresses,
    manage::{Companies, GetUsage, Spent},
};

use super::{
    check::{Check, State, print, verdict},
    token::gettoken,
};
use crate::{
    connect::{Common, Session, Source, probe},
    output::moment,
};

/// Look at the way to the server: address, clock, token, trusted address, visible range, limits.
///
/// The report holds no secret and can be pasted. The exit code is 1 if something is wrong.
#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
}

/// A chatid that no group has: whoever may ask is told so.
const NOBODYS: &str = "qundoctorlooksfornothing";

/// Seconds by which the clocks may differ.
const SKEW: i64 = 30;

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    let mut report = vec![settings(&session)];
    let (reachable, date) = base_url(&session).await;
    let there = reachable.state == State::Ok;
    report.push(reachable);
    if there {
        report.push(clock(date));
        report.extend(app(&session).await);
        report.extend(operator(&session).await);
    }
    let head = format!(
        "qun {} on {} {}, {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        session.target.url
    );
    session
        .output
        .text_or_json(|| print(&head, &report), &report)?;
    verdict(&report)
}

fn settings(session: &Session) -> Check {
    let target = &session.target;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "not known".into());
    Check::ok(
        "settings",
        format!(
            "profile {}; corpid {}; secret: {}; manage token: {}",
            target.profile.as_deref().unwrap_or("none"),
            or_none(target.corpid.clone()),
            target.secret.shown(),
            target.manage_token.shown(),
        ),
    )
}

/// Whether anything answers; an answer without parameters is a refusal, which is as good here.
async fn base_url(session: &Session) -> (Check, Option<Timestamp>) {
    const NAME: &str = "base URL";
    let since = Instant::now();
    match probe::get(session, "/cgi-bin/gettoken").await {
        Ok(answer) if answer.status == 200 => {
            let took = since.elapsed().as_millis();
            (
                Check::ok(NAME, format!("answered in {took} ms")),
                answer.date,
            )
        }
        Ok(answer) => {
            let mut check = Check::wrong(
                NAME,
                &anyhow!(
                    "something answers with HTTP {}, and it is no WeCom API",
                    answer.status
                ),
            );
            check.next = Some("check the path in the base URL, and what listens there".into());
            (check, None)
        }
        Err(error) => {
            let mut check = Check::wrong(NAME, &error);
            check.next = Some("check the URL, and that the server runs there: qun up".into());
            (check, None)
        }
    }
}

fn clock(date: Option<Timestamp>) -> Check {
    const NAME: &str = "clock";
    let Some(date) = date else {
        return Check::skipped(NAME, "the server does not say what time it is");
    };
    let ahead = Timestamp::now().as_second() - date.as_second();
    let by = format!("this machine differs by {} s", ahead.abs());
    match ahead.abs() <= SKEW {
        true => Check::ok(NAME, by),
        false => Check {
            state: State::Warning,
            next: Some(
                "set this machine's clock, unless the server's was set on purpose (qun up --clock)"
                    .into(),
            ),
            ..Check::ok(NAME, by)
        },
    }
}

/// What needs the app's secret.
async fn app(session: &Session) -> Vec<Check> {
    const NAMES: [&str; 3] = ["token", "trusted address", "visible range"];
    let [token, address, range] = NAMES;
    if session.target.secret == Source::Nowhere || session.target.corpid.is_none() {
        let why = "set QUN_CORPID and QUN_SECRET, or a profile";
        return NAMES.map(|name| Check::skipped(name, why)).into();
    }
    let mut report = Vec::new();
    match gettoken(session).await {
        Ok(answer) => {
            let seconds = &answer["expires_in"];
            report.push(Check::ok(token, format!("valid for {seconds} s")));
        }
        Err(error) => {
            report.push(Check::wrong(token, &error));
            let why = "without a token nothing more is told";
            report.extend([address, range].map(|name| Check::skipped(name, why)));
            return report;
        }
    }
    match session.send(ApiAddresses {}).await {
        Ok(_) => report.push(Check::ok(address, "this machine may call")),
        Err(error) => {
            report.push(Check::wrong(address, &error));
            report.push(Check::skipped(range, "the call before it was refused"));
            return report;
        }
    }
    let nobodys = Get {
        chatid: Some(NOBODYS.into()),
    };
    report.push(match session.send(nobodys).await {
        Err(error) if error.downcast_ref().is_some_and(Error::is_unknown_chat) => {
            Check::ok(range, "the app may work with groups")
        }
        Err(error) => Check::wrong(range, &error),
        Ok(_) => Check::ok(range, "the app may work with groups"),
    });
    report
}

/// What needs the manage token.
async fn operator(session: &Session) -> Vec<Check> {
    const NAMES: [&str; 2] = ["manage token", "limits left"];
    let [token, limits] = NAMES;
    if session.target.manage_token == Source::Nowhere {
        let why = "set QUN_MANAGE_TOKEN, or a profile; the cloud has none";
        return NAMES.map(|name| Check::skipped(name, why)).into();
    }
    let companies = session.send(Companies::default()).await;
    if let Err(error) = companies {
        let skipped = Check::skipped(limits, "the manage token is not good");
        return vec![Check::wrong(token, &error), skipped];
    }
    let mut report = vec![Check::ok(token, "good")];
    let usage = async {
        let corpid = session.corpid().await?;
        session.send(GetUsage { corpid }).await
    };
    match usage.await {
        // Of the limits that each app has for itself, those of which something is spent.
        Ok(usage) => {
            let limits = usage.limits.iter();
            report.extend(
                limits
                    .filter(|spent| spent.agentid.is_none() || spent.used > 0)
                    .map(left),
            );
        }
        Err(error) => report.push(Check::wrong(limits, &error)),
    }
    report
}

fn left(spent: &Spent) -> Check {
    const NAME: &str = "limits left";
    let Spent { used, most, .. } = spent;
    let limit = match spent.agentid {
        None => spent.limit.clone(),
        Some(agentid) => format!("{} of app {agentid}", spent.limit),
    };
    if *most < 0 {
        return Check::ok(NAME, format!("{limit}: no limit, {used} used"));
    }
    let detail = format!("{limit}: {} of {most}", (most - used).max(0));
    match spent.blocked_until {
        None => Check::ok(NAME, detail),
        Some(until) => Check {
            state: State::Warning,
            next: Some(format!("wait: calls are blocked until {}", moment(until))),
            ..Check::ok(NAME, detail)
        },
    }
}
