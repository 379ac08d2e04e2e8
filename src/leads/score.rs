//! How good a lead looks, from 0 to 100: the sum of the rules that fit it (LP-032). The owner reads and changes them; each score can say why.
//!
//! Invariants: a score is what the current rules say of the lead as it is, from the commit on in which either changed (of the rules: from
//! when [`Rescore`](super::Rescore) has been there); it is never below 0 or above 100; no rule looks at anything that is not told in its words.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    capture::{NewLead, Person},
    sql::Row,
    tokens::fold,
};
use crate::types::{
    area::Area,
    ids::{CampaignId, FormId},
};

/// What a rule looks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = ScoreSign)]
pub enum Sign {
    /// A field was filled in: `full_name`, `phone`, `email`, `postal_code`, `city`, `service`, `message`, or the key of a question.
    Has {
        field: String,
    },
    /// A field says exactly this; large and small letters are the same.
    Is {
        field: String,
        value: String,
    },
    /// A field has this in it.
    Contains {
        field: String,
        value: String,
    },
    /// The phone number is a valid one.
    PhoneValid,
    /// The e-mail address is of one of these domains.
    EmailDomain {
        domains: Vec<String>,
    },
    /// The postcode is in one of these areas: `0150`, `50*`, `1000-1299`.
    PostcodeIn {
        #[schema(value_type = Vec<String>)]
        areas: Vec<Area>,
    },
    /// It came while the business was open; outside of its hours.
    CameOpen,
    CameClosed,
    FormIs {
        forms: Vec<FormId>,
    },
    CampaignIs {
        campaigns: Vec<CampaignId>,
    },
    /// Somebody tried within so many minutes of business time.
    TriedWithin {
        minutes: i32,
    },
    /// The person asked again, so many times in all.
    AskedAgain {
        times: i32,
    },
    /// Somebody got through to the person.
    Reached,
}

/// So many points where it fits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreRule {
    pub sign: Sign,
    /// From -100 to 100.
    #[schema(minimum = -100, maximum = 100)]
    pub points: i32,
}

/// What a business begins with: whoever can be reached and says what they want.
pub fn beginning() -> Vec<ScoreRule> {
    let has = |field: &str| Sign::Has { field: field.to_owned() };
    [
        (Sign::PhoneValid, 30),
        (has("email"), 10),
        (has("full_name"), 10),
        (has("postal_code"), 10),
        (has("message"), 10),
        (Sign::CameOpen, 10),
        (Sign::AskedAgain { times: 2 }, 10),
        (Sign::Reached, 10),
    ]
    .map(|(sign, points)| ScoreRule { sign, points })
    .to_vec()
}

/// What rules look at.
pub(super) struct Looked<'a> {
    pub person: &'a Person,
    pub form: Option<FormId>,
    pub campaign: Option<CampaignId>,
    pub created_at: DateTime<Utc>,
    pub opens_at: Option<DateTime<Utc>>,
    pub enquiry_count: i32,
    pub response_business_seconds: Option<i32>,
    pub is_reached: bool,
}

impl<'a> Looked<'a> {
    /// A lead as it stands in its row.
    pub(super) fn row(row: &Row, person: &'a Person) -> Self {
        Self {
            person,
            form: row.form_id.map(FormId),
            campaign: row.campaign_id.map(CampaignId),
            created_at: row.created_at,
            opens_at: row.opens_at,
            enquiry_count: row.enquiry_count,
            response_business_seconds: row.response_business_seconds,
            is_reached: row.first_contact_at.is_some(),
        }
    }

    /// One that comes.
    pub(super) fn new(new: &'a NewLead, opens_at: Option<DateTime<Utc>>) -> Self {
        Self {
            person: &new.person,
            form: new.form,
            campaign: new.campaign,
            created_at: new.created_at,
            opens_at,
            enquiry_count: 1,
            response_business_seconds: None,
            is_reached: false,
        }
    }

    /// What a field says; several answers to one question each for themselves.
    fn says(&self, field: &str) -> Vec<&str> {
        let person = self.person;
        let one = |text: &'a Option<String>| text.as_deref().into_iter().collect::<Vec<&str>>();
        match field {
            "full_name" => one(&person.full_name),
            "phone" => person.phone.iter().map(|phone| phone.as_str()).chain(one(&person.phone_given)).collect(),
            "email" => one(&person.email),
            "postal_code" => one(&person.postal_code),
            "city" => one(&person.city),
            "service" => one(&person.service),
            "message" => one(&person.message),
            key => {
                let answers = person.answers.iter().filter(|answer| answer.key == key);
                answers.flat_map(|answer| answer.values.iter().map(String::as_str)).collect()
            }
        }
    }

