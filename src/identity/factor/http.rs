//! One's own second factors.

use axum::{extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Added, Factors,
    passkey::{self, Challenge},
    recovery,
    totp::{self, TotpEnrolment},
};
use crate::{
    app::App,
    audit::Action,
    error::{Error, Problem, Result},
    http::{Json, Path},
    identity::{
        access::{Proven, SignedIn},
        told,
    },
    types::ids::PasskeyId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(factors))
        .routes(routes!(read_reset))
        .routes(routes!(begin_totp, confirm_totp, remove_totp))
        .routes(routes!(begin_passkey))
        .routes(routes!(add_passkey))
        .routes(routes!(rename_passkey, remove_passkey))
        .routes(routes!(renew_recovery_codes))
}

/// One's own second factors
#[utoipa::path(get, path = "/api/me/factors", tag = "factors", responses((status = 200, body = Factors)))]
async fn factors(State(app): State<App>, SignedIn(live): SignedIn) -> Result<Json<Factors>> {
    Ok(Json(app.db.directory(async |directory| super::factors(directory, &app.config, &live).await).await?))
}

/// One has read that the factors were taken away
#[utoipa::path(delete, path = "/api/me/factors/reset", tag = "factors", responses((status = 204)))]
async fn read_reset(State(app): State<App>, SignedIn(live): SignedIn) -> Result<StatusCode> {
    app.db.directory(async |directory| super::sql::forget_reset(directory, live.user).await).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Begin to set up an authenticator app
///
/// Needs a proof of the last ten minutes (403 `proof`), as all that follow.
#[utoipa::path(post, path = "/api/me/factors/totp", tag = "factors", responses((status = 200, body = TotpEnrolment)))]
async fn begin_totp(State(app): State<App>, Proven(SignedIn(live)): Proven<SignedIn>) -> Result<Json<TotpEnrolment>> {
    Ok(Json(app.db.directory(async |directory| totp::begin(directory, &live).await).await?))
}

#[derive(Deserialize, ToSchema)]
struct Code {
    code: String,
}

/// Confirm the authenticator app by its first code
#[utoipa::path(put, path = "/api/me/factors/totp", tag = "factors", request_body = Code, responses((status = 200, body = Added)))]
async fn confirm_totp(
    State(app): State<App>,
    Proven(SignedIn(live)): Proven<SignedIn>,
    Json(body): Json<Code>,
) -> Result<Json<Added>> {
    let confirm = async |directory: &mut _| totp::confirm(directory, &app.config, &live, &body.code).await;
    Ok(Json(app.db.directory(confirm).await?))
}

/// Remove the authenticator app
#[utoipa::path(delete, path = "/api/me/factors/totp", tag = "factors",
    responses((status = 200, body = Factors), (status = 404, body = Problem)))]
async fn remove_totp(State(app): State<App>, Proven(SignedIn(live)): Proven<SignedIn>) -> Result<Json<Factors>> {
    Ok(Json(app.db.directory(async |directory| totp::remove(directory, &app.config, &live).await).await?))
}

/// Begin to add a passkey
#[utoipa::path(post, path = "/api/me/factors/passkeys/challenge", tag = "factors", responses((status = 200, body = Challenge)))]
async fn begin_passkey(State(app): State<App>, Proven(SignedIn(live)): Proven<SignedIn>) -> Result<Json<Challenge>> {
    Ok(Json(passkey::begin_registration(&app, &live).await?))
}

#[derive(Deserialize, ToSchema)]
struct AddPasskey {
    /// What its owner calls it.
    name: String,
    #[serde(flatten)]
    response: passkey::Response,
}

/// Add a passkey
#[utoipa::path(post, path = "/api/me/factors/passkeys", tag = "factors", request_body = AddPasskey, responses((status = 200, body = Added)))]
async fn add_passkey(
    State(app): State<App>,
    Proven(SignedIn(live)): Proven<SignedIn>,
    Json(body): Json<AddPasskey>,
) -> Result<Json<Added>> {
    Ok(Json(passkey::finish_registration(&app, &live, body.response, &body.name).await?))
}

#[derive(Deserialize, ToSchema)]
struct RenamePasskey {
    name: String,
}

/// Give a passkey another name
#[utoipa::path(put, path = "/api/me/factors/passkeys/{id}", tag = "factors", params(("id" = PasskeyId, Path)),
    request_body = RenamePasskey, responses((status = 200, body = Factors)))]
async fn rename_passkey(
    State(app): State<App>,
    SignedIn(live): SignedIn,
    Path(id): Path<PasskeyId>,
    Json(body): Json<RenamePasskey>,
) -> Result<Json<Factors>> {
    Ok(Json(passkey::rename(&app, &live, id, &body.name).await?))
}

/// Remove a passkey
#[utoipa::path(delete, path = "/api/me/factors/passkeys/{id}", tag = "factors", params(("id" = PasskeyId, Path)),
    responses((status = 200, body = Factors)))]
async fn remove_passkey(
    State(app): State<App>,
    Proven(SignedIn(live)): Proven<SignedIn>,
    Path(id): Path<PasskeyId>,
) -> Result<Json<Factors>> {
    Ok(Json(passkey::remove(&app, &live, id).await?))
}

#[derive(Serialize, ToSchema)]
struct RecoveryCodes {
    /// Shown this once.
    codes: Vec<String>,
}

/// Make new recovery codes; the old ones are worth nothing any more
///
/// 409 `no_factor` for whoever has none: there is nothing to recover.
#[utoipa::path(post, path = "/api/me/factors/recovery-codes", tag = "factors", responses((status = 200, body = RecoveryCodes)))]
async fn renew_recovery_codes(
    State(app): State<App>,
    Proven(SignedIn(live)): Proven<SignedIn>,
) -> Result<Json<RecoveryCodes>> {
    let codes = app
        .db
        .directory(async |directory| {
            if !super::methods(directory, live.user).await?.any() {
                return Err(Error::conflict(
                    "no_factor",
                    "There is no second factor yet, so there is nothing to recover.",
                ));
            }
            told::tell_everywhere(directory, live.by(), live.user, &Action::RecoveryCodesRenewed.on(live.user)).await?;
            recovery::renew(directory, live.user).await
        })
        .await?;
    Ok(Json(RecoveryCodes { codes }))
}
