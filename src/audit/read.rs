//! Reading the trail: newest first, narrowed, with what is sealed opened.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Action, Group, Position, Subject, sql};
use crate::{
    db::Tx,
    error::{Error, Result},
    http::{Page, decode_cursor, encode_cursor},
    outbox::trail::read_origin,
    types::ids::{LeadId, UserId},
};

/// Which entries.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// Done by this person, or to them.
    pub person: Option<UserId>,
    pub group: Option<Group>,
    pub lead: Option<LeadId>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
    /// 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

/// Which entries leave in a file: all that fit.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FileFilter {
    /// Done by this person, or to them.
    pub person: Option<UserId>,
    pub group: Option<Group>,
    pub lead: Option<LeadId>,
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

impl From<FileFilter> for Filter {
    fn from(FileFilter { person, group, lead, from, to }: FileFilter) -> Self {
        Self { person, group, lead, from, to, limit: None, cursor: None }
    }
}

/// A filter, read and checked, as the statement takes it.
#[derive(Debug, Default)]
pub(super) struct Narrowed {
    /// After this one in the list: by time, then by number.
    pub before: Option<(DateTime<Utc>, i64)>,
    pub person: Option<Uuid>,
    pub lead: Option<Uuid>,
    pub actions: Option<Vec<&'static str>>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub limit: i64,
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditActor)]
pub enum ActorKind {
    /// A person of the organization.
    User,
    /// Somebody of the agency that looks after it.
    Operator,
    /// The server itself: a lead that came in, a time that was over.
    System,
    /// Whoever runs the server.
    CommandLine,
    /// Somebody who is not signed in.
    Anonymous,
}

/// A line of the trail.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditEntry)]
pub struct Told {
    /// Gapless, in the order of commits.
    pub number: i64,
    pub at: DateTime<Utc>,
    pub actor: ActorKind,
    #[schema(required = true)]
    pub actor_id: Option<UserId>,
    pub action: Action,
    pub group: Group,
    #[schema(required = true)]
    pub subject: Option<Subject>,
    #[schema(required = true)]
    pub subject_id: Option<Uuid>,
    /// What a lead is called today; null where it is no lead, or nameless, or gone.
    #[schema(required = true)]
    pub subject_name: Option<String>,
    /// Ids, names of fields, words of ours.
    #[schema(value_type = std::collections::BTreeMap<String, serde_json::Value>)]
    pub details: serde_json::Value,
    /// As in `X-Request-Id` and the log.
    #[schema(required = true)]
    pub request_id: Option<String>,
    /// From where; null where nobody asked from anywhere, or where it was erased.
    #[schema(required = true)]
    pub address: Option<String>,
    /// The `User-Agent`.
    #[schema(required = true)]
    pub agent: Option<String>,
    /// In hexadecimal: over this entry and the hash of the one before.
    pub hash: String,
}

/// A walk of the chain that is over.
#[derive(Clone, Debug)]
pub struct Checked {
    pub at: DateTime<Utc>,
    /// Whole up to here.
    pub upto: Position,
    /// The first break.
    pub finding: Option<String>,
}

/// How the chain is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AuditChain)]
pub struct Chain {
    /// The newest entry; 0: there is none.
    pub number: i64,
    /// Its hash, in hexadecimal. Kept elsewhere, it proves later that nothing before it was changed (`nextmove audit verify --noted`).
    pub hash: String,
    /// When it was walked last; that is done once a day.
    #[schema(required = true)]
    pub checked_at: Option<DateTime<Utc>>,
    /// Whole up to this entry.
    #[schema(required = true)]
    pub checked_number: Option<i64>,
    /// Somebody wrote to the database past the server: what stands after `checked_number` cannot be trusted.
    pub broken: bool,
}

/// Entries one after the other, at most so many, for what is taken away.
pub async fn all(tx: &mut Tx, filter: Filter, most: usize) -> Result<Vec<Told>> {
    let mut filter = Filter { limit: Some(200), ..filter };
    let mut all = Vec::new();
    loop {
        let page = list(tx, filter.clone()).await?;
        all.extend(page.items);
        if all.len() >= most || page.next_cursor.is_none() {
            all.truncate(most);
            return Ok(all);
        }
        filter.cursor = page.next_cursor;
    }
}

/// A page of the trail.
pub async fn list(tx: &mut Tx, filter: Filter) -> Result<Page<Told>> {
    let limit = filter.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "out_of_range", "From 1 to 200."));
    }
    let actions = |group| Action::ALL.into_iter().filter(move |action| action.group() == group).map(Action::as_str);
    let narrowed = Narrowed {
        before: filter.cursor.as_deref().map(decode_cursor).transpose()?,
        person: filter.person.map(|id| id.0),
        lead: filter.lead.map(|id| id.0),
        actions: filter.group.map(|group| actions(group).collect()),
        from: filter.from,
        to: filter.to,
        limit: limit + 1, // one more tells whether there is a next page
    };
    let mut rows = sql::newest(tx, &narrowed).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = match rows.last() {
        Some(row) if more => Some(encode_cursor(&(row.at, row.number))?),
        _ => None,
    };
    let items = rows.into_iter().map(|row| told(tx, row)).collect::<Result<_>>()?;
    Ok(Page { items, next_cursor })
}

fn told(tx: &Tx, row: sql::Row) -> Result<Told> {
    let origin = row.origin_text(tx)?.and_then(|text| read_origin(&text)).unwrap_or_default();
    let action: Action = word(&row.action)?;
    Ok(Told {
        number: row.number,
        at: row.at,
        actor: word(&row.actor_kind)?,
        actor_id: row.actor_id.map(UserId),
        action,
        group: action.group(),
        // Of a newer release, perhaps.
        subject: row.subject_kind.as_deref().and_then(|kind| word(kind).ok()),
        subject_id: row.subject_id,
        subject_name: None,
        details: serde_json::from_str(&row.details)?,
        request_id: row.request_id,
        address: origin.address.map(|address| address.to_string()),
        agent: origin.agent,
        hash: hex::encode(row.hash),
    })
}

fn word<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    Ok(serde_json::from_value(text.into())?)
}

/// How the chain of the organization is.
pub async fn chain(tx: &mut Tx) -> Result<Chain> {
    let head = sql::head(tx).await?;
    let checked = sql::last_check(tx).await?;
    Ok(Chain {
        number: head.number,
        hash: hex::encode(head.hash),
        checked_at: checked.as_ref().map(|checked| checked.at),
        checked_number: checked.as_ref().map(|checked| checked.upto.number),
        broken: checked.is_some_and(|checked| checked.finding.is_some()),
    })
}
