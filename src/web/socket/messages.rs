//! From recorded events to what an app is told: leads as the API shows them, everything else as a hint to fetch again.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    db::Tx,
    error::Result,
    identity::Viewer,
    leads::{self, Lead},
    notifications,
    outbox::{Event, Recorded, Topic},
    types::ids::{LeadId, UserId},
};

/// What a socket says when it connects.
#[derive(Debug, Default, Deserialize)]
pub struct Auth {
    pub since: Option<i64>,
}

/// What a socket says afterwards.
#[derive(Debug, Deserialize)]
pub struct Acknowledgement {
    pub lead_ids: Vec<LeadId>,
}

/// Who may see a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Everybody,
    /// One person.
    Person(UserId),
    /// Those who may see a lead with this assignee.
    Lead {
        assignee: Option<UserId>,
    },
}

/// Something to be told.
#[derive(Clone, Debug)]
pub struct Message {
    name: &'static str,
    body: Value,
    sight: Sight,
    sequence: i64,
    lead: Option<LeadId>,
}

impl Message {
    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn body(&self) -> &Value {
        &self.body
    }

    pub fn sight(&self) -> Sight {
        self.sight
    }

    /// The lead that this tells of for the first time.
    pub fn created(&self) -> Option<LeadId> {
        self.lead.filter(|_| self.name == "lead.created")
    }

    /// What those are told who may not see the lead (any more).
    pub fn hidden(&self) -> Option<Value> {
        let lead = self.lead.filter(|_| self.name == "lead.updated")?;
        Some(json!({ "sequence": self.sequence, "id": lead }))
    }

    /// The message for one viewer; `None` where it is none of theirs.
    pub fn into_seen_by(self, viewer: &Viewer) -> Option<Self> {
        let sees = match self.sight {
            Sight::Everybody => true,
            Sight::Person(user) => user == viewer.user,
            Sight::Lead { assignee } => viewer.sees_all || assignee.is_none_or(|assignee| assignee == viewer.user),
        };
        if sees {
            return Some(self);
        }
        self.hidden().map(|body| Self { name: "lead.hidden", body, ..self })
    }
}

/// The messages of some events, in their order; of several about one lead the last, with the lead as it is now.
pub async fn read(tx: &mut Tx, events: Vec<Recorded>) -> Result<Vec<Message>> {
    let mut ids: Vec<LeadId> = events.iter().filter_map(|recorded| lead_of(&recorded.event)).collect();
    ids.sort_unstable();
    ids.dedup();
    let leads: HashMap<LeadId, Lead> = if ids.is_empty() {
        HashMap::new()
    } else {
        leads::present_many(tx, &ids).await?.into_iter().map(|lead| (lead.id, lead)).collect()
    };
    // The position of the last message about each lead, and whether the lead is new to the app.
    let mut last: HashMap<LeadId, (usize, bool)> = HashMap::new();
    for (position, recorded) in events.iter().enumerate() {
        match recorded.event {
            Event::LeadCaptured { lead } => {
                last.insert(lead, (position, true));
            }
            Event::LeadChanged { lead } => {
                let is_new = last.get(&lead).is_some_and(|(_, is_new)| *is_new);
                last.insert(lead, (position, is_new));
            }
            _ => {}
        }
    }
    let told = told(tx, &events).await?;
    Ok(events
        .into_iter()
        .enumerate()
        .flat_map(|(position, recorded)| match recorded.event {
            Event::Notified { users } => notified(position, recorded.sequence, users, &told),
            _ => message(position, &recorded, &leads, &last).into_iter().collect(),
        })
        .collect())
}

/// The position of the last message about each person's notifications, and how many they have not seen.
async fn told(tx: &mut Tx, events: &[Recorded]) -> Result<HashMap<UserId, (usize, i64)>> {
    let mut told = HashMap::new();
    for (position, recorded) in events.iter().enumerate() {
        if let Event::Notified { users } = &recorded.event {
            told.extend(users.iter().map(|user| (*user, (position, 0))));
        }
    }
    if !told.is_empty() {
        let people: Vec<UserId> = told.keys().copied().collect();
        for (user, count) in notifications::unseen(tx, &people).await? {
            told.entry(user).and_modify(|(_, unseen)| *unseen = count);
        }
    }
    Ok(told)
}

