//! The latency trace: when a lead passed each door on its way from Meta to a person's voice. PRODUCT, "What no other product has", 1.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    identity::Viewer,
    notifications,
    types::ids::LeadId,
};

/// Each door is passed once; null until then.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Trace {
    /// When the person sent it, as Meta says.
    #[schema(required = true)]
    pub meta_created_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    #[schema(required = true)]
    pub fetched_at: Option<DateTime<Utc>>,
    pub stored_at: DateTime<Utc>,
    #[schema(required = true)]
    pub emitted_at: Option<DateTime<Utc>>,
    /// The first device said that it has it.
    #[schema(required = true)]
    pub acknowledged_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub opened_at: Option<DateTime<Utc>>,
    #[schema(required = true)]
    pub first_attempt_at: Option<DateTime<Utc>>,
}

pub(super) async fn find(tx: &mut Tx, lead: LeadId) -> Result<Trace> {
    sqlx::query_as!(
        Trace,
        "select meta_created_at, received_at, fetched_at, stored_at, emitted_at, acknowledged_at, opened_at, first_attempt_at
         from lead_traces where lead_id = $1",
        lead.0
    )
    .fetch_optional(tx.conn())
    .await?
    .ok_or(Error::NotFound)
}

/// Somebody looks at the lead.
pub async fn opened(tx: &mut Tx, viewer: &Viewer, lead: LeadId) -> Result<()> {
    super::find(tx, viewer, lead).await?;
    let (now, by) = (tx.now(), tx.by().clone());
    audit::saw_in(tx, by, Action::LeadViewed.on(lead)).await?;
    sqlx::query!("update lead_traces set opened_at = $2 where lead_id = $1 and opened_at is null", lead.0, now)
        .execute(tx.conn())
        .await?;
    notifications::settle(tx, viewer.user, lead).await
}

/// The leads went out to the sockets at these times.
pub async fn emitted(tx: &mut Tx, at: &[(LeadId, DateTime<Utc>)]) -> Result<()> {
    let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = at.iter().map(|(id, at)| (id.0, *at)).unzip();
    let took = sqlx::query_scalar!(
        r#"update lead_traces set emitted_at = new.at from unnest($1::uuid[], $2::timestamptz[]) as new(id, at)
           where lead_id = new.id and emitted_at is null
           returning extract(epoch from new.at - received_at)::float8 as "took!""#,
        &ids,
        &times
    )
    .fetch_all(tx.conn())
    .await?;
    passed("emitted", &took);
    Ok(())
}

/// A device has the leads, since these times.
pub async fn acknowledged(tx: &mut Tx, at: &[(LeadId, DateTime<Utc>)]) -> Result<()> {
    let (ids, times): (Vec<Uuid>, Vec<DateTime<Utc>>) = at.iter().map(|(id, at)| (id.0, *at)).unzip();
    let took = sqlx::query_scalar!(
        r#"update lead_traces set acknowledged_at = new.at from unnest($1::uuid[], $2::timestamptz[]) as new(id, at)
           where lead_id = new.id and acknowledged_at is null
           returning extract(epoch from new.at - received_at)::float8 as "took!""#,
        &ids,
        &times
    )
    .fetch_all(tx.conn())
    .await?;
    passed("acknowledged", &took);
    Ok(())
}

/// How long after the webhook leads passed a door, in seconds.
fn passed(door: &'static str, took: &[f64]) {
    let histogram = metrics::histogram!("nextmove_lead_seconds", "door" => door);
    for seconds in took {
        histogram.record(*seconds);
    }
}
