//! Jobs of the trail: it is walked once a day, and origins are sealed anew after a rotation of keys.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Checked, sql, verify};
use crate::{
    app::App,
    db::Actor,
    jobs::{self, Context, Failure, Job},
    organizations,
    types::ids::HOUSE,
};

/// Origins sealed anew in one transaction.
const BATCH: i64 = 500;

/// Sends a check to every organization, and to the house.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckTrails {}

impl Job<App> for CheckTrails {
    const KIND: &'static str = "check_trails";
    const PRIORITY: i16 = 200;

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        context
            .app
            .db
            .directory(async |directory| {
                for organization in organizations::all_ids(directory).await?.into_iter().map(Some).chain([None]) {
                    let check = CheckTrail { chain: organization.unwrap_or(HOUSE).to_string() };
                    jobs::enqueue_for::<App, _>(directory, organization, &check).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// Walks one chain and keeps what it found; a break is told to whoever reads the log and the numbers.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckTrail {
    /// Only for the key.
    chain: String,
}

impl Job<App> for CheckTrail {
    const KIND: &'static str = "check_trail";
    const PRIORITY: i16 = 200;

    fn key(&self) -> Option<String> {
        Some(self.chain.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (db, organization) = (&context.app.db, context.organization.unwrap_or(HOUSE));
        let found = verify(db, organization, None).await?;
        if let Some(broken) = found.broken {
            tracing::error!(%organization, %broken, upto = found.upto.number, "the audit trail is broken: somebody wrote to the database past the server");
            metrics::counter!("nextmove_audit_breaks_total").increment(1);
        }
        let checked =
            Checked { at: db.now(), upto: found.upto, finding: found.broken.map(|broken| broken.to_string()) };
        db.write(organization, Actor::System, async |tx| sql::insert_check(tx, &checked).await).await?;
        Ok(())
    }
}

/// After a rotation of keys: seals the origins anew, a batch at a time, and goes on behind itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct ResealOrigins {
    pub after: Option<Uuid>,
}

impl Job<App> for ResealOrigins {
    const KIND: &'static str = "reseal_origins";
    const PRIORITY: i16 = 200;

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context
            .app
            .db
            .write(organization, Actor::System, async |tx| {
                if let Some(last) = sql::reseal_origins(tx, self.after, BATCH).await? {
                    jobs::enqueue::<App, _>(tx, &Self { after: Some(last) }).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}
