//! Answers in the endpoint's envelope.

use std::net::IpAddr;

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header::CONTENT_TYPE};
use qun_protocol::{
    Endpoint, Envelope, Refusal as R, Refused, Rulebook,
    envelope::{self, Problem, ProblemText},
};

const ERROR_CODE: HeaderName = HeaderName::from_static("error-code");
const ERROR_MSG: HeaderName = HeaderName::from_static("error-msg");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=UTF-8");

/// What an answer depends on beside its endpoint.
pub(super) struct Told {
    pub(super) book: Rulebook,
    pub(super) address: IpAddr,
    /// Something in the request could not be read.
    pub(super) warning: bool,
    /// Milliseconds UTC, for the hint.
    pub(super) now: i64,
}

pub(super) fn success<E: Endpoint>(told: &Told, response: &E::Response) -> Response {
    let (errmsg, body) = match E::META.envelope {
        Envelope::Wecom => {
            let errmsg = envelope::success_text(&E::META, told.warning);
            let body = envelope::success(response, &errmsg);
            (Some(errmsg), body)
        }
        Envelope::Manage => (None, serde_json::to_vec(response)),
    };
    match body {
        Ok(body) => {
            let mut response = json(StatusCode::OK, body);
            if let Some(errmsg) = errmsg {
                headers(&mut response, 0, &errmsg);
            }
            response
        }
        Err(error) => {
            tracing::error!(%error, endpoint = E::META.path, "an answer cannot be written");
            refusal::<E>(told, &R::SystemBusy.into())
        }
    }
}

/// No answer: the connection ends before one is whole.
pub(super) fn broken_off() -> Response {
    let error = std::io::Error::other("nobody knows what became of the request");
    Response::new(Body::from_stream(futures_util::stream::once(async {
        Err::<Vec<u8>, _>(error)
    })))
}

/// A good answer in the cloud's envelope whose body is there already.
pub(super) fn kept(body: Bytes) -> Response {
    let mut response = json(StatusCode::OK, body);
    headers(&mut response, 0, "ok");
    response
}

pub(super) fn refusal<E: Endpoint>(told: &Told, refused: &Refused) -> Response {
    if refused.refusal == R::ApiUnknown {
        return nothing(StatusCode::NOT_FOUND);
    }
    match E::META.envelope {
        Envelope::Wecom => {
            let address = told.address.to_string();
            let (code, errmsg) = envelope::errmsg(
                told.book,
                &E::META,
                refused,
                told.warning,
                &hint(told.now),
                &address,
            );
            let mut response = json(StatusCode::OK, envelope::failure(&E::META, code, &errmsg));
            headers(&mut response, code, &errmsg);
            response
        }
        Envelope::Manage => {
            let status =
                StatusCode::from_u16(refused.refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            let problem = Problem {
                error: ProblemText {
                    code: refused.refusal.name(),
                    message: refused.message(),
                },
            };
            json(status, serde_json::to_vec(&problem).unwrap_or_default())
        }
    }
}

/// An answer without a body.
pub(super) fn nothing(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

fn headers(response: &mut Response, code: i32, errmsg: &str) {
    response
        .headers_mut()
        .insert(ERROR_CODE, HeaderValue::from(code));
    if let Ok(errmsg) = HeaderValue::from_str(errmsg) {
        response.headers_mut().insert(ERROR_MSG, errmsg);
    }
}

/// The id that a refusal's text carries: 25 digits that begin with the time.
fn hint(now_ms: i64) -> String {
    let mut bytes = [0; 8];
    // Without chance the id is only less unique.
    let _ = getrandom::fill(&mut bytes);
    format!(
        "{}{:015}",
        now_ms / 1000,
        u64::from_le_bytes(bytes) % 1_000_000_000_000_000
    )
}
