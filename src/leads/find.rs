//! Finding leads: lists, search, counts, one lead with all that its screen shows. Visibility is part of each statement, so what is
//! hidden is not there.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    Answer, HistoryItem, Lead, LeadDetail, Status,
    score::Looked,
    scoring,
    sql::{self, Row},
    tokens, trace,
};
use crate::{
    db::Tx,
    error::{Error, Result},
    http::{Page, decode_cursor, encode_cursor},
    identity::Viewer,
    organizations,
    types::ids::{CampaignId, FormId, LeadId, UserId},
};

/// Which leads, in which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// Open, not put off, mine or nobody's (a manager's: everybody's); untried leads first, of each kind the next due first.
    Todo,
    /// Assigned to me, newest first.
    Mine,
    /// Open and not put off, the best score first, of those as good the newest.
    Best,
    /// Everything I may see, newest first.
    #[default]
    All,
}

/// What the list is narrowed to.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    #[param(inline)]
    pub view: View,
    /// Several separated by commas.
    pub status: Option<String>,
    /// User ids, `me`, `none`; several separated by commas.
    pub assignee: Option<String>,
    pub campaign: Option<CampaignId>,
    pub form: Option<FormId>,
    /// Sent at this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Sent before this time.
    pub to: Option<DateTime<Utc>>,
    /// A phone number, an e-mail address, or the beginnings of words of a name.
    pub q: Option<String>,
    /// In the view `best`: with this score or a better one.
    #[param(minimum = 0, maximum = 100)]
    pub min_score: Option<i16>,
    /// 1 to 200.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

/// Counts go so far: an organization may leave a hundred thousand leads open, and nobody reads more from a badge than that it is many.
pub(super) const MOST_COUNTED: i64 = 1000;
/// So many leads that a search finds are read and put in order. Where more are found, the list is walked instead: among a hundred thousand
/// one of them is met every hundred rows.
const MOST_FOUND: i64 = 1000;

/// How many there are; 1,000 means that there are so many or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// As the view `todo` shows.
    pub todo: i64,
    /// Open and assigned to me.
    pub mine: i64,
    /// Open and nobody's.
    pub unclaimed: i64,
}

/// The sort key of the last row of a page.
#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    view: View,
    key: Key,
    id: Uuid,
}

/// What a list is sorted by, before the id.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Key {
    pub at: DateTime<Utc>,
    /// In the view `todo`: somebody tried already.
    pub tried: bool,
    /// In the view `best`.
    #[serde(default)]
    pub score: i16,
}

/// A filter, read and checked, as the statements take it.
#[derive(Debug, Default)]
pub struct Narrowed {
    pub statuses: Option<Vec<String>>,
    pub assignees: Option<Vec<Uuid>>,
    pub or_nobody: bool,
    pub campaign: Option<Uuid>,
    pub form: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub min_score: i16,
    /// What a search found, where that is not much; otherwise `tokens`.
    pub found: Option<Vec<Uuid>>,
    /// Up to three groups of tokens; a lead has one of each.
    pub tokens: [Option<Vec<Vec<u8>>>; 3],
    pub limit: i64,
    pub after: Option<(Key, Uuid)>,
}

pub(super) fn is_visible(viewer: &Viewer, row: &Row) -> bool {
    viewer.sees_all || row.assignee_id.is_none_or(|assignee| assignee == viewer.user.0)
}

/// A page of leads.
pub async fn list(tx: &mut Tx, viewer: &Viewer, filter: Filter) -> Result<Page<Lead>> {
    let view = filter.view;
    let mut narrowed = narrow(tx, viewer, filter).await?;
    let is_nobodys = narrowed.assignees.as_ref().is_some_and(Vec::is_empty) && !narrowed.or_nobody;
    if is_nobodys
        || [&narrowed.found.as_ref().map(Vec::len), &narrowed.statuses.as_ref().map(Vec::len)].contains(&&Some(0))
    {
        return Ok(Page { items: Vec::new(), next_cursor: None });
    }
    let limit = narrowed.limit;
    narrowed.limit += 1; // one more tells whether there is a next page
    let mut keys = match view {
        View::Todo => sql::next_due(tx, viewer, &narrowed).await?,
        View::Best => sql::best(tx, viewer, &narrowed).await?,
        View::Mine | View::All => sql::newest(tx, viewer, &narrowed).await?,
    };
    let more = keys.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let next_cursor = match keys.last() {
        Some((key, id)) if more => Some(encode_cursor(&Cursor { view, key: *key, id: *id })?),
        _ => None,
    };
    let ids: Vec<Uuid> = keys.iter().map(|(_, id)| *id).collect();
    Ok(Page { items: in_order(tx, &ids).await?, next_cursor })
}

