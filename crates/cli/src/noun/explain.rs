//! `qun explain`: what an errcode means, in both rulebooks and in the cloud.

use anyhow::Result;
use clap::Args;
use qun_client::Error;
use qun_protocol::{
    Refusal, Rulebook, all,
    errcode::{Errcode, PAGE, TABLE},
};
use serde::Serialize;

use crate::{
    failure::not_found,
    output::{Format, Output, line},
};

/// Explain an errcode: what it means in both rulebooks and in the cloud, and what to do.
#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    format: Format,
    /// The errcode
    #[arg(value_name = "ERRCODE", allow_negative_numbers = true)]
    code: i64,
}

/// Everything that is known of an errcode.
#[derive(Serialize)]
struct Explained {
    code: i64,
    /// The official table's words; absent where the cloud has no such code.
    official: Option<&'static str>,
    /// The same in English.
    cloud: Option<&'static str>,
    /// The cloud's errmsg as it was seen.
    errmsg: Option<&'static str>,
    causes: Vec<Cause>,
    page: Option<String>,
}

/// One reason for which a rulebook answers so.
#[derive(Serialize)]
struct Cause {
    rulebooks: Vec<&'static str>,
    meaning: &'static str,
    errmsg: &'static str,
    endpoints: Vec<String>,
    advice: Option<&'static str>,
}

pub(crate) fn run(noun: Noun) -> Result<()> {
    let output = Output::new(noun.format)?;
    let explained = explain(noun.code);
    if explained.cloud.is_none() && explained.causes.is_empty() {
        let near: Vec<String> = nearest(noun.code).iter().map(i64::to_string).collect();
        return Err(not_found(format!(
            "no errcode {} is known here; near it are {}. The whole table: {}",
            noun.code,
            near.join(", "),
            link(PAGE)
        )));
    }
    output.text_or_json(|| print(&explained), &explained)
}

fn link(page: u32) -> String {
    format!("https://developer.work.weixin.qq.com/document/path/{page}")
}

fn explain(code: i64) -> Explained {
    let official = Errcode::find(code);
    let mut causes: Vec<Cause> = Vec::new();
    for book in Rulebook::ALL {
        for refusal in Refusal::ALL {
            let endpoints = places(*refusal, book, code);
            let text = refusal.text(book).trim();
            if endpoints.is_empty() {
                continue;
            }
            let same = |cause: &&mut Cause| {
                cause.meaning == refusal.meaning()
                    && cause.errmsg == text
                    && cause.endpoints == endpoints
            };
            match causes.iter_mut().find(same) {
                Some(cause) => cause.rulebooks.push(book.as_str()),
                None => causes.push(Cause {
                    rulebooks: vec![book.as_str()],
                    meaning: refusal.meaning(),
                    errmsg: text,
                    advice: advice(code, text, &endpoints),
                    endpoints,
                }),
            }
        }
    }
    causes.extend(of_rooms(code));
    Explained {
        code,
        official: official.map(|row| row.official),
        cloud: official.map(|row| row.meaning),
        errmsg: official.map(|row| row.text).filter(|text| !text.is_empty()),
        causes,
        page: official.map(|_| link(PAGE)),
    }
}

/// What each of Juzi's endpoints means with a number, in both rulebooks.
fn of_rooms(code: i64) -> impl Iterator<Item = Cause> {
    let own = all::ALL.iter().flat_map(move |entry| {
        let codes = entry.meta.codes.iter();
        codes
            .filter(move |(_, own, _)| i64::from(*own) == code)
            .map(|(refusal, _, text)| (entry.meta.name(), refusal, *text))
    });
    own.map(move |(name, refusal, text)| {
        let endpoints = vec![name];
        Cause {
            rulebooks: Rulebook::ALL.map(Rulebook::as_str).to_vec(),
            meaning: refusal.meaning(),
            errmsg: text,
            advice: advice(code, text, &endpoints),
            endpoints,
        }
    })
}

/// Where a rulebook answers a refusal with this code.
fn places(refusal: Refusal, book: Rulebook, code: i64) -> Vec<String> {
    all::ALL
        .iter()
        .map(|entry| entry.meta)
        .filter(|meta| code != 0 && meta.declares(refusal))
        .filter(|meta| meta.own_code(refusal).is_none())
        .filter(|meta| i64::from(refusal.code(book, meta)) == code)
        .map(|meta| meta.name())
        .collect()
}

/// What the client library would say to such an answer.
fn advice(code: i64, text: &str, endpoints: &[String]) -> Option<&'static str> {
    let entry = endpoints.first().and_then(|name| all::named(name))?;
    let (path, message) = (entry.meta.path, text.to_owned());
    let error = match code {
        45009 => Error::Quota {
            path,
            message,
            hint: None,
        },
        _ => Error::Refused {
            path,
            code,
            message,
            hint: None,
        },
    };
    error.advice()
}

/// The three known codes that are nearest by number.
fn nearest(code: i64) -> Vec<i64> {
    let mut codes: Vec<i64> = TABLE.iter().map(|row| row.code.into()).collect();
    codes.sort_by_key(|known| (known - code).unsigned_abs());
    codes.truncate(3);
    codes.sort_unstable();
    codes
}

fn print(explained: &Explained) -> Result<()> {
    let Explained {
        code,
        official,
        cloud,
        errmsg,
        causes,
        page,
    } = explained;
    line(code.to_string())?;
    match (official, cloud) {
        (Some(official), Some(meaning)) => {
            line(format!("  in the cloud: {official}: {meaning}"))?;
        }
        _ => line("  in the cloud: no such code")?,
    }
    if let Some(errmsg) = errmsg {
        line(format!("  errmsg seen:  {errmsg}"))?;
    }
    for cause in causes {
        line(format!("\n  under {}:", cause.rulebooks.join(" and ")))?;
        line(format!("    {}", cause.meaning))?;
        line(format!("    errmsg:     {}", cause.errmsg))?;
        line(format!("    at:         {}", shortened(&cause.endpoints)))?;
        if let Some(advice) = cause.advice {
            line(format!("    what to do: {advice}"))?;
        }
    }
    if let Some(page) = page {
        line(format!("\n  {page}"))?;
    }
    Ok(())
}

fn shortened(endpoints: &[String]) -> String {
    match endpoints {
        [many @ .., _] if many.len() > 5 => {
            format!("{} and {} more", many[..5].join(", "), endpoints.len() - 5)
        }
        few => few.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_told_apart_by_rulebook() {
        let explained = explain(86004);
        let under = |book: &str| {
            let has = |cause: &&Cause| cause.rulebooks.contains(&book);
            explained.causes.iter().find(has).unwrap().meaning
        };
        assert_eq!(under("documented"), Refusal::MemberCount.meaning());
        assert_eq!(under("live-2026"), Refusal::ChatName.meaning());
        assert!(explained.official.unwrap().contains("群名不合法"));
        assert_eq!(explain(86002).cloud, None);
        assert_eq!(explain(60011).causes.len(), 1);
        let texts: Vec<&str> = explain(-9)
            .causes
            .iter()
            .map(|cause| cause.errmsg)
            .collect();
        assert_eq!(
            texts,
            ["群聊中已经存在此好友", "创建群聊失败", "群聊加载失败"]
        );
    }

    #[test]
    fn every_code_that_is_answered_is_explained() {
        for row in TABLE {
            assert!(explain(row.code.into()).cloud.is_some());
        }
        let unknown = explain(86666);
        assert!(unknown.cloud.is_none() && unknown.causes.is_empty());
        assert_eq!(nearest(86666), [86222, 86224, 86225]);
    }
}
