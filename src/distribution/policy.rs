//! What an owner decides: how leads are given out, and for which of them something else holds.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    db::Tx,
    error::{Error, Result},
    identity,
    types::{
        area::Area,
        country::Country,
        ids::{CampaignId, FormId, RuleId, UserId},
    },
};

const MOST_RULES: usize = 50;
const MOST_NAMED: usize = 200;
const MOST_STEPS: usize = 10;

/// How a lead finds somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = DistributionWay)]
pub enum Way {
    /// Everybody who is there is told; whoever claims it has it.
    #[default]
    Everybody,
    /// As above, of these people.
    People { people: Vec<UserId> },
    /// Given to one after the other, by weight, while they have room; none named: everybody who takes leads.
    RoundRobin { people: Vec<UserId> },
    /// Given to this one.
    Person { user: UserId },
    /// Told to one group after the other, and in the end to everybody.
    RollOut { steps: Vec<Step> },
}

/// A group of a roll-out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RollOutStep)]
pub struct Step {
    pub people: Vec<UserId>,
    /// Of business time, until the next group is told.
    #[schema(minimum = 1, maximum = 1440)]
    pub minutes: i64,
}

/// What a lead must be for a rule: one of each list that is not empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = DistributionCondition)]
pub struct When {
    pub forms: Vec<FormId>,
    pub campaigns: Vec<CampaignId>,
    /// `0150`, `50*`, `1000-1299`.
    #[schema(value_type = Vec<String>)]
    pub areas: Vec<Area>,
    /// Of the form: `nb`, `de`, `nl`, `en`, and any other that Meta has.
    pub languages: Vec<String>,
    /// Of the phone number.
    pub countries: Vec<Country>,
}

/// For these leads something else holds. The first rule that fits a lead decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DistributionRule)]
pub struct Rule {
    /// Left out: a new rule.
    pub id: Option<RuleId>,
    pub when: When,
    pub way: Way,
    /// Its leads wait until somebody of it is there; otherwise what holds for all others holds for them meanwhile.
    pub waits: bool,
}

/// How leads are given out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DistributionPolicy)]
pub struct Policy {
    /// For leads that no rule is for.
    pub way: Way,
    #[schema(max_items = 50)]
    pub rules: Vec<Rule>,
}

/// What a rule looks at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub form: Option<FormId>,
    pub campaign: Option<CampaignId>,
    pub postal_code: Option<String>,
    /// Of the form, as Meta writes it: `nb_NO`.
    pub locale: Option<String>,
    pub country: Option<Country>,
}

/// The language of a locale: `nb` of `nb_NO`, and of `no`, as Meta also writes it.
fn language(locale: &str) -> String {
    let language = locale.split(['_', '-']).next().unwrap_or_default().to_ascii_lowercase();
    if matches!(language.as_str(), "no" | "nn") { "nb".to_owned() } else { language }
}

