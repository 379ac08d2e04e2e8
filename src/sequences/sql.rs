//! The statements on sequences and on where leads stand in them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{Draft, Narrowing, Run, RunState, Sequence, Step, Trigger, Why, runs::Way};
use crate::{
    db::{Directory, Tx},
    error::{Error, Result},
    leads::LeadDetail,
    messages::Channel,
    types::ids::{LeadId, MessageId, OrganizationId, SequenceId, SequenceRunId},
};

/// One word of an enum, as serde writes it.
fn word<T: serde::de::DeserializeOwned>(text: String) -> Result<T> {
    Ok(serde_json::from_value(text.into())?)
}

/// All that are not put away, by name; or one, put away or not.
pub(super) async fn list(tx: &mut Tx, only: Option<SequenceId>) -> Result<Vec<Sequence>> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.is_active, s.trigger, s.filter, s.steps, s.version, s.updated_at,
                  count(r.id) filter (where r.state = 'running') as "running!",
                  count(r.id) filter (where r.why in ('answered', 'reached')) as "answered!",
                  count(r.id) as "total!"
           from sequences s left join sequence_runs r on r.organization_id = s.organization_id and r.sequence_id = s.id
           where ($1::uuid is null or s.id = $1) and s.archived_at is null
           group by s.organization_id, s.id order by s.name, s.id"#,
        only.map(|id| id.0)
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Sequence {
                id: SequenceId(row.id),
                draft: Draft {
                    name: row.name,
                    is_active: row.is_active,
                    trigger: word(row.trigger)?,
                    filter: serde_json::from_value(row.filter)?,
                    steps: serde_json::from_value(row.steps)?,
                },
                running: row.running,
                answered: row.answered,
                total: row.total,
                version: row.version,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

/// A sequence that begins by itself, and since when there is one.
pub(super) struct Beginning {
    pub sequence: Sequence,
    pub since: DateTime<Utc>,
}

/// Those that begin by this, the oldest first.
pub(super) async fn active_by(tx: &mut Tx, trigger: Trigger) -> Result<Vec<Beginning>> {
    let rows = sqlx::query!(
        "select id, name, filter, steps, version, created_at, updated_at from sequences
         where trigger = $1 and is_active and archived_at is null order by created_at, id",
        trigger.as_str()
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let filter: Narrowing = serde_json::from_value(row.filter)?;
            let draft =
                Draft { name: row.name, is_active: true, trigger, filter, steps: serde_json::from_value(row.steps)? };
            let (version, updated_at) = (row.version, row.updated_at);
            let sequence =
                Sequence { id: SequenceId(row.id), draft, running: 0, answered: 0, total: 0, version, updated_at };
            Ok(Beginning { sequence, since: row.created_at })
        })
        .collect()
}

pub(super) async fn count(tx: &mut Tx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"select count(*) as "count!" from sequences where archived_at is null"#)
        .fetch_one(tx.conn())
        .await?)
}

pub(super) async fn insert(tx: &mut Tx, id: SequenceId, draft: &Draft) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "insert into sequences (id, name, is_active, trigger, filter, steps, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $7)",
        id.0,
        draft.name,
        draft.is_active,
        draft.trigger.as_str(),
        serde_json::to_value(&draft.filter)?,
        serde_json::to_value(&draft.steps)?,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// `false`: `version` is not the current one.
