//! The link that ends messages: a page that asks, and a button that acts. Following it does nothing, since scanners follow links; a mailbox's own
//! button posts to it (RFC 8058). The link is known by its hash only.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use url::Url;

use super::{Why, sql, suppress};
use crate::{
    app::App,
    db::{Actor, seal},
    error::{Error, Result},
    organizations,
    providers::hooks,
    words::Words,
};

/// 72 bits: twelve characters, since an SMS has few.
const BYTES: usize = 9;

/// The page's only style, which its policy names by its hash.
const STYLE: &str = "body{font:18px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:#f6f5f2;color:#1c1b19}\
main{max-width:26rem;padding:2rem}h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem}p{margin:0 0 1.5rem}\
button{font:inherit;font-weight:600;min-height:3.25rem;padding:0 1.5rem;border:0;border-radius:.75rem;background:#1c1b19;color:#fff;width:100%}\
@media(prefers-color-scheme:dark){body{background:#161513;color:#f1efea}button{background:#f1efea;color:#161513}}";

/// A fresh link.
pub(super) struct Link(String);

impl Link {
    pub fn make() -> Self {
        Self(URL_SAFE_NO_PAD.encode(seal::random::<BYTES>()))
    }

    pub fn url(&self, app: &App) -> Result<Url> {
        app.config.http.public_url.join(&format!("u/{}", self.0)).map_err(Error::internal)
    }

    pub fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }
}

fn hash(token: &str) -> Vec<u8> {
    hooks::sha256(token.as_bytes())
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct Page {
    language: String,
    style: &'static str,
    heading: String,
    text: String,
    /// `None`: it is done.
    button: Option<String>,
}

/// Asks.
pub(super) async fn page(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let (name, words) = whose(&app, &token).await?;
    show(Page {
        language: words.language(),
        style: STYLE,
        heading: words.fill("unsubscribe-heading", &[("organization", &name)]),
        text: words.fill("unsubscribe-text", &[("organization", &name)]),
        button: Some(words.say("unsubscribe-button")),
    })
}

/// Acts; twice is once.
pub(super) async fn act(State(app): State<App>, Path(token): Path<String>) -> Result<Response> {
    let route = app.db.directory(async |directory| sql::route_of_link(directory, &hash(&token)).await).await?;
    let (organization, message) = route.ok_or(Error::NotFound)?;
    app.db
        .write(organization, Actor::Anonymous, async |tx| {
            let row = sql::lock(tx, message).await?.ok_or(Error::NotFound)?;
            let address = row.address.ok_or(Error::NotFound)?;
            suppress::suppress(tx, row.channel, &address, Why::Link).await.map(drop)
        })
        .await?;
    let (name, words) = whose(&app, &token).await?;
    show(Page {
        language: words.language(),
        style: STYLE,
        heading: words.say("unsubscribed-heading"),
        text: words.fill("unsubscribed-text", &[("organization", &name)]),
        button: None,
    })
}

/// The business's name, and the words of its language.
async fn whose(app: &App, token: &str) -> Result<(String, Words)> {
    let found = app
        .db
        .directory(async |directory| match sql::route_of_link(directory, &hash(token)).await? {
            Some((organization, _)) => organizations::find(directory, organization).await,
            None => Ok(None),
        })
        .await?;
    let organization = found.ok_or(Error::NotFound)?;
    Ok((organization.name, Words::of(organization.locale.as_str())))
}

fn show(page: Page) -> Result<Response> {
    let style = STANDARD.encode(hooks::sha256(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    let mut response = (StatusCode::OK, Html(page.render().map_err(Error::internal)?)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(Error::internal)?);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    Ok(response)
}
