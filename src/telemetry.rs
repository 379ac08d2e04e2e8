//! Where the log goes, and, if the environment says so, traces (OTLP) and errors (Sentry). LP-059, DK-062.
//!
//! Without `OTEL_EXPORTER_OTLP_ENDPOINT` and `SENTRY_DSN` nothing of either is even built. What leaves the house is what stands in the log: ids,
//! routes, durations. Sentry's own collecting of requests, people and machines is off, and taken out once more before it is sent.

use std::{io::IsTerminal, time::Duration};

use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{Resource, propagation::TraceContextPropagator, trace::SdkTracerProvider};
use sentry::protocol::{Event, Exception};
use tracing::{Level, Subscriber};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::LevelFilter,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

/// How long what was not sent yet may take at the end.
const FLUSH: Duration = Duration::from_secs(3);
const EXPORT: Duration = Duration::from_secs(5);

/// What is exported to. Dropping it sends what was not sent yet.
#[derive(Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    errors: Option<sentry::ClientInitGuard>,
}

impl Telemetry {
    /// Tells where errors go why the process ends; whoever sits before it reads it on standard error.
    pub fn tell_of_the_end(&self, why: &str) {
        if self.errors.is_some() {
            tracing::error!(why, "NextMove ends by an error");
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = self.traces.take()
            && let Err(error) = traces.shutdown_with_timeout(FLUSH)
        {
            eprintln!("The last traces were not taken: {error}.");
        }
    }
}

/// Begins to log. `exporting`: this process serves, so its traces and errors go where the environment says. Before the runtime starts.
pub fn start(exporting: bool) -> Result<Telemetry, String> {
    let set = |name: &str| std::env::var(name).ok().filter(|text| exporting && !text.trim().is_empty());
    let mut telemetry = Telemetry::default();
    let traces = match set("OTEL_EXPORTER_OTLP_ENDPOINT") {
        Some(_) => {
            let provider = tracer_provider()?;
            opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
            let tracer = provider.tracer("nextmove");
            telemetry.traces = Some(provider);
            Some(tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false))
        }
        None => None,
    };
    let errors = match set("SENTRY_DSN") {
        Some(dsn) => {
            telemetry.errors = Some(report_errors(&dsn)?);
            Some(sentry::integrations::tracing::ErrorLayer::new().with_filter(LevelFilter::ERROR))
        }
        None => None,
    };
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx::postgres::notice=warn"));
    let registry = tracing_subscriber::registry().with(filter).with(SlowSql).with(traces).with(errors);
    let is_json = match std::env::var("LOG_FORMAT").as_deref() {
        Ok("json") => true,
        Ok("text") => false,
        _ => !std::io::stderr().is_terminal(),
    };
    if is_json {
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_writer(std::io::stderr);
        registry.with(lines).init();
    } else {
        registry.with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr)).init();
    }
    Ok(telemetry)
}

/// The endpoint, its headers and the sampler are the environment's: `OTEL_EXPORTER_OTLP_*`, `OTEL_TRACES_SAMPLER`.
fn tracer_provider() -> Result<SdkTracerProvider, String> {
    let client = reqwest::blocking::Client::builder()
        .timeout(EXPORT)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|error| format!("Traces cannot be exported: {error}."))?;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .build()
        .map_err(|error| format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}."))?;
    let resource = Resource::builder().with_service_name("nextmove").build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

fn report_errors(dsn: &str) -> Result<sentry::ClientInitGuard, String> {
    // Never repeats the address: it is a key.
    let dsn = dsn.trim().parse().map_err(|_| "SENTRY_DSN is not an address that Sentry gives.".to_owned())?;
    let mut options = sentry::ClientOptions::default();
    options.dsn = Some(dsn);
    options.release = sentry::release_name!();
    options.environment = std::env::var("SENTRY_ENVIRONMENT").ok().map(Into::into);
    options.send_default_pii = false;
    options.max_breadcrumbs = 0;
    options.server_name = None;
    options.shutdown_timeout = FLUSH;
    options.before_send = Some(std::sync::Arc::new(|event| Some(without_people(event))));
    Ok(sentry::init(options))
}

/// An error without anything of whoever asked. What a panic says may hold any value; where it was, and the log beside it, is enough.
fn without_people(mut event: Event<'static>) -> Event<'static> {
    event.request = None;
    event.user = None;
    event.server_name = None;
    event.breadcrumbs = Vec::new().into();
    let is_panic =
        |exception: &Exception| exception.mechanism.as_ref().is_some_and(|mechanism| mechanism.ty == "panic");
    for exception in event.exception.values.iter_mut().filter(|exception| is_panic(exception)) {
        exception.value = Some("panicked; the server's own log says how".to_owned());
    }
    event
}

/// Counts what sqlx calls slow, for the alert that no log is needed for.
struct SlowSql;

impl<S: Subscriber> Layer<S> for SlowSql {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if metadata.target() == "sqlx::query" && *metadata.level() == Level::WARN {
            metrics::counter!("nextmove_sql_slow_total").increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use sentry::protocol::{Breadcrumb, Mechanism, Request, User};

    use super::*;

    #[test]
    fn nothing_of_a_person_leaves() {
        let mut event = Event::<'static>::default();
        let url = "https://app.example.com/api/leads?q=Quetzal".parse().expect("a URL");
        let headers = [("cookie".to_owned(), "nextmove=Quetzal".to_owned())].into_iter().collect();
        event.request = Some(Request {
            url: Some(url),
            data: Some("Quetzal".to_owned()),
            query_string: Some("q=Quetzal".to_owned()),
            cookies: Some("Quetzal".to_owned()),
            headers,
            ..Request::default()
        });
        event.user = Some(User { email: Some("quetzal@example.com".to_owned()), ..User::default() });
        event.server_name = Some("Quetzal".into());
        event.breadcrumbs.values.push(Breadcrumb { message: Some("Quetzal".to_owned()), ..Breadcrumb::default() });
        event.exception.values.push(Exception {
            ty: "panic".to_owned(),
            value: Some("unexpected phone of Quetzal".to_owned()),
            mechanism: Some(Mechanism { ty: "panic".to_owned(), ..Mechanism::default() }),
            ..Exception::default()
        });
        let sent = serde_json::to_string(&without_people(event)).expect("serializes");
        assert!(!sent.to_lowercase().contains("quetzal"), "{sent}");
    }
}
