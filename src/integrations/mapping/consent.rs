//! What a person agreed to, with the exact text they saw.
//!
//! Rules: a box that was ticked for them is no consent (GDPR recital 32, CJEU C-673/17 *Planet49*). A form cannot be sent
//! without its required boxes, and Meta documents answers for optional boxes only; so a required box that is missing from
//! the answers was ticked, which is marked as inferred. Sending a form is not ticking a box: a form without boxes gives one
//! entry that says which privacy policy or disclaimer was shown, and gives no consent. And without the text that was shown
//! nothing is proven, so a tick whose form we do not have is not given.

use aws_lc_rs::digest;

use crate::providers::meta::{Checkbox, GraphForm, GraphLead, Question};

use super::{
    MAX_CHARS, Overrides, clean, destinations,
    keys::{Target, is_yes, normalize},
};

const MAX_CONSENTS: usize = 100;

/// One thing that was shown, and whether the person agreed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedConsent {
    /// The box's key; `privacy_policy` or `disclaimer` where there was no box.
    pub key: String,
    /// What stood beside the box. Empty when the form is not known.
    pub text: String,
    /// The person ticked it, themselves.
    pub given: bool,
    /// The box was ticked when the form opened.
    pub preselected: bool,
    /// Meta gave no answer for this box; it follows from the form's rule that it was ticked.
    pub inferred: bool,
    /// The first 16 hex digits of the SHA-256 over everything that was shown: title, text, links, box, policy. The same
    /// text has the same version in every form. Empty when the form is not known.
    pub text_version: String,
    pub privacy_policy_url: Option<String>,
}

/// Everything a lead agreed to or was shown, in the order of the form.
#[must_use]
pub fn map_consents(lead: &GraphLead, form: Option<&GraphForm>, overrides: &Overrides) -> Vec<MappedConsent> {
    let Some(form) = form else { return unknown_boxes(lead, |_| true) };
    let boxes =
        form.legal_content.as_ref().and_then(|legal| legal.custom_disclaimer.as_ref()).map(|d| &d.checkboxes[..]);
    let boxes = boxes.unwrap_or_default();
    let mut consents: Vec<MappedConsent> = boxes.iter().map(|checkbox| ticked(lead, form, checkbox)).collect();
    if boxes.is_empty() {
        consents.extend(shown(form));
    }
    consents.extend(asked(lead, form, overrides));
    consents.extend(unknown_boxes(lead, |key| boxes.iter().all(|b| b.key != key)));
    consents.truncate(MAX_CONSENTS);
    consents
}

fn ticked(lead: &GraphLead, form: &GraphForm, checkbox: &Checkbox) -> MappedConsent {
    let answer = lead.custom_disclaimer_responses.iter().find(|r| r.checkbox_key == checkbox.key).map(|r| r.is_checked);
    let preselected = checkbox.is_checked_by_default;
    let inferred = answer.is_none() && checkbox.is_required && !preselected;
    MappedConsent {
        key: clean(&checkbox.key, MAX_CHARS),
        text: clean(&checkbox.text, MAX_CHARS),
        given: !preselected && answer.unwrap_or(inferred),
        preselected,
        inferred,
        text_version: version(form, Some(&checkbox.text)),
        privacy_policy_url: policy_url(form),
    }
}

/// Questions of which the business says that they ask for consent. The person reads the question and says yes, themselves: a choice of
/// that form, or a word for it.
fn asked(lead: &GraphLead, form: &GraphForm, overrides: &Overrides) -> Vec<MappedConsent> {
    let questions = form.questions.iter().zip(destinations(form, overrides));
    let asking = questions.filter(|(_, (_, target))| *target == Target::Consent);
    let entry = |question: &Question| {
        let field = lead.field_data.iter().find(|field| normalize(&field.name) == normalize(&question.key))?;
        let chosen = |value: &String| {
            let option = question.options.iter().find(|option| option.key == *value);
            normalize(option.map_or(value.as_str(), |option| option.value.as_str()))
        };
        let text = clean(&question.label, MAX_CHARS);
        Some(MappedConsent {
            key: clean(&question.key, MAX_CHARS),
            given: !text.is_empty()
                && field.values.len() == 1
                && field.values.iter().all(|value| is_yes(&chosen(value))),
            text,
            preselected: false,
            inferred: false,
            text_version: version(form, Some(&question.label)),
            privacy_policy_url: policy_url(form),
        })
    };
    asking.filter_map(|(question, _)| entry(question)).collect()
}

