//! The owner connects a page: its token is tried before it is kept, Meta is asked to tell us of new leads, the forms are read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    apps::{self, MetaApp, end_of},
    checkup::ConnectionTest,
    connect_page, ground,
    health::{self, Trouble},
    sql,
    store::keep_form,
};
use crate::{
    app::App,
    audit::{self, Action},
    db::{Actor, By, Tx},
    error::{Error, Result},
    identity::Owner,
    jobs::{Context, Failure, Job},
    providers::meta::{GraphForm, Meta, MetaError, MetaId, PageToken},
    types::ids::OrganizationId,
};

/// All that is set up with Meta.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MetaSetup {
    pub app: MetaApp,
    /// Where Meta delivers: to be copied into the app's webhook settings.
    pub callback_url: String,
    pub pages: Vec<MetaPage>,
}

/// How a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// The last test, or a lead since, went through.
    Working,
    /// Connected, and neither tested nor tried by a lead.
    Untested,
    /// The last test failed at a step.
    Failing,
    /// Meta refuses: leads wait until a person mends it.
    Broken,
}

/// A connected page.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MetaPage {
    /// Meta's id.
    pub page_id: String,
    pub name: String,
    /// The last four characters of its token.
    pub token_end: String,
    pub health: Health,
    pub connected_at: DateTime<Utc>,
    /// When Meta was asked to tell us of its leads.
    #[schema(required = true)]
    pub subscribed_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub broken_at: Option<DateTime<Utc>>,
    /// `token_dead`, `permission` or `policy_blocked`.
    #[schema(required = true)]
    pub broken_reason: Option<String>,
    /// When Meta last told of a lead.
    #[schema(required = true)]
    pub last_received_at: Option<DateTime<Utc>>,
    /// Leads that are still to be fetched.
    pub waiting: i64,
    /// Leads that were given up; they lie in the graveyard.
    pub failed: i64,
    #[schema(required = true)]
    pub test: Option<ConnectionTest>,
    /// What is wrong with it, since when, and what mends it.
    #[schema(required = true)]
    pub trouble: Option<Trouble>,
    /// When the token ends, or its right to read data, where Meta says so.
    #[schema(required = true)]
    pub token_ends_at: Option<DateTime<Utc>>,
    /// Until then Meta's lists are not asked, since its budget for calls is used up for the most part; webhooks are fetched all the same.
    #[schema(required = true)]
    pub slow_until: Option<DateTime<Utc>>,
    /// How much of that budget was used. Percent.
    #[schema(required = true)]
    pub budget_percent: Option<i32>,
}

/// Everything that the owner set up.
pub async fn setup(app: &App, tx: &mut Tx) -> Result<MetaSetup> {
    let (own, route) = apps::describe(app, tx).await?;
    let troubles = health::troubles(tx).await?;
    let rows = sql::pages(tx, None).await?.into_iter();
    let pages = rows.map(|row| present(tx, row, &troubles)).collect::<Result<_>>()?;
    Ok(MetaSetup { callback_url: callback_url(app, route.as_deref()), app: own, pages })
}

/// The webhook's address as Meta sees it.
pub(super) fn callback_url(app: &App, route: Option<&str>) -> String {
    let base = app.config.http.public_url.as_str().trim_end_matches('/').to_owned();
    route.map_or_else(|| format!("{base}/webhooks/meta-lead"), |route| format!("{base}/webhooks/meta-lead/{route}"))
}

