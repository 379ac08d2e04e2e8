//! What connects an organization to the outside. Meta, so far: webhooks come in, leads are fetched, pages are connected.
//!
//! Invariants:
//! - A delivery is answered only when it is stored, and stored deliveries are never lost: what is nobody's or cannot be read waits
//!   in the quarantine; what cannot be fetched waits in the queue, then in the graveyard.
//! - Delivered any number of times in any order, a lead is captured once.
//! - No transaction is open while we talk to Meta.

mod agency;
mod apps;
mod checkup;
mod connect;
mod fetch;
mod forms;
mod graveyard;
mod ground;
mod health;
mod http;
mod intake;
pub mod mapping;
mod operator;
mod owner;
mod receipts;
mod reconcile;
mod remap;
mod sql;
mod store;
mod tally;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    app::App,
    audit::{self, Action},
    db::{self, Directory, Tx},
    error::{Error, Result},
    jobs::{self, Failure},
    outbox::{self, Event},
    providers::meta::{LeadgenChange, MetaError, Retry, parse_webhook},
    types::ids::{FormId, OrganizationId, QuarantineId, new_uuid},
};
pub use agency::{TellAgency, WriteAgency};
pub use connect::IntroducePage;
pub use fetch::{FetchLead, ReplayQuarantine};
pub use forms::{Decisions, FormQuestion, ReadLead, Warning, describe_questions, read_lead};
pub use health::{CheckConnection, CheckConnections, Trouble, TroubleKind, mark_broken};
pub use http::{forms_routes, webhook_routes};
pub use operator::{replay_webhook, routes as operator_routes, webhooks};
pub use owner::routes as owner_routes;
pub use receipts::remember;
pub use reconcile::{Reconcile, ReconcileForm, ReconcilePage};
pub use remap::RemapForm;
pub use store::{keep_form, read_consents, read_person};
pub use tally::forget as forget_listed;

/// A lead form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LeadForm {
    pub id: FormId,
    pub name: String,
    /// Meta's id.
    pub external_id: String,
    /// As Meta writes it: `nb_NO`.
    #[schema(required = true)]
    pub locale: Option<String>,
}

/// A delivery that could not be taken, as it came.
#[derive(Clone, Debug)]
pub struct Quarantined {
    pub reason: &'static str,
    pub page_id: Option<String>,
    pub body: Vec<u8>,
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Leads that will be fetched.
    pub leads: usize,
    /// Parts that wait in the quarantine.
    pub quarantined: usize,
}

/// Stores a signed delivery and what follows from it. On return everything in it is on disk.
///
/// `door`: whose path it came by, so whose app signed it. Then only what is that organization's own is taken in.
pub async fn receive(
    app: &App,
    body: &[u8],
    door: Option<OrganizationId>,
    received_at: DateTime<Utc>,
) -> Result<Taken> {
    let mut set_aside = Vec::new();
    let leads = match parse_webhook(body) {
        Ok(webhook) => {
            set_aside.extend(webhook.ignored.into_iter().map(|ignored| {
                Quarantined {
                    reason: "other_field",
                    page_id: None,
                    body: json!({ "object": ignored.object, "field": ignored.field, "change": ignored.raw })
                        .to_string()
                        .into_bytes(),
                }
            }));
            set_aside.extend(webhook.rejected.into_iter().map(|rejected| Quarantined {
                reason: "unreadable",
                page_id: rejected.page_id.map(|id| id.as_str().to_owned()),
                body: rejected.raw.into_bytes(),
            }));
            webhook.leads
        }
        Err(_) => {
            set_aside.push(Quarantined { reason: "unreadable", page_id: None, body: body.to_vec() });
            Vec::new()
        }
    };
    let all = leads.len();
    let homeless = if leads.is_empty() { Vec::new() } else { intake::take_in(app, door, leads, received_at).await? };
    let taken = all - homeless.len();
    set_aside.extend(homeless.iter().map(|change| Quarantined {
        reason: "unknown_page",
        page_id: Some(change.page_id.as_str().to_owned()),
        body: as_post(change).into_bytes(),
    }));
    if !set_aside.is_empty() {
        tracing::warn!(
            count = set_aside.len(),
            reason = set_aside[0].reason,
            "parts of a delivery wait in the quarantine"
        );
        db::in_time(db::STATEMENT_LIMIT, sql::quarantine(app.db.pool(), &set_aside, door, received_at)).await?;
        // A page that was connected between the two statements has been replayed already: once more.
        let of_nobody = set_aside.iter().filter(|part| part.reason == "unknown_page");
        let pages: Vec<String> = of_nobody.filter_map(|part| part.page_id.clone()).collect();
        let late = Some(received_at.timestamp_micros());
        app.db
            .directory(async |directory| {
                let routed = sql::routed(directory, &pages).await?.into_iter();
                for (page_id, organization) in routed.filter(|(_, of)| door.is_none_or(|door| door == *of)) {
                    jobs::enqueue_for::<App, _>(directory, Some(organization), &ReplayQuarantine { page_id, late })
                        .await?;
                }
                Ok(())
            })
            .await?;
    }
    metrics::counter!("nextmove_webhook_leads_total").increment(taken as u64);
    metrics::counter!("nextmove_webhook_quarantined_total").increment(set_aside.len() as u64);
    Ok(Taken { leads: taken, quarantined: set_aside.len() })
}

