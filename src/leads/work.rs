//! What people do with a lead. Every verb locks the row, changes it, saves it with its history, and records the event.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    EndSnooze, Lead, LostReason, Status,
    capture::{Person, behind_all},
    find,
    given::{one_line, plausible_email},
    queue, scoring,
    sql::{self, Row},
    tokens,
    told::{Told, tell},
};
use crate::{
    app::App,
    db::Tx,
    error::{Error, Result},
    identity::{self, Viewer},
    jobs,
    notifications::{self, Notice},
    organizations,
    outbox::{self, Event},
    sla,
    types::{
        ids::{LeadId, UserId},
        phone::Phone,
    },
};

/// The furthest that a lead may be put off.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(90);

/// What may be changed by hand. A field that is left out stays; null empties it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub status: Option<Status>,
    /// Required with `lost`.
    pub lost_reason: Option<LostReason>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub full_name: Option<Option<String>>,
    /// As people write numbers in the organization's country, or E.164.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub postal_code: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    pub service: Option<Option<String>>,
}

/// Tells null (empty it) from absent (leave it).
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// Locks a lead that the viewer may see.
async fn lock(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<Row> {
    let row = sql::lock(tx, id).await?;
    if find::is_visible(viewer, &row) { Ok(row) } else { Err(Error::NotFound) }
}

/// Changes status or fields, where `version` is still the current one.
pub async fn change(tx: &mut Tx, viewer: &Viewer, id: LeadId, version: i32, change: Change) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    if row.version != version {
        return Err(Error::Precondition { current: row.version });
    }
    let edited = edit_person(tx, &mut row, &change).await?;
    let mut lead = None;
    if let Some(person) = &edited {
        let fields: Vec<&str> = [
            ("full_name", change.full_name.is_some()),
            ("phone", change.phone.is_some()),
            ("email", change.email.is_some()),
            ("postal_code", change.postal_code.is_some()),
            ("service", change.service.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, changed)| changed.then_some(name))
        .collect();
        if change.status.is_none() {
            return save(tx, row, Some(person), Told::Edited, json!({ "fields": fields })).await;
        }
        tell(tx, id, Told::Edited, json!({ "fields": fields })).await?;
    }
    if let Some(status) = change.status {
        let from = row.status()?;
        set_status(tx, &mut row, status, change.lost_reason).await?;
        let data = json!({ "from": from, "to": status, "reason": change.lost_reason });
        lead = Some(save(tx, row, edited.as_ref(), Told::Status, data).await?);
    }
    lead.ok_or_else(|| Error::invalid("body", "empty", "Nothing to change was given."))
}

async fn edit_person(tx: &mut Tx, row: &mut Row, change: &Change) -> Result<Option<Person>> {
    let Change { full_name, phone, email, postal_code, service, .. } = change;
    if [full_name, phone, email, postal_code, service].iter().all(|field| field.is_none()) {
        return Ok(None);
    }
    let mut person = row.person(tx)?;
    set_text(&mut person.full_name, full_name.as_ref(), "full_name", 200)?;
    set_text(&mut person.email, email.as_ref(), "email", 254)?;
    set_text(&mut person.postal_code, postal_code.as_ref(), "postal_code", 20)?;
    set_text(&mut person.service, service.as_ref(), "service", 200)?;
    if email.is_some() && person.email.as_ref().is_some_and(|email| !plausible_email(email)) {
        return Err(Error::invalid("email", "email_invalid", "This is no e-mail address."));
    }
    if let Some(given) = phone {
        let country = organizations::current(tx).await?.country;
        person.phone_given = None;
        person.phone = match given.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => Some(
                Phone::parse(text, country)
                    .map_err(|error| Error::invalid("phone", "phone_invalid", error.to_string()))?,
            ),
            None => None,
        };
    }
    row.set_person(tx, &person)?;
    Ok(Some(person))
}

fn set_text(
    field: &mut Option<String>,
    given: Option<&Option<String>>,
    name: &'static str,
    longest: usize,
) -> Result<()> {
    let Some(given) = given else { return Ok(()) };
    *field = one_line(given.as_deref(), name, longest)?;
    Ok(())
}

async fn set_status(tx: &mut Tx, row: &mut Row, next: Status, reason: Option<LostReason>) -> Result<()> {
    let now = row.status()?;
    if !now.may_become(next) {
        return Err(Error::conflict(
            "transition",
            format!("A lead that is {} does not become {}.", now.as_str(), next.as_str()),
        ));
    }
    if next == Status::Lost && reason.is_none() {
        return Err(Error::invalid("lost_reason", "required", "Why was it lost?"));
    }
    row.status = next.as_str().to_owned();
    row.lost_reason = if next == Status::Lost { reason.map(|reason| plain(&reason)).transpose()? } else { None };
    if next == Status::Contacted {
        let at = tx.now();
        row.first_contact_at.get_or_insert(at);
        row.last_contact_at = Some(at);
    }
    if !next.is_open() {
        row.snoozed_until = None;
        if let Some(holder) = row.assignee_id {
            queue::freed(tx, UserId(holder)).await?;
        }
    }
    plan_next(tx, row).await
}

