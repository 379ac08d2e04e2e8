//! What would happen to a lead if it came now: the decision itself, with nothing kept of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Policy,
    decide::{Decided, Stand},
    ground,
    policy::Facts,
    sql,
};
use crate::{
    db::Tx,
    error::{Error, Result},
    leads::{self, Why},
    organizations,
    types::{
        ids::{CampaignId, FormId, LeadId, UserId},
        phone::Phone,
    },
};

/// A lead that might come.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = SupposedLead)]
pub struct Supposed {
    pub form_id: Option<FormId>,
    pub campaign_id: Option<CampaignId>,
    pub postal_code: Option<String>,
    /// As people write numbers in the organization's country, or E.164.
    pub phone: Option<String>,
    /// A policy that is not saved; left out: the one that holds.
    pub policy: Option<Policy>,
}

/// What would become of it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DistributionPreview)]
pub struct Preview {
    /// Whom it would be told to, or given to.
    pub to: Vec<UserId>,
    pub given: bool,
    pub waits: bool,
    pub why: Why,
    /// Which of the rules decided, counted from 0; null: what holds for all others.
    #[schema(required = true)]
    pub rule_index: Option<usize>,
    /// How many leads wait already and would be given first.
    pub waiting: usize,
}

/// Decides as [`super::place`] would. 422 for a phone number that is none, and for a policy that is none.
pub async fn preview(tx: &mut Tx, supposed: Supposed) -> Result<Preview> {
    let Supposed { form_id, campaign_id, postal_code, phone, policy } = supposed;
    let policy = match policy {
        Some(policy) => policy.checked(tx).await?,
        None => sql::policy(tx).await?.0,
    };
    let home = organizations::current(tx).await?.country;
    let phone = phone.filter(|text| !text.trim().is_empty());
    let phone = phone.map(|text| Phone::parse(&text, home)).transpose();
    let phone = phone.map_err(|error| Error::invalid("phone", "phone_invalid", error.to_string()))?;
    let locale = match form_id {
        Some(form) => sql::locales(tx, &[form]).await?.remove(&form),
        None => None,
    };
    let country = phone.and_then(|phone| phone.country());
    let facts = Facts { form: form_id, campaign: campaign_id, postal_code, locale, country };
    let waiting = leads::queued(tx, None, 100).await?.len();
    let lead = LeadId::new(tx.now());
    let mut ground = ground(tx, policy).await?;
    let (decided, why) = ground.decide(lead.0, &facts, Stand::default());
    let rule_index = why.rule.and_then(|rule| ground.policy.rules.iter().position(|one| one.id == Some(rule)));
    let (to, given, waits) = match decided {
        Decided::Told { to, .. } => (to, false, false),
        Decided::Given { to } => (vec![to], true, false),
        Decided::Waits => (Vec::new(), false, true),
    };
    Ok(Preview { to, given, waits, why, rule_index, waiting })
}
