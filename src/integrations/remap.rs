//! Leads that came before the form's answers had their places: read again from Meta, and put where they belong now.
//!
//! By the mapping that was decided last: where an owner decides anew meanwhile, what is under way begins again with that.
//! Only leads that nobody corrected by hand and that one submission made. A lead stays who it is: status, claim, attempts and consent are
//! not touched, and its timeline says what happened.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{connect, forms, mapping, sql, store};
use crate::{
    app::App,
    audit::{self, Action},
    db::{Actor, Tx},
    error::{Error, Result},
    jobs::{self, Context, Failure, Job},
    leads, organizations,
    types::ids::{FormId, OrganizationId},
};

/// Answers of Meta's that one job reads, a hundred leads each; then another goes on.
const PAGES: usize = 20;

/// Maps the leads of a form anew that were sent since a time.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemapForm {
    pub form: FormId,
    /// Of the mapping that it applies.
    #[serde(default)]
    pub version: i32,
    pub since: DateTime<Utc>,
    /// Where another job left off.
    pub after: Option<String>,
}

impl Job<App> for RemapForm {
    const KIND: &'static str = "remap_form";
    const PRIORITY: i16 = 150;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}:{}", self.form, self.version, self.after.as_deref().unwrap_or_default()))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let (app, db) = (&context.app, &context.app.db);
        let ground = db.read(organization, Actor::System, async |tx| {
            let known = forms::known(tx, self.form).await?;
            let (meta, token) = connect::key(app, tx, known.page_id()).await?;
            Ok((known, meta, token, organizations::current(tx).await?.country))
        });
        let (known, meta, token, country) = match ground.await {
            Ok(ground) => ground,
            Err(Error::NotFound) => {
                tracing::info!(form = %self.form, "its page was disconnected meanwhile: there is nothing to read");
                return Ok(());
            }
            Err(other) => return Err(other.into()),
        };
        if known.version() != self.version {
            return self.begin_again(app, organization).await;
        }
        let mut after = self.after.clone();
        let mut changed = 0;
        for _ in 0..PAGES {
            let read = meta.form_leads(&token, &known.form.id, self.since, after.as_deref()).await;
            let page = read.map_err(|error| super::failure(&error))?;
            let people: HashMap<String, leads::Person> = page
                .leads
                .iter()
                .map(|lead| {
                    let mapped = mapping::map_lead(lead, Some(&known.form), &known.overrides, country);
                    (lead.id.as_str().to_owned(), store::person(mapped))
                })
                .collect();
            let remapped = db.write(organization, Actor::System, async |tx| {
                if sql::hold_version(tx, self.form).await? != Some(self.version) {
                    return Ok(None);
                }
                remap(tx, &people).await.map(Some)
            });
            let Some(remapped) = remapped.await? else { return self.begin_again(app, organization).await };
            changed += remapped;
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        tracing::info!(form = %self.form, changed, "leads were mapped anew");
        if after.is_some() {
            let next = Self { after, ..self };
            db.write(organization, Actor::System, async |tx| {
                let soon = tx.now() + Duration::from_secs(1);
                jobs::enqueue_at::<App, _>(tx, &next, soon).await
            })
            .await?;
        }
        Ok(())
    }
}

impl RemapForm {
    /// An owner decided otherwise meanwhile: all of it once more, unless that is under way already.
    async fn begin_again(self, app: &App, organization: OrganizationId) -> Result<(), Failure> {
        let begun = app.db.write(organization, Actor::System, async |tx| {
            let version = forms::known(tx, self.form).await?.version();
            jobs::enqueue::<App, _>(tx, &Self { version, after: None, ..self }).await
        });
        begun.await?;
        Ok(())
    }
}

/// In one order of leads, so that two of these never wait for each other.
async fn remap(tx: &mut Tx, people: &HashMap<String, leads::Person>) -> Result<usize> {
    let ids: Vec<String> = people.keys().cloned().collect();
    let mut stored = sql::leads_of(tx, &ids).await?;
    stored.sort_by_key(|(_, lead)| *lead);
    let mut changed = 0;
    for (meta_lead_id, lead) in stored {
        if let Some(person) = people.get(&meta_lead_id)
            && leads::remap(tx, lead, person).await?
        {
            changed += 1;
        }
    }
    Ok(changed)
}

/// Has the leads of the last 30 days mapped anew. 409 `not_connected`.
pub async fn ask(tx: &mut Tx, form: FormId) -> Result<()> {
    let known = forms::known(tx, form).await?;
    if sql::pages(tx, Some(known.page_id())).await?.is_empty() {
        return Err(forms::not_connected());
    }
    let (version, since) = (known.version(), tx.now() - forms::REACH);
    jobs::enqueue::<App, _>(tx, &RemapForm { form, version, since, after: None }).await?;
    audit::record(tx, Action::RemapAsked.on(form.0).with("since", since));
    Ok(())
}
