//! Sessions: opened, recognised, kept alive, moved to another organization, ended.
//!
//! A session locks after its organization's idle timeout (an operator's after 30 minutes) until its person proves again who they are
//! (`proof`), and ends twelve hours after the login whatever happens: a working day. It is kept alive by what a person does: a request
//! with `X-Background: 1` is no person's. The time last seen is written at most once a minute, so an idle session may lock up to a minute
//! early, never late.

use std::{collections::HashMap, net::IpAddr, sync::Arc};

use aws_lc_rs::digest;
use axum::http::{HeaderMap, HeaderValue, request::Parts};
use axum_extra::extract::cookie::{self, CookieJar, SameSite};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Role, Session, SessionRole, Viewer, access, client_address, factor, rules,
    sessions::sql::{self as stored, NewSession, SessionRow},
    sql,
};
use crate::{
    app::App,
    audit::{self, Action},
    config::Config,
    db::{Actor, By, Directory, seal},
    error::{Error, Result},
    organizations,
    types::{
        ids::{HOUSE, OrganizationId, SessionId, UserId},
        networks::Networks,
        origin::Origin,
    },
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
    /// Where the request comes from.
    pub(super) address: Option<IpAddr>,
    pub(super) origin: Option<Arc<Origin>>,
    /// From where it may.
    pub(super) networks: Networks,
    pub(super) has_factor: bool,
    /// The organization asks for a second factor of this person.
    pub(super) needs_factor: bool,
    pub(super) proven_at: Option<DateTime<Utc>>,
    pub(super) is_locked: bool,
    pub(super) absolute_expires_at: DateTime<Utc>,
    pub(super) idle: TimeDelta,
}

impl Live {
    /// This person, from there.
    pub(super) fn by(&self) -> By {
        By { actor: Actor::User(self.user), origin: self.origin.clone() }
    }

    /// Writes into the trail of the organization, or of the house, that this person did something with their own account.
    pub(super) fn record(&self, directory: &mut Directory, action: Action) {
        audit::record_in(directory, self.organization.unwrap_or(HOUSE), self.by(), action.on(self.user));
    }

    fn check_lock(&self) -> Result<()> {
        if self.is_locked { Err(Error::Unauthenticated("locked")) } else { Ok(()) }
    }

    /// 403 `network` where the organization does not let its admins come from here (LP-065).
    pub(super) fn check_network(&self) -> Result<()> {
        if self.networks.admit(self.address) { Ok(()) } else { Err(Error::Forbidden("network")) }
    }

    /// 403 `second_factor` until there is the one that is asked for.
    pub(super) fn check_factor(&self) -> Result<()> {
        if self.needs_factor && !self.has_factor { Err(Error::Forbidden("second_factor")) } else { Ok(()) }
    }

    /// Whether this session may still do what it did when it was looked at last: its socket stays.
    pub fn is_still(&self, standing: &Standing) -> bool {
        standing.networks.admit(self.address)
    }
}

/// What holds for a session now.
#[derive(Clone, Debug)]
pub struct Standing {
    pub viewer: Option<Viewer>,
    networks: Networks,
}

/// Which cookie a token stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    Session,
    /// The second step is still to come.
    Half,
}

/// Who comes: by what, from where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Visitor<'a> {
    pub user_agent: Option<&'a str>,
    pub address: Option<IpAddr>,
}

/// The secret of a session, in the form that stands in the cookie.
pub struct Token(String);

impl Token {
    pub(super) fn new() -> Self {
        Self(URL_SAFE_NO_PAD.encode(seal::random::<32>()))
    }

    /// What is stored of it.
    pub(super) fn hash(&self) -> Vec<u8> {
        hash(&self.0)
    }

    /// The `Set-Cookie` of this session. Without an age: it goes with the browser, and the server ends it by its own clock.
    pub fn set_cookie(&self, config: &Config) -> HeaderValue {
        self.set_cookie_of(config, Cookie::Session)
    }

    pub(super) fn set_cookie_of(&self, config: &Config, which: Cookie) -> HeaderValue {
        set_cookie(config, which, &self.0, false)
    }
}

/// The `Set-Cookie` that removes it.
pub(super) fn remove_cookie(config: &Config) -> HeaderValue {
    remove_cookie_of(config, Cookie::Session)
}

