//! What came by a source: kept as it came, read by the source's mapping, stored as a lead in the same transaction. What cannot be read waits to
//! be read again by another mapping.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    payload,
    sources::{self, SourceKind},
    sql,
};
use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    integrations::{
        self, Decisions, FormQuestion, ReadLead, Warning,
        mapping::{self, Overrides},
    },
    leads::{self, Captured, NewLead},
    organizations, sla,
    types::ids::{LeadId, new_uuid},
};

const TABLE: &str = "source_deliveries";
/// As long as Meta keeps what it was told.
pub(super) const KEPT: TimeDelta = TimeDelta::days(90);
/// What a preview shows, and what a list does.
const SHOWN: i64 = 8;
const LISTED: i64 = 50;

/// What became of something that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Stored,
    /// It could not be read, and waits.
    Failed,
}

/// Something that came. What it says is shown by the preview only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceDelivery {
    pub id: Uuid,
    pub received_at: DateTime<Utc>,
    pub state: DeliveryState,
    /// A stable word: `no_json`, `no_object`, `empty`, `too_much`, `no_contact`.
    #[schema(required = true)]
    pub reason: Option<String>,
    #[schema(required = true)]
    pub lead_id: Option<LeadId>,
}

/// Where the fields of a source go, by what came lately.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourceMapping {
    /// The `ETag`.
    pub version: i32,
    pub questions: Vec<FormQuestion>,
    pub warnings: Vec<Warning>,
}

/// Something that came, as it is read now and as it would be; null where it cannot be read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PreviewedDelivery {
    pub id: Uuid,
    pub received_at: DateTime<Utc>,
    #[schema(required = true)]
    pub before: Option<ReadLead>,
    #[schema(required = true)]
    pub after: Option<ReadLead>,
}

/// What decisions would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SourcePreview {
    pub deliveries: Vec<PreviewedDelivery>,
    pub warnings: Vec<Warning>,
}

/// Keeps what came and stores its lead. `external_id`: the sender's name for it, by which it is taken once.
pub(super) async fn take(tx: &mut Tx, source: Uuid, external_id: Option<&str>, body: &str) -> Result<()> {
    let id = new_uuid(tx.now());
    let sealed = tx.seal(TABLE, "body", id, body)?;
    if !sql::insert_delivery(tx, id, source, external_id, sealed).await? {
        return Ok(());
    }
    let now = tx.now();
    store(tx, source, id, body, now).await?;
    Ok(())
}

/// Reads it and stores its lead; tells whether it could.
async fn store(tx: &mut Tx, source: Uuid, id: Uuid, body: &str, received_at: DateTime<Utc>) -> Result<bool> {
    let row = sources::row(tx, source).await?;
    let overrides: Overrides = serde_json::from_value(row.overrides)?;
    let kind = SourceKind::parse(&row.kind)?;
    let country = organizations::current(tx).await?.country;
    let read = match payload::fields(body) {
        Ok(fields) => {
            let (lead, form) = payload::as_lead(fields, received_at)?;
            let person = integrations::read_person(&lead, &form, &overrides, country);
            let reachable = person.phone.is_some() || person.phone_given.is_some() || person.email.is_some();
            if reachable {
                Ok((person, integrations::read_consents(&lead, &form, &overrides)))
            } else {
                Err("no_contact")
            }
        }
        Err(why) => Err(why),
    };
    let (person, consents) = match read {
        Ok(read) => read,
        Err(why) => {
            tracing::warn!(%source, delivery = %id, why, "what came by a source cannot be read, and waits");
            sql::finish_delivery(tx, id, Some(why), None).await?;
            sources::tell(tx, source);
            return Ok(false);
        }
    };
    let new = NewLead { consents, ..NewLead::of(kind.as_str(), person, received_at) };
    let sla = sla::current(tx).await?;
    let (Captured::New(lead) | Captured::Joined(lead) | Captured::Known(lead)) = leads::capture(tx, new, &sla).await?;
    sql::finish_delivery(tx, id, None, Some(lead)).await?;
    Ok(true)
}

