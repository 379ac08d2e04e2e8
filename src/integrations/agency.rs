//! When leads of a business can no longer be read, its agency's staff are written to as well: they often have the token that mends it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::sql;
use crate::{
    app::App,
    identity::{self, Said},
    jobs::{self, Context, Failure, Job},
    types::ids::{OrganizationId, UserId},
};

/// What breaks at once (an app at Meta, one person's password) is one letter.
const GATHERED: TimeDelta = TimeDelta::seconds(60);

/// Finds those who look after the organization, and has each written to.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellAgency {
    pub page_id: String,
}

impl Job<App> for TellAgency {
    const KIND: &'static str = "tell_agency";
    const PRIORITY: i16 = 60;

    fn key(&self) -> Option<String> {
        Some(self.page_id.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (app, organization) = (&context.app, context.organization()?);
        if app.mail.is_none() {
            return Ok(()); // it stands on their screen
        }
        app.db
            .directory(async |directory| {
                let at = directory.now() + GATHERED;
                for user in identity::agency_of(directory, organization).await? {
                    // Also where a letter is being written: it may know nothing of this one.
                    jobs::ask_for_at::<App, _>(directory, None, &WriteAgency { user }, at).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// The letter to one of them: all that they look after whose leads cannot be read, as it is by then.
#[derive(Debug, Serialize, Deserialize)]
pub struct WriteAgency {
    pub user: UserId,
}

impl Job<App> for WriteAgency {
    const KIND: &'static str = "write_agency";
    const PRIORITY: i16 = 60;

    fn key(&self) -> Option<String> {
        Some(self.user.to_string())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let app = &context.app;
        let broken = app
            .db
            .directory(async |directory| {
                let only: Vec<OrganizationId> = identity::looked_after(directory, self.user).await?;
                let now = directory.now();
                sql::troubled_pages(directory, &only, now).await
            })
            .await?;
        let broken: Vec<_> = broken.into_iter().filter(|row| row.kind.as_deref() == Some("missing")).collect();
        let Some(first) = broken.first() else { return Ok(()) }; // mended within the minute
        let (who, count) = (first.organization_name.clone(), broken.len().to_string());
        // One letter for one state of things, however often the job runs.
        let newest = broken.iter().filter_map(|row| row.since).max().map_or(0, |since| since.timestamp_micros());
        let letter = format!("{}.{newest}.{count}", self.user);
        identity::write_to(app, self.user, letter, "operator", |words| Said {
            subject: match broken.len() {
                1 => words.fill("agency-broken-subject", &[("organization", &who)]),
                _ => words.fill("agency-broken-subject-many", &[("count", &count)]),
            },
            heading: words.say("agency-broken-heading"),
            text: std::iter::once(words.say("agency-broken-text"))
                .chain(broken.iter().map(|row| {
                    let places = [("organization", row.organization_name.as_str()), ("page", row.page_name.as_str())];
                    words.fill("agency-broken-page", &places)
                }))
                .collect(),
            button: words.say("agency-broken-button"),
        })
        .await
    }
}
