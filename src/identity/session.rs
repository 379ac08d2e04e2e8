//! Sessions: opened, recognised, kept alive, moved to another organization, ended.
//!
//! A session ends after its organization's idle timeout (an operator's after 30 minutes), and twelve hours after the login whatever
//! happens: a working day. It is kept alive by what a person does: a request with `X-Background: 1` is no person's. The time last seen is
//! written at most once a minute, so an idle session may end up to a minute early, never late.

use std::collections::HashMap;

use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{Session, SessionRole, Viewer, sql};
use crate::{
    app::App,
    config::Config,
    db::{Directory, seal},
    error::{Error, Result},
    organizations,
    types::ids::{OrganizationId, SessionId, UserId},
};

/// Idle timeout of who acts for no organization.
const OPERATOR_IDLE_MINUTES: i32 = 30;
const ABSOLUTE: TimeDelta = TimeDelta::hours(12);
/// How often the time last seen is written.
const TOUCH_EVERY: TimeDelta = TimeDelta::minutes(1);
const KEPT_AFTER_END: TimeDelta = TimeDelta::days(30);

/// A session that is alive.
#[derive(Clone, Debug)]
pub struct Live {
    pub session: SessionId,
    pub user: UserId,
    pub organization: Option<OrganizationId>,
    /// What they see in the organization; `None` without one.
    pub viewer: Option<Viewer>,
    pub is_operator: bool,
    pub idle_expires_at: DateTime<Utc>,
    pub(super) absolute_expires_at: DateTime<Utc>,
    pub(super) idle: TimeDelta,
}

/// The secret of a session, in the form that stands in the cookie.
pub struct Token(String);

impl Token {
    fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(seal::random::<32>()))
    }

    /// The `Set-Cookie` of this session. Without an age: it goes with the browser, and the server ends it by its own clock.
    pub fn set_cookie(&self, config: &Config) -> HeaderValue {
        set_cookie(config, &self.0, false)
    }
}

/// The `Set-Cookie` that removes it.
pub(super) fn remove_cookie(config: &Config) -> HeaderValue {
    set_cookie(config, "", true)
}

fn set_cookie(config: &Config, value: &str, remove: bool) -> HeaderValue {
    let mut cookie = Cookie::build((cookie_name(config), value))
        .http_only(true)
        .same_site(SameSite::Strict)
        .path("/")
        .secure(is_https(config))
        .build();
    if remove {
        cookie.make_removal();
    }
    HeaderValue::from_str(&cookie.encoded().to_string()).expect("a cookie of base64 is ASCII")
}

fn is_https(config: &Config) -> bool {
    config.http.public_url.scheme() == "https"
}

/// With `__Host-` a browser takes it only over TLS, for this host and no other (RFC 6265bis).
fn cookie_name(config: &Config) -> &'static str {
    if is_https(config) { "__Host-nextmove" } else { "nextmove" }
}

fn hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

fn token_hash(config: &Config, headers: &HeaderMap) -> Option<Vec<u8>> {
    CookieJar::from_headers(headers).get(cookie_name(config)).map(|cookie| hash(cookie.value()))
}

/// Opens a session of the person, in their first organization where none is said.
pub async fn open_session(
    directory: &mut Directory,
    user: UserId,
    organization: Option<OrganizationId>,
    user_agent: Option<&str>,
) -> Result<(SessionId, Token)> {
    let organization = match organization {
        Some(organization) => Some(organization),
        None => sql::memberships(directory, user).await?.first().map(|membership| membership.organization_id),
    };
    let absolute_expires_at = directory.now() + ABSOLUTE;
    open_until(directory, user, organization, user_agent, absolute_expires_at).await
}

async fn open_until(
    directory: &mut Directory,
    user: UserId,
    organization: Option<OrganizationId>,
    user_agent: Option<&str>,
    absolute_expires_at: DateTime<Utc>,
) -> Result<(SessionId, Token)> {
    let minutes = match organization {
        Some(id) => organizations::find(directory, id).await?.ok_or(Error::NotFound)?.idle_timeout_minutes,
        None => OPERATOR_IDLE_MINUTES,
    };
    let now = directory.now();
    let (id, token) = (SessionId::new(now), Token::new());
    let new = sql::NewSession {
        id,
        token_hash: &hash(&token.0),
        user,
        organization,
        idle_expires_at: (now + TimeDelta::minutes(minutes.into())).min(absolute_expires_at),
        absolute_expires_at,
        user_agent: user_agent.map(|text| text.get(..200).unwrap_or(text)).filter(|text| text.len() <= 200),
    };
    sql::insert_session(directory, new).await?;
    Ok((id, token))
}

/// Ends the session whose cookie the request carries, if any: a login never takes over an older session.
pub(super) async fn end_presented(directory: &mut Directory, config: &Config, headers: &HeaderMap) -> Result<()> {
    let Some(hash) = token_hash(config, headers) else { return Ok(()) };
    directory.ring_sessions();
    sql::end_session_of_token(directory, &hash).await
}