pub(super) fn remove_cookie_of(config: &Config, which: Cookie) -> HeaderValue {
    set_cookie(config, which, "", true)
}

fn set_cookie(config: &Config, which: Cookie, value: &str, remove: bool) -> HeaderValue {
    let mut cookie = cookie::Cookie::build((cookie_name(config, which), value))
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
fn cookie_name(config: &Config, which: Cookie) -> &'static str {
    match (which, is_https(config)) {
        (Cookie::Session, true) => "__Host-nextmove",
        (Cookie::Session, false) => "nextmove",
        (Cookie::Half, true) => "__Host-nextmove-step",
        (Cookie::Half, false) => "nextmove-step",
    }
}

fn hash(token: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, token.as_bytes()).as_ref().to_vec()
}

pub(super) fn token_hash(config: &Config, headers: &HeaderMap, which: Cookie) -> Option<Vec<u8>> {
    CookieJar::from_headers(headers).get(cookie_name(config, which)).map(|cookie| hash(cookie.value()))
}

/// Opens a session of the person, in their first organization where none is said.
pub async fn open_session(
    directory: &mut Directory,
    user: UserId,
    organization: Option<OrganizationId>,
    user_agent: Option<&str>,
) -> Result<(SessionId, Token)> {
    open_session_of(directory, user, organization, Visitor { user_agent, address: None }).await
}

/// As [`open_session`], of somebody who just proved who they are.
pub(super) async fn open_session_of(
    directory: &mut Directory,
    user: UserId,
    organization: Option<OrganizationId>,
    visitor: Visitor<'_>,
) -> Result<(SessionId, Token)> {
    let organization = match organization {
        Some(organization) => Some(organization),
        None => sql::memberships(directory, user).await?.first().map(|membership| membership.organization_id),
    };
    let now = directory.now();
    let whole = (now + ABSOLUTE, Some(now));
    open_until(directory, user, organization, visitor, whole).await
}

