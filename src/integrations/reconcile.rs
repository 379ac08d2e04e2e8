//! Nothing missed: Meta tells of a lead once or a few times, and then never again, so what no webhook told of is looked for. Each form is asked
//! every minute which leads it got, by a window that overlaps the last one; what we have no receipt of is received as if it had been delivered.
//!
//! Invariant: a form's mark (`lead_forms.reconciled_to`) passes a moment only when every lead of before has a receipt, so that it is here, on its
//! way, or in the graveyard for all to see. A lead's clock starts when the person sent it, however late it is found.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{connect, forms, health::mark_broken, intake, sql, tally};
use crate::{
    app::App,
    db::{Actor, Tx},
    error::Error,
    jobs::{self, Context, Failure, Job},
    outbox::{self, Event, Topic},
    providers::meta::{LeadgenChange, MetaError, MetaId, Retry},
    types::ids::{FormId, OrganizationId},
};

/// Meta forgets leads after 90 days: so far back a form is looked at for the first time.
const REACH: TimeDelta = TimeDelta::days(90);
/// So long may a lead take to appear in a form's list after it was sent.
pub(super) const OVERLAP: TimeDelta = TimeDelta::minutes(15);
/// So long a webhook has.
const PATIENCE: TimeDelta = TimeDelta::minutes(1);
/// Answers that one job reads, a hundred leads each; then another goes on.
const PAGES: usize = 20;
/// Of Meta's budget, in percent: from here on the webhooks' own fetches have it to themselves.
const ENOUGH: u32 = 70;
const REST: Duration = Duration::from_secs(600);
/// New forms are found this often.
const FORMS_EVERY: TimeDelta = TimeDelta::hours(1);

/// Sends a job to every connected page whose budget at Meta is not used up for the most part.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reconcile {}

impl Job<App> for Reconcile {
    const KIND: &'static str = "reconcile";

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        context
            .app
            .db
            .directory(async |directory| {
                for (page_id, organization) in sql::pages_to_ask(directory).await? {
                    jobs::enqueue_for::<App, _>(directory, Some(organization), &ReconcilePage { page_id }).await?;
                }
                Ok(())
            })
            .await?;
        Ok(())
    }
}

/// Sends a job to each form of a page; asks now and then which forms it has.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReconcilePage {
    pub page_id: String,
}

impl Job<App> for ReconcilePage {
    const KIND: &'static str = "reconcile_page";
    const PRIORITY: i16 = 140;

    fn key(&self) -> Option<String> {
        Some(self.page_id.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (app, organization) = (&context.app, context.organization()?);
        let asks = app.db.write(organization, Actor::System, async |tx| {
            // A broken connection waits for a person; mended, everything since the marks is looked for.
            if sql::is_broken(tx, &self.page_id).await? {
                return Ok(false);
            }
            for form in sql::forms_to_reconcile(tx, &self.page_id).await? {
                jobs::enqueue::<App, _>(tx, &ReconcileForm { form, begun: None, after: None, holed: false }).await?;
            }
            let before = tx.now() - FORMS_EVERY;
            sql::asks_for_forms(tx, &self.page_id, before).await
        });
        if asks.await? { self.find_forms(app, organization).await } else { Ok(()) }
    }
}

impl ReconcilePage {
    /// A form that was made since has leads too.
    async fn find_forms(&self, app: &App, organization: OrganizationId) -> Result<(), Failure> {
        let id = MetaId::parse(&self.page_id).map_err(|error| Failure::Permanent(error.to_string()))?;
        let ground = app
            .db
            .read(organization, Actor::System, async |tx| Ok((connect::key(app, tx, &self.page_id).await?, tx.now())));
        let ((meta, token), known_at) = match ground.await {
            Ok(ground) => ground,
            Err(Error::NotFound) => return Ok(()), // disconnected since
            Err(other) => return Err(other.into()),
        };
        let found = meta.page_forms(&token, &id).await;
        let kept = app.db.write(organization, Actor::System, async |tx| match &found {
            Ok(forms) => connect::keep_forms(tx, &self.page_id, forms).await,
            Err(error) if error.breaks_connection() => mark_broken(tx, &self.page_id, error.class(), known_at).await,
            Err(error) => {
                tracing::warn!(page_id = self.page_id, class = error.class(), "a page's forms cannot be listed");
                Ok(())
            }
        });
        Ok(kept.await?)
    }
}

/// Looks for the leads of one form.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReconcileForm {
    pub form: FormId,
    /// Where another job left off: when the first one began, and Meta's cursor.
    pub begun: Option<DateTime<Utc>>,
    pub after: Option<String>,
    /// Whether one of them met rows that are nothing.
    #[serde(default)]
    pub holed: bool,
}

