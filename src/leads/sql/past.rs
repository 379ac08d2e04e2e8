//! Leads with their past, many at a time. By arrays and not by `COPY`, which PostgreSQL refuses where row-level security holds; their values
//! travel in the same binary form.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{SealedPerson, TABLE, bytes, capture, sealed_answers};
use crate::{
    db::{Tx, seal::Sealed},
    error::{Error, Result},
    leads::{
        NewLead,
        capture::Submission,
        past::{Outlook, Past},
    },
    types::ids::EnquiryId,
};

type Lead<'a> = (&'a Past, Submission, Outlook);

pub(in crate::leads) async fn insert_past(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    insert_rows(tx, leads).await?;
    insert_tokens(tx, leads).await?;
    insert_enquiries(tx, leads).await?;
    insert_traces(tx, leads).await?;
    insert_lines(tx, leads).await?;
    insert_notes(tx, leads).await
}

fn each<'a, T>(leads: &'a [Lead<'a>], field: impl Fn(&'a Lead<'a>) -> T) -> Vec<T> {
    leads.iter().map(field).collect()
}

async fn insert_rows(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    let people: Vec<SealedPerson> = leads
        .iter()
        .map(|(past, submission, _)| SealedPerson::seal(tx, TABLE, past.id.0, &submission.new.person))
        .collect::<Result<_>>()?;
    let sealed = |field: fn(&SealedPerson) -> &Option<Sealed>| -> Vec<Option<&[u8]>> {
        people.iter().map(|person| bytes(field(person))).collect()
    };
    let text = |field: fn(&NewLead) -> &Option<String>| each(leads, |(_, one, _)| field(&one.new).as_deref());
    let time = |field: fn(&Outlook) -> Option<DateTime<Utc>>| each(leads, |(_, _, outlook)| field(outlook));
    let reasons = leads
        .iter()
        .map(|(_, _, outlook)| match outlook.lost_reason.map(serde_json::to_value).transpose()? {
            Some(Value::String(reason)) => Ok(Some(reason)),
            None => Ok(None),
            Some(_) => Err(Error::internal("a reason is a word")),
        })
        .collect::<Result<Vec<Option<String>>>>()?;
    sqlx::query!(
        "insert into leads (id, full_name, phone, phone_given, email, message, answers, postal_code, city, service, source, platform, meta_lead_id,
                            campaign_id, form_id, adset_id, adset_name, ad_id, ad_name, is_test, is_organic, version, status, lost_reason,
                            assignee_id, claimed_at, attempt_count, first_attempt_at, last_attempt_at, first_contact_at, last_contact_at,
                            snoozed_until, due_at, next_at, created_at, received_at, updated_at, opens_at, response_seconds, response_business_seconds, score)
         select * from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[], $6::bytea[], $7::bytea[], $8::text[], $9::text[], $10::text[],
                              $11::text[], $12::text[], $13::text[], $14::uuid[], $15::uuid[], $16::text[], $17::text[], $18::text[], $19::text[],
                              $20::boolean[], $21::boolean[], $22::int[], $23::text[], $24::text[], $25::uuid[], $26::timestamptz[], $27::int[],
                              $28::timestamptz[], $29::timestamptz[], $30::timestamptz[], $31::timestamptz[], $32::timestamptz[], $33::timestamptz[],
                              $34::timestamptz[], $35::timestamptz[], $36::timestamptz[], $37::timestamptz[], $38::timestamptz[], $39::int[], $40::int[], $41::smallint[])",
        &each(leads, |(past, _, _)| past.id.0),
        &sealed(|person| &person.full_name) as &[Option<&[u8]>],
        &sealed(|person| &person.phone) as &[Option<&[u8]>],
        &sealed(|person| &person.phone_given) as &[Option<&[u8]>],
        &sealed(|person| &person.email) as &[Option<&[u8]>],
        &sealed(|person| &person.message) as &[Option<&[u8]>],
        &sealed(|person| &person.answers) as &[Option<&[u8]>],
        &text(|new| &new.person.postal_code) as &[Option<&str>],
        &text(|new| &new.person.city) as &[Option<&str>],
        &text(|new| &new.person.service) as &[Option<&str>],
        &each(leads, |(_, one, _)| one.new.source) as &[&str],
        &text(|new| &new.platform) as &[Option<&str>],
        &text(|new| &new.meta_lead_id) as &[Option<&str>],
        &each(leads, |(_, one, _)| one.new.campaign.map(|id| id.0)) as &[Option<Uuid>],
        &each(leads, |(_, one, _)| one.new.form.map(|id| id.0)) as &[Option<Uuid>],
        &text(|new| &new.adset.0) as &[Option<&str>],
        &text(|new| &new.adset.1) as &[Option<&str>],
        &text(|new| &new.ad.0) as &[Option<&str>],
        &text(|new| &new.ad.1) as &[Option<&str>],
        &each(leads, |(_, one, _)| one.new.is_test),
        &each(leads, |(_, one, _)| one.new.is_organic),
        &each(leads, |(_, _, outlook)| outlook.version),
        &each(leads, |(_, _, outlook)| outlook.status.as_str()) as &[&str],
        &reasons as &[Option<String>],
        &each(leads, |(_, _, outlook)| outlook.assignee.map(|id| id.0)) as &[Option<Uuid>],
        &time(|outlook| outlook.claimed_at) as &[Option<DateTime<Utc>>],
        &each(leads, |(_, _, outlook)| outlook.attempt_count),
        &time(|outlook| outlook.first_attempt_at) as &[Option<DateTime<Utc>>],
        &time(|outlook| outlook.last_attempt_at) as &[Option<DateTime<Utc>>],
        &time(|outlook| outlook.first_contact_at) as &[Option<DateTime<Utc>>],
        &time(|outlook| outlook.last_contact_at) as &[Option<DateTime<Utc>>],
        &time(|outlook| outlook.snoozed_until) as &[Option<DateTime<Utc>>],
        &time(|outlook| Some(outlook.due_at)) as &[Option<DateTime<Utc>>],
        &time(|outlook| outlook.next_at) as &[Option<DateTime<Utc>>],
        &each(leads, |(_, one, _)| one.new.created_at),
        &each(leads, |(_, one, _)| one.new.received.received_at),
        &each(leads, |(_, _, outlook)| outlook.updated_at),
        &each(leads, |(_, _, outlook)| outlook.opens_at),
        &each(leads, |(_, _, outlook)| outlook.waited.map(|waited| waited.seconds)) as &[Option<i32>],
        &each(leads, |(_, _, outlook)| outlook.waited.map(|waited| waited.business_seconds)) as &[Option<i32>],
        &each(leads, |(_, _, outlook)| outlook.score)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_tokens(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    let (mut tokens, mut ids) = (Vec::<&[u8]>::new(), Vec::new());
    for (past, submission, _) in leads {
        tokens.extend(submission.found_by.iter().map(Vec::as_slice));
        ids.extend(submission.found_by.iter().map(|_| past.id.0));
    }
    sqlx::query!(
        "insert into lead_tokens (token, lead_id) select token, lead_id from unnest($1::bytea[], $2::uuid[]) as found_by(token, lead_id)",
        &tokens as &[&[u8]],
        &ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The first enquiry of each, with what was agreed to.
async fn insert_enquiries(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    let (mut enquiries, mut messages, mut answers, mut agreed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (past, Submission { new, .. }, _) in leads {
        let enquiry = EnquiryId::new(past.stored_at);
        messages.push(tx.seal_some("lead_enquiries", "message", enquiry.0, new.person.message.as_deref())?);
        answers.push(sealed_answers(tx, "lead_enquiries", enquiry.0, &new.person.answers)?);
        agreed.extend(capture::rows(past.id, enquiry, new.created_at, &new.consents));
        enquiries.push(enquiry.0);
    }
    let first_seen_at = leads.first().map(|(past, _, _)| past.stored_at);
    sqlx::query!(
        "with agreed as materialized (
               select * from jsonb_to_recordset($9) as agreed(lead_id uuid, enquiry_id uuid, at timestamptz, key text, version text, text text,
                                                              given boolean, inferred boolean, url text)),
           texts as (
               insert into consent_texts (version, text, privacy_policy_url, first_seen_at)
               select distinct on (version) version, text, url, $10::timestamptz from agreed order by version on conflict do nothing),
           consent as (
               insert into consents (lead_id, enquiry_id, key, version, given, inferred, at)
               select lead_id, enquiry_id, key, version, given, inferred, at from agreed on conflict do nothing)
         insert into lead_enquiries (id, lead_id, meta_lead_id, form_id, campaign_id, message, answers, at, received_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bytea[], $7::bytea[], $8::timestamptz[], $11::timestamptz[])",
        &enquiries,
        &each(leads, |(past, _, _)| past.id.0),
        &each(leads, |(_, one, _)| one.new.meta_lead_id.as_deref()) as &[Option<&str>],
        &each(leads, |(_, one, _)| one.new.form.map(|id| id.0)) as &[Option<Uuid>],
        &each(leads, |(_, one, _)| one.new.campaign.map(|id| id.0)) as &[Option<Uuid>],
        &messages.iter().map(bytes).collect::<Vec<_>>() as &[Option<&[u8]>],
        &answers.iter().map(bytes).collect::<Vec<_>>() as &[Option<&[u8]>],
        &each(leads, |(_, one, _)| one.new.created_at),
        Value::Array(agreed),
        first_seen_at,
        &each(leads, |(_, one, _)| one.new.received.received_at)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_traces(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    sqlx::query!(
        "insert into lead_traces (lead_id, meta_created_at, received_at, fetched_at, stored_at, first_attempt_at)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[])",
        &each(leads, |(past, _, _)| past.id.0),
        &each(leads, |(_, one, _)| (one.new.source == "meta").then_some(one.new.created_at)) as &[Option<DateTime<Utc>>],
        &each(leads, |(_, one, _)| one.new.received.received_at),
        &each(leads, |(_, one, _)| one.new.received.fetched_at) as &[Option<DateTime<Utc>>],
        &each(leads, |(past, _, _)| past.stored_at),
        &each(leads, |(_, _, outlook)| outlook.first_attempt_at) as &[Option<DateTime<Utc>>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_lines(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    let lines: Vec<_> =
        leads.iter().flat_map(|(past, _, outlook)| outlook.history.iter().map(move |line| (past.id.0, line))).collect();
    sqlx::query!(
        "insert into lead_history (id, lead_id, kind, actor_id, at, data)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::timestamptz[], $6::jsonb[])",
        &lines.iter().map(|(_, line)| line.id).collect::<Vec<_>>(),
        &lines.iter().map(|(lead, _)| *lead).collect::<Vec<_>>(),
        &lines.iter().map(|(_, line)| line.kind).collect::<Vec<_>>() as &[&str],
        &lines.iter().map(|(_, line)| line.by.map(|id| id.0)).collect::<Vec<_>>() as &[Option<Uuid>],
        &lines.iter().map(|(_, line)| line.at).collect::<Vec<_>>(),
        &lines.iter().map(|(_, line)| line.data.clone()).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert_notes(tx: &mut Tx, leads: &[Lead<'_>]) -> Result<()> {
    let notes: Vec<_> =
        leads.iter().flat_map(|(past, _, outlook)| outlook.notes.iter().map(move |note| (past.id.0, note))).collect();
    if notes.is_empty() {
        return Ok(());
    }
    let texts = notes
        .iter()
        .map(|(_, (id, _, text, _))| Ok(tx.seal("lead_notes", "text", id.0, text)?.0))
        .collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        "insert into lead_notes (id, lead_id, author_id, text, at) select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bytea[], $5::timestamptz[])",
        &notes.iter().map(|(_, note)| note.0.0).collect::<Vec<_>>(),
        &notes.iter().map(|(lead, _)| *lead).collect::<Vec<_>>(),
        &notes.iter().map(|(_, note)| note.1.0).collect::<Vec<_>>(),
        &texts,
        &notes.iter().map(|(_, note)| note.3).collect::<Vec<_>>()
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether the organization has any.
pub(in crate::leads) async fn has_leads(tx: &mut Tx) -> Result<bool> {
    Ok(sqlx::query_scalar!(r#"select exists (select from leads) as "has!""#).fetch_one(tx.conn()).await?)
}
