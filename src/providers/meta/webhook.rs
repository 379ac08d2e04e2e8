//! The body of a webhook post: `object`, then `entry[]`, then `changes[]`, each with a `field` and a `value`.
//!
//! A post brings up to 1,000 changes, of several Pages, batched as Meta likes. One that cannot be read must not take the
//! others with it, and nothing is dropped in silence: what is no lead comes back as *ignored*, what is a lead and cannot be
//! read as *rejected*, both with their text, for the caller to keep.
//!
//! Source: developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::id::{self, MetaId};

/// The most changes one post may bring (Meta: "up to 1,000 updates").
pub const MAX_CHANGES: usize = 1000;

/// Unix seconds between 2004, when there was no Meta yet, and 2100: a time beyond is no time, and no database need hold it.
const EPOCH_OF_LEADS: std::ops::Range<i64> = 1_072_915_200..4_102_444_800;

/// A person sent a form. The answers are not in here: they are fetched with the lead's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadgenChange {
    /// The lead, and the key to deduplicate by: Meta delivers a change more than once.
    pub leadgen_id: MetaId,
    pub page_id: MetaId,
    pub form_id: Option<MetaId>,
    /// Missing for organic, preview and test leads.
    pub ad_id: Option<MetaId>,
    /// Meta's old word for the *ad*, not the ad set.
    pub adgroup_id: Option<MetaId>,
    /// When the person sent the form, to the second.
    pub created_time: Option<DateTime<Utc>>,
}

/// What one post brought, each part in the order of the post. `index` counts changes over the whole post.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Webhook {
    pub leads: Vec<LeadgenChange>,
    pub ignored: Vec<Ignored>,
    pub rejected: Vec<Rejected>,
}

/// A change that is no lead: another field, or an object other than a Page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    pub index: usize,
    pub object: String,
    pub field: String,
    /// The JSON text of the change.
    pub raw: String,
}

/// A change that says it is a lead and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    pub index: usize,
    /// For an operator; quotes nothing of the content.
    pub reason: String,
    /// The Page it is about, where that can be read.
    pub page_id: Option<MetaId>,
    /// The JSON text of the change, or of the entry when that is what cannot be read.
    pub raw: String,
}

/// The post as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error("the body is not JSON with an object and entries")]
    Malformed,
    #[error("the body brings more than {MAX_CHANGES} changes")]
    TooMany,
}

#[derive(Deserialize)]
struct Post<'a> {
    object: String,
    #[serde(borrow)]
    entry: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(default, deserialize_with = "id::lenient")]
    id: Option<MetaId>,
    /// Without them nothing was read, whatever else is in it.
    #[serde(borrow, default)]
    changes: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Change<'a> {
    field: String,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize)]
struct Value {
    leadgen_id: MetaId,
    #[serde(default, deserialize_with = "id::lenient")]
    page_id: Option<MetaId>,
    #[serde(default, deserialize_with = "id::lenient")]
    form_id: Option<MetaId>,
    #[serde(default, deserialize_with = "id::lenient")]
    ad_id: Option<MetaId>,
    #[serde(default, deserialize_with = "id::lenient")]
    adgroup_id: Option<MetaId>,
    #[serde(default, deserialize_with = "unix_seconds")]
    created_time: Option<DateTime<Utc>>,
}