async fn in_order(tx: &mut Tx, ids: &[Uuid]) -> Result<Vec<Lead>> {
    let mut by_id: HashMap<Uuid, Row> = sql::rows(tx, ids).await?.into_iter().map(|row| (row.id, row)).collect();
    ids.iter().filter_map(|id| by_id.remove(id)).map(|row| present(tx, row)).collect()
}

async fn narrow(tx: &mut Tx, viewer: &Viewer, filter: Filter) -> Result<Narrowed> {
    let limit = filter.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "out_of_range", "From 1 to 200."));
    }
    if filter.min_score.is_some_and(|score| filter.view != View::Best || !(0..=100).contains(&score)) {
        return Err(Error::invalid("min_score", "out_of_range", "From 0 to 100, and in the view best."));
    }
    let mut narrowed = Narrowed {
        min_score: filter.min_score.unwrap_or(0),
        campaign: filter.campaign.map(|id| id.0),
        form: filter.form.map(|id| id.0),
        from: filter.from,
        to: filter.to,
        limit,
        ..Narrowed::default()
    };
    if let Some(text) = filter.status.as_deref().filter(|text| !text.is_empty()) {
        let given = text.split(',').map(str::parse).collect::<Result<Vec<Status>>>()?;
        // In *To do* stands what is open, and nothing needs to be looked for in vain.
        let mut wanted: Vec<Status> = Status::ALL.into_iter().filter(|status| given.contains(status)).collect();
        if filter.view == View::Todo {
            wanted.retain(|status| status.is_open());
        }
        let is_narrower = wanted.len() < Status::ALL.len();
        narrowed.statuses = is_narrower.then(|| wanted.into_iter().map(|status| status.as_str().to_owned()).collect());
    }
    if let Some(text) = filter.assignee.as_deref().filter(|text| !text.is_empty()) {
        let mut assignees = Vec::new();
        for word in text.split(',') {
            match word {
                "me" => assignees.push(viewer.user.0),
                "none" => narrowed.or_nobody = true,
                id => assignees.push(
                    id.parse().map_err(|_| Error::invalid("assignee", "assignee_invalid", "User ids, me or none."))?,
                ),
            }
        }
        assignees.sort_unstable();
        assignees.dedup();
        narrowed.assignees = Some(assignees);
    }
    if filter.view == View::Mine {
        narrowed.assignees = Some(vec![viewer.user.0]);
        narrowed.or_nobody = false;
    }
    let sees_few = !viewer.sees_all || (filter.view == View::Todo && !viewer.is_manager());
    if sees_few && narrowed.assignees.is_none() {
        narrowed.assignees = Some(vec![viewer.user.0]);
        narrowed.or_nobody = true;
    }
    if !viewer.sees_all {
        // The statements would hide the others' leads as well, but only after they had read them.
        narrowed.assignees.iter_mut().for_each(|people| people.retain(|person| *person == viewer.user.0));
    }
    if let Some(text) = filter.q.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
        let country = organizations::current(tx).await?.country;
        search(tx, &mut narrowed, tokens::search(tx.vault(), text, country)).await?;
    }
    if let Some(text) = &filter.cursor {
        let cursor: Cursor = decode_cursor(text)?;
        if cursor.view != filter.view {
            return Err(Error::invalid("cursor", "cursor_invalid", "This cursor belongs to another view."));
        }
        narrowed.after = Some((cursor.key, cursor.id));
    }
    Ok(narrowed)
}

/// What the leads are called; those that are nameless or gone are left out. For who may see all of them.
pub async fn names(tx: &mut Tx, ids: &[LeadId]) -> Result<HashMap<LeadId, String>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let mut names = HashMap::new();
    for row in sql::rows(tx, &ids).await? {
        if let Some(name) = row.person_without_answers(tx)?.full_name {
            names.insert(row.id(), name);
        }
    }
    Ok(names)
}

