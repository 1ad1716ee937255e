//! Who an access token belongs to.

use std::sync::Arc;

use qun_protocol::{Rules, world::AppKind};
use qun_store::{
    Read, Result,
    table::{app, company, directory},
};

use crate::{Caller, manage::app::addresses, rule};

/// Whether an app may call customer contact: the app of that name, or a self-built one that is 可调用应用.
pub fn has_customer_contact(kind: AppKind, callable: bool) -> bool {
    match kind {
        AppKind::CustomerContact => true,
        AppKind::SelfBuilt => callable,
        AppKind::ContactsSync => false,
    }
}

/// The app of a company as a caller, with everything that checks need; times are ms UTC.
pub fn load(
    read: &mut dyn Read,
    corp: i64,
    agentid: i64,
    now: i64,
    default: &Rules,
) -> Result<Option<Caller>> {
    let Some(row) = app::by_agentid(read, corp, agentid)? else {
        return Ok(None);
    };
    let range = app::range(read, corp, agentid)?;
    let trusted = addresses(&row.trusted);
    let trusted = trusted.iter().filter_map(|text| {
        text.parse().ok().or_else(|| {
            text.parse::<std::net::IpAddr>()
                .ok()
                .map(ipnet::IpNet::from)
        })
    });
    Ok(Some(Caller {
        corp,
        agentid,
        kind: AppKind::named(&row.kind),
        customer_contact: row.customer_contact,
        disabled: row.disabled,
        sees_root: range.contains(&(app::range::DEPARTMENT, directory::ROOT)),
        trusted: trusted.collect(),
        version: company::by_corp(read, corp)?.unwrap_or_default().version,
        rules: Arc::new(rule::rules::in_force(read, corp, now, default)?),
        token_generation: row.token_generation,
        token_issued: row.token_issued,
        token_hash: row.token_hash,
    }))
}
