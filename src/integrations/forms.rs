//! The forms and where their answers go: the business decides first, and sees on real leads what its decision does before it counts.
//!
//! The answers as they were typed are not kept here: Meta keeps them for 90 days and gives them again, so a preview and a mapping anew read
//! them there, and what a mapping says to ignore is nowhere.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    connect,
    mapping::{self, MappedLead, Overrides, Target},
    sql,
};
use crate::{
    app::App,
    audit::{self, Action},
    db::Tx,
    error::{Error, Result},
    identity::Owner,
    leads::Answer,
    organizations,
    outbox::{self, Event, Topic},
    providers::meta::{GraphForm, GraphLead, MetaError},
    types::{
        country::Country,
        ids::{FormId, LeadId, OrganizationId},
    },
};

/// Leads that a preview shows.
const SHOWN: usize = 8;
/// How far back leads are counted, previewed and mapped anew.
pub(super) const REACH: TimeDelta = TimeDelta::days(30);
/// While somebody tries destinations, Meta is asked once.
const FRESH_FOR: Duration = Duration::from_secs(60);

/// A form with where its answers go.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FormMapping {
    pub id: FormId,
    /// Meta's id.
    pub external_id: String,
    pub name: String,
    #[schema(required = true)]
    pub locale: Option<String>,
    /// As Meta says: `ACTIVE`, `ARCHIVED`, …
    #[schema(required = true)]
    pub status: Option<String>,
    pub page_id: String,
    /// Null where the page is not connected any more.
    #[schema(required = true)]
    pub page_name: Option<String>,
    /// The `ETag`: raised by every change of the mapping.
    pub version: i32,
    /// When somebody last decided.
    #[schema(required = true)]
    pub mapped_at: Option<DateTime<Utc>>,
    /// Leads of the last 30 days.
    pub leads: i64,
    pub questions: Vec<FormQuestion>,
    pub warnings: Vec<Warning>,
}

/// A question of a form.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FormQuestion {
    pub key: String,
    /// As the person reads it.
    pub label: String,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// Where it goes by itself.
    pub guess: Target,
    /// Where it goes.
    pub target: Target,
    /// The business decided so.
    pub decided: bool,
}

/// What is odd about a mapping, and may be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// Nobody can be reached: no question goes to the phone number or the e-mail address.
    NoContact,
    /// Two questions go to the phone number: the first valid one counts, the other stays an answer.
    TwoPhones,
    TwoEmails,
    TwoNames,
    /// Nobody has a name.
    NoName,
}

/// Where questions go, by their keys. A question that is not named goes where it goes by itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    #[schema(value_type = std::collections::HashMap<String, Target>)]
    pub targets: Overrides,
}

/// A lead as it would be read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ReadLead {
    #[schema(required = true)]
    pub full_name: Option<String>,
    /// E.164, or as it was typed where it is no number.
    #[schema(required = true)]
    pub phone: Option<String>,
    pub phone_is_valid: bool,
    #[schema(required = true)]
    pub email: Option<String>,
    #[schema(required = true)]
    pub postal_code: Option<String>,
    #[schema(required = true)]
    pub city: Option<String>,
    #[schema(required = true)]
    pub service: Option<String>,
    #[schema(required = true)]
    pub message: Option<String>,
    pub answers: Vec<Answer>,
    /// Questions that the person said yes to as consent.
    pub consents: Vec<String>,
}

/// A real lead, as it is read now and as it would be.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct PreviewedLead {
    /// Null where it has not come to us.
    #[schema(required = true)]
    pub lead_id: Option<LeadId>,
    pub created_at: DateTime<Utc>,
    pub before: ReadLead,
    pub after: ReadLead,
}

/// What decisions would do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    pub leads: Vec<PreviewedLead>,
    pub warnings: Vec<Warning>,
}

/// All forms, those in use first.
pub async fn mappings(tx: &mut Tx) -> Result<Vec<FormMapping>> {
    let since = tx.now() - REACH;
    sql::form_rows(tx, None, since).await?.into_iter().map(|row| Ok(Known::read(row)?.present())).collect()
}

pub async fn mapping(tx: &mut Tx, id: FormId) -> Result<FormMapping> {
    Ok(known(tx, id).await?.present())
}

pub(super) async fn known(tx: &mut Tx, id: FormId) -> Result<Known> {
    let since = tx.now() - REACH;
    let row = sql::form_rows(tx, Some(id), since).await?.into_iter().next().ok_or(Error::NotFound)?;
    Known::read(row)
}

/// A form as we keep it.
pub(super) struct Known {
    row: sql::FormRow,
    pub form: GraphForm,
    pub overrides: Overrides,
}

impl Known {
    fn read(row: sql::FormRow) -> Result<Self> {
        let form = serde_json::from_value(row.snapshot.clone())?;
        let overrides = serde_json::from_value(row.overrides.clone())?;
        Ok(Self { row, form, overrides })
    }

