//! The app's files. Its HTML answers only for what can be a screen: a worker or an asset that is missing must be a 404, or the browser would keep
//! HTML in its place.

use std::path::Path;

use axum::{
    extract::Request,
    http::{HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use crate::error::Error;

const NOT_BUILT: &str = "The server runs, but the app is not built. Build it with `npm ci && npm run build` in pwa/ (`make run` does), \
                         or point PWA_DIR at the folder that holds its index.html.\n";

pub async fn answer(dir: &Path, mut request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let is_file = path.rsplit('/').next().is_some_and(|last| last.contains('.'));
    let is_asset = path.starts_with("/assets/");
    if !is_file && !is_asset {
        if !dir.join("index.html").is_file() {
            return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
        }
        *request.uri_mut() = Uri::from_static("/index.html");
    }
    let files = ServeDir::new(dir).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
    let Ok(response) = files.oneshot(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return Error::NotFound.into_response();
    }
    let mut response = response.into_response();
    let cache = match path.as_str() {
        _ if is_asset => "public, max-age=31536000, immutable", // its name holds its hash
        _ if !is_file || path.ends_with(".html") || path.ends_with(".js") || path.ends_with(".webmanifest") => {
            "no-cache"
        }
        "/manifest.json" => "no-cache",
        _ => "public, max-age=3600",
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}
