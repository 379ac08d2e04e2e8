//! A link in an SMS or a letter by which a person takes a lead in a plain browser, without signing in: once, and only by their own act. Looking at
//! the page (a scanner, a preview) changes nothing; the button is a POST, with what only the page knows.

use askama::Template;
use aws_lc_rs::digest;
use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;

use super::sql::{self, Link};
use crate::{
    alerts,
    app::App,
    audit::{self, Action},
    db::{Actor, By, Tx},
    error::{Error, Result},
    identity::{self, Viewer, Whence},
    leads::{self, Lead},
    organizations,
    types::ids::LeadId,
    words::Words,
};

/// Not under `/api`: it is a page for people, and works in any browser.
pub fn routes() -> Router<App> {
    Router::new().route("/c/{code}", get(look).post(take))
}

const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#f6f4f0;--card:#fff;--ink:#26221c;--quiet:#5d564b}\
@media(prefers-color-scheme:dark){:root{--ground:#171512;--card:#221f1a;--ink:#f3efe8;--quiet:#b3aa9c}}\
*{box-sizing:border-box}body{margin:0;padding:24px 16px;background:var(--ground);color:var(--ink);\
font:17px/1.5 -apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif}\
main{max-width:480px;margin:8vh auto 0;padding:28px 24px;background:var(--card);border-radius:16px}\
h1{margin:0 0 12px;font-size:26px;line-height:1.25}p{margin:0 0 20px;color:var(--quiet)}form{margin:0}\
button,a.main{display:block;width:100%;min-height:56px;margin:0 0 12px;padding:14px 20px;border:0;border-radius:12px;background:var(--ink);color:var(--card);\
font:600 18px/28px inherit;font-family:inherit;text-align:center;text-decoration:none;cursor:pointer}\
a.second{display:block;padding:12px;color:var(--ink);text-align:center}\
:focus-visible{outline:3px solid #2f6fed;outline-offset:3px}";

#[derive(Template)]
#[template(path = "claim.html")]
struct Page<'a> {
    language: String,
    style: &'static str,
    heading: String,
    text: String,
    /// The button that takes the lead: its words, and what only this page knows.
    take: Option<(String, String)>,
    /// `tel:…`, with the words.
    call: Option<(String, String)>,
    /// Into the app, with the words.
    open: (&'a str, String),
}

/// What is shown.
enum Shown {
    Offer,
    Taken(Box<Lead>),
    /// A colleague has it, or it was called meanwhile.
    Gone,
    /// The link was used, or is too old, or is none.
    Over,
}

fn hash(text: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, text.as_bytes()).as_ref().to_vec()
}

/// What the page knows and its address does not say.
fn proof(code: &str) -> String {
    hex::encode(&hash(&format!("{code}/claim"))[..16])
}

async fn find(app: &App, code: &str) -> Result<Option<Link>> {
    if code.len() > 64 {
        return Ok(None);
    }
    let hash = hash(code);
    app.db.directory(async |directory| sql::find_link(directory, &hash).await).await
}

async fn look(State(app): State<App>, Path(code): Path<String>, headers: HeaderMap) -> Result<Response> {
    let Some(link) = find(&app, &code).await? else { return page(words(None, &headers), Shown::Over, &code) };
    let (shown, locale) = app
        .db
        .read(link.organization, Actor::System, async |tx| {
            let locale = locale(tx, &link).await?;
            if link.is_used {
                return Ok((Shown::Over, locale));
            }
            let Some(viewer) = identity::viewer(tx, link.user).await? else { return Ok((Shown::Over, locale)) };
            let waits = waiting(tx, &link, &viewer).await?.is_some();
            Ok((if waits { Shown::Offer } else { Shown::Gone }, locale))
        })
        .await?;
    page(words(Some(&locale), &headers), shown, &code)
}

#[derive(Deserialize)]
struct Act {
    #[serde(default)]
    proof: String,
}

async fn take(
    State(app): State<App>,
    Path(code): Path<String>,
    Whence(origin): Whence,
    headers: HeaderMap,
    Form(act): Form<Act>,
) -> Result<Response> {
    let Some(link) = find(&app, &code).await? else { return page(words(None, &headers), Shown::Over, &code) };
    if act.proof != proof(&code) {
        return Err(Error::Forbidden("cross_site"));
    }
    let by = By { actor: Actor::User(link.user), origin: Some(origin) };
    let (shown, locale) = app
        .db
        .write(link.organization, by, async |tx| {
            let locale = locale(tx, &link).await?;
            let Some(viewer) = identity::viewer(tx, link.user).await? else { return Ok((Shown::Over, locale)) };
            if !sql::take_link(tx, &hash(&code)).await? {
                return Ok((Shown::Over, locale));
            }
            let Some(lead) = waiting(tx, &link, &viewer).await? else { return Ok((Shown::Gone, locale)) };
            match leads::claim(tx, &viewer, lead).await {
                Ok(lead) => {
                    audit::record(tx, Action::LeadViewed.on(lead.id));
                    Ok((Shown::Taken(Box::new(lead)), locale))
                }
                Err(Error::Conflict { .. } | Error::NotFound) => Ok((Shown::Gone, locale)),
                Err(error) => Err(error),
            }
        })
        .await?;
    page(words(Some(&locale), &headers), shown, &code)
}

/// The first lead of the alert that this person may still take.
async fn waiting(tx: &mut Tx, link: &Link, viewer: &Viewer) -> Result<Option<LeadId>> {
    let told = alerts::leads_of(tx, link.alert).await?;
    let leads = leads::present_many(tx, &told).await?;
    let may = |lead: &&Lead| {
        lead.first_attempt_at.is_none()
            && lead.status.is_open()
            && lead.assignee_id.is_none_or(|holder| holder == viewer.user)
    };
    Ok(leads.iter().find(may).map(|lead| lead.id))
}

async fn locale(tx: &mut Tx, link: &Link) -> Result<String> {
    let own = identity::locale_of(tx, link.user).await?;
    Ok(own.unwrap_or(organizations::current(tx).await?.locale).as_str().to_owned())
}

fn words(locale: Option<&str>, headers: &HeaderMap) -> Words {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    Words::of(locale.unwrap_or_else(|| asked.get(..2).unwrap_or_default()))
}

fn page(words: Words, shown: Shown, code: &str) -> Result<Response> {
    let key = match &shown {
        Shown::Offer => "offer",
        Shown::Taken(_) => "taken",
        Shown::Gone => "gone",
        Shown::Over => "over",
    };
    let lead = match &shown {
        Shown::Taken(lead) => Some(lead),
        _ => None,
    };
    let name = lead.and_then(|lead| lead.full_name.clone()).unwrap_or_default();
    let values = [("name", name.as_str())];
    let named = if lead.is_some() && !name.is_empty() { "-named" } else { "" };
    let path = lead.map_or_else(|| "/".to_owned(), |lead| format!("/leads/{}", lead.id));
    let call = lead.and_then(|lead| lead.phone.clone()).map(|phone| {
        let said = words.fill("claim-call", &[("phone", &phone)]);
        (format!("tel:{phone}"), said)
    });
    let page = Page {
        language: words.language(),
        style: STYLE,
        heading: words.fill(&format!("claim-{key}-title{named}"), &values),
        text: words.say(&format!("claim-{key}-text")),
        take: matches!(shown, Shown::Offer).then(|| (words.say("claim-take"), proof(code))),
        call,
        open: (&path, words.say("claim-open")),
    };
    let html = page.render().map_err(Error::internal)?;
    let style = BASE64_STANDARD.encode(hash(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut answer = (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).map_err(Error::internal)?);
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex, nofollow"));
    Ok(answer)
}
