//! A submission becomes a lead: three statements, because every lead pays for them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{SealedPerson, TABLE, bytes, sealed_answers};
use crate::{
    db::Tx,
    error::Result,
    leads::capture::{NewConsent, NewLead},
    types::ids::{EnquiryId, HistoryId, LeadId},
};

/// Waits for whoever is storing this submission, or another of the same person, right now.
pub(in crate::leads) async fn lock_submission(
    tx: &mut Tx,
    meta_lead_id: Option<&str>,
    tokens: &[Vec<u8>],
) -> Result<()> {
    let organization = tx.organization().0;
    let mut names: Vec<Vec<u8>> = tokens.to_vec();
    names.extend(meta_lead_id.map(|id| id.as_bytes().to_vec()));
    if names.is_empty() {
        return Ok(());
    }
    // In the order of the keys, so that two of them never wait for each other.
    sqlx::query!(
        "select pg_advisory_xact_lock(key) from (
             select distinct hashtextextended($1::uuid::text || encode(name, 'hex'), 0) as key from unnest($2::bytea[]) as name order by 1) as keys",
        organization,
        &names
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

/// Looks for the submission, and for an open lead that has one of these tokens.
pub(in crate::leads) async fn ground(tx: &mut Tx, meta_lead_id: Option<&str>, tokens: &[Vec<u8>]) -> Result<Ground> {
    // From the tokens to the leads, whatever the planner believes: without `offset 0` a plan for any tokens walks all of the
    // organization's leads, newest first, until it meets one that has a token. A new person has none.
    let row = sqlx::query!(
        "select (select lead_id from lead_enquiries where meta_lead_id = $1) as known,
                (select leads.id from unnest($2::bytea[]) as wanted(token)
                 cross join lateral (select lead_id from lead_tokens where lead_tokens.token = wanted.token offset 0) as named
                 cross join lateral (select id, created_at, status, is_test from leads where leads.id = named.lead_id offset 0) as leads
                 where leads.status in ('new', 'contacted', 'no_answer', 'scheduled') and not leads.is_test
                 order by leads.created_at desc limit 1) as open",
        meta_lead_id,
        tokens
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Ground { known: row.known.map(LeadId), open: row.open.map(LeadId) })
}

/// A new lead and all that stands beside it, in one statement: tokens, the enquiry, the trace, the first line of the history, what was
/// agreed to.
pub(in crate::leads) async fn insert_lead(
    tx: &mut Tx,
    lead: LeadId,
    enquiry: EnquiryId,
    new: &NewLead,
    due_at: DateTime<Utc>,
    tokens: &[Vec<u8>],
) -> Result<()> {
    let sealed = SealedPerson::seal(tx, TABLE, lead.0, &new.person)?;
    let message = tx.seal_some("lead_enquiries", "message", enquiry.0, new.person.message.as_deref())?;
    let answers = sealed_answers(tx, "lead_enquiries", enquiry.0, &new.person.answers)?;
    let meta_created_at = (new.source == "meta").then_some(new.created_at);
    let now = tx.now();
    sqlx::query!(
        "with lead as (
               insert into leads (id, full_name, phone, phone_given, email, message, answers, postal_code, city, service, source, platform, meta_lead_id,
                                  campaign_id, form_id, adset_id, adset_name, ad_id, ad_name, is_test, is_organic, due_at, next_at, created_at, received_at, updated_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22, $23, $24, $25)),
           found_by as (insert into lead_tokens (token, lead_id) select token, $1 from unnest($26::bytea[]) as token),
           enquiry as (insert into lead_enquiries (id, lead_id, meta_lead_id, form_id, campaign_id, message, answers, at, received_at)
                       values ($27, $1, $13, $15, $14, $28, $29, $23, $24)),
           trace as (insert into lead_traces (lead_id, meta_created_at, received_at, fetched_at, stored_at) values ($1, $30, $24, $31, $25)),
           agreed as (
               select * from jsonb_to_recordset($32) as agreed(key text, version text, text text, given boolean, inferred boolean, url text)),
           texts as (
               insert into consent_texts (version, text, privacy_policy_url, first_seen_at)
               select distinct on (version) version, text, url, $25::timestamptz from agreed on conflict do nothing),
           consents as (
               insert into consents (lead_id, enquiry_id, key, version, given, inferred, at)
               select $1, $27, key, version, given, inferred, $23 from agreed on conflict do nothing)
         insert into lead_history (id, lead_id, kind, at, data) values ($33, $1, 'captured', $23, '{}')",
        lead.0,
        bytes(&sealed.full_name),
        bytes(&sealed.phone),
        bytes(&sealed.phone_given),
        bytes(&sealed.email),
        bytes(&sealed.message),
        bytes(&sealed.answers),
        new.person.postal_code,
        new.person.city,
        new.person.service,
        new.source,
        new.platform,
        new.meta_lead_id,
        new.campaign.map(|id| id.0),
        new.form.map(|id| id.0),
        new.adset.0,
        new.adset.1,
        new.ad.0,
        new.ad.1,
        new.is_test,
        new.is_organic,
        due_at,
        new.created_at,
        new.received.received_at,
        now,
        tokens,
        enquiry.0,
        bytes(&message),
        bytes(&answers),
        meta_created_at,
        new.received.fetched_at,
        rows(&new.consents),
        HistoryId::new(now).0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
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
        "with agreed as (
               select * from jsonb_to_recordset($1) as agreed(key text, version text, text text, given boolean, inferred boolean, url text)),
           texts as (
               insert into consent_texts (version, text, privacy_policy_url, first_seen_at)
               select distinct on (version) version, text, url, $2::timestamptz from agreed on conflict do nothing)
         insert into consents (lead_id, enquiry_id, key, version, given, inferred, at)
         select $3, $4, key, version, given, inferred, $5 from agreed on conflict do nothing",
        rows(consents),
        now,
        lead.0,
        enquiry.0,
        at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

fn rows(consents: &[NewConsent]) -> Value {
    consents
        .iter()
        .map(|consent| {
            json!({ "key": consent.key, "version": consent.version, "text": consent.text, "given": consent.given, "inferred": consent.inferred,
                    "url": consent.privacy_policy_url })
        })
        .collect()
}
