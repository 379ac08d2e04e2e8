//! What becomes of the leads of somebody who left the team: the open ones go to a colleague, or back to everybody. Those that were won or
//! lost stay with whom they were won or lost by.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{sql, told::Told, work};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::Result,
    identity,
    jobs::{self, Context, Failure, Job},
    types::ids::UserId,
};

/// Leads in one transaction.
const BATCH: i64 = 100;

/// Hands over a batch, and goes on behind itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandOver {
    pub from: UserId,
    /// Nobody: whoever claims them first.
    pub to: Option<UserId>,
    /// Whose decision it was.
    pub by: UserId,
}

impl Job<App> for HandOver {
    const KIND: &'static str = "hand_over";

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context.app.db.write(organization, Actor::User(self.by), async |tx| hand_over(tx, &self).await).await?;
        Ok(())
    }
}

async fn hand_over(tx: &mut Tx, job: &HandOver) -> Result<()> {
    if identity::is_member(tx, job.from).await?.is_some() {
        return Ok(()); // taken back into the team before it was their leads' turn
    }
    let heir = match job.to {
        Some(heir) => identity::is_member(tx, heir).await?.map(|_| heir),
        None => None,
    };
    let ids = sql::open_ids_of(tx, job.from, BATCH).await?;
    for id in &ids {
        let mut row = sql::lock(tx, *id).await?;
        if row.assignee_id != Some(job.from.0) {
            continue; // a manager was faster
        }
        row.assignee_id = heir.map(|heir| heir.0);
        row.claimed_at = heir.map(|_| tx.now());
        work::save(tx, row, None, Told::Assigned, json!({ "from": job.from, "to": heir })).await?;
    }
    if !ids.is_empty() {
        jobs::enqueue::<App, _>(tx, &HandOver { from: job.from, to: heir, by: job.by }).await?;
    }
    Ok(())
}
