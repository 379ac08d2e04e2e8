//! The owner's page on how soon leads are called.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ChangeSlaPolicy, SlaPolicy};
use crate::{
    app::App,
    error::Result,
    http::{IfMatch, Json},
    identity::Owner,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// How soon new leads are called, and when somebody is there
#[utoipa::path(get, path = "/api/sla", tag = "sla", responses((status = 200, body = SlaPolicy)))]
async fn read(owner: Owner) -> Result<Json<SlaPolicy>> {
    Ok(Json(owner.read(async |tx| super::read(tx).await).await?))
}

/// Change how soon new leads are called, and when somebody is there
///
/// For leads that come from now on. 422 with the place of what is wrong: `schedule.week.0` is Monday.
#[utoipa::path(put, path = "/api/sla", tag = "sla", params(("If-Match" = String, Header)), request_body = ChangeSlaPolicy,
    responses((status = 200, body = SlaPolicy)))]
async fn change(owner: Owner, IfMatch(version): IfMatch, Json(body): Json<ChangeSlaPolicy>) -> Result<Json<SlaPolicy>> {
    Ok(Json(owner.write(async |tx| super::change(tx, version, body.clone()).await).await?))
}
