//! What happens to every request. Nothing here writes a query, a body, a name or an address to the log.

use std::{any::Any, time::Instant};

use axum::{
    extract::{MatchedPath, OriginalUri, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{app::App, db::seal, error::Error, spans};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Only ourselves. Sockets are named, since older Safari does not count them under 'self'.
pub(super) const CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
                   connect-src 'self' ws: wss:; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; \
                   base-uri 'none'; form-action 'self'; object-src 'none'";
/// The API browser brings one style of its own along, and that one only: by its hash. A newer Swagger UI may need another, which
/// `pwa/e2e/app.spec.ts` tells.
const DOCS_CSP: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
                        img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

/// Gives the request its id, its span and its place in the numbers.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let method = request.method().clone();
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let path = matched.unwrap_or_else(|| "other".to_owned());
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or_default(),
        %method,
        path,
        user = tracing::field::Empty,
        organization = tracing::field::Empty,
        status = tracing::field::Empty,
        trace = tracing::field::Empty,
        otel.kind = "server"
    );
    if app.config.http.trusts_traceparent {
        join_trace(&span, request.headers());
    }
    spans::mark(&span);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    response.headers_mut().insert(REQUEST_ID, id);
    let status = response.status().as_u16();
    span.record("status", status);
    let class = format!("{}xx", status / 100);
    let labels = [("method", known(&method).to_owned()), ("path", path.clone()), ("status", class)];
    metrics::histogram!("nextmove_http_seconds", &labels).record(begun.elapsed().as_secs_f64());
    let milliseconds = begun.elapsed().as_millis();
    span.in_scope(|| match path.as_str() {
        "/healthz" | "/readyz" | "/metrics" => tracing::debug!(status, milliseconds, "answered"),
        _ => tracing::info!(status, milliseconds, "answered"),
    });
    response
}

/// Goes on with the caller's trace (W3C `traceparent`). Only where our own proxy sets it: anybody else could mix their requests into
/// other people's traces, or have everything recorded.
fn join_trace(span: &tracing::Span, headers: &HeaderMap) {
    struct Carrier<'a>(&'a HeaderMap);
    impl opentelemetry::propagation::Extractor for Carrier<'_> {
        fn get(&self, key: &str) -> Option<&str> {
            self.0.get(key).and_then(|value| value.to_str().ok())
        }
        fn keys(&self) -> Vec<&str> {
            self.0.keys().map(HeaderName::as_str).collect()
        }
    }
    let context = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&Carrier(headers)));
    let _ = span.set_parent(context); // fails only where no traces are exported
}

/// A method is whatever a client sends, and each becomes a series of its own.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        _ => "other",
    }
}

/// The proxy's, where it looks like an id, so that its log and ours can be read together.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let fits = |value: &&HeaderValue| {
        (1..=64).contains(&value.len())
            && value.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    let made = || HeaderValue::from_str(&hex::encode(seal::random::<8>())).expect("hexadecimal is ASCII");
    headers.get(REQUEST_ID).filter(fits).cloned().unwrap_or_else(made)
}

/// Refuses a write that did not come from our own pages. The cookie's SameSite=Strict says the same; a sibling subdomain is the same site
/// and another origin, and this knows the difference.
pub async fn refuse_other_sites(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || !request.uri().path().starts_with("/api") || is_own(&app, request.headers()) {
        return next.run(request).await;
    }
    Error::Forbidden("cross_site").into_response()
}

/// Whether the request comes from our own pages. A socket's handshake is a GET, which passes: `web::socket` asks for its origin itself.
fn is_own(app: &App, headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => {
            let own = app.config.http.public_url.origin().ascii_serialization();
            headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() == own.as_bytes())
        }
    }
}

pub async fn time_out(State(app): State<App>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.config.http.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::Unavailable("the request took too long".to_owned()).into_response(),
    }
}

/// What was panicked with may hold anything; it stays on standard error, where the hook wrote it.
pub fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Error::internal("a handler panicked").into_response()
}

/// A socket keeps the request that it began with for as long as it is open, and every header of it, like the address, is a piece of the 8 kB
/// that it was read into. What is still asked of it is copied, so that those are given back.
pub async fn lighten_sockets(mut request: Request, next: Next) -> Response {
    if request.uri().path().starts_with("/socket.io") {
        let copied = |value: &HeaderValue| HeaderValue::from_bytes(value.as_bytes()).ok();
        let headers = request.headers();
        let mut kept = HeaderMap::new();
        for name in KEPT_OF_SOCKETS {
            // Every line of it: of several `X-Forwarded-For` the last is the proxy's, and the first whatever the caller wrote.
            for value in headers.get_all(&name).iter().filter_map(copied) {
                kept.append(&name, value);
            }
        }
        *request.headers_mut() = kept;
        request.extensions_mut().remove::<OriginalUri>();
        if let Ok(uri) = request.uri().to_string().parse() {
            *request.uri_mut() = uri;
        }
    }
    next.run(request).await
}

/// What the handshake needs, who it is, and where they are: their organization may ask for that.
const KEPT_OF_SOCKETS: [HeaderName; 9] = [
    header::CONNECTION,
    header::COOKIE,
    header::HOST,
    header::ORIGIN,
    header::SEC_WEBSOCKET_KEY,
    header::SEC_WEBSOCKET_PROTOCOL,
    header::SEC_WEBSOCKET_VERSION,
    header::UPGRADE,
    HeaderName::from_static("x-forwarded-for"),
];

/// The headers of every answer.
pub async fn set_headers(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (is_api, is_docs) = (path.starts_with("/api"), path.starts_with("/api/docs"));
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, if is_docs { DOCS_CSP } else { CSP });
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    );
    if app.config.http.public_url.scheme() == "https" {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=63072000");
    }
    if is_api {
        set(header::CACHE_CONTROL, "no-store");
    }
    response
}
