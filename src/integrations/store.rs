//! Leads that Meta gave become leads of ours. Those of one organization that come while others are being stored are stored together.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};

use super::{FetchLead, ground::Ground, health, mapping, sql};
use crate::{
    app::App,
    campaigns,
    db::{Actor, Tx},
    error::Result,
    jobs::Gather,
    leads::{self, Captured, NewConsent, NewLead, Person, Received},
    outbox::{self, Event, Topic},
    providers::meta::{GraphForm, GraphLead},
    types::{
        country::Country,
        ids::{CampaignId, FormId, OrganizationId},
    },
};

/// Two at a time for an organization: while one waits for the disk, the next is under way.
const TURNS: usize = 2;
/// Leads in one transaction.
const MOST: usize = 64;

/// A campaign as Meta names it: its id, and its name where that is told.
type MetaCampaign = (String, Option<String>);

/// A lead as it was fetched.
pub(super) struct Fetched {
    page_id: String,
    ground: Arc<Ground>,
    /// All but our ids of its form and its campaign.
    new: NewLead,
    /// Its form, where it was not known before.
    new_form: Option<GraphForm>,
    campaign: Option<MetaCampaign>,
}

impl Fetched {
    /// Reads what Meta said, with the form's labels and the organization's mapping.
    pub fn new(
        job: FetchLead,
        ground: Arc<Ground>,
        lead: GraphLead,
        new_form: Option<GraphForm>,
        fetched_at: DateTime<Utc>,
    ) -> Self {
        let known = ground.form.as_ref();
        let form = new_form.as_ref().or_else(|| known.map(|known| &known.form));
        let overrides = known.map(|known| known.overrides.clone()).unwrap_or_default();
        let mapped = mapping::map_lead(&lead, form, &overrides, ground.country);
        let consents = mapping::map_consents(&lead, form, &overrides).into_iter().map(consent).collect();
        let new = NewLead {
            id: None,
            clock: ground.clock(lead.created_time, job.received_at),
            source: "meta",
            is_test: lead.is_test(),
            is_organic: lead.is_organic,
            platform: lead.platform,
            meta_lead_id: Some(job.leadgen_id),
            campaign: None,
            form: known.map(|known| known.id),
            adset: (lead.adset_id.map(|id| id.as_str().to_owned()), lead.adset_name),
            ad: (lead.ad_id.map(|id| id.as_str().to_owned()), lead.ad_name),
            person: person(mapped),
            consents,
            created_at: lead.created_time,
            received: Received { received_at: job.received_at, fetched_at: Some(fetched_at) },
        };
        let campaign = lead.campaign_id.map(|id| (id.as_str().to_owned(), lead.campaign_name));
        Self { page_id: job.page_id, ground, new, new_form, campaign }
    }

    fn known_campaign(&self) -> Option<CampaignId> {
        let known = self.ground.campaigns.read().unwrap_or_else(PoisonError::into_inner);
        known.get(self.campaign.as_ref()?).copied()
    }
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
    let work = move |all: Vec<Arc<Fetched>>| {
        let app = app.clone();
        async move { store_all(&app, organization, &all).await }
    };
    gather.add(fetched, work).await
}

/// One transaction. Pages, forms and campaigns each in one order, so that two of these never wait for each other.
async fn store_all(app: &App, organization: OrganizationId, all: &[Arc<Fetched>]) -> Result<Vec<Captured>> {
    let broken: BTreeSet<&str> =
        all.iter().filter(|one| one.ground.was_broken).map(|one| one.page_id.as_str()).collect();
    let new_forms: BTreeMap<&str, (&str, &GraphForm)> = all
        .iter()
        .filter_map(|one| one.new_form.as_ref().map(|form| (form.id.as_str(), (one.page_id.as_str(), form))))
        .collect();
    let new_campaigns: BTreeSet<&MetaCampaign> =
        all.iter().filter(|one| one.known_campaign().is_none()).filter_map(|one| one.campaign.as_ref()).collect();
    let (captured, found) = app
        .db
        .write(organization, Actor::System, async |tx| {
            for page_id in broken {
                health::mended_by_a_lead(tx, page_id).await?;
            }
            let mut forms = HashMap::new();
            for (external_id, (page_id, form)) in new_forms {
                forms.insert(external_id, keep_form(tx, page_id, form).await?);
            }
            let mut found: HashMap<MetaCampaign, CampaignId> = HashMap::new();
            for campaign in new_campaigns {
                let id = campaigns::ensure(tx, "meta", &campaign.0, campaign.1.as_deref()).await?;
                found.insert(campaign.clone(), id);
            }
            let new = all.iter().map(|one| {
                let new_form = one.new_form.as_ref().and_then(|form| forms.get(form.id.as_str()).copied());
                let campaign = one.known_campaign().or_else(|| found.get(one.campaign.as_ref()?).copied());
                NewLead { form: new_form.or(one.new.form), campaign, ..one.new.clone() }
            });
            // The time to the first attempt is the organization's, though two readings of it may differ for some seconds.
            let captured = match all.last() {
                Some(last) => leads::capture_all(tx, new.collect(), &last.ground.sla).await?,
                None => Vec::new(),
            };
            Ok((captured, found))
        })
        .await?;
    // Only now, since only now they are there for everybody.
    if let Some(one) = all.last() {
        one.ground.campaigns.write().unwrap_or_else(PoisonError::into_inner).extend(found);
    }
    Ok(captured)
}

/// Keeps a form as Meta tells it now.
pub async fn keep_form(tx: &mut Tx, page_id: &str, form: &GraphForm) -> Result<FormId> {
    let name = form.name.clone().unwrap_or_else(|| form.id.as_str().to_owned());
    let (id, is_new) = sql::upsert_form(tx, page_id, form.id.as_str(), &name, form).await?;
    if is_new {
        outbox::record(tx, Event::ListChanged { topic: Topic::Forms, id: id.0 });
    }
    Ok(id)
}

/// Who it is, by a form and its mapping.
pub fn read_person(lead: &GraphLead, form: &GraphForm, overrides: &mapping::Overrides, country: Country) -> Person {
    person(mapping::map_lead(lead, Some(form), overrides, country))
}

/// What they agreed to.
pub fn read_consents(lead: &GraphLead, form: &GraphForm, overrides: &mapping::Overrides) -> Vec<NewConsent> {
    mapping::map_consents(lead, Some(form), overrides).into_iter().map(consent).collect()
}

pub(super) fn person(mapped: mapping::MappedLead) -> Person {
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
