//! Submissions become leads: three statements, however many they are, because every lead pays for them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{SealedPerson, TABLE, bytes, sealed_answers};
use crate::{
    db::{Tx, seal::Sealed},
    error::Result,
    leads::{
        capture::{NewConsent, NewLead, Submission, behind_all},
        score::Looked,
        scoring,
    },
    sla::{Sla, SlaClock},
    types::ids::{EnquiryId, HistoryId, LeadId},
};

/// Waits for whoever is storing one of these submissions, or another of the same person, right now. A name is a token or Meta's id.
pub(in crate::leads) async fn lock_submissions(tx: &mut Tx, names: &[&[u8]]) -> Result<()> {
    let organization = tx.organization().0;
    // In the order of the keys, so that two of them never wait for each other.
    sqlx::query!(
        "select pg_advisory_xact_lock(key) from (
             select distinct hashtextextended($1::uuid::text || encode(name, 'hex'), 0) as key from unnest($2::bytea[]) as name order by 1) as keys",
        organization,
        names as &[&[u8]]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What there is of a submission before it is stored.
pub(in crate::leads) struct Ground {
    /// The lead that it was stored as.
    pub known: Option<LeadId>,
    /// The newest open lead of the same person.
    pub open: Option<LeadId>,
}

/// Looks for each submission, and for an open lead that has one of its tokens.
pub(in crate::leads) async fn grounds(tx: &mut Tx, submissions: &[&Submission]) -> Result<Vec<Ground>> {
    let ids: Vec<Option<&str>> = submissions.iter().map(|one| one.new.meta_lead_id.as_deref()).collect();
    let (mut tokens, mut positions) = (Vec::<&[u8]>::new(), Vec::<i64>::new());
    for (position, one) in (1..).zip(submissions) {
        for token in &one.same_person {
            tokens.push(token);
            positions.push(position);
        }
    }
    // From the tokens to the leads, whatever the planner believes: without `offset 0` a plan for any tokens walks all of the
    // organization's leads, newest first, until it meets one that has a token. A new person has none.
    let rows = sqlx::query!(
        "select (select lead_id from lead_enquiries where lead_enquiries.meta_lead_id = one.meta_lead_id) as known,
                (select leads.id from unnest($2::bytea[], $3::bigint[]) as wanted(token, position)
                 cross join lateral (select lead_id from lead_tokens where lead_tokens.token = wanted.token offset 0) as named
                 cross join lateral (select id, created_at, status, is_test from leads where leads.id = named.lead_id offset 0) as leads
                 where wanted.position = one.position and leads.status in ('new', 'contacted', 'no_answer', 'scheduled') and not leads.is_test
                 order by leads.created_at desc limit 1) as open
         from unnest($1::text[]) with ordinality as one(meta_lead_id, position) order by one.position",
        &ids as &[Option<&str>],
        &tokens as &[&[u8]],
        &positions
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| Ground { known: row.known.map(LeadId), open: row.open.map(LeadId) }).collect())
}

/// Deletes those of the leads that nobody has touched.
pub(in crate::leads) async fn delete_untouched(tx: &mut Tx, ids: &[LeadId]) -> Result<Vec<LeadId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let gone = sqlx::query_scalar!(
        "delete from leads where id = any($1) and status = 'new' and attempt_count = 0 and enquiry_count = 1
             and not exists (select from lead_notes n where n.lead_id = leads.id)
             and not exists (select from lead_history h where h.lead_id = leads.id and h.actor_id is not null)
         returning id",
        &ids
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!("delete from lead_tokens where lead_id = any($1)", &gone).execute(tx.conn()).await?;
    Ok(gone.into_iter().map(LeadId).collect())
}

/// The newest open lead that has one of these tokens.
pub(in crate::leads) async fn open_lead(tx: &mut Tx, tokens: &[Vec<u8>]) -> Result<Option<LeadId>> {
    let id = sqlx::query_scalar!(
        r#"select leads.id as "id!" from unnest($1::bytea[]) as wanted(token)
           cross join lateral (select lead_id from lead_tokens where lead_tokens.token = wanted.token offset 0) as named
           cross join lateral (select id, created_at, status, is_test from leads where leads.id = named.lead_id offset 0) as leads
           where leads.status in ('new', 'contacted', 'no_answer', 'scheduled') and not leads.is_test
           order by leads.created_at desc limit 1"#,
        tokens
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(LeadId))
}