/// The newest that came.
pub async fn list(tx: &mut Tx, source: Uuid) -> Result<Vec<SourceDelivery>> {
    sources::row(tx, source).await?;
    let present = |row: sql::DeliveryRow| SourceDelivery {
        id: row.id,
        received_at: row.received_at,
        state: if row.state == "stored" { DeliveryState::Stored } else { DeliveryState::Failed },
        reason: row.reason,
        lead_id: row.lead_id.map(LeadId),
    };
    Ok(sql::deliveries(tx, source, None, LISTED).await?.into_iter().map(present).collect())
}

/// Reads again what could not be read. 409 `still_unreadable`; what is stored stays as it is.
pub async fn replay(tx: &mut Tx, source: Uuid, id: Uuid) -> Result<bool> {
    let row = sql::lock_delivery(tx, source, id).await?.ok_or(Error::NotFound)?;
    audit::record(tx, Action::ReceiptReplayed.on(id));
    if row.state == "stored" {
        return Ok(true);
    }
    let body = tx.open(TABLE, "body", row.id, &row.body)?;
    store(tx, source, row.id, &body, row.received_at).await
}

/// The fields that came lately with where they go, and those that were decided about.
pub async fn mapping(tx: &mut Tx, source: Uuid) -> Result<SourceMapping> {
    let row = sources::row(tx, source).await?;
    let overrides: Overrides = serde_json::from_value(row.overrides)?;
    let names = names(tx, source, &overrides).await?;
    let form = payload::form_of(&names)?;
    let (questions, warnings) = integrations::describe_questions(form, &overrides);
    Ok(SourceMapping { version: row.version, questions, warnings })
}

async fn names(tx: &mut Tx, source: Uuid, overrides: &Overrides) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for row in sql::deliveries(tx, source, None, SHOWN).await? {
        let body = tx.open(TABLE, "body", row.id, &row.body)?;
        names.extend(payload::fields(&body).unwrap_or_default().into_iter().map(|field| field.name));
    }
    names.extend(overrides.keys().cloned());
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(mapping::normalize(name)));
    Ok(names)
}

/// Decides where the fields go, for what comes from now on and for what is read again.
pub async fn decide(tx: &mut Tx, source: Uuid, version: i32, decisions: &Decisions) -> Result<SourceMapping> {
    check(decisions)?;
    if !sql::save_mapping(tx, source, version, serde_json::to_value(&decisions.targets)?).await? {
        let current = sources::row(tx, source).await?.version;
        return Err(Error::Precondition { current });
    }
    audit::record(tx, Action::SourceMapped.on(source));
    sources::tell(tx, source);
    mapping(tx, source).await
}

/// A field may be decided about before it came.
fn check(decisions: &Decisions) -> Result<()> {
    let is_name = |name: &String| !name.is_empty() && name.chars().count() <= 200;
    if decisions.targets.len() <= 200 && decisions.targets.keys().all(is_name) {
        Ok(())
    } else {
        Err(Error::invalid("targets", "too_many", "At most 200 fields, with names of up to 200 letters."))
    }
}

/// Shows on what came lately what decisions would do. Nothing is saved.
pub async fn preview(tx: &mut Tx, source: Uuid, decisions: &Decisions) -> Result<SourcePreview> {
    check(decisions)?;
    let row = sources::row(tx, source).await?;
    let overrides: Overrides = serde_json::from_value(row.overrides)?;
    let country = organizations::current(tx).await?.country;
    let mut deliveries = Vec::new();
    for row in sql::deliveries(tx, source, None, SHOWN).await? {
        let body = tx.open(TABLE, "body", row.id, &row.body)?;
        let read = |overrides: &Overrides| -> Result<Option<ReadLead>> {
            let Ok(fields) = payload::fields(&body) else { return Ok(None) };
            let (lead, form) = payload::as_lead(fields, row.received_at)?;
            Ok(Some(integrations::read_lead(&lead, &form, overrides, country)))
        };
        let (before, after) = (read(&overrides)?, read(&decisions.targets)?);
        deliveries.push(PreviewedDelivery { id: row.id, received_at: row.received_at, before, after });
    }
    let names = names(tx, source, &decisions.targets).await?;
    let (_, warnings) = integrations::describe_questions(payload::form_of(&names)?, &decisions.targets);
    Ok(SourcePreview { deliveries, warnings })
}
