//! A submission becomes a lead, or joins the one that is open.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{Answer, Lead, Status, find, sql, tokens, told::Told, work};
use crate::{
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    identity::Viewer,
    outbox::{self, Event},
    sla::Sla,
    types::{
        ids::{CampaignId, EnquiryId, FormId, LeadId},
        phone::Phone,
    },
};

/// So far behind stands what has no clock.
const BEHIND: TimeDelta = TimeDelta::days(36_525);

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

/// Whether somebody waits for a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// From when the person sent it.
    #[default]
    Running,
    /// From then on, since whoever brings it says so: it was sent before, and is to be called now.
    From(DateTime<Utc>),
    /// Nobody does: it was sent long before it came here. It has no due time, so it is neither late nor alerted of, and stands in *To do*
    /// behind all that have one. Its clock starts when the person asks again.
    None,
}

/// A submission.
#[derive(Clone, Debug)]
pub struct NewLead {
    /// A UUID of version 7 where somebody has given it one already; otherwise ours.
    pub id: Option<LeadId>,
    pub clock: Clock,
    /// `meta`, `webhook`, `form`, `import`, or who took it down: `phone`, `walk_in`, `referral`, `website`, `other`.
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

impl NewLead {
    /// Of somebody who came otherwise than by an ad, just now.
    pub fn of(source: &'static str, person: Person, at: DateTime<Utc>) -> Self {
        Self {
            id: None,
            clock: Clock::Running,
            source,
            platform: None,
            meta_lead_id: None,
            campaign: None,
            form: None,
            adset: (None, None),
            ad: (None, None),
            is_test: false,
            is_organic: false,
            person,
            consents: Vec::new(),
            created_at: at,
            received: Received { received_at: at, fetched_at: None },
        }
    }

    /// From when on somebody waits for a call.
    pub(super) fn begins_at(&self) -> Option<DateTime<Utc>> {
        match self.clock {
            Clock::Running => Some(self.created_at),
            Clock::From(at) => Some(at),
            Clock::None => None,
        }
    }
}

/// What would become of a submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    New,
    /// Of somebody who is here; nobody named: of somebody before it among the same.
    Joins(Option<LeadId>),
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

/// A submission with the tokens of its person.
pub(super) struct Submission {
    pub new: NewLead,
    /// By these the same person is recognised; a test lead is nobody.
    pub same_person: Vec<Vec<u8>>,
    /// By these it is found.
    pub found_by: Vec<Vec<u8>>,
}

impl Submission {
    pub(super) fn new(tx: &Tx, new: NewLead) -> Result<Self> {
        // A test lead is nobody's enquiry: it neither joins nor is joined.
        let same_person = if new.is_test { Vec::new() } else { tokens::identity_lookups(tx.vault(), &new.person) };
        let found_by = tokens::tokens(tx.vault(), &new.person)?;
        Ok(Self { new, same_person, found_by })
    }

    /// Two submissions that share one of these are stored one after the other.
    fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.same_person.iter().map(Vec::as_slice).chain(self.new.meta_lead_id.as_deref().map(str::as_bytes))
    }
}

/// Stores a submission, once.
pub async fn capture(tx: &mut Tx, new: NewLead, sla: &Sla) -> Result<Captured> {
    Ok(capture_all(tx, vec![new], sla).await?.remove(0))
}

/// Stores submissions, each once; tells what became of each, in their order.
pub async fn capture_all(tx: &mut Tx, new: Vec<NewLead>, sla: &Sla) -> Result<Vec<Captured>> {
    let submissions = new.into_iter().map(|new| Submission::new(tx, new)).collect::<Result<Vec<_>>>()?;
    // Two submissions of one person wait for each other here, or both would find no open lead.
    let names: Vec<&[u8]> = submissions.iter().flat_map(Submission::names).collect();
    sql::lock_submissions(tx, &names).await?;
    let mut captured = vec![None; submissions.len()];
    loop {
        let waiting: Vec<usize> = (0..submissions.len()).filter(|index| captured[*index].is_none()).collect();
        if waiting.is_empty() {
            return Ok(captured.into_iter().flatten().collect());
        }
        let looked_for: Vec<&Submission> = waiting.iter().map(|index| &submissions[*index]).collect();
        let grounds = sql::grounds(tx, &looked_for).await?;
        let (mut leads, mut joining) = (Vec::new(), Vec::new());
        let mut taken = HashSet::new();
        for (index, ground) in waiting.into_iter().zip(grounds) {
            let submission = &submissions[index];
            let is_next = submission.names().any(|name| taken.contains(name));
            taken.extend(submission.names());
            if is_next {
                continue; // in the next round it finds the lead of this one
            }
            captured[index] = Some(if let Some(lead) = ground.known {
                Captured::Known(lead)
            } else if let Some(lead) = ground.open {
                joining.push((lead, submission));
                Captured::Joined(lead)
            } else {
                let lead = submission.new.id.unwrap_or_else(|| LeadId::new(tx.now()));
                leads.push((lead, submission));
                Captured::New(lead)
            });
        }
        // Locked in one order everywhere.
        joining.sort_by_key(|(lead, _)| *lead);
        for (lead, submission) in joining {
            join(tx, lead, submission, sla).await?;
        }
        if !leads.is_empty() {
            sql::insert_leads(tx, &leads, sla).await?;
        }
        for (lead, submission) in leads {
            audit::record(tx, Action::LeadCaptured.on(lead).with("source", submission.new.source));
            outbox::record(tx, Event::LeadCaptured { lead });
        }
    }
}

