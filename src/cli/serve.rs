//! `nextmove serve`: production.

use std::{io, net::SocketAddr};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::{Outcome, configuration, progress, runtime, say};
use crate::{
    app::App,
    config::{Config, Purpose},
    start::{self, Database, Role},
    types::clock::Clock,
    web,
};

/// As a shell has it for a program that a signal ended.
const ENDED_AT_ONCE: i32 = 128 + 15;

/// Takes the port before anything else is started, so that a taken one costs nothing.
pub(super) fn bind(address: SocketAddr, variable: &str) -> Result<std::net::TcpListener, String> {
    let listener = std::net::TcpListener::bind(address).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "Something listens on {address} already, perhaps another NextMove. Stop it, or choose another address: {variable}=127.0.0.1:8081."
        ),
        io::ErrorKind::PermissionDenied => format!("Listening on {address} is not allowed: ports below 1024 need privileges. Set {variable}."),
        _ => format!("NextMove cannot listen on {address}: {error}. Set {variable}."),
    })?;
    listener.set_nonblocking(true).map_err(|error| error.to_string())?;
    Ok(listener)
}

pub(super) fn serve(role: Role) -> Outcome {
    let config = configuration(Purpose::Serve)?;
    let listener = bind(config.http.listen, "LISTEN_ADDR")?;
    let metrics = config.http.metrics.map(|address| bind(address, "METRICS_ADDR")).transpose()?;
    let mut database = Database::start(&config, &progress).map_err(|error| error.to_string())?;
    let outcome = runtime()?.block_on(async {
        let stop = stop_on_signal()?;
        let starting = async {
            let app = prepare(config, &database).await?;
            match web::health::schema_problem(&app).await {
                Some(problem) => Err(format!("NextMove does not start: {problem}.")),
                None => Ok(app),
            }
        };
        let Some(app) = unless_stopped(&stop, starting).await? else { return Ok(()) };
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| error.to_string())?;
        let metrics = metrics.map(tokio::net::TcpListener::from_std).transpose().map_err(|error| error.to_string())?;
        tracing::info!(address = %app.config.http.listen, url = %app.config.http.public_url, ?role, "serving");
        tokio::select! {
            served = start::run(app, role, listener, metrics, stop) => served.map_err(say),
            ended = database.ended() => ended.map_err(say),
        }
    });
    database.stop();
    outcome
}

/// A database that is ready for this program, where it is our own, and the app upon it.
pub(super) async fn prepare(config: Config, database: &Database) -> Result<App, String> {
    if database.is_embedded() {
        database.migrate().await.map_err(say)?;
    }
    let url = database.url().map_err(say)?;
    start::app(config, &url, Clock::Real).await.map_err(say)
}

/// The start, in a span of its own; `None` where the process was told to stop before it was over. What it had begun on the database is rolled
/// back then.
pub(super) async fn unless_stopped<T>(
    stop: &CancellationToken,
    starting: impl Future<Output = Result<T, String>>,
) -> Result<Option<T>, String> {
    tokio::select! {
        started = starting.instrument(tracing::info_span!("start")) => started.map(Some),
        () = stop.cancelled() => {
            tracing::info!("stopped before it served");
            Ok(None)
        }
    }
}

/// Cancelled by SIGTERM (the platform) or SIGINT (Ctrl-C). The second one ends the process at once: what it had begun comes back elsewhere as
/// after a crash.
pub(super) fn stop_on_signal() -> Result<CancellationToken, String> {
    let stop = CancellationToken::new();
    let mut terminate = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let stopping = stop.clone();
    tokio::spawn(async move {
        let mut told = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        told().await;
        tracing::info!("stopping");
        stopping.cancel();
        told().await;
        tracing::warn!("told twice; ending at once");
        std::process::exit(ENDED_AT_ONCE);
    });
    Ok(stop)
}