fn present(tx: &Tx, row: sql::PageRow, troubles: &[Trouble]) -> Result<MetaPage> {
    let trouble = troubles.iter().find(|trouble| trouble.page_id == row.page_id).cloned();
    let token = tx.open("meta_connections", "token", row.row_id, &row.token)?;
    let test: Option<ConnectionTest> = row.test.and_then(|test| serde_json::from_value(test).ok());
    let test = test.filter(|test| test.started_at >= row.connected_at);
    let now = tx.now();
    let slow_until = row.slow_until.filter(|until| *until > now);
    let health = match &test {
        _ if row.broken_at.is_some() => Health::Broken,
        Some(test) if !test.ok => Health::Failing,
        Some(_) => Health::Working,
        None if row.last_received_at.is_some_and(|at| at >= row.connected_at) && row.failed == 0 => Health::Working,
        None => Health::Untested,
    };
    Ok(MetaPage {
        page_id: row.page_id,
        name: row.name,
        token_end: end_of(&token),
        health,
        connected_at: row.connected_at,
        subscribed_at: row.subscribed_at,
        broken_at: row.broken_at,
        broken_reason: row.broken_reason,
        last_received_at: row.last_received_at,
        waiting: row.waiting,
        failed: row.failed,
        test,
        trouble,
        token_ends_at: row.token_ends_at,
        slow_until,
        budget_percent: slow_until.and(row.budget_percent),
    })
}

/// One page, as its owner sees it.
pub async fn page(tx: &mut Tx, page_id: &str) -> Result<MetaPage> {
    let row = sql::pages(tx, Some(page_id)).await?.into_iter().next().ok_or(Error::NotFound)?;
    let troubles = health::troubles(tx).await?;
    present(tx, row, &troubles)
}

/// What is needed to talk to Meta about a page.
pub(super) async fn key(app: &App, tx: &mut Tx, page_id: &str) -> Result<(Meta, PageToken)> {
    let row = sql::pages(tx, Some(page_id)).await?.into_iter().next().ok_or(Error::NotFound)?;
    let token = PageToken::new(tx.open("meta_connections", "token", row.row_id, &row.token)?);
    Ok((apps::client(app, tx).await?, token))
}

/// Connects a page, or connects it anew with another token. What waited for it is fetched.
///
/// Only whoever holds a token of the page connects it: the id is what Meta says it is.
pub async fn connect(app: &App, owner: &Owner, page_id: &str, token: &str) -> Result<MetaPage> {
    let id = MetaId::parse(page_id)
        .map_err(|_| Error::invalid("page_id", "page_id_invalid", "A page id is digits only."))?;
    let token = PageToken::new(token.trim());
    if token.expose().is_empty() || token.expose().len() > 1_000 {
        return Err(Error::invalid("token", "required", "The page's access token is needed."));
    }
    // Nothing else can stand in a header, so Meta would never be asked.
    if !token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::invalid("token", "token_dead", "A token is letters, digits and signs."));
    }
    let meta = owner.read(async |tx| apps::client(app, tx).await).await?;
    let told = meta.page(&token).await.map_err(|error| refused(&error))?;
    if told.id != id {
        return Err(Error::invalid("token", "token_other_page", "This token is a person's, or another page's."));
    }
    let name = told.name.unwrap_or_else(|| page_id.to_owned());
    owner.write(async |tx| connect_page(tx, page_id, &name, token.expose()).await).await?;
    ground::forget_all(app, owner.organization());
    let (subscribed, forms) = introduce(app, owner.organization(), owner.by(), &meta, &token, &id).await?;
    for error in [subscribed, forms].into_iter().flatten() {
        tracing::warn!(%error, "a page was connected, and Meta does not let us do all with it");
    }
    owner.read(async |tx| page(tx, page_id).await).await
}

/// What a token that was just given is refused for.
fn refused(error: &MetaError) -> Error {
    match error {
        MetaError::TokenDead { .. } => Error::invalid("token", "token_dead", "Meta does not accept this token."),
        MetaError::Throttled { .. } | MetaError::Temporary { .. } => Error::Unavailable(error.to_string()),
        _ => {
            Error::invalid("token", "token_refused", "Meta refuses this token: it is of another app, or lacks rights.")
        }
    }
}

