//! Everything that answers, put together.

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Method, StatusCode, header},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::get,
};
use socketioxide::layer::SocketIoLayer;
use tower_http::{catch_panic::CatchPanicLayer, compression::CompressionLayer};
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::{
    admission::{self, Gate},
    audit, health, middleware, openapi, pwa,
};
use crate::{
    alerts, app::App, attempts, campaigns, desk, distribution, doors, error::Error, identity, integrations, leads,
    messages, notifications, rota, sequences, sla,
};

/// A request body; webhooks, which come in batches, set their own.
const BODY_LIMIT: usize = 256 * 1024;

/// The API's routes with their document. `demo`: with the one-tap logins.
pub fn api(demo: bool) -> (Router<App>, utoipa::openapi::OpenApi) {
    let mut routes = OpenApiRouter::with_openapi(openapi::document())
        .merge(identity::routes())
        .merge(sla::routes())
        .merge(rota::routes())
        .merge(messages::routes())
        .merge(notifications::routes())
        .merge(leads::routes())
        .merge(attempts::routes())
        .merge(campaigns::routes())
        .merge(alerts::routes())
        .merge(desk::routes())
        .merge(distribution::routes())
        .merge(sequences::routes())
        .merge(integrations::forms_routes())
        .merge(integrations::owner_routes())
        .merge(integrations::operator_routes())
        .merge(doors::routes())
        .merge(doors::owner_routes())
        .merge(doors::import_routes())
        .merge(audit::routes());
    if demo {
        routes = routes.merge(identity::demo_routes());
    }
    let (router, mut document) = routes.split_for_parts();
    openapi::finish(&mut document);
    (router, document)
}

/// The whole server.
pub fn router(app: App, sockets: SocketIoLayer) -> Router {
    let (api, document) = api(app.config.demo);
    let docs = SwaggerUi::new("/api/docs").config(Config::new(["/api/openapi.json"]));
    let json = axum::Json(document);
    let router = Router::new()
        .merge(api)
        .route("/api/openapi.json", get(move || async move { json }))
        .merge(docs)
        .merge(integrations::webhook_routes())
        .merge(desk::claim_routes())
        .merge(messages::webhook_routes())
        .merge(doors::webhook_routes())
        .merge(health::routes())
        .fallback(elsewhere)
        .method_not_allowed_fallback(async || method_not_allowed())
        .layer(CompressionLayer::new())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(app.clone(), middleware::time_out))
        .layer(from_fn_with_state(app.clone(), middleware::refuse_other_sites))
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(from_fn_with_state(Gate::new(app.clone()), admission::admit));
    let router = router.layer(sockets).layer(from_fn(middleware::lighten_sockets));
    with_outermost(router, app)
}

/// For a process that only works: whether it lives, is ready, and its numbers.
pub fn worker_router(app: App) -> Router {
    with_outermost(health::routes(), app)
}

fn with_outermost(router: Router<App>, app: App) -> Router {
    router
        .layer(from_fn_with_state(app.clone(), middleware::set_headers))
        .layer(from_fn_with_state(app.clone(), middleware::observe))
        .with_state(app)
}

/// What no route has: the app's, unless the path is the server's own.
async fn elsewhere(State(app): State<App>, request: Request) -> Response {
    let first = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    if matches!(first, "api" | "webhooks" | "socket.io") {
        return Error::NotFound.into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return method_not_allowed();
    }
    pwa::answer(&app.config.http.pwa_dir, request).await
}

fn method_not_allowed() -> Response {
    let mut problem = Error::NotFound.problem();
    problem.kind = "urn:nextmove:problem:method-not-allowed".to_owned();
    problem.title = "Method not allowed";
    problem.status = 405;
    problem.detail = "This path does not take this method.".to_owned();
    let content = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::METHOD_NOT_ALLOWED, content, axum::Json(problem)).into_response()
}
