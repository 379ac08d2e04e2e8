//! Whether the process lives, whether it can serve, and its numbers for Prometheus.

use std::net::SocketAddr;

use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};

use super::numbers;
use crate::{
    app::App,
    db::setup,
    error::{Error, Result},
};

pub fn routes() -> Router<App> {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(guarded_metrics))
}

/// The second listener: numbers only.
pub fn metrics_router(app: App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app)
}

/// `None`: ready; otherwise why not.
pub async fn unreadiness(app: &App) -> Option<String> {
    if app.stopping.is_cancelled() {
        return Some("it is stopping".to_owned());
    }
    schema_problem(app).await
}

/// Why this program cannot work on the database as it is. A newer schema is none: migrations only add.
pub async fn schema_problem(app: &App) -> Option<String> {
    let newest = setup::newest_migration();
    match app.db.applied_migration().await {
        Ok(Some(applied)) if applied >= newest => None,
        Ok(applied) => Some(format!(
            "the database is at migration {}, this program needs {newest}: run `nextmove migrate`",
            applied.unwrap_or(0)
        )),
        Err(Error::Unavailable(_)) => Some("the database does not answer".to_owned()),
        Err(_) => Some("the database does not tell its migrations: run `nextmove migrate`".to_owned()),
    }
}

async fn ready(State(app): State<App>) -> Response {
    match unreadiness(&app).await {
        None => Json(serde_json::json!({ "ready": true })).into_response(),
        Some(reason) => {
            tracing::warn!(reason, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({ "ready": false, "reason": reason })))
                .into_response()
        }
    }
}

/// On the public port only for this machine itself, and not through a proxy.
async fn guarded_metrics(
    app: State<App>,
    peer: Option<axum::Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<Response> {
    let is_local = peer.is_some_and(|axum::Extension(ConnectInfo(peer))| peer.ip().to_canonical().is_loopback());
    if !is_local || headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED) {
        return Err(Error::NotFound);
    }
    Ok(metrics(app).await)
}

async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], numbers::gather(&app).await).into_response()
}