/// Begins at the tokens; where they find too many, has the list walked.
async fn search(tx: &mut Tx, narrowed: &mut Narrowed, mut groups: Vec<Vec<Vec<u8>>>) -> Result<()> {
    groups.sort_unstable();
    groups.dedup();
    if groups.is_empty() {
        narrowed.found = Some(Vec::new());
        return Ok(());
    }
    // More words than a walk looks for are few leads, whichever they are.
    let most = if groups.len() > narrowed.tokens.len() { i64::from(i32::MAX) } else { MOST_FOUND };
    narrowed.found = sql::found(tx, &groups, most).await?;
    if narrowed.found.is_none() {
        let mut groups = groups.into_iter();
        narrowed.tokens = std::array::from_fn(|_| groups.next());
    }
    Ok(())
}

pub async fn counts(tx: &mut Tx, viewer: &Viewer) -> Result<Counts> {
    sql::counts(tx, viewer).await
}

/// One lead, if the viewer may see it.
pub async fn find(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<Lead> {
    let row = sql::row(tx, id).await?.filter(|row| is_visible(viewer, row)).ok_or(Error::NotFound)?;
    present(tx, row)
}

/// One lead with all that its screen shows.
pub async fn detail(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<LeadDetail> {
    let row = sql::row(tx, id).await?.filter(|row| is_visible(viewer, row)).ok_or(Error::NotFound)?;
    let person = row.person(tx)?;
    let score_reasons = Looked::row(&row, &person).reasons(&scoring::scoring(tx).await?.rules);
    let answers = person.answers;
    let mut detail = LeadDetail {
        lead: present(tx, row)?,
        answers,
        consents: sql::consents(tx, id).await?,
        trace: trace::find(tx, id).await?,
        score_reasons,
    };
    for answer in sql::later_answers(tx, id).await? {
        merge(&mut detail.answers, answer);
    }
    Ok(detail)
}

/// What a further enquiry said goes under the same question, where it says something else.
fn merge(answers: &mut Vec<Answer>, answer: Answer) {
    match answers.iter_mut().find(|known| known.key == answer.key) {
        Some(known) => {
            for value in answer.values {
                if !known.values.contains(&value) {
                    known.values.push(value);
                }
            }
        }
        None => answers.push(answer),
    }
}

/// Leads by id, for the live stream; with each, who may see it is left to the caller.
pub async fn present_many(tx: &mut Tx, ids: &[LeadId]) -> Result<Vec<Lead>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    in_order(tx, &ids).await
}

/// History and notes of a lead, newest first.
pub async fn timeline_items(tx: &mut Tx, viewer: &Viewer, id: LeadId) -> Result<Vec<HistoryItem>> {
    sql::row(tx, id).await?.filter(|row| is_visible(viewer, row)).ok_or(Error::NotFound)?;
    sql::history(tx, id).await
}

/// A row with its sealed fields opened.
pub(super) fn present(tx: &Tx, row: Row) -> Result<Lead> {
    let person = row.person_without_answers(tx)?;
    Ok(Lead {
        id: LeadId(row.id),
        version: row.version,
        status: row.status.parse()?,
        lost_reason: row.lost_reason.map(|reason| serde_json::from_value(reason.into())).transpose()?,
        full_name: person.full_name,
        phone: person.phone.map(|phone| phone.as_str().to_owned()),
        phone_given: person.phone_given,
        email: person.email,
        postal_code: row.postal_code,
        city: row.city,
        service: row.service,
        message: person.message,
        source: row.source,
        platform: row.platform,
        meta_lead_id: row.meta_lead_id,
        is_test: row.is_test,
        is_organic: row.is_organic,
        enquiry_count: row.enquiry_count,
        score: i32::from(row.score),
        campaign_id: row.campaign_id.map(CampaignId),
        form_id: row.form_id.map(FormId),
        adset_name: row.adset_name,
        ad_name: row.ad_name,
        assignee_id: row.assignee_id.map(UserId),
        claimed_at: row.claimed_at,
        attempt_count: row.attempt_count,
        first_attempt_at: row.first_attempt_at,
        last_attempt_at: row.last_attempt_at,
        first_contact_at: row.first_contact_at,
        last_contact_at: row.last_contact_at,
        snoozed_until: row.snoozed_until,
        response_seconds: row.response_seconds,
        response_business_seconds: row.response_business_seconds,
        opens_at: if row.first_attempt_at.is_none() { row.opens_at } else { None },
        due_at: if row.first_attempt_at.is_none() { row.due_at } else { None },
        next_at: row.next_at,
        created_at: row.created_at,
        received_at: row.received_at,
        updated_at: row.updated_at,
    })
}