/// The word that an enum serializes to.
fn plain(word: &impl Serialize) -> Result<String> {
    match serde_json::to_value(word)? {
        Value::String(text) => Ok(text),
        _ => Err(Error::internal("not a word")),
    }
}

/// When the next move is due: the SLA before the first attempt, the organization's retry time after the last one.
async fn plan_next(tx: &mut Tx, row: &mut Row) -> Result<()> {
    row.next_at = if !row.status()?.is_open() {
        None
    } else if let Some(until) = row.snoozed_until {
        Some(until)
    } else if let Some(last) = row.last_attempt_at {
        let retry = organizations::current(tx).await?.retry_minutes;
        Some(last + TimeDelta::minutes(i64::from(retry)))
    } else {
        row.due_at.or_else(|| Some(behind_all(row.created_at)))
    };
    Ok(())
}

/// Takes an unclaimed lead; of several who tap at once, one gets it.
pub async fn claim(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    match row.assignee_id {
        Some(holder) if holder == viewer.user.0 => return find::present(tx, row),
        Some(holder) => return Err(Error::Claimed { by: UserId(holder) }),
        None => {}
    }
    take(&mut row, viewer.user, tx.now());
    save(tx, row, None, Told::Claimed, json!({})).await
}

pub(super) fn take(row: &mut Row, user: UserId, at: DateTime<Utc>) {
    row.assignee_id = Some(user.0);
    row.claimed_at = Some(at);
}

/// Gives a lead back, so that others may take it: one's own, or as a manager anybody's.
pub async fn release(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    let Some(holder) = row.assignee_id else { return find::present(tx, row) };
    if holder != viewer.user.0 && !viewer.is_manager() {
        return Err(Error::Forbidden("not_yours"));
    }
    row.assignee_id = None;
    row.claimed_at = None;
    queue::freed(tx, UserId(holder)).await?;
    save(tx, row, None, Told::Released, json!({ "from": holder })).await
}

/// Gives a lead to a colleague, or to nobody. Owners and managers.
pub async fn assign(tx: &mut Tx, viewer: &Viewer, id: LeadId, user: Option<UserId>) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    if !viewer.is_manager() {
        return Err(Error::Forbidden("managers_only"));
    }
    if let Some(user) = user
        && identity::is_member(tx, user).await?.is_none()
    {
        return Err(Error::invalid("user_id", "not_a_member", "Nobody of this organization."));
    }
    let from = row.assignee_id;
    if from == user.map(|user| user.0) {
        return find::present(tx, row);
    }
    row.assignee_id = user.map(|user| user.0);
    row.claimed_at = user.map(|_| tx.now());
    if let Some(from) = from {
        queue::freed(tx, UserId(from)).await?;
    }
    let due_at = row.due_at;
    let lead = save(tx, row, None, Told::Assigned, json!({ "from": from, "to": user })).await?;
    if let Some(to) = user.filter(|user| *user != viewer.user) {
        let (kind, data) = (notifications::Kind::LeadAssigned, json!({ "due_at": due_at, "by": viewer.user }));
        notifications::tell(tx, vec![Notice { to, kind, lead: Some(id), data, channels: Vec::new() }]).await?;
    }
    Ok(lead)
}

/// Puts a lead off: it leaves the list of what is to do until then.
pub async fn snooze(tx: &mut Tx, viewer: &Viewer, id: LeadId, until: DateTime<Utc>) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    // As the database keeps it, so that the job that ends the snooze finds the same time.
    let until = until.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(until);
    if until <= tx.now() {
        return Err(Error::invalid("until", "in_the_past", "Until when? This time has passed."));
    }
    if until > tx.now() + LONGEST_SNOOZE {
        return Err(Error::invalid("until", "too_far", "At most 90 days."));
    }
    if !row.status()?.is_open() {
        return Err(Error::conflict("closed", "There is nothing to put off: it is not open."));
    }
    row.snoozed_until = Some(until);
    row.next_at = Some(until);
    jobs::enqueue_at::<App, _>(tx, &EndSnooze { lead: id, until }, until).await?;
    save(tx, row, None, Told::Snoozed, json!({ "until": until })).await
}

/// Brings a lead that was put off back at once.
pub async fn wake(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    if row.snoozed_until.take().is_none() {
        return find::present(tx, row);
    }
    plan_next(tx, &mut row).await?;
    save(tx, row, None, Told::Woken, json!({})).await
}

