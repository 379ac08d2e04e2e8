//! The door itself: whoever knows the path and can sign, or fills in the form. What is answered with success is on disk.

use std::num::NonZeroU32;

use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Multipart, Path, Request, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::post,
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};
use uuid::Uuid;

use super::{
    deliveries, payload, signature,
    sources::{SourceKind, TABLE},
    sql,
};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::{Error, Result},
    http::body,
    organizations,
    types::ids::OrganizationId,
    words::Words,
};

/// A person's answers are some hundred bytes.
const LARGEST: usize = 256 * 1024;
const ROUTE_LENGTH: usize = 43;
/// A field that people do not see and programs fill in.
pub(super) const HONEYPOT: &str = "leave_empty";
/// A minute, of one source.
const FORMS: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
const WEBHOOKS: NonZeroU32 = NonZeroU32::new(1200).expect("not zero");
/// Sent twice by one tap, a form is one.
const ONE_TAP: i64 = 600;

/// Not under `/api`: no session, no cross-site rules.
pub fn webhook_routes() -> axum::Router<App> {
    axum::Router::new().route("/webhooks/leads/{route}", post(receive)).layer(DefaultBodyLimit::max(LARGEST))
}

struct Limits {
    forms: DefaultKeyedRateLimiter<Uuid>,
    webhooks: DefaultKeyedRateLimiter<Uuid>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            forms: RateLimiter::keyed(Quota::per_minute(FORMS)),
            webhooks: RateLimiter::keyed(Quota::per_minute(WEBHOOKS)),
        }
    }
}

/// Whose door it is.
struct Door {
    organization: OrganizationId,
    source: Uuid,
    kind: SourceKind,
    secrets: Vec<String>,
    redirect_url: Option<String>,
    words: Words,
}

async fn receive(State(app): State<App>, Path(route): Path<String>, request: Request) -> Result<Response> {
    let door = find(&app, &route).await?;
    let limits = app.kept::<Limits>();
    let limit = if door.kind == SourceKind::Form { &limits.forms } else { &limits.webhooks };
    limit.check_key(&door.source).map_err(|until| {
        let wait = until.wait_time_from(limit.clock().now());
        Error::TooMany { retry_after: wait.as_secs() + 1, reason: "too_many" }
    })?;
    match door.kind {
        SourceKind::Webhook => webhook(&app, &door, request).await,
        SourceKind::Form => form(&app, &door, request).await,
    }
}

async fn find(app: &App, route: &str) -> Result<Door> {
    if route.len() != ROUTE_LENGTH {
        return Err(Error::NotFound);
    }
    let found = app.db.directory(async |directory| sql::find_route(directory, route).await).await?;
    let (organization, source) = found.ok_or(Error::NotFound)?;
    let read = async |tx: &mut Tx| {
        let row = sql::door(tx, source).await?.ok_or(Error::NotFound)?;
        let previous = row.previous_secret.filter(|_| row.previous_until.is_some_and(|until| until > tx.now()));
        let secret = tx.open_some(TABLE, "secret", source, row.secret.as_ref())?;
        let previous = tx.open_some(TABLE, "previous_secret", source, previous.as_ref())?;
        let words = Words::of(organizations::current(tx).await?.locale.as_str());
        let (kind, redirect_url) = (SourceKind::parse(&row.kind)?, row.redirect_url);
        let secrets = secret.into_iter().chain(previous).collect();
        Ok(Door { organization, source, kind, secrets, redirect_url, words })
    };
    app.db.read(organization, Actor::System, read).await
}

async fn webhook(app: &App, door: &Door, request: Request) -> Result<Response> {
    let headers = request.headers().clone();
    let bytes: Bytes = body(request, &()).await?;
    let Some(name) = signature::verify(&door.secrets, &headers, &bytes, app.clock.now()) else {
        metrics::counter!("nextmove_webhook_refused_total").increment(1);
        return Err(Error::Unauthenticated("signature"));
    };
    take(app, door, Some(&name), &String::from_utf8_lossy(&bytes)).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

async fn take(app: &App, door: &Door, name: Option<&str>, body: &str) -> Result<()> {
    let taken =
        app.db.write(door.organization, Actor::System, async |tx| deliveries::take(tx, door.source, name, body).await);
    taken.await?;
    metrics::counter!("nextmove_source_deliveries_total", "kind" => door.kind.as_str()).increment(1);
    Ok(())
}

async fn form(app: &App, door: &Door, request: Request) -> Result<Response> {
    let mut pairs = pairs(request).await?;
    let is_program = pairs.iter().any(|(name, value)| name == HONEYPOT && !value.is_empty());
    pairs.retain(|(name, _)| name != HONEYPOT);
    if is_program {
        // It is thanked, so that it does not learn.
        metrics::counter!("nextmove_source_programs_total").increment(1);
    } else {
        let kept = payload::of_form(pairs)?;
        let span = app.clock.now().timestamp() / ONE_TAP;
        let name = format!("{}:{span}", signature::name_of(kept.as_bytes()));
        take(app, door, Some(&name), &kept).await?;
    }
    Ok(match &door.redirect_url {
        Some(url) => Redirect::to(url).into_response(),
        None => thanks(door.words).into_response(),
    })
}

/// Names and values, of either way in which browsers send a form. A file is nothing that we keep.
async fn pairs(request: Request) -> Result<Vec<(String, String)>> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/x-www-form-urlencoded" => {
            let bytes = body(request, &()).await?;
            Ok(url::form_urlencoded::parse(&bytes).into_owned().collect())
        }
        "multipart/form-data" => {
            let malformed = |_| Error::Malformed("This is no form.".to_owned());
            let mut parts = Multipart::from_request(request, &())
                .await
                .map_err(|_| Error::Malformed("This is no form.".to_owned()))?;
            let mut pairs = Vec::new();
            while let Some(part) = parts.next_field().await.map_err(malformed)? {
                let name = part.name().unwrap_or_default().to_owned();
                if part.file_name().is_some() || name.is_empty() {
                    continue;
                }
                pairs.push((name, part.text().await.map_err(malformed)?));
            }
            Ok(pairs)
        }
        _ => Err(Error::UnsupportedMedia),
    }
}

/// A plain page: no style, no script, so that it is at home anywhere.
fn thanks(words: Words) -> Html<String> {
    let (language, title, text) = (words.language(), words.say("form-thanks-title"), words.say("form-thanks-text"));
    Html(format!(
        "<!doctype html><html lang=\"{language}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title><main><h1>{title}</h1><p>{text}</p></main></html>"
    ))
}
