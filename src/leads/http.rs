//! The routes of leads. A new action is a new resource.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Change, ChangeScoring, Counts, Filter, Lead, LeadDetail, Scoring, TriedScore};
use crate::{
    app::App,
    audit::Action,
    error::{Problem, Result},
    http::{IfMatch, Items, Json, Page, Path, Query, Versioned, nullable},
    identity::{Manager, Owner, Staff},
    leads,
    types::ids::{LeadId, UserId},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(counts))
        .routes(routes!(detail, change))
        .routes(routes!(opened))
        .routes(routes!(claim, release))
        .routes(routes!(assign))
        .routes(routes!(snooze, wake))
        .routes(routes!(scoring, change_scoring))
        .routes(routes!(try_scoring))
}

/// A page of leads.
#[utoipa::path(get, path = "/api/leads", tag = "leads", params(Filter),
    responses((status = 200, body = Page<Lead>), (status = 422, body = Problem, description = "A filter that cannot be read")))]
async fn list(staff: Staff, Query(filter): Query<Filter>) -> Result<Json<Page<Lead>>> {
    let viewer = staff.viewer();
    let is_search = filter.q.as_deref().is_some_and(|words| !words.trim().is_empty());
    let page = staff.read(async |tx| leads::list(tx, &viewer, filter).await).await?;
    if is_search {
        staff.saw(Action::LeadsSearched).await?;
    }
    Ok(Json(page))
}

/// How many leads wait.
#[utoipa::path(get, path = "/api/leads/counts", tag = "leads", responses((status = 200, body = Counts)))]
async fn counts(staff: Staff) -> Result<Json<Counts>> {
    let viewer = staff.viewer();
    Ok(Json(staff.read(async |tx| leads::counts(tx, &viewer).await).await?))
}

/// One lead.
#[utoipa::path(get, path = "/api/leads/{id}", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 200, body = LeadDetail, headers(("ETag" = String, description = "The version, in quotes"))), (status = 404, body = Problem)))]
async fn detail(staff: Staff, Path(id): Path<LeadId>) -> Result<Versioned<LeadDetail>> {
    let viewer = staff.viewer();
    let detail = staff.read(async |tx| leads::detail(tx, &viewer, id).await).await?;
    staff.saw(Action::LeadViewed.on(id)).await?;
    let version = detail.lead.version;
    Ok(Versioned(detail, version))
}

/// Changes status or fields of the version that `If-Match` names.
#[utoipa::path(patch, path = "/api/leads/{id}", tag = "leads", request_body = Change,
    params(("id" = LeadId, Path), ("If-Match" = String, Header, description = "The version that is changed, in quotes")),
    responses((status = 200, body = Lead), (status = 404, body = Problem), (status = 409, body = Problem, description = "Not an arrow of the state machine"),
        (status = 412, body = Problem, description = "Changed meanwhile"), (status = 422, body = Problem), (status = 428, body = Problem)))]
async fn change(
    staff: Staff,
    Path(id): Path<LeadId>,
    IfMatch(version): IfMatch,
    Json(change): Json<Change>,
) -> Result<Versioned<Lead>> {
    let viewer = staff.viewer();
    versioned(staff.write(async |tx| leads::change(tx, &viewer, id, version, change).await).await)
}

fn versioned(lead: Result<Lead>) -> Result<Versioned<Lead>> {
    lead.map(|lead| {
        let version = lead.version;
        Versioned(lead, version)
    })
}