/// New leads and all that stands beside them, in one statement: tokens, enquiries, traces, the first lines of the histories, what was
/// agreed to.
pub(in crate::leads) async fn insert_leads(tx: &mut Tx, leads: &[(LeadId, &Submission)], sla: &Sla) -> Result<()> {
    let now = tx.now();
    let clock = |new: &NewLead| new.begins_at().map(|at| sla.clock(at));
    let clocks: Vec<Option<SlaClock>> = leads.iter().map(|(_, submission)| clock(&submission.new)).collect();
    let due_next = |(clock, (_, submission)): (&Option<SlaClock>, &(LeadId, &Submission))| {
        clock.map_or_else(|| behind_all(submission.new.created_at), |clock| clock.due_at)
    };
    let next_at: Vec<DateTime<Utc>> = clocks.iter().zip(leads).map(due_next).collect();
    let (mut people, mut messages, mut answers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut enquiries, mut histories, mut agreed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut tokens, mut token_leads) = (Vec::<&[u8]>::new(), Vec::new());
    for (id, Submission { new, found_by, .. }) in leads {
        let enquiry = EnquiryId::new(now);
        people.push(SealedPerson::seal(tx, TABLE, id.0, &new.person)?);
        messages.push(tx.seal_some("lead_enquiries", "message", enquiry.0, new.person.message.as_deref())?);
        answers.push(sealed_answers(tx, "lead_enquiries", enquiry.0, &new.person.answers)?);
        agreed.extend(rows(*id, enquiry, new.created_at, &new.consents));
        enquiries.push(enquiry.0);
        histories.push(HistoryId::new(now).0);
        tokens.extend(found_by.iter().map(Vec::as_slice));
        token_leads.extend(found_by.iter().map(|_| id.0));
    }
    let rules = scoring::scoring(tx).await?.rules;
    let looked =
        leads.iter().zip(&clocks).map(|((_, one), clock)| Looked::new(&one.new, clock.map(|clock| clock.opens_at)));
    let scores: Vec<i16> = looked.map(|looked| looked.score(&rules)).collect();
    let sealed = |field: fn(&SealedPerson) -> &Option<Sealed>| -> Vec<Option<&[u8]>> {
        people.iter().map(|person| bytes(field(person))).collect()
    };
    let text = |field: fn(&NewLead) -> &Option<String>| column(leads, |new| field(new).as_deref());
    let ids: Vec<Uuid> = leads.iter().map(|(id, _)| id.0).collect();
    sqlx::query!(
        "with new as materialized (
               select * from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::text[], $9::text[], $10::text[],
                                    $11::text[], $12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::text[], $17::text[], $18::text[], $19::text[],
                                    $20::boolean[], $21::boolean[], $22::timestamptz[], $23::timestamptz[], $24::timestamptz[],
                                    $25::timestamptz[], $26::uuid[], $27::bytea[], $28::bytea[], $29::uuid[], $34::timestamptz[], $35::smallint[], $36::timestamptz[])
                   as new(id, full_name, phone, phone_given, email, message, answers, postal_code, city, service, source, platform, meta_lead_id,
                          campaign_id, form_id, adset_id, adset_name, ad_id, ad_name, is_test, is_organic, due_at, created_at, received_at,
                          fetched_at, enquiry_id, enquiry_message, enquiry_answers, history_id, opens_at, score, next_at)),
           lead as (
               insert into leads (id, full_name, phone, phone_given, email, message, answers, postal_code, city, service, source, platform, meta_lead_id,
                                  campaign_id, form_id, adset_id, adset_name, ad_id, ad_name, is_test, is_organic, opens_at, due_at, next_at, created_at, received_at, updated_at, score)
               select id, full_name, phone, phone_given, email, message, answers, postal_code, city, service, source, platform, meta_lead_id,
                      campaign_id, form_id, adset_id, adset_name, ad_id, ad_name, is_test, is_organic, opens_at, due_at, next_at, created_at, received_at, $30, score
               from new),
           found_by as (
               insert into lead_tokens (token, lead_id) select token, lead_id from unnest($31::bytea[], $32::uuid[]) as found_by(token, lead_id)),
           enquiry as (
               insert into lead_enquiries (id, lead_id, meta_lead_id, form_id, campaign_id, message, answers, at, received_at)
               select enquiry_id, id, meta_lead_id, form_id, campaign_id, enquiry_message, enquiry_answers, created_at, received_at from new),
           trace as (
               insert into lead_traces (lead_id, meta_created_at, received_at, fetched_at, stored_at)
               select id, case when source = 'meta' then created_at end, received_at, fetched_at, $30 from new),
           agreed as materialized (
               select * from jsonb_to_recordset($33) as agreed(lead_id uuid, enquiry_id uuid, at timestamptz, key text, version text, text text,
                                                               given boolean, inferred boolean, url text)),
           texts as (
               insert into consent_texts (version, text, privacy_policy_url, first_seen_at)
               select distinct on (version) version, text, url, $30 from agreed order by version on conflict do nothing),
           consent as (
               insert into consents (lead_id, enquiry_id, key, version, given, inferred, at)
               select lead_id, enquiry_id, key, version, given, inferred, at from agreed on conflict do nothing)
         insert into lead_history (id, lead_id, kind, at, data) select history_id, id, 'captured', created_at, '{}' from new",
        &ids,
        &sealed(|person| &person.full_name) as &[Option<&[u8]>],
        &sealed(|person| &person.phone) as &[Option<&[u8]>],
        &sealed(|person| &person.phone_given) as &[Option<&[u8]>],
        &sealed(|person| &person.email) as &[Option<&[u8]>],
        &sealed(|person| &person.message) as &[Option<&[u8]>],
        &sealed(|person| &person.answers) as &[Option<&[u8]>],
        &text(|new| &new.person.postal_code) as &[Option<&str>],
        &text(|new| &new.person.city) as &[Option<&str>],
        &text(|new| &new.person.service) as &[Option<&str>],
        &column(leads, |new| new.source) as &[&str],
        &text(|new| &new.platform) as &[Option<&str>],
        &text(|new| &new.meta_lead_id) as &[Option<&str>],
        &column(leads, |new| new.campaign.map(|id| id.0)) as &[Option<Uuid>],
        &column(leads, |new| new.form.map(|id| id.0)) as &[Option<Uuid>],
        &text(|new| &new.adset.0) as &[Option<&str>],
        &text(|new| &new.adset.1) as &[Option<&str>],
        &text(|new| &new.ad.0) as &[Option<&str>],
        &text(|new| &new.ad.1) as &[Option<&str>],
        &column(leads, |new| new.is_test),
        &column(leads, |new| new.is_organic),
        &clocks.iter().map(|clock| clock.map(|clock| clock.due_at)).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &column(leads, |new| new.created_at),
        &column(leads, |new| new.received.received_at),
        &column(leads, |new| new.received.fetched_at) as &[Option<DateTime<Utc>>],
        &enquiries,
        &messages.iter().map(bytes).collect::<Vec<_>>() as &[Option<&[u8]>],
        &answers.iter().map(bytes).collect::<Vec<_>>() as &[Option<&[u8]>],
        &histories,
        now,
        &tokens as &[&[u8]],
        &token_leads,
        Value::Array(agreed),
        &clocks.iter().map(|clock| clock.map(|clock| clock.opens_at)).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &scores,
        &next_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn column<'a, T>(leads: &[(LeadId, &'a Submission)], field: impl Fn(&'a NewLead) -> T) -> Vec<T> {
    leads.iter().map(|(_, submission)| field(&submission.new)).collect()
}