pub(super) async fn update(tx: &mut Tx, id: SequenceId, version: i32, draft: &Draft) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query!(
        "update sequences set name = $3, is_active = $4, trigger = $5, filter = $6, steps = $7, version = version + 1, updated_at = $8
         where id = $1 and version = $2 and archived_at is null",
        id.0,
        version,
        draft.name,
        draft.is_active,
        draft.trigger.as_str(),
        serde_json::to_value(&draft.filter)?,
        serde_json::to_value(&draft.steps)?,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn archive(tx: &mut Tx, id: SequenceId) -> Result<()> {
    let now = tx.now();
    sqlx::query!("update sequences set archived_at = $2, is_active = false where id = $1", id.0, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The blind index of an address among runs.
fn column(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "run_phone",
        Channel::Email => "run_email",
    }
}

fn index(tx: &Tx, channel: Channel, address: Option<&str>) -> Result<Option<Vec<u8>>> {
    address.map(|address| tx.vault().index(column(channel), address).map_err(Error::internal)).transpose()
}

/// `false`: the lead is in one already.
pub(super) async fn insert_run(
    tx: &mut Tx,
    id: SequenceRunId,
    sequence: &Sequence,
    detail: &LeadDetail,
    next_at: DateTime<Utc>,
) -> Result<bool> {
    let now = tx.now();
    let phone = index(tx, Channel::Sms, detail.lead.phone.as_deref())?;
    let email = detail.lead.email.as_deref().map(crate::identity::normalise_email);
    let email = index(tx, Channel::Email, email.as_deref())?;
    let done = sqlx::query!(
        "insert into sequence_runs (id, sequence_id, lead_id, steps, next_at, phone_index, email_index, started_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (organization_id, lead_id) where state = 'running' do nothing",
        id.0,
        sequence.id.0,
        detail.lead.id.0,
        serde_json::to_value(&sequence.draft.steps)?,
        next_at,
        phone,
        email,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A run that nobody else changes until the end of the transaction.
pub(super) async fn lock(tx: &mut Tx, id: SequenceRunId) -> Result<Option<Way>> {
    let row = sqlx::query!(
        "select id, lead_id, steps, position, state, next_at, message_id, started_at from sequence_runs where id = $1 for update",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        way(row.id, row.lead_id, row.steps, row.position, row.state, row.next_at, row.message_id, row.started_at)
    })
    .transpose()
}

/// The run that the lead is in, locked.
pub(super) async fn running_way(tx: &mut Tx, lead: LeadId) -> Result<Option<Way>> {
    let row = sqlx::query!(
        "select id, lead_id, steps, position, state, next_at, message_id, started_at from sequence_runs
         where lead_id = $1 and state = 'running' for update",
        lead.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        way(row.id, row.lead_id, row.steps, row.position, row.state, row.next_at, row.message_id, row.started_at)
    })
    .transpose()
}

#[allow(clippy::too_many_arguments)] // a row
fn way(
    id: Uuid,
    lead: Uuid,
    steps: serde_json::Value,
    position: i32,
    state: String,
    next_at: Option<DateTime<Utc>>,
    message: Option<Uuid>,
    started_at: DateTime<Utc>,
) -> Result<Way> {
    Ok(Way {
        id: SequenceRunId(id),
        lead: LeadId(lead),
        steps: serde_json::from_value(steps)?,
        position: usize::try_from(position).map_err(Error::internal)?,
        state: word(state)?,
        next_at,
        message: message.map(MessageId),
        started_at,
    })
}

fn number(position: usize) -> Result<i32> {
    i32::try_from(position).map_err(Error::internal)
}

pub(super) async fn advance(
    tx: &mut Tx,
    id: SequenceRunId,
    position: usize,
    next_at: DateTime<Utc>,
    message: Option<MessageId>,
) -> Result<()> {
    sqlx::query!(
        "update sequence_runs set position = $2, next_at = $3, message_id = coalesce($4, message_id) where id = $1",
        id.0,
        number(position)?,
        next_at,
        message.map(|message| message.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) async fn end(tx: &mut Tx, id: SequenceRunId, state: RunState, why: Option<Why>) -> Result<()> {
    let now = tx.now();
    sqlx::query!(
        "update sequence_runs set state = $2, why = $3, next_at = null, ended_at = $4 where id = $1 and state = 'running'",
        id.0,
        if state == RunState::Done { "done" } else { "stopped" },
        why.map(Why::as_str),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// By itself a sequence begins once for a lead.
pub(super) async fn has_run(tx: &mut Tx, sequence: SequenceId, lead: LeadId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sequence_runs where sequence_id = $1 and lead_id = $2) as "has!""#,
        sequence.0,
        lead.0
    )
    .fetch_one(tx.conn())
    .await?)
}

pub(super) async fn running_of(tx: &mut Tx, sequence: SequenceId) -> Result<Vec<SequenceRunId>> {
    let rows =
        sqlx::query_scalar!("select id from sequence_runs where sequence_id = $1 and state = 'running'", sequence.0)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(SequenceRunId).collect())
}

/// Runs of whoever has this number or address.
pub(super) async fn running_with(tx: &mut Tx, channel: Channel, address: &str) -> Result<Vec<SequenceRunId>> {
    let indexes = tx.vault().lookups(column(channel), address);
    let rows = sqlx::query_scalar!(
        "select id from sequence_runs where state = 'running' and (phone_index = any($1) or email_index = any($1))",
        &indexes
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(SequenceRunId).collect())
}

pub(super) async fn overdue(tx: &mut Tx, before: DateTime<Utc>, limit: i64) -> Result<Vec<(SequenceRunId, usize)>> {
    let rows = sqlx::query!(
        "select id, position from sequence_runs where state = 'running' and next_at < $1 order by next_at limit $2",
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| Ok((SequenceRunId(row.id), usize::try_from(row.position).map_err(Error::internal)?)))
        .collect()
}

pub(super) async fn newest_run(tx: &mut Tx, lead: LeadId) -> Result<Option<Run>> {
    let row = sqlx::query!(
        "select r.id, r.sequence_id, s.name, r.lead_id, r.state, r.why, r.position, r.steps, r.next_at, r.started_at, r.ended_at
         from sequence_runs r join sequences s on s.organization_id = r.organization_id and s.id = r.sequence_id
         where r.lead_id = $1 order by r.started_at desc, r.id desc limit 1",
        lead.0
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let steps: Vec<Step> = serde_json::from_value(row.steps)?;
    let state: RunState = word(row.state)?;
    let next = usize::try_from(row.position).ok().and_then(|position| steps.get(position));
    Ok(Some(Run {
        id: SequenceRunId(row.id),
        sequence_id: SequenceId(row.sequence_id),
        name: row.name,
        lead_id: LeadId(row.lead_id),
        state,
        why: row.why.map(word).transpose()?,
        position: row.position,
        steps: number(steps.len())?,
        next_kind: next.filter(|_| state == RunState::Running).map(|step| step.kind),
        next_at: row.next_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
    }))
}

/// The organizations whose streams are read.
pub(super) async fn followers(directory: &mut Directory) -> Result<Vec<OrganizationId>> {
    let rows =
        sqlx::query_scalar!("select organization_id from sequence_followers").fetch_all(directory.conn()).await?;
    Ok(rows.into_iter().map(OrganizationId).collect())
}

/// From here on the organization's stream is read; where it is read already, it goes on there.
pub(super) async fn follow_from(tx: &mut Tx, sequence: i64) -> Result<()> {
    let organization = tx.organization();
    sqlx::query!(
        // Locked also where it is there: whoever is about to stop reading, since there was nothing to read for, has to see why it goes on.
        "insert into sequence_followers (organization_id, sequence) values ($1, $2)
         on conflict (organization_id) do update set sequence = sequence_followers.sequence",
        organization.0,
        sequence
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How far it was read; nobody else reads on until the end of the transaction.
pub(super) async fn followed_to(tx: &mut Tx) -> Result<Option<i64>> {
    let organization = tx.organization();
    Ok(sqlx::query_scalar!(
        "select sequence from sequence_followers where organization_id = $1 for update",
        organization.0
    )
    .fetch_optional(tx.conn())
    .await?)
}

pub(super) async fn followed(tx: &mut Tx, sequence: i64) -> Result<()> {
    let organization = tx.organization();
    sqlx::query!("update sequence_followers set sequence = $2 where organization_id = $1", organization.0, sequence)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Reads no further where nothing begins by itself and nobody is in a sequence.
pub(super) async fn unfollow_in_vain(tx: &mut Tx) -> Result<()> {
    let organization = tx.organization();
    sqlx::query!(
        "delete from sequence_followers where organization_id = $1
             and not exists (select from sequences where is_active and archived_at is null and trigger <> 'by_hand')
             and not exists (select from sequence_runs where state = 'running')",
        organization.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
