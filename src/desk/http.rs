//! The owner's page on who is told while nobody calls.

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Ladder, ladder};
use crate::{
    app::App,
    error::{Problem, Result},
    http::{IfMatch, Json, Versioned},
    identity::{Manager, Owner},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(read, change))
}

/// Who is told while nobody calls
#[utoipa::path(get, path = "/api/escalation", tag = "escalation", responses((status = 200, body = Ladder)))]
async fn read(manager: Manager) -> Result<Versioned<Ladder>> {
    let (ladder, version) = manager.read(async |tx| ladder::read(tx).await).await?;
    Ok(Versioned(ladder, version))
}

/// Change who is told while nobody calls
///
/// For steps that fall due from now on. 422 with the place of what is wrong: `steps.0` is the first.
#[utoipa::path(put, path = "/api/escalation", tag = "escalation", params(("If-Match" = String, Header)), request_body = Ladder,
    responses((status = 200, body = Ladder), (status = 412, body = Problem), (status = 422, body = Problem)))]
async fn change(owner: Owner, IfMatch(version): IfMatch, Json(body): Json<Ladder>) -> Result<Versioned<Ladder>> {
    let (ladder, version) = owner.write(async |tx| ladder::change(tx, version, body.clone()).await).await?;
    Ok(Versioned(ladder, version))
}
