//! The ladder: who is told, and how, while nobody tries a lead.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sql;
use crate::{
    audit::{self, Action, Entry},
    db::Tx,
    error::{Error, Result},
    identity::{self, Role},
    leads::Lead,
    notifications::Channel,
    rota,
    sla::Sla,
    types::ids::UserId,
};

/// So many steps, and the last at most so long after the first attempt was due.
const MOST_STEPS: usize = 8;
const LATEST: i32 = 7 * 24 * 60;

/// Whom a step tells. Where there is none of them, those of the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EscalationAudience)]
pub enum Audience {
    /// Whoever has the lead.
    Assignee,
    /// Everybody who works now.
    OnShift,
    Managers,
    Owners,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EscalationStep)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Of business time, after the first attempt was due; each step's are more than those of the one before.
    #[schema(minimum = 0, maximum = 10_080)]
    pub after_minutes: i32,
    pub audience: Audience,
    /// All at once, as far as each person wants them.
    #[schema(min_items = 1, max_items = 3)]
    pub channels: Vec<Channel>,
}

/// The ladder of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = EscalationLadder)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    #[schema(max_items = 8)]
    pub steps: Vec<Step>,
    /// Whether a push may name the lead on a locked screen.
    pub names_on_lock_screen: bool,
}

impl Default for Ladder {
    fn default() -> Self {
        let step = |after_minutes, audience, channels: &[Channel]| Step {
            after_minutes,
            audience,
            channels: channels.to_vec(),
        };
        Self {
            steps: vec![
                step(0, Audience::Assignee, &[Channel::Push]),
                step(5, Audience::OnShift, &[Channel::Push, Channel::Sms]),
                step(15, Audience::Managers, &[Channel::Push, Channel::Sms]),
                step(30, Audience::Owners, &Channel::ALL),
            ],
            names_on_lock_screen: false,
        }
    }
}

impl Ladder {
    /// When a step falls due for a lead whose first attempt was due then.
    pub fn falls_due(&self, step: usize, due_at: DateTime<Utc>, sla: &Sla) -> Option<DateTime<Utc>> {
        let minutes = TimeDelta::minutes(self.steps.get(step)?.after_minutes.into());
        if minutes.is_zero() {
            return Some(due_at);
        }
        Some(sla.hours.after(due_at, minutes).unwrap_or(due_at + minutes))
    }

    fn check(&self) -> Result<()> {
        if self.steps.len() > MOST_STEPS {
            return Err(Error::invalid("steps", "too_many", "At most 8 steps."));
        }
        let invalid = |index: usize, field: &str, reason, detail: &'static str| Error::Invalid {
            field: format!("steps.{index}.{field}").into(),
            reason,
            detail: detail.into(),
        };
        for (index, step) in self.steps.iter().enumerate() {
            if !(0..=LATEST).contains(&step.after_minutes) {
                return Err(invalid(index, "after_minutes", "out_of_range", "Between nothing and a week."));
            }
            if index > 0 && self.steps[index - 1].after_minutes >= step.after_minutes {
                return Err(invalid(index, "after_minutes", "not_later", "Later than the step before."));
            }
            let mut channels = step.channels.clone();
            channels.sort_unstable();
            channels.dedup();
            if channels.is_empty() || channels.len() != step.channels.len() {
                return Err(invalid(index, "channels", "channels_invalid", "One way at least, and each once."));
            }
        }
        Ok(())
    }
}

/// Who works here, and who of them now.
pub(super) struct People {
    roles: Vec<(UserId, Role)>,
    on_shift: Vec<UserId>,
}

impl People {
    pub(super) async fn read(tx: &mut Tx) -> Result<Self> {
        let roles = identity::roles(tx).await?;
        let now = tx.now();
        let on_shift = rota::on_shift(tx, now).await?.into_iter().map(|there| there.user).collect();
        Ok(Self { roles, on_shift })
    }

    /// Those of a step, or of the first one above it that has anybody.
    pub(super) fn of(&self, audience: Audience, lead: &Lead) -> Vec<UserId> {
        let with =
            |role: Role| self.roles.iter().filter(|(_, has)| *has == role).map(|(user, _)| *user).collect::<Vec<_>>();
        let (found, next) = match audience {
            Audience::Assignee => {
                let holder = lead.assignee_id.filter(|holder| self.roles.iter().any(|(user, _)| user == holder));
                (holder.into_iter().collect(), Some(Audience::OnShift))
            }
            Audience::OnShift => (self.on_shift.clone(), Some(Audience::Managers)),
            Audience::Managers => (with(Role::Manager), Some(Audience::Owners)),
            Audience::Owners => (with(Role::Owner), None),
        };
        match next {
            Some(next) if found.is_empty() => self.of(next, lead),
            _ => found,
        }
    }
}

/// The ladder of this transaction's organization, and its version: 0 until it is changed for the first time.
pub(super) async fn read(tx: &mut Tx) -> Result<(Ladder, i32)> {
    let (kept, version) = sql::ladder(tx).await?;
    Ok((kept.unwrap_or_default(), version))
}

/// Changes it, for steps that are taken from now on. 412; 422 with the place of what is wrong.
pub(super) async fn change(tx: &mut Tx, version: i32, ladder: Ladder) -> Result<(Ladder, i32)> {
    ladder.check()?;
    if !sql::save_ladder(tx, version, &ladder).await? {
        return Err(Error::Precondition { current: sql::ladder(tx).await?.1 });
    }
    audit::record(
        tx,
        Entry::from(Action::EscalationChanged)
            .with("steps", &ladder.steps)
            .with("names_on_lock_screen", ladder.names_on_lock_screen),
    );
    Ok((ladder, version + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ladder_is_one_and_refused_are_those_that_are_none() {
        Ladder::default().check().expect("a ladder");
        let with = |change: fn(&mut Vec<Step>)| {
            let mut ladder = Ladder::default();
            change(&mut ladder.steps);
            match ladder.check().expect_err("refused") {
                Error::Invalid { field, reason, .. } => format!("{field} {reason}"),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(with(|steps| steps[1].after_minutes = 0), "steps.1.after_minutes not_later");
        assert_eq!(with(|steps| steps[0].after_minutes = -1), "steps.0.after_minutes out_of_range");
        assert_eq!(with(|steps| steps[2].channels.clear()), "steps.2.channels channels_invalid");
        assert_eq!(with(|steps| steps[2].channels = vec![Channel::Push; 2]), "steps.2.channels channels_invalid");
        assert_eq!(with(|steps| steps.extend(steps.clone())), "steps.4.after_minutes not_later");
    }
}