/// The time until which it was put off has come.
pub(super) async fn end_snooze(tx: &mut Tx, id: LeadId, until: DateTime<Utc>) -> Result<()> {
    let mut row = sql::lock(tx, id).await?;
    if row.snoozed_until != Some(until) {
        return Ok(());
    }
    row.snoozed_until = None;
    // It stays due since then, whoever tried how often before.
    save(tx, row, None, Told::Woken, json!({})).await?;
    Ok(())
}

/// Somebody tries to reach the person: counts it, stops the SLA clock, and claims a lead that was nobody's. The attempt itself is its
/// own line of the timeline, so no history is written here.
pub async fn attempted(tx: &mut Tx, viewer: &Viewer, id: LeadId, at: DateTime<Utc>) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    let at = at.max(row.received_at).min(tx.now());
    row.attempt_count += 1;
    // Attempts made offline may arrive in any order.
    let first = row.first_attempt_at.map_or(at, |first| first.min(at));
    if row.first_attempt_at != Some(first) {
        row.first_attempt_at = Some(first);
        // Nobody waited for an answer to what came without a clock.
        if row.due_at.is_some() {
            // A file's lead was sent long before anybody was to call.
            let since = if row.source == "import" { row.received_at } else { row.created_at };
            let waited = sla::current(tx).await?.waited(since, first);
            row.response_seconds = Some(waited.seconds);
            row.response_business_seconds = Some(waited.business_seconds);
        }
    }
    row.last_attempt_at = Some(row.last_attempt_at.map_or(at, |last| last.max(at)));
    row.snoozed_until = None;
    if row.assignee_id.is_none() {
        take(&mut row, viewer.user, tx.now());
        tell(tx, id, Told::Claimed, json!({})).await?;
    }
    plan_next(tx, &mut row).await?;
    sql::trace_first_attempt(tx, id, at).await?;
    save_quietly(tx, row, None).await
}

/// What came of an attempt: reached moves new and no_answer to contacted; an unanswered call moves new to no_answer.
pub async fn outcome_known(
    tx: &mut Tx,
    viewer: &Viewer,
    id: LeadId,
    reached: bool,
    unanswered: bool,
    at: DateTime<Utc>,
) -> Result<Lead> {
    let mut row = lock(tx, viewer, id).await?;
    let from = row.status()?;
    let next = match from {
        Status::New | Status::NoAnswer if reached => Some(Status::Contacted),
        Status::New if unanswered => Some(Status::NoAnswer),
        _ => None,
    };
    if let Some(next) = next {
        row.status = next.as_str().to_owned();
        tell(tx, id, Told::Status, json!({ "from": from, "to": next })).await?;
    }
    if reached {
        row.first_contact_at = Some(row.first_contact_at.map_or(at, |first| first.min(at)));
        row.last_contact_at = Some(row.last_contact_at.map_or(at, |last| last.max(at)));
    }
    plan_next(tx, &mut row).await?;
    save_quietly(tx, row, None).await
}

/// Saves a changed row with its line of history, records the event, and gives the lead as it now is.
pub(super) async fn save(tx: &mut Tx, row: Row, person: Option<&Person>, told: Told, data: Value) -> Result<Lead> {
    tell(tx, row.id(), told, data).await?;
    save_quietly(tx, row, person).await
}

pub(super) async fn save_quietly(tx: &mut Tx, mut row: Row, person: Option<&Person>) -> Result<Lead> {
    row.version += 1;
    row.updated_at = tx.now();
    row.score = scoring::of_row(tx, &row).await?;
    sql::update(tx, &row).await?;
    if let Some(person) = person {
        let found_by = tokens::tokens(tx.vault(), person)?;
        sql::replace_tokens(tx, row.id(), &found_by).await?;
    }
    outbox::record(tx, Event::LeadChanged { lead: row.id() });
    find::present(tx, row)
}

/// Seals leads anew with the current keys, a batch after `after`; gives the last one done, or nothing at the end. Versions stay: nothing changed.
pub(super) async fn reseal(tx: &mut Tx, after: Option<LeadId>, batch: i64) -> Result<Option<LeadId>> {
    let ids = sql::ids_after(tx, after, batch).await?;
    for id in &ids {
        let mut row = sql::lock(tx, *id).await?;
        let person = row.person(tx)?;
        row.set_person(tx, &person)?;
        sql::update(tx, &row).await?;
        let found_by = tokens::tokens(tx.vault(), &person)?;
        sql::replace_tokens(tx, *id, &found_by).await?;
        sql::reseal_beside(tx, *id).await?;
    }
    Ok(ids.last().copied())
}
