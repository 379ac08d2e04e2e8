//! How connections are: each is looked over every hour, and when something was refused, by the same steps as the owner's test. What can be
//! repaired without a person is; what cannot is told, once, in words that say what to do.
//!
//! Invariants: a breaking is told once, however many leads are refused by it; nothing that was seen with the token before breaks a connection
//! that has another one; a connection is mended by itself only when it was broken for ten minutes, so that one that Meta refuses now and then
//! is not told of again and again.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    agency::TellAgency,
    checkup::{self, Checked, ConnectionTest, Mend, Step, StepState, TestStep},
    ground, sql,
};
use crate::{
    app::App,
    audit::{self, Action},
    db::{Actor, Directory, Tx},
    error::{Error, Result},
    identity::Operator,
    jobs::{self, Context, Failure, Job},
    outbox::{self, Event, Topic},
    types::ids::OrganizationId,
};

const EVERY: TimeDelta = TimeDelta::hours(1);
/// One that is in trouble is looked over more often: somebody may be mending it.
const IN_TROUBLE_EVERY: TimeDelta = TimeDelta::minutes(10);
/// So long it stays broken before it is taken for mended by itself.
const DOUBT: TimeDelta = TimeDelta::minutes(10);
/// Breakings within this time are one.
const ONE_BREAKING: TimeDelta = TimeDelta::hours(1);
/// A token that ends sooner is told of.
const WARNED: TimeDelta = TimeDelta::days(7);

/// What trouble means for leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TroubleKind {
    /// They cannot be read: some may be missing until it is mended. None is lost.
    Missing,
    /// No webhook brings them; they are found by asking, some minutes late.
    Late,
    /// All is well, and the token ends within a week.
    EndsSoon,
}

/// What is wrong with a page's connection, or soon will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Trouble {
    /// Meta's id.
    pub page_id: String,
    pub page_name: String,
    pub kind: TroubleKind,
    /// Null where it has yet to come.
    #[schema(required = true)]
    pub since: Option<DateTime<Utc>>,
    /// The step of the test at which it shows.
    #[schema(required = true)]
    pub step: Option<Step>,
    /// What mends it.
    #[schema(required = true)]
    pub mend: Option<Mend>,
    /// When the owners were told.
    #[schema(required = true)]
    pub told_at: Option<DateTime<Utc>>,
    /// When the token ends.
    #[schema(required = true)]
    pub token_ends_at: Option<DateTime<Utc>>,
}

/// The same, as whoever looks after several businesses sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TroubledConnection {
    pub organization_id: OrganizationId,
    pub organization_name: String,
    #[serde(flatten)]
    pub trouble: Trouble,
}

impl Trouble {
    fn read(row: sql::TroubleRow) -> Result<Self> {
        let kind = match row.kind.as_deref() {
            Some(kind) if row.since.is_some() => word(kind)?,
            _ => TroubleKind::EndsSoon,
        };
        Ok(Self {
            page_id: row.page_id,
            page_name: row.page_name,
            kind,
            since: row.since,
            step: row.step.as_deref().map(word).transpose()?,
            mend: row
                .mend
                .as_deref()
                .map(word)
                .transpose()?
                .or((kind == TroubleKind::EndsSoon).then_some(Mend::TokenExpiresSoon)),
            told_at: row.told_at.filter(|_| row.since.is_some()),
            token_ends_at: row.token_ends_at,
        })
    }
}

fn word<T: DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_value(serde_json::Value::String(text.to_owned()))?)
}

fn text(word: impl Serialize) -> Result<String> {
    match serde_json::to_value(word)? {
        serde_json::Value::String(text) => Ok(text),
        other => Err(Error::internal(format!("no word: {other}"))),
    }
}

/// What is wrong with the organization's connections, or soon will be; the oldest first.
pub async fn troubles(tx: &mut Tx) -> Result<Vec<Trouble>> {
    let ends = tx.now() + WARNED;
    sql::troubles_of(tx, ends).await?.into_iter().map(Trouble::read).collect()
}

/// The same of all that an operator looks after.
pub async fn troubled(operator: &Operator) -> Result<Vec<TroubledConnection>> {
    let only = operator.organizations().await?;
    let read = async |directory: &mut Directory| {
        let ends = directory.now() + WARNED;
        sql::troubled_pages(directory, &only, ends).await
    };
    let present = |row: sql::TroubleRow| {
        let (organization_id, organization_name) = (OrganizationId(row.organization_id), row.organization_name.clone());
        Ok(TroubledConnection { organization_id, organization_name, trouble: Trouble::read(row)? })
    };
    operator.directory(read).await?.into_iter().map(present).collect()
}

