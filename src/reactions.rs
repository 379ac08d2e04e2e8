//! What follows from what happened: one exhaustive match, so that a new event does not compile until somebody decides.
//!
//! A reaction only enqueues jobs (and, later, notifications); it runs at least once, so what it enqueues has a key.

use serde::{Deserialize, Serialize};

use crate::{
    alerts,
    app::App,
    db::{Actor, Tx},
    desk, distribution,
    error::{Error, Result},
    integrations::{self, ReconcilePage, ReplayQuarantine},
    jobs::{self, Context, Failure, Job},
    leads::HandOver,
    outbox::{self, Event},
    sequences,
};

/// Reacts to one event.
#[derive(Debug, Serialize, Deserialize)]
pub struct React {
    pub sequence: i64,
}

impl Job<App> for React {
    const KIND: &'static str = outbox::REACT;

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context
            .app
            .db
            .write(organization, Actor::System, async |tx| match outbox::find(tx, self.sequence).await? {
                Some(recorded) => react(tx, recorded.event).await,
                None => Ok(()), // pruned: older than anything that waits
            })
            .await?;
        Ok(())
    }
}

async fn react(tx: &mut Tx, event: Event) -> Result<()> {
    match event {
        Event::PageConnected { page_id, .. } => {
            // What came before the page was known, and what waited for a token that works.
            jobs::enqueue::<App, _>(tx, &ReplayQuarantine { page_id, late: None }).await?;
            integrations::hurry(tx).await
        }
        Event::ConnectionMended { page_id, .. } => {
            // What Meta told nobody of meanwhile is looked for at once, and what waited for the token is fetched.
            alerts::connection_mended(tx, &page_id).await?;
            jobs::enqueue::<App, _>(tx, &ReconcilePage { page_id: page_id.clone() }).await?;
            jobs::enqueue::<App, _>(tx, &ReplayQuarantine { page_id, late: None }).await?;
            integrations::hurry(tx).await
        }
        Event::MemberLeft { user, heir, by } => {
            jobs::enqueue::<App, _>(tx, &HandOver { from: user, to: heir, by }).await?;
            Ok(())
        }
        Event::AlertUnheard { alert } => desk::climb(tx, alert).await,
        // Somebody may be free for what waits.
        Event::RotaChanged { .. } => {
            desk::hurry(tx).await?;
            distribution::hurry(tx).await
        }
        Event::HandsFreed { .. } => distribution::hurry(tx).await,
        Event::LeadGiven { lead, to } => desk::given(tx, lead, to).await,
        Event::LeadOffered { lead } => desk::offered(tx, lead).await,
        Event::ConnectionBroken { page_id, .. } => {
            tracing::error!(organization = %tx.organization(), page_id, "the connection to Meta is broken: leads wait until a person mends it");
            metrics::counter!("nextmove_meta_connections_broken_total").increment(1);
            alerts::connection_broken(tx, &page_id).await
        }
        Event::MessageSettled { message } => alerts::message_settled(tx, message).await,
        Event::MessageReceived { lead: Some(lead), .. } => {
            sequences::answered(tx, lead).await?;
            desk::answered(tx, lead).await
        }
        Event::MessageReceived { lead: None, .. } => Ok(()),
        Event::OptedOut { suppression } => sequences::opted_out(tx, suppression).await,
        Event::Unknown => Err(Error::Unavailable("an event of a newer release".to_owned())),
        // Told live; nothing lasting follows.
        Event::LeadCaptured { .. }
        | Event::LeadChanged { .. }
        | Event::TimelineChanged { .. }
        | Event::ListChanged { .. }
        | Event::Notified { .. } => Ok(()),
    }
}
