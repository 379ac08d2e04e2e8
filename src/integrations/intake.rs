//! Deliveries are stored together with those that arrive meanwhile: one statement, one commit.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::sql;
use crate::{
    app::App,
    db,
    error::Result,
    jobs::{Gather, Handover},
    providers::meta::LeadgenChange,
    types::ids::OrganizationId,
};

/// Deliveries in one statement. A delivery itself holds up to 1,000 leads.
const MOST: usize = 64;

/// The leads of one delivery, and when it came.
pub(super) struct Delivery {
    /// Whose path it came by; by the common one it may be everybody's.
    pub door: Option<OrganizationId>,
    pub leads: Vec<LeadgenChange>,
    pub received_at: DateTime<Utc>,
}

struct Intake(Gather<Delivery, Vec<LeadgenChange>>);

impl Default for Intake {
    fn default() -> Self {
        Self(Gather::new(1, MOST))
    }
}

/// Stores receipts and the jobs that fetch the leads; on return they are on disk. Gives back the leads whose page is nobody's.
pub(super) async fn take_in(
    app: &App,
    door: Option<OrganizationId>,
    leads: Vec<LeadgenChange>,
    received_at: DateTime<Utc>,
) -> Result<Vec<LeadgenChange>> {
    let intake = app.kept::<Intake>();
    let app = app.clone();
    let work = move |all: Vec<Arc<Delivery>>| {
        let app = app.clone();
        async move { take_in_all(&app, &all).await }
    };
    intake.0.add(Delivery { door, leads, received_at }, work).await
}

/// Gives back, of each delivery, the leads whose page is nobody's.
async fn take_in_all(app: &App, all: &[Arc<Delivery>]) -> Result<Vec<Vec<LeadgenChange>>> {
    let leads = all.iter().map(|delivery| delivery.leads.len()).sum();
    let claim = app.kept::<Handover>().claim(leads, app.clock.now());
    let mut tries = app.db.tries();
    // It may run twice: a receipt is kept once.
    let taken = loop {
        match db::in_time(db::STATEMENT_LIMIT, sql::take_in(app.db.pool(), all, claim.as_ref())).await {
            Err(error) if tries > 0 && db::is_dead(&error) => tries -= 1,
            other => break other?,
        }
    };
    match claim {
        Some(claim) => claim.hand(taken.jobs),
        None if taken.jobs.is_empty() => {}
        None => app.db.bell().ring_jobs(),
    }
    let of_one = |(delivery, homeless): (&Arc<Delivery>, Vec<bool>)| {
        delivery.leads.iter().zip(homeless).filter(|(_, is)| *is).map(|(lead, _)| lead.clone()).collect()
    };
    Ok(all.iter().zip(taken.homeless).map(of_one).collect())
}
