//! The owner's rules on access, and what they do for colleagues who are locked out.

use axum::http::StatusCode;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AccessRules, ChangeAccessRules};
use crate::{
    app::App,
    error::Result,
    http::{IfMatch, Items, Json, Path},
    identity::{
        access::{Owner, Proven, SignedIn},
        oversight::{self, MemberAccess},
    },
    types::ids::UserId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read, change))
        .routes(routes!(people))
        .routes(routes!(reset_factors))
        .routes(routes!(end_sessions))
}

/// Who needs a second factor, and from where admins may act
#[utoipa::path(get, path = "/api/access", tag = "access", responses((status = 200, body = AccessRules)))]
async fn read(owner: Owner, SignedIn(live): SignedIn) -> Result<Json<AccessRules>> {
    Ok(Json(owner.read(async |tx| super::read(tx, live.address).await).await?))
}

/// Change the rules on access
///
/// Needs a proof of the last ten minutes (403 `proof`). 422 `locks_you_out` for networks that do not hold one's own address.
#[utoipa::path(put, path = "/api/access", tag = "access", params(("If-Match" = String, Header)), request_body = ChangeAccessRules,
    responses((status = 200, body = AccessRules)))]
async fn change(
    Proven(owner): Proven<Owner>,
    SignedIn(live): SignedIn,
    IfMatch(version): IfMatch,
    Json(body): Json<ChangeAccessRules>,
) -> Result<Json<AccessRules>> {
    Ok(Json(owner.write(async |tx| super::change(tx, version, &body, live.address).await).await?))
}

/// Who has a second factor, and how many sessions
#[utoipa::path(get, path = "/api/access/people", tag = "access", responses((status = 200, body = Items<MemberAccess>)))]
async fn people(owner: Owner) -> Result<Json<Items<MemberAccess>>> {
    Ok(Json(Items { items: owner.read(async |tx| oversight::people(tx).await).await? }))
}

/// Take a colleague's second factors away
///
/// For one who lost their phone; they are told. Needs a proof. 409 `yourself`, or `elsewhere` where the person also belongs to others.
#[utoipa::path(delete, path = "/api/team/{id}/factors", tag = "access", params(("id" = UserId, Path)), responses((status = 204)))]
async fn reset_factors(Proven(owner): Proven<Owner>, Path(user): Path<UserId>) -> Result<StatusCode> {
    let by = owner.user();
    owner.write(async |tx| oversight::reset_factors(tx, by, user).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sign a colleague out everywhere
#[utoipa::path(delete, path = "/api/team/{id}/sessions", tag = "access", params(("id" = UserId, Path)), responses((status = 204)))]
async fn end_sessions(owner: Owner, Path(user): Path<UserId>) -> Result<StatusCode> {
    owner.write(async |tx| oversight::end_sessions(tx, user).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