/// Reads a post whose signature has been verified.
///
/// # Errors
/// When nothing can be made of the body as a whole. The caller keeps it and answers 200 all the same: Meta would only
/// send it again.
pub fn parse_webhook(body: &[u8]) -> Result<Webhook, WebhookError> {
    let post: Post<'_> = serde_json::from_slice(body).map_err(|_| WebhookError::Malformed)?;
    let mut webhook = Webhook::default();
    let mut index = 0;
    for raw in post.entry {
        // A list would be read field by field.
        let entry = Some(raw.get()).filter(|text| text.starts_with('{')).map(serde_json::from_str::<Entry<'_>>);
        let Some(Ok(Entry { id, changes: Some(changes) })) = entry else {
            webhook.rejected.push(Rejected {
                index,
                reason: "an entry without changes".to_owned(),
                page_id: None,
                raw: raw.get().to_owned(),
            });
            index += 1;
            continue;
        };
        for raw in changes {
            read_change(&mut webhook, index, &post.object, id.as_ref(), raw);
            index += 1;
        }
        if index > MAX_CHANGES {
            return Err(WebhookError::TooMany);
        }
    }
    Ok(webhook)
}

fn read_change(webhook: &mut Webhook, index: usize, object: &str, page: Option<&MetaId>, raw: &RawValue) {
    let keep = || raw.get().to_owned();
    let Ok(change) = serde_json::from_str::<Change<'_>>(raw.get()) else {
        let reason = "a change without field and value".to_owned();
        webhook.rejected.push(Rejected { index, reason, page_id: page.cloned(), raw: keep() });
        return;
    };
    if object != "page" || change.field != "leadgen" {
        webhook.ignored.push(Ignored { index, object: object.to_owned(), field: change.field, raw: keep() });
        return;
    }
    match read_lead(change.value, page) {
        Ok(lead) => webhook.leads.push(lead),
        Err((reason, page_id)) => {
            webhook.rejected.push(Rejected { index, reason: reason.to_owned(), page_id, raw: keep() });
        }
    }
}

/// The Page is the value's `page_id`, and the entry's id only where that is missing: the *Test* button of Meta's app
/// dashboard sends entries with the id 0.
fn read_lead(value: &RawValue, page: Option<&MetaId>) -> Result<LeadgenChange, (&'static str, Option<MetaId>)> {
    let value: Value = serde_json::from_str(value.get()).map_err(|_| ("no leadgen_id of digits", page.cloned()))?;
    let page_id = value.page_id.or_else(|| page.cloned()).ok_or(("no page_id of digits", None))?;
    if value.created_time.is_some_and(|at| !EPOCH_OF_LEADS.contains(&at.timestamp())) {
        return Err(("a created_time that no lead can have", Some(page_id)));
    }
    Ok(LeadgenChange {
        leadgen_id: value.leadgen_id,
        page_id,
        form_id: value.form_id,
        ad_id: value.ad_id,
        adgroup_id: value.adgroup_id,
        created_time: value.created_time,
    })
}

