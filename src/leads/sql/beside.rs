//! The tables beside the lead: tokens, enquiries, consents, history, notes, as they are read and changed.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::bytes;
use crate::{
    db::{Tx, seal::Sealed},
    error::Result,
    leads::{Answer, Consent, HistoryItem},
    types::ids::{HistoryId, LeadId, NoteId, UserId},
};

/// The answers of the enquiries after the first, oldest first; a message among them is an answer too.
pub(in crate::leads) async fn later_answers(tx: &mut Tx, lead: LeadId) -> Result<Vec<Answer>> {
    let rows = sqlx::query!(
        r#"select id, message as "message: Sealed", answers as "answers: Sealed" from lead_enquiries where lead_id = $1 order by received_at, id offset 1"#,
        lead.0
    )
    .fetch_all(tx.conn())
    .await?;
    let mut all = Vec::new();
    for row in rows {
        if let Some(text) = tx.open_some("lead_enquiries", "answers", row.id, row.answers.as_ref())? {
            all.extend(serde_json::from_str::<Vec<Answer>>(&text)?);
        }
        if let Some(text) = tx.open_some("lead_enquiries", "message", row.id, row.message.as_ref())? {
            all.push(Answer { key: "message".to_owned(), label: "message".to_owned(), values: vec![text] });
        }
    }
    Ok(all)
}

pub(in crate::leads) async fn replace_tokens(tx: &mut Tx, lead: LeadId, tokens: &[Vec<u8>]) -> Result<()> {
    sqlx::query!("delete from lead_tokens where lead_id = $1 and token <> all($2)", lead.0, tokens)
        .execute(tx.conn())
        .await?;
    add_tokens(tx, lead, tokens).await
}

pub(in crate::leads) async fn add_tokens(tx: &mut Tx, lead: LeadId, tokens: &[Vec<u8>]) -> Result<()> {
    sqlx::query!(
        "insert into lead_tokens (token, lead_id) select token, $1 from unnest($2::bytea[]) as token on conflict do nothing",
        lead.0,
        tokens
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Seals the enquiries and notes of a lead anew with the current key.
pub(in crate::leads) async fn reseal_beside(tx: &mut Tx, lead: LeadId) -> Result<()> {
    let enquiries = sqlx::query!(
        r#"select id, message as "message: Sealed", answers as "answers: Sealed" from lead_enquiries where lead_id = $1 for update"#,
        lead.0
    )
    .fetch_all(tx.conn())
    .await?;
    for row in enquiries {
        let message = tx.open_some("lead_enquiries", "message", row.id, row.message.as_ref())?;
        let answers = tx.open_some("lead_enquiries", "answers", row.id, row.answers.as_ref())?;
        let message = tx.seal_some("lead_enquiries", "message", row.id, message.as_deref())?;
        let answers = tx.seal_some("lead_enquiries", "answers", row.id, answers.as_deref())?;
        sqlx::query!(
            "update lead_enquiries set message = $2, answers = $3 where id = $1",
            row.id,
            bytes(&message),
            bytes(&answers)
        )
        .execute(tx.conn())
        .await?;
    }
    let notes =
        sqlx::query!(r#"select id, text as "text: Sealed" from lead_notes where lead_id = $1 for update"#, lead.0)
            .fetch_all(tx.conn())
            .await?;
    for row in notes {
        let text = tx.open("lead_notes", "text", row.id, &row.text)?;
        let text = tx.seal("lead_notes", "text", row.id, &text)?;
        sqlx::query!("update lead_notes set text = $2 where id = $1", row.id, text.0).execute(tx.conn()).await?;
    }
    Ok(())
}

pub(in crate::leads) async fn consents(tx: &mut Tx, lead: LeadId) -> Result<Vec<Consent>> {
    Ok(sqlx::query_as!(
        Consent,
        "select key, text, given, inferred, at, version as text_version, privacy_policy_url
         from consents join consent_texts using (organization_id, version) where lead_id = $1 order by at desc, key",
        lead.0
    )
    .fetch_all(tx.conn())
    .await?)
}

pub(in crate::leads) async fn insert_history(tx: &mut Tx, lead: LeadId, kind: &str, data: Value) -> Result<()> {
    let (now, actor) = (tx.now(), tx.actor().user().map(|id| id.0));
    sqlx::query!(
        "insert into lead_history (id, lead_id, kind, actor_id, at, data) values ($1, $2, $3, $4, $5, $6)",
        HistoryId::new(now).0,
        lead.0,
        kind,
        actor,
        now,
        data
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(in crate::leads) async fn insert_note(
    tx: &mut Tx,
    id: NoteId,
    lead: LeadId,
    author: Option<UserId>,
    kind: &str,
    text: Sealed,
    at: DateTime<Utc>,
) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "insert into lead_notes (id, lead_id, author_id, text, at, stored_at, kind) values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        id.0,
        lead.0,
        author.map(|author| author.0),
        text.0,
        at,
        (at != now).then_some(now),
        kind
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::leads) async fn history(tx: &mut Tx, lead: LeadId) -> Result<Vec<HistoryItem>> {
    let rows = sqlx::query!(
        r#"select id as "id!", kind as "kind!", actor_id, at as "at!", data as "data!", stored_at, text as "text: Sealed" from (
               select id, kind, actor_id, at, data, null::timestamptz as stored_at, null::bytea as text from lead_history where lead_id = $1
               union all
               select id, kind, author_id, at, '{}', stored_at, text from lead_notes where lead_id = $1) as lines
           order by at desc, id desc limit 500"#,
        lead.0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let text = tx.open_some("lead_notes", "text", row.id, row.text.as_ref())?;
            Ok(HistoryItem {
                id: row.id,
                kind: row.kind,
                user: row.actor_id.map(UserId),
                at: row.at,
                stored_at: row.stored_at,
                text,
                data: row.data,
            })
        })
        .collect()
}

pub(in crate::leads) async fn trace_first_attempt(tx: &mut Tx, lead: LeadId, at: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "update lead_traces set first_attempt_at = least(first_attempt_at, $2) where lead_id = $1",
        lead.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether somebody corrected a field by hand.
pub(in crate::leads) async fn was_edited(tx: &mut Tx, lead: LeadId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from lead_history where lead_id = $1 and kind = 'edited') as "edited!""#,
        lead.0
    )
    .fetch_one(tx.conn())
    .await?)
}
