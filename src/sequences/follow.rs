//! Reading along: what happens to leads begins sequences and ends them. Capturing a lead costs nothing more for it: the organization's stream is read
//! behind, every half minute, and only where there is a sequence to begin or a lead in one. How far it was read is written in the transaction of what followed.

use serde::{Deserialize, Serialize};

use super::{runs, sql};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::Result,
    jobs::{self, Context, Failure, Job},
    outbox::{self, Event},
};

/// Events read in one transaction.
const BATCH: i64 = 200;

/// Sends a reader to each organization that has something to follow.
#[derive(Debug, Serialize, Deserialize)]
pub struct FollowAll {}

impl Job<App> for FollowAll {
    const KIND: &'static str = "follow_all_streams";

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        context
            .app
            .db
            .directory(async |directory| {
                let now = directory.now();
                for organization in sql::followers(directory).await? {
                    let follow = Follow { organization: organization.to_string() };
                    jobs::ask_for_at::<App, _>(directory, Some(organization), &follow, now).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// Reads on in one organization's stream.
#[derive(Debug, Serialize, Deserialize)]
pub struct Follow {
    /// Only for the key.
    pub organization: String,
}

impl Job<App> for Follow {
    const KIND: &'static str = "follow_stream";
    const PRIORITY: i16 = 70;

    fn key(&self) -> Option<String> {
        Some(self.organization.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        while context.app.db.write(organization, Actor::System, async |tx| read_on(tx).await).await? {}
        Ok(())
    }
}

/// `false`: it was read to its end.
async fn read_on(tx: &mut Tx) -> Result<bool> {
    let Some(sequence) = sql::followed_to(tx).await? else { return Ok(false) };
    let events = outbox::since(tx, sequence, BATCH).await?;
    let Some(last) = events.last().map(|recorded| recorded.sequence) else {
        runs::sweep(tx).await?;
        sql::unfollow_in_vain(tx).await?;
        return Ok(false);
    };
    for recorded in &events {
        match recorded.event {
            Event::LeadCaptured { lead } => runs::captured(tx, lead).await?,
            Event::LeadChanged { lead } => runs::moved(tx, lead).await?,
            _ => {}
        }
    }
    sql::followed(tx, last).await?;
    Ok(true)
}