    pub fn version(&self) -> i32 {
        self.row.version
    }

    pub fn page_id(&self) -> &str {
        &self.row.page_id
    }

    fn present(self) -> FormMapping {
        let (questions, warnings) = describe_questions(self.form, &self.overrides);
        FormMapping {
            id: FormId(self.row.id),
            external_id: self.row.external_id,
            name: self.row.name,
            locale: self.row.locale,
            status: self.row.status,
            page_id: self.row.page_id,
            page_name: self.row.page_name,
            version: self.row.version,
            mapped_at: self.row.mapped_at,
            leads: self.row.leads,
            questions,
            warnings,
        }
    }
}

/// The questions of a form with where they go, and what is odd about that.
pub fn describe_questions(form: GraphForm, overrides: &Overrides) -> (Vec<FormQuestion>, Vec<Warning>) {
    let destinations = mapping::destinations(&form, overrides);
    let warnings = warnings(&form, overrides);
    let questions = form.questions.into_iter().zip(destinations).map(|(question, (guess, target))| {
        let decided = is_decided(overrides, &question.key);
        let options = question.options.into_iter().map(|option| option.value).collect();
        FormQuestion { key: question.key, label: question.label, options, guess, target, decided }
    });
    (questions.collect(), warnings)
}

fn is_decided(overrides: &Overrides, key: &str) -> bool {
    overrides.keys().any(|known| mapping::normalize(known) == mapping::normalize(key))
}

/// What is odd about these decisions.
fn warnings(form: &GraphForm, overrides: &Overrides) -> Vec<Warning> {
    let targets: Vec<Target> = mapping::destinations(form, overrides).into_iter().map(|(_, target)| target).collect();
    let count = |wanted: &[Target]| targets.iter().filter(|target| wanted.contains(target)).count();
    [
        (Warning::NoContact, count(&[Target::Phone, Target::Email]) == 0),
        (Warning::TwoPhones, count(&[Target::Phone]) > 1),
        (Warning::TwoEmails, count(&[Target::Email]) > 1),
        (Warning::TwoNames, count(&[Target::FullName]) > 1),
        (Warning::NoName, count(&[Target::FullName, Target::FirstName, Target::LastName]) == 0),
    ]
    .into_iter()
    .filter_map(|(warning, holds)| holds.then_some(warning))
    .collect()
}

/// Refuses what names a question that the form does not have.
fn check(form: &GraphForm, decisions: &Decisions) -> Result<()> {
    for key in decisions.targets.keys() {
        if !form.questions.iter().any(|question| question.key == *key) {
            let detail = "This form has no such question.".into();
            return Err(Error::Invalid { field: format!("targets.{key}").into(), reason: "question_unknown", detail });
        }
    }
    Ok(())
}

/// Decides where the answers go. It counts for leads that come from now on; [`super::RemapForm`] is for those that came.
pub async fn decide(tx: &mut Tx, id: FormId, version: i32, decisions: &Decisions) -> Result<FormMapping> {
    let current = sql::lock_form(tx, id).await?.ok_or(Error::NotFound)?;
    if current != version {
        return Err(Error::Precondition { current });
    }
    let known = known(tx, id).await?;
    check(&known.form, decisions)?;
    if known.overrides != decisions.targets {
        sql::save_mapping(tx, id, serde_json::to_value(&decisions.targets)?).await?;
        outbox::record(tx, Event::ListChanged { topic: Topic::Forms, id: id.0 });
        let moved = moved(&known.overrides, &decisions.targets);
        audit::record(tx, Action::MappingChanged.on(id.0).with("questions", moved));
    }
    mapping(tx, id).await
}

/// The questions whose places differ, with the new place; none: where it goes by itself.
fn moved(before: &Overrides, after: &Overrides) -> std::collections::BTreeMap<String, Option<Target>> {
    let keys = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key));
    keys.map(|key| (key.clone(), after.get(key).copied())).collect()
}

/// Shows on the newest real leads what decisions would do. Nothing is saved.
pub async fn preview(app: &App, owner: &Owner, id: FormId, decisions: &Decisions) -> Result<Preview> {
    let known = owner.read(async |tx| known(tx, id).await).await?;
    check(&known.form, decisions)?;
    // Whoever opens the form sees what is there now; whoever tries destinations, the same leads.
    let trying = decisions.targets != known.overrides;
    let leads = newest(app, owner, id, &known, trying).await?;
    let ids: Vec<String> = leads.iter().map(|lead| lead.id.as_str().to_owned()).collect();
    let (country, stored) =
        owner.read(async |tx| Ok((organizations::current(tx).await?.country, sql::leads_of(tx, &ids).await?))).await?;
    let stored: HashMap<String, LeadId> = stored.into_iter().collect();
    let shown = leads.iter().map(|lead| PreviewedLead {
        lead_id: stored.get(lead.id.as_str()).copied(),
        created_at: lead.created_time,
        before: read_lead(lead, &known.form, &known.overrides, country),
        after: read_lead(lead, &known.form, &decisions.targets, country),
    });
    Ok(Preview { leads: shown.collect(), warnings: warnings(&known.form, &decisions.targets) })
}

