use qun_protocol::{
    Done, Refusal as R, Refused, UserId,
    manage::{AppSecret, AppShown, Apps, AppsOf, ChangeApp, CreateApp, ResetSecret, RevokeTokens},
    world::{App, AppKind, Range},
};
use qun_store::{
    Read,
    table::{
        app::{self, range},
        callback as table, company, directory,
    },
};

use super::bad;
use crate::{
    Command, Cx, Outcome, Query, ReadCx, Use,
    callback::{self, known_app},
    token,
};

/// What entries of a range or a tag name.
pub(super) fn named(read: &mut dyn Read, corp: i64, entries: &[(i64, i64)]) -> Outcome<Range> {
    let of = |wanted| {
        let ids = entries.iter().filter(move |(kind, _)| *kind == wanted);
        ids.map(|(_, id)| *id).collect::<Vec<i64>>()
    };
    let users = directory::userids(read, corp, &of(range::PERSON))?;
    let mut users: Vec<UserId> = users
        .into_iter()
        .map(|(_, userid)| UserId(userid))
        .collect();
    users.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Range {
        users,
        departments: of(range::DEPARTMENT),
        tags: of(range::TAG),
    })
}

fn shown(read: &mut dyn Read, corp: i64, app: app::App) -> Outcome<AppShown> {
    let entries = app::range(read, corp, app.app)?;
    Ok(AppShown {
        agentid: app.app,
        name: app.name,
        kind: AppKind::named(&app.kind),
        customer_contact: app.customer_contact,
        disabled: app.disabled,
        visible: named(read, corp, &entries)?,
        trusted_addresses: addresses(&app.trusted),
    })
}

/// The trusted addresses of an app's row.
pub(crate) fn addresses(trusted: &str) -> Vec<String> {
    serde_json::from_str(trusted).unwrap_or_default()
}

fn check_name(name: &str) -> Outcome<()> {
    if name.chars().count() > 64 {
        Err(bad("an app's name has at most 64 characters"))
    } else {
        Ok(())
    }
}

/// Trusted addresses as they are kept; each is an address or a network.
fn trusted(addresses: &[String]) -> Outcome<String> {
    if addresses.len() > 120 {
        return Err(bad("trusted_addresses has at most 120 entries"));
    }
    for address in addresses {
        if address.parse::<std::net::IpAddr>().is_err() && address.parse::<ipnet::IpNet>().is_err()
        {
            return Err(bad(format!(
                "trusted_addresses: {address:?} is no IP address and no network such as 10.0.0.0/8"
            )));
        }
    }
    Ok(serde_json::to_string(addresses).unwrap_or_default())
}

/// A visible range as entries; whatever it names must be there.
fn entries(read: &mut dyn Read, corp: i64, wanted: &Range) -> Outcome<Vec<(i64, i64)>> {
    let mut entries = Vec::new();
    for userid in &wanted.users {
        let person = directory::person_by_userid(read, corp, &userid.folded())?;
        let person = person
            .ok_or_else(|| Refused::because(R::PersonUnknown, format!("visible: {userid}")))?;
        entries.push((range::PERSON, person.person));
    }
    for id in &wanted.departments {
        if directory::department(read, corp, *id)?.is_none() {
            return Err(Refused::because(R::DepartmentUnknown, format!("visible: {id}")).into());
        }
        entries.push((range::DEPARTMENT, *id));
    }
    for id in &wanted.tags {
        if directory::tag(read, corp, *id)?.is_none() {
            return Err(Refused::because(R::TagUnknown, format!("visible: {id}")).into());
        }
        entries.push((range::TAG, *id));
    }
    Ok(entries)
}