/// Whether somebody may see more or less than before.
pub fn changes_the_team(event: &Event) -> bool {
    matches!(event, Event::MemberLeft { .. } | Event::ListChanged { topic: Topic::Team, .. })
}

fn lead_of(event: &Event) -> Option<LeadId> {
    match event {
        Event::LeadCaptured { lead } | Event::LeadChanged { lead } | Event::TimelineChanged { lead } => Some(*lead),
        Event::ListChanged { .. }
        | Event::MemberLeft { .. }
        | Event::RotaChanged { .. }
        | Event::HandsFreed { .. }
        | Event::LeadGiven { .. }
        | Event::LeadOffered { .. }
        | Event::PageConnected { .. }
        | Event::ConnectionBroken { .. }
        | Event::ConnectionMended { .. }
        | Event::MessageSettled { .. }
        | Event::MessageReceived { .. }
        | Event::OptedOut { .. }
        | Event::Notified { .. }
        | Event::AlertUnheard { .. }
        | Event::Unknown => None,
    }
}

fn message(
    position: usize,
    recorded: &Recorded,
    leads: &HashMap<LeadId, Lead>,
    last: &HashMap<LeadId, (usize, bool)>,
) -> Option<Message> {
    let sequence = recorded.sequence;
    match &recorded.event {
        Event::LeadCaptured { lead } | Event::LeadChanged { lead } => {
            let (at, is_new) = last.get(lead)?;
            let shown = leads.get(lead).filter(|_| *at == position)?;
            Some(Message {
                name: if *is_new { "lead.created" } else { "lead.updated" },
                body: json!({ "sequence": sequence, "lead": shown }),
                sight: Sight::Lead { assignee: shown.assignee_id },
                sequence,
                lead: Some(*lead),
            })
        }
        Event::TimelineChanged { lead } => {
            let shown = leads.get(lead)?;
            Some(changed(
                sequence,
                Topic::Timeline,
                json!(lead),
                Sight::Lead { assignee: shown.assignee_id },
                shown.version,
            ))
        }
        Event::ListChanged { topic, id } => Some(changed(sequence, *topic, json!(id), Sight::Everybody, 0)),
        Event::MemberLeft { user, .. } => Some(changed(sequence, Topic::Team, json!(user), Sight::Everybody, 0)),
        Event::RotaChanged { user } => Some(changed(sequence, Topic::Rota, json!(user), Sight::Everybody, 0)),
        Event::Unknown => Some(Message {
            name: "refetch",
            body: json!({ "sequence": sequence }),
            sight: Sight::Everybody,
            sequence,
            lead: None,
        }),
        Event::PageConnected { row, .. }
        | Event::ConnectionBroken { row, .. }
        | Event::ConnectionMended { row, .. } => {
            Some(changed(sequence, Topic::Connections, json!(row), Sight::Everybody, 0))
        }
        // The lead's timeline tells of them.
        Event::MessageSettled { .. } | Event::MessageReceived { .. } | Event::OptedOut { .. } => None,
        // To each of them alone.
        Event::Notified { .. } => None,
        // The desk's.
        Event::AlertUnheard { .. } => None,
        // Nothing to show beside the lead itself.
        Event::HandsFreed { .. } | Event::LeadGiven { .. } | Event::LeadOffered { .. } => None,
    }
}

/// A message for each person; of several to one the last, which says how it is.
fn notified(position: usize, sequence: i64, users: Vec<UserId>, told: &HashMap<UserId, (usize, i64)>) -> Vec<Message> {
    let to = |user| {
        let unseen = told.get(&user).filter(|(at, _)| *at == position)?.1;
        let body = json!({ "sequence": sequence, "unseen": unseen });
        Some(Message { name: "notified", body, sight: Sight::Person(user), sequence, lead: None })
    };
    users.into_iter().filter_map(to).collect()
}

fn changed(sequence: i64, topic: Topic, id: Value, sight: Sight, version: i32) -> Message {
    Message {
        name: "changed",
        body: json!({ "sequence": sequence, "topic": topic, "id": id, "version": version }),
        sight,
        sequence,
        lead: None,
    }
}
