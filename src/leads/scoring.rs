//! The rules by which leads are scored: read, changed, tried on the last leads; and the scores that follow a change.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    score::{Looked, ScoreRule, Sign, beginning},
    sql::{self, Row},
};
use crate::{
    app::App,
    audit::{self, Action, Entry},
    db::{Actor, Tx},
    error::{Error, Result},
    jobs::{self, Context, Failure, Job},
    outbox::{self, Event, Topic},
    types::ids::LeadId,
};

const MOST_RULES: usize = 50;
const LONGEST: usize = 100;
/// Leads scored anew in one transaction.
const BATCH: i64 = 200;
/// Leads that a change is tried on before it is saved.
const TRIED: i64 = 50;

/// The rules, as the owner sees them.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Scoring {
    pub rules: Vec<ScoreRule>,
    /// Name it in `If-Match` to change them.
    pub version: i32,
}

/// The rules to be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeScoring {
    #[schema(max_items = 50)]
    pub rules: Vec<ScoreRule>,
}

/// One of the last leads, by the rules that hold and by those that are tried.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TriedScore {
    pub lead_id: LeadId,
    #[schema(required = true)]
    pub full_name: Option<String>,
    pub before: i32,
    pub after: i32,
    /// The rules that fit it, of those that are tried.
    pub reasons: Vec<ScoreRule>,
}

fn checked(rules: &[ScoreRule]) -> Result<()> {
    let refused = |field: String, reason, detail: &'static str| {
        Err(Error::Invalid { field: field.into(), reason, detail: detail.into() })
    };
    if rules.len() > MOST_RULES {
        return refused("rules".to_owned(), "too_many", "At most 50 rules.");
    }
    for (index, rule) in rules.iter().enumerate() {
        let place = |field: &str| format!("rules.{index}.{field}");
        if !(-100..=100).contains(&rule.points) {
            return refused(place("points"), "out_of_range", "From -100 to 100.");
        }
        let is_text =
            |text: &String| (1..=LONGEST).contains(&text.trim().chars().count()) && !text.chars().any(char::is_control);
        let (texts, is_empty) = match &rule.sign {
            Sign::Has { field } => (vec![field], false),
            Sign::Is { field, value } | Sign::Contains { field, value } => (vec![field, value], false),
            Sign::EmailDomain { domains } => (domains.iter().collect(), domains.is_empty()),
            Sign::PostcodeIn { areas } => (Vec::new(), areas.is_empty() || areas.len() > 200),
            Sign::FormIs { forms } => (Vec::new(), forms.is_empty() || forms.len() > 200),
            Sign::CampaignIs { campaigns } => (Vec::new(), campaigns.is_empty() || campaigns.len() > 200),
            Sign::TriedWithin { minutes } => (Vec::new(), !(1..=10_080).contains(minutes)),
            Sign::AskedAgain { times } => (Vec::new(), !(2..=100).contains(times)),
            Sign::PhoneValid | Sign::CameOpen | Sign::CameClosed | Sign::Reached => (Vec::new(), false),
        };
        if is_empty || texts.len() > 200 || !texts.into_iter().all(is_text) {
            return refused(
                place("sign"),
                "sign_incomplete",
                "Something is missing of what the rule looks for, or is too much.",
            );
        }
    }
    Ok(())
}

/// The rules that hold.
pub async fn scoring(tx: &mut Tx) -> Result<Scoring> {
    let (rules, version) = sql::scoring(tx).await?;
    Ok(Scoring { rules: rules.unwrap_or_else(beginning), version })
}

/// Changes the rules; the scores follow, a batch of leads at a time. 422 with the place of what is none: `rules.0.sign`; 412.
pub async fn change_scoring(tx: &mut Tx, version: i32, change: ChangeScoring) -> Result<Scoring> {
    checked(&change.rules)?;
    if !sql::save_scoring(tx, version, &change.rules).await? {
        return Err(Error::Precondition { current: sql::scoring(tx).await?.1 });
    }
    let version = version + 1;
    audit::record(tx, Entry::from(Action::ScoringChanged).with("rules", change.rules.len()));
    jobs::enqueue::<App, _>(tx, &Rescore { version, after: None }).await?;
    Ok(Scoring { rules: change.rules, version })
}

/// What these rules would say of the last leads. 422.
pub async fn try_scoring(tx: &mut Tx, change: &ChangeScoring) -> Result<Vec<TriedScore>> {
    checked(&change.rules)?;
    let now = scoring(tx).await?.rules;
    let rows = sql::latest(tx, TRIED).await?;
    rows.into_iter()
        .map(|row| {
            let person = row.person(tx)?;
            let looked = Looked::row(&row, &person);
            Ok(TriedScore {
                lead_id: row.id(),
                before: i32::from(looked.score(&now)),
                after: i32::from(looked.score(&change.rules)),
                reasons: looked.reasons(&change.rules),
                full_name: person.full_name,
            })
        })
        .collect()
}

/// The score of a row as it is now.
pub(super) async fn of_row(tx: &mut Tx, row: &Row) -> Result<i16> {
    let rules = scoring(tx).await?.rules;
    let person = row.person(tx)?;
    Ok(Looked::row(row, &person).score(&rules))
}

/// After the rules were changed: scores the organization's leads anew, a batch at a time, and goes on behind itself. Versions stay: nobody
/// did anything to the leads, and whoever is changing one is not in the way.
#[derive(Debug, Serialize, Deserialize)]
pub struct Rescore {
    /// Of the rules; others that were saved since have a job of their own.
    pub version: i32,
    pub after: Option<LeadId>,
}

impl Job<App> for Rescore {
    const KIND: &'static str = "rescore_leads";
    const PRIORITY: i16 = 200;

    async fn run(self, context: Context<App>) -> Result<(), Failure> {
        let organization = context.organization()?;
        context.app.db.write(organization, Actor::System, async |tx| rescore(tx, &self).await).await?;
        Ok(())
    }
}

async fn rescore(tx: &mut Tx, job: &Rescore) -> Result<()> {
    let Scoring { rules, version } = scoring(tx).await?;
    if version != job.version {
        return Ok(());
    }
    let ids = sql::ids_after(tx, job.after, BATCH).await?;
    let mut changed = Vec::new();
    // Locked in their order: whoever saves one meanwhile scores it by the same rules.
    for row in sql::lock_all(tx, &ids).await? {
        let person = row.person(tx)?;
        let score = Looked::row(&row, &person).score(&rules);
        if score != row.score {
            changed.push((row.id(), score));
        }
    }
    sql::set_scores(tx, &changed).await?;
    match ids.last() {
        Some(last) => {
            jobs::enqueue::<App, _>(tx, &Rescore { version, after: Some(*last) }).await?;
        }
        None => outbox::record(tx, Event::ListChanged { topic: Topic::Leads, id: tx.organization().0 }),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_business_begins_with_could_be_saved() {
        assert!(checked(&beginning()).is_ok());
    }
}
