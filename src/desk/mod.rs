//! The desk sees to it that every lead is tried: it tells people of a new one, and while nobody tries it, tells more people, step by step
//! (LP-028, LP-029).
//!
//! A lead is watched from its capture until somebody has tried it, it was closed, or the ladder has ended. First it is placed (whom it is for is
//! told), then it climbs the ladder of its organization: each step so many minutes of business time after the first attempt was due.
//!
//! Invariants: one desk works for an organization at a time, and all it does for a lead is one transaction with moving the lead on, so a
//! step is taken once; it is woken by each capture and by an alarm for the earliest step, and looks every minute besides; an attempt by a
//! person ends it, a message that was sent by itself does not.

mod attend;
mod claim;
mod http;
mod ladder;
mod sql;

use crate::{
    alerts,
    db::Tx,
    error::Result,
    types::ids::{AlertId, LeadId, UserId},
};
pub use attend::{Alarm, Attend, AttendAll};
pub use claim::routes as claim_routes;
pub use http::routes;
pub use ladder::{Audience, Ladder, Step};

/// A lead that had waited was given to somebody: they are told.
pub async fn given(tx: &mut Tx, lead: LeadId, to: UserId) -> Result<()> {
    attend::given(tx, lead, to).await
}

/// A lead that had waited for one person is anybody's: they are told.
pub async fn offered(tx: &mut Tx, lead: LeadId) -> Result<()> {
    attend::offered(tx, lead).await
}

/// A lead wrote back: whoever has it is told, or whoever is there.
pub async fn answered(tx: &mut Tx, lead: LeadId) -> Result<()> {
    attend::answered(tx, lead).await
}

/// Somebody may have come: the leads for whom nobody was there are looked at at once.
pub async fn hurry(tx: &mut Tx) -> Result<()> {
    if sql::hurry_unplaced(tx).await? {
        attend::wake(tx).await?;
    }
    Ok(())
}

/// Nobody heard the alert, on whichever way it went: the leads that no colleague heard of either take their next step now.
pub async fn climb(tx: &mut Tx, alert: AlertId) -> Result<()> {
    let leads = alerts::unheard(tx, alert).await?;
    if sql::hurry(tx, &leads).await? {
        attend::wake(tx).await?;
    }
    Ok(())
}
