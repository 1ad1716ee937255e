//! The one list of endpoints as routes.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, RawPathParams, Request, State},
    response::{IntoResponse, Response},
    routing::{self, MethodFilter, MethodRouter},
};
use http::{HeaderValue, StatusCode, header};
use qun_protocol::{Endpoint, Envelope, Method};

use super::{Runner, decode::Fields, handle, tail, unknown};
use crate::{
    app::App,
    docs,
    run::{self, blocking},
    serve,
};

macro_rules! routes {
    ($($kind:ident $endpoint:ty;)*) => {
        fn endpoints(mut router: Router<Arc<App>>) -> Router<Arc<App>> {
            $(router = route::<$endpoint, runner!($kind)>(router);)*
            router
        }
    };
}

macro_rules! runner {
    (query) => {
        run::Read
    };
    (command) => {
        run::Write
    };
    (serve) => {
        serve::Own
    };
}

qun_protocol::endpoints!(routes);

fn route<E: Endpoint, R: Runner<E>>(router: Router<Arc<App>>) -> Router<Arc<App>> {
    let fields = Arc::new(Fields::of::<E>());
    let handler = move |State(app): State<Arc<App>>,
                        ConnectInfo(peer): ConnectInfo<SocketAddr>,
                        path: RawPathParams,
                        request: Request| {
        let path = path
            .iter()
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect();
        let fields = fields.clone();
        async move { handle::<E, R>(app, fields, path, peer, request).await }
    };
    let filter = match E::META.method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Patch => MethodFilter::PATCH,
        Method::Delete => MethodFilter::DELETE,
    };
    let route: MethodRouter<Arc<App>> = match E::META.envelope {
        Envelope::Wecom => routing::any(handler),
        Envelope::Manage => routing::on(filter, handler),
    };
    router.route(E::META.path, route)
}

/// Everything that the server answers.
pub(crate) fn router(app: Arc<App>) -> Router {
    endpoints(Router::new())
        .route("/livez", routing::get(|| async { "ok\n" }))
        .route("/readyz", routing::get(ready))
        .route("/metrics", routing::get(metrics))
        .route("/_qun/openapi.json", routing::get(openapi))
        .route("/_qun/world.schema.json", routing::get(world_schema))
        .route("/_qun/docs", routing::get(docs_page))
        .route("/_qun/pictures/{corpid}/{id}", routing::get(serve::picture))
        .route("/_qun/join/{corpid}/{name}", routing::get(serve::join))
        .fallback(unknown)
        .layer(axum::middleware::from_fn(tail::read_on))
        .with_state(app)
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    let stopping = *app.stopping.borrow();
    let store = Arc::clone(&app.store);
    let look = move || store.read(|read| qun_store::table::meta::get(read, "schema"));
    match blocking(app.store.is_shared(), look).await {
        Ok(_) if !stopping => "ready\n".into_response(),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response(),
    }
}

/// So long a scrape waits for the store.
const PATIENCE: Duration = Duration::from_secs(2);

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let store = Arc::clone(&app.store);
    let look = move || store.read(qun_store::table::callback::waiting);
    let look = blocking(app.store.is_shared(), look);
    // What is told of the process itself is wanted most while the store is away.
    let waiting = match tokio::time::timeout(PATIENCE, look).await {
        Ok(Ok(waiting)) => Some(waiting),
        Ok(Err(_)) | Err(_) => None,
    };
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    (
        [(header::CONTENT_TYPE, kind)],
        app.metrics.render(app.store.stats(), waiting),
    )
        .into_response()
}

fn json(value: &serde_json::Value) -> Response {
    let kind = HeaderValue::from_static("application/json; charset=UTF-8");
    ([(header::CONTENT_TYPE, kind)], value.to_string()).into_response()
}

async fn openapi(State(app): State<Arc<App>>) -> Response {
    json(&qun_protocol::openapi::document(
        env!("CARGO_PKG_VERSION"),
        &app.url,
    ))
}

async fn world_schema() -> Response {
    json(&qun_protocol::openapi::world_schema())
}

async fn docs_page(State(app): State<Arc<App>>) -> Response {
    axum::response::Html(docs::page(&app.url)).into_response()
}
