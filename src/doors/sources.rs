//! Addresses of one's own: other systems and the forms of web pages bring leads there. Each has an unguessable path, and a system signs with a
//! secret that is shown once.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{signature, sql};
use crate::{
    app::App,
    audit::{self, Action},
    db::{Tx, seal},
    error::{Error, Result},
    leads,
    outbox::{self, Event, Topic},
    types::ids::new_uuid,
};

pub(super) const TABLE: &str = "lead_sources";
/// So long the secret before is good: time to tell the other side.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
const MOST: usize = 50;

/// Who brings the leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// A system that posts JSON and signs it.
    Webhook,
    /// A form of a web page, sent by whoever fills it in.
    Form,
}

impl SourceKind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Form => "form",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "webhook" => Ok(Self::Webhook),
            "form" => Ok(Self::Form),
            other => Err(Error::internal(format!("unknown kind of source {other}"))),
        }
    }
}

/// A source of leads.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeadSource {
    pub id: Uuid,
    pub name: String,
    pub kind: SourceKind,
    /// Where it posts.
    pub url: String,
    /// The last four characters of the secret.
    #[schema(required = true)]
    pub secret_end: Option<String>,
    /// Until when the secret before is good too.
    #[schema(required = true)]
    pub previous_until: Option<DateTime<Utc>>,
    /// Where people are sent who sent the form; null: a plain page that thanks them.
    #[schema(required = true)]
    pub redirect_url: Option<String>,
    /// The `ETag` of its mapping.
    pub version: i32,
    pub created_at: DateTime<Utc>,
    #[schema(required = true)]
    pub last_received_at: Option<DateTime<Utc>>,
    /// Leads of the last 90 days; at most 1,000 are counted.
    pub leads: i64,
    /// What could not be read and waits.
    pub failed: i64,
}

/// A source to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSource {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    pub kind: SourceKind,
    /// Of a form: an `https` address.
    pub redirect_url: Option<String>,
}

/// What may be changed of it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSource {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    pub redirect_url: Option<String>,
}

/// A source with its secret, which is told this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct SourceWithSecret {
    pub source: LeadSource,
    /// `whsec_` and base64; null: a form has none.
    #[schema(required = true)]
    pub secret: Option<String>,
}

pub async fn all(app: &App, tx: &mut Tx) -> Result<Vec<LeadSource>> {
    sql::sources(tx, None).await?.into_iter().map(|row| present(app, tx, row)).collect()
}

pub async fn find(app: &App, tx: &mut Tx, id: Uuid) -> Result<LeadSource> {
    let row = row(tx, id).await?;
    present(app, tx, row)
}

pub(super) async fn row(tx: &mut Tx, id: Uuid) -> Result<sql::SourceRow> {
    sql::sources(tx, Some(id)).await?.into_iter().next().ok_or(Error::NotFound)
}

fn present(app: &App, tx: &Tx, row: sql::SourceRow) -> Result<LeadSource> {
    let secret = tx.open_some(TABLE, "secret", row.id, row.secret.as_ref())?;
    let base = app.config.http.public_url.as_str().trim_end_matches('/');
    let now = tx.now();
    Ok(LeadSource {
        id: row.id,
        kind: SourceKind::parse(&row.kind)?,
        url: format!("{base}/webhooks/leads/{}", row.route),
        secret_end: secret.map(|secret| secret.chars().skip(secret.chars().count().saturating_sub(4)).collect()),
        previous_until: row.previous_until.filter(|until| *until > now),
        redirect_url: row.redirect_url,
        name: row.name,
        version: row.version,
        created_at: row.created_at,
        last_received_at: row.last_received_at,
        leads: row.leads,
        failed: row.failed,
    })
}

/// Makes a source.
pub async fn create(app: &App, tx: &mut Tx, new: NewSource) -> Result<SourceWithSecret> {
    let name = name(&new.name)?;
    let redirect_url = redirect(new.kind, new.redirect_url.as_deref())?;
    if sql::sources(tx, None).await?.len() >= MOST {
        return Err(Error::conflict("too_many", "At most fifty sources."));
    }
    let id = new_uuid(tx.now());
    let route = URL_SAFE_NO_PAD.encode(seal::random::<32>());
    let secret = (new.kind == SourceKind::Webhook).then(signature::new_secret);
    let sealed = tx.seal_some(TABLE, "secret", id, secret.as_deref())?;
    sql::insert_source(tx, id, (&name, new.kind.as_str(), &route), sealed, redirect_url.as_deref()).await?;
    sql::insert_route(tx, &route, id).await?;
    audit::record(tx, Action::SourceCreated.on(id).with("kind", new.kind));
    tell(tx, id);
    Ok(SourceWithSecret { source: find(app, tx, id).await?, secret })
}

pub async fn change(app: &App, tx: &mut Tx, id: Uuid, change: ChangeSource) -> Result<LeadSource> {
    let kind = SourceKind::parse(&row(tx, id).await?.kind)?;
    let name = name(&change.name)?;
    let redirect_url = redirect(kind, change.redirect_url.as_deref())?;
    sql::change_source(tx, id, &name, redirect_url.as_deref()).await?;
    audit::record(tx, Action::SourceChanged.on(id));
    tell(tx, id);
    find(app, tx, id).await
}

/// Gives it another secret; the one before is good for a day more.
pub async fn rotate(app: &App, tx: &mut Tx, id: Uuid) -> Result<SourceWithSecret> {
    let known = row(tx, id).await?;
    let before = tx.open_some(TABLE, "secret", id, known.secret.as_ref())?;
    let before = before.ok_or_else(|| Error::conflict("no_secret", "A form is not signed."))?;
    let secret = signature::new_secret();
    let (sealed, previous) = (tx.seal(TABLE, "secret", id, &secret)?, tx.seal(TABLE, "previous_secret", id, &before)?);
    let until = tx.now() + OVERLAP;
    sql::rotate(tx, id, sealed, previous, until).await?;
    audit::record(tx, Action::SourceSecretRotated.on(id));
    tell(tx, id);
    Ok(SourceWithSecret { source: find(app, tx, id).await?, secret: Some(secret) })
}

/// Takes it away, with what came by it. The leads stay.
pub async fn remove(tx: &mut Tx, id: Uuid) -> Result<()> {
    if !sql::delete_source(tx, id).await? {
        return Err(Error::NotFound);
    }
    audit::record(tx, Action::SourceRemoved.on(id));
    tell(tx, id);
    Ok(())
}

pub(super) fn tell(tx: &mut Tx, id: Uuid) {
    outbox::record(tx, Event::ListChanged { topic: Topic::Sources, id });
}

fn name(given: &str) -> Result<String> {
    leads::one_line(Some(given), "name", 100)?.ok_or_else(|| Error::invalid("name", "required", "A name is needed."))
}

/// Nobody is sent where others could listen.
fn redirect(kind: SourceKind, given: Option<&str>) -> Result<Option<String>> {
    let Some(given) = given.map(str::trim).filter(|given| !given.is_empty()) else { return Ok(None) };
    let invalid = |detail: &'static str| Error::invalid("redirect_url", "url_invalid", detail);
    if kind == SourceKind::Webhook {
        return Err(invalid("A system is not sent anywhere."));
    }
    let url = Url::parse(given).map_err(|_| invalid("An address that begins with https://."))?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if url.scheme() == "https" && url.has_host() && is_plain && given.len() <= 2000 {
        Ok(Some(url.into()))
    } else {
        Err(invalid("An address that begins with https://."))
    }
}
