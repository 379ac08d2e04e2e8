//! Where vendors knock: `/webhooks/sms/{vendor}`, `/webhooks/mail/{vendor}`; and the page behind an unsubscribe link. No session, no cross-site
//! rules: the signature, or the link, says who it is.

use super::{callbacks, unsubscribe};
use crate::{
    app::App,
    error::{Error, Result},
    http::body,
    providers::{
        delivery::Told,
        hooks::{Hook, HookError},
    },
};
use axum::{
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Path, Request, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

/// SendGrid sends up to 768 kB of events at a time.
const LARGEST_POST: usize = 1024 * 1024;

pub fn routes() -> axum::Router<App> {
    axum::Router::new()
        .route("/webhooks/sms/{vendor}", get(deliver).post(deliver))
        .route("/webhooks/mail/{vendor}", axum::routing::post(deliver))
        .layer(DefaultBodyLimit::max(LARGEST_POST))
        .route("/u/{token}", get(unsubscribe::page).post(unsubscribe::act))
}

/// What a vendor tells whose signature is right.
struct VendorHook {
    vendor: &'static str,
    told: Vec<Told>,
}

impl FromRequest<App> for VendorHook {
    type Rejection = Error;

    async fn from_request(request: Request, app: &App) -> Result<Self> {
        let (mut parts, unread) = request.into_parts();
        let path = Path::<String>::from_request_parts(&mut parts, app).await.map_err(|_| Error::NotFound)?;
        let uri = parts.uri.clone();
        let headers = parts.headers.clone();
        let bytes: Bytes = body(Request::from_parts(parts, unread), app).await?;
        let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
        let url = format!("{}{asked}", app.config.http.public_url.as_str().trim_end_matches('/'));
        let hook = Hook { url: &url, headers: &headers, body: &bytes, now: app.clock.now() };
        let (vendor, told) = if uri.path().starts_with("/webhooks/sms/") {
            let sms = app.sms.as_ref().filter(|sms| sms.vendor() == path.0).ok_or(Error::NotFound)?;
            (sms.vendor(), sms.read(&hook))
        } else {
            let mail = app.mail.as_ref().filter(|mail| mail.vendor() == path.0).ok_or(Error::NotFound)?;
            (mail.vendor(), mail.read(&hook))
        };
        match told {
            Ok(told) => Ok(Self { vendor, told }),
            Err(HookError::Signature) => {
                metrics::counter!("nextmove_webhook_refused_total").increment(1);
                Err(Error::Unauthenticated("signature"))
            }
            Err(HookError::Unreadable) => Err(Error::Malformed("signed, and of a shape that is not read".to_owned())),
        }
    }
}

/// Answers when everything is stored; vendors deliver again what was not answered. Twilio wants its own kind of XML, and to say nothing by it.
async fn deliver(State(app): State<App>, VendorHook { vendor, told }: VendorHook) -> Result<Response> {
    callbacks::receive(&app, vendor, told).await?;
    Ok(match vendor {
        "twilio" => ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], "<Response/>").into_response(),
        _ => "OK".into_response(),
    })
}
