//! From a request to its use case, and back.

mod auth;
mod decode;
pub(crate) mod rates;
mod reply;
mod route;
mod tail;

use std::{
    borrow::Cow,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant, UNIX_EPOCH},
};

use axum::{body::Body, extract::Request, response::Response};
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderValue, StatusCode, header, request::Parts};
use qun_domain::{Failure, Who};
use qun_protocol::{
    Auth, Body as Place, Endpoint, Envelope, Limit, Refusal as R, Refused, Rules, lenient, query,
};

pub(crate) use route::router;

use crate::{
    app::{App, caller_address},
    serve::Beside,
};

/// A query's pairs.
pub(crate) type Pairs<'a> = [(Cow<'a, str>, Cow<'a, str>)];

/// A world may be this large, bytes; it is the one body of the own API that grows.
const WORLD_BYTES: usize = 256 * 1024 * 1024;

/// A request that was let in and read.
pub(crate) struct Call<E> {
    pub(crate) app: Arc<App>,
    pub(crate) request: E,
    /// Something of the request could not be read.
    pub(crate) warning: bool,
    pub(crate) who: Who,
    pub(crate) address: std::net::IpAddr,
}

/// What runs a read request: a query, a command, or something of the server's own.
pub(crate) trait Runner<E: Endpoint>: Send + Sync + 'static {
    /// Runs it. `beside` is what travels with it: the request's headers, and its body where that is a file.
    fn run(
        call: Call<E>,
        beside: Beside,
    ) -> impl Future<Output = Result<Answer<E>, Failure>> + Send;
}

/// A good answer.
pub(crate) enum Answer<E: Endpoint> {
    /// In the endpoint's envelope.
    Typed(E::Response, Vec<String>),
    /// The body of a good answer in the cloud's envelope.
    Kept(Bytes),
    /// As it is: a file.
    Raw(Response),
}

/// One request, from its head to its answer.
async fn handle<E: Endpoint, U: Runner<E>>(
    app: Arc<App>,
    fields: Arc<decode::Fields>,
    path: Vec<(String, String)>,
    peer: SocketAddr,
    request: Request,
) -> Response {
    let begun = Instant::now();
    let (
        Parts {
            method,
            uri,
            headers,
            ..
        },
        body,
    ) = request.into_parts();
    let address = caller_address(peer.ip());
    let now = app.now_ms();
    let mut told = reply::Told {
        book: app.default_rules.book,
        address,
        warning: false,
        now,
    };
    let pairs = query::pairs(uri.query().unwrap_or_default());
    let result = async {
        let mut who = auth::check::<E>(&app, &pairs, &headers, address).await?;
        let rules = match &who {
            Who::App(caller) => &*caller.rules,
            _ => &app.default_rules,
        };
        told.book = rules.book;
        let corp = match &who {
            Who::App(caller) => Some(caller.corp),
            _ => None,
        };
        let right_method = method.as_str() == E::META.method.as_str();
        let (bytes, beside) = match E::META.body {
            Place::Upload if right_method => (Vec::new(), Beside::new(headers, Some(body))),
            Place::Json | Place::Item(_) if right_method => {
                (collect::<E>(rules, body).await?, Beside::new(headers, None))
            }
            _ => (Vec::new(), Beside::new(headers, None)),
        };
        let request = match E::META.envelope {
            Envelope::Manage => decode::strict::<E>(&fields, &path, &pairs, &bytes)?,
            Envelope::Wecom | Envelope::Room | Envelope::RoomErrcode => {
                let decoded = match E::META.body {
                    Place::Json | Place::Item(_) => lenient::json::<E>(&bytes),
                    // A GET endpoint that is called otherwise has its parameters in the query all the same.
                    Place::Query | Place::Upload => lenient::query::<E>(&pairs),
                };
                let decoded = decoded.map_err(|lenient::Nul| R::IllegalCharacter)?;
                told.warning = decoded.warning;
                decoded.value
            }
        };
        let admitted = match E::META.envelope {
            Envelope::Manage => None,
            _ => Some(
                app.rates
                    .admit(rules, corp, address, E::META.path, now)
                    .ok_or(R::Frequency)?,
            ),
        };
        if E::META.auth == Auth::Juzi {
            // The token is a field of the request itself.
            let token = auth::juzi_token(E::META.body, &pairs, &bytes);
            let hosted = auth::hosted(&app, token).await?;
            let scope = (hosted.corp, hosted.hosting);
            if !app.rates.admit_token(&hosted.rules, scope, now) {
                return Err(R::Frequency.into());
            }
            who = Who::Juzi(hosted);
        }
        let call = Call {
            app: app.clone(),
            request,
            warning: told.warning,
            who: who.clone(),
            address,
        };
        let result = U::run(call, beside).await;
        if let (Err(_), Some(admitted)) = (&result, &admitted) {
            app.rates.give_back(admitted);
        }
        result
    };
    let result = result.await;
    let (mut response, refusal) = match result {
        Ok(Answer::Typed(response, lints)) => {
            for lint in &lints {
                app.metrics.lint();
                tracing::info!(target: "qun::lint", endpoint = E::META.path, "{lint}");
            }
            (reply::success::<E>(&told, &response), None)
        }
        Ok(Answer::Kept(body)) => (reply::kept(body), None),
        Ok(Answer::Raw(response)) => (response, None),
        Err(Failure::Unknown) => {
            tracing::error!(
                endpoint = E::META.path,
                "nobody knows whether this was done: the connection is closed without an answer"
            );
            return reply::broken_off();
        }
        Err(failure) => {
            let refused = refused(failure);
            if !E::META.declares(refused.refusal) {
                tracing::error!(endpoint = E::META.path, refusal = ?refused.refusal, "a refusal that the endpoint does not declare");
                debug_assert!(
                    false,
                    "{} refuses {:?}, which it does not declare",
                    E::META.path,
                    refused.refusal
                );
            }
            tracing::info!(endpoint = E::META.path, refusal = ?refused.refusal, %address, "{refused}");
            (reply::refusal::<E>(&told, &refused), Some(refused.refusal))
        }
    };
    if app.clock.is_movable() {
        // Clients align their windows with it; without this it were the system's.
        let time = UNIX_EPOCH + Duration::from_millis(app.now_ms().unsigned_abs());
        if let Ok(time) = HeaderValue::try_from(httpdate::fmt_http_date(time)) {
            response.headers_mut().insert(header::DATE, time);
        }
    }
    app.metrics.answered(
        E::META.path,
        E::META.method.as_str(),
        refusal,
        begun.elapsed(),
    );
    response
}

fn refused(failure: Failure) -> Refused {
    match failure {
        Failure::Refused(refused) | Failure::Traced(refused, _) => refused,
        Failure::Store(error) => {
            tracing::error!(%error, "the store failed");
            R::SystemBusy.into()
        }
        Failure::Unknown => R::SystemBusy.into(),
    }
}

/// The whole body, up to its limit.
async fn collect<E: Endpoint>(rules: &Rules, body: Body) -> Result<Vec<u8>, Refused> {
    let limit = match E::META.body {
        Place::Item("world") => WORLD_BYTES,
        _ => rules.size(Limit::BodyBytes),
    };
    let mut bytes = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        // A body that breaks off is read as far as it came: its JSON says the rest.
        let Ok(chunk) = chunk else { break };
        if bytes.len() + chunk.len() > limit {
            return Err(R::BodyTooLarge.into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The answer to a path that is none.
async fn unknown() -> Response {
    reply::nothing(StatusCode::NOT_FOUND)
}
