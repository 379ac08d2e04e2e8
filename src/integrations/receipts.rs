//! What Meta told us, as its organization sees it: ids, times, and what became of each. Replaying is harmless: a submission is stored once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{FetchLead, receive, sql};
use crate::{
    app::App,
    audit::{self, Action, Entry},
    db::Tx,
    error::{Error, Result},
    http::{Page, decode_cursor, encode_cursor},
    identity::Owner,
    jobs,
    types::ids::{LeadId, QuarantineId, ReceiptId},
};

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// Its lead is to be fetched.
    Waiting,
    /// Fetching failed, and is tried again at `next_at`.
    Retrying,
    /// The lead is here.
    Fetched,
    /// It was given up, and waits for a replay.
    Failed,
    /// Somebody took it out of the graveyard for good.
    Discarded,
    /// It could not be taken in at all.
    Quarantined,
    /// Its lead was here, and was erased.
    Gone,
}

/// Why something was not done, in a stable word. `internal` is our own trouble.
pub(super) fn reason_of(error: &str) -> &'static str {
    const KNOWN: [&str; 10] = [
        "throttled",
        "temporary",
        "token_dead",
        "permission",
        "gone",
        "policy_blocked",
        "invalid",
        "refused",
        "not_connected",
        "broken",
    ];
    let word = error.split_once(": ").map_or("", |(word, _)| word);
    KNOWN.into_iter().find(|known| *known == word).unwrap_or("internal")
}

/// A delivery of one lead, or a part of a delivery that could not be taken. Ids only.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    pub id: Uuid,
    #[schema(required = true)]
    pub page_id: Option<String>,
    /// Meta's id of the form.
    #[schema(required = true)]
    pub form_id: Option<String>,
    /// Meta's id of the lead.
    #[schema(required = true)]
    pub meta_lead_id: Option<String>,
    /// When the person sent it, as Meta says.
    #[schema(required = true)]
    pub sent_at: Option<DateTime<Utc>>,
    pub received_at: DateTime<Utc>,
    pub state: ReceiptState,
    #[schema(required = true)]
    pub lead_id: Option<LeadId>,
    /// A stable word: the class of Meta's error, `not_connected`, `broken`, `unknown_page`, `unreadable`, `internal`.
    #[schema(required = true)]
    pub reason: Option<String>,
    /// When it is tried again.
    #[schema(required = true)]
    pub next_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub tries: i32,
}

