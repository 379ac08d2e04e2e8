//! A lead as Graph answers it: `GET /{leadgen_id}?fields=…`.
//!
//! Source: developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving, field list from Meta's Python SDK `lead.py`.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

use super::id::{self, MetaId};

/// What we ask for, by name: consent boxes are not in `field_data`, and Graph's default set leaves nearly all of it out.
pub const LEAD_FIELDS: &str = "id,created_time,form_id,field_data,ad_id,ad_name,adset_id,adset_name,campaign_id,\
                               campaign_name,is_organic,platform,partner_name,custom_disclaimer_responses";

/// One person's answers to one form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GraphLead {
    pub id: MetaId,
    /// When the person sent the form, to the second.
    #[serde(deserialize_with = "graph_time")]
    pub created_time: DateTime<Utc>,
    #[serde(default, deserialize_with = "id::lenient")]
    pub form_id: Option<MetaId>,
    /// This and the names around it are missing for organic and test leads, and without the permission `ads_management`.
    #[serde(default, deserialize_with = "id::lenient")]
    pub ad_id: Option<MetaId>,
    #[serde(default)]
    pub ad_name: Option<String>,
    #[serde(default, deserialize_with = "id::lenient")]
    pub adset_id: Option<MetaId>,
    #[serde(default)]
    pub adset_name: Option<String>,
    #[serde(default, deserialize_with = "id::lenient")]
    pub campaign_id: Option<MetaId>,
    #[serde(default)]
    pub campaign_name: Option<String>,
    #[serde(default, deserialize_with = "truthy")]
    pub is_organic: bool,
    /// `fb` or `ig`.
    #[serde(default)]
    pub platform: Option<String>,
    #[serde(default)]
    pub partner_name: Option<String>,
    /// The answers, in the order Graph gave them.
    #[serde(default, deserialize_with = "or_default")]
    pub field_data: Vec<Field>,
    /// The consent boxes. Documented for *optional* boxes; whether required ones appear is not.
    #[serde(default, deserialize_with = "or_default")]
    pub custom_disclaimer_responses: Vec<DisclaimerResponse>,
}

impl GraphLead {
    /// Whether Meta's test tool made it: Graph has no field for that, but the tool fills in `<test lead: dummy data for email>`.
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.field_data.iter().flat_map(|field| &field.values).any(|value| value.starts_with("<test lead: dummy data"))
    }
}

/// One answer. `Debug` says how many values there are, not which: they are personal data.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    pub name: String,
    #[serde(default, deserialize_with = "texts")]
    pub values: Vec<String>,
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} value(s)", self.name, self.values.len())
    }
}

/// One consent box and what the person did with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclaimerResponse {
    pub checkbox_key: String,
    /// Graph says `"1"` or `""`.
    #[serde(default, deserialize_with = "truthy")]
    pub is_checked: bool,
}

/// Graph's `2015-02-28T08:49:14+0000`, or RFC 3339.
fn graph_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z")
        .or_else(|_| DateTime::parse_from_rfc3339(&text))
        .map(|time| time.to_utc())
        .map_err(|_| D::Error::custom("created_time is no time"))
}

/// `true`, `1`, `"1"` and `"true"`; anything else, also what is missing, is false: a doubt is no consent.
pub(super) fn truthy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(yes) => yes,
        Value::Number(number) => number.as_u64() == Some(1),
        Value::String(text) => text == "1" || text == "true",
        _ => false,
    })
}

/// `null` where a list or an object is expected counts as missing.
pub(super) fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// A list of texts, or one; numbers and booleans as their JSON text.
fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let text = |value: Value| match value {
        Value::String(text) => Some(text),
        Value::Null => None,
        other => Some(other.to_string()),
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(values) => values.into_iter().filter_map(text).collect(),
        value => text(value).into_iter().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> GraphLead {
        let path = format!("{}/fixtures/meta/{name}", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn a_lead_with_custom_questions() {
        let lead = fixture("lead_custom_questions.json");
        assert_eq!(lead.created_time.to_rfc3339(), "2026-10-25T08:40:00+00:00");
        assert_eq!(lead.campaign_name.as_deref(), Some("Varmepumpe høst"));
        assert_eq!(lead.adset_id.as_ref().unwrap().as_str(), "23851234567890122");
        assert_eq!(lead.field_data[0].name, "hva_ønsker_du_hjelp_med?");
        assert_eq!(lead.field_data[1].values, ["formiddag", "kveld"]);
        assert!(!lead.is_organic && !lead.is_test());
    }

    #[test]
    fn organic_and_test_leads_have_no_ad() {
        let organic = fixture("lead_organic.json");
        assert!(organic.is_organic && organic.ad_id.is_none());
        assert_eq!(organic.id.as_str(), "1203984756120396", "an id given as a number");
        assert!(fixture("lead_test.json").is_test());
        assert_eq!(fixture("lead_first_last_name.json").platform.as_deref(), Some("ig"));
    }

    #[test]
    fn a_box_is_ticked_by_one_or_true_only() {
        let checked: Vec<bool> =
            fixture("lead_disclaimers.json").custom_disclaimer_responses.iter().map(|r| r.is_checked).collect();
        assert_eq!(checked, [true, false, true]);
    }

    #[test]
    fn debug_shows_no_answer() {
        let debug = format!("{:?}", fixture("lead_custom_questions.json"));
        assert!(debug.contains("full_name: 1 value(s)"), "{debug}");
        for secret in ["Nordmann", "91234567", "example.com"] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }

    #[test]
    fn times_and_odd_values() {
        let read = |json: &str| serde_json::from_str::<GraphLead>(json);
        for time in [
            "2015-02-28T08:49:14+0000",
            "2015-02-28T08:49:14Z",
            "2015-02-28T09:49:14+01:00",
            "2015-02-28T08:49:14.000+0000",
        ] {
            let lead = read(&format!(r#"{{"id":1,"created_time":"{time}"}}"#)).unwrap();
            assert_eq!(lead.created_time.timestamp(), 1_425_113_354, "{time}");
        }
        let lead = read(
            r#"{"id":"1","created_time":"2015-02-28T08:49:14Z","ad_id":null,"is_organic":null,"new_field":[{}],"field_data":
            [{"name":"a","values":null},{"name":"b"},{"name":"c","values":["x",7,null,true]},{"name":"d","values":"one"}],
            "custom_disclaimer_responses":null}"#,
        )
        .unwrap();
        let values: Vec<_> = lead.field_data.into_iter().map(|f| f.values).collect();
        assert_eq!(values, [vec![], vec![], vec!["x".to_owned(), "7".into(), "true".into()], vec!["one".into()]]);
        assert!(read(r#"{"id":"1","created_time":"yesterday"}"#).is_err());
        assert!(read(r#"{"created_time":"2015-02-28T08:49:14Z"}"#).is_err());
    }
}
