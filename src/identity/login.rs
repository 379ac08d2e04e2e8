//! Signing in with a password, and what stops guessing.
//!
//! Per account five attempts, per address thirty, within a quarter of an hour; then a block that doubles from a minute to an hour. Counted
//! in the database, under blind indexes, so that all processes count together and nobody's address stands there. An attempt is
//! counted before the password is looked at: a hundred guesses at once are a hundred guesses. The right password clears the account, or,
//! where a second factor is to come, gives its own attempt back only: codes are counted on the same account, and a known password
//! must not buy new guesses.
//! In front of it stands a limit in memory per address, since each attempt costs a hash.

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use chrono::TimeDelta;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _};

use super::{
    access,
    address::{client_address, counted},
    factor, normalise_email, password, rules,
    session::{self, Token, Visitor},
    sql, step, told,
};
use crate::{
    app::App,
    audit::Action,
    db::{Actor, By, Directory},
    error::{Error, Result},
    types::{ids::UserId, origin::Origin},
};

const PER_ACCOUNT: i32 = 5;
const PER_ADDRESS: i32 = 30;
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// In memory: so many at once, and one a second.
const BURST: NonZeroU32 = NonZeroU32::new(60).expect("not zero");
const PER_SECOND: NonZeroU32 = NonZeroU32::new(1).expect("not zero");
const TYPING_BURST: NonZeroU32 = NonZeroU32::new(120).expect("not zero");
const TYPING_PER_SECOND: NonZeroU32 = NonZeroU32::new(3).expect("not zero");

/// The limit in memory.
#[derive(Clone)]
pub(super) struct Limiter(Arc<DefaultKeyedRateLimiter<IpAddr>>);

impl Limiter {
    /// For what is asked while somebody types, and costs no hash.
    pub(super) fn generous() -> Self {
        Self(Arc::new(RateLimiter::keyed(Quota::per_second(TYPING_PER_SECOND).allow_burst(TYPING_BURST))))
    }
}

impl Default for Limiter {
    fn default() -> Self {
        Self(Arc::new(RateLimiter::keyed(Quota::per_second(PER_SECOND).allow_burst(BURST))))
    }
}

/// Who knocks: their address and browser, within the limit in memory.
pub struct Knock {
    /// As it is counted.
    pub(super) address: IpAddr,
    /// As it is.
    from: Option<IpAddr>,
    pub(super) headers: HeaderMap,
    pub(super) origin: Arc<Origin>,
}

impl FromRequestParts<App> for Knock {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        let from = client_address(parts, app.config.http.trusted_hops);
        let address = counted(from.unwrap_or(Ipv4Addr::UNSPECIFIED.into()));
        if let Some(Limiter(limiter)) = parts.extensions.get() {
            if let Err(wait) = limiter.check_key(&address) {
                let wait = wait.wait_time_from(limiter.clock().now());
                return Err(Error::TooMany { retry_after: wait.as_secs() + 1, reason: "login" });
            }
            if limiter.len() > 10_000 {
                limiter.retain_recent();
            }
        }
        Ok(Self { address, from, headers: parts.headers.clone(), origin: access::origin(parts, app) })
    }
}

impl Knock {
    /// This person, from there.
    pub(super) fn by(&self, user: UserId) -> By {
        By { actor: Actor::User(user), origin: Some(self.origin.clone()) }
    }

    pub(super) fn user_agent(&self) -> Option<&str> {
        self.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok())
    }

    pub(super) fn visitor(&self) -> Visitor<'_> {
        Visitor { user_agent: self.user_agent(), address: self.from }
    }
}

/// What a login comes to.
pub(super) enum Entered {
    Whole(Token),
    /// The second factor is still to come.
    Half(Token),
}

/// Checks the password and opens a session, or half of one. 401 `credentials` for a wrong one and for nobody's address alike; 429 `login`;
/// 403 `network` where none of the person's organizations lets them in from here.
pub(super) async fn log_in(app: &App, knock: &Knock, email: &str, password: String) -> Result<Entered> {
    let email = normalise_email(email);
    let counted = app.db.directory(async |directory| count(directory, &email, knock.address).await).await?;
    counted?;
    let found = app.db.directory(async |directory| sql::credentials(directory, &email).await).await?;
    let (user, hash) = found.map_or((None, None), |found| (Some(found.user), Some(found.password_hash)));
    let fits = password::verify(app, hash, password).await?;
    let Some(user) = user.filter(|_| fits) else {
        app.db.directory(async |directory| told::tell_failed(directory, user, &knock.origin).await).await?;
        return Err(Error::Unauthenticated("credentials"));
    };
    app.db.directory(async |directory| admit(app, directory, knock, user).await).await
}