/// A change as a post of its own, to be received again later.
fn as_post(change: &LeadgenChange) -> String {
    json!({ "object": "page", "entry": [{ "id": change.page_id.as_str(), "changes": [{ "field": "leadgen", "value": {
        "leadgen_id": change.leadgen_id.as_str(),
        "page_id": change.page_id.as_str(),
        "form_id": change.form_id.as_ref().map(|id| id.as_str()),
        "created_time": change.created_time.map(|at| at.timestamp()),
    } }] }] })
    .to_string()
}

/// Connects a Meta page, or connects it anew with another token. What waited for it is fetched.
pub async fn connect_page(tx: &mut Tx, page_id: &str, name: &str, token: &str) -> Result<()> {
    if page_id.is_empty() || page_id.len() > 40 || !page_id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::invalid("page_id", "page_id_invalid", "A page id is digits only."));
    }
    if token.trim().is_empty() {
        return Err(Error::invalid("token", "required", "The page's access token is needed."));
    }
    if !sql::route_page(tx, page_id).await? {
        return Err(Error::conflict("page_taken", "This page is connected to another organization."));
    }
    let known = sql::connection_row(tx, page_id).await?;
    let row = known.unwrap_or_else(|| new_uuid(tx.now()));
    let sealed = tx.seal("meta_connections", "token", row, token.trim())?;
    sql::upsert_connection(tx, page_id, row, name, sealed).await?;
    let action = if known.is_some() { Action::PageTokenReplaced } else { Action::PageConnected };
    audit::record(tx, action.on(row).with("page", page_id));
    outbox::record(tx, Event::PageConnected { page_id: page_id.to_owned(), row });
    health::given_a_token(tx, page_id, name, row).await
}

/// What Graph's error means for a job that a person may ask for again.
fn failure(error: &MetaError) -> Failure {
    let reason = format!("{}: {error}", error.class());
    match error.retry() {
        Retry::After(pause) => Failure::RetryAfter(pause, reason),
        Retry::Backoff | Retry::Few => Failure::Retry(reason),
        Retry::Never => Failure::Permanent(reason),
    }
}

/// How much waits in the quarantine, by reason, for the metrics.
pub async fn quarantined(directory: &mut Directory) -> Result<Vec<(String, i64)>> {
    sql::waiting_by_reason(directory).await
}

/// Lets what waits for a page's leads run now.
pub async fn hurry(tx: &mut Tx) -> Result<()> {
    sql::hurry(tx).await?;
    tx.ring_jobs();
    Ok(())
}

/// Forgets receipts that nobody will ask for any more: Meta itself forgets a lead after 90 days.
pub async fn prune(directory: &mut Directory, before: DateTime<Utc>) -> Result<u64> {
    sql::prune(directory, before).await
}

/// Ids for rows of a batch.
fn quarantine_ids(count: usize, at: DateTime<Utc>) -> Vec<uuid::Uuid> {
    (0..count).map(|_| QuarantineId::new(at).0).collect()
}
