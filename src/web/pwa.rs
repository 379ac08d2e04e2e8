//! The app's files. Its HTML answers only for what can be a screen: a worker or an asset that is missing must be a 404, or the browser would keep
//! HTML in its place.

use std::path::Path;

use aws_lc_rs::digest;
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::middleware::CSP;
use crate::error::Error;

const NOT_BUILT: &str = "The server runs, but the app is not built. Build it with `npm ci && npm run build` in pwa/ (`make run` does), \
                         or point PWA_DIR at the folder that holds its index.html.\n";

/// The shell, the worker and the manifest: asked for anew each time, so they must be small.
const SHELL_LIMIT: usize = 1024 * 1024;

/// What `index.html` carries in itself, each by the hash of its text: what `pwa/start.ts` leaves beside it.
#[derive(Deserialize)]
struct Inline {
    script: String,
    style: String,
}

pub async fn answer(dir: &Path, mut request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let is_asset = path.starts_with("/assets/");
    let is_page = !is_file && !is_asset || path.ends_with(".html");
    if !is_file && !is_asset {
        if !dir.join("index.html").is_file() {
            return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
        }
        *request.uri_mut() = Uri::from_static("/index.html");
    }
    let known = request.headers_mut().remove(header::IF_NONE_MATCH);
    // A file's time is the build's, or none at all in an image: two releases may share it, and then a phone would keep the old one.
    request.headers_mut().remove(header::IF_MODIFIED_SINCE);
    let files = ServeDir::new(dir).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let Ok(response) = files.oneshot(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return Error::NotFound.into_response();
    }
    let mut response = response.into_response();
    if is_page && let Some(policy) = policy(dir).await {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    let cache = match path.as_str() {
        _ if is_asset => "public, max-age=31536000, immutable", // its name holds its hash
        _ if is_page || path.ends_with(".js") || path.ends_with(".webmanifest") || path.ends_with(".json") => {
            "no-cache"
        }
        _ => "public, max-age=3600",
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    headers.remove(header::LAST_MODIFIED);
    if cache == "no-cache" && response.status() == StatusCode::OK { tagged(response, known).await } else { response }
}

/// Lets through what the page carries in itself, and nothing else that somebody might put into it. An app built without it gets what everything gets.
async fn policy(dir: &Path) -> Option<HeaderValue> {
    let told = tokio::fs::read(dir.join("inline.json")).await.ok()?;
    let Inline { script, style } = serde_json::from_slice(&told).ok()?;
    let policy = CSP
        .replace("script-src 'self'", &format!("script-src 'self' '{script}'"))
        .replace("style-src 'self'", &format!("style-src 'self' '{style}'"));
    HeaderValue::from_str(&policy).ok()
}

/// With a tag of what is sent; without the rest, where the phone has just that.
async fn tagged(response: Response, known: Option<HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = match to_bytes(body, SHELL_LIMIT).await {
        Ok(bytes) => bytes,
        Err(error) => return Error::internal(error).into_response(),
    };
    let hash = hex::encode(&digest::digest(&digest::SHA256, &bytes).as_ref()[..12]);
    let tag = HeaderValue::from_str(&format!("\"{hash}\"")).expect("hexadecimal is ASCII");
    let is_known = known
        .as_ref()
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| known.split(',').any(|one| one.trim().trim_start_matches("W/") == format!("\"{hash}\"")));
    parts.headers.insert(header::ETAG, tag);
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
