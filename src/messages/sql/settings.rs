//! The statements on what an organization sends as.

use crate::{db::Tx, error::Result, messages::settings::Stored};

pub(in crate::messages) async fn settings(tx: &mut Tx) -> Result<Stored> {
    let row =
        sqlx::query!("select sms_sender, reply_to, version from sending_settings").fetch_optional(tx.conn()).await?;
    Ok(row.map_or_else(Stored::default, |row| Stored {
        sms_sender: row.sms_sender.and_then(|sender| sender.parse().ok()),
        reply_to: row.reply_to,
        version: row.version,
    }))
}

/// `false`: `version` is not the current one.
pub(in crate::messages) async fn save_settings(tx: &mut Tx, stored: &Stored) -> Result<bool> {
    let (now, sender) = (tx.now(), stored.sms_sender.as_ref().map(ToString::to_string));
    let saved = if stored.version == 0 {
        sqlx::query!(
            "insert into sending_settings (sms_sender, reply_to, version, changed_at) values ($1, $2, 1, $3) on conflict do nothing",
            sender,
            stored.reply_to,
            now
        )
        .execute(tx.conn())
        .await?
    } else {
        sqlx::query!(
            "update sending_settings set sms_sender = $2, reply_to = $3, version = version + 1, changed_at = $4 where version = $1",
            stored.version,
            sender,
            stored.reply_to,
            now
        )
        .execute(tx.conn())
        .await?
    };
    Ok(saved.rows_affected() == 1)
}
