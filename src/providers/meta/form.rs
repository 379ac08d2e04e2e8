//! A lead form as Graph answers it: its questions, which give the answers their labels, and its legal text, which is the
//! evidence of what a person agreed to.
//!
//! A published form cannot be changed, only archived, so what was read once stays true for every lead of that form. All types
//! here write and read the same JSON, so that the snapshot can be stored.
//!
//! Source: Meta's Python SDK `leadgenform.py`, `leadgenlegalcontent.py`.

use serde::{Deserialize, Serialize};

use super::{
    id::{self, MetaId},
    lead::{or_default, truthy},
};

/// What we ask for, by name.
pub const FORM_FIELDS: &str = "id,name,status,locale,questions,legal_content,privacy_policy_url,follow_up_action_url";

/// A form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphForm {
    pub id: MetaId,
    #[serde(default)]
    pub name: Option<String>,
    /// `ACTIVE`, `ARCHIVED`, `DELETED` or `DRAFT`.
    #[serde(default)]
    pub status: Option<String>,
    /// As Meta writes it: `nb_NO`.
    #[serde(default)]
    pub locale: Option<String>,
    /// In the order the person saw them.
    #[serde(default, deserialize_with = "or_default")]
    pub questions: Vec<Question>,
    #[serde(default)]
    pub legal_content: Option<LegalContent>,
    #[serde(default)]
    pub privacy_policy_url: Option<String>,
    #[serde(default)]
    pub follow_up_action_url: Option<String>,
}

/// A question. Its `key` is the `name` in a lead's `field_data`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    #[serde(default, deserialize_with = "id::lenient")]
    pub id: Option<MetaId>,
    #[serde(default, deserialize_with = "or_default")]
    pub key: String,
    #[serde(default, deserialize_with = "or_default")]
    pub label: String,
    /// `CUSTOM`, `FULL_NAME`, `PHONE`, `EMAIL` …
    #[serde(default, rename = "type", deserialize_with = "or_default")]
    pub kind: String,
    #[serde(default, deserialize_with = "or_default")]
    pub options: Vec<QuestionOption>,
}

/// One choice: a lead carries the `key`, the person read the `value`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionOption {
    #[serde(default, deserialize_with = "or_default")]
    pub key: String,
    #[serde(default, deserialize_with = "or_default")]
    pub value: String,
}

/// The legal text of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalContent {
    #[serde(default, deserialize_with = "id::lenient")]
    pub id: Option<MetaId>,
    #[serde(default)]
    pub privacy_policy: Option<PrivacyPolicy>,
    #[serde(default)]
    pub custom_disclaimer: Option<CustomDisclaimer>,
}

/// The link to the business's privacy policy, which every form must have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyPolicy {
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub link_text: Option<String>,
}

/// The business's own disclaimer, with boxes to tick.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomDisclaimer {
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub body: Option<DisclaimerBody>,
    #[serde(default, deserialize_with = "or_default")]
    pub checkboxes: Vec<Checkbox>,
}

/// Text with links in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisclaimerBody {
    #[serde(default)]
    pub text: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    pub url_entities: Vec<UrlEntity>,
}

/// A link over a part of the text. Meta does not say in which unit `offset` and `length` count, so they are only kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlEntity {
    #[serde(default, deserialize_with = "or_default")]
    pub offset: u32,
    #[serde(default, deserialize_with = "or_default")]
    pub length: u32,
    #[serde(default)]
    pub url: Option<String>,
}

/// A box to tick.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkbox {
    #[serde(default, deserialize_with = "id::lenient")]
    pub id: Option<MetaId>,
    #[serde(default, deserialize_with = "or_default")]
    pub key: String,
    #[serde(default, deserialize_with = "or_default")]
    pub text: String,
    #[serde(default, deserialize_with = "truthy")]
    pub is_required: bool,
    #[serde(default, deserialize_with = "truthy")]
    pub is_checked_by_default: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_survives_being_stored() {
        for name in ["form_nb.json", "form_de.json"] {
            let path = format!("{}/fixtures/meta/{name}", env!("CARGO_MANIFEST_DIR"));
            let form: GraphForm = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let stored = serde_json::to_value(&form).unwrap();
            assert_eq!(serde_json::from_value::<GraphForm>(stored).unwrap(), form);
            let disclaimer = form.legal_content.unwrap().custom_disclaimer.unwrap();
            assert!(!disclaimer.checkboxes.is_empty() && disclaimer.body.unwrap().text.is_some());
        }
    }

    #[test]
    fn a_bare_form_is_a_form() {
        let form: GraphForm =
            serde_json::from_str(r#"{"id":7,"questions":null,"legal_content":null,"name":null,"x":{"y":1}}"#).unwrap();
        assert_eq!((form.id.as_str(), form.questions.len(), form.legal_content), ("7", 0, None));
    }
}
