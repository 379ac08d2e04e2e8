//! Deliveries are stored together with those that arrive meanwhile: one statement, one commit.

use chrono::{DateTime, Utc};

use super::sql;
use crate::{
    app::App,
    error::{Error, Result},
    jobs::{Gather, Handover},
    providers::meta::LeadgenChange,
};

/// Deliveries in one statement. A delivery itself holds up to 1,000 leads.
const MOST: usize = 64;

/// The leads of one delivery, and when it came.
pub(super) struct Delivery {
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
    leads: Vec<LeadgenChange>,
    received_at: DateTime<Utc>,
) -> Result<Vec<LeadgenChange>> {
    let intake = app.kept::<Intake>();
    let app = app.clone();
    intake.0.add(Delivery { leads, received_at }, move |all| async move { take_in_all(&app, all).await }).await
}

async fn take_in_all(app: &App, all: Vec<Delivery>) -> Vec<Result<Vec<LeadgenChange>>> {
    let leads = all.iter().map(|delivery| delivery.leads.len()).sum();
    let claim = app.kept::<Handover>().claim(leads, app.clock.now());
    let taken = match sql::take_in(app.db.pool(), &all, claim.as_ref()).await {
        Ok(taken) => taken,
        Err(error) if all.len() == 1 => return vec![Err(error)],
        Err(error) => {
            let reason = error.to_string();
            return all.iter().map(|_| Err(Error::Unavailable(reason.clone()))).collect();
        }
    };
    match claim {
        Some(claim) => claim.hand(taken.jobs),
        None if taken.jobs.is_empty() => {}
        None => app.db.bell().ring_jobs(),
    }
    all.into_iter()
        .zip(taken.homeless)
        .map(|(delivery, homeless)| {
            Ok(delivery.leads.into_iter().zip(homeless).filter_map(|(lead, is)| is.then_some(lead)).collect())
        })
        .collect()
}