/// What a list of receipts is narrowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptFilter {
    /// Still to be fetched, for the first time or again.
    Waiting,
    Failed,
    Fetched,
    Discarded,
    Quarantined,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReceiptQuery {
    #[param(inline)]
    pub state: Option<ReceiptFilter>,
    pub page_id: Option<String>,
    /// 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

/// Receipts and what lies in the quarantine, newest first.
pub async fn list(tx: &mut Tx, query: &ReceiptQuery) -> Result<Page<Receipt>> {
    let limit = query.limit.unwrap_or(30);
    if !(1..=100).contains(&limit) {
        return Err(Error::invalid("limit", "out_of_range", "From 1 to 100."));
    }
    let before: Option<(DateTime<Utc>, Uuid)> = query.cursor.as_deref().map(decode_cursor).transpose()?;
    let state = match query.state {
        None | Some(ReceiptFilter::Quarantined) => None,
        Some(ReceiptFilter::Waiting) => Some("waiting"),
        Some(ReceiptFilter::Failed) => Some("failed"),
        Some(ReceiptFilter::Fetched) => Some("fetched"),
        Some(ReceiptFilter::Discarded) => Some("discarded"),
    };
    // One more tells whether there is a next page.
    let wanted = sql::Wanted { id: None, page_id: query.page_id.as_deref(), state, before, limit: limit + 1 };
    let mut items = Vec::new();
    if query.state != Some(ReceiptFilter::Quarantined) {
        items.extend(sql::receipts(tx, &wanted).await?.into_iter().map(present));
    }
    if matches!(query.state, None | Some(ReceiptFilter::Quarantined)) {
        items.extend(sql::set_aside(tx, &wanted).await?.into_iter().map(present_part));
    }
    items.sort_by_key(|receipt| std::cmp::Reverse((receipt.received_at, receipt.id)));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = match items.last() {
        Some(last) if more => Some(encode_cursor(&(last.received_at, last.id))?),
        _ => None,
    };
    Ok(Page { items, next_cursor })
}

fn present(row: sql::ReceiptRow) -> Receipt {
    let (state, error, next_at) = match (row.lead_id, row.live.as_deref()) {
        (Some(_), _) => (ReceiptState::Fetched, None, None),
        (None, Some(_)) if row.live_error.is_some() => (ReceiptState::Retrying, row.live_error, row.run_at),
        (None, Some(_)) => (ReceiptState::Waiting, None, row.run_at),
        (None, None) if row.dead.is_some() => (ReceiptState::Failed, row.dead_error, None),
        (None, None) if row.discarded => (ReceiptState::Discarded, None, None),
        (None, None) => (ReceiptState::Gone, None, None),
    };
    Receipt {
        id: row.id,
        page_id: Some(row.page_id),
        form_id: row.form_id,
        meta_lead_id: Some(row.external_id),
        sent_at: row.sent_at,
        received_at: row.received_at,
        state,
        lead_id: row.lead_id.map(LeadId),
        reason: error.as_deref().map(|error| reason_of(error).to_owned()),
        next_at,
        tries: if state == ReceiptState::Fetched { 0 } else { row.attempt.or(row.tries).unwrap_or(0) },
    }
}

fn present_part(part: sql::SetAside) -> Receipt {
    Receipt {
        id: part.id,
        page_id: part.page_id,
        form_id: None,
        meta_lead_id: None,
        sent_at: None,
        received_at: part.received_at,
        state: ReceiptState::Quarantined,
        lead_id: None,
        reason: Some(part.reason),
        next_at: None,
        tries: 0,
    }
}

/// Has one delivery's lead fetched again, or takes in again what was set aside. What is here already stays as it is.
pub async fn replay(app: &App, owner: &Owner, id: Uuid) -> Result<()> {
    let part = owner.write(async |tx| {
        if replay_receipt(tx, ReceiptId(id)).await? {
            return Ok(None);
        }
        let part = sql::own_body(tx, QuarantineId(id)).await?.ok_or(Error::NotFound)?;
        audit::record(tx, Action::ReceiptReplayed.on(id));
        Ok(Some(part))
    });
    let Some((body, received_at)) = part.await? else { return Ok(()) };
    // As if it came by the organization's own path: nothing in it can become another's.
    let taken = receive(app, &body, Some(owner.organization()), received_at).await?;
    app.db.directory(async |directory| sql::replayed(directory, QuarantineId(id)).await).await?;
    if taken.leads == 0 {
        return Err(Error::conflict("still_nobodys", "It can still not be taken; it waits on."));
    }
    Ok(())
}

/// `false` where there is no such receipt.
async fn replay_receipt(tx: &mut Tx, id: ReceiptId) -> Result<bool> {
    let wanted = sql::Wanted { id: Some(id.0), limit: 1, ..sql::Wanted::default() };
    let Some(row) = sql::receipts(tx, &wanted).await?.into_iter().next() else { return Ok(false) };
    if row.lead_id.is_some() {
        return Ok(true);
    }
    audit::record(tx, Action::ReceiptReplayed.on(id.0).with("meta_lead", &row.external_id));
    if row.live.is_some() {
        sql::hurry_one(tx, &row.external_id).await?;
    } else if row.dead.is_some() {
        sql::revive(tx, Some(id)).await?;
    } else {
        let fetch = FetchLead {
            leadgen_id: row.external_id,
            page_id: row.page_id,
            form_id: row.form_id,
            received_at: row.received_at,
        };
        jobs::enqueue::<App, _>(tx, &fetch).await?;
    }
    Ok(true)
}

/// For the demo world: a delivery of its past, whose lead is here.
pub async fn remember(
    tx: &mut Tx,
    page_id: &str,
    form_id: &str,
    leadgen_id: &str,
    sent_at: DateTime<Utc>,
    received_at: DateTime<Utc>,
) -> Result<()> {
    sql::remember(tx, page_id, form_id, leadgen_id, sent_at, received_at).await?;
    // As if Meta's list had been asked then, too.
    sql::keep_listed(tx, form_id, &[leadgen_id.to_owned()], &[sent_at], &[false]).await
}

/// Has all that was given up fetched again. Tells how many.
pub async fn replay_failed(tx: &mut Tx) -> Result<i64> {
    let count = sql::revive(tx, None).await?;
    audit::record(tx, Entry::from(Action::ReceiptsReplayed).with("count", count));
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::meta::MetaError;

    #[test]
    fn the_class_of_an_error_comes_back_and_nothing_else() {
        for error in [
            MetaError::TokenDead { code: 190, subcode: Some(460) },
            MetaError::Gone,
            MetaError::PolicyBlocked,
            MetaError::Permission { code: 200, message: "x".to_owned() },
        ] {
            assert_eq!(reason_of(&format!("{}: {error}", error.class())), error.class());
        }
        for other in ["", "internal: x", "the process that ran it is gone", "error returned from database: secret"] {
            assert_eq!(reason_of(other), "internal");
        }
    }
}
