use std::{net::SocketAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Path, State},
    response::Response,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use qun_domain::{Failure, Who, media};
use qun_protocol::{
    Endpoint, Refusal as R, Rules,
    media::{Get, MediaType, Picture, Upload, UploadImg},
};
use qun_store::{Effect, table::media::Media};

use super::{Beside, Own, Serve, broken};
use crate::{
    app::{App, caller_address},
    http::{Answer, Call},
    run::{Settings, read, write},
    upload::{RangeAsked, Received, Want, range, receive},
};

/// A file larger than this is read in parts only, bytes (90254).
const WHOLE: i64 = 20 * 1024 * 1024;

const RECORD: Settings = Settings {
    effect: Effect::Change,
    wakes: false,
    evicts: false,
};

/// The company and rules of the calling app.
fn caller(who: &Who) -> Result<(i64, Arc<Rules>), Failure> {
    let caller = who.caller()?;
    Ok((caller.corp, caller.rules.clone()))
}

fn stored(received: Received, kind: &str) -> media::Stored {
    media::Stored {
        kind: kind.into(),
        name: received.filename,
        content_type: received.content_type,
        size: i64::try_from(received.size).unwrap_or(i64::MAX),
        blob: received.blob,
    }
}

/// Receives a file and records it; a file that is not recorded is removed again.
async fn take<E: Endpoint, T: Send + 'static>(
    call: &Call<E>,
    mut beside: Beside,
    want: Want,
    kind: &str,
    record: fn(&mut qun_domain::Cx, &media::Stored) -> qun_domain::Outcome<T>,
) -> Result<(T, Vec<String>), Failure> {
    let (corp, rules) = caller(&call.who)?;
    let content_type = beside.header(header::CONTENT_TYPE).map(str::to_owned);
    let mut received = receive(
        content_type.as_deref(),
        beside.bytes(),
        want,
        &rules,
        &call.app.blobs,
        corp,
    )
    .await?;
    let mut lints = std::mem::take(&mut received.lints);
    let stored = stored(received, kind);
    let blob = stored.blob.clone();
    match write(
        &call.app,
        call.who.clone(),
        call.address,
        RECORD,
        move |cx| record(cx, &stored),
    )
    .await
    {
        Ok((done, more)) => {
            lints.extend(more);
            Ok((done, lints))
        }
        // Perhaps it is recorded. If it is not, its content is swept later.
        Err(Failure::Unknown) => Err(Failure::Unknown),
        Err(failure) => {
            if let Err(error) = call.app.blobs.remove(corp, &blob).await {
                tracing::warn!(%error, "a refused file could not be removed; the next start tries again");
            }
            Err(failure)
        }
    }
}

impl Serve<Upload> for Own {
    async fn serve(call: Call<Upload>, beside: Beside) -> Result<Answer<Upload>, Failure> {
        let kind: MediaType = call
            .request
            .kind
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|()| R::MediaType)?;
        let (uploaded, lints) = take(
            &call,
            beside,
            Want::Media(kind),
            kind.as_str(),
            media::record,
        )
        .await?;
        Ok(Answer::Typed(uploaded, lints))
    }
}

impl Serve<UploadImg> for Own {
    async fn serve(call: Call<UploadImg>, beside: Beside) -> Result<Answer<UploadImg>, Failure> {
        let kind = qun_store::table::media::PICTURE;
        let (name, lints) = take(&call, beside, Want::Picture, kind, media::record_picture).await?;
        let url = format!("{}/_qun/pictures/{name}", call.app.url);
        Ok(Answer::Typed(Picture { url }, lints))
    }
}

impl Serve<Get> for Own {
    async fn serve(call: Call<Get>, beside: Beside) -> Result<Answer<Get>, Failure> {
        let (corp, _) = caller(&call.who)?;
        let media_id = call
            .request
            .media_id
            .clone()
            .filter(|id| !id.is_empty())
            .ok_or(R::MediaIdMissing)?;
        let (file, _) = read(&call.app, &call.who, call.address, move |cx| {
            media::usable(cx.read, corp, &media_id, cx.now)
        })
        .await;
        let file = file?;
        if file.size > WHOLE && beside.header(header::RANGE).is_none() {
            return Err(R::RangeNeeded.into());
        }
        send(&call.app, corp, file, beside.header(header::RANGE))
            .await
            .map(Answer::Raw)
    }
}

/// A file as an answer.
async fn send(
    app: &Arc<App>,
    corp: i64,
    file: Media,
    asked: Option<&str>,
) -> Result<Response, Failure> {
    let size = u64::try_from(file.size).unwrap_or(0);
    let (status, part) = match range(asked, size) {
        RangeAsked::Whole => (StatusCode::OK, 0..size),
        RangeAsked::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        RangeAsked::Unsatisfiable => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
            set(
                response.headers_mut(),
                header::CONTENT_RANGE,
                &format!("bytes */{size}"),
            );
            return Ok(response);
        }
    };
    let content = app
        .blobs
        .read(corp, &file.blob, part.clone())
        .await
        .map_err(|error| broken(app, &error))?;
    let mut response = Response::new(Body::from_stream(content));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    set(headers, header::CONTENT_TYPE, &file.content_type);
    set(
        headers,
        header::CONTENT_LENGTH,
        &(part.end - part.start).to_string(),
    );
    set(headers, header::ACCEPT_RANGES, "bytes");
    // Names are raw UTF-8 on this API; what would end the quotes is replaced.
    let name = file.name.replace(['"', '\\', '\r', '\n'], "_");
    set(
        headers,
        header::CONTENT_DISPOSITION,
        &format!("attachment; filename=\"{name}\""),
    );
    // A file is somebody's upload: no browser shall take it for a page of this server.
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    if status == StatusCode::PARTIAL_CONTENT {
        set(
            headers,
            header::CONTENT_RANGE,
            &format!("bytes {}-{}/{size}", part.start, part.end - 1),
        );
    }
    Ok(response)
}

fn set(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
        headers.insert(name, value);
    }
}

/// `GET /_qun/pictures/{corpid}/{id}`: a picture of uploadimg, for everyone who has its URL.
pub(crate) async fn picture(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((corpid, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let address = caller_address(peer.ip());
    let (found, _) = read(&app, &Who::Anyone, address, move |cx| {
        media::picture(cx.read, &corpid, &id)
    })
    .await;
    let asked = headers
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = match found {
        Ok(Some((corp, file))) => match send(&app, corp, file, asked).await {
            Ok(mut response) => {
                response.headers_mut().remove(header::CONTENT_DISPOSITION);
                return response;
            }
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        },
        Ok(None) => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    response
}