/// The entry of a form without boxes.
fn shown(form: &GraphForm) -> Option<MappedConsent> {
    let legal = form.legal_content.as_ref();
    let disclaimer = legal.and_then(|l| l.custom_disclaimer.as_ref());
    let title = disclaimer.and_then(|d| d.title.as_deref());
    let body = disclaimer.and_then(|d| d.body.as_ref()).and_then(|b| b.text.as_deref());
    let text = [title, body].into_iter().flatten().collect::<Vec<_>>().join("\n");
    let (key, text) = if text.is_empty() {
        let link = legal.and_then(|l| l.privacy_policy.as_ref()).and_then(|p| p.link_text.as_deref());
        ("privacy_policy", link.unwrap_or_default())
    } else {
        ("disclaimer", text.as_str())
    };
    let privacy_policy_url = policy_url(form);
    if text.is_empty() && privacy_policy_url.is_none() {
        return None;
    }
    Some(MappedConsent {
        key: key.to_owned(),
        text: clean(text, MAX_CHARS),
        given: false,
        preselected: false,
        inferred: false,
        text_version: version(form, None),
        privacy_policy_url,
    })
}

fn unknown_boxes(lead: &GraphLead, unknown: impl Fn(&str) -> bool) -> Vec<MappedConsent> {
    let answers = lead.custom_disclaimer_responses.iter().filter(|answer| unknown(&answer.checkbox_key));
    answers
        .take(MAX_CONSENTS)
        .map(|answer| MappedConsent {
            key: clean(&answer.checkbox_key, MAX_CHARS),
            text: String::new(),
            given: false,
            preselected: false,
            inferred: false,
            text_version: String::new(),
            privacy_policy_url: None,
        })
        .collect()
}

fn policy_url(form: &GraphForm) -> Option<String> {
    let legal = form.legal_content.as_ref().and_then(|l| l.privacy_policy.as_ref()).and_then(|p| p.url.as_deref());
    legal.or(form.privacy_policy_url.as_deref()).map(|url| clean(url, 2_000)).filter(|url| !url.is_empty())
}