/// Notes in the latency trace that somebody looks at it.
#[utoipa::path(put, path = "/api/leads/{id}/opened", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
async fn opened(staff: Staff, Path(id): Path<LeadId>) -> Result<StatusCode> {
    let viewer = staff.viewer();
    staff.write(async |tx| leads::opened(tx, &viewer, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an unclaimed lead.
#[utoipa::path(post, path = "/api/leads/{id}/claim", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 200, body = Lead), (status = 404, body = Problem), (status = 409, body = Problem, description = "A colleague was faster")))]
async fn claim(staff: Staff, Path(id): Path<LeadId>) -> Result<Versioned<Lead>> {
    let viewer = staff.viewer();
    versioned(staff.write(async |tx| leads::claim(tx, &viewer, id).await).await)
}

/// Gives a lead back.
#[utoipa::path(delete, path = "/api/leads/{id}/claim", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 200, body = Lead), (status = 403, body = Problem), (status = 404, body = Problem)))]
async fn release(staff: Staff, Path(id): Path<LeadId>) -> Result<Versioned<Lead>> {
    let viewer = staff.viewer();
    versioned(staff.write(async |tx| leads::release(tx, &viewer, id).await).await)
}

/// To whom a lead is given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// Null: nobody.
    #[serde(deserialize_with = "nullable")]
    #[schema(required = true)]
    pub user_id: Option<UserId>,
}

/// Gives a lead to a colleague.
#[utoipa::path(put, path = "/api/leads/{id}/assignment", tag = "leads", params(("id" = LeadId, Path)), request_body = Assignment,
    responses((status = 200, body = Lead), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn assign(manager: Manager, Path(id): Path<LeadId>, Json(to): Json<Assignment>) -> Result<Versioned<Lead>> {
    let viewer = manager.viewer();
    versioned(manager.write(async |tx| leads::assign(tx, &viewer, id, to.user_id).await).await)
}

/// Until when a lead is put off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    pub until: DateTime<Utc>,
}

/// Puts a lead off.
#[utoipa::path(put, path = "/api/leads/{id}/snooze", tag = "leads", params(("id" = LeadId, Path)), request_body = Snooze,
    responses((status = 200, body = Lead), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)))]
async fn snooze(staff: Staff, Path(id): Path<LeadId>, Json(snooze): Json<Snooze>) -> Result<Versioned<Lead>> {
    let viewer = staff.viewer();
    versioned(staff.write(async |tx| leads::snooze(tx, &viewer, id, snooze.until).await).await)
}

/// Brings a lead that was put off back.
#[utoipa::path(delete, path = "/api/leads/{id}/snooze", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 200, body = Lead), (status = 404, body = Problem)))]
async fn wake(staff: Staff, Path(id): Path<LeadId>) -> Result<Versioned<Lead>> {
    let viewer = staff.viewer();
    versioned(staff.write(async |tx| leads::wake(tx, &viewer, id).await).await)
}

/// What makes a lead a good one
#[utoipa::path(get, path = "/api/scoring", tag = "leads", responses((status = 200, body = Scoring)))]
async fn scoring(owner: Owner) -> Result<Json<Scoring>> {
    Ok(Json(owner.read(async |tx| leads::scoring(tx).await).await?))
}

/// Change what makes a lead a good one
///
/// All leads are scored anew, in a while. 422 with the place of what is wrong: `rules.0.sign`.
#[utoipa::path(put, path = "/api/scoring", tag = "leads", params(("If-Match" = String, Header)), request_body = ChangeScoring,
    responses((status = 200, body = Scoring)))]
async fn change_scoring(
    owner: Owner,
    IfMatch(version): IfMatch,
    Json(body): Json<ChangeScoring>,
) -> Result<Json<Scoring>> {
    Ok(Json(owner.write(async |tx| leads::change_scoring(tx, version, body.clone()).await).await?))
}

/// What these rules would say of the last 50 leads
///
/// Nothing is saved.
#[utoipa::path(post, path = "/api/scoring/preview", tag = "leads", request_body = ChangeScoring, responses((status = 200, body = Items<TriedScore>)))]
async fn try_scoring(owner: Owner, Json(body): Json<ChangeScoring>) -> Result<Json<Items<TriedScore>>> {
    let items = owner.read(async |tx| leads::try_scoring(tx, &body).await).await?;
    owner.saw(Action::LeadsSearched).await?;
    Ok(Json(Items { items }))
}
