//! Which app of Meta's speaks for an organization: one of its own, with a path of its own for the webhook, or the deployment's.
//!
//! The path is unguessable and says whose secret signs; what comes by it is taken in for that organization only. Secrets are kept in
//! memory for seconds, as `ground` keeps tokens.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;

use super::sql;
use crate::{
    app::App,
    audit::{self, Action, Entry},
    db::{Actor, Tx, seal},
    error::{Error, Result},
    providers::meta::{AppSecret, Meta, MetaId},
    types::ids::{OrganizationId, new_uuid},
};

const FRESH_FOR: Duration = Duration::from_secs(5);
/// The sealed fields' table.
pub(super) const TABLE: &str = "meta_apps";

/// Who may have signed a delivery, and whose handshake it is.
#[derive(Clone)]
pub(super) struct Signer {
    /// Whose path it is; `None`: the common one.
    pub organization: Option<OrganizationId>,
    pub secret: AppSecret,
    verify_token: Vec<u8>,
}

impl Signer {
    fn common(app: &App) -> Self {
        let verify_token = app.config.meta.verify_token.as_bytes().to_vec();
        Self { organization: None, secret: app.meta_secret.clone(), verify_token }
    }

    /// In the same time wherever the first wrong byte stands. An empty token verifies nothing.
    pub fn knows(&self, verify_token: &str) -> bool {
        !self.verify_token.is_empty() && bool::from(verify_token.as_bytes().ct_eq(&self.verify_token))
    }
}

#[derive(Default)]
struct Kept(RwLock<HashMap<String, (Signer, Instant)>>);

/// Whose door this is: the common one, or that of a path.
pub(super) async fn signer(app: &App, route: Option<&str>) -> Result<Signer> {
    let Some(route) = route else { return Ok(Signer::common(app)) };
    if route.len() != 43 {
        return Err(Error::NotFound);
    }
    let kept = app.kept::<Kept>();
    let known = kept.0.read().unwrap_or_else(PoisonError::into_inner).get(route).cloned();
    if let Some((signer, at)) = known
        && at.elapsed() < FRESH_FOR
    {
        return Ok(signer);
    }
    read(app, route).await
}

/// As [`signer`] of a path, as the database says now: another process may have been told another secret a moment ago.
pub(super) async fn read(app: &App, route: &str) -> Result<Signer> {
    let organization = app.db.directory(async |directory| sql::organization_of(directory, route).await).await?;
    let organization = organization.ok_or(Error::NotFound)?;
    let own = app.db.read(organization, Actor::System, async |tx| own(tx).await).await?.ok_or(Error::NotFound)?;
    let signer = Signer {
        organization: Some(organization),
        secret: AppSecret::new(own.secret),
        verify_token: own.verify_token.into_bytes(),
    };
    let kept = app.kept::<Kept>();
    let mut kept = kept.0.write().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|_, (_, at)| at.elapsed() < FRESH_FOR);
    kept.insert(route.to_owned(), (signer.clone(), Instant::now()));
    Ok(signer)
}

/// Another secret counts at once, in this process.
pub(super) fn forget(app: &App, organization: OrganizationId) {
    let kept = app.kept::<Kept>();
    let mut kept = kept.0.write().unwrap_or_else(PoisonError::into_inner);
    kept.retain(|_, (signer, _)| signer.organization != Some(organization));
}

/// An app of the organization's own, opened.
pub(super) struct OwnApp {
    pub app_id: String,
    pub secret: String,
    pub verify_token: String,
    pub updated_at: DateTime<Utc>,
}

pub(super) async fn own(tx: &mut Tx) -> Result<Option<OwnApp>> {
    let Some(row) = sql::own_app(tx).await? else { return Ok(None) };
    Ok(Some(OwnApp {
        secret: tx.open(TABLE, "app_secret", row.row_id, &row.app_secret)?,
        verify_token: tx.open(TABLE, "verify_token", row.row_id, &row.verify_token)?,
        app_id: row.app_id,
        updated_at: row.updated_at,
    }))
}

/// Graph, as the app that speaks for the organization.
pub(super) async fn client(app: &App, tx: &mut Tx) -> Result<Meta> {
    let own = own(tx).await?;
    own.map_or_else(|| Ok(app.meta.clone()), |own| speaking(app, &own.app_id, own.secret))
}

