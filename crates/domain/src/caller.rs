//! Who an access token belongs to.

use std::sync::Arc;

use qun_protocol::{
    Rules,
    world::{AppKind, UserStatus},
};
use qun_store::{
    Read, Result,
    table::{app, company, directory},
};

use crate::{Caller, Everybody, manage::app::addresses, rule};

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
    let kind = AppKind::named(&row.kind);
    let sees_root = range.contains(&(app::range::DEPARTMENT, directory::ROOT));
    let everybody = match sees_root && has_customer_contact(kind, row.customer_contact) {
        true => everybody(read, corp)?.map(Arc::new),
        false => None,
    };
    let company = company::by_corp(read, corp)?.unwrap_or_default();
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
        kind,
        customer_contact: row.customer_contact,
        disabled: row.disabled,
        sees_root,
        everybody,
        trusted: trusted.collect(),
        developer: company.developer_id.is_some(),
        version: company.version,
        rules: Arc::new(rule::rules::in_force(read, corp, now, default)?),
        token_generation: row.token_generation,
        token_issued: row.token_issued,
        token_hash: row.token_hash,
    }))
}

/// Whoever asks for everybody's groups may have a thousand people in range, so more than twice that need not be known.
const FEW: i64 = 2_000;

/// The people of a company, unless they are many.
fn everybody(read: &mut dyn Read, corp: i64) -> Result<Option<Everybody>> {
    let people = directory::statuses(read, corp, FEW + 1)?;
    if people.len() as i64 > FEW {
        return Ok(None);
    }
    let mut all = Everybody::default();
    for (person, status) in people {
        match UserStatus::numbered(status) {
            UserStatus::Left => {
                all.left.insert(person);
            }
            _ => all.staff += 1,
        }
    }
    Ok(Some(all))
}
