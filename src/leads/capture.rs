//! A submission becomes a lead, or joins the one that is open.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Answer, Status, sql, tokens, work};
use crate::{
    db::Tx,
    error::Result,
    outbox::{self, Event},
    types::{
        ids::{CampaignId, EnquiryId, FormId, LeadId},
        phone::Phone,
    },
};

/// Who asks, and what for.
#[derive(Clone, Debug, Default)]
pub struct Person {
    pub full_name: Option<String>,
    pub phone: Option<Phone>,
    /// As typed, where it is no valid number.
    pub phone_given: Option<String>,
    pub email: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub service: Option<String>,
    pub message: Option<String>,
    pub answers: Vec<Answer>,
}

/// What was agreed to, with the text that was shown.
#[derive(Clone, Debug)]
pub struct NewConsent {
    pub key: String,
    pub text: String,
    pub version: String,
    pub given: bool,
    pub inferred: bool,
    pub privacy_policy_url: Option<String>,
}

/// When the submission passed our doors.
#[derive(Clone, Copy, Debug)]
pub struct Received {
    pub received_at: DateTime<Utc>,
    pub fetched_at: Option<DateTime<Utc>>,
}

/// A submission.
#[derive(Clone, Debug)]
pub struct NewLead {
    pub source: &'static str,
    pub platform: Option<String>,
    pub meta_lead_id: Option<String>,
    pub campaign: Option<CampaignId>,
    pub form: Option<FormId>,
    pub adset: (Option<String>, Option<String>),
    pub ad: (Option<String>, Option<String>),
    pub is_test: bool,
    pub is_organic: bool,
    pub person: Person,
    pub consents: Vec<NewConsent>,
    /// When the person sent it, as the provider says; the SLA clock starts here.
    pub created_at: DateTime<Utc>,
    pub received: Received,
}

/// What became of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Captured {
    /// A new lead stands in the inbox.
    New(LeadId),
    /// The same person's open lead has one enquiry more.
    Joined(LeadId),
    /// It was stored before.
    Known(LeadId),
}

/// Stores a submission, once. `sla` is the organization's time to the first attempt.
pub async fn capture(tx: &mut Tx, new: NewLead, sla: TimeDelta) -> Result<Captured> {
    // Two submissions of one person wait for each other here, or both would find no open lead.
    let same_person = tokens::identity_lookups(tx.vault(), &new.person);
    sql::lock_submission(tx, new.meta_lead_id.as_deref(), &same_person).await?;
    let ground = sql::ground(tx, new.meta_lead_id.as_deref(), &same_person).await?;
    if let Some(lead) = ground.known {
        return Ok(Captured::Known(lead));
    }
    // A test lead is nobody's enquiry: it neither joins nor is joined.
    if !new.is_test
        && let Some(lead) = ground.open
    {
        join(tx, lead, new).await?;
        return Ok(Captured::Joined(lead));
    }
    let lead = LeadId::new(tx.now());
    let due_at = new.created_at + sla;
    let found_by = tokens::tokens(tx.vault(), &new.person)?;
    sql::insert_lead(tx, lead, EnquiryId::new(tx.now()), &new, due_at, &found_by).await?;
    outbox::record(tx, Event::LeadCaptured { lead });
    Ok(Captured::New(lead))
}

/// A further enquiry: what the open lead lacks is filled in, what it has stays; nothing that was sent is lost.
async fn join(tx: &mut Tx, lead: LeadId, new: NewLead) -> Result<()> {
    let now = tx.now();
    let mut row = sql::lock(tx, lead).await?;
    let mut person = row.person(tx)?;
    let given = &new.person;
    fill(&mut person.full_name, given.full_name.as_ref());
    fill(&mut person.email, given.email.as_ref());
    fill(&mut person.postal_code, given.postal_code.as_ref());
    fill(&mut person.city, given.city.as_ref());
    fill(&mut person.service, given.service.as_ref());
    if person.phone.is_none() && given.phone.is_some() {
        person.phone.clone_from(&given.phone);
        person.phone_given = None;
    }
    row.set_person(tx, &person)?;
    row.enquiry_count += 1;
    // Somebody who asks again wants to be called now, whatever was put off.
    row.snoozed_until = None;
    if row.status != Status::Scheduled.as_str() {
        row.next_at = Some(row.next_at.map_or(now, |next| next.min(now)));
    }
    let enquiry = EnquiryId::new(now);
    let found_by = tokens::tokens(tx.vault(), &new.person)?;
    let mut new = new;
    let different = different(&person, &new.person);
    new.person.answers.extend(different);
    sql::insert_enquiry(tx, lead, enquiry, &new).await?;
    work::save(tx, row, Some(&person), "enquiry", json!({ "form_id": new.form, "campaign_id": new.campaign })).await?;
    // Also found by what they gave this time.
    sql::add_tokens(tx, lead, &found_by).await
}

/// What was given now and is not what the lead shows: a corrected number must not vanish. It stands among the answers.
fn different(shown: &Person, given: &Person) -> Vec<Answer> {
    let number = |person: &Person| {
        person.phone.as_ref().map(|phone| phone.as_str().to_owned()).or_else(|| person.phone_given.clone())
    };
    [
        ("full_name", shown.full_name.clone(), given.full_name.clone()),
        ("phone_number", number(shown), number(given)),
        ("email", shown.email.clone(), given.email.clone()),
        ("post_code", shown.postal_code.clone(), given.postal_code.clone()),
        ("city", shown.city.clone(), given.city.clone()),
        ("service", shown.service.clone(), given.service.clone()),
    ]
    .into_iter()
    .filter(|(_, shown, given)| given.is_some() && shown != given)
    .map(|(key, _, given)| Answer { key: key.to_owned(), label: key.to_owned(), values: given.into_iter().collect() })
    .collect()
}

fn fill(field: &mut Option<String>, given: Option<&String>) {
    if field.is_none() {
        *field = given.cloned();
    }
}