impl Job<App> for ReconcileForm {
    const KIND: &'static str = "reconcile_form";
    const PRIORITY: i16 = 140;

    fn key(&self) -> Option<String> {
        Some(format!("{}:{}", self.form, self.after.as_deref().unwrap_or_default()))
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        let (app, db) = (&context.app, &context.app.db);
        let ground = db.read(organization, Actor::System, async |tx| {
            let known = forms::known(tx, self.form).await?;
            let (meta, token) = connect::key(app, tx, known.page_id()).await?;
            Ok((sql::reconciled_to(tx, self.form).await?, known, meta, token, tx.now()))
        });
        let (mark, known, meta, token, now) = match ground.await {
            Ok(ground) => ground,
            Err(Error::NotFound) => return Ok(()), // disconnected since
            Err(other) => return Err(other.into()),
        };
        let page_id = MetaId::parse(known.page_id()).map_err(|error| Failure::Permanent(error.to_string()))?;
        let begun = self.begun.unwrap_or(now);
        let since = mark.map_or(begun - REACH, |mark| mark - OVERLAP);
        let mut after = self.after.clone();
        let mut holed = self.holed;
        for _ in 0..PAGES {
            let page = match meta.form_leads(&token, &known.form.id, since, after.as_deref()).await {
                Ok(page) => page,
                Err(error) if error.breaks_connection() => {
                    let marked = db.write(organization, Actor::System, async |tx| {
                        mark_broken(tx, page_id.as_str(), error.class(), now).await
                    });
                    return Ok(marked.await?);
                }
                Err(error) => {
                    if let MetaError::Throttled { retry_after, .. } = &error {
                        slow_down(app, organization, page_id.as_str(), 100, *retry_after).await?;
                    }
                    return later(&self, &error);
                }
            };
            holed |= page.unreadable > 0;
            let change = |leadgen_id, created_time| LeadgenChange {
                leadgen_id,
                page_id: page_id.clone(),
                form_id: Some(known.form.id.clone()),
                ad_id: None,
                adgroup_id: None,
                created_time,
            };
            let usage = page.usage;
            let told = page.leads.into_iter().map(|lead| change(lead.id, Some(lead.created_time)));
            // What cannot be read in the list is fetched by itself, and if that cannot be read either it is seen in the graveyard.
            let told = told.chain(page.unread.into_iter().map(|id| change(id, None)));
            let mut missing: Vec<LeadgenChange> = told.collect();
            let ids: Vec<String> = missing.iter().map(|lead| lead.leadgen_id.as_str().to_owned()).collect();
            let known_ids = db.directory(async |directory| sql::received(directory, &ids).await).await?;
            // What was sent just now may be on its way.
            let is_late = |lead: &LeadgenChange| lead.created_time.is_none_or(|sent| sent < now - PATIENCE);
            let is_missed = |lead: &LeadgenChange| is_late(lead) && !known_ids.contains(lead.leadgen_id.as_str());
            let listed = Listed::of(&missing, now, is_missed);
            missing.retain(|lead| !known_ids.contains(lead.leadgen_id.as_str()));
            if !missing.is_empty() {
                let count = missing.iter().filter(|lead| is_late(lead)).count();
                intake::take_in(app, Some(organization), missing, app.clock.now()).await?;
                if count > 0 {
                    tracing::warn!(form = %self.form, count, "leads that no webhook told of");
                    db.write(organization, Actor::System, async |tx| sql::count_missed(tx, self.form, count).await)
                        .await?;
                    metrics::counter!("nextmove_meta_missed_leads_total").increment(count as u64);
                }
            }
            listed.keep(app, organization, known.form.id.as_str()).await?;
            after = page.after;
            if usage.percent >= ENOUGH {
                slow_down(app, organization, page_id.as_str(), usage.percent, REST).await?;
            }
            if after.is_none() {
                break;
            }
            if usage.percent >= ENOUGH {
                return self.go_on(&context, begun, (after, holed), REST).await;
            }
        }
        if after.is_some() {
            return self.go_on(&context, begun, (after, holed), Duration::from_secs(1)).await;
        }
        if holed {
            tracing::error!(form = %self.form, "Meta's list has rows that are nothing: its mark stays where it is");
            return Ok(());
        }
        Ok(db.write(organization, Actor::System, async |tx| sql::reconcile_to(tx, self.form, begun).await).await?)
    }
}

