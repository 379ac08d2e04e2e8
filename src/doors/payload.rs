//! What came becomes questions and answers, read by the same rules as a form of Meta's (`integrations::mapping`): fields that mean nothing
//! else stay answers.

use std::{collections::BTreeMap, fmt};

use chrono::{DateTime, Utc};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{MapAccess, Visitor},
};
use serde_json::Value;

use crate::{
    error::{Error, Result},
    integrations::mapping::{self, Target},
    providers::meta::{Field, GraphForm, GraphLead, MetaId, Question},
};

/// More fields than any form has.
const MOST_FIELDS: usize = 200;
const DEEPEST: usize = 5;
/// Of one name, in letters.
const LONGEST_NAME: usize = 200;

/// Why nothing can be read in it; a stable word.
pub type Unreadable = &'static str;

/// The fields of a JSON object, in its order; what lies deeper is named by its path.
pub fn fields(body: &str) -> std::result::Result<Vec<Field>, Unreadable> {
    let Ordered(entries) = serde_json::from_str(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => "no_object",
        _ => "no_json",
    })?;
    let mut fields = Vec::new();
    for (name, value) in entries {
        flatten(&name, value, 0, &mut fields)?;
    }
    if fields.is_empty() { Err("empty") } else { Ok(fields) }
}

fn flatten(name: &str, value: Value, depth: usize, fields: &mut Vec<Field>) -> std::result::Result<(), Unreadable> {
    if depth > DEEPEST || fields.len() >= MOST_FIELDS || name.chars().count() > LONGEST_NAME {
        return Err("too_much");
    }
    let below = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                flatten(&below(&key), value, depth + 1, fields)?;
            }
        }
        Value::Array(items) if items.iter().any(|item| item.is_object() || item.is_array()) => {
            for (at, item) in items.into_iter().enumerate() {
                flatten(&below(&at.to_string()), item, depth + 1, fields)?;
            }
        }
        Value::Array(items) => {
            let values = items.iter().filter_map(text).collect();
            fields.push(Field { name: name.to_owned(), values });
        }
        scalar => fields.push(Field { name: name.to_owned(), values: text(&scalar).into_iter().collect() }),
    }
    Ok(())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The fields of an HTML form as a JSON object, so that there is one way to read what is kept.
pub fn of_form(pairs: Vec<(String, String)>) -> Result<String> {
    let mut names = Vec::<String>::new();
    let mut values = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in pairs {
        if !values.contains_key(&name) {
            names.push(name.clone());
        }
        values.entry(name).or_default().push(value);
    }
    let entry = |name: String| {
        let given = values.remove(&name).unwrap_or_default();
        let value = match <[String; 1]>::try_from(given) {
            Ok([one]) => serde_json::to_string(&one),
            Err(several) => serde_json::to_string(&several),
        };
        Ok::<_, Error>(format!("{}:{}", serde_json::to_string(&name)?, value?))
    };
    let entries = names.into_iter().map(entry).collect::<Result<Vec<_>>>()?;
    Ok(format!("{{{}}}", entries.join(",")))
}

/// As a lead of Meta's would be, with a form whose questions are the fields.
pub fn as_lead(fields: Vec<Field>, at: DateTime<Utc>) -> Result<(GraphLead, GraphForm)> {
    let id = MetaId::parse("1").map_err(Error::internal)?;
    let form = GraphForm {
        id: id.clone(),
        name: None,
        status: None,
        locale: None,
        questions: questions(fields.iter().map(|field| field.name.as_str())),
        legal_content: None,
        privacy_policy_url: None,
        follow_up_action_url: None,
    };
    let lead = GraphLead {
        id,
        created_time: at,
        form_id: None,
        ad_id: None,
        ad_name: None,
        adset_id: None,
        adset_name: None,
        campaign_id: None,
        campaign_name: None,
        is_organic: false,
        platform: None,
        partner_name: None,
        field_data: fields,
        custom_disclaimer_responses: Vec::new(),
    };
    Ok((lead, form))
}

/// What lies deeper is guessed by the last part of its path: `contact.phone` is a phone number.
fn questions<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Question> {
    let label = |name: &str| {
        let last = name.rsplit('.').find(|part| !part.chars().all(|c| c.is_ascii_digit())).unwrap_or(name);
        last.replace(['_', '-'], " ")
    };
    names.map(|name| Question { key: name.to_owned(), label: label(name), ..Question::default() }).collect()
}

/// What a name means by itself.
pub fn guess(name: &str) -> Option<Target> {
    let (_, form) = as_lead(vec![Field { name: name.to_owned(), values: Vec::new() }], DateTime::UNIX_EPOCH).ok()?;
    let (guess, _) = mapping::destinations(&form, &mapping::Overrides::new()).into_iter().next()?;
    (guess != Target::Answer).then_some(guess)
}

/// A form with these questions, to show where they go.
pub fn form_of(names: &[String]) -> Result<GraphForm> {
    let (_, form) = as_lead(Vec::new(), DateTime::UNIX_EPOCH)?;
    Ok(GraphForm { questions: questions(names.iter().map(String::as_str)), ..form })
}

/// The entries of an object in their order.
#[derive(Serialize)]
struct Ordered(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        integrations::mapping::{Overrides, map_lead},
        types::country::Country,
    };

    #[test]
    fn fields_keep_their_order_and_what_lies_deeper_its_path() {
        let body = r#"{"z":"1","a":{"phone":"400 12 345","tags":["x",2,null]},"list":[{"q":true}],"none":null}"#;
        let found = fields(body).expect("fields");
        let shown: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|field| (field.name.as_str(), field.values.iter().map(String::as_str).collect()))
            .collect();
        assert_eq!(
            shown,
            [
                ("z", vec!["1"]),
                ("a.phone", vec!["400 12 345"]),
                ("a.tags", vec!["x", "2"]),
                ("list.0.q", vec!["true"]),
                ("none", vec![])
            ]
        );
        let (lead, form) = as_lead(found, DateTime::UNIX_EPOCH).expect("a lead");
        let mapped = map_lead(&lead, Some(&form), &Overrides::new(), Country::NORWAY);
        assert_eq!(mapped.phone.map(|phone| phone.as_str().to_owned()), Some("+4740012345".to_owned()));
        assert_eq!(mapped.answers.len(), 4, "nothing is lost");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let deep = format!("{}1{}", r#"{"a":"#.repeat(9), "}".repeat(9));
        let wide = format!("{{{}}}", (0..300).map(|n| format!(r#""f{n}":1"#)).collect::<Vec<_>>().join(","));
        for (body, why) in [
            ("", "no_json"),
            ("<xml/>", "no_json"),
            ("[1]", "no_object"),
            ("7", "no_object"),
            ("{}", "empty"),
            (&*deep, "too_much"),
            (&*wide, "too_much"),
        ] {
            assert_eq!(fields(body).err(), Some(why), "{body}");
        }
    }

    #[test]
    fn a_forms_fields_are_kept_as_they_were_sent() {
        let pairs = [("name", "Kari \"K\""), ("help", "a"), ("phone", "1"), ("help", "b")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()));
        let kept = of_form(pairs.to_vec()).expect("JSON");
        assert_eq!(kept, r#"{"name":"Kari \"K\"","help":["a","b"],"phone":"1"}"#);
        assert_eq!(fields(&kept).expect("fields")[1].values, ["a", "b"]);
    }
}