async fn open_until(
    directory: &mut Directory,
    user: UserId,
    organization: Option<OrganizationId>,
    visitor: Visitor<'_>,
    (absolute_expires_at, proven_at): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> Result<(SessionId, Token)> {
    let minutes = match organization {
        Some(id) => organizations::find(directory, id).await?.ok_or(Error::NotFound)?.idle_timeout_minutes,
        None => OPERATOR_IDLE_MINUTES,
    };
    let now = directory.now();
    let (id, token) = (SessionId::new(now), Token::new());
    let new = NewSession {
        id,
        token_hash: &token.hash(),
        user,
        organization,
        idle_expires_at: (now + TimeDelta::minutes(minutes.into())).min(absolute_expires_at),
        absolute_expires_at,
        user_agent: visitor.user_agent.map(|text| text.get(..200).unwrap_or(text)).filter(|text| text.len() <= 200),
        address: visitor.address.map(|address| address.to_canonical().to_string()),
        proven_at,
    };
    stored::insert(directory, new).await?;
    Ok((id, token))
}

/// Ends the session whose cookie the request carries, if any: a login never takes over an older session.
pub(super) async fn end_presented(directory: &mut Directory, config: &Config, headers: &HeaderMap) -> Result<()> {
    let Some(hash) = token_hash(config, headers, Cookie::Session) else { return Ok(()) };
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
    let there = memberships.iter().find(|membership| membership.organization_id == organization);
    let role = there.ok_or(Error::NotFound)?.role;
    if !rules::sql::find(directory.conn(), organization).await?.networks_for(role).admit(live.address) {
        return Err(Error::Forbidden("network"));
    }
    directory.ring_sessions();
    sql::end_session(directory, live.session).await?;
    let visitor = Visitor { user_agent, address: live.address };
    open_until(directory, live.user, Some(organization), visitor, (live.absolute_expires_at, live.proven_at)).await
}

/// Whose session the request carries. Does not keep it alive: for the sockets, which outlast requests.
pub async fn authenticate(app: &App, parts: &Parts) -> Result<Live> {
    let live = present(app, parts).await?;
    live.check_lock()?;
    live.check_network()?;
    live.check_factor()?;
    Ok(live)
}

/// Whose session the request carries, locked or not. Does not keep it alive.
pub(super) async fn present(app: &App, parts: &Parts) -> Result<Live> {
    let hash = token_hash(&app.config, &parts.headers, Cookie::Session).ok_or(Error::Unauthenticated("session"))?;
    let (live, _) = app.db.directory(async |directory| find(directory, app, &hash).await).await?;
    Ok(Live { address: client_address(parts, app.config.http.trusted_hops), ..live })
}

/// As [`authenticate`], for a request: keeps the session alive unless it says that no person caused it. From where it comes and whether
/// a factor is missing is for the extractors to ask.
pub(super) async fn authenticate_request(app: &App, parts: &Parts) -> Result<Live> {
    let hash = token_hash(&app.config, &parts.headers, Cookie::Session).ok_or(Error::Unauthenticated("session"))?;
    let in_background = parts.headers.get("x-background").is_some_and(|value| value == "1");
    app.db
        .directory(async |directory| {
            let (mut live, last_seen_at) = find(directory, app, &hash).await?;
            live.check_lock()?;
            live.address = client_address(parts, app.config.http.trusted_hops);
            live.origin = Some(access::origin(parts, app));
            let now = directory.now();
            if !in_background && now - last_seen_at >= TOUCH_EVERY {
                live.idle_expires_at = (now + live.idle).min(live.absolute_expires_at);
                sql::touch(directory, live.session, live.idle_expires_at).await?;
            }
            Ok(live)
        })
        .await
}

async fn find(directory: &mut Directory, app: &App, hash: &[u8]) -> Result<(Live, DateTime<Utc>)> {
    let row = stored::find(directory, Some(hash), &[]).await?.pop().ok_or(Error::Unauthenticated("session"))?;
    let last_seen_at = row.last_seen_at;
    Ok((live(row, app, directory.now()), last_seen_at))
}

fn live(row: SessionRow, app: &App, now: DateTime<Utc>) -> Live {
    Live {
        session: row.id,
        user: row.user,
        organization: row.organization,
        viewer: row.role.map(|role| Viewer::new(row.user, role, row.visibility)),
        is_operator: row.is_operator,
        idle_expires_at: row.idle_expires_at,
        address: None,
        origin: None,
        networks: match row.role {
            Some(role) => row.rules.networks_for(role),
            None => app.config.http.operator_networks.clone(),
        },
        has_factor: row.has_factor,
        needs_factor: row.role.is_some_and(|role: Role| row.rules.requirement.covers(role)),
        proven_at: row.proven_at,
        is_locked: row.idle_expires_at <= now,
        absolute_expires_at: row.absolute_expires_at,
        idle: TimeDelta::minutes(row.idle_timeout_minutes.unwrap_or(OPERATOR_IDLE_MINUTES).into()),
    }
}

/// Those of the sessions that are still alive, with what holds for them now.
pub async fn live_sessions(app: &App, sessions: &[SessionId]) -> Result<HashMap<SessionId, Standing>> {
    let ids: Vec<uuid::Uuid> = sessions.iter().map(|id| id.0).collect();
    app.db
        .directory(async |directory| {
            let now = directory.now();
            let rows = stored::find(directory, None, &ids).await?.into_iter().map(|row| live(row, app, now));
            let alive = rows.filter(|live| !live.is_locked && live.check_factor().is_ok());
            Ok(alive.map(|live| (live.session, Standing { viewer: live.viewer, networks: live.networks })).collect())
        })
        .await
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
        has_second_factor: live.has_factor,
        needs_second_factor: live.needs_factor,
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
pub(super) async fn describe_new(directory: &mut Directory, app: &App, token: &Token) -> Result<Session> {
    let (live, _) = find(directory, app, &token.hash()).await?;
    describe(directory, &live, app.config.demo).await
}

/// Forgets sessions and login failures that are over for long. Tells how many sessions.
pub async fn prune(directory: &mut Directory) -> Result<u64> {
    let before = directory.now() - KEPT_AFTER_END;
    sql::team::prune_invitations(directory.conn(), before).await?;
    sql::own::prune_resets(directory).await?;
    factor::sql::prune(directory).await?;
    sql::prune(directory, before).await
}
