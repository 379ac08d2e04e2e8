//! Whether the process lives, whether it can serve, and its numbers for Prometheus.

use std::{net::SocketAddr, sync::OnceLock};

use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::{
    app::App,
    db::setup,
    error::{Error, Result},
    jobs,
};

const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

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

/// The process's one recorder. Without an HTTP server of its own.
pub fn recorder() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .expect("there are buckets");
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another metrics recorder is installed; /metrics stays empty");
        }
        handle
    })
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
    metrics(app).await
}

async fn metrics(State(app): State<App>) -> Result<Response> {
    let handle = recorder();
    let depth = app.db.directory(async |directory| jobs::depth(directory).await).await?;
    let waited = depth.oldest.map_or(0, |oldest| (app.clock.now() - oldest).num_milliseconds().max(0));
    #[allow(clippy::cast_precision_loss)] // counts far below 2^52
    {
        for (state, count) in [("ready", depth.ready), ("running", depth.running), ("dead", depth.dead)] {
            metrics::gauge!("nextmove_jobs", "state" => state).set(count as f64);
        }
        metrics::gauge!("nextmove_job_oldest_seconds").set(waited as f64 / 1000.0);
        for (pool, open, idle) in app.db.connections() {
            metrics::gauge!("nextmove_db_connections", "pool" => pool, "state" => "idle").set(idle as f64);
            metrics::gauge!("nextmove_db_connections", "pool" => pool, "state" => "open").set(f64::from(open));
        }
    }
    handle.run_upkeep();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response())
}