/// A further enquiry of a lead that is open, with what was agreed to.
pub(in crate::leads) async fn insert_enquiry(
    tx: &mut Tx,
    lead: LeadId,
    enquiry: EnquiryId,
    new: &NewLead,
) -> Result<()> {
    let answers = sealed_answers(tx, "lead_enquiries", enquiry.0, &new.person.answers)?;
    let message = tx.seal_some("lead_enquiries", "message", enquiry.0, new.person.message.as_deref())?;
    sqlx::query!(
        "insert into lead_enquiries (id, lead_id, meta_lead_id, form_id, campaign_id, message, answers, at, received_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        enquiry.0,
        lead.0,
        new.meta_lead_id,
        new.form.map(|id| id.0),
        new.campaign.map(|id| id.0),
        bytes(&message),
        bytes(&answers),
        new.created_at,
        new.received.received_at
    )
    .execute(tx.conn())
    .await?;
    insert_consents(tx, lead, enquiry, new.created_at, &new.consents).await
}

/// Consents with their texts; a text is kept once per organization.
async fn insert_consents(
    tx: &mut Tx,
    lead: LeadId,
    enquiry: EnquiryId,
    at: DateTime<Utc>,
    consents: &[NewConsent],
) -> Result<()> {
    if consents.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    sqlx::query!(
        "with agreed as materialized (
               select * from jsonb_to_recordset($1) as agreed(lead_id uuid, enquiry_id uuid, at timestamptz, key text, version text, text text,
                                                              given boolean, inferred boolean, url text)),
           texts as (
               insert into consent_texts (version, text, privacy_policy_url, first_seen_at)
               select distinct on (version) version, text, url, $2::timestamptz from agreed order by version on conflict do nothing)
         insert into consents (lead_id, enquiry_id, key, version, given, inferred, at)
         select lead_id, enquiry_id, key, version, given, inferred, at from agreed on conflict do nothing",
        rows(lead, enquiry, at, consents).collect::<Value>(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

pub(super) fn rows(
    lead: LeadId,
    enquiry: EnquiryId,
    at: DateTime<Utc>,
    consents: &[NewConsent],
) -> impl Iterator<Item = Value> {
    consents.iter().map(move |consent| {
        json!({ "lead_id": lead, "enquiry_id": enquiry, "at": at, "key": consent.key, "version": consent.version, "text": consent.text,
                "given": consent.given, "inferred": consent.inferred, "url": consent.privacy_policy_url })
    })
}