/// Asks Meta to tell us of the page's leads, and reads its forms. Gives what did not work: the page is connected all the same, and the test
/// of the connection shows how to mend it.
async fn introduce(
    app: &App,
    organization: OrganizationId,
    by: impl Into<By>,
    meta: &Meta,
    token: &PageToken,
    id: &MetaId,
) -> Result<(Option<MetaError>, Option<MetaError>)> {
    let subscribed = meta.subscribe(token, id).await;
    let forms = meta.page_forms(token, id).await;
    app.db
        .write(organization, by, async |tx| {
            if subscribed.is_ok() {
                sql::subscribed(tx, id.as_str()).await?;
            }
            keep_forms(tx, id.as_str(), forms.as_deref().unwrap_or_default()).await
        })
        .await?;
    Ok((subscribed.err(), forms.err()))
}

/// As [`introduce`], for a page that was connected where nobody waits for Meta: on the command line, in the demo.
#[derive(Debug, Serialize, Deserialize)]
pub struct IntroducePage {
    pub page_id: String,
}

impl Job<App> for IntroducePage {
    const KIND: &'static str = "introduce_page";

    fn key(&self) -> Option<String> {
        Some(self.page_id.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (app, organization) = (&context.app, context.organization()?);
        let id = MetaId::parse(&self.page_id).map_err(|error| Failure::Permanent(error.to_string()))?;
        let known = app.db.read(organization, Actor::System, async |tx| key(app, tx, &self.page_id).await).await;
        let (meta, token) = match known {
            Err(Error::NotFound) => return Ok(()), // disconnected since
            known => known?,
        };
        let (subscribed, forms) = introduce(app, organization, Actor::System, &meta, &token, &id).await?;
        match subscribed.or(forms) {
            None => Ok(()),
            Some(error) => Err(super::failure(&error)),
        }
    }
}

/// In one order, so that two of these never wait for each other.
pub(super) async fn keep_forms(tx: &mut Tx, page_id: &str, forms: &[GraphForm]) -> Result<()> {
    let forms: BTreeMap<&str, &GraphForm> = forms.iter().map(|form| (form.id.as_str(), form)).collect();
    for form in forms.into_values() {
        keep_form(tx, page_id, form).await?;
    }
    Ok(())
}

/// Reads the forms of all pages anew.
pub async fn read_forms(app: &App, owner: &Owner) -> Result<()> {
    let pages = owner.read(async |tx| sql::pages(tx, None).await).await?;
    for row in pages {
        let (meta, token) = owner.read(async |tx| key(app, tx, &row.page_id).await).await?;
        let id = MetaId::parse(&row.page_id).map_err(Error::internal)?;
        let forms = meta.page_forms(&token, &id).await.map_err(|error| match error {
            MetaError::Throttled { .. } | MetaError::Temporary { .. } => Error::Unavailable(error.to_string()),
            _ => Error::conflict("meta_refuses", "Meta does not let us read the forms: test the connection."),
        })?;
        app.db.write(owner.organization(), owner.by(), async |tx| keep_forms(tx, &row.page_id, &forms).await).await?;
    }
    ground::forget_all(app, owner.organization());
    Ok(())
}

/// Disconnects a page and forgets its token. What Meta still delivers for it waits in the quarantine.
pub async fn disconnect(app: &App, owner: &Owner, page_id: &str) -> Result<()> {
    let (meta, token) = owner.read(async |tx| key(app, tx, page_id).await).await?;
    owner
        .write(async |tx| {
            let row = sql::disconnect(tx, page_id).await?.ok_or(Error::NotFound)?;
            audit::record(tx, Action::PageDisconnected.on(row).with("page", page_id));
            Ok(())
        })
        .await?;
    ground::forget_all(app, owner.organization());
    // Meta may refuse the token by now; then it also tells nobody anything for long.
    if let Ok(id) = MetaId::parse(page_id)
        && let Err(error) = meta.unsubscribe(&token, &id).await
    {
        tracing::warn!(%error, "a page was disconnected, and Meta still holds the subscription");
    }
    Ok(())
}
