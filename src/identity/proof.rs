//! Proving again who is there, in a session that stands: to unlock one that was idle for too long (OI-045), and before what could shut its
//! person out or let somebody else in.
//!
//! A locked session is not over: it answers 401 `locked`, keeps its place in the list, and lives again by one step, a passkey, a code or the
//! password, until twelve hours after the login. It then has a new token. A proof that counts for dangerous acts holds ten minutes;
//! who has a second factor gives it by that, for a password alone is what the factor guards against.

use axum::{
    extract::{FromRequestParts, State},
    http::{header, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Session, User, Whence,
    factor::{self, Methods, passkey, totp},
    login::{self, Knock},
    password,
    session::{self, Live, Token},
    sessions, sql, told,
};
use crate::{
    app::App,
    db::Directory,
    error::{Error, Result},
    http::Json,
};

/// How long a proof counts.
pub const HOLDS: TimeDelta = TimeDelta::minutes(10);

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(read_proof, prove))
        .routes(routes!(begin_proof_passkey))
        .routes(routes!(prove_by_passkey))
}

/// Somebody with a session, locked or not.
#[derive(Clone, Debug)]
pub struct Known(pub(super) Live);

impl FromRequestParts<App> for Known {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let live = session::present(app, parts).await?;
        tracing::Span::current().record("user", tracing::field::display(live.user));
        Ok(Self(live))
    }
}

/// How one proves who is there.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    /// Nothing else is answered until it is proven.
    pub is_locked: bool,
    pub user: User,
    /// There is a password; it unlocks, and proves where there is no second factor.
    pub password: bool,
    pub methods: Methods,
    /// The last proof counts until then.
    #[schema(required = true)]
    pub proven_until: Option<DateTime<Utc>>,
    pub demo: bool,
}

/// Whether a proof counts at `now`.
pub(super) fn counts(live: &Live, now: DateTime<Utc>) -> bool {
    live.proven_at.is_some_and(|at| now - at < HOLDS)
}

/// How one proves who is there
#[utoipa::path(get, path = "/api/session/proof", tag = "session", responses((status = 200, body = Proof)))]
async fn read_proof(State(app): State<App>, Known(live): Known) -> Result<Json<Proof>> {
    let proof = app.db.directory(async |directory| {
        let now = directory.now();
        Ok(Proof {
            is_locked: live.is_locked,
            user: sql::user(directory, live.user).await?,
            password: sql::own::password_hash(directory, live.user).await? != password::NO_PASSWORD,
            methods: factor::methods(directory, live.user).await?,
            proven_until: live.proven_at.map(|at| at + HOLDS).filter(|until| *until > now),
            demo: app.config.demo,
        })
    });
    Ok(Json(proof.await?))
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Prove {
    #[schema(format = Password)]
    Password(String),
    /// Six digits of the authenticator app, or a recovery code.
    Code(String),
}

/// Prove by password or code who is there
///
/// Unlocks a locked session, whose cookie is replaced. 422 `password_wrong`, `factor_code_wrong`; 429 `login`.
#[utoipa::path(post, path = "/api/session/proof", tag = "session", request_body = Prove, responses((status = 200, body = Session)))]
async fn prove(State(app): State<App>, Known(live): Known, knock: Knock, Json(body): Json<Prove>) -> Result<Response> {
    login::count_for(&app, &knock, live.user).await?;
    let token = match body {
        Prove::Password(given) => by_password(&app, &knock, &live, given).await,
        Prove::Code(code) => by_code(&app, &knock, &live, &code).await,
    };
    answer(&app, &live, token?).await
}

async fn by_password(app: &App, knock: &Knock, live: &Live, given: String) -> Result<Option<Token>> {
    let kept = app.db.directory(async |directory| sql::own::password_hash(directory, live.user).await).await?;
    let fits = password::verify(app, Some(kept), given).await?;
    let token = app.db.directory(async |directory| {
        if !fits {
            told::tell_failed(directory, Some(live.user), &knock.origin).await?;
            return Ok(None);
        }
        // As when signing in: codes are guessed on the same account, and a password that is known must buy no new guesses.
        if live.has_factor {
            login::give_back(directory, knock, live.user).await?;
        } else {
            login::forgive(directory, knock, live.user).await?;
        }
        proven(directory, live, false).await.map(Some)
    });
    token.await?.ok_or_else(|| Error::invalid("password", "password_wrong", "This is not the password."))
}

async fn by_code(app: &App, knock: &Knock, live: &Live, code: &str) -> Result<Option<Token>> {
    let token = app.db.directory(async |directory| {
        if !factor::take_code(directory, live.user, code).await? {
            told::tell_failed(directory, Some(live.user), &knock.origin).await?;
            return Ok(None);
        }
        login::forgive(directory, knock, live.user).await?;
        proven(directory, live, true).await.map(Some)
    });
    token.await?.ok_or_else(totp::wrong_code)
}

/// Begin to prove by passkey who is there
#[utoipa::path(post, path = "/api/session/proof/passkey/challenge", tag = "session", responses((status = 200, body = passkey::Challenge)))]
async fn begin_proof_passkey(State(app): State<App>, Known(live): Known) -> Result<Json<passkey::Challenge>> {
    Ok(Json(passkey::begin_authentication(&app, Some(live.user), Some(live.session.0)).await?))
}

/// Prove by passkey who is there
#[utoipa::path(post, path = "/api/session/proof/passkey", tag = "session", request_body = passkey::Response, responses((status = 200, body = Session)))]
async fn prove_by_passkey(
    State(app): State<App>,
    Known(live): Known,
    Whence(origin): Whence,
    Json(body): Json<passkey::Response>,
) -> Result<Response> {
    if let Err(refusal) = passkey::finish_authentication(&app, Some(live.user), Some(live.session.0), body).await {
        app.db.directory(async |directory| told::tell_failed(directory, Some(live.user), &origin).await).await?;
        return Err(refusal);
    }
    let token = app.db.directory(async |directory| proven(directory, &live, true).await).await?;
    answer(&app, &live, token).await
}

/// The session lives again. With a new token where it was locked; without, where requests under the old one are on their way.
async fn proven(directory: &mut Directory, live: &Live, by_factor: bool) -> Result<Option<Token>> {
    let now = directory.now();
    let counts = by_factor || !live.has_factor;
    let token = live.is_locked.then(Token::new);
    let hash = token.as_ref().map(Token::hash);
    let until = now + live.idle;
    let alive = sessions::sql::renew(directory, live.session, until, hash.as_deref(), counts.then_some(now)).await?;
    if alive { Ok(token) } else { Err(Error::Unauthenticated("session")) }
}

async fn answer(app: &App, live: &Live, token: Option<Token>) -> Result<Response> {
    let demo = app.config.demo;
    let described: Session = app.db.directory(async |directory| session::describe(directory, live, demo).await).await?;
    let Some(token) = token else { return Ok(Json(described).into_response()) };
    let cookie = AppendHeaders([(header::SET_COOKIE, token.set_cookie(&app.config))]);
    Ok((cookie, Json(described)).into_response())
}
