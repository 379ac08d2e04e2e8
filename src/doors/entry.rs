//! A lead that somebody of the business takes down: a call, a person at the counter, a friend of a customer.

use aws_lc_rs::digest;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    attempts::{self, Begun, Channel, Outcome},
    campaigns,
    db::Tx,
    error::{Error, Result},
    identity::Viewer,
    leads::{self, Captured, Lead, NewConsent, NewLead, Person},
    organizations, sla,
    types::{
        ids::{CampaignId, LeadId},
        phone::Phone,
    },
};

/// A phone that was offline may tell of it so late.
const OLDEST: TimeDelta = TimeDelta::days(7);
const MOST_CONSENTS: usize = 5;

/// How the person came to the business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntrySource {
    /// They called.
    Phone,
    /// They came by.
    WalkIn,
    /// Somebody sent them.
    Referral,
    Website,
    Other,
}

impl EntrySource {
    fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::WalkIn => "walk_in",
            Self::Referral => "referral",
            Self::Website => "website",
            Self::Other => "other",
        }
    }
}

/// What a person agreed to, by the word of whoever takes it down.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatedConsent {
    /// A word that names what it is about: `contact`.
    #[schema(max_length = 40)]
    pub key: String,
    /// The sentence that was ticked, as it was read.
    #[schema(max_length = 1000)]
    pub text: String,
    pub given: bool,
}

/// A person as they were taken down. A phone number or an e-mail address is needed.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// A UUID of version 7, for an app that shows the lead before it has reached us.
    pub id: Option<LeadId>,
    pub source: EntrySource,
    pub full_name: Option<String>,
    /// As people write numbers in the organization's country, or E.164.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub service: Option<String>,
    /// Up to 2,000 characters.
    pub message: Option<String>,
    pub campaign_id: Option<CampaignId>,
    /// Whoever takes it down has spoken with the person: that is the first attempt, and the lead is theirs.
    #[serde(default)]
    pub called: bool,
    /// When it was taken down, if that is not now: at most a week ago.
    pub entered_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub consents: Vec<StatedConsent>,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Entered {
    /// The person had an open lead, which has one enquiry more now.
    pub joined: bool,
    /// Null where it joined a lead that is a colleague's to see.
    #[schema(required = true)]
    pub lead: Option<Lead>,
}

/// By what a person may be known.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Known {
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// The open lead of somebody with this number or address, where the viewer may see it. What is neither is nobody's.
pub async fn known(tx: &mut Tx, viewer: &Viewer, by: &Known) -> Result<Option<Lead>> {
    let country = organizations::current(tx).await?.country;
    let phone = by.phone.as_deref().and_then(|text| Phone::parse(text, country).ok());
    let email = by.email.as_deref().map(str::trim).filter(|email| leads::plausible_email(email)).map(str::to_owned);
    leads::open_lead_of(tx, viewer, &Person { phone, email, ..Person::default() }).await
}

/// Takes a person down. Of somebody with an open lead it is one more enquiry.
pub async fn enter(tx: &mut Tx, viewer: &Viewer, entry: Entry) -> Result<Entered> {
    let now = tx.now();
    let person = person(tx, &entry).await?;
    let created_at = entry.entered_at.unwrap_or(now).min(now);
    if created_at < now - OLDEST {
        return Err(Error::invalid("entered_at", "too_old", "It is taken within a week."));
    }
    if let Some(id) = entry.id {
        if id.0.get_version_num() != 7 {
            return Err(Error::invalid("id", "id_invalid", "A UUID of version 7."));
        }
        if !leads::present_many(tx, &[id]).await?.is_empty() {
            return Err(Error::conflict("id_taken", "This id is something else's."));
        }
    }
    if let Some(campaign) = entry.campaign_id
        && !campaigns::all(tx).await?.iter().any(|known| known.id == campaign)
    {
        return Err(Error::invalid("campaign_id", "campaign_unknown", "There is no such campaign."));
    }
    let new = NewLead {
        id: entry.id,
        campaign: entry.campaign_id,
        consents: consents(&entry.consents)?,
        ..NewLead::of(entry.source.as_str(), person, created_at)
    };
    let sla = sla::current(tx).await?;
    let (id, joined) = match leads::capture(tx, new, &sla).await? {
        Captured::New(id) => (id, false),
        Captured::Joined(id) | Captured::Known(id) => (id, true),
    };
    let is_seen = match leads::find(tx, viewer, id).await {
        Err(Error::NotFound) => false,
        found => found.map(|_| true)?,
    };
    if !is_seen {
        return Ok(Entered { joined, lead: None });
    }
    if entry.called {
        let begun = Begun { id: None, channel: Channel::Call, started_at: Some(created_at) };
        let attempt = attempts::log(tx, viewer, id, begun).await?;
        attempts::report(tx, viewer, id, attempt.id, Outcome::Reached, None).await?;
    }
    Ok(Entered { joined, lead: Some(leads::find(tx, viewer, id).await?) })
}

async fn person(tx: &mut Tx, entry: &Entry) -> Result<Person> {
    let line = |given: &Option<String>, name, longest| leads::one_line(given.as_deref(), name, longest);
    let country = organizations::current(tx).await?.country;
    let phone = line(&entry.phone, "phone", 60)?;
    let phone = phone.map(|text| Phone::parse(&text, country)).transpose();
    let phone = phone.map_err(|error| Error::invalid("phone", "phone_invalid", error.to_string()))?;
    let email = line(&entry.email, "email", 254)?;
    if email.as_deref().is_some_and(|email| !leads::plausible_email(email)) {
        return Err(Error::invalid("email", "email_invalid", "This is no e-mail address."));
    }
    if phone.is_none() && email.is_none() {
        return Err(Error::invalid("phone", "contact_required", "A phone number or an e-mail address is needed."));
    }
    Ok(Person {
        full_name: line(&entry.full_name, "full_name", 200)?,
        phone,
        phone_given: None,
        email,
        postal_code: line(&entry.postal_code, "postal_code", 20)?,
        city: line(&entry.city, "city", 100)?,
        service: line(&entry.service, "service", 200)?,
        message: message(entry.message.as_deref())?,
        answers: Vec::new(),
    })
}

fn message(given: Option<&str>) -> Result<Option<String>> {
    let text = given.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > 2000) {
        return Err(Error::invalid("message", "too_long", "At most 2,000 characters."));
    }
    if text.is_some_and(|text| text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))) {
        return Err(Error::invalid("message", "control_characters", "Text only, please."));
    }
    Ok(text.map(str::to_owned))
}

/// With the sentence as it was read; the same sentence has the same version.
fn consents(stated: &[StatedConsent]) -> Result<Vec<NewConsent>> {
    if stated.len() > MOST_CONSENTS {
        return Err(Error::invalid("consents", "too_many", "At most five."));
    }
    let read = |stated: &StatedConsent| {
        let key = leads::one_line(Some(&stated.key), "consents.key", 40)?;
        let text = leads::one_line(Some(&stated.text), "consents.text", 1000)?;
        let (Some(key), Some(text)) = (key, text) else {
            return Err(Error::invalid("consents", "required", "What was agreed to, in the words that were read?"));
        };
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let version = hex::encode(&hash.as_ref()[..8]);
        Ok(NewConsent { key, text, version, given: stated.given, inferred: false, privacy_policy_url: None })
    };
    stated.iter().map(read).collect()
}