/// Lets somebody in who proved one thing: their password, or that they read their mail. Whoever has a second factor comes half in.
pub(super) async fn admit(app: &App, directory: &mut Directory, knock: &Knock, user: UserId) -> Result<Entered> {
    if !factor::methods(directory, user).await?.any() {
        return Ok(Entered::Whole(enter(app, directory, knock, user).await?));
    }
    give_back(directory, knock, user).await?;
    session::end_presented(directory, &app.config, &knock.headers).await?;
    Ok(Entered::Half(step::open(directory, user).await?))
}

/// Lets somebody in who proved all that is asked for, and tells the trail: in the first of their organizations that lets them in from here.
pub(super) async fn enter(app: &App, directory: &mut Directory, knock: &Knock, user: UserId) -> Result<Token> {
    forgive(directory, knock, user).await?;
    session::end_presented(directory, &app.config, &knock.headers).await?;
    let memberships = sql::memberships(directory, user).await?;
    let mut organization = None;
    for membership in &memberships {
        let rules = rules::sql::find(directory.conn(), membership.organization_id).await?;
        if rules.networks_for(membership.role).admit(knock.from) {
            organization = Some(membership.organization_id);
            break;
        }
    }
    let is_outside =
        organization.is_none() && (!memberships.is_empty() || !app.config.http.operator_networks.admit(knock.from));
    if is_outside {
        return Err(Error::Forbidden("network"));
    }
    told::tell(directory, Action::SignedIn, user, organization, &knock.origin);
    Ok(session::open_session_of(directory, user, organization, knock.visitor()).await?.1)
}

/// Counts an attempt of somebody who is known already, together with those at their password. 429 `login`.
pub(super) async fn count_for(app: &App, knock: &Knock, user: UserId) -> Result<()> {
    let counted = app.db.directory(async |directory| {
        let email = sql::user(directory, user).await?.email;
        count(directory, &email, knock.address).await
    });
    counted.await?
}

/// The person is who they say: the account starts afresh.
pub(super) async fn forgive(directory: &mut Directory, knock: &Knock, user: UserId) -> Result<()> {
    let email = sql::user(directory, user).await?.email;
    let keys = Keys::of(directory, &email, knock.address)?;
    sql::forgive_login(directory, &keys.account, &keys.address).await
}

/// The password was right, and where there is a second factor that is not all: the attempt comes back, and no others with it.
pub(super) async fn give_back(directory: &mut Directory, knock: &Knock, user: UserId) -> Result<()> {
    let email = sql::user(directory, user).await?.email;
    let keys = Keys::of(directory, &email, knock.address)?;
    sql::give_back_login(directory, &keys.account, &keys.address).await
}

struct Keys {
    account: Vec<u8>,
    address: Vec<u8>,
}

impl Keys {
    fn of(directory: &Directory, email: &str, address: IpAddr) -> Result<Self> {
        Ok(Self {
            account: directory.index("login.account", email)?,
            address: directory.index("login.address", &address.to_string())?,
        })
    }
}

/// Counts the attempt. The inner error is committed with the counters, the outer one rolls back.
async fn count(directory: &mut Directory, email: &str, address: IpAddr) -> Result<Result<()>> {
    let keys = Keys::of(directory, email, address)?;
    for (key, limit) in [(&keys.address, PER_ADDRESS), (&keys.account, PER_ACCOUNT)] {
        if !sql::count_login(directory, key, limit, WINDOW).await? {
            let until = sql::blocked_until(directory, key).await?.unwrap_or(directory.now());
            let seconds = (until - directory.now()).num_seconds().max(0) + 1;
            return Ok(Err(Error::TooMany { retry_after: seconds.unsigned_abs(), reason: "login" }));
        }
    }
    Ok(Ok(()))
}
