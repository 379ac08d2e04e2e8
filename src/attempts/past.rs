//! Attempts of the past, many at a time: for a world that is made to be measured. Their leads are imported with the same moves.

use chrono::{DateTime, Utc};

use super::{Channel, Outcome, sql};
use crate::{
    db::Tx,
    error::Result,
    types::ids::{AttemptId, LeadId, UserId},
};

/// An attempt and what came of it, if that is known.
#[derive(Clone, Debug)]
pub struct Past {
    pub lead: LeadId,
    pub user: UserId,
    pub channel: Channel,
    pub at: DateTime<Utc>,
    pub outcome: Option<(Outcome, DateTime<Utc>)>,
}

/// Stores them.
pub async fn import(tx: &mut Tx, past: &[Past]) -> Result<()> {
    let attempts: Vec<(AttemptId, &Past)> = past.iter().map(|one| (AttemptId::new(one.at), one)).collect();
    sql::insert_many(tx, &attempts).await
}