pub(super) fn speaking(app: &App, app_id: &str, secret: String) -> Result<Meta> {
    let app_id = MetaId::parse(app_id).map_err(Error::internal)?;
    Ok(app.meta.speaking_for(Some(app_id), AppSecret::new(secret)))
}

/// The app that speaks for the organization, as its owner sees it. The secret is never told again.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MetaApp {
    /// The organization's own; otherwise the one that whoever runs this server has set up, webhook and all.
    pub own: bool,
    #[schema(required = true)]
    pub app_id: Option<String>,
    /// The last four characters of the secret.
    #[schema(required = true)]
    pub app_secret_end: Option<String>,
    /// To be copied into Meta's webhook settings; of an app of one's own only.
    #[schema(required = true)]
    pub verify_token: Option<String>,
    #[schema(required = true)]
    pub updated_at: Option<DateTime<Utc>>,
}

/// What to change of one's own app; what is left out stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeMetaApp {
    pub app_id: String,
    /// Needed the first time, and with another app.
    pub app_secret: Option<String>,
    /// Made up where none is given.
    pub verify_token: Option<String>,
}

/// The last four characters, of what has many more.
pub(super) fn end_of(secret: &str) -> String {
    let count = secret.chars().count();
    secret.chars().skip(if count >= 12 { count - 4 } else { count }).collect()
}

/// As its owner sees it, with the path of the webhook where there is one.
pub(super) async fn describe(app: &App, tx: &mut Tx) -> Result<(MetaApp, Option<String>)> {
    let Some(own) = own(tx).await? else {
        let app_id = app.meta.app_id().map(|id| id.as_str().to_owned());
        let shared = MetaApp { own: false, app_id, app_secret_end: None, verify_token: None, updated_at: None };
        return Ok((shared, None));
    };
    let described = MetaApp {
        own: true,
        app_id: Some(own.app_id),
        app_secret_end: Some(end_of(&own.secret)),
        verify_token: Some(own.verify_token),
        updated_at: Some(own.updated_at),
    };
    Ok((described, sql::route_of(tx).await?))
}

/// Gives the organization an app of its own, or changes it.
pub async fn save_app(tx: &mut Tx, change: ChangeMetaApp) -> Result<()> {
    let app_id = change.app_id.trim();
    if MetaId::parse(app_id).is_err() {
        return Err(Error::invalid("app_id", "app_id_invalid", "An app id is digits only."));
    }
    let known = own(tx).await?;
    // The secret of one app says nothing about another one.
    let kept = known.as_ref().filter(|known| known.app_id == app_id).map(|known| known.secret.clone());
    let secret = given("app_secret", change.app_secret)?.or(kept);
    let secret = secret.ok_or_else(|| Error::invalid("app_secret", "required", "The app's secret is needed."))?;
    let verify_token = given("verify_token", change.verify_token)?.or(known.map(|known| known.verify_token));
    let verify_token = verify_token.unwrap_or_else(|| URL_SAFE_NO_PAD.encode(seal::random::<24>()));
    let row = new_uuid(tx.now());
    let app_secret = tx.seal(TABLE, "app_secret", row, &secret)?;
    let verify_token = tx.seal(TABLE, "verify_token", row, &verify_token)?;
    sql::upsert_app(tx, row, app_id, app_secret, verify_token).await?;
    sql::ensure_route(tx, &URL_SAFE_NO_PAD.encode(seal::random::<32>())).await?;
    audit::record(tx, Entry::from(Action::MetaAppSaved).with("app", app_id));
    Ok(())
}

/// Back to the deployment's app. The path stays the organization's, and answers nothing meanwhile.
pub async fn remove_app(tx: &mut Tx) -> Result<()> {
    if !sql::delete_app(tx).await? {
        return Err(Error::NotFound);
    }
    audit::record(tx, Action::MetaAppRemoved);
    Ok(())
}

/// A secret that was pasted: without the space around it, and nothing that a person only half copied.
fn given(field: &'static str, text: Option<String>) -> Result<Option<String>> {
    let Some(text) = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()) else { return Ok(None) };
    if !(16..=200).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid(field, "secret_invalid", "16 to 200 letters, digits and signs, without spaces."));
    }
    Ok(Some(text))
}
