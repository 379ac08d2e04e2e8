//! What an alert says, in its person's language. On a locked screen anybody reads it, so it names nobody unless the organization allows it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use url::Url;

use super::sql::{self, Alert, Told};
use crate::{
    app::App,
    db::Tx,
    error::{Error, Result},
    identity,
    leads::{self, Lead},
    notifications::{self, Kind},
    organizations,
    types::ids::{AlertId, LeadId},
    words::Words,
};

/// What is said on every way.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub title: String,
    pub body: String,
    pub language: String,
    /// Where it leads, in the app.
    pub path: String,
    /// The lead, where it is about one.
    pub lead: Option<LeadId>,
    pub unseen: i64,
    /// That it may be taken at once.
    pub may_claim: bool,
    pub is_about_leads: bool,
}

/// What is left to say: `None` where everything was seen, called or taken meanwhile.
pub(super) async fn say(tx: &mut Tx, alert: &Alert, told: &[Told]) -> Result<Option<Said>> {
    let unseen: Vec<&Told> = told.iter().filter(|one| !one.is_seen).collect();
    let ids: Vec<LeadId> = unseen.iter().filter_map(|one| one.lead).collect();
    let leads: Vec<Lead> = leads::present_many(tx, &ids).await?;
    let leads: Vec<Lead> = leads.into_iter().filter(|lead| matters(alert, lead)).collect();
    let about_leads = !matches!(alert.kind, Kind::ConnectionBroken | Kind::ConnectionMended | Kind::Test);
    if unseen.is_empty() || (about_leads && leads.is_empty()) {
        return Ok(None);
    }
    let organization = organizations::current(tx).await?;
    let zone: Tz = organization.time_zone.parse().map_err(Error::internal)?;
    let locale = identity::locale_of(tx, alert.user).await?.unwrap_or(organization.locale);
    let words = Words::of(locale.as_str());
    let first = leads.first();
    let due_at = unseen.iter().filter_map(|one| instant(&one.data, "due_at")).min();
    let names = sql::names_on_lock_screen(tx).await?;
    let name = first.filter(|_| names && leads.len() == 1).and_then(|lead| lead.full_name.clone());
    let count = leads.len().to_string();
    let time = due_at.map(|due| due.with_timezone(&zone).format("%H:%M").to_string()).unwrap_or_default();
    let since = first.map(|lead| lead.created_at.with_timezone(&zone).format("%H:%M").to_string()).unwrap_or_default();
    let values =
        [("count", count.as_str()), ("name", name.as_deref().unwrap_or_default()), ("time", &time), ("since", &since)];
    let many = leads.len() > 1;
    let key = |part: &str| {
        let one = alert.kind.as_str().replace('_', "-");
        let form = if many {
            "-many"
        } else if name.is_some() && part == "body" {
            "-named"
        } else {
            ""
        };
        format!("alert-{one}-{part}{form}")
    };
    let unseen = notifications::unseen(tx, &[alert.user]).await?.get(&alert.user).copied().unwrap_or_default();
    let lead = first.filter(|_| !many).map(|lead| lead.id);
    Ok(Some(Said {
        title: words.fill(&key("title"), &values),
        body: words.fill(&key("body"), &values),
        language: words.language(),
        path: match (alert.kind, lead) {
            (Kind::ConnectionBroken | Kind::ConnectionMended, _) => "/settings/meta".to_owned(),
            (Kind::Test, _) => "/settings/alerts".to_owned(),
            (_, Some(lead)) => format!("/leads/{lead}"),
            (_, None) => "/".to_owned(),
        },
        lead,
        unseen,
        may_claim: first.is_some_and(|lead| !many && lead.assignee_id.is_none()),
        is_about_leads: about_leads,
    }))
}

/// Whether its person still has to know.
fn matters(alert: &Alert, lead: &Lead) -> bool {
    let waits = lead.first_attempt_at.is_none() && lead.status.is_open();
    match alert.kind {
        Kind::NewLead => waits && lead.assignee_id.is_none_or(|holder| holder == alert.user),
        Kind::LeadAssigned => waits && lead.assignee_id == Some(alert.user),
        Kind::LeadWaiting => waits,
        _ => true,
    }
}

fn instant(data: &Value, field: &str) -> Option<DateTime<Utc>> {
    data.get(field)?.as_str()?.parse().ok()
}

/// As browsers that know the declarative form show it by themselves, and our service worker in others.
pub(super) fn payload(app: &App, alert: AlertId, kind: Kind, said: &Said, token: &str) -> Result<Vec<u8>> {
    let base: &Url = &app.config.http.public_url;
    let navigate = base.join(said.path.trim_start_matches('/')).map_err(Error::internal)?;
    let ours = json!({
        "alert": alert,
        "kind": kind.as_str(),
        "token": token,
        "lead_id": said.lead,
        "may_claim": said.may_claim,
        "path": said.path,
        "unseen": said.unseen,
    });
    Ok(serde_json::to_vec(&json!({
        "web_push": 8030,
        "notification": {
            "title": said.title,
            "body": said.body,
            "lang": said.language,
            "dir": "ltr",
            "tag": kind.as_str(),
            "navigate": navigate,
            "silent": false,
            "app_badge": said.unseen.to_string(),
            // A browser that reads the declarative form hands the worker a notification, and nothing of the rest.
            "data": ours,
        },
        "app_badge": said.unseen.to_string(),
        "mutable": true,
        "nextmove": ours,
    }))?)
}
