//! An alert carries notifications to a person's phone: by push, SMS or e-mail (LP-028, LP-029, LP-081).
//!
//! Its life: waiting → sent → heard (a device said that it arrived, or its person looked) | given up (nobody heard it on any way: somebody
//! else is told). Stage 0 goes on all the ways that it should go at once; each further stage on one more, while nobody hears it.
//!
//! Invariants: it is sent at least once, and shown once, since a browser replaces what has the same tag; it names no lead unless the
//! organization allows that on locked screens; what nobody needs to hear any more (the lead was called meanwhile) is not sent.

mod arrive;
mod content;
mod http;
mod letter;
mod send;
mod sql;

use chrono::TimeDelta;
use serde_json::json;

use crate::{
    app::App,
    db::{Directory, Tx},
    error::Result,
    identity::{self, Role},
    jobs, messages,
    notifications::{self, Channel, Kind, Notice, SendAlert},
    types::ids::{AlertId, LeadId, MessageId},
};
pub use http::routes;

/// A device that is reached at all says so within seconds; after so long the next way is tried.
pub const HEARD_WITHIN: TimeDelta = TimeDelta::seconds(45);

/// Of the leads that the alert is about those that no alert of its kind has told anybody of: not this one's person, nor a colleague.
pub async fn unheard(tx: &mut Tx, alert: AlertId) -> Result<Vec<LeadId>> {
    let Some(row) = sql::find(tx, alert).await? else { return Ok(Vec::new()) };
    let leads: Vec<LeadId> = sql::notices(tx, alert).await?.into_iter().filter_map(|notice| notice.lead).collect();
    sql::unheard(tx, row.kind, &leads).await
}

/// The leads that an alert is about.
pub async fn leads_of(tx: &mut Tx, alert: AlertId) -> Result<Vec<LeadId>> {
    Ok(sql::notices(tx, alert).await?.into_iter().filter_map(|notice| notice.lead).collect())
}

/// Nothing more is heard of an SMS or a letter. One that its vendor says was delivered is heard; where it did not arrive, the next way is tried
/// at once, unless another one was taken.
pub async fn message_settled(tx: &mut Tx, message: MessageId) -> Result<()> {
    let Some((alert, delivery, way)) = sql::delivery_of(tx, message).await? else { return Ok(()) };
    let Some(standing) = messages::state(tx, message).await? else { return Ok(()) };
    match standing.state {
        messages::State::Delivered if way == Channel::Sms => {
            sql::arrived(tx, delivery).await?;
        }
        messages::State::Undelivered | messages::State::Failed | messages::State::Cancelled => {
            let why = standing.family.map_or("failed", |family| family.as_str());
            sql::fail(tx, delivery, why).await?;
            let Some(row) = sql::find(tx, alert).await? else { return Ok(()) };
            if !row.is_heard && !row.is_given_up && !sql::is_taken(tx, alert).await? {
                jobs::ask::<App, _>(tx, &SendAlert { alert, stage: row.stage + 1 }).await?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Meta refuses a page: those who can mend it are told on every way.
pub async fn connection_broken(tx: &mut Tx, page_id: &str) -> Result<()> {
    tell_owners(tx, Kind::ConnectionBroken, page_id, &Channel::ALL).await
}

/// Meta takes us again: whoever was told is told so, quietly.
pub async fn connection_mended(tx: &mut Tx, page_id: &str) -> Result<()> {
    tell_owners(tx, Kind::ConnectionMended, page_id, &[]).await
}

async fn tell_owners(tx: &mut Tx, kind: Kind, page_id: &str, channels: &[Channel]) -> Result<()> {
    let people = identity::roles(tx).await?.into_iter().filter(|(_, role)| *role == Role::Owner);
    let notice =
        |(to, _)| Notice { to, kind, lead: None, data: json!({ "page_id": page_id }), channels: channels.to_vec() };
    notifications::tell(tx, people.map(notice).collect()).await
}

/// Forgets what can no longer be answered.
pub async fn prune(directory: &mut Directory) -> Result<()> {
    sql::prune(directory).await
}
