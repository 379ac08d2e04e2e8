//! The owner's pages on sequences, and what a lead's screen shows of them.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Draft, Run, Sequence, runs,
    steps::{self, Preview},
};
use crate::{
    app::App,
    audit::Action,
    error::Result,
    http::{IfMatch, Items, Json, Path},
    identity::{Owner, Staff},
    types::ids::{LeadId, SequenceId},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(change, archive))
        .routes(routes!(preview))
        .routes(routes!(current, begin, stop))
}

/// The sequences of the organization
///
/// Everybody sees them: whoever begins one by hand chooses.
#[utoipa::path(get, path = "/api/sequences", tag = "sequences", responses((status = 200, body = Items<Sequence>)))]
async fn list(staff: Staff) -> Result<Json<Items<Sequence>>> {
    let items = staff.read(async |tx| super::list(tx).await).await?;
    Ok(Json(Items { items }))
}

/// Write a sequence
///
/// 422 with the place of what is wrong (`steps.0.text`): `required`, `too_long`, `too_many`, `out_of_range`, `template_invalid`,
/// `place_unknown`; 409 `too_many`.
#[utoipa::path(post, path = "/api/sequences", tag = "sequences", request_body = Draft, responses((status = 201, body = Sequence)))]
async fn create(owner: Owner, Json(draft): Json<Draft>) -> Result<(StatusCode, Json<Sequence>)> {
    let made = owner.write(async |tx| super::create(tx, draft.clone()).await).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// Change a sequence
///
/// For leads that begin from then on: whoever is in it goes on with the steps as they were. 422 as for a new one.
#[utoipa::path(put, path = "/api/sequences/{id}", tag = "sequences", params(("id" = SequenceId, Path), ("If-Match" = String, Header)),
    request_body = Draft, responses((status = 200, body = Sequence)))]
async fn change(
    owner: Owner,
    Path(id): Path<SequenceId>,
    IfMatch(version): IfMatch,
    Json(draft): Json<Draft>,
) -> Result<Json<Sequence>> {
    Ok(Json(owner.write(async |tx| super::change(tx, id, version, draft.clone()).await).await?))
}

/// Put a sequence away
///
/// Whoever is in it gets nothing more of it.
#[utoipa::path(delete, path = "/api/sequences/{id}", tag = "sequences", params(("id" = SequenceId, Path)), responses((status = 204)))]
async fn archive(owner: Owner, Path(id): Path<SequenceId>) -> Result<StatusCode> {
    owner.write(async |tx| super::archive(tx, id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewSequence {
    sequence: Draft,
    lead_id: LeadId,
}

/// What a sequence would say to a lead
///
/// With the lead's own data, and why a step would not be sent. Nothing is sent, nothing is saved.
#[utoipa::path(post, path = "/api/sequences/preview", tag = "sequences", request_body = PreviewSequence, responses((status = 200, body = Preview)))]
async fn preview(State(app): State<App>, owner: Owner, Json(body): Json<PreviewSequence>) -> Result<Json<Preview>> {
    let viewer = owner.viewer();
    let lead = body.lead_id;
    let shown = owner.read(async |tx| steps::preview(tx, &app, &viewer, body.sequence.clone(), lead).await).await?;
    owner.saw(Action::LeadViewed.on(lead)).await?;
    Ok(Json(shown))
}

/// Where a lead stands in a sequence.
#[derive(Serialize, Deserialize, ToSchema)]
struct LeadSequence {
    /// The newest; null: it has never been in one.
    #[schema(required = true)]
    run: Option<Run>,
}

/// Where a lead stands in a sequence
#[utoipa::path(get, path = "/api/leads/{id}/sequence", tag = "sequences", params(("id" = LeadId, Path)),
    responses((status = 200, body = LeadSequence)))]
async fn current(staff: Staff, Path(id): Path<LeadId>) -> Result<Json<LeadSequence>> {
    let viewer = staff.viewer();
    let run = staff.read(async |tx| runs::current(tx, &viewer, id).await).await?;
    Ok(Json(LeadSequence { run }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BeginSequence {
    sequence_id: SequenceId,
}

/// Begin a sequence with a lead
///
/// 409 `in_sequence`, `closed`.
#[utoipa::path(post, path = "/api/leads/{id}/sequence", tag = "sequences", params(("id" = LeadId, Path)), request_body = BeginSequence,
    responses((status = 201, body = LeadSequence)))]
async fn begin(
    staff: Staff,
    Path(id): Path<LeadId>,
    Json(body): Json<BeginSequence>,
) -> Result<(StatusCode, Json<LeadSequence>)> {
    let viewer = staff.viewer();
    let run = staff.write(async |tx| runs::begin_by_hand(tx, &viewer, id, body.sequence_id).await).await?;
    Ok((StatusCode::CREATED, Json(LeadSequence { run: Some(run) })))
}

/// Stop the sequence that a lead is in
///
/// What has not left yet is taken back. 404 where there is none.
#[utoipa::path(delete, path = "/api/leads/{id}/sequence", tag = "sequences", params(("id" = LeadId, Path)),
    responses((status = 200, body = LeadSequence)))]
async fn stop(staff: Staff, Path(id): Path<LeadId>) -> Result<Json<LeadSequence>> {
    let viewer = staff.viewer();
    let run = staff.write(async |tx| runs::stop_by_hand(tx, &viewer, id).await).await?;
    Ok(Json(LeadSequence { run: Some(run) }))
}
