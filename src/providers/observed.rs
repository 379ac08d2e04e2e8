//! Every call to a provider is seen: how long it took and how it ended, in the numbers and as a span. Never its address, which may
//! hold secrets, nor what was said.

use std::{fmt, future::Future, time::Instant};

use tracing::Instrument;

/// Makes a call. `route`: what was asked for, with `{id}` for ids, so that there are few of them. The call itself may record the
/// `status` of the answer in the current span.
pub async fn observed<T, E: fmt::Display>(
    provider: &'static str,
    host: &str,
    route: &str,
    call: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let span = tracing::info_span!(
        "provider",
        provider,
        host,
        route,
        status = tracing::field::Empty,
        outcome = tracing::field::Empty,
        otel.kind = "client",
        otel.status_code = tracing::field::Empty
    );
    let begun = Instant::now();
    let answer = call.instrument(span.clone()).await;
    let outcome = if answer.is_ok() { "ok" } else { "failed" };
    span.record("outcome", outcome);
    if answer.is_err() {
        span.record("otel.status_code", "ERROR");
    }
    let labels = [("provider", provider.to_owned()), ("route", route.to_owned()), ("outcome", outcome.to_owned())];
    metrics::histogram!("nextmove_provider_seconds", &labels).record(begun.elapsed().as_secs_f64());
    span.in_scope(|| {
        let milliseconds = begun.elapsed().as_millis();
        match &answer {
            Ok(_) => tracing::debug!(milliseconds, "a provider answered"),
            Err(error) => tracing::info!(milliseconds, %error, "a provider did not give what was asked for"),
        }
    });
    answer
}

/// `12345/leads` → `{id}/leads`.
pub fn template(path: &str) -> String {
    let word = |part: &str| {
        let is_word = part.len() <= 40 && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_word { part.to_owned() } else { "{id}".to_owned() }
    };
    path.split('/').map(word).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_no_routes() {
        assert_eq!(template("1203984756120394/leads"), "{id}/leads");
        assert_eq!(template("debug_token"), "debug_token");
        assert_eq!(template("me"), "me");
        assert_eq!(template("EAAB4token.9"), "{id}");
    }
}