pub(super) async fn end(directory: &mut Directory, live: &Live) -> Result<()> {
    directory.ring_sessions();
    sql::end_session(directory, live.session).await
}

/// Moves to another organization: the old session ends, the new one ends when the old one would have.
pub(super) async fn switch(
    directory: &mut Directory,
    live: &Live,
    organization: OrganizationId,
    user_agent: Option<&str>,
) -> Result<(SessionId, Token)> {
    let memberships = sql::memberships(directory, live.user).await?;
    if !memberships.iter().any(|membership| membership.organization_id == organization) {
        return Err(Error::NotFound);
    }
    directory.ring_sessions();
    sql::end_session(directory, live.session).await?;
    open_until(directory, live.user, Some(organization), user_agent, live.absolute_expires_at).await
}

/// Whose session the request carries. Does not keep it alive: for the sockets, which outlast requests.
pub async fn authenticate(app: &App, headers: &HeaderMap) -> Result<Live> {
    let hash = token_hash(&app.config, headers).ok_or(Error::Unauthenticated("session"))?;
    app.db.directory(async |directory| find(directory, &hash).await.map(|(live, _)| live)).await
}

/// As [`authenticate`], for a request: keeps the session alive unless it says that no person caused it.
pub(super) async fn authenticate_request(app: &App, headers: &HeaderMap) -> Result<Live> {
    let hash = token_hash(&app.config, headers).ok_or(Error::Unauthenticated("session"))?;
    let in_background = headers.get("x-background").is_some_and(|value| value == "1");
    app.db
        .directory(async |directory| {
            let (mut live, last_seen_at) = find(directory, &hash).await?;
            let now = directory.now();
            if !in_background && now - last_seen_at >= TOUCH_EVERY {
                live.idle_expires_at = (now + live.idle).min(live.absolute_expires_at);
                sql::touch(directory, live.session, live.idle_expires_at).await?;
            }
            Ok(live)
        })
        .await
}

async fn find(directory: &mut Directory, hash: &[u8]) -> Result<(Live, DateTime<Utc>)> {
    let row = sql::session(directory, hash).await?.ok_or(Error::Unauthenticated("session"))?;
    let viewer = row.role.map(|role| Viewer::new(row.user, role, row.visibility));
    let live = Live {
        session: row.id,
        user: row.user,
        organization: row.organization,
        viewer,
        is_operator: row.is_operator,
        idle_expires_at: row.idle_expires_at,
        absolute_expires_at: row.absolute_expires_at,
        idle: TimeDelta::minutes(row.idle_timeout_minutes.unwrap_or(OPERATOR_IDLE_MINUTES).into()),
    };
    Ok((live, row.last_seen_at))
}

/// Those of the sessions that are still alive, with what their people may see now.
pub async fn live_sessions(app: &App, sessions: &[SessionId]) -> Result<HashMap<SessionId, Option<Viewer>>> {
    let ids: Vec<uuid::Uuid> = sessions.iter().map(|id| id.0).collect();
    let alive = app.db.directory(async |directory| sql::alive(directory, &ids).await).await?;
    Ok(alive.into_iter().collect())
}

/// What the app is told of a session.
pub(super) async fn describe(directory: &mut Directory, live: &Live, demo: bool) -> Result<Session> {
    let organization = match live.organization {
        Some(id) => organizations::find(directory, id).await?,
        None => None,
    };
    let role = match live.viewer {
        Some(viewer) => viewer.role.into(),
        None if live.is_operator => SessionRole::OperatorAdmin,
        // Neither a member of anything nor staff: nothing to sign in to.
        None => return Err(Error::Forbidden("no_organization")),
    };
    Ok(Session {
        user: sql::user(directory, live.user).await?,
        role,
        organization,
        memberships: sql::memberships(directory, live.user).await?,
        idle_timeout_seconds: live.idle.num_seconds(),
        offline_key: live.organization.map(|id| offline_key(directory, live.user, id)).transpose()?,
        demo,
    })
}

/// Derived, not stored: who signs in again on the same phone opens what they left there, and nobody else does. Under the directory's index
/// key, which is never rotated; the column's name keeps it apart from every blind index.
fn offline_key(directory: &Directory, user: UserId, organization: OrganizationId) -> Result<String> {
    Ok(STANDARD.encode(directory.index("offline key", &format!("{user}/{organization}"))?))
}

/// The session that was just opened, described.
pub(super) async fn describe_new(directory: &mut Directory, token: &Token, demo: bool) -> Result<Session> {
    let (live, _) = find(directory, &hash(&token.0)).await?;
    describe(directory, &live, demo).await
}

/// Forgets sessions and login failures that are over for long. Tells how many sessions.
pub async fn prune(directory: &mut Directory) -> Result<u64> {
    let before = directory.now() - KEPT_AFTER_END;
    sql::team::prune_invitations(directory.conn(), before).await?;
    sql::own::prune_resets(directory).await?;
    sql::prune(directory, before).await
}
