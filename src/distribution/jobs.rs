//! What waits is given out when somebody is free.

use chrono::{DateTime, DurationRound, Utc};
use serde::{Deserialize, Serialize};

use super::EVERY;
use crate::{
    app::App,
    db::{Actor, Tx},
    error::Result,
    jobs::{self, Context, Failure, Job},
    leads, rota,
    types::ids::LeadId,
};

/// Gives what waits to whoever is free, a batch at a time, and goes on behind itself.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Drain {
    /// The last lead that was looked at.
    pub after: Option<(DateTime<Utc>, LeadId)>,
    /// Of the waking that stands in the diary: whose, and for when.
    pub key: Option<String>,
}

impl Job<App> for Drain {
    const KIND: &'static str = "drain_queue";

    fn key(&self) -> Option<String> {
        self.key.clone()
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context
            .app
            .db
            .write(organization, Actor::System, async |tx| {
                let (_, after) = super::drain(tx, self.after).await?;
                if after.is_some() {
                    jobs::enqueue::<App, _>(tx, &Self { after, key: None }).await?;
                }
                wake(tx).await
            })
            .await?;
        Ok(())
    }
}

/// Somebody may be free: what waits is looked at at once.
pub async fn hurry(tx: &mut Tx) -> Result<()> {
    if !leads::queued(tx, None, 1).await?.is_empty() {
        jobs::enqueue::<App, _>(tx, &Drain::default()).await?;
    }
    Ok(())
}

/// While leads wait, has them looked at when the next person comes, and now and then besides.
pub(super) async fn wake(tx: &mut Tx) -> Result<()> {
    let now = tx.now();
    if leads::queued(tx, None, 1).await?.is_empty() {
        return Ok(());
    }
    // At whole ten minutes, so that whoever asks means the same ones.
    let later = now.duration_trunc(EVERY).unwrap_or(now) + EVERY;
    let at = rota::opens_at(tx, now).await?.map_or(later, |opens| opens.min(later));
    let key = Some(format!("{}:{}", tx.organization(), at.timestamp_micros()));
    jobs::enqueue_at::<App, _>(tx, &Drain { after: None, key }, at).await?;
    Ok(())
}
