use std::{net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use qun_domain::{Failure, Outcome, ReadCx, Who, join_way};
use qun_protocol::{Endpoint, groupchat::GetJoinWay, manage::JoinWays};

use super::{Beside, Own, Serve};
use crate::{
    app::{App, caller_address},
    http::{Answer, Call},
    qr,
    run::read,
};

/// The picture of a code never changes; whoever has looked at it may keep it for a day.
const KEPT: HeaderValue = HeaderValue::from_static("public, max-age=86400");

/// Reads what holds URLs of this server.
async fn look<E: Endpoint>(
    call: Call<E>,
    run: fn(&mut ReadCx, &E, &str) -> Outcome<E::Response>,
) -> Result<Answer<E>, Failure> {
    let Call {
        app,
        request,
        who,
        address,
        ..
    } = call;
    let server = app.url.clone();
    let (answer, _) = read(&app, &who, address, move |cx| run(cx, &request, &server)).await;
    Ok(Answer::Typed(answer?, Vec::new()))
}

impl Serve<GetJoinWay> for Own {
    async fn serve(call: Call<GetJoinWay>, _: Beside) -> Result<Answer<GetJoinWay>, Failure> {
        look(call, join_way::get).await
    }
}

impl Serve<JoinWays> for Own {
    async fn serve(call: Call<JoinWays>, _: Beside) -> Result<Answer<JoinWays>, Failure> {
        look(call, join_way::list).await
    }
}

/// `GET /_qun/join/{corpid}/{name}`: where a join way's QR code leads, and with an ending its picture. For everyone who has
/// the URL: nobody can guess it.
pub(crate) async fn join(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((corpid, name)): Path<(String, String)>,
) -> Response {
    let (code, format) = match name.split_once('.') {
        None => (name.as_str(), None),
        Some((code, ending)) => match qr::Format::of_ending(ending) {
            Some(format) => (code, Some(format)),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    let url = format!("{}{}{corpid}/{code}", app.url, join_way::PATH);
    let code = code.to_owned();
    let address = caller_address(peer.ip());
    let (known, _) = read(&app, &Who::Anyone, address, move |cx| {
        join_way::has_code(cx.read, &corpid, &code)
    })
    .await;
    match known {
        Ok(true) => {}
        Ok(false) => return StatusCode::NOT_FOUND.into_response(),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
    let Some(format) = format else {
        let text = format!(
            "群 This QR code leads into a customer group on qun. Nobody's phone is here; let somebody scan it:\n\n  \
             qun people scan USERID {url}\n"
        );
        return text.into_response();
    };
    let file = match qr::draw(&url, format) {
        Ok(file) => file,
        Err(error) => {
            tracing::error!(%error, "a QR code could not be drawn");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let content_type = HeaderValue::from_static(format.content_type());
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, KEPT),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (headers, file).into_response()
}
