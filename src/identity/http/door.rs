//! Coming in with a code: by invitation, or after a forgotten password. Whoever calls here is nobody yet.

use axum::{Extension, extract::State, http::StatusCode, response::Response};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::answer_new;
use crate::{
    app::App,
    error::{Error, Result},
    http::Json,
    identity::{
        Session, SignedIn,
        join::{self, Join, Offer, Presented},
        login::{Knock, Limiter},
        reset::{self, FinishReset},
        strength::{self, Strength},
    },
};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(look))
        .routes(routes!(join))
        .routes(routes!(confirm))
        .routes(routes!(ask_reset))
        .routes(routes!(finish_reset))
        // Asked with every pause in typing: it must not use up what logins are let through by.
        .merge(OpenApiRouter::new().routes(routes!(judge)).layer(Extension(Limiter::generous())))
}

/// What a code invites to
///
/// The code stays good. 422 `code_wrong` for one that is mistyped, used, too old or nobody's, alike; 429 `code`.
#[utoipa::path(post, path = "/api/join/offer", tag = "door", request_body = Presented, responses((status = 200, body = Offer)))]
async fn look(State(app): State<App>, knock: Knock, Json(body): Json<Presented>) -> Result<Json<Offer>> {
    Ok(Json(join::look(&app, &knock, &body).await?))
}

/// Join as a new person
///
/// Signs in. 409 `account_exists`; 422 `code_wrong`, `password_short`, `password_long`, `password_weak`.
#[utoipa::path(post, path = "/api/join", tag = "door", request_body = Join, responses((status = 200, body = Session)))]
async fn join(State(app): State<App>, knock: Knock, Json(body): Json<Join>) -> Result<Response> {
    let token = join::join(&app, &knock, body).await?;
    answer_new(&app, &token).await
}

/// Join as the person who is signed in
///
/// The session moves to the organization. 403 `other_address` where the invitation is somebody else's.
#[utoipa::path(post, path = "/api/join/confirmation", tag = "door", request_body = Presented, responses((status = 200, body = Session)))]
async fn confirm(
    State(app): State<App>,
    signed_in: SignedIn,
    knock: Knock,
    Json(body): Json<Presented>,
) -> Result<Response> {
    let token = join::confirm(&app, &knock, &signed_in, &body).await?;
    answer_new(&app, &token).await
}

#[derive(Deserialize, ToSchema)]
struct AskReset {
    email: String,
}

/// Ask for a code for a new password
///
/// 202 whether or not anybody has the address. 409 `mail_not_set_up`.
#[utoipa::path(post, path = "/api/password-resets", tag = "door", request_body = AskReset, responses((status = 202)))]
async fn ask_reset(State(app): State<App>, knock: Knock, Json(body): Json<AskReset>) -> Result<StatusCode> {
    reset::ask(&app, &knock, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password with the code
///
/// All sessions end, and none begins: sign in with the new password. 422 `code_wrong`, `password_short`, `password_long`, `password_weak`.
#[utoipa::path(post, path = "/api/password-resets/finish", tag = "door", request_body = FinishReset, responses((status = 204)))]
async fn finish_reset(State(app): State<App>, knock: Knock, Json(body): Json<FinishReset>) -> Result<StatusCode> {
    reset::finish(&app, &knock, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
struct Candidate {
    #[schema(format = Password)]
    password: String,
    /// What is known of the person: name, address, organization.
    #[serde(default)]
    about: Vec<String>,
}

/// How hard to guess a password is
///
/// Nothing of it is kept.
#[utoipa::path(post, path = "/api/password-strength", tag = "door", request_body = Candidate, responses((status = 200, body = Strength)))]
async fn judge(_: Knock, Json(body): Json<Candidate>) -> Result<Json<Strength>> {
    let judged = tokio::task::spawn_blocking(move || {
        let about: Vec<&str> = body.about.iter().take(6).map(String::as_str).collect();
        strength::judge(&body.password, &about)
    });
    Ok(Json(judged.await.map_err(Error::internal)?))
}
