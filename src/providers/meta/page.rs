//! What Graph tells of a Page, and of the token that speaks for it: what a connection is made of, and what it breaks at.
//!
//! Sources: developers.facebook.com/docs/graph-api/webhooks/getting-started/webhooks-for-leadgen, /docs/facebook-login/access-tokens/debugging;
//! field names from Meta's Python SDK `page.py`.

use reqwest::Method;
use serde::Deserialize;

use super::{
    Data, GraphForm, Listing, Meta, MetaError, MetaId, PageToken, form::FORM_FIELDS, lead::or_default, lead::truthy,
};

/// Forms of one Page that are read at most: so many answers of 25, since a form with its legal text is about 20 kB.
const MOST_FORM_PAGES: usize = 12;

/// What Meta says of a token: `GET /debug_token`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// The app it was made for.
    #[serde(default, deserialize_with = "super::id::lenient")]
    pub app_id: Option<MetaId>,
    #[serde(default)]
    pub is_valid: bool,
    /// Unix seconds; 0 means never.
    #[serde(default)]
    pub expires_at: i64,
    /// Unix seconds; 0 means never.
    #[serde(default)]
    pub data_access_expires_at: i64,
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Why it is not valid.
    #[serde(default)]
    pub error: Option<TokenFault>,
}

/// Why a token is not valid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TokenFault {
    #[serde(default)]
    pub code: i64,
    #[serde(default)]
    pub subcode: Option<i64>,
}

/// The Page a token belongs to: `GET /me`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GraphPage {
    pub id: MetaId,
    #[serde(default)]
    pub name: Option<String>,
}

/// An app that a Page tells of what happens: `GET /{page}/subscribed_apps`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SubscribedApp {
    pub id: MetaId,
    #[serde(default, deserialize_with = "or_default")]
    pub subscribed_fields: Vec<String>,
}

/// What a Page must allow before its leads can be read. What Graph does not tell counts as allowed: the real read shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeadAccess {
    /// An admin accepted the terms of lead ads, once.
    pub terms_accepted: bool,
    /// The Page's Leads Access Manager lets this app or person read leads.
    pub can_access_leads: bool,
}

#[derive(Deserialize)]
struct AccessFields {
    #[serde(default)]
    leadgen_tos_accepted: Option<bool>,
    #[serde(default)]
    has_lead_access: Option<HasLeadAccess>,
}

#[derive(Deserialize)]
struct HasLeadAccess {
    #[serde(default)]
    can_access_lead: Option<bool>,
}

#[derive(Deserialize)]
struct Done {
    #[serde(default, deserialize_with = "truthy")]
    success: bool,
}

impl Meta {
    /// The Page this token speaks for.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn page(&self, token: &PageToken) -> Result<GraphPage, MetaError> {
        Ok(self.get(token, "me", &[("fields", "id,name")]).await?.0)
    }

    /// Asks, as the app, how healthy a token is.
    ///
    /// # Errors
    /// See [`MetaError`]; [`MetaError::Invalid`] when no app id is configured.
    pub async fn debug_token(&self, token: &PageToken) -> Result<TokenInfo, MetaError> {
        let Some(app_id) = &self.options.app_id else {
            return Err(MetaError::Invalid { what: "no app id is configured".to_owned() });
        };
        let app = self.options.app_secret.app_token(app_id);
        let (answer, _): (Data<TokenInfo>, _) =
            self.get(&app, "debug_token", &[("input_token", token.expose())]).await?;
        Ok(answer.data)
    }

    /// Has the Page tell this app of new leads. Again and again it does the same.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn subscribe(&self, token: &PageToken, page_id: &MetaId) -> Result<(), MetaError> {
        let path = format!("{page_id}/subscribed_apps");
        let (done, _): (Done, _) = self.call(Method::POST, token, &path, &[("subscribed_fields", "leadgen")]).await?;
        if done.success { Ok(()) } else { Err(MetaError::Invalid { what: "no success".to_owned() }) }
    }

    /// Has the Page tell this app nothing any more.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn unsubscribe(&self, token: &PageToken, page_id: &MetaId) -> Result<(), MetaError> {
        let path = format!("{page_id}/subscribed_apps");
        let _: (Done, _) = self.call(Method::DELETE, token, &path, &[]).await?;
        Ok(())
    }

    /// Whom the Page tells what.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn subscribed_apps(&self, token: &PageToken, page_id: &MetaId) -> Result<Vec<SubscribedApp>, MetaError> {
        let (answer, _): (Data<Vec<SubscribedApp>>, _) =
            self.get(token, &format!("{page_id}/subscribed_apps"), &[]).await?;
        Ok(answer.data)
    }

    /// Whether the Page lets leads be read at all.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn lead_access(&self, token: &PageToken, page_id: &MetaId) -> Result<LeadAccess, MetaError> {
        let fields = [("fields", "leadgen_tos_accepted,has_lead_access")];
        let (told, _): (AccessFields, _) = self.get(token, page_id.as_str(), &fields).await?;
        Ok(LeadAccess {
            terms_accepted: told.leadgen_tos_accepted.unwrap_or(true),
            can_access_leads: told.has_lead_access.and_then(|access| access.can_access_lead).unwrap_or(true),
        })
    }

    /// The Page's forms; one that cannot be read is left out.
    ///
    /// # Errors
    /// See [`MetaError`].
    pub async fn page_forms(&self, token: &PageToken, page_id: &MetaId) -> Result<Vec<GraphForm>, MetaError> {
        let path = format!("{page_id}/leadgen_forms");
        let (mut forms, mut after) = (Vec::new(), None::<String>);
        for _ in 0..MOST_FORM_PAGES {
            let mut query = vec![("fields", FORM_FIELDS), ("limit", "25")];
            query.extend(after.as_deref().map(|cursor| ("after", cursor)));
            let (listing, _): (Listing, _) = self.get(token, &path, &query).await?;
            forms.extend(listing.data.into_iter().filter_map(|row| serde_json::from_value(row).ok()));
            let next = listing.paging.filter(|paging| paging.next.is_some());
            after = next.and_then(|paging| paging.cursors).and_then(|cursors| cursors.after);
            if after.is_none() {
                break;
            }
        }
        Ok(forms)
    }
}
