//! The statements on who is not to be written to.

use chrono::{DateTime, Utc};

use super::{index, lookups};
use crate::{
    db::{Tx, seal::Sealed},
    error::Result,
    messages::{
        Channel,
        suppress::{Suppression, Why, shortened},
    },
    types::ids::{SuppressionId, UserId},
};

const TABLE: &str = "suppressions";

pub(in crate::messages) async fn suppression_of(
    tx: &mut Tx,
    channel: Channel,
    address: &str,
) -> Result<Option<SuppressionId>> {
    let indexes = lookups(tx, channel, address);
    let id = sqlx::query_scalar!(
        "select id from suppressions where channel = $1 and address_index = any($2) limit 1",
        channel.as_str(),
        &indexes
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(SuppressionId))
}

/// `false`: somebody else wrote it down at the same time.
pub(in crate::messages) async fn insert_suppression(
    tx: &mut Tx,
    id: SuppressionId,
    channel: Channel,
    address: &str,
    why: Why,
) -> Result<bool> {
    let (now, by) = (tx.now(), tx.actor().user());
    let (sealed, address_index) = (tx.seal(TABLE, "address", id.0, address)?, index(tx, channel, address)?);
    let done = sqlx::query!(
        "insert into suppressions (id, channel, address, address_index, why, by_user, since) values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (organization_id, channel, address_index) do nothing",
        id.0,
        channel.as_str(),
        sealed as Sealed,
        address_index,
        why.as_str(),
        by.map(|user| user.0),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The channel of what is gone; `None` where there was none.
pub(in crate::messages) async fn delete_suppression(tx: &mut Tx, id: SuppressionId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("delete from suppressions where id = $1 returning channel", id.0)
        .fetch_optional(tx.conn())
        .await?)
}

/// The newest first, after that one; or one of them.
pub(in crate::messages) async fn suppressions(
    tx: &mut Tx,
    after: Option<(DateTime<Utc>, SuppressionId)>,
    only: Option<SuppressionId>,
    limit: i64,
) -> Result<Vec<Suppression>> {
    let (since, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select id, channel, address as "address: Sealed", why, by_user, since from suppressions
           where ($1::timestamptz is null or (since, id) < ($1, $2)) and ($3::uuid is null or id = $3)
           order by since desc, id desc limit $4"#,
        since,
        id.map(|id: SuppressionId| id.0),
        only.map(|id| id.0),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let channel = Channel::parse(&row.channel)?;
            let address = tx.open(TABLE, "address", row.id, &row.address)?;
            Ok(Suppression {
                id: SuppressionId(row.id),
                channel,
                address: shortened(channel, &address),
                why: Why::parse(&row.why)?,
                by_user: row.by_user.map(UserId),
                since: row.since,
            })
        })
        .collect()
}

/// Whom a row is about; `None` where it is gone.
pub async fn suppressed_address(tx: &mut Tx, id: SuppressionId) -> Result<Option<(Channel, String)>> {
    let row = sqlx::query!(r#"select channel, address as "address: Sealed" from suppressions where id = $1"#, id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(|row| Ok((Channel::parse(&row.channel)?, tx.open(TABLE, "address", id.0, &row.address)?))).transpose()
}
