//! On which ways a person is told of what, and when not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveTime;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Channel, Kind, sql};
use crate::{
    db::Tx,
    error::{Error, Result},
    types::ids::UserId,
};

/// Between these, in the organization's time zone, only what is critical goes out. `from` may be later than `to`: over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    #[serde(with = "minutes")]
    #[schema(value_type = String, example = "22:00")]
    pub from: NaiveTime,
    #[serde(with = "minutes")]
    #[schema(value_type = String, example = "07:00")]
    pub to: NaiveTime,
}

impl QuietHours {
    fn hold(&self, at: NaiveTime) -> bool {
        if self.from <= self.to { self.from <= at && at < self.to } else { self.from <= at || at < self.to }
    }
}

mod minutes {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| D::Error::custom("a time is written 22:00"))
    }
}

/// What a person wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = AlertPreferences)]
#[serde(deny_unknown_fields)]
pub struct Preferences {
    /// The ways of each kind that can be chosen. A critical kind has one at least.
    pub ways: BTreeMap<Kind, BTreeSet<Channel>>,
    #[schema(required = true)]
    pub quiet: Option<QuietHours>,
}

impl Default for Preferences {
    fn default() -> Self {
        let ways = |kind: Kind| match kind {
            Kind::NewLead | Kind::LeadAssigned => BTreeSet::from([Channel::Push]),
            Kind::LeadWaiting | Kind::ConnectionBroken => BTreeSet::from(Channel::ALL),
            Kind::LeadReplied => BTreeSet::from([Channel::Push]),
            Kind::ConnectionMended | Kind::Test => BTreeSet::new(),
        };
        let ways = Kind::ALL.into_iter().filter(|kind| kind.is_chosen()).map(|kind| (kind, ways(kind))).collect();
        Self { ways, quiet: None }
    }
}

/// The ways of one alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ways {
    pub at_once: Vec<Channel>,
    /// One after the other, while nobody hears it.
    pub then: Vec<Channel>,
}

impl Preferences {
    fn of_kind(&self, kind: Kind) -> Vec<Channel> {
        if !kind.is_chosen() {
            return vec![Channel::Push];
        }
        let default = Self::default();
        let wanted = self.ways.get(&kind).or_else(|| default.ways.get(&kind)).cloned().unwrap_or_default();
        wanted.into_iter().collect()
    }

    /// The ways of what should go on `asked`. `None`: it stands in the centre, and that is all.
    pub(super) fn ways(&self, kind: Kind, asked: &[Channel], local: NaiveTime) -> Option<Ways> {
        let mut wanted = self.of_kind(kind);
        if wanted.is_empty() && kind.is_critical() {
            wanted.push(Channel::Push); // stored by an older release; nothing that is checked gets here
        }
        let is_night = self.quiet.is_some_and(|quiet| quiet.hold(local));
        if wanted.is_empty() || (is_night && !kind.is_critical() && kind != Kind::Test) {
            return None;
        }
        let asked: &[Channel] = if asked.is_empty() { &[Channel::Push] } else { asked };
        let mut at_once: Vec<Channel> = wanted.iter().copied().filter(|way| asked.contains(way)).collect();
        if at_once.is_empty() {
            at_once.extend(wanted.first());
        }
        let then = if kind.must_be_heard() || kind.is_critical() {
            wanted.into_iter().filter(|way| !at_once.contains(way)).collect()
        } else {
            Vec::new()
        };
        Some(Ways { at_once, then })
    }

    /// 422 for a critical kind on no way, or a kind that nobody can choose.
    pub(super) fn check(&self) -> Result<()> {
        for kind in Kind::ALL {
            let ways = self.ways.get(&kind);
            if kind.is_critical() && ways.is_some_and(BTreeSet::is_empty) {
                return Err(Error::Invalid {
                    field: format!("ways.{}", kind.as_str()).into(),
                    reason: "critical_kind",
                    detail: "This cannot be muted: choose one way at least.".into(),
                });
            }
            if !kind.is_chosen() && ways.is_some() {
                return Err(Error::invalid("ways", "kind_unknown", "There is nothing to choose for it."));
            }
        }
        if self.quiet.is_some_and(|quiet| quiet.from == quiet.to) {
            return Err(Error::invalid("quiet", "hours_invalid", "Quiet hours begin and end at different times."));
        }
        Ok(())
    }

