//! Signing in and out; beside it what is one's own, the team, and the door for those who have a code.

mod door;
mod me;
mod team;

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    DemoLogin, Session, SignedIn, Whence,
    access::FromAnywhere,
    demo, factor,
    factor::passkey,
    login::{self, Entered, Knock, Limiter},
    normalise_email, proof, rules, session, sessions, sql,
    step::{self, SecondStep},
    told,
};
use crate::{
    app::App,
    audit::Action,
    error::{Error, Problem, Result},
    http::Json,
    types::ids::OrganizationId,
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_in, current_session, log_out))
        .routes(routes!(switch_organization))
        .merge(me::routes())
        .merge(team::routes())
        .merge(door::routes())
        .routes(routes!(begin_log_in_by_passkey))
        .routes(routes!(log_in_by_passkey))
        .merge(step::routes())
        .merge(proof::routes())
        .merge(sessions::routes())
        .merge(factor::routes())
        .merge(rules::routes())
        .layer(Extension(Limiter::default()))
}

/// Only for the demo: whoever asks is let in.
pub fn demo_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(demo_logins)).routes(routes!(demo_log_in))
}

#[derive(Deserialize, ToSchema)]
struct LogIn {
    email: String,
    #[schema(format = Password)]
    password: String,
}

/// Sign in
///
/// 401 `credentials` for a wrong password and an unknown address alike. An older session of this browser ends. Whoever has a second
/// factor is answered 202 and presents it at `/api/session/step`.
#[utoipa::path(post, path = "/api/session", tag = "session", request_body = LogIn,
    responses((status = 200, body = Session), (status = 202, body = SecondStep)))]
async fn log_in(State(app): State<App>, knock: Knock, Json(body): Json<LogIn>) -> Result<Response> {
    answer_entered(&app, login::log_in(&app, &knock, &body.email, body.password).await?).await
}

/// Begin to sign in by passkey, without a password
#[utoipa::path(post, path = "/api/session/passkey/challenge", tag = "session", responses((status = 200, body = passkey::Challenge)))]
async fn begin_log_in_by_passkey(State(app): State<App>, _: Knock) -> Result<Json<passkey::Challenge>> {
    Ok(Json(passkey::begin_authentication(&app, None, None).await?))
}

/// Sign in by passkey
///
/// It verifies its person, so it is both factors in one.
#[utoipa::path(post, path = "/api/session/passkey", tag = "session", request_body = passkey::Response, responses((status = 200, body = Session)))]
async fn log_in_by_passkey(
    State(app): State<App>,
    knock: Knock,
    Json(body): Json<passkey::Response>,
) -> Result<Response> {
    let user = passkey::finish_authentication(&app, None, None, body).await?;
    let token = app.db.directory(async |directory| login::enter(&app, directory, &knock, user).await).await?;
    answer_new(&app, &token).await
}

/// Who is signed in
#[utoipa::path(get, path = "/api/session", tag = "session", responses((status = 200, body = Session)))]
async fn current_session(State(app): State<App>, SignedIn(live): SignedIn) -> Result<Json<Session>> {
    let demo = app.config.demo;
    Ok(Json(app.db.directory(async |directory| session::describe(directory, &live, demo).await).await?))
}

/// Sign out
///
/// Also of a session that is locked, and from anywhere.
#[utoipa::path(delete, path = "/api/session", tag = "session", responses((status = 204)))]
async fn log_out(State(app): State<App>, proof::Known(live): proof::Known, Whence(origin): Whence) -> Result<Response> {
    app.db
        .directory(async |directory| {
            told::tell(directory, Action::SignedOut, live.user, live.organization, &origin);
            session::end(directory, &live).await
        })
        .await?;
    let cookie = AppendHeaders([(header::SET_COOKIE, session::remove_cookie(&app.config))]);
    Ok((StatusCode::NO_CONTENT, cookie).into_response())
}

#[derive(Deserialize, ToSchema)]
struct SwitchOrganization {
    organization_id: OrganizationId,
}

/// Act for another of one's organizations
///
/// The session's cookie is replaced. 404 where the person is no member.
#[utoipa::path(
    post, path = "/api/session/organization", tag = "session",
    request_body = SwitchOrganization, responses((status = 200, body = Session), (status = 404, body = Problem))
)]
async fn switch_organization(
    State(app): State<App>,
    FromAnywhere(live): FromAnywhere,
    Whence(origin): Whence,
    headers: HeaderMap,
    Json(body): Json<SwitchOrganization>,
) -> Result<Response> {
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let (_, token) = app
        .db
        .directory(async |directory| {
            told::tell_switch(directory, &live, body.organization_id, &origin);
            session::switch(directory, &live, body.organization_id, user_agent).await
        })
        .await?;
    answer_new(&app, &token).await
}

#[derive(serde::Serialize, ToSchema)]
struct DemoLogins {
    logins: Vec<DemoLogin>,
}

/// Demo only: whom one can be
#[utoipa::path(get, path = "/api/demo", tag = "demo", responses((status = 200, body = DemoLogins)))]
async fn demo_logins(State(app): State<App>) -> Result<Json<DemoLogins>> {
    let logins = app.db.directory(async |directory| demo::demo_logins(directory).await).await?;
    Ok(Json(DemoLogins { logins }))
}

#[derive(Deserialize, ToSchema)]
struct DemoLogIn {
    email: String,
}

/// Demo only: sign in with one tap
#[utoipa::path(
    post, path = "/api/demo/session", tag = "demo",
    request_body = DemoLogIn, responses((status = 200, body = Session), (status = 202, body = SecondStep))
)]
async fn demo_log_in(State(app): State<App>, knock: Knock, Json(body): Json<DemoLogIn>) -> Result<Response> {
    let email = normalise_email(&body.email);
    let entered = app
        .db
        .directory(async |directory| {
            let found = sql::credentials(directory, &email).await?.ok_or(Error::NotFound)?;
            login::admit(&app, directory, &knock, found.user).await
        })
        .await?;
    answer_entered(&app, entered).await
}

/// The answer to whoever came in, or half in.
pub(super) async fn answer_entered(app: &App, entered: Entered) -> Result<Response> {
    match entered {
        Entered::Whole(token) => answer_new(app, &token).await,
        Entered::Half(token) => step::answer(app, &token).await,
    }
}

pub(super) async fn answer_new(app: &App, token: &session::Token) -> Result<Response> {
    let described = app.db.directory(async |directory| session::describe_new(directory, app, token).await).await?;
    let cookie = AppendHeaders([(header::SET_COOKIE, token.set_cookie(&app.config))]);
    Ok((cookie, Json(described)).into_response())
}
