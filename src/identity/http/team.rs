//! The team: who is in it, who is invited, who is what.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    app::App,
    error::Result,
    http::{Items, Json, Path, Query},
    identity::{
        Manager, Member, Owner, Staff,
        invitation::{self, Invitation, Invited, NewInvitation},
        members,
        team::{self, ChangeMember},
    },
    types::ids::{InvitationId, UserId},
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(change, remove))
        .routes(routes!(invitations, invite))
        .routes(routes!(withdraw))
        .routes(routes!(resend))
        .routes(routes!(show_code))
}

/// The colleagues, by name
#[utoipa::path(get, path = "/api/team", tag = "team", responses((status = 200, body = Items<Member>)))]
async fn list(staff: Staff) -> Result<Json<Items<Member>>> {
    let items = staff.directory(async |directory| members(directory, staff.organization()).await).await?;
    Ok(Json(Items { items }))
}

/// Give a colleague another role
///
/// Owners. 409 `last_owner`: an organization always has one.
#[utoipa::path(patch, path = "/api/team/{id}", tag = "team", params(("id" = UserId, Path)), request_body = ChangeMember, responses((status = 204)))]
async fn change(owner: Owner, Path(id): Path<UserId>, Json(body): Json<ChangeMember>) -> Result<StatusCode> {
    owner.write(async |tx| team::set_role(tx, &owner.viewer(), id, body.role).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Remove {
    /// Who gets what they had in hand; left out: nobody, and anybody may claim it.
    heir: Option<UserId>,
}

/// Take somebody out of the team
///
/// Managers take agents out, owners anybody. Their open leads go to `heir`, or back to everybody. 409 `last_owner`.
#[utoipa::path(delete, path = "/api/team/{id}", tag = "team", params(("id" = UserId, Path), Remove), responses((status = 204)))]
async fn remove(manager: Manager, Path(id): Path<UserId>, Query(query): Query<Remove>) -> Result<StatusCode> {
    manager.write(async |tx| team::remove(tx, &manager.viewer(), id, query.heir).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct Invitations {
    items: Vec<Invitation>,
    /// Letters are sent; otherwise codes are handed over by hand.
    mail: bool,
}

/// Who is invited and has not joined yet
#[utoipa::path(get, path = "/api/invitations", tag = "team", responses((status = 200, body = Invitations)))]
async fn invitations(State(app): State<App>, manager: Manager) -> Result<Json<Invitations>> {
    let items = manager.read(async |tx| invitation::list(tx).await).await?;
    Ok(Json(Invitations { items, mail: app.mail.is_some() }))
}

/// Invite somebody
///
/// They get a letter with a one-time code. Where no mail is set up, the code is in the answer, this once. Managers invite agents, owners
/// anybody. 409 `already_member`, `already_invited`.
#[utoipa::path(post, path = "/api/invitations", tag = "team", request_body = NewInvitation, responses((status = 201, body = Invited)))]
async fn invite(
    State(app): State<App>,
    manager: Manager,
    Json(body): Json<NewInvitation>,
) -> Result<(StatusCode, Json<Invited>)> {
    let by_mail = app.mail.is_some();
    let invited = manager.write(async |tx| invitation::invite(tx, &manager.viewer(), &body, by_mail).await).await?;
    Ok((StatusCode::CREATED, Json(invited)))
}

/// Send a new code
///
/// The older one no longer works. 429 `resend` within a minute.
#[utoipa::path(post, path = "/api/invitations/{id}/letter", tag = "team", params(("id" = InvitationId, Path)), responses((status = 200, body = Invited)))]
async fn resend(State(app): State<App>, manager: Manager, Path(id): Path<InvitationId>) -> Result<Json<Invited>> {
    let by_mail = app.mail.is_some();
    Ok(Json(manager.write(async |tx| invitation::renew(tx, &manager.viewer(), id, by_mail).await).await?))
}

/// Show a new code, to be handed over by hand
///
/// Only where no mail is set up or the letter came back: 409 `sent_by_mail` otherwise.
#[utoipa::path(post, path = "/api/invitations/{id}/code", tag = "team", params(("id" = InvitationId, Path)), responses((status = 200, body = Invited)))]
async fn show_code(State(app): State<App>, manager: Manager, Path(id): Path<InvitationId>) -> Result<Json<Invited>> {
    let has_mail = app.mail.is_some();
    Ok(Json(manager.write(async |tx| invitation::show(tx, &manager.viewer(), id, has_mail).await).await?))
}

/// Take an invitation back
#[utoipa::path(delete, path = "/api/invitations/{id}", tag = "team", params(("id" = InvitationId, Path)), responses((status = 204)))]
async fn withdraw(manager: Manager, Path(id): Path<InvitationId>) -> Result<StatusCode> {
    manager.write(async |tx| invitation::withdraw(tx, &manager.viewer(), id).await).await?;
    Ok(StatusCode::NO_CONTENT)
}