    /// With a line for every kind that can be chosen.
    fn complete(mut self) -> Self {
        for (kind, ways) in Self::default().ways {
            self.ways.entry(kind).or_insert(ways);
        }
        self
    }
}

/// What these people want, where they ever said so.
pub(super) async fn of(tx: &mut Tx, people: &[UserId]) -> Result<HashMap<UserId, Preferences>> {
    sql::preferences(tx, people).await
}

/// A person's own, and their version: 0 until they are changed for the first time.
pub(super) async fn read(tx: &mut Tx, user: UserId) -> Result<(Preferences, i32)> {
    let (kept, version) = sql::own_preferences(tx, user).await?;
    Ok((kept.unwrap_or_default().complete(), version))
}

/// 412; 422.
pub(super) async fn change(tx: &mut Tx, user: UserId, version: i32, wanted: Preferences) -> Result<(Preferences, i32)> {
    wanted.check()?;
    let wanted = wanted.complete();
    if !sql::save_preferences(tx, user, version, &wanted).await? {
        return Err(Error::Precondition { current: sql::own_preferences(tx, user).await?.1 });
    }
    Ok((wanted, version + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").expect("a time")
    }

    fn with(kind: Kind, ways: &[Channel], quiet: Option<(&str, &str)>) -> Preferences {
        let mut wanted = Preferences::default();
        wanted.ways.insert(kind, ways.iter().copied().collect());
        wanted.quiet = quiet.map(|(from, to)| QuietHours { from: at(from), to: at(to) });
        wanted
    }

    #[test]
    fn at_night_only_what_is_critical_goes_out() {
        let night = with(Kind::NewLead, &[Channel::Push], Some(("22:00", "07:00")));
        for (time, goes) in [("21:59", true), ("22:00", false), ("03:00", false), ("06:59", false), ("07:00", true)] {
            assert_eq!(night.ways(Kind::NewLead, &[], at(time)).is_some(), goes, "{time}");
            assert!(night.ways(Kind::LeadWaiting, &[], at(time)).is_some(), "{time}");
        }
        let noon = with(Kind::NewLead, &[Channel::Push], Some(("12:00", "13:00")));
        assert!(noon.ways(Kind::NewLead, &[], at("12:30")).is_none());
        assert!(noon.ways(Kind::NewLead, &[], at("13:00")).is_some());
    }

    #[test]
    fn it_goes_as_asked_where_its_person_wants_that_and_else_as_they_want() {
        let wants = with(Kind::LeadWaiting, &[Channel::Push, Channel::Email], None);
        let ways = |asked: &[Channel]| wants.ways(Kind::LeadWaiting, asked, at("12:00")).expect("ways");
        assert_eq!(
            ways(&[Channel::Push, Channel::Sms]),
            Ways { at_once: vec![Channel::Push], then: vec![Channel::Email] }
        );
        assert_eq!(ways(&[Channel::Sms]), Ways { at_once: vec![Channel::Push], then: vec![Channel::Email] });
        assert_eq!(ways(&[]).at_once, [Channel::Push]);
        assert!(with(Kind::NewLead, &[], None).ways(Kind::NewLead, &[], at("12:00")).is_none(), "muted");
    }

    #[test]
    fn what_is_critical_cannot_be_muted() {
        assert!(with(Kind::LeadWaiting, &[], None).check().is_err());
        assert!(with(Kind::NewLead, &[], None).check().is_ok());
        let stored: Preferences = serde_json::from_str(r#"{"ways":{"lead_waiting":[]},"quiet":null}"#).expect("reads");
        assert_eq!(stored.ways(Kind::LeadWaiting, &[], at("12:00")).expect("ways").at_once, [Channel::Push]);
    }
}
