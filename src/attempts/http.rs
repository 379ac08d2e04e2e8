//! The routes of attempts, and of the timeline they stand in.

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Attempt, Begun, Channel, Outcome, TimelineItem};
use crate::{
    app::App,
    attempts,
    audit::Action,
    error::{Problem, Result},
    http::{Items, Json, Path},
    identity::Staff,
    types::ids::{AttemptId, LeadId, NoteId},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log))
        .routes(routes!(report))
        .routes(routes!(timeline))
        .routes(routes!(add_note))
}

/// An attempt as it is begun.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAttempt {
    /// A UUID of version 7, for an app that tells the outcome before the attempt has reached us.
    pub id: Option<AttemptId>,
    pub channel: Channel,
    /// When the tap was, if that is not now: at most a week ago.
    pub started_at: Option<DateTime<Utc>>,
}

/// Stores an attempt before the other app opens.
#[utoipa::path(post, path = "/api/leads/{id}/attempts", tag = "attempts", params(("id" = LeadId, Path)), request_body = NewAttempt,
    responses((status = 201, body = Attempt), (status = 404, body = Problem), (status = 409, body = Problem, description = "The id is something else's"),
        (status = 422, body = Problem)))]
async fn log(staff: Staff, Path(id): Path<LeadId>, Json(new): Json<NewAttempt>) -> Result<(StatusCode, Json<Attempt>)> {
    let viewer = staff.viewer();
    let begun = Begun { id: new.id, channel: new.channel, started_at: new.started_at };
    let attempt = staff.write(async |tx| attempts::log(tx, &viewer, id, begun).await).await?;
    Ok((StatusCode::CREATED, Json(attempt)))
}

/// What came of an attempt.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub outcome: Outcome,
    /// Up to 2,000 characters.
    pub note: Option<String>,
}

/// Says what came of an attempt.
#[utoipa::path(post, path = "/api/leads/{id}/attempts/{attempt_id}/outcome", tag = "attempts",
    params(("id" = LeadId, Path), ("attempt_id" = AttemptId, Path)), request_body = Report,
    responses((status = 200, body = Attempt), (status = 404, body = Problem), (status = 422, body = Problem)))]
async fn report(
    staff: Staff,
    Path((id, attempt)): Path<(LeadId, AttemptId)>,
    Json(report): Json<Report>,
) -> Result<Json<Attempt>> {
    let viewer = staff.viewer();
    Ok(Json(
        staff.write(async |tx| attempts::report(tx, &viewer, id, attempt, report.outcome, report.note).await).await?,
    ))
}

/// Attempts, notes and history of a lead, newest first.
#[utoipa::path(get, path = "/api/leads/{id}/timeline", tag = "attempts", params(("id" = LeadId, Path)),
    responses((status = 200, body = Items<TimelineItem>), (status = 404, body = Problem)))]
async fn timeline(staff: Staff, Path(id): Path<LeadId>) -> Result<Json<Items<TimelineItem>>> {
    let viewer = staff.viewer();
    let items = staff.read(async |tx| attempts::timeline(tx, &viewer, id).await).await?;
    staff.saw(Action::LeadViewed.on(id)).await?;
    Ok(Json(Items { items }))
}

/// A note as it is written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// A UUID of version 7, for an app that shows the note before it has reached us.
    pub id: Option<NoteId>,
    /// When it was written, if that is not now: at most a week ago.
    pub written_at: Option<DateTime<Utc>>,
    /// Up to 4,000 characters.
    pub text: String,
}

/// Adds a note to the timeline.
#[utoipa::path(post, path = "/api/leads/{id}/notes", tag = "leads", params(("id" = LeadId, Path)), request_body = NewNote,
    responses((status = 201, body = TimelineItem), (status = 404, body = Problem), (status = 409, body = Problem, description = "The id is something else's"),
        (status = 422, body = Problem)))]
async fn add_note(
    staff: Staff,
    Path(id): Path<LeadId>,
    Json(note): Json<NewNote>,
) -> Result<(StatusCode, Json<TimelineItem>)> {
    let viewer = staff.viewer();
    let item =
        staff.write(async |tx| attempts::note(tx, &viewer, id, &note.text, note.id, note.written_at).await).await?;
    Ok((StatusCode::CREATED, Json(item)))
}
