//! What a transaction writes at its very end, in one statement: the events, the jobs that react to them, the lines of the audit trail.

use std::sync::Arc;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Event, Pending,
    trail::{Content, GENESIS, Hash, Line, origin_hash, origin_text},
};
use crate::{
    db::seal::{Place, Vault},
    error::{Error, Result},
    types::{
        ids::{OrganizationId, new_uuid},
        origin::Origin,
    },
};

/// What has to be told after the commit.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written {
    pub events: bool,
    pub jobs: bool,
}

/// The lines as columns of the statement.
#[derive(Default)]
struct Lines {
    digests: Vec<Hash>,
    times: Vec<DateTime<Utc>>,
    actor_kinds: Vec<&'static str>,
    actors: Vec<Option<Uuid>>,
    actions: Vec<&'static str>,
    subject_kinds: Vec<Option<&'static str>>,
    subjects: Vec<Option<Uuid>>,
    details: Vec<String>,
    requests: Vec<Option<String>>,
    origins: Vec<Option<Uuid>>,
    origin_hashes: Vec<Option<Hash>>,
    /// Each origin once, however many lines came from it.
    sealed: Vec<(Arc<Origin>, Uuid, Hash, Vec<u8>)>,
}

impl Lines {
    fn new(organization: OrganizationId, now: DateTime<Utc>, vault: &Vault, lines: Vec<Line>) -> Result<Self> {
        let mut columns = Self::default();
        for line in lines {
            let (kind, actor) = line.actor.parts();
            let (subject_kind, subject) = line.subject.unzip();
            let origin = columns.origin(now, vault, line.origin.as_ref())?;
            // As the database keeps it.
            let at = line.at.duration_trunc(TimeDelta::microseconds(1)).map_err(Error::internal)?;
            let request_id = line.origin.as_ref().and_then(|origin| origin.request_id.clone());
            let content = Content {
                organization,
                at,
                actor_kind: kind,
                actor_id: actor,
                action: line.action,
                subject_kind,
                subject_id: subject,
                details: &line.details,
                request_id: request_id.as_deref(),
                origin_hash: origin.as_ref().map(|(_, hash)| hash.as_slice()),
            };
            columns.digests.push(content.digest());
            columns.times.push(at);
            columns.actor_kinds.push(kind);
            columns.actors.push(actor);
            columns.actions.push(line.action);
            columns.subject_kinds.push(subject_kind);
            columns.subjects.push(subject);
            columns.details.push(line.details);
            columns.requests.push(request_id);
            columns.origins.push(origin.map(|(id, _)| id));
            columns.origin_hashes.push(origin.map(|(_, hash)| hash));
        }
        Ok(columns)
    }

    fn origin(
        &mut self,
        now: DateTime<Utc>,
        vault: &Vault,
        origin: Option<&Arc<Origin>>,
    ) -> Result<Option<(Uuid, Hash)>> {
        let Some(origin) = origin else { return Ok(None) };
        if let Some((_, id, hash, _)) = self.sealed.iter().find(|(known, ..)| Arc::ptr_eq(known, origin)) {
            return Ok(Some((*id, *hash)));
        }
        let (id, text) = (new_uuid(now), origin_text(origin));
        let place = Place { table: "audit_origins", column: "origin", row: id };
        let sealed = vault.seal(place, text.as_bytes()).map_err(Error::internal)?;
        let hash = origin_hash(&text);
        self.sealed.push((origin.clone(), id, hash, sealed.0));
        Ok(Some((id, hash)))
    }
}