/// A further enquiry: what the open lead lacks is filled in, what it has stays; nothing that was sent is lost.
async fn join(tx: &mut Tx, lead: LeadId, submission: &Submission, sla: &Sla) -> Result<()> {
    let mut new = submission.new.clone();
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
    let begins = new.begins_at();
    let wakes = begins.is_some() && row.due_at.is_none() && row.first_attempt_at.is_none();
    if wakes {
        // Filed without a clock until now: from here on somebody waits.
        let clock = sla.clock(begins.unwrap_or(new.created_at));
        (row.opens_at, row.due_at) = (Some(clock.opens_at), Some(clock.due_at));
    }
    if begins.is_some() {
        // Somebody who asks again wants to be called now, whatever was put off.
        row.snoozed_until = None;
        if row.status != Status::Scheduled.as_str() {
            row.next_at = Some(row.next_at.map_or(now, |next| next.min(now)));
        }
    }
    let enquiry = EnquiryId::new(now);
    let different = different(&person, &new.person);
    new.person.answers.extend(different);
    sql::insert_enquiry(tx, lead, enquiry, &new).await?;
    work::save(tx, row, Some(&person), Told::Enquiry, json!({ "form_id": new.form, "campaign_id": new.campaign }))
        .await?;
    if wakes {
        outbox::record(tx, Event::LeadCaptured { lead });
    }
    // Also found by what they gave this time.
    sql::add_tokens(tx, lead, &submission.found_by).await
}

/// Says what would become of submissions. Nothing is stored.
pub async fn outlook(tx: &mut Tx, new: Vec<NewLead>) -> Result<Vec<Outlook>> {
    let submissions = new.into_iter().map(|new| Submission::new(tx, new)).collect::<Result<Vec<_>>>()?;
    let mut outlooks = Vec::with_capacity(submissions.len());
    let mut seen = HashSet::new();
    for some in submissions.chunks(500) {
        let asked: Vec<&Submission> = some.iter().collect();
        for (submission, ground) in some.iter().zip(sql::grounds(tx, &asked).await?) {
            let is_again = submission.names().any(|name| seen.contains(name));
            seen.extend(submission.names());
            outlooks.push(match ground.known.or(ground.open) {
                Some(lead) => Outlook::Joins(Some(lead)),
                None if is_again => Outlook::Joins(None),
                None => Outlook::New,
            });
        }
    }
    Ok(outlooks)
}

/// Takes leads away for good that nobody has touched since they came: not tried, not written about, not changed by a person, not asked for
/// again. Gives those that are gone.
pub async fn take_back(tx: &mut Tx, ids: &[LeadId]) -> Result<Vec<LeadId>> {
    sql::delete_untouched(tx, ids).await
}

/// The open lead of the same person, if the viewer may see it: whom a submission would join.
pub async fn open_lead_of(tx: &mut Tx, viewer: &Viewer, person: &Person) -> Result<Option<Lead>> {
    let lookups = tokens::identity_lookups(tx.vault(), person);
    if lookups.is_empty() {
        return Ok(None);
    }
    let Some(id) = sql::open_lead(tx, &lookups).await? else { return Ok(None) };
    match find::find(tx, viewer, id).await {
        Err(Error::NotFound) => Ok(None),
        found => found.map(Some),
    }
}

/// When a lead without a clock is due next: behind all that have one, the oldest first.
pub(super) fn behind_all(created_at: DateTime<Utc>) -> DateTime<Utc> {
    created_at + BEHIND
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
