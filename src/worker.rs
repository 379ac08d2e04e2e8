//! Which jobs there are, and what is swept when.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    alerts,
    app::App,
    audit::{CheckTrail, CheckTrails, ResealOrigins},
    db::Actor,
    desk::{Alarm, Attend, AttendAll},
    distribution::Drain,
    doors::{self, RunImport, UndoImport},
    identity::{self, SendInvitation, SendNotice, SendReset},
    integrations,
    integrations::{
        CheckConnection, CheckConnections, FetchLead, IntroducePage, Reconcile, ReconcileForm, ReconcilePage,
        RemapForm, ReplayQuarantine, TellAgency, WriteAgency,
    },
    jobs::{self, Context, Failure, Job, Registry},
    leads::{EndSnooze, HandOver, Rescore, Reseal},
    messages::{self, SendMessage, TakeCallback},
    notifications::{self, SendAlert},
    organizations, outbox,
    reactions::React,
    sequences::{Follow, FollowAll, RunStep},
};

/// Every kind of job that this server knows.
pub fn registry() -> Registry<App> {
    Registry::default()
        .with::<FetchLead>()
        .with::<ReplayQuarantine>()
        .with::<RemapForm>()
        .with::<IntroducePage>()
        .with::<ReconcilePage>()
        .with::<ReconcileForm>()
        .with::<CheckConnection>()
        .with::<TellAgency>()
        .with::<WriteAgency>()
        .with::<RunImport>()
        .with::<UndoImport>()
        .with::<EndSnooze>()
        .with::<SendAlert>()
        .with::<Attend>()
        .with::<Alarm>()
        .with::<Reseal>()
        .with::<Rescore>()
        .with::<HandOver>()
        .with::<Drain>()
        .with::<SendInvitation>()
        .with::<SendReset>()
        .with::<SendNotice>()
        .with::<SendMessage>()
        .with::<TakeCallback>()
        .with::<RunStep>()
        .with::<Follow>()
        .with::<ResealOrigins>()
        .with::<CheckTrail>()
        .with::<React>()
        .with::<SweepOrganization>()
        .scheduled(Duration::from_secs(60), &Reconcile {})
        .scheduled(Duration::from_secs(300), &CheckConnections {})
        .scheduled(Duration::from_secs(60), &AttendAll {})
        .scheduled(Duration::from_secs(30), &FollowAll {})
        .scheduled(Duration::from_secs(600), &Sweep {})
        .scheduled(Duration::from_secs(86_400), &CheckTrails {})
}

/// No schedule is rarer.
const SLOTS_KEPT: TimeDelta = TimeDelta::days(40);
/// An app that was away for longer fetches everything.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(7);
/// Nobody scrolls further back.
const NOTIFICATIONS_KEPT: TimeDelta = TimeDelta::days(60);
/// A phone that was offline for a week still replays without doing anything twice.
const KEYS_KEPT: TimeDelta = TimeDelta::days(8);
/// Rows forgotten in one transaction, and transactions before others have their turn; the next sweep goes on.
const SWEPT: i64 = 1000;
const ROUNDS: usize = 500;
/// Meta itself forgets a lead after 90 days.
const RECEIPTS_KEPT: TimeDelta = TimeDelta::days(100);

/// Forgets what the directory need not keep, and sends a sweep to every organization: no sweep can look into two.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sweep {}

impl Job<App> for Sweep {
    const KIND: &'static str = "sweep";

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        context
            .app
            .db
            .directory(async |directory| {
                let now = directory.now();
                jobs::prune(directory, now - SLOTS_KEPT).await?;
                integrations::prune(directory, now - RECEIPTS_KEPT).await?;
                identity::prune(directory).await?;
                messages::prune_directory(directory).await?;
                alerts::prune(directory).await?;
                for organization in organizations::all_ids(directory).await? {
                    jobs::enqueue_for::<App, _>(
                        directory,
                        Some(organization),
                        &SweepOrganization { organization: organization.to_string() },
                    )
                    .await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// Forgets what one organization need not keep.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepOrganization {
    /// Only for the key.
    organization: String,
}

impl Job<App> for SweepOrganization {
    const KIND: &'static str = "sweep_organization";
    const PRIORITY: i16 = 200;

    fn key(&self) -> Option<String> {
        Some(self.organization.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        // A round is a transaction of its own, and the last one finds less than it may take.
        for _ in 0..ROUNDS {
            let swept = context
                .app
                .db
                .write(organization, Actor::System, async |tx| {
                    let now = tx.now();
                    let events = outbox::prune(tx, now - EVENTS_KEPT, SWEPT).await?;
                    let listed = integrations::forget_listed(tx, SWEPT).await?;
                    let events =
                        events.max(messages::prune(tx, SWEPT).await?).max(listed).max(doors::forget(tx, SWEPT).await?);
                    let told = notifications::prune(tx, now - NOTIFICATIONS_KEPT, SWEPT).await?;
                    Ok(events.max(told).max(crate::db::prune_replays(tx, now - KEYS_KEPT, SWEPT).await?))
                })
                .await?;
            if swept < SWEPT.unsigned_abs() {
                break;
            }
        }
        Ok(())
    }
}
