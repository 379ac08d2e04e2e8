//! The routes of the other doors.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::entry::{self, Entered, Entry, Known};
use crate::{
    app::App,
    audit::Action,
    error::{Problem, Result},
    http::Json,
    identity::Staff,
    leads::Lead,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(enter)).routes(routes!(match_person))
}

/// Takes down a person who came by another way. Of somebody with an open lead it is one more enquiry of that.
#[utoipa::path(post, path = "/api/leads", tag = "leads", request_body = Entry,
    responses((status = 201, body = Entered), (status = 409, body = Problem, description = "The id is something else's"), (status = 422, body = Problem)))]
async fn enter(staff: Staff, Json(entry): Json<Entry>) -> Result<(StatusCode, Json<Entered>)> {
    let viewer = staff.viewer();
    let entered = staff.write(async |tx| entry::enter(tx, &viewer, entry).await).await?;
    Ok((StatusCode::CREATED, Json(entered)))
}

/// Who is here already.
#[derive(Serialize, Deserialize, ToSchema)]
struct Match {
    /// Null: nobody, or nobody whom the caller may see.
    #[schema(required = true)]
    lead: Option<Lead>,
}

/// Looks for an open lead of the same person, before it is taken down twice. A POST, since numbers and addresses stand in no URL.
#[utoipa::path(post, path = "/api/leads/matches", tag = "leads", request_body = Known, responses((status = 200, body = Match), (status = 422, body = Problem)))]
async fn match_person(staff: Staff, Json(by): Json<Known>) -> Result<Json<Match>> {
    let viewer = staff.viewer();
    let lead = staff.read(async |tx| entry::known(tx, &viewer, &by).await).await?;
    staff.saw(Action::LeadsSearched).await?;
    Ok(Json(Match { lead }))
}
