//! The owner's page on distribution, and what became of a lead.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Distribution, Placement, Policy, Preview, Supposed};
use crate::{
    app::App,
    error::{Problem, Result},
    http::{IfMatch, Json, Path},
    identity::{Owner, Staff},
    types::ids::LeadId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, change)).routes(routes!(preview)).routes(routes!(placement))
}

/// How leads are given out
#[utoipa::path(get, path = "/api/distribution", tag = "distribution", responses((status = 200, body = Distribution)))]
async fn read(owner: Owner) -> Result<Json<Distribution>> {
    Ok(Json(owner.read(async |tx| super::read(tx).await).await?))
}

/// Change how leads are given out
///
/// For leads that come from now on, and those that wait. 422 with the place of what is wrong: `rules.0.way.people`.
#[utoipa::path(put, path = "/api/distribution", tag = "distribution", params(("If-Match" = String, Header)), request_body = Policy,
    responses((status = 200, body = Distribution)))]
async fn change(owner: Owner, IfMatch(version): IfMatch, Json(body): Json<Policy>) -> Result<Json<Distribution>> {
    Ok(Json(owner.write(async |tx| super::change(tx, version, body.clone()).await).await?))
}

/// What would happen to a lead if it came now
///
/// The decision itself, with nothing kept of it; also for a policy that is not saved yet.
#[utoipa::path(post, path = "/api/distribution/preview", tag = "distribution", request_body = Supposed, responses((status = 200, body = Preview)))]
async fn preview(owner: Owner, Json(body): Json<Supposed>) -> Result<Json<Preview>> {
    Ok(Json(owner.read(async |tx| super::preview(tx, body.clone()).await).await?))
}

/// What became of a lead when somebody was looked for.
#[derive(Serialize, Deserialize, ToSchema)]
struct Placed {
    /// Null: everybody sees and claims, or it came before.
    #[schema(required = true)]
    placement: Option<Placement>,
}

/// Why a lead is whose it is
#[utoipa::path(get, path = "/api/leads/{id}/placement", tag = "distribution", params(("id" = LeadId, Path)),
    responses((status = 200, body = Placed), (status = 404, body = Problem)))]
async fn placement(staff: Staff, Path(id): Path<LeadId>) -> Result<Json<Placed>> {
    let viewer = staff.viewer();
    let placement = staff.read(async |tx| super::placement(tx, &viewer, id).await).await?;
    Ok(Json(Placed { placement }))
}