    fn fits(&self, sign: &Sign) -> bool {
        let any = |field: &str, holds: &dyn Fn(&str) -> bool| {
            self.says(field).into_iter().map(str::trim).any(|text| !text.is_empty() && holds(text))
        };
        match sign {
            Sign::Has { field } => any(field, &|_| true),
            Sign::Is { field, value } => any(field, &|text| fold(text) == fold(value.trim())),
            Sign::Contains { field, value } => any(field, &|text| fold(text).contains(&fold(value.trim()))),
            Sign::PhoneValid => self.person.phone.is_some(),
            Sign::EmailDomain { domains } => any("email", &|text| {
                let domain = text.rsplit_once('@').map(|(_, domain)| domain.to_lowercase());
                domain.is_some_and(|domain| domains.iter().any(|one| *one.to_lowercase() == domain))
            }),
            Sign::PostcodeIn { areas } => any("postal_code", &|text| areas.iter().any(|area| area.holds(text))),
            Sign::CameOpen => self.opens_at == Some(self.created_at),
            Sign::CameClosed => self.opens_at.is_some_and(|opens| opens != self.created_at),
            Sign::FormIs { forms } => self.form.is_some_and(|form| forms.contains(&form)),
            Sign::CampaignIs { campaigns } => self.campaign.is_some_and(|campaign| campaigns.contains(&campaign)),
            Sign::TriedWithin { minutes } => {
                self.response_business_seconds.is_some_and(|seconds| seconds <= minutes.saturating_mul(60))
            }
            Sign::AskedAgain { times } => self.enquiry_count >= *times,
            Sign::Reached => self.is_reached,
        }
    }

    /// The rules that fit.
    pub(super) fn reasons(&self, rules: &[ScoreRule]) -> Vec<ScoreRule> {
        rules.iter().filter(|rule| self.fits(&rule.sign)).cloned().collect()
    }

    pub(super) fn score(&self, rules: &[ScoreRule]) -> i16 {
        let points: i32 = rules.iter().filter(|rule| self.fits(&rule.sign)).map(|rule| rule.points).sum();
        i16::try_from(points.clamp(0, 100)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{leads::Answer, types::phone::Phone};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn kari() -> Person {
        Person {
            full_name: Some("Kari Nordmann".to_owned()),
            phone: Phone::from_e164("+4740012345").ok(),
            email: Some("kari@Bedrift.no".to_owned()),
            postal_code: Some("0150".to_owned()),
            message: Some("Ringer dere om TAKET?".to_owned()),
            answers: vec![Answer {
                key: "when".to_owned(),
                label: "When?".to_owned(),
                values: vec!["Så snart som mulig".to_owned()],
            }],
            ..Person::default()
        }
    }

    fn looked(person: &Person) -> Looked<'_> {
        let created_at = at("2026-03-02T09:00:00Z");
        Looked {
            person,
            form: None,
            campaign: None,
            created_at,
            opens_at: Some(created_at),
            enquiry_count: 1,
            response_business_seconds: Some(600),
            is_reached: false,
        }
    }

    #[test]
    fn each_sign_is_seen_where_it_is_and_nowhere_else() {
        let person = kari();
        let text = str::to_owned;
        let is = |field: &str, value: &str| Sign::Is { field: text(field), value: text(value) };
        let contains = |field: &str, value: &str| Sign::Contains { field: text(field), value: text(value) };
        let area = |area: &str| Sign::PostcodeIn { areas: vec![area.parse().expect("an area")] };
        for (sign, fits) in [
            (Sign::Has { field: text("message") }, true),
            (Sign::Has { field: text("city") }, false),
            (Sign::Has { field: text("when") }, true),
            (is("when", "SÅ SNART som mulig "), true),
            (is("when", "så snart"), false),
            (contains("message", "taket"), true),
            (contains("message", "vindu"), false),
            (Sign::PhoneValid, true),
            (Sign::EmailDomain { domains: vec![text("gmail.com"), text("bedrift.no")] }, true),
            (Sign::EmailDomain { domains: vec![text("drift.no")] }, false),
            (area("0100-0199"), true),
            (area("5*"), false),
            (Sign::CameOpen, true),
            (Sign::CameClosed, false),
            (Sign::TriedWithin { minutes: 10 }, true),
            (Sign::TriedWithin { minutes: 9 }, false),
            (Sign::AskedAgain { times: 2 }, false),
            (Sign::Reached, false),
        ] {
            assert_eq!(looked(&person).fits(&sign), fits, "{sign:?}");
        }
    }

    #[test]
    fn a_score_is_the_sum_of_its_reasons_between_nothing_and_a_hundred() {
        let person = kari();
        let looked = looked(&person);
        let rules = beginning();
        assert_eq!(looked.score(&rules), 80);
        assert_eq!(looked.reasons(&rules).iter().map(|rule| rule.points).sum::<i32>(), 80);
        let much = |points| vec![ScoreRule { sign: Sign::PhoneValid, points }; 3];
        assert_eq!((looked.score(&much(90)), looked.score(&much(-90)), looked.score(&[])), (100, 0, 0));
        assert_eq!(
            rules.iter().map(|rule| rule.points).sum::<i32>(),
            100,
            "what a business begins with is a hundred in all"
        );
    }
}