/// Meta refuses: nothing can be read until a person mends it. Told once; what exactly is wrong is looked for at once.
///
/// `known_at`: when the token that is refused was read. One that was given since is another one.
pub async fn mark_broken(tx: &mut Tx, page_id: &str, reason: &str, known_at: DateTime<Utc>) -> Result<()> {
    if let Some(row) = sql::break_connection(tx, page_id, reason, known_at).await? {
        let (step, mend) = match reason {
            "permission" => (Step::Lead, Mend::Permission),
            "policy_blocked" => (Step::Lead, Mend::PolicyBlocked),
            _ => (Step::Token, Mend::TokenInvalid),
        };
        begin(tx, page_id, row, (TroubleKind::Missing, step, mend), known_at).await?;
        jobs::enqueue::<App, _>(tx, &CheckConnection { page_id: page_id.to_owned() }).await?;
    }
    Ok(())
}

/// Notes what is wrong; tells of it where it is new, or worse than it was.
async fn begin(
    tx: &mut Tx,
    page_id: &str,
    row: Uuid,
    (kind, step, mend): (TroubleKind, Step, Mend),
    known_at: DateTime<Utc>,
) -> Result<()> {
    let words = (&*text(kind)?, &*text(step)?, &*text(mend)?);
    let Some((news, told_at)) = sql::begin_trouble(tx, page_id, words, known_at).await? else { return Ok(()) };
    if news {
        audit::record(
            tx,
            Action::ConnectionBroken.on(row).with("page", page_id).with("reason", mend).with("step", step),
        );
    }
    if news && told_at.is_none_or(|told| told <= tx.now() - ONE_BREAKING) {
        sql::told(tx, page_id).await?;
        outbox::record(tx, Event::ConnectionBroken { page_id: page_id.to_owned(), row });
        if kind == TroubleKind::Missing {
            jobs::enqueue::<App, _>(tx, &TellAgency { page_id: page_id.to_owned() }).await?;
        }
    } else {
        outbox::record(tx, Event::ListChanged { topic: Topic::Connections, id: row });
    }
    Ok(())
}

/// Keeps what a test found, and marks the connection broken or mended by it.
pub(super) async fn keep(tx: &mut Tx, page_id: &str, checked: &Checked, by_a_person: bool) -> Result<()> {
    let before: Option<ConnectionTest> =
        sql::test_before(tx, page_id).await?.and_then(|test| serde_json::from_value(test).ok());
    let Some(row) = sql::connection_row(tx, page_id).await? else { return Ok(()) };
    let test = &checked.test;
    sql::keep_test(tx, page_id, serde_json::to_value(test)?).await?;
    if sql::checked(tx, page_id, checked.token_ends_at).await? {
        outbox::record(tx, Event::ListChanged { topic: Topic::Connections, id: row });
    }
    let failed = worst(&test.steps);
    if by_a_person {
        let entry = Action::ConnectionTested.on(row).with("page", page_id).with("ok", test.ok);
        audit::record(tx, entry.with("failed", failed.map(|step| step.step)));
    }
    if checked.repaired {
        sql::subscribed(tx, page_id).await?;
        audit::record(tx, Action::PageSubscribed.on(row).with("page", page_id));
    }
    if let Some(reason) = checked.breaks {
        mark_broken(tx, page_id, reason, checked.known_at).await?;
    }
    match failed.and_then(|step| Some((step.step, step.mend?))) {
        Some((step, mend)) => {
            let twice = before.is_some_and(|before| !before.ok && before.started_at >= test.started_at - EVERY * 2);
            // A hiccup is nobody's business; the next test tells whether it was one.
            if !is_passing(mend) || twice {
                begin(tx, page_id, row, (meaning(step, mend), step, mend), checked.known_at).await?;
            }
            if by_a_person && mend == Mend::NotSubscribed {
                jobs::enqueue::<App, _>(tx, &CheckConnection { page_id: page_id.to_owned() }).await?;
            }
            Ok(())
        }
        None => {
            let doubtful = if by_a_person { TimeDelta::zero() } else { DOUBT };
            mended(tx, page_id, row, doubtful).await
        }
    }
}

/// The step whose failure costs leads, else the first that failed.
fn worst(steps: &[TestStep]) -> Option<&TestStep> {
    let failed = || steps.iter().filter(|step| step.state == StepState::Failed);
    let costs = |step: &&TestStep| step.mend.is_some_and(|mend| meaning(step.step, mend) == TroubleKind::Missing);
    failed().find(costs).or_else(|| failed().next())
}

/// What goes by itself, mostly.
fn is_passing(mend: Mend) -> bool {
    matches!(mend, Mend::Throttled | Mend::MetaAway | Mend::MetaOdd | Mend::TooSlow | Mend::AddressUnreachable)
}