/// Writes it all. From here to the commit the organization's head is locked, and whoever holds that lock never waits for another one.
pub(crate) async fn flush(
    connection: &mut PgConnection,
    organization: OrganizationId,
    now: DateTime<Utc>,
    vault: &Vault,
    events: Vec<Pending>,
    lines: Vec<Line>,
) -> Result<Written> {
    if events.is_empty() && lines.is_empty() {
        return Ok(Written::default());
    }
    let durable: Vec<bool> = events.iter().map(|recorded| recorded.event.is_durable()).collect();
    let attended = events.iter().any(|recorded| matches!(recorded.event, Event::LeadCaptured { .. }));
    let actors: Vec<Option<Uuid>> = events.iter().map(|recorded| recorded.actor).collect();
    let times: Vec<DateTime<Utc>> = events.iter().map(|recorded| recorded.at).collect();
    let (mut kinds, mut subjects, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for recorded in &events {
        let parts = recorded.event.parts()?;
        kinds.push(parts.0);
        subjects.push(parts.1);
        data.push(parts.2);
    }
    let lines = Lines::new(organization, now, vault, lines)?;
    let digests: Vec<&[u8]> = lines.digests.iter().map(Hash::as_slice).collect();
    let origin_hashes: Vec<Option<&[u8]>> =
        lines.origin_hashes.iter().map(|hash| hash.as_ref().map(Hash::as_slice)).collect();
    let origin_ids: Vec<Uuid> = lines.sealed.iter().map(|(_, id, ..)| *id).collect();
    let origins: Vec<&[u8]> = lines.sealed.iter().map(|(.., sealed)| sealed.as_slice()).collect();
    sqlx::query!(
        r#"with new as (
               select kind, subject_id, data, actor_id, at, durable, position
               from unnest($2::text[], $3::uuid[], $4::jsonb[], $5::uuid[], $6::timestamptz[], $7::boolean[])
                    with ordinality as new(kind, subject_id, data, actor_id, at, durable, position)),
           head as (
               insert into event_heads as head (organization_id, sequence, audit_number, audit_hash)
               select $1, cardinality($2::text[]), cardinality($10::bytea[]), coalesce((audit_links($9, 0, $10))[cardinality($10)], $9)
               on conflict (organization_id) do update set
                   sequence = head.sequence + excluded.sequence,
                   audit_number = head.audit_number + excluded.audit_number,
                   audit_before = head.audit_hash,
                   audit_hash = coalesce((audit_links(head.audit_hash, head.audit_number, $10))[cardinality($10)], head.audit_hash)
               returning sequence, audit_number - cardinality($10) as number, audit_before as before),
           numbered as (
               select new.*, head.sequence - (select count(*) from new) + position as sequence from new, head),
           recorded as (
               insert into events (organization_id, sequence, kind, subject_id, data, actor_id, at)
               select $1, sequence, kind, subject_id, data, actor_id, at from numbered),
           chain as materialized (
               select number, array_prepend(before, audit_links(before, number, $10)) as hashes from head where cardinality($10) > 0),
           entries as (
               insert into audit_entries (organization_id, number, at, actor_kind, actor_id, action, subject_kind, subject_id, details, request_id,
                                          origin_id, origin_hash, previous, hash)
               select $1, number + position, at, actor_kind, actor_id, action, subject_kind, subject_id, details, request_id,
                      origin_id, origin_hash, hashes[position], hashes[position + 1]
               from chain, unnest($11::timestamptz[], $12::text[], $13::uuid[], $14::text[], $15::text[], $16::uuid[], $17::json[], $18::text[],
                                  $19::uuid[], $20::bytea[])
                    with ordinality as line(at, actor_kind, actor_id, action, subject_kind, subject_id, details, request_id, origin_id, origin_hash, position)),
           origins as (
               insert into audit_origins (organization_id, id, origin) select $1, id, origin from unnest($21::uuid[], $22::bytea[]) as origin(id, origin)),
           asked as (
               -- As `jobs::ask`; after the head is locked, so that all take the two in one order.
               insert into jobs as job (organization_id, kind, key, payload, priority, run_at, created_at)
               select $1, 'attend', $1::uuid::text, jsonb_build_object('organization', $1::uuid), 60, $8, $8
               from head where 'lead_captured' = any($2)
               on conflict (kind, key) where key is not null and state in ('ready', 'running')
               do update set again = job.state = 'running', run_at = case when job.state = 'ready' then excluded.run_at else job.run_at end
               -- One that takes breath is left to it; one that failed, and waits longer and longer, is not.
               where (job.state = 'running' and not job.again) or (job.state = 'ready' and job.run_at > excluded.run_at + interval '1 second'))
           insert into jobs (organization_id, kind, key, payload, run_at, created_at)
           select $1, 'react', $1::uuid::text || ':' || sequence, jsonb_build_object('sequence', sequence), $8, $8 from numbered where durable"#,
        organization.0,
        &kinds,
        &subjects,
        &data,
        &actors as &[Option<Uuid>],
        &times,
        &durable,
        now,
        GENESIS.as_slice(),
        &digests as &[&[u8]],
        &lines.times,
        &lines.actor_kinds as &[&str],
        &lines.actors as &[Option<Uuid>],
        &lines.actions as &[&str],
        &lines.subject_kinds as &[Option<&str>],
        &lines.subjects as &[Option<Uuid>],
        &lines.details as &[String],
        &lines.requests as &[Option<String>],
        &lines.origins as &[Option<Uuid>],
        &origin_hashes as &[Option<&[u8]>],
        &origin_ids,
        &origins as &[&[u8]]
    )
    .execute(connection)
    .await?;
    Ok(Written { events: !events.is_empty(), jobs: attended || durable.contains(&true) })
}
