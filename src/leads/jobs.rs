//! Jobs of leads.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::work;
use crate::{
    app::App,
    db::Actor,
    jobs::{self, Context, Failure, Job},
    types::ids::LeadId,
};

/// Leads sealed anew in one transaction.
const BATCH: i64 = 200;

/// A snooze ends: the lead stands in the list of what is to do again, and every open app sees it come back.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndSnooze {
    pub lead: LeadId,
    /// The snooze that is meant; another one that was set since is left alone.
    pub until: DateTime<Utc>,
}

impl Job<App> for EndSnooze {
    const KIND: &'static str = "end_snooze";

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.lead, self.until.timestamp_micros()))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context
            .app
            .db
            .write(organization, Actor::System, async |tx| work::end_snooze(tx, self.lead, self.until).await)
            .await?;
        Ok(())
    }
}

/// After a rotation of keys: seals the organization's leads anew, a batch at a time, and goes on behind itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reseal {
    pub after: Option<LeadId>,
}

impl Job<App> for Reseal {
    const KIND: &'static str = "reseal_leads";
    const PRIORITY: i16 = 200;

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context
            .app
            .db
            .write(organization, Actor::System, async |tx| {
                if let Some(last) = work::reseal(tx, self.after, BATCH).await? {
                    jobs::enqueue::<App, _>(tx, &Self { after: Some(last) }).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}