fn meaning(step: Step, mend: Mend) -> TroubleKind {
    match step {
        // Meta cannot tell us: each form is asked all the same.
        Step::WebhookAddress | Step::AppSecret | Step::Subscription => TroubleKind::Late,
        _ if is_passing(mend) => TroubleKind::Late,
        Step::Token | Step::Page | Step::Forms | Step::Lead => TroubleKind::Missing,
    }
}

/// All is well; `doubt`: where it broke less long ago, it is not believed yet.
async fn mended(tx: &mut Tx, page_id: &str, row: Uuid, doubt: TimeDelta) -> Result<()> {
    let before = tx.now() - doubt;
    let was_broken = sql::mend_connection(tx, page_id, before).await?;
    if !was_broken && sql::is_broken(tx, page_id).await? {
        return Ok(());
    }
    if sql::clear_trouble(tx, page_id).await? || was_broken {
        tell_mended(tx, page_id, row);
    }
    Ok(())
}

fn tell_mended(tx: &mut Tx, page_id: &str, row: Uuid) {
    audit::record(tx, Action::ConnectionMended.on(row).with("page", page_id));
    outbox::record(tx, Event::ConnectionMended { page_id: page_id.to_owned(), row });
}

/// A lead was read by a connection that was taken for broken. Whether all of it is well is looked for.
pub(super) async fn mended_by_a_lead(tx: &mut Tx, page_id: &str) -> Result<()> {
    let Some(row) = sql::connection_row(tx, page_id).await? else { return Ok(()) };
    mended(tx, page_id, row, TimeDelta::zero()).await?;
    jobs::enqueue::<App, _>(tx, &CheckConnection { page_id: page_id.to_owned() }).await?;
    Ok(())
}

/// A person gave the page a token: whatever was wrong is theirs to see anew.
pub(super) async fn given_a_token(tx: &mut Tx, page_id: &str, name: &str, row: Uuid) -> Result<()> {
    sql::name_page(tx, page_id, name).await?;
    sql::forget_telling(tx, page_id).await?;
    if sql::clear_trouble(tx, page_id).await? {
        tell_mended(tx, page_id, row);
    }
    Ok(())
}

/// Sends a check to every page whose turn it is.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckConnections {}

impl Job<App> for CheckConnections {
    const KIND: &'static str = "check_connections";

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let send = async |directory: &mut Directory| {
            let now = directory.now();
            for (page_id, organization) in sql::due_for_check(directory, now - EVERY, now - IN_TROUBLE_EVERY).await? {
                jobs::enqueue_for::<App, _>(directory, Some(organization), &CheckConnection { page_id }).await?;
            }
            Ok(())
        };
        Ok(context.app.db.directory(send).await?)
    }
}

/// Looks one connection over, and repairs what can be.
#[derive(Debug, Serialize, Deserialize)]
pub struct CheckConnection {
    pub page_id: String,
}

impl Job<App> for CheckConnection {
    const KIND: &'static str = "check_connection";
    const PRIORITY: i16 = 120;

    fn key(&self) -> Option<String> {
        Some(self.page_id.clone())
    }

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let (app, organization) = (&context.app, context.organization()?);
        let bench = app
            .db
            .read(organization, Actor::System, async |tx| checkup::bench(app, tx, &self.page_id, true).await)
            .await;
        let bench = match bench {
            Err(Error::NotFound) => return Ok(()), // disconnected since
            found => found?,
        };
        let checked = bench.check(app).await;
        app.db.write(organization, Actor::System, async |tx| keep(tx, &self.page_id, &checked, false).await).await?;
        ground::forget_all(app, organization);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(step: Step, mend: Option<Mend>) -> TestStep {
        let state = if mend.is_some() { StepState::Failed } else { StepState::Ok };
        TestStep { step, state, mend, seen: None }
    }

    #[test]
    fn what_costs_leads_is_told_before_what_makes_them_late() {
        let late = step(Step::WebhookAddress, Some(Mend::AddressRedirects));
        let missing = step(Step::Lead, Some(Mend::Permission));
        let steps = [late.clone(), step(Step::Token, None), missing.clone()];
        assert_eq!(worst(&steps), Some(&missing));
        assert_eq!(worst(&steps[..2]), Some(&late));
        assert_eq!(worst(&steps[1..2]), None);
        assert_eq!(meaning(Step::Lead, Mend::MetaAway), TroubleKind::Late, "leads follow by themselves");
    }

    #[test]
    fn words_come_back() {
        assert_eq!(text(Mend::TokenExpiresSoon).expect("a word"), "token_expires_soon");
        assert_eq!(word::<Mend>("lead_access").expect("a mend"), Mend::LeadAccess);
        assert!(word::<Step>("nowhere").is_err());
    }
}