/// Unix seconds, as a number or a string of one. What cannot be read is left out: the lead itself says when it was made. A number that
/// is beyond all times is one, so that it is noticed.
fn unix_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let seconds = raw.get().trim_matches('"').parse::<i64>().ok();
    Ok(seconds.map(|s| DateTime::from_timestamp(s, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/fixtures/meta/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    #[test]
    fn a_single_lead() {
        let webhook = parse_webhook(&fixture("webhook_single.json")).unwrap();
        assert_eq!(
            webhook.leads,
            [LeadgenChange {
                leadgen_id: MetaId::parse("1203984756120394").unwrap(),
                page_id: MetaId::parse("104857600123456").unwrap(),
                form_id: Some(MetaId::parse("998877665544332").unwrap()),
                ad_id: Some(MetaId::parse("23851234567890123").unwrap()),
                adgroup_id: Some(MetaId::parse("23851234567890123").unwrap()),
                created_time: DateTime::from_timestamp(1_793_001_600, 0),
            }]
        );
        assert!(webhook.ignored.is_empty() && webhook.rejected.is_empty());
    }

    #[test]
    fn a_batch_of_several_pages_where_one_change_is_odd() {
        let webhook = parse_webhook(&fixture("webhook_batch.json")).unwrap();
        let ids: Vec<&str> = webhook.leads.iter().map(|l| l.leadgen_id.as_str()).collect();
        assert_eq!(ids, ["1203984756120401", "1203984756120402", "1203984756120404"]);
        assert_eq!(
            webhook.leads[2].page_id.as_str(),
            "104857600999999",
            "the page of the entry where the value has none"
        );
        assert_eq!(webhook.leads[1].ad_id, None, "an organic lead has no ad");
        let odd: Vec<usize> = webhook.rejected.iter().map(|r| r.index).collect();
        assert_eq!(odd, [2, 5]);
        assert!(webhook.rejected[0].raw.contains("not-a-number"));
        assert_eq!((webhook.ignored[0].index, webhook.ignored[0].field.as_str()), (4, "feed"));
    }

    #[test]
    fn numbers_beyond_a_double_keep_their_digits() {
        let webhook = parse_webhook(&fixture("webhook_big_numbers.json")).unwrap();
        assert_eq!(webhook.leads[0].leadgen_id.as_str(), "9007199254740993");
        assert_eq!(webhook.leads[0].form_id.as_ref().unwrap().as_str(), "18446744073709551617");
        assert_eq!(webhook.leads[0].created_time, DateTime::from_timestamp(1_440_120_384, 0));
    }

    #[test]
    fn an_escaped_body_reads_like_a_plain_one() {
        let webhook = parse_webhook(&fixture("webhook_escaped.json")).unwrap();
        assert_eq!(webhook.leads[0].leadgen_id.as_str(), "1203984756120394");
    }

    #[test]
    fn other_fields_and_objects_are_handed_back() {
        for (name, object, field) in
            [("webhook_feed.json", "page", "feed"), ("webhook_other_object.json", "instagram", "comments")]
        {
            let webhook = parse_webhook(&fixture(name)).unwrap();
            assert!(webhook.leads.is_empty() && webhook.rejected.is_empty());
            assert_eq!((webhook.ignored[0].object.as_str(), webhook.ignored[0].field.as_str()), (object, field));
            assert!(!webhook.ignored[0].raw.is_empty());
        }
    }

    #[test]
    fn an_odd_detail_does_not_lose_the_lead() {
        let body = br#"{"object":"page","entry":[{"id":"7","changes":[{"field":"leadgen","value":
            {"leadgen_id":"1","page_id":null,"form_id":{},"ad_id":"x","created_time":"soon"}}]}]}"#;
        let webhook = parse_webhook(body).unwrap();
        assert_eq!(webhook.leads[0].page_id.as_str(), "7");
        assert_eq!((webhook.leads[0].form_id.as_ref(), webhook.leads[0].created_time), (None, None));
    }

    #[test]
    fn an_entry_that_tells_nothing_is_kept() {
        // Pages may also send `messaging` instead of changes; and what is no object was once read as one without changes.
        for entry in [r#"{"id":"7"}"#, r#"{"id":"7","messaging":[{}]}"#, r#"{"changes":null}"#, "[]", "null", "1"] {
            let webhook = parse_webhook(format!(r#"{{"object":"page","entry":[{entry}]}}"#).as_bytes()).unwrap();
            assert_eq!((webhook.rejected.len(), webhook.rejected[0].raw.as_str()), (1, entry));
        }
        assert_eq!(parse_webhook(br#"{"object":"page","entry":[{"changes":[]}]}"#), Ok(Webhook::default()));
    }

    #[test]
    fn a_thousand_changes_and_no_more() {
        let body = |n: usize| {
            let changes = vec![r#"{"field":"leadgen","value":{"leadgen_id":1,"page_id":2}}"#; n].join(",");
            format!(r#"{{"object":"page","entry":[{{"id":"2","time":1,"changes":[{changes}]}}]}}"#)
        };
        assert_eq!(parse_webhook(body(1000).as_bytes()).unwrap().leads.len(), 1000);
        assert_eq!(parse_webhook(body(1001).as_bytes()), Err(WebhookError::TooMany));
    }

    #[test]
    fn what_is_no_post_is_malformed() {
        for body in [&b""[..], b"{", b"[]", b"null", b"{\"object\":\"page\"}", b"{\"entry\":[]}", b"\xff\xfe"] {
            assert_eq!(parse_webhook(body), Err(WebhookError::Malformed));
        }
    }

    #[test]
    fn depth_and_doubled_keys_do_no_harm() {
        let deep = format!(r#"{{"object":"page","entry":[{}]}}"#, "[".repeat(100_000) + &"]".repeat(100_000));
        assert!(parse_webhook(deep.as_bytes()).map_or(true, |webhook| webhook.leads.is_empty()));
        let doubled = br#"{"object":"page","entry":[{"id":"7","changes":[{"field":"leadgen","value":
            {"leadgen_id":"1","page_id":"2","leadgen_id":"3"}}]}]}"#;
        assert_eq!(parse_webhook(doubled).unwrap().rejected.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = parse_webhook(&body);
        }
    }
}
