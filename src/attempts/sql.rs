//! All the SQL of attempts and their outcomes.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use super::{Attempt, Evidence, Outcome, past::Past};
use crate::{
    db::{Tx, seal::Sealed},
    error::{Error, Result},
    types::ids::{AttemptId, LeadId, UserId},
};

struct Row {
    id: Uuid,
    lead_id: Uuid,
    user_id: Uuid,
    channel: String,
    started_at: chrono::DateTime<chrono::Utc>,
    stored_at: chrono::DateTime<chrono::Utc>,
    outcome_id: Option<Uuid>,
    outcome: Option<String>,
    evidence: Option<String>,
    outcome_at: Option<chrono::DateTime<chrono::Utc>>,
    note: Option<Sealed>,
}

fn word(of: &impl Serialize) -> Result<String> {
    match serde_json::to_value(of)? {
        Value::String(text) => Ok(text),
        _ => Err(Error::internal("not a word")),
    }
}

fn read<T: DeserializeOwned>(word: String) -> Result<T> {
    Ok(serde_json::from_value(word.into())?)
}

impl Row {
    fn open(self, tx: &Tx) -> Result<Attempt> {
        let note = match self.outcome_id {
            Some(outcome) => tx.open_some("attempt_outcomes", "note", outcome, self.note.as_ref())?,
            None => None,
        };
        Ok(Attempt {
            id: AttemptId(self.id),
            lead_id: LeadId(self.lead_id),
            user_id: UserId(self.user_id),
            channel: read(self.channel)?,
            started_at: self.started_at,
            stored_at: self.stored_at,
            evidence: self.evidence.map(read).transpose()?.unwrap_or(Evidence::Intent),
            outcome: self.outcome.map(read).transpose()?,
            outcome_at: self.outcome_at,
            note,
        })
    }
}

/// Attempts with their latest outcome; `id` null: all of the lead.
async fn rows(tx: &mut Tx, lead: LeadId, id: Option<AttemptId>) -> Result<Vec<Attempt>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.id, a.lead_id, a.user_id, a.channel, a.started_at, a.stored_at, o.id as "outcome_id?", o.outcome as "outcome?", o.evidence as "evidence?",
                  o.at as "outcome_at?", o.note as "note: Sealed"
           from contact_attempts a
           left join lateral (select id, outcome, evidence, at, note from attempt_outcomes where attempt_id = a.id order by at desc, id desc limit 1) o on true
           where a.lead_id = $1 and ($2::uuid is null or a.id = $2)
           order by a.started_at desc, a.id desc limit 500"#,
        lead.0,
        id.map(|id| id.0)
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| row.open(tx)).collect()
}

pub(super) async fn find(tx: &mut Tx, lead: LeadId, id: AttemptId) -> Result<Option<Attempt>> {
    Ok(rows(tx, lead, Some(id)).await?.into_iter().next())
}

pub(super) async fn of_lead(tx: &mut Tx, lead: LeadId) -> Result<Vec<Attempt>> {
    rows(tx, lead, None).await
}

/// Whether it was stored: false where the id is taken.
pub(super) async fn insert(tx: &mut Tx, attempt: &Attempt) -> Result<bool> {
    let done = sqlx::query!(
        "insert into contact_attempts (id, lead_id, user_id, channel, started_at, stored_at) values ($1, $2, $3, $4, $5, $6) on conflict do nothing",
        attempt.id.0,
        attempt.lead_id.0,
        attempt.user_id.0,
        word(&attempt.channel)?,
        attempt.started_at,
        attempt.stored_at
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn insert_outcome(
    tx: &mut Tx,
    attempt: AttemptId,
    user: UserId,
    outcome: Outcome,
    evidence: Evidence,
    note: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    let id = crate::types::ids::new_uuid(now);
    let note = tx.seal_some("attempt_outcomes", "note", id, note)?;
    sqlx::query!(
        "insert into attempt_outcomes (id, attempt_id, outcome, evidence, user_id, note, at) values ($1, $2, $3, $4, $5, $6, $7)",
        id,
        attempt.0,
        word(&outcome)?,
        word(&evidence)?,
        user.0,
        note.map(|note| note.0),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Attempts of the past, with their outcomes as their people told them.
pub(super) async fn insert_many(tx: &mut Tx, attempts: &[(AttemptId, &Past)]) -> Result<()> {
    if attempts.is_empty() {
        return Ok(());
    }
    let channels = attempts.iter().map(|(_, one)| word(&one.channel)).collect::<Result<Vec<_>>>()?;
    let evidence = word(&Evidence::SelfReported)?;
    let (mut ids, mut of, mut outcomes, mut users, mut times) = (vec![], vec![], vec![], vec![], vec![]);
    for (id, one) in attempts {
        let Some((outcome, at)) = one.outcome else { continue };
        ids.push(crate::types::ids::new_uuid(at));
        of.push(id.0);
        outcomes.push(word(&outcome)?);
        users.push(one.user.0);
        times.push(at);
    }
    sqlx::query!(
        "insert into contact_attempts (id, lead_id, user_id, channel, started_at, stored_at)
         select id, lead_id, user_id, channel, at, at from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[])
                as past(id, lead_id, user_id, channel, at)",
        &attempts.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &attempts.iter().map(|(_, one)| one.lead.0).collect::<Vec<_>>(),
        &attempts.iter().map(|(_, one)| one.user.0).collect::<Vec<_>>(),
        &channels,
        &attempts.iter().map(|(_, one)| one.at).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into attempt_outcomes (id, attempt_id, outcome, evidence, user_id, at)
         select id, attempt_id, outcome, $6, user_id, at from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[])
                as past(id, attempt_id, outcome, user_id, at)",
        &ids,
        &of,
        &outcomes,
        &users,
        &times,
        evidence
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