impl ReconcileForm {
    async fn go_on(
        self,
        context: &Context<App>,
        begun: DateTime<Utc>,
        (after, holed): (Option<String>, bool),
        pause: Duration,
    ) -> Result<(), Failure> {
        let next = Self { begun: Some(begun), after, holed, ..self };
        let db = &context.app.db;
        let enqueued = db.write(context.organization()?, Actor::System, async |tx| {
            let at = tx.now() + pause;
            jobs::enqueue_at::<App, _>(tx, &next, at).await
        });
        enqueued.await?;
        Ok(())
    }
}

/// What stood in a list, for the count of leads.
#[derive(Default)]
struct Listed {
    ids: Vec<String>,
    sent_at: Vec<DateTime<Utc>>,
    missed: Vec<bool>,
}

impl Listed {
    /// What cannot be read in the list has no time: it counts today.
    fn of(leads: &[LeadgenChange], now: DateTime<Utc>, is_missed: impl Fn(&LeadgenChange) -> bool) -> Self {
        let mut listed = Self::default();
        for lead in leads {
            let sent_at = lead.created_time.unwrap_or(now);
            if sent_at >= now - tally::KEPT {
                listed.ids.push(lead.leadgen_id.as_str().to_owned());
                listed.sent_at.push(sent_at);
                listed.missed.push(is_missed(lead));
            }
        }
        listed
    }

    async fn keep(self, app: &App, organization: OrganizationId, form: &str) -> Result<(), Failure> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let keep = async |tx: &mut Tx| sql::keep_listed(tx, form, &self.ids, &self.sent_at, &self.missed).await;
        Ok(app.db.write(organization, Actor::System, keep).await?)
    }
}

/// Leaves the page's lists alone for a while, and says so to whoever looks at the connection.
async fn slow_down(
    app: &App,
    organization: OrganizationId,
    page_id: &str,
    percent: u32,
    pause: Duration,
) -> Result<(), Failure> {
    let percent = i32::try_from(percent).unwrap_or(i32::MAX);
    let pause = TimeDelta::from_std(pause).unwrap_or(FORMS_EVERY);
    let write = async |tx: &mut Tx| {
        let is_news = sql::slow_down(tx, page_id, percent, pause).await?;
        if is_news && let Some(row) = sql::connection_row(tx, page_id).await? {
            outbox::record(tx, Event::ListChanged { topic: Topic::Connections, id: row });
        }
        Ok(())
    };
    Ok(app.db.write(organization, Actor::System, write).await?)
}

/// What stands in the way for a while. The next minute asks again, so nothing of this goes to the graveyard.
fn later(job: &ReconcileForm, error: &MetaError) -> Result<(), Failure> {
    match error.retry() {
        Retry::After(pause) => Err(Failure::RetryAfter(pause, format!("{}: {error}", error.class()))),
        _ => {
            tracing::warn!(form = %job.form, class = error.class(), "a form's leads cannot be listed");
            Ok(())
        }
    }
}
