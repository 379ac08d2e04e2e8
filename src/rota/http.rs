//! One's own shift and pause; the team's, and the week, for managers.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ChangeHours, ChangeShift, RotaWeek, Shift};
use crate::{
    app::App,
    error::{Problem, Result},
    http::{IfMatch, Items, Json, Path, Query, Versioned, nullable},
    identity::{Manager, Staff},
    types::ids::UserId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(week))
        .routes(routes!(read_own, change_own))
        .routes(routes!(pause_own, resume_own))
        .routes(routes!(read, change))
        .routes(routes!(pause, resume))
}

fn versioned(shift: Shift) -> Versioned<Shift> {
    let version = shift.version;
    Versioned(shift, version)
}

/// Who is there, and when everybody works
#[utoipa::path(get, path = "/api/rota", tag = "rota", responses((status = 200, body = Items<Shift>)))]
async fn list(staff: Staff) -> Result<Json<Items<Shift>>> {
    let items = staff.read(async |tx| super::all(tx).await).await?;
    Ok(Json(Items { items }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OfWeek {
    /// A day of the week; left out: today.
    day: Option<NaiveDate>,
}

/// Who covers when
///
/// The hours of the business and of everybody who takes leads, day by day, with the gaps in which nobody is there.
#[utoipa::path(get, path = "/api/rota/week", tag = "rota", params(OfWeek), responses((status = 200, body = RotaWeek)))]
async fn week(manager: Manager, Query(query): Query<OfWeek>) -> Result<Json<RotaWeek>> {
    Ok(Json(manager.read(async |tx| super::week(tx, query.day).await).await?))
}

/// One's own shift
#[utoipa::path(get, path = "/api/me/shift", tag = "rota", responses((status = 200, body = Shift)))]
async fn read_own(staff: Staff) -> Result<Versioned<Shift>> {
    Ok(versioned(staff.read(async |tx| super::read(tx, staff.user()).await).await?))
}

/// Change when one works
///
/// 422 with the place of what is wrong: `schedule.week.0` is Monday, `away.0` the first days away.
#[utoipa::path(put, path = "/api/me/shift", tag = "rota", params(("If-Match" = String, Header)), request_body = ChangeHours,
    responses((status = 200, body = Shift)))]
async fn change_own(
    staff: Staff,
    IfMatch(version): IfMatch,
    Json(body): Json<ChangeHours>,
) -> Result<Versioned<Shift>> {
    let user = staff.user();
    Ok(versioned(staff.write(async |tx| super::change_hours(tx, user, version, body.clone()).await).await?))
}

/// For how long somebody is away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BeginPause {
    /// Null: until they come back.
    #[serde(deserialize_with = "nullable")]
    #[schema(required = true, minimum = 1, maximum = 480)]
    minutes: Option<i64>,
}

/// Go away for a while
///
/// Nothing is given to whoever is away. A second one takes the place of the first.
#[utoipa::path(post, path = "/api/me/pause", tag = "rota", request_body = BeginPause, responses((status = 200, body = Shift)))]
async fn pause_own(staff: Staff, Json(body): Json<BeginPause>) -> Result<Versioned<Shift>> {
    Ok(versioned(staff.write(async |tx| super::pause(tx, staff.user(), body.minutes).await).await?))
}

/// Come back
#[utoipa::path(delete, path = "/api/me/pause", tag = "rota", responses((status = 200, body = Shift)))]
async fn resume_own(staff: Staff) -> Result<Versioned<Shift>> {
    Ok(versioned(staff.write(async |tx| super::resume(tx, staff.user()).await).await?))
}

/// A colleague's shift
#[utoipa::path(get, path = "/api/team/{id}/shift", tag = "rota", params(("id" = UserId, Path)),
    responses((status = 200, body = Shift), (status = 404, body = Problem)))]
async fn read(manager: Manager, Path(id): Path<UserId>) -> Result<Versioned<Shift>> {
    Ok(versioned(manager.read(async |tx| super::read(tx, id).await).await?))
}

/// Change a colleague's shift, and how many leads they take
#[utoipa::path(put, path = "/api/team/{id}/shift", tag = "rota", params(("id" = UserId, Path), ("If-Match" = String, Header)),
    request_body = ChangeShift, responses((status = 200, body = Shift), (status = 404, body = Problem)))]
async fn change(
    manager: Manager,
    Path(id): Path<UserId>,
    IfMatch(version): IfMatch,
    Json(body): Json<ChangeShift>,
) -> Result<Versioned<Shift>> {
    Ok(versioned(manager.write(async |tx| super::change_shift(tx, id, version, body.clone()).await).await?))
}

/// Say that a colleague is away for a while
#[utoipa::path(post, path = "/api/team/{id}/pause", tag = "rota", params(("id" = UserId, Path)), request_body = BeginPause,
    responses((status = 200, body = Shift), (status = 404, body = Problem)))]
async fn pause(manager: Manager, Path(id): Path<UserId>, Json(body): Json<BeginPause>) -> Result<Versioned<Shift>> {
    Ok(versioned(manager.write(async |tx| super::pause(tx, id, body.minutes).await).await?))
}

/// Say that a colleague is back
#[utoipa::path(delete, path = "/api/team/{id}/pause", tag = "rota", params(("id" = UserId, Path)),
    responses((status = 200, body = Shift), (status = 404, body = Problem)))]
async fn resume(manager: Manager, Path(id): Path<UserId>) -> Result<Versioned<Shift>> {
    Ok(versioned(manager.write(async |tx| super::resume(tx, id).await).await?))
}