/// A lead as it is read by these decisions.
pub fn read_lead(lead: &GraphLead, form: &GraphForm, overrides: &Overrides, country: Country) -> ReadLead {
    let mapped = mapping::map_lead(lead, Some(form), overrides, country);
    let asked: Vec<&str> = mapping::destinations(form, overrides)
        .into_iter()
        .zip(&form.questions)
        .filter_map(|((_, target), question)| (target == Target::Consent).then_some(question.key.as_str()))
        .collect();
    let consents = mapping::map_consents(lead, Some(form), overrides).into_iter();
    let given = consents.filter(|consent| consent.given && asked.contains(&consent.key.as_str()));
    let consents = given.map(|consent| consent.text).collect();
    let MappedLead { full_name, phone, phone_given, email, postal_code, city, service, message, answers, .. } = mapped;
    let phone_is_valid = phone.is_some();
    let answers = answers.into_iter().filter(|answer| !answer.values.is_empty());
    ReadLead {
        full_name,
        phone: phone.map(|phone| phone.as_str().to_owned()).or(phone_given),
        phone_is_valid,
        email,
        postal_code,
        city,
        service,
        message,
        answers: answers.map(|answer| Answer { key: answer.key, label: answer.label, values: answer.values }).collect(),
        consents,
    }
}

type Newest = Arc<Vec<GraphLead>>;

#[derive(Default)]
struct Kept(RwLock<HashMap<(OrganizationId, FormId), (Newest, Instant)>>);

/// The form's newest leads, from Meta; `trying`: as they were read a moment ago.
async fn newest(app: &App, owner: &Owner, id: FormId, known: &Known, trying: bool) -> Result<Newest> {
    let key = (owner.organization(), id);
    let kept = app.kept::<Kept>();
    let remembered = kept.0.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some((leads, at)) = remembered
        && trying
        && at.elapsed() < FRESH_FOR
    {
        return Ok(leads);
    }
    let (meta, token) = owner
        .read(async |tx| connect::key(app, tx, known.page_id()).await)
        .await
        .map_err(|error| if matches!(error, Error::NotFound) { not_connected() } else { error })?;
    let since = app.clock.now() - REACH;
    let page = meta.form_leads(&token, &known.form.id, since, None).await.map_err(unreadable)?;
    let mut leads = page.leads;
    leads.sort_by_key(|lead| std::cmp::Reverse(lead.created_time));
    leads.truncate(SHOWN);
    let leads = Arc::new(leads);
    // An empty form may get its first lead any moment.
    if !leads.is_empty() {
        kept.0.write().unwrap_or_else(PoisonError::into_inner).insert(key, (leads.clone(), Instant::now()));
        // What people answered is in memory no longer than somebody looks at it, also where nobody looks any more.
        tokio::spawn(async move {
            tokio::time::sleep(FRESH_FOR).await;
            let mut kept = kept.0.write().unwrap_or_else(PoisonError::into_inner);
            kept.retain(|_, (_, at)| at.elapsed() < FRESH_FOR);
        });
    }
    Ok(leads)
}

fn unreadable(error: MetaError) -> Error {
    match error {
        MetaError::Throttled { .. } | MetaError::Temporary { .. } => Error::Unavailable(error.to_string()),
        _ => Error::conflict("meta_refuses", "Meta does not let us read this form's leads: test the connection."),
    }
}

/// Nobody can read the form, or its leads, at Meta.
pub(super) fn not_connected() -> Error {
    Error::conflict("not_connected", "The form's page is not connected.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_is_told() {
        let path = format!("{}/fixtures/meta/form_nb.json", env!("CARGO_MANIFEST_DIR"));
        let form: GraphForm = serde_json::from_slice(&std::fs::read(path).expect("a fixture")).expect("a form");
        let told = |decisions: &[(&str, Target)]| {
            let overrides = decisions.iter().map(|(key, target)| ((*key).to_owned(), *target)).collect();
            warnings(&form, &overrides)
        };
        assert_eq!(told(&[]), []);
        assert_eq!(told(&[("phone_number", Target::Ignore), ("email", Target::Answer)]), [Warning::NoContact]);
        assert_eq!(told(&[("email", Target::Phone)]), [Warning::TwoPhones]);
        assert_eq!(told(&[("full_name", Target::Email)]), [Warning::TwoEmails, Warning::NoName]);
    }
}
