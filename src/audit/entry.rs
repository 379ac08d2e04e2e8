//! A line of the trail, before it is written.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Action;

/// What is to be written: the action, what it was done to, and what else there is to say of it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) action: Action,
    pub(super) subject: Option<Uuid>,
    pub(super) details: BTreeMap<String, Value>,
}

impl From<Action> for Entry {
    fn from(action: Action) -> Self {
        Self { action, subject: None, details: BTreeMap::new() }
    }
}

impl Entry {
    /// A detail: an id, the name of a field, a word of ours. Never what a person is called, said or left: the trail cannot forget.
    #[must_use]
    pub fn with(mut self, name: &str, detail: impl Serialize) -> Self {
        let detail = serde_json::to_value(detail).expect("ids and words serialize");
        if !detail.is_null() {
            self.details.insert(name.to_owned(), detail);
        }
        self
    }

    /// As [`Self::with`], for each field of an object.
    #[must_use]
    pub fn with_all(mut self, details: Value) -> Self {
        if let Value::Object(fields) = details {
            self.details.extend(fields.into_iter().filter(|(_, detail)| !detail.is_null()));
        }
        self
    }
}
