//! What people do at Meta's to a Page and to its token: take away a right, let a token end, make another one. Each makes another answer.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{PageOptions, Sandbox, faults::error, graph::Answer};

/// What is other than when the sandbox began. What is left out is as it was.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageChange {
    /// The Page's token now; the one before is no token any more.
    pub token: Option<String>,
    /// The token is dead, with this subcode of code 190.
    pub dead: Option<i64>,
    pub scopes: Option<Vec<String>>,
    /// Unix seconds; 0 is never.
    pub expires_at: i64,
    pub data_access_expires_at: i64,
    /// The app that the token was made for.
    pub app_id: Option<String>,
    /// Nobody accepted the terms of lead ads.
    pub without_terms: bool,
    /// The Leads Access Manager does not let this app read leads.
    pub without_lead_access: bool,
    pub without_forms: bool,
    /// How much of the budget for calls is used. Percent.
    pub budget: Option<u64>,
}

const SCOPES: [&str; 5] =
    ["leads_retrieval", "pages_show_list", "pages_read_engagement", "pages_manage_metadata", "ads_management"];

impl Sandbox {
    /// Lets something happen to a Page, instead of what happened to it before.
    pub fn change_page(&self, page_id: &str, change: PageChange) {
        self.state().changes.insert(page_id.to_owned(), change);
    }

    /// Somebody takes away that an app is told of a Page's leads.
    pub fn unsubscribe(&self, page_id: &str) {
        self.state().subscribed.remove(page_id);
    }

    pub(super) fn changed(&self, page_id: &str) -> PageChange {
        self.state().changes.get(page_id).cloned().unwrap_or_default()
    }

    /// The Page that a token speaks for, alive or dead.
    pub(super) fn page_of(&self, token: &str) -> Option<&PageOptions> {
        let is_its = |page: &&PageOptions| *self.changed(&page.id).token.as_ref().unwrap_or(&page.token) == token;
        self.pages().iter().find(is_its)
    }

    /// The secret of the app with this id.
    pub(super) fn secret_of(&self, app_id: &str) -> Option<&str> {
        let options = self.options();
        let own = (options.app_id.as_str(), options.app_secret.as_str());
        let others = options.other_apps.iter().map(|(id, secret)| (id.as_str(), secret.as_str()));
        others.chain([own]).find(|(id, _)| *id == app_id).map(|(_, secret)| secret)
    }

    /// The app that a Page's token was made for.
    pub(super) fn app_of(&self, page_id: &str) -> String {
        self.changed(page_id).app_id.unwrap_or_else(|| self.options().app_id.clone())
    }

    /// What `debug_token` says of a Page's token.
    pub(super) fn token_of_page(&self, page: &PageOptions) -> Value {
        let change = self.changed(&page.id);
        let app_id = self.app_of(&page.id);
        if let Some(subcode) = change.dead {
            let error = json!({"code": 190, "message": message(subcode), "subcode": subcode});
            return json!({"app_id": app_id, "type": "PAGE", "error": error, "is_valid": false, "scopes": []});
        }
        let scopes = change.scopes.unwrap_or_else(|| SCOPES.map(str::to_owned).to_vec());
        json!({
            "app_id": app_id, "type": "PAGE", "is_valid": true, "expires_at": change.expires_at,
            "data_access_expires_at": change.data_access_expires_at, "scopes": scopes,
        })
    }
}

/// As Graph words why a token is dead (guides/error-handling).
fn message(subcode: i64) -> &'static str {
    match subcode {
        458 => "Error validating access token: The user has not authorized application.",
        459 => {
            "Error validating access token: You cannot access the app till you log in and follow the instructions given."
        }
        460 => {
            "Error validating access token: The session has been invalidated because the user changed their password."
        }
        463 => "Error validating access token: Session has expired.",
        _ => "Error validating access token: The session is invalid.",
    }
}

/// The answer to every call with a dead token.
pub(super) fn dead(subcode: i64) -> Answer {
    error(400, 190, Some(subcode), message(subcode))
}