impl When {
    pub fn fits(&self, facts: &Facts) -> bool {
        fn one_of<T: PartialEq>(list: &[T], fact: Option<&T>) -> bool {
            list.is_empty() || fact.is_some_and(|fact| list.contains(fact))
        }
        let area = |postcode: &String| self.areas.iter().any(|area| area.holds(postcode));
        one_of(&self.forms, facts.form.as_ref())
            && one_of(&self.campaigns, facts.campaign.as_ref())
            && (self.areas.is_empty() || facts.postal_code.as_ref().is_some_and(area))
            && one_of(&self.languages, facts.locale.as_deref().map(language).as_ref())
            && one_of(&self.countries, facts.country.as_ref())
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Way {
    /// Everybody who is named.
    pub fn named(&self) -> Vec<UserId> {
        match self {
            Self::Everybody => Vec::new(),
            Self::People { people } | Self::RoundRobin { people } => people.clone(),
            Self::Person { user } => vec![*user],
            Self::RollOut { steps } => steps.iter().flat_map(|step| step.people.iter().copied()).collect(),
        }
    }

    fn check(&self, place: &str) -> Result<()> {
        let refused = |field: String, reason, detail: &'static str| {
            Err(Error::Invalid { field: field.into(), reason, detail: detail.into() })
        };
        match self {
            Self::People { people } if people.is_empty() => {
                refused(format!("{place}.people"), "required", "A group has people.")
            }
            Self::RollOut { steps } => {
                if !(1..=MOST_STEPS).contains(&steps.len()) {
                    return refused(format!("{place}.steps"), "out_of_range", "From 1 to 10 groups.");
                }
                for (index, step) in steps.iter().enumerate() {
                    let place = format!("{place}.steps.{index}");
                    if step.people.is_empty() {
                        return refused(format!("{place}.people"), "required", "A group has people.");
                    }
                    if !(1..=1440).contains(&step.minutes) {
                        return refused(format!("{place}.minutes"), "out_of_range", "From a minute to a day.");
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl Policy {
    /// As it is kept: rules have ids, and everybody who is named is of the organization. 422 with the place: `rules.0.way.people`.
    pub async fn checked(mut self, tx: &mut Tx) -> Result<Self> {
        let now = tx.now();
        let refused = |field: String, reason, detail: &'static str| {
            Err(Error::Invalid { field: field.into(), reason, detail: detail.into() })
        };
        if self.rules.len() > MOST_RULES {
            return refused("rules".to_owned(), "too_many", "At most 50 rules.");
        }
        let mut known = Vec::new();
        for (index, rule) in self.rules.iter_mut().enumerate() {
            let id = *rule.id.get_or_insert_with(|| RuleId::new(now));
            if known.contains(&id) {
                return refused(format!("rules.{index}.id"), "rule_twice", "Two rules have this id.");
            }
            known.push(id);
            let place = format!("rules.{index}.when");
            if rule.when.is_empty() {
                return refused(place, "required", "A rule says for which leads it is.");
            }
            let When { forms, campaigns, areas, languages, countries } = &mut rule.when;
            let longest =
                [forms.len(), campaigns.len(), areas.len(), languages.len(), countries.len()].into_iter().max();
            if longest > Some(MOST_NAMED) {
                return refused(place, "too_many", "At most 200 of a kind.");
            }
            let is_language =
                |text: &String| (2..=3).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase());
            if !languages.iter().all(is_language) {
                return refused(
                    format!("{place}.languages"),
                    "language_unknown",
                    "A language is written nb, de, nl, en.",
                );
            }
        }
        let ways = self.rules.iter().enumerate().map(|(index, rule)| (format!("rules.{index}.way"), &rule.way));
        for (place, way) in ways.chain([("way".to_owned(), &self.way)]) {
            way.check(&place)?;
            let named = way.named();
            if named.len() > MOST_NAMED {
                return refused(place, "too_many", "At most 200 people.");
            }
            for user in named {
                if identity::is_member(tx, user).await?.is_none() {
                    return refused(place, "not_a_member", "Nobody of this organization.");
                }
            }
        }
        Ok(self)
    }

    /// Whether there is nothing to decide: everybody, always.
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_fits_where_each_of_its_lists_has_one() {
        let facts = Facts {
            postal_code: Some("0151".to_owned()),
            locale: Some("no_NO".to_owned()),
            country: Some(Country::NORWAY),
            ..Facts::default()
        };
        let fits = |areas: &[&str], languages: &[&str], countries: &[Country]| {
            let areas = areas.iter().map(|area| area.parse().expect("an area")).collect();
            let languages = languages.iter().map(|language| (*language).to_owned()).collect();
            When { areas, languages, countries: countries.to_vec(), ..When::default() }.fits(&facts)
        };
        assert!(fits(&["0100-0199"], &["nb", "de"], &[Country::NORWAY]));
        assert!(fits(&["5*", "01*"], &[], &[]));
        assert!(!fits(&["0100-0199"], &["de"], &[]), "each of its lists");
        assert!(!fits(&[], &[], &[Country::GERMANY]));
        let unknown = Facts::default();
        assert!(
            !When { languages: vec!["nb".to_owned()], ..When::default() }.fits(&unknown),
            "what is not known fits no list"
        );
    }
}
