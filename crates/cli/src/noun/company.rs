//! `qun company`: companies and the rules in force for them (needs the manage token).

use std::collections::BTreeMap;

use anyhow::Result;
use clap::{Args, Subcommand};
use qun_protocol::{
    Limit, Rulebook,
    manage::{ChangeCompany, ChangeRules, Companies, GetCompany, GetRules, LoadWorld, RulesShown},
    world::{App, Company, User, World},
};
use serde_json::json;

use crate::{
    connect::{Common, Session},
    failure::usage,
};

#[derive(Args)]
pub(crate) struct Noun {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the companies.
    #[command(after_help = "Example:\n  qun company list")]
    List,
    /// Show a company.
    #[command(after_help = "Example:\n  qun company show")]
    Show,
    /// Make a company with one app, and print the app's secret, which is shown this once.
    #[command(
        after_help = "For a company with departments, groups and history load a world: qun world schema\n\nExample:\n  qun company create 我的公司 --id wwmycompany0000001 --users anna,bo"
    )]
    Create(New),
    /// Change a company.
    #[command(after_help = "Example:\n  qun company update --name 新公司 --chat-member-cap 100")]
    Update(Change),
    /// Show the rules in force, or change them from now on.
    #[command(
        after_help = "KEY=VALUE sets a number; -1 takes the limit away, and KEY= goes back to the rulebook's.\n\nExample:\n  qun company rules chat_members_max=300 chat_updates_per_corp_hour=-1"
    )]
    Rules {
        /// Numbers to change
        #[arg(value_name = "KEY=VALUE")]
        limits: Vec<String>,
        /// Another rulebook: documented or live-2026
        #[arg(long, value_name = "NAME")]
        rulebook: Option<Rulebook>,
    },
}

#[derive(Args)]
struct New {
    /// Its name
    name: String,
    /// Its corpid; otherwise one is made
    #[arg(long, value_name = "CORPID")]
    id: Option<String>,
    /// Its rulebook: documented or live-2026; otherwise the server's
    #[arg(long, value_name = "NAME")]
    rulebook: Option<Rulebook>,
    /// People in it, by userid
    #[arg(long, value_name = "USERID", value_delimiter = ',')]
    users: Vec<String>,
    /// The name of its app
    #[arg(long, value_name = "NAME", default_value = "助手")]
    app: String,
}

#[derive(Args)]
#[group(required = true, multiple = true)]
struct Change {
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// 所属行业; empty takes it away
    #[arg(long)]
    industry: Option<String>,
    /// 帐号上限 how many people it may have
    #[arg(long, value_name = "NUMBER")]
    account_cap: Option<i64>,
    /// 群成员人数上限 the most members of a group; 0 takes it away
    #[arg(long, value_name = "NUMBER")]
    chat_member_cap: Option<i64>,
}

pub(crate) async fn run(noun: Noun) -> Result<()> {
    let session = Session::open(noun.common)?;
    match noun.verb {
        Verb::List => {
            let limit = Some(1000);
            let companies = session.all(Companies { after: None, limit }).await?;
            let columns = ["corpid", "name", "rulebook", "account_cap"];
            session.output.list(&columns, &companies)
        }
        Verb::Show => {
            let corpid = session.corpid().await?;
            let company = session.send(GetCompany { corpid }).await?;
            session.output.record(&company)
        }
        Verb::Create(new) => create(&session, new).await,
        Verb::Update(change) => {
            let request = ChangeCompany {
                corpid: session.corpid().await?,
                name: change.name,
                industry: change.industry,
                account_cap: change.account_cap,
                chat_member_cap: change.chat_member_cap,
                developer_id: None,
            };
            match session.change(request).await? {
                Some(company) => session.output.record(&company),
                None => Ok(()),
            }
        }
        Verb::Rules { limits, rulebook } => rules(&session, &limits, rulebook).await,
    }
}

async fn create(session: &Session, new: New) -> Result<()> {
    let user = |userid: String| User {
        userid: userid.into(),
        ..Default::default()
    };
    let company = Company {
        corpid: new.id.map(Into::into),
        name: new.name,
        rulebook: new.rulebook,
        users: new.users.into_iter().map(user).collect(),
        apps: vec![App {
            name: new.app,
            ..Default::default()
        }],
        ..Default::default()
    };
    let world = World {
        version: 1,
        companies: vec![company],
    };
    let Some(loaded) = session.change(LoadWorld { world }).await? else {
        return Ok(());
    };
    let Some(company) = loaded.companies.first() else {
        return Ok(());
    };
    if !company.created {
        return Err(usage(format!(
            "there is a company {} already; choose another --id",
            company.corpid
        )));
    }
    let app = company.agents.first();
    session.output.record(&json!({
        "corpid": company.corpid,
        "agentid": app.map(|app| app.agentid),
        "secret": app.map(|app| &app.secret),
    }))
}

async fn rules(session: &Session, limits: &[String], rulebook: Option<Rulebook>) -> Result<()> {
    let limits: BTreeMap<_, _> = limits
        .iter()
        .map(|text| assignment(text))
        .collect::<Result<_>>()?;
    let corpid = session.corpid().await?;
    let rules = if limits.is_empty() && rulebook.is_none() {
        session.send(GetRules { corpid }).await?
    } else {
        let request = ChangeRules {
            corpid,
            rulebook,
            limits,
        };
        match session.change(request).await? {
            Some(rules) => rules,
            None => return Ok(()),
        }
    };
    show(session, &rules)
}

fn show(session: &Session, rules: &RulesShown) -> Result<()> {
    let rows: Vec<_> = Limit::ALL
        .iter()
        .filter_map(|limit| Some((limit.key(), rules.limits.get(limit.key())?, limit.meaning())))
        .map(|(key, value, meaning)| {
            let changed = rules.overridden.iter().any(|name| name == key);
            json!({ "key": key, "value": value, "changed": changed, "meaning": meaning })
        })
        .collect();
    session.output.talk(format!("rulebook {}", rules.rulebook));
    session
        .output
        .list(&["key", "value", "changed", "meaning"], &rows)
}

fn assignment(text: &str) -> Result<(String, Option<i64>)> {
    let Some((key, value)) = text.split_once('=') else {
        return Err(usage(format!(
            "{text:?} is no assignment; it looks like chat_members_max=300"
        )));
    };
    let limit: Limit = key.parse().map_err(usage)?;
    if value.is_empty() {
        return Ok((limit.key().to_owned(), None));
    }
    let number = value
        .parse()
        .map_err(|_| usage(format!("{key} is a number, not {value:?}")))?;
    Ok((limit.key().to_owned(), Some(number)))
}
