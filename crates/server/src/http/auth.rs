//! Who calls, and whether that caller may.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, header::AUTHORIZATION};
use qun_domain::{Caller, Hosted, Who, caller, room, token};
use qun_protocol::{
    Auth, Body, Callers, Endpoint, Limit, Refusal as R, Refused, lenient, query, world::AppKind,
};
use serde::Deserialize;

use super::Pairs;
use crate::{app::App, run::blocking};

/// The caller of an endpoint, checked in the order token, address, kind, range. Whether the app is switched on goes with its kind.
pub(super) async fn check<E: Endpoint>(
    app: &Arc<App>,
    pairs: &Pairs<'_>,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<Who, Refused> {
    match E::META.auth {
        // A Juzi token is read with the request; see `hosted`.
        Auth::Open | Auth::Juzi => Ok(Who::Anyone),
        Auth::Manage => operator(app, headers).map(|()| Who::Operator),
        Auth::AccessToken => {
            let caller =
                by_token(app, query::last(pairs, "access_token").unwrap_or_default()).await?;
            if !caller.trusted.is_empty()
                && !caller.trusted.iter().any(|net| net.contains(&address))
            {
                return Err(R::AddressNotAllowed.into());
            }
            if caller.disabled {
                return Err(R::AppDisabled.into());
            }
            may_call(&caller, E::META.callers)?;
            Ok(Who::App(caller))
        }
    }
}

/// The Juzi token of a request: in the query on GET, in the body on POST.
pub(super) fn juzi_token(place: Body, pairs: &Pairs<'_>, body: &[u8]) -> String {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Shown {
        token: Option<String>,
    }
    let shown = match place {
        Body::Json => lenient::json::<Shown>(body),
        _ => lenient::query::<Shown>(pairs),
    };
    shown
        .ok()
        .and_then(|shown| shown.value.token)
        .unwrap_or_default()
}

/// What a Juzi token selects.
pub(super) async fn hosted(app: &Arc<App>, token: String) -> Result<Arc<Hosted>, Refused> {
    if token.is_empty() {
        return Err(R::RoomTokenInvalid.into());
    }
    let (store, now, default) = (
        Arc::clone(&app.store),
        app.now_ms(),
        app.default_rules.clone(),
    );
    let look = move || store.read(|read| room::hosted(read, &token, now, &default));
    match blocking(app.store.is_shared(), look).await {
        Ok(Some(hosted)) => Ok(Arc::new(hosted)),
        Ok(None) => Err(R::RoomTokenInvalid.into()),
        Err(error) => {
            tracing::error!(%error, "the store cannot be read");
            Err(R::SystemBusy.into())
        }
    }
}

/// The app that a token belongs to.
async fn by_token(app: &Arc<App>, token: &str) -> Result<Arc<Caller>, Refused> {
    if token.is_empty() {
        return Err(R::TokenMissing.into());
    }
    let claims = token::Claims::read(token).ok_or(R::TokenInvalid)?;
    let now = app.now_ms();
    let judge = |caller: &Caller| {
        let validity = caller.rules.limit(Limit::TokenSeconds);
        token::judge(token, claims, caller, validity, now / 1000)
    };
    let known = app.callers.known(claims.corp, claims.agentid);
    if let Some(caller) = &known {
        match judge(caller) {
            // Another node may have issued a newer token than the one that is known here.
            Err(_) if app.store.is_shared() && claims.is_newer_than(caller) => {}
            judged => return judged.map(|()| Arc::clone(caller)).map_err(Refused::from),
        }
    }
    let caller = load(app, claims, now).await.map_err(|error| {
        tracing::error!(%error, "the store cannot be read");
        R::SystemBusy
    })?;
    let caller = caller.ok_or(R::TokenInvalid)?;
    judge(&caller)?;
    Ok(caller)
}

/// Loads an app and keeps it.
async fn load(
    app: &Arc<App>,
    claims: token::Claims,
    now: i64,
) -> qun_store::Result<Option<Arc<Caller>>> {
    let shared = app.store.is_shared();
    let app = Arc::clone(app);
    let look = move || {
        app.callers.load(claims.corp, claims.agentid, || {
            app.store.read(|read| {
                caller::load(read, claims.corp, claims.agentid, now, &app.default_rules)
            })
        })
    };
    blocking(shared, look).await
}

fn may_call(caller: &Caller, callers: Callers) -> Result<(), R> {
    let kind = caller.kind;
    let may = match callers {
        Callers::AnyApp => true,
        Callers::SelfBuiltApp | Callers::RootApp => kind == AppKind::SelfBuilt,
        Callers::CustomerContact => caller::has_customer_contact(kind, caller.customer_contact),
        Callers::ContactsSync => kind == AppKind::ContactsSync,
        Callers::DirectoryReader => kind != AppKind::CustomerContact,
    };
    if !may {
        return Err(R::ApiForbidden);
    }
    if callers == Callers::RootApp && !caller.sees_root {
        return Err(R::NoPrivilege);
    }
    Ok(())
}

/// Checks the manage token.
fn operator(app: &App, headers: &HeaderMap) -> Result<(), Refused> {
    let given = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "));
    match given {
        Some(given) if token::same(&token::hash(given.trim()), &app.manage_hash) => Ok(()),
        _ => {
            let detail = "send `Authorization: Bearer` with the token that the server printed and keeps in DATA/credentials.json";
            Err(Refused::because(R::Unauthorised, detail))
        }
    }
}