/// Over JSON, so that no two different texts run together into one.
fn version(form: &GraphForm, checkbox: Option<&str>) -> String {
    let legal = form.legal_content.as_ref();
    let disclaimer = legal.and_then(|l| l.custom_disclaimer.as_ref());
    let policy = legal.and_then(|l| l.privacy_policy.as_ref());
    let body = disclaimer.and_then(|d| d.body.as_ref());
    let links: Vec<_> =
        body.iter().flat_map(|b| &b.url_entities).map(|e| (e.offset, e.length, e.url.as_deref())).collect();
    let shown = serde_json::json!([
        disclaimer.and_then(|d| d.title.as_deref()),
        body.and_then(|b| b.text.as_deref()),
        links,
        checkbox,
        policy_url(form),
        policy.and_then(|p| p.link_text.as_deref()),
    ]);
    hex::encode(digest::digest(&digest::SHA256, shown.to_string().as_bytes()))[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use crate::integrations::mapping::tests::{form, lead};

    use super::*;

    fn given(consents: &[MappedConsent]) -> Vec<(&str, bool, bool, bool)> {
        consents.iter().map(|c| (c.key.as_str(), c.given, c.preselected, c.inferred)).collect()
    }

    #[test]
    fn a_tick_of_ones_own_is_consent_and_a_preset_one_is_not() {
        let consents = map_consents(&lead("lead_disclaimers"), Some(&form("form_nb")), &Overrides::new());
        assert_eq!(
            given(&consents),
            [
                ("required_1", true, false, true),
                ("optional_1", true, false, false),
                ("optional_2", false, false, false),
                ("optional_3", false, true, false),
            ]
        );
        assert_eq!(consents[1].text, "Send meg tilbud på e-post.");
        assert_eq!(consents[1].privacy_policy_url.as_deref(), Some("https://example.com/personvern"));
    }

    #[test]
    fn the_version_follows_every_part_of_the_text() {
        let (lead, first) = (lead("lead_disclaimers"), form("form_nb"));
        let versions = |form: &GraphForm| {
            map_consents(&lead, Some(form), &Overrides::new()).into_iter().map(|c| c.text_version).collect::<Vec<_>>()
        };
        let original = versions(&first);
        assert!(original.iter().all(|v| v.len() == 16 && v.bytes().all(|b| b.is_ascii_hexdigit())));
        assert_ne!(original[0], original[1], "each box has its own");

        let mut renamed = first.clone();
        renamed.name = Some("Other".into());
        renamed.questions.clear();
        assert_eq!(versions(&renamed), original, "the same text in another form");

        let mut changed = first.clone();
        changed
            .legal_content
            .as_mut()
            .unwrap()
            .custom_disclaimer
            .as_mut()
            .unwrap()
            .body
            .as_mut()
            .unwrap()
            .url_entities[0]
            .url = Some("https://example.com/other".into());
        assert_ne!(versions(&changed)[0], original[0]);
    }

    #[test]
    fn sending_a_form_is_not_ticking_a_box() {
        let lead = lead("lead_custom_questions");
        let mut form = form("form_nb");
        form.legal_content.as_mut().unwrap().custom_disclaimer.as_mut().unwrap().checkboxes.clear();
        let shown = map_consents(&lead, Some(&form), &Overrides::new());
        assert_eq!(given(&shown), [("disclaimer", false, false, false)]);
        assert!(shown[0].text.starts_with("Samtykke\nVi bruker"));

        form.legal_content = None;
        let policy = map_consents(&lead, Some(&form), &Overrides::new());
        assert_eq!(given(&policy), [("privacy_policy", false, false, false)]);
        assert_eq!(policy[0].privacy_policy_url.as_deref(), Some("https://example.com/personvern"));

        form.privacy_policy_url = None;
        assert_eq!(map_consents(&lead, Some(&form), &Overrides::new()), []);
    }

    #[test]
    fn a_refused_required_box_stays_refused() {
        let mut lead = lead("lead_disclaimers");
        lead.custom_disclaimer_responses[0].checkbox_key = "required_1".into();
        lead.custom_disclaimer_responses[0].is_checked = false;
        assert_eq!(
            given(&map_consents(&lead, Some(&form("form_nb")), &Overrides::new()))[0],
            ("required_1", false, false, false)
        );
    }

    #[test]
    fn a_tick_without_its_text_proves_nothing() {
        let consents = map_consents(&lead("lead_disclaimers"), None, &Overrides::new());
        assert_eq!(consents.len(), 3);
        assert!(consents.iter().all(|c| !c.given && c.text_version.is_empty()));
    }

    #[test]
    fn a_question_that_asks_for_consent_is_given_by_a_yes_only() {
        let mut form = form("form_nb");
        let key = "kan_vi_ringe_deg?";
        form.questions.push(Question { key: key.into(), label: "Kan vi ringe deg?".into(), ..Question::default() });
        let overrides = Overrides::from([(key.to_owned(), Target::Consent)]);
        for (values, given) in
            [(&["Ja takk!"][..], true), (&["nei"], false), (&["kanskje"], false), (&["ja", "nei"], false), (&[], false)]
        {
            let mut lead = lead("lead_disclaimers");
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            lead.field_data.push(crate::providers::meta::Field { name: key.into(), values });
            let consents = map_consents(&lead, Some(&form), &overrides);
            let consent = consents.iter().find(|consent| consent.key == key).unwrap();
            assert_eq!(
                (consent.given, consent.text.as_str(), consent.text_version.len()),
                (given, "Kan vi ringe deg?", 16)
            );
            assert!(map_consents(&lead, Some(&form), &Overrides::new()).iter().all(|consent| consent.key != key));
        }
    }
}