/// Makes an app; its secret is shown this once.
pub(crate) fn create(cx: &mut Cx, company: &company::Company, wanted: &App) -> Outcome<AppSecret> {
    let corp = company.corp;
    check_name(&wanted.name)?;
    if wanted.customer_contact && wanted.kind != AppKind::SelfBuilt {
        return Err(bad("customer_contact (可调用应用) is for self_built apps"));
    }
    let agentid = match wanted.agentid {
        Some(agentid @ 1..=2_147_483_647) => agentid,
        Some(_) => return Err(bad("agentid is 1 to 2147483647")),
        None => app::next_agentid(cx.tx.as_read(), corp)?,
    };
    let secret = match &wanted.secret {
        Some(secret)
            if (16..=128).contains(&secret.len())
                && secret.bytes().all(|b| b.is_ascii_graphic()) =>
        {
            secret.clone()
        }
        Some(_) => return Err(bad("secret has 16 to 128 ASCII characters without blanks")),
        None => cx.letters(43),
    };
    let secret_hash = token::secret_hash(&company.corpid, &secret);
    if app::by_agentid(cx.tx.as_read(), corp, agentid)?.is_some()
        || app::by_secret_hash(cx.tx.as_read(), corp, &secret_hash)?.is_some()
    {
        return Err(Refused::because(R::AppExists, agentid.to_string()).into());
    }
    let row = app::App {
        app: agentid,
        name: wanted.name.clone(),
        kind: wanted.kind.as_str().into(),
        customer_contact: wanted.customer_contact,
        disabled: wanted.disabled,
        trusted: trusted(&wanted.trusted_addresses)?,
        secret_hash,
        token_generation: 1,
        ..Default::default()
    };
    app::insert(cx.tx, corp, &row)?;
    let everyone = Range {
        departments: vec![directory::ROOT],
        ..Default::default()
    };
    let entries = entries(
        cx.tx.as_read(),
        corp,
        wanted.visible.as_ref().unwrap_or(&everyone),
    )?;
    app::set_range(cx.tx, corp, agentid, &entries)?;
    if let Some(wanted) = &wanted.callback {
        let checked = callback::checked(wanted)?;
        table::set(cx.tx, corp, agentid, &checked, cx.now)?;
    }
    company::changed(cx.tx, corp)?;
    if wanted.trusted_addresses.is_empty() {
        cx.lint(format!("app {agentid} has no trusted addresses: here every address may call, in the cloud none (60020)"));
    }
    Ok(AppSecret {
        agentid,
        secret,
        name: wanted.name.clone(),
    })
}

impl Query<Apps> for Use {
    fn run(cx: &mut ReadCx, request: &Apps) -> Outcome<AppsOf> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut apps = Vec::new();
        for app in app::all(cx.read, corp)? {
            apps.push(shown(cx.read, corp, app)?);
        }
        Ok(AppsOf { apps })
    }
}

impl Command<CreateApp> for Use {
    fn run(cx: &mut Cx, request: &CreateApp) -> Outcome<AppSecret> {
        let company = cx.company(Some(&request.corpid))?;
        create(cx, &company, &request.app)
    }
}

impl Command<ChangeApp> for Use {
    fn run(cx: &mut Cx, request: &ChangeApp) -> Outcome<AppShown> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut app = known_app(cx.tx.as_read(), corp, request.agentid)?;
        if let Some(name) = &request.name {
            check_name(name)?;
            app.name.clone_from(name);
        }
        app.customer_contact = request.customer_contact.unwrap_or(app.customer_contact);
        if app.customer_contact && AppKind::named(&app.kind) != AppKind::SelfBuilt {
            return Err(bad("customer_contact (可调用应用) is for self_built apps"));
        }
        app.disabled = request.disabled.unwrap_or(app.disabled);
        if let Some(addresses) = &request.trusted_addresses {
            app.trusted = trusted(addresses)?;
        }
        app::update(cx.tx, corp, &app)?;
        if let Some(visible) = &request.visible {
            let entries = entries(cx.tx.as_read(), corp, visible)?;
            app::set_range(cx.tx, corp, app.app, &entries)?;
        }
        company::changed(cx.tx, corp)?;
        shown(cx.tx.as_read(), corp, app)
    }
}

impl Command<ResetSecret> for Use {
    fn run(cx: &mut Cx, request: &ResetSecret) -> Outcome<AppSecret> {
        let company = cx.company(Some(&request.corpid))?;
        let mut app = known_app(cx.tx.as_read(), company.corp, request.agentid)?;
        let secret = cx.letters(43);
        app.secret_hash = token::secret_hash(&company.corpid, &secret);
        app.token_generation += 1;
        app::update(cx.tx, company.corp, &app)?;
        company::changed(cx.tx, company.corp)?;
        Ok(AppSecret {
            agentid: app.app,
            secret,
            name: app.name,
        })
    }
}

impl Command<RevokeTokens> for Use {
    fn run(cx: &mut Cx, request: &RevokeTokens) -> Outcome<Done> {
        let corp = cx.company(Some(&request.corpid))?.corp;
        let mut app = known_app(cx.tx.as_read(), corp, request.agentid)?;
        app.token_generation += 1;
        app::update(cx.tx, corp, &app)?;
        company::changed(cx.tx, corp)?;
        Ok(Done {})
    }
}
