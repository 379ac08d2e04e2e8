//! The statements on messages as they are shown.

use super::TABLE;
use crate::{
    db::{Tx, seal::Sealed},
    error::Result,
    messages::{Channel, Family, LeadMessage, Standing, State},
    types::ids::{LeadId, MessageId, UserId},
};

/// A timeline shows so many at most, like the rest of it.
const MOST: i64 = 500;

pub(in crate::messages) async fn standing(tx: &mut Tx, id: MessageId) -> Result<Option<Standing>> {
    let row = sqlx::query!("select channel, state, family, settled_at from messages where id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| {
        Ok(Standing {
            channel: Channel::parse(&row.channel)?,
            state: State::parse(&row.state)?,
            family: row.family.as_deref().map(Family::parse),
            settled_at: row.settled_at,
        })
    })
    .transpose()
}

/// As [`standing`], of a message to this person.
pub(in crate::messages) async fn own_standing(tx: &mut Tx, id: MessageId, user: UserId) -> Result<Option<Standing>> {
    let is_own = sqlx::query_scalar!(
        r#"select exists (select from messages where id = $1 and user_id = $2) as "is_own!""#,
        id.0,
        user.0
    )
    .fetch_one(tx.conn())
    .await?;
    if is_own { standing(tx, id).await } else { Ok(None) }
}

/// The newest first.
pub(in crate::messages) async fn of_lead(tx: &mut Tx, lead: LeadId) -> Result<Vec<LeadMessage>> {
    let rows = sqlx::query!(
        r#"select id, channel, direction, state, family, subject as "subject: Sealed", text as "text: Sealed", created_at from messages
           where lead_id = $1 order by created_at desc, id desc limit $2"#,
        lead.0,
        MOST
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LeadMessage {
                id: MessageId(row.id),
                channel: Channel::parse(&row.channel)?,
                is_answer: row.direction == "in",
                state: State::parse(&row.state)?,
                family: row.family.as_deref().map(Family::parse),
                subject: tx.open_some(TABLE, "subject", row.id, row.subject.as_ref())?,
                text: tx.open_some(TABLE, "text", row.id, row.text.as_ref())?.unwrap_or_default(),
                at: row.created_at,
            })
        })
        .collect()
}
