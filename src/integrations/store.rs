//! Leads that Meta gave become leads of ours. Those of one organization that come while others are being stored are stored together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::{FetchLead, ground::Ground, mapping, sql};
use crate::{
    app::App,
    campaigns,
    db::{Actor, Tx},
    error::{Error, Result},
    jobs::Gather,
    leads::{self, Captured, NewConsent, NewLead, Person, Received},
    outbox::{self, Event, Topic},
    providers::meta::{GraphForm, GraphLead},
    types::ids::{CampaignId, FormId, OrganizationId},
};

/// Two at a time for an organization: while one waits for the disk, the next is under way.
const TURNS: usize = 2;
/// Leads in one transaction.
const MOST: usize = 64;

/// A lead as it was fetched.
pub(super) struct Fetched {
    pub job: FetchLead,
    pub ground: Arc<Ground>,
    pub lead: GraphLead,
    /// Its form, where it was not known before.
    pub new_form: Option<GraphForm>,
    pub fetched_at: DateTime<Utc>,
}

#[derive(Default)]
struct Stores(Mutex<HashMap<OrganizationId, Arc<Gather<Fetched, Captured>>>>);

/// Stores a lead, once.
pub(super) async fn store(app: &App, organization: OrganizationId, fetched: Fetched) -> Result<Captured> {
    let gather = {
        let stores = app.kept::<Stores>();
        let mut stores = stores.0.lock().unwrap_or_else(PoisonError::into_inner);
        stores.entry(organization).or_insert_with(|| Arc::new(Gather::new(TURNS, MOST))).clone()
    };
    let app = app.clone();
    gather.add(fetched, move |all| async move { store_all(&app, organization, &all).await }).await
}

async fn store_all(app: &App, organization: OrganizationId, all: &[Fetched]) -> Vec<Result<Captured>> {
    match write(app, organization, all).await {
        Ok(captured) => captured.into_iter().map(Ok).collect(),
        Err(error) if all.len() == 1 => vec![Err(error)],
        Err(Error::Unavailable(reason)) => all.iter().map(|_| Err(Error::Unavailable(reason.clone()))).collect(),
        // One of them cannot be stored: each for itself, so that it takes nobody along.
        Err(_) => {
            let mut outcomes = Vec::new();
            for one in all {
                let outcome = write(app, organization, std::slice::from_ref(one)).await;
                outcomes.push(outcome.map(|mut captured| captured.remove(0)));
            }
            outcomes
        }
    }
}

async fn write(app: &App, organization: OrganizationId, all: &[Fetched]) -> Result<Vec<Captured>> {
    let (captured, found) = app
        .db
        .write(organization, Actor::System, async |tx| {
            let mut forms: HashMap<String, FormId> = HashMap::new();
            let mut found: HashMap<(String, Option<String>), CampaignId> = HashMap::new();
            let mut new = Vec::new();
            for one in all {
                if one.ground.was_broken {
                    sql::mend_connection(tx, &one.job.page_id).await?;
                }
                let form = match (&one.new_form, &one.ground.form) {
                    (Some(form), _) => match forms.get(form.id.as_str()) {
                        Some(id) => Some(*id),
                        None => {
                            let id = keep_form(tx, &one.job.page_id, form).await?;
                            forms.insert(form.id.as_str().to_owned(), id);
                            Some(id)
                        }
                    },
                    (None, known) => known.as_ref().map(|known| known.id),
                };
                let campaign = match &one.lead.campaign_id {
                    Some(id) => {
                        let key = (id.as_str().to_owned(), one.lead.campaign_name.clone());
                        let known =
                            one.ground.campaigns.read().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
                        match known.or_else(|| found.get(&key).copied()) {
                            Some(campaign) => Some(campaign),
                            None => {
                                let campaign = campaigns::ensure(tx, "meta", &key.0, key.1.as_deref()).await?;
                                found.insert(key, campaign);
                                Some(campaign)
                            }
                        }
                    }
                    None => None,
                };
                new.push((one.new_lead(form, campaign), one.ground.sla));
            }
            // The time to the first attempt is the organization's, but two readings of it may differ for some seconds.
            let sla = new.last().map(|(_, sla)| *sla).unwrap_or_default();
            let captured = leads::capture_all(tx, new.into_iter().map(|(new, _)| new).collect(), sla).await?;
            Ok((captured, found))
        })
        .await?;
    // Only now, since only now they are there for everybody.
    if let Some(one) = all.last() {
        one.ground.campaigns.write().unwrap_or_else(PoisonError::into_inner).extend(found);
    }
    Ok(captured)
}

async fn keep_form(tx: &mut Tx, page_id: &str, form: &GraphForm) -> Result<FormId> {
    let name = form.name.clone().unwrap_or_else(|| form.id.as_str().to_owned());
    let (id, is_new) =
        sql::upsert_form(tx, page_id, form.id.as_str(), &name, form.locale.as_deref(), serde_json::to_value(form)?)
            .await?;
    if is_new {
        outbox::record(tx, Event::ListChanged { topic: Topic::Forms, id: id.0 });
    }
    Ok(id)
}

impl Fetched {
    fn new_lead(&self, form_id: Option<FormId>, campaign: Option<CampaignId>) -> NewLead {
        let lead = &self.lead;
        let known = self.ground.form.as_ref();
        let form = self.new_form.as_ref().or_else(|| known.map(|known| &known.form));
        let overrides = known.map(|known| known.overrides.clone()).unwrap_or_default();
        let mapped = mapping::map_lead(lead, form, &overrides, self.ground.country);
        let id = |id: &Option<_>| id.as_ref().map(|id: &crate::providers::meta::MetaId| id.as_str().to_owned());
        NewLead {
            source: "meta",
            is_test: lead.is_test(),
            is_organic: lead.is_organic,
            platform: lead.platform.clone(),
            meta_lead_id: Some(self.job.leadgen_id.clone()),
            campaign,
            form: form_id,
            adset: (id(&lead.adset_id), lead.adset_name.clone()),
            ad: (id(&lead.ad_id), lead.ad_name.clone()),
            person: person(mapped),
            consents: mapping::map_consents(lead, form).into_iter().map(consent).collect(),
            created_at: lead.created_time,
            received: Received { received_at: self.job.received_at, fetched_at: Some(self.fetched_at) },
        }
    }
}

fn person(mapped: mapping::MappedLead) -> Person {
    Person {
        full_name: mapped.full_name,
        phone: mapped.phone,
        phone_given: mapped.phone_given,
        email: mapped.email,
        postal_code: mapped.postal_code,
        city: mapped.city,
        service: mapped.service,
        message: mapped.message,
        answers: mapped
            .answers
            .into_iter()
            .map(|answer| leads::Answer { key: answer.key, label: answer.label, values: answer.values })
            .collect(),
    }
}

fn consent(mapped: mapping::MappedConsent) -> NewConsent {
    NewConsent {
        key: mapped.key,
        text: mapped.text,
        version: mapped.text_version,
        given: mapped.given,
        inferred: mapped.inferred,
        privacy_policy_url: mapped.privacy_policy_url,
    }
}
